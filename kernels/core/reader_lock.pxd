"""A lock that many may share, or that one holds alone; see reader_lock.h."""

from libc.stdint cimport int32_t

cdef extern from "reader_lock.h" nogil:
    cppclass ReaderLock "reader_lock":
        bint places(int32_t count)          # false if there is no memory
        void lock_shared(int32_t mine)
        void unlock_shared(int32_t mine)
        void lock()
        void unlock()
