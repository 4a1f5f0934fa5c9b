"""Linear-chain conditional random field; see crf.pyx."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.context cimport Status
from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.models.linear_chain cimport LinearChain


cdef struct Gradient:
    # What a slot holds: the gradient of the negative log-likelihood, token by token.
    Buffer[float] nodes             # [tokens, width]     p(y_t = j | x) - [gold label is j]
    Buffer[float] edges             # [count, L, width]   expected less gold transitions i -> j
    Buffer[double] log_likelihoods  # [count]             log p(gold | x), nats; if asked for


cdef struct Part:
    # Where a sentence's statistics lie.
    const float* nodes              # [tokens, width]
    const float* edges              # [L, width]; NULL: not there
    double log_likelihood


cdef class ConditionalRandomField(LinearChain):
    cdef readonly float threshold
    cdef bint _with_log_likelihoods
    cdef vector[Gradient] _gradients        # [slots]
    cdef vector[Part] _parts                # [sentences], of `objective`

    cdef void add_dense(
        self, Py_ssize_t sentence, const float* nodes, const float* edges, double* out
    ) noexcept nogil
    cdef bint find_parts(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil
