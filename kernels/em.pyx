"""Expectation maximisation: what its models share, and its update rules.

A model's parameters are multinomials. What is stored is `mu`, expected counts of the whole corpus,
as scale * counts; theta is mu divided by its totals, which cancels the scale. `calc` finds the
expected counts s of a mini-batch at theta (the E-step), `up` changes mu by them (the M-step):

    EM                  mu <- s, of the whole corpus
    stepwise EM         mu <- (1 - eta) mu + eta N/m s,  eta = (k + 2)^-alpha, before it k updates
    incremental EM      mu <- mu - (s of these examples when last seen) + s

with N examples in the corpus and m in the mini-batch. In stepwise EM (Cappe & Moulines 2009; Liang
& Klein 2009) the factor (1 - eta) goes into the scale, so that an update costs what its mini-batch
touches. Before the scale leaves the range in which float32 counts are safe it is moved into them,
with everybody else kept out. That changes no theta but those too small for float32; see `rescaled`.
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.gate cimport gate_enter, gate_leave, gate_open, gate_shut
from staleness.kernels.lanes cimport exact_exp, exact_log
from staleness.kernels.learner cimport (
    LOAD,
    NOT_FINITE,
    OK,
    Learner,
    Status,
    atomic_load,
    atomic_multiply,
    atomic_store,
)

from staleness.kernels.validation import check_alpha, check_smoothing

cdef enum:
    BATCH
    STEPWISE
    INCREMENTAL

RULES = {"em": BATCH, "stepwise": STEPWISE, "incremental": INCREMENTAL}

# Counts are stored as up to count / SMALLEST_SCALE; a corpus of 10^9 tokens stays under 10^19.
cdef double SMALLEST_SCALE = 2.0 ** -30


cdef class ExpectationMaximization(Learner):
    """The update rules; a subclass is the model.

    Parameters
    ----------
    work, slots, workspaces, replicas
        See `Learner`.
    rule : {"em", "stepwise", "incremental"}
        See above. "em" is for mini-batches that are the whole corpus. "incremental" is not for
        replicas: the mean of their counts would not be the sum of the examples'.
    alpha : float
        Of stepwise EM, above 0.5 and at most 1.
    smoothing : float
        Added to every count of the whole corpus before theta is normalised.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """

    # There is no step: what has no probability at all has never been counted.
    remedy = "take a larger smoothing"

    def __init__(
        self,
        work,
        *,
        rule="em",
        double alpha=0.7,
        double smoothing=0.0,
        Py_ssize_t slots=1,
        Py_ssize_t workspaces=1,
        Py_ssize_t replicas=0,
    ):
        if rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, not {rule!r}")
        check_alpha(alpha)
        check_smoothing(smoothing)
        if rule == "incremental" and replicas:
            raise ValueError("incremental EM cannot average replicas")
        super().__init__(work, slots, workspaces, replicas)
        self._rule = RULES[rule]
        self.alpha = alpha
        self.smoothing = smoothing
        self._scales = <double*>calloc(1 + replicas, sizeof(double))
        self._held = <Py_ssize_t*>calloc(slots, sizeof(Py_ssize_t))
        if self._scales == NULL or self._held == NULL:
            raise MemoryError
        for copy in range(1 + replicas):
            self._scales[copy] = 1.0

    def __dealloc__(self):
        free(self._scales)
        free(self._held)

    @property
    def rule(self):
        """The name of the update rule."""
        return next(name for name, number in RULES.items() if number == self._rule)

    @property
    def scale(self):
        """What the stored counts are to be multiplied with."""
        return self._scales[0]

    def settle(self):
        """Make mu the mean of the replicas, if there are any; nobody may be in `calc` or `up`."""
        if self.replicas:
            self.choose_scale()
            self.mean()

    cdef keep_counts(self, counts, totals):
        """Take the arrays that mu is in, float32 and float64 with a row for each copy."""
        self._counts = counts
        self._totals = totals

    cdef bint keeps_statistics(self) noexcept nogil:
        """Whether every example's expected counts are kept until it is seen again."""
        return self._rule == INCREMENTAL

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Status status
        gate_enter(&self._gate, slot)
        status = self.expect(slot, workspace, 1 + slot if self.replicas else 0, examples, count)
        gate_leave(&self._gate, slot)
        self._held[slot] = count if status == OK else 0
        return status

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Py_ssize_t copy = 1 + first if self.replicas else 0, count = 0, slot
        cdef double eta, scale, factor = 1.0
        for slot in range(first, last):
            count += self._held[slot]
        if count == 0:
            return OK
        if atomic_load(&self._scales[copy]) < SMALLEST_SCALE and self.rescale(copy) != OK:
            return NOT_FINITE
        gate_enter(&self._gate, first)
        if self._rule == BATCH:
            self.clear(copy)
            atomic_store(&self._scales[copy], 1.0)
        elif self._rule == STEPWISE:
            eta = exact_exp(-self.alpha * exact_log(LOAD(&self._updates) + 2.0))
            # Its own scale, not what others make of it meanwhile: mu then stays a weighted mean.
            scale = atomic_multiply(&self._scales[copy], 1.0 - eta)
            factor = eta * self._work.shape[0] / (count * scale)
        for slot in range(first, last):
            if self._held[slot] == 0:
                continue
            if self._rule == INCREMENTAL:
                self.exchange(slot, copy)
            else:
                self.add(slot, copy, factor)
        gate_leave(&self._gate, first)
        self.count_update(count)
        return OK

    cdef Status rescale(self, Py_ssize_t copy) noexcept nogil:
        """Move the scale into the counts, with nobody inside `calc` or `up`."""
        cdef double scale
        gate_shut(&self._gate)
        scale = self._scales[copy]
        # Another may have done it while this one waited.
        if scale < SMALLEST_SCALE:
            self.multiply(copy, scale)
            atomic_store(&self._scales[copy], 1.0)
        gate_open(&self._gate)
        return OK if scale > 0.0 else NOT_FINITE

    cdef void average(self) noexcept nogil:
        cdef Py_ssize_t copy
        self.choose_scale()
        self.mean()
        for copy in range(1, 1 + self.replicas):
            memcpy(&self._counts[copy, 0], &self._counts[0, 0],
                   self._counts.shape[1] * sizeof(float))
            memcpy(&self._totals[copy, 0], &self._totals[0, 0],
                   self._totals.shape[1] * sizeof(double))
            self._scales[copy] = self._scales[0]

    cdef void clear(self, Py_ssize_t copy) noexcept nogil:
        """Make a copy's counts 0."""
        memset(&self._counts[copy, 0], 0, self._counts.shape[1] * sizeof(float))
        memset(&self._totals[copy, 0], 0, self._totals.shape[1] * sizeof(double))

    cdef void mean(self) noexcept nogil:
        """Make copy 0 the mean of the replicas, over the scale that it has."""
        cdef Py_ssize_t copy, k
        cdef double total, share = 1.0 / (self.replicas * self._scales[0])
        for k in range(self._counts.shape[1]):
            total = 0.0
            for copy in range(1, 1 + self.replicas):
                total += self._scales[copy] * self._counts[copy, k]
            self._counts[0, k] = <float>(total * share)
        for k in range(self._totals.shape[1]):
            total = 0.0
            for copy in range(1, 1 + self.replicas):
                total += self._scales[copy] * self._totals[copy, k]
            self._totals[0, k] = total * share

    cdef void choose_scale(self) noexcept nogil:
        """Give copy 0 the greatest scale of the replicas.

        What it stores is then no greater than what they do, and longest from having to be rescaled.
        Nor does it vanish: of a replica that has this scale, it stores as much, over their number.
        """
        cdef Py_ssize_t copy
        self._scales[0] = self._scales[1]
        for copy in range(2, 1 + self.replicas):
            self._scales[0] = max(self._scales[0], self._scales[copy])

    cdef Status expect(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        Py_ssize_t copy,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        """Put the expected counts of some examples at a copy's theta into a slot."""
        return OK

    cdef void add(self, Py_ssize_t slot, Py_ssize_t copy, double factor) noexcept nogil:
        """Add `factor` times a slot's counts to those stored in a copy."""

    cdef void exchange(self, Py_ssize_t slot, Py_ssize_t copy) noexcept nogil:
        """Put a slot's counts into a copy in the place of what was kept of its examples."""

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        """Multiply a copy's stored counts, as `rescaled` does."""
