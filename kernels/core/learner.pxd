"""The one loop: statistics = find(examples), theta = update(theta, statistics); see learner.pyx."""

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.context cimport Status, Update
from staleness.kernels.core.model cimport Model
from staleness.kernels.core.rule cimport Rule
from staleness.kernels.core.table cimport Table


cdef class Learner:
    cdef readonly Model model
    cdef readonly Rule rule
    cdef readonly Table table
    cdef readonly Py_ssize_t slots
    cdef readonly Py_ssize_t workspaces
    cdef readonly Py_ssize_t replicas
    cdef readonly bint divides              # whether updates may be made in parts, side by side
    cdef int64_t updates_made   # this and the next: atomic, as others look while one counts
    cdef int64_t examples_seen

    cdef Status _compute(
        self,
        Py_ssize_t slot,            # where the statistics are kept until the update
        Py_ssize_t workspace,       # scratch; one a thread
        const int32_t* examples,    # IN [count]: numbers of the examples
        Py_ssize_t count,
    ) noexcept nogil

    cdef Status _update(
        self,
        Py_ssize_t first,           # IN: slots first to last - 1, in order, as one update
        Py_ssize_t last,
        int64_t staleness,
        double weight,
    ) noexcept nogil

    cdef Status _begin(
        self,
        Update* update,             # IN: first, last; OUT: the rest
        int64_t staleness,
        double weight,
    ) noexcept nogil
    cdef Status _share(
        self, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil
    cdef void _end(self, const Update* update) noexcept nogil

    cdef raise_for(self, Status status)
