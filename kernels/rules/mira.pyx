"""The margin-infused relaxed algorithm with one constraint a sentence (1-best MIRA)."""

from libc.math cimport INFINITY

from staleness.kernels.core.context cimport Status, Update
from staleness.kernels.core.model cimport Model
from staleness.kernels.core.rule cimport Rule
from staleness.kernels.models.decoded cimport Decoded, DecodedChain
from staleness.kernels.rules.perceptron cimport StructuredPerceptron


cdef class MarginInfusedRelaxedAlgorithm(StructuredPerceptron):
    """1-best MIRA; see `StructuredPerceptron` for the update of a mini-batch.

    The step from the decoded labels z is the shortest that lets the gold labels y win over them by
    their loss, the number of wrong tokens (Crammer & Singer 2003; McDonald, Crammer & Pereira
    2005), but no longer than C (PA-I of Crammer et al. 2006, figure 1):

        tau = min(C, (loss - (score(y, x) - score(z, x))) / |f(x, y) - f(x, z)|^2)

    Both scores, like z, are those of theta as found.

    Parameters
    ----------
    step_limit : float
        C.

    Raises
    ------
    ValueError
        If it is out of range.
    """

    cdef readonly double step_limit

    def __init__(self, *, double step_limit):
        if not 0 < step_limit < INFINITY:
            raise ValueError("step_limit must be positive and finite")
        self.step_limit = step_limit

    @property
    def asks(self):
        """The norms of differences, too; see `DecodedChain`."""
        return {**super().asks, "squares": True}

    # Each sentence has a step of its own, where `step` has one for all of them.
    cdef Status begin(self, Model model, Update* update) noexcept nogil:
        cdef Decoded* decoded
        cdef Py_ssize_t slot, number
        for slot in range(update.first, update.last):
            decoded = &(<DecodedChain>model).decoded[slot]
            for number in range(model.held[slot].count):
                if decoded.losses.data[number]:
                    decoded.steps.data[number] = self.tau(
                        decoded.losses.data[number], decoded.margins.data[number],
                        decoded.squares.data[number])
        return Rule.begin(self, model, update)

    cdef double tau(self, double loss, double margin, double squares) noexcept nogil:
        """How far to step from a sentence that is decoded as other than gold."""
        # Another order of the same labels may have the same features: there is no step to take.
        return min(self.step_limit, (loss - margin) / squares) if squares else 0.0
