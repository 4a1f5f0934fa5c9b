"""The averaged structured perceptron; see perceptron.pyx."""

from staleness.kernels.core.rule cimport Rule


cdef class StructuredPerceptron(Rule):
    pass
