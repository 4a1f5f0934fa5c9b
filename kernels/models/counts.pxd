"""Expected counts; see counts.pyx."""

from staleness.kernels.core.atomic cimport atomic_add
from staleness.kernels.core.table cimport Table


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


cdef class CountsTable(Table):
    cdef double[:, ::1] totals              # [copies, multinomials]

    cdef void choose_scale(self) noexcept nogil


cdef inline void add_to_total(double* total, double count, bint overlapping) noexcept nogil:
    """Add to the total of a multinomial, which several may do at once where updates overlap."""
    if overlapping:
        atomic_add(total, count)
    else:
        total[0] += count


cdef inline float kept_now(float found, float kept, double weight) noexcept nogil:
    """What is kept of an example from now on: what was found, or so much of the way to it."""
    return found if weight == 1.0 else <float>(kept + weight * (<double>found - kept))
