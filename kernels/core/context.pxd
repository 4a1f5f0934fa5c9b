"""What the loop hands from one part to another."""

from libc.stdint cimport int64_t

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


cdef struct Step:
    # Of the update theta <- keep * theta + gain * s.
    double keep
    double gain
