"""Batch expectation maximisation; see batch_em.pyx."""

from staleness.kernels.core.rule cimport Rule


cdef class ExpectationMaximization(Rule):
    cdef readonly double smoothing
