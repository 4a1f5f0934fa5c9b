"""Expected counts of a whole corpus, kept for those who have no learner: a driver and its jobs.

Parameters stand in rows, and each belongs to a multinomial. An update changes some rows, and those
who compute with theta ask for some: that costs what these have, whatever the model has beside.
"""

import numpy as np

from libc.stdint cimport int32_t

from staleness.kernels.core.validation import check_numbers


def add_rows(
    double[:, ::1] counts,
    const int32_t[:, ::1] groups,
    double[::1] sums,
    const int32_t[::1] rows,
    const float[:, ::1] added,
    double factor,
):
    """Add `factor` times some rows to expected counts, and what was added to sums.

    Parameters
    ----------
    counts : ndarray of float64 [n, width]
        Changed.
    groups : ndarray of int32 [n, width]
        The multinomial of each parameter; that there is one is not checked here, each time anew.
    sums : ndarray of float64 [multinomials]
        Changed: by the rows themselves, not times the factor, which may be as large as a scale is
        small.
    rows : ndarray of int32 [m]
    added : ndarray of float32 [m, width]
    factor : float

    Raises
    ------
    IndexError
        If there is no such row; nothing has changed then.
    ValueError
        If the shapes contradict each other.
    """
    cdef Py_ssize_t width = counts.shape[1], k, j, row
    check(counts, groups, rows)
    if added.shape[0] != rows.shape[0] or added.shape[1] != width:
        raise ValueError(f"{rows.shape[0]} rows of {width}, but {np.shape(added)} to add")
    with nogil:
        for k in range(rows.shape[0]):
            row = rows[k]
            for j in range(width):
                sums[groups[row, j]] += added[k, j]
                counts[row, j] += added[k, j] * factor


def probabilities(
    const double[:, ::1] counts,
    const int32_t[:, ::1] groups,
    const double[::1] totals,
    double scale,
    double smoothing,
    rows=None,
):
    """Return theta: (scale * count + smoothing) / total of its multinomial.

    Parameters
    ----------
    counts : ndarray of float64 [n, width]
    groups : ndarray of int32 [n, width]
        The multinomial of each parameter; that there is one is not checked here, each time anew.
    totals : ndarray of float64 [multinomials]
    scale, smoothing : float
    rows : ndarray of int32 [m], optional
        Whose; without, all.

    Returns
    -------
    ndarray of float32 [m, width]

    Raises
    ------
    IndexError
        If there is no such row.
    """
    cdef Py_ssize_t width = counts.shape[1], count, k, j, row
    cdef bint some = rows is not None
    cdef const int32_t[::1] chosen = rows
    check(counts, groups, chosen)
    count = chosen.shape[0] if some else counts.shape[0]
    theta = np.empty((count, width), dtype=np.float32)
    cdef float[:, ::1] out = theta
    with nogil:
        for k in range(count):
            row = chosen[k] if some else k
            for j in range(width):
                out[k, j] = <float>(
                    (scale * counts[row, j] + smoothing) / totals[groups[row, j]])
    return theta


cdef check(const double[:, ::1] counts, const int32_t[:, ::1] groups, const int32_t[::1] rows):
    """Raise an error unless there are such rows."""
    if groups.shape[0] != counts.shape[0] or groups.shape[1] != counts.shape[1]:
        raise ValueError(f"counts are {np.shape(counts)}, groups {np.shape(groups)}")
    if rows is not None:
        check_numbers("rows", np.asarray(rows), counts.shape[0])
