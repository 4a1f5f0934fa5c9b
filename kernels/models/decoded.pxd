"""A linear chain and the mistakes of its best label sequences; see decoded.pyx."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.models.linear_chain cimport LinearChain


cdef struct Decoded:
    # What a slot holds: what its sentences were taken for.
    Buffer[int32_t] labels      # [tokens]    the best sequence of each sentence
    Buffer[double] steps        # [count]     tau: how far to step, 0 where that is gold
    Buffer[double] margins      # [count]     score of gold less that of the best
    Buffer[int64_t] losses      # [count]     tokens where they differ
    Buffer[int64_t] squares     # [count]     |f(x, y) - f(x, z)|^2; if asked for
    int64_t mistakes            # the sum of losses


cdef class DecodedChain(LinearChain):
    cdef bint _with_squares
    cdef vector[Decoded] decoded        # [slots]
    cdef int64_t[:, ::1] _entries       # [workspaces, entries of the longest difference]
