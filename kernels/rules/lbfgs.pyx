"""Batch learning by an optimiser: one objective and one gradient of the whole corpus an update."""

import numpy as np

from staleness.kernels.core.context cimport FAILED, OK, Status, Update
from staleness.kernels.core.model cimport Model
from staleness.kernels.core.rule cimport Rule


cdef class BatchGradient(Rule):
    """Hands objective and gradient to an optimiser, and takes the next theta from it.

    The objective is the mean loss of an example plus l2 / (2 N) |theta|^2, with N examples, as for
    stochastic gradient descent.

    Parameters
    ----------
    l2 : float
        1 / sigma^2 of a Gaussian prior.
    optimiser : object
        With methods step(theta, objective, gradient), which returns the next theta, all of one
        shape in float64, and close(); and an attribute `stopped`, see `Rule`. They are called with
        the GIL, from whichever thread makes the update.

    Attributes
    ----------
    objective : float
        At the theta that the last update was made from, nats; NaN before the first.

    Raises
    ------
    ValueError
        If l2 is negative. In an update, if its slots do not hold every example once.
    """

    averages = False
    divisible = False

    cdef readonly double l2
    cdef readonly double objective
    cdef object _optimiser

    def __init__(self, *, double l2, optimiser):
        if not l2 >= 0:
            raise ValueError(f"l2 must not be negative, not {l2:g}")
        self.l2 = l2
        self.objective = np.nan
        self._optimiser = optimiser

    @property
    def asks(self):
        """Log-likelihoods; see `ConditionalRandomField`."""
        return {"log_likelihoods": True}

    @property
    def stopped(self):
        """Why updates have ceased to change theta, one line; None where they have not."""
        return self._optimiser.stopped

    def close(self):
        """End the optimiser; there are no updates after that."""
        self._optimiser.close()

    # The next theta is not a sum of the last one and of statistics: nothing of it is kept.
    cdef Status begin(self, Model model, Update* update) noexcept nogil:
        return OK

    cdef void end(self, Model model, const Update* update) noexcept nogil:
        pass

    cdef Status share(
        self, Model model, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        with gil:
            try:
                self._learn(model, update.first, update.last, update.context.corpus)
            except BaseException as error:
                self.failure = error
                return FAILED
        return OK

    def _learn(self, model, first, last, examples):
        """theta <- the optimiser's answer to objective and gradient."""
        objective, gradient = model.objective(first, last)
        theta = model.theta.astype(np.float64)
        cdef double[:, ::1] at = theta, out = gradient
        cdef double squares = 0.0, count = examples
        cdef Py_ssize_t row, j
        with nogil:
            for row in range(at.shape[0]):
                for j in range(at.shape[1]):
                    squares += at[row, j] * at[row, j]
                    out[row, j] = (out[row, j] + self.l2 * at[row, j]) / count
        self.objective = (objective + self.l2 / 2 * squares) / count
        model.theta = self._optimiser.step(theta, self.objective, gradient)
