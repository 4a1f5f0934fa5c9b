"""Linear-chain conditional random field; see crf.pyx."""

from libc.stdint cimport int32_t, int64_t
from staleness.kernels.learner cimport Status
from staleness.kernels.linear_chain cimport LinearChain, Parameters


cdef struct Statistics:
    # What `calc` leaves in a slot: the gradient of the negative log-likelihood, token by token.
    int32_t* examples           # [count]             numbers of the sentences
    Py_ssize_t count
    float* nodes                # [tokens, width]     p(y_t = j | x) - [gold label is j]
    float* edges                # [count, L, width]   expected less gold transitions i -> j
    double* log_likelihoods     # [count]             log p(gold | x), nats; NULL: not asked for


cdef class ConditionalRandomField(LinearChain):
    cdef bint _with_log_likelihoods         # of a subclass that asks for them
    cdef Statistics* _statistics

    cdef Status reserve(self, Statistics* slot, Py_ssize_t count, Py_ssize_t tokens) noexcept nogil
    cdef void add(
        self, const Statistics* slot, Parameters* theta, float factor, float threshold
    ) noexcept nogil
    cdef void add_dense(
        self, Py_ssize_t sentence, const float* nodes, const float* edges, double* out
    ) noexcept nogil
    cdef int64_t tokens_beyond(self, const Statistics* slot, float threshold) noexcept nogil
