"""An update rule: theta <- keep * theta + gain * s, with the statistics s of some examples."""

from libc.math cimport NAN, isnan

from staleness.kernels.core.context cimport FAILED, MISSING, OK, Context, Status, Step
from staleness.kernels.core.model cimport Model


cdef class Rule:
    """A rule; a subclass says `keep` and `gain` of an update, from its context.

    In `step`, or, where it is written in Python, in `keep_and_gain`, for which each update waits
    for Python's lock. Few need more than these two numbers. They override `update` and say why.

    Attributes
    ----------
    remedy : str
        What may help where numbers are not finite.
    averages : bool
        Whether replicas of theta that it learns may be averaged.
    """

    remedy = "take a smaller step size"
    averages = True

    @property
    def asks(self):
        """What it asks of its model, a dict of options of the model's `prepare`."""
        return {}

    def check(self, examples):
        """Raise ValueError if it makes no sense for a corpus of so many examples."""

    @property
    def stopped(self):
        """Why updates have ceased to change theta, one line; None where they have not."""
        return None

    def close(self):
        """End whatever works for the rule beside it; there are no updates after that."""

    def keep_and_gain(
        self, *, corpus, mini_batch, updates=0, examples=0, staleness=0, weight=1.0
    ):
        """Return what an update in this context keeps of theta, and its gain.

        Parameters
        ----------
        corpus, mini_batch : int
            Examples of the corpus and of the update.
        updates, examples : int
            Before it.
        staleness : int
            Updates by others between its reading of theta and itself.
        weight : float
            What a policy multiplies the step with.
        """
        cdef Context context
        context.updates, context.examples = updates, examples
        context.corpus, context.mini_batch = corpus, mini_batch
        context.staleness, context.weight = staleness, weight
        cdef Step step = self.step(&context)
        if unsaid(&step):
            raise NotImplementedError(f"{type(self).__name__} does not say what its step is")
        return step.keep, step.gain

    cdef Step step(self, const Context* context) noexcept nogil:
        """keep and gain of an update; NaN where they cannot be had."""
        cdef Step step
        step.keep = NAN
        step.gain = 0.0
        with gil:
            if type(self).keep_and_gain is not Rule.keep_and_gain:
                try:
                    step.keep, step.gain = self.keep_and_gain(
                        corpus=context.corpus,
                        mini_batch=context.mini_batch,
                        updates=context.updates,
                        examples=context.examples,
                        staleness=context.staleness,
                        weight=context.weight,
                    )
                except BaseException as error:
                    self.failure = error
        return step

    cdef Status update(
        self, Model model, Py_ssize_t first, Py_ssize_t last, const Context* context
    ) noexcept nogil:
        """Make an update of what some slots hold."""
        cdef Step step = self.step(context)
        cdef double factor
        cdef Py_ssize_t slot
        cdef Status status
        if unsaid(&step):
            return MISSING if self.failure is None else FAILED
        status = model.table.begin_update(first, last, &step, &factor)
        if status != OK:
            return status
        for slot in range(first, last):
            if model.held[slot].count:
                self.apply(model, slot, factor, context)
        model.table.end_update(first)
        return OK

    cdef void apply(
        self, Model model, Py_ssize_t slot, double factor, const Context* context
    ) noexcept nogil:
        """Bring a slot's statistics into the table, `factor` times."""
        model.add(slot, factor)


cdef inline bint unsaid(const Step* step) noexcept nogil:
    """Whether a step is that of `Rule`: no arithmetic loses `keep` and leaves a gain of 0."""
    return isnan(step.keep) and step.gain == 0.0
