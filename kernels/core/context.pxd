"""What the loop hands from one part to another."""

from libc.stdint cimport int64_t, uint32_t

# What statistics and updates end with: 0, or what went wrong.
cdef enum Status:
    OK = 0
    NOT_FINITE = 1
    NO_MEMORY = 2
    FAILED = 3                  # by the exception in the rule's `failure`
    MISSING = 4                 # nobody has written the method that was called


cdef struct Context:
    # What a rule may know of an update.
    int64_t updates             # made before it
    int64_t examples            # seen before it
    int64_t corpus              # N: examples of the corpus
    int64_t mini_batch          # m: examples of this update
    int64_t staleness           # updates that others made between its reading of theta and itself
    double weight               # what a policy multiplies the step with, for its staleness


cdef struct Update:
    # An update that has begun and not ended.
    Context context
    Py_ssize_t first            # of slots first to last - 1
    Py_ssize_t last
    double factor               # the gain, over the scale that statistics are added to


cdef struct Step:
    # Of the update theta <- keep * theta + gain * s.
    double keep
    double gain


cdef inline bint is_mine(Py_ssize_t row, Py_ssize_t share, Py_ssize_t shares) noexcept nogil:
    """Whether a row is in share number `share` of `shares`."""
    return shares == 1 or <uint32_t>row % <uint32_t>shares == <uint32_t>share
