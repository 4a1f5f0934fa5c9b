"""Stochastic gradient descent on a conditional random field.

The L2 decay multiplies the scale of `theta` alone (Shalev-Shwartz, Singer & Srebro 2007), so that
an update costs what its mini-batch touches. An update that would make the scale too small for
float32 moves it into the rows first, with everybody else kept out. Who computes meanwhile may find
rows that are newer than the scale that it has read; where updates have more than halved that, the
gradient is computed again, with everybody else kept out.
"""

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t

from staleness.kernels.crf cimport ConditionalRandomField
from staleness.kernels.gate cimport gate_enter, gate_leave, gate_open, gate_shut
from staleness.kernels.learner cimport LOAD, NOT_FINITE, OK, Status, atomic_load
from staleness.kernels.linear_chain cimport SMALLEST_SCALE, Parameters


cdef class StochasticGradientDescent(ConditionalRandomField):
    """L2-regularised maximum conditional likelihood by stochastic gradient descent.

    The objective is the mean negative log-likelihood of a sentence plus l2 / (2 N) |theta|^2, with
    N sentences. An update with the gradient g of m sentences, after e passes over the corpus, is

        theta <- theta - eta (g / m + l2 / N theta),    eta = step_size / (1 + decay e)

    where g leaves out every token whose label residuals, p(y_t = j | x) - [gold label is j], are
    all below a threshold.

    Parameters
    ----------
    *arrays, **sizes
        See `ConditionalRandomField`.
    step_size, decay, l2, threshold : float
        See above; `l2` is 1 / sigma^2 of a Gaussian prior.

    Raises
    ------
    ValueError
        If they are out of range.
    """

    cdef readonly double step_size
    cdef readonly double decay
    cdef readonly double l2
    cdef readonly double threshold

    def __init__(
        self,
        *arrays,
        double step_size,
        double decay,
        double l2,
        double threshold=0.0,
        **sizes,
    ):
        super().__init__(*arrays, **sizes)
        if not (step_size > 0 and decay >= 0 and l2 >= 0 and threshold >= 0):
            raise ValueError("step_size must be positive, decay, l2 and threshold not negative")
        if self._work.shape[0] and step_size * l2 >= self._work.shape[0]:
            raise ValueError("step_size times l2 must be under the number of sentences")
        self.step_size = step_size
        self.decay = decay
        self.l2 = l2
        self.threshold = threshold

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Parameters* theta = self.parameters(slot)
        cdef double scale
        cdef Status status
        gate_enter(&self._gate, slot)
        scale = atomic_load(&theta.scale)
        status = ConditionalRandomField.calc(self, slot, workspace, examples, count)
        if atomic_load(&theta.scale) >= scale / 2:
            gate_leave(&self._gate, slot)
        else:
            # Rows were read that do not go with the scale of before: once more, alone.
            gate_leave(&self._gate, slot)
            gate_shut(&self._gate)
            status = ConditionalRandomField.calc(self, slot, workspace, examples, count)
            gate_open(&self._gate)
        if status == OK:
            self._touched[slot, 0] = self.tokens_beyond(
                &self._statistics[slot], <float>self.threshold)
        return status

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Py_ssize_t sentences = self._work.shape[0], count = 0, slot
        cdef double eta = self.step_size / (1.0 + self.decay * LOAD(&self._examples) / sentences)
        cdef double keep = 1.0 - eta * self.l2 / sentences, scale
        cdef Parameters* theta = self.parameters(first)
        cdef bint alone, finite
        cdef float factor
        for slot in range(first, last):
            count += self._statistics[slot].count
        if count == 0:
            return OK
        gate_enter(&self._gate, first)
        alone = theta.scale * keep < SMALLEST_SCALE
        if alone:
            gate_leave(&self._gate, first)
            # Until the end of the update: others could make the scale as small meanwhile.
            gate_shut(&self._gate)
            if theta.scale * keep < SMALLEST_SCALE:
                self.fold(theta, keep)
        scale = theta.scale * keep
        factor = <float>(-eta / (scale * count))
        finite = fabs(factor) < INFINITY
        if finite:
            theta.scale = scale
            for slot in range(first, last):
                self.add(&self._statistics[slot], theta, factor, <float>self.threshold)
        if alone:
            gate_open(&self._gate)
        else:
            gate_leave(&self._gate, first)
        if not finite:
            return NOT_FINITE
        self.count_update(count)
        return OK
