"""Batch learning of the CRF: one objective and one gradient of the whole corpus an update.

The objective is the mean negative log-likelihood of a sentence plus l2 / (2 N) |theta|^2, with N
sentences, as for stochastic gradient descent. It and its gradient are added up in float64 in the
order of the corpus, so that neither the order in which the sentences were visited nor the slots
that they were split over change a bit.
"""

import numpy as np

from libc.stdlib cimport calloc, free

from staleness.kernels.crf cimport ConditionalRandomField, Statistics
from staleness.kernels.learner cimport FAILED, OK, Status


cdef struct Part:
    # Where a sentence's statistics lie.
    const float* nodes          # [tokens, width]
    const float* edges          # [L, width]; NULL: not there
    double log_likelihood


cdef class BatchGradient(ConditionalRandomField):
    """A CRF that hands objective and gradient to an optimiser.

    Parameters
    ----------
    *arrays, **sizes
        See `ConditionalRandomField`; without replicas.
    l2 : float
        1 / sigma^2 of a Gaussian prior.
    optimiser : object
        With methods step(theta, objective, gradient), which returns the next theta, all of one
        shape in float64, and close(); and an attribute `stopped`, see `Learner`. They are called
        with the GIL, from whichever thread makes the update.

    Attributes
    ----------
    objective : float
        At the `theta` that the last update was made from, nats; NaN before the first.

    Raises
    ------
    ValueError
        If l2 is negative, or there are replicas. In an update, if its slots do not hold every
        sentence of the corpus once.
    """

    cdef readonly double l2
    cdef readonly double objective
    cdef object _optimiser
    cdef Part* _parts                       # [N]

    def __init__(self, *arrays, double l2, optimiser, **sizes):
        super().__init__(*arrays, **sizes)
        if not l2 >= 0:
            raise ValueError(f"l2 must not be negative, not {l2:g}")
        if self.replicas:
            raise ValueError("there is one theta, not one a slot")
        self.l2 = l2
        self.objective = np.nan
        self._optimiser = optimiser
        self._with_log_likelihoods = True
        self._parts = <Part*>calloc(self._work.shape[0] + 1, sizeof(Part))
        if self._parts == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._parts)

    @property
    def stopped(self):
        """Why updates have ceased to change `theta`, one line; None where they have not."""
        return self._optimiser.stopped

    def close(self):
        """End the optimiser; there are no updates after that."""
        self._optimiser.close()

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        with gil:
            try:
                self.learn(first, last)
            except BaseException as error:
                self.failure = error
                return FAILED
        self.count_update(self._work.shape[0])
        return OK

    cdef learn(self, Py_ssize_t first, Py_ssize_t last):
        """theta <- the optimiser's answer to objective and gradient."""
        shape = (self.features + self.labels, self.labels)
        theta, gradient = np.empty(shape), np.zeros(shape)
        cdef double[:, ::1] at = theta, out = gradient
        cdef bint complete
        with nogil:
            complete = self.find_parts(first, last)
            if complete:
                self.objective = self.add_up(&at[0, 0], &out[0, 0])
        if not complete:
            raise ValueError("an update needs every sentence of the corpus, once")
        self.theta = self._optimiser.step(theta, self.objective, gradient)

    cdef bint find_parts(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        """Find every sentence's statistics in the slots; false if one is missing or there twice."""
        cdef Py_ssize_t slot, number, sentence, missing = self._work.shape[0]
        cdef const Statistics* held
        cdef const float* nodes
        cdef Part* part
        for sentence in range(self._work.shape[0]):
            self._parts[sentence].edges = NULL
        for slot in range(first, last):
            held = &self._statistics[slot]
            nodes = held.nodes
            for number in range(held.count):
                part = &self._parts[held.examples[number]]
                if part.edges != NULL:
                    return False
                part.nodes = nodes
                part.edges = held.edges + number * self.labels * self._width
                part.log_likelihood = held.log_likelihoods[number]
                nodes += self._work[held.examples[number]] * self._width
                missing -= 1
        return missing == 0

    cdef double add_up(
        self,
        double* theta,          # OUT [features + labels, labels]
        double* gradient,       # IN: zeros, OUT: of the objective; the same shape
    ) noexcept nogil:
        """Return the objective at theta."""
        cdef Py_ssize_t sentences = self._work.shape[0], sentence, row, j
        cdef Part* part
        cdef double objective = 0.0, squares = 0.0
        if sentences == 0:
            return 0.0
        for sentence in range(sentences):
            part = &self._parts[sentence]
            objective -= part.log_likelihood
            self.add_dense(sentence, part.nodes, part.edges, gradient)
        for row in range(self.features + self.labels):
            for j in range(self.labels):
                theta[0] = self._rows[0, row, j]
                squares += theta[0] * theta[0]
                gradient[0] = (gradient[0] + self.l2 * theta[0]) / sentences
                theta += 1
                gradient += 1
        return (objective + self.l2 / 2 * squares) / sentences
