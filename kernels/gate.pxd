"""A gate that many may be inside of, or one alone; see gate.h."""

from libc.stdint cimport int32_t

cdef extern from "gate.h" nogil:
    ctypedef struct gate "reader_gate":
        pass
    bint gate_make(gate* g, int32_t places) noexcept    # false if there is no memory
    void gate_free(gate* g) noexcept
    void gate_enter(gate* g, int32_t place) noexcept
    void gate_leave(gate* g, int32_t place) noexcept
    void gate_shut(gate* g) noexcept
    void gate_open(gate* g) noexcept
