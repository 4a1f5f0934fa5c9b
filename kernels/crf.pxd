"""Linear-chain conditional random field; see crf.pyx."""

from libc.stdint cimport int32_t, int64_t
from staleness.kernels.learner cimport Learner, Status


cdef struct Workspace:
    # Scratch of one thread, for sentences of n tokens at most; L labels, padded to `width` lanes.
    float* emission             # [n, width]  exp(score - greatest score of the token)
    float* forward              # [n, width]  alpha, each row of sum 1
    float* scale                # [n]         c_t, the row sums before scaling
    float* transition           # [L, width]  exp(score) from label i (row) to j (lane)
    float* transposed           # [L, width]  the same, from label i (lane) to j (row)
    float* backward             # [width]     beta of one token
    float* weighted             # [width]     psi beta / c of one token


cdef struct Parameters:
    # One copy of theta, as scale * rows.
    float* emissions            # [features, width]
    float* transitions          # [L, width], from label i (row) to j (lane)
    double scale


cdef struct Statistics:
    # What `calc` leaves in a slot: the gradient of the negative log-likelihood, token by token.
    int32_t* examples           # [count]             numbers of the sentences
    Py_ssize_t count
    float* nodes                # [tokens, width]     p(y_t = j | x) - [gold label is j]
    float* edges                # [count, L, width]   expected less gold transitions i -> j
    Py_ssize_t examples_room    # what the arrays have room for
    Py_ssize_t nodes_room


cdef class ConditionalRandomField(Learner):
    cdef readonly Py_ssize_t labels
    cdef readonly Py_ssize_t features
    cdef Py_ssize_t _width
    cdef float[:, :, ::1] _rows             # [1 + replicas, features + L, width], theta / scale
    cdef float[:, ::1] _padding             # [1, width], 0 for a label, -inf for padding
    cdef const int64_t[::1] _offsets
    cdef const int32_t[::1] _gold
    cdef const int64_t[::1] _feature_offsets
    cdef const int32_t[::1] _features
    cdef Parameters* _copies                # [1 + replicas]: theta, then one a slot
    cdef Workspace* _workspaces
    cdef Statistics* _statistics

    cdef Status reserve(self, Statistics* slot, Py_ssize_t count, Py_ssize_t tokens) noexcept nogil
    cdef Parameters* parameters(self, Py_ssize_t slot) noexcept nogil
    cdef void add(
        self, const Statistics* slot, Parameters* theta, float factor, float threshold
    ) noexcept nogil
    cdef void mean(self) noexcept nogil


cdef class StochasticGradientDescent(ConditionalRandomField):
    cdef readonly double step_size
    cdef readonly double decay
    cdef readonly double l2
    cdef readonly double threshold
