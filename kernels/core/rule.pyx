"""An update rule: theta <- keep * theta + gain * s, with the statistics s of some examples."""

from libc.math cimport NAN, isnan

from staleness.kernels.core.context cimport FAILED, MISSING, OK, Context, Status, Step, Update
from staleness.kernels.core.model cimport Model


cdef class Rule:
    """A rule; a subclass says `keep` and `gain` of an update, from its context.

    In `step`, or, where it is written in Python, in `keep_and_gain`, for which each update waits
    for Python's lock. Few need more than these two numbers. They override `begin` or `share` and
    say why.

    An update begins once, then each of `shares` threads adds its part of the rows, at the same
    time if they like, and then it ends. Parts have no row in common, so that the result is the same
    bits for any number of them.

    Attributes
    ----------
    remedy : str
        What may help where numbers are not finite.
    averages : bool
        Whether replicas of theta that it learns may be averaged.
    divisible : bool
        Whether several threads may each make a part of an update; if not, the first part is all.
    """

    remedy = "take a smaller step size"
    averages = True
    divisible = True

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

    cdef Status begin(self, Model model, Update* update) noexcept nogil:
        """Begin an update of what some slots hold: find its `factor`, and keep what is kept."""
        cdef Step step = self.step(&update.context)
        if unsaid(&step):
            return MISSING if self.failure is None else FAILED
        return model.table.begin_update(update.first, update.last, &step, &update.factor)

    cdef Status share(
        self, Model model, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        """Bring a part of the slots' statistics into the table, `factor` times."""
        cdef Py_ssize_t slot
        for slot in range(update.first, update.last):
            if model.held[slot].count:
                model.add(slot, update.factor, share, shares)
        return OK

    cdef void end(self, Model model, const Update* update) noexcept nogil:
        """End an update that has begun well."""
        model.table.end_update(update.first)


cdef inline bint unsaid(const Step* step) noexcept nogil:
    """Whether a step is that of `Rule`: no arithmetic loses `keep` and leaves a gain of 0."""
    return isnan(step.keep) and step.gain == 0.0
