"""Whether compiled code computes as IEEE 754 says, and what compiled it.

That results are the same bits on every machine rests on it: sums in the order in which they are
written, every operation rounded by itself, to nearest, with denormals, NaN and the sign of zero.
Options such as -ffast-math give it away, some compilers do so by default, and a library that is
loaded into the process may switch denormals off for all. This module is compiled as the kernels
are; none of its functions can be computed before it runs, as their arguments come from Python.
"""

from libc.math cimport sqrtf

cdef extern from * nogil:
    """
    #if defined(__clang__)
    static const char *const compiler_name = __VERSION__;  /* begins with what it is */
    #else
    static const char *const compiler_name = "GCC " __VERSION__;
    #endif
    #ifndef COMPILE_COMMAND
    #define COMPILE_COMMAND "unknown"
    #define LINK_COMMAND "unknown"
    #endif
    static const char *const compile_command = COMPILE_COMMAND;
    static const char *const link_command = LINK_COMMAND;
    """
    const char *compiler_name
    const char *compile_command
    const char *link_command

COMPILER = compiler_name.decode()
COMPILE = compile_command.decode()
LINK = link_command.decode()


def _multiply(float a, float b):
    return a * b


def _multiply_doubles(double a, double b):
    return a * b


def _add(float a, float b):
    return a + b


def _add_zero(float a):
    return a + <float>0


def _multiply_and_add(float a, float b, float c):
    return a * b + c


def _multiply_and_add_doubles(double a, double b, double c):
    return a * b + c


def _sum_beyond(float first, float each):
    """Return by how much 64 small numbers, one after another, raise a great one."""
    cdef float total = first
    for _ in range(64):
        total += each
    return total - first


def _wrong_quotients(float divisor):
    """Return how many of some whole numbers are not their product by `divisor` divided by it."""
    cdef float products[64]
    cdef int i, wrong = 0
    for i in range(64):
        products[i] = i * divisor
    for i in range(64):
        wrong += products[i] / divisor != i
    return wrong


def _wrong_roots():
    """Return how many of some squares have another root than they should."""
    cdef float squares[64]
    cdef int i, wrong = 0
    for i in range(64):
        squares[i] = i * i
    for i in range(64):
        wrong += sqrtf(squares[i]) != i
    return wrong


def _is_itself(double x):
    return x == x


def _tenth():
    return 0.1


def fault():
    """Return what compiled code computes otherwise than IEEE 754 says, a str; None if nothing."""
    ulp = 2.0**-23  # of a float32 at 1
    ulp_doubles = 2.0**-52
    facts = {
        "denormal numbers are taken for zero": (
            _multiply(2.0**-126, 0.5) == 2.0**-127
            and _multiply(2.0**-127, 2.0) == 2.0**-126
            and _multiply_doubles(2.0**-1022, 0.5) > 0
            and _multiply_doubles(2.0**-1023, 2.0) == 2.0**-1022
        ),
        "a * b + c is rounded once instead of twice": (
            _multiply_and_add(1 + ulp, 1 + ulp, -1 - 2 * ulp) == 0
            and _multiply_and_add_doubles(1 + ulp_doubles, 1 + ulp_doubles, -1 - 2 * ulp_doubles)
            == 0
        ),
        "sums are taken in another order": _sum_beyond(2.0**24, 1.0) == 0,
        "NaN equals itself": not _is_itself(float("nan")),
        "zero has no sign": str(_add_zero(-0.0)) == "0.0",
        "quotients are not the nearest numbers": not any(map(_wrong_quotients, range(1, 128))),
        "square roots are not the nearest numbers": _wrong_roots() == 0,
        "constants have the precision of float32": _tenth() == float("0.1"),
        "sums are not rounded to the nearest number": (
            _add(1, ulp / 8) == 1 and _add(1, -ulp / 8) == 1 and _add(-1, -ulp / 8) == -1
        ),
    }
    for said, holds in facts.items():
        if not holds:
            return (
                f"compiled code does not compute as IEEE 754 says: {said}, by an option such as "
                f"-ffast-math or -Ofast, or by another library in this process: unset such options "
                f"and run 'make clean env' ({COMPILER}; {COMPILE}; {LINK})"
            )
    return None
