"""Expectation maximisation; see em.pyx."""

from libc.stdint cimport int32_t
from staleness.kernels.learner cimport Learner, Status, atomic_add


cdef extern from * nogil:
    """
    #define LEAST_TOTAL 0x1p-20
    #define LEAST_GREATEST 0x1p-66
    #define LEAST_THETA 0x1p-86
    """
    const double LEAST_TOTAL        # of a multinomial's counts
    const double LEAST_GREATEST     # of one outcome's probabilities, the greatest
    const double LEAST_THETA        # of any probability above 0


cdef inline double inverse(double total) noexcept nogil:
    """1 / total, or 0 of next to nothing, as a float has no inverse of it; NaN stays NaN."""
    return 0.0 if total < 1e-37 else 1.0 / total


cdef inline double rescaled_total(double total, double factor) noexcept nogil:
    """A multinomial's total times a factor.

    Where nobody has counted for it for so long that float32 would no longer hold its counts, it
    keeps a total that what is counted next outweighs. Its probabilities stay as they are.
    """
    return max(total * factor, LEAST_TOTAL) if total > 0.0 else 0.0


cdef inline double rescaled(
    double count,
    double total,                   # of its multinomial, before
    double factor,
    double greatest,                # of the outcome's probabilities in all multinomials
) noexcept nogil:
    """The count that goes with `rescaled_total`.

    An outcome that nobody has seen for so long that even the greatest of its probabilities is
    about to vanish keeps their ratios. Until the next time the scale is moved, totals may grow by
    2^30: no probability becomes denormal.
    """
    if count <= 0.0 or total <= 0.0:
        return 0.0
    count = count / total * max(1.0, LEAST_GREATEST / greatest)
    return max(count, LEAST_THETA) * rescaled_total(total, factor)


cdef inline void add_to_total(
    ExpectationMaximization learner, double* total, double count
) noexcept nogil:
    """Add to the total of a multinomial."""
    if learner.overlapping:
        atomic_add(total, count)
    else:
        total[0] += count


cdef class ExpectationMaximization(Learner):
    cdef int _rule
    cdef readonly double alpha
    cdef readonly double smoothing
    cdef double* _scales        # [1 + replicas]: a copy's counts are scale * what is stored; atomic
    cdef float[:, ::1] _counts  # [1 + replicas, ...]
    cdef double[:, ::1] _totals  # [1 + replicas, multinomials]
    cdef Py_ssize_t* _held      # [slots]: examples in a slot's statistics

    cdef keep_counts(self, counts, totals)
    cdef bint keeps_statistics(self) noexcept nogil
    cdef Status rescale(self, Py_ssize_t copy) noexcept nogil
    cdef void clear(self, Py_ssize_t copy) noexcept nogil
    cdef void choose_scale(self) noexcept nogil
    cdef void mean(self) noexcept nogil

    # What a model adds. `copy` is 0, or 1 + slot where there are replicas.
    cdef Status expect(
        self,
        Py_ssize_t slot,            # OUT: expected counts
        Py_ssize_t workspace,
        Py_ssize_t copy,            # IN: theta
        const int32_t* examples,    # IN [count]
        Py_ssize_t count,
    ) noexcept nogil
    cdef void add(self, Py_ssize_t slot, Py_ssize_t copy, double factor) noexcept nogil
    cdef void exchange(self, Py_ssize_t slot, Py_ssize_t copy) noexcept nogil
    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil
