"""How well the states of an unsupervised tagger match gold tags, which they know nothing of.

All measures are computed from one table: how often each state stands where each tag does.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.lanes cimport exact_log


def contingency(states, tags):
    """Count how often each state and each tag meet.

    Parameters
    ----------
    states, tags : ndarray of int [tokens]
        Predicted and gold, from 0.

    Returns
    -------
    ndarray of int64 [states, tags]
        Up to the greatest state and the greatest tag there are.

    Raises
    ------
    ValueError
        If their lengths differ, or one is negative.
    """
    cdef const int32_t[::1] k = np.ascontiguousarray(states, dtype=np.int32)
    cdef const int32_t[::1] c = np.ascontiguousarray(tags, dtype=np.int32)
    cdef Py_ssize_t t, tokens = len(k)
    if tokens != len(c):
        raise ValueError(f"as many states as tags are needed, not {len(k)} and {len(c)}")
    if not tokens:
        return np.zeros((0, 0), dtype=np.int64)
    if np.min(k) < 0 or np.min(c) < 0:
        raise ValueError("states and tags are numbered from 0")
    table = np.zeros((np.max(k) + 1, np.max(c) + 1), dtype=np.int64)
    cdef int64_t[:, ::1] counts = table
    with nogil:
        for t in range(tokens):
            counts[k[t], c[t]] += 1
    return table


def many_to_one(table):
    """Return the accuracy if every state stands for the tag that it meets most often.

    Parameters
    ----------
    table : ndarray of int64 [states, tags]
        What `contingency` returned.

    Returns
    -------
    float
        Between 0 and 1; 0 where there are no tokens.
    """
    return float(table.max(axis=1).sum() / table.sum()) if table.size else 0.0


def one_to_one(table):
    """Return the greatest accuracy if no two states may stand for one tag.

    If there are more states than tags, the states left over are always wrong.

    Parameters
    ----------
    table : ndarray of int64 [states, tags]
        What `contingency` returned.

    Returns
    -------
    float
        Between 0 and 1; 0 where there are no tokens.
    """
    # It takes longer to import than most commands that never need it.
    from scipy.optimize import linear_sum_assignment

    if not table.size:
        return 0.0
    return float(table[linear_sum_assignment(table, maximize=True)].sum() / table.sum())


def v_measure(table):
    """Return the harmonic mean of homogeneity and completeness.

    Rosenberg & Hirschberg (2007), equations 1 to 3, with beta = 1. Of tags C and states K, with the
    entropy H and the mutual information I, homogeneity is I / H(C), completeness I / H(K), each 1
    where the entropy is 0. Their harmonic mean is 2 I / (H(C) + H(K)), whatever the base of the
    logarithm.

    Parameters
    ----------
    table : ndarray of int64 [states, tags]
        What `contingency` returned.

    Returns
    -------
    float
        Between 0 and 1: 1 where there is one state and one tag, 0 where there are no tokens.
    """
    if not table.size:
        return 0.0
    apart = entropy(table.sum(axis=1)) + entropy(table.sum(axis=0))
    if apart == 0.0:
        return 1.0
    # Of rounding alone it may be a little below 0.
    return max(2.0 * (apart - entropy(table.ravel())) / apart, 0.0)


def entropy(counts):
    """Return the entropy of the distribution that some counts have, in nats.

    Parameters
    ----------
    counts : ndarray of int64 [n]
        At least 0, not all of them.
    """
    cdef const int64_t[::1] numbers = np.ascontiguousarray(counts, dtype=np.int64)
    cdef double total = counts.sum(), sum_ = 0.0
    cdef Py_ssize_t i
    for i in range(numbers.shape[0]):
        if numbers[i]:
            sum_ += numbers[i] * exact_log(total / numbers[i])
    return sum_ / total
