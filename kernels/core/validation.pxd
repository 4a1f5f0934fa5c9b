"""What kernels can take; see validation.pyx."""

cpdef enum:
    # Labels of a CRF, or states of an HMM. Time and memory grow with the square: at this many every
    # processor has 12 MB of scratch for the transitions, and a token takes thousands of times that
    # of 9 labels.
    MOST_LABELS = 1024
