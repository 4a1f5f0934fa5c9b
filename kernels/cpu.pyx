"""What this processor can do."""

cdef extern from * nogil:
    """
    static int level_of_x86_64(void)
    {
    #if defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("x86-64-v4"))
            return 4;
        if (__builtin_cpu_supports("x86-64-v3"))
            return 3;
        return __builtin_cpu_supports("x86-64-v2") ? 2 : 1;
    #else
        return 0;
    #endif
    }
    """
    int level_of_x86_64()


def x86_64_level():
    """Return the level of x86-64 that processor and system support, 1 to 4 (System V psABI).

    4 is that with AVX-512, 3 with AVX2; 0 is another architecture.
    """
    return level_of_x86_64()
