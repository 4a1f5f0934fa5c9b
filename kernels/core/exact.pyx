"""Powers that are the same bits on every machine, where numpy's depend on its vectors."""

import numpy as np

from staleness.kernels.core.lanes cimport exact_exp, exact_log


def power(values, double exponent):
    """Return finite positive numbers to a power, float64 [n]; to that of 1 and -1 exactly.

    Parameters
    ----------
    values : array_like [n]
    exponent : float

    Raises
    ------
    ValueError
        If a number is not positive or not finite.
    """
    given = np.ascontiguousarray(values, dtype=np.float64)
    if not ((given > 0) & (given < np.inf)).all():
        raise ValueError("powers are of positive numbers that are finite")
    if exponent == 1.0:
        return given.copy()
    if exponent == -1.0:
        return 1.0 / given
    found = np.empty(len(given))
    cdef const double[::1] base = given
    cdef double[::1] out = found
    cdef Py_ssize_t k
    for k in range(base.shape[0]):
        out[k] = exact_exp(exponent * exact_log(base[k]))
    return found
