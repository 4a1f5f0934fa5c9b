"""Bigram hidden Markov model (Rabiner 1989), its E-step in float32.

    p(w, y) = p(y_1) prod_t p(y_t | y_{t-1}) p(w_t | y_t)

Expected counts are kept as they fall out of the recursions, one row of posteriors a token, which an
update adds to the rows of the words: an update costs what its mini-batch holds, and leaves alone
the cache lines in which it changes no bit. Counts are float32, 16 states a vector; sums over many
tokens, before they are added to these, are float64.

Recursions are scaled, with a token's emission probabilities over the greatest of them. So that no
product of two numbers is denormal, which is slow, what is below `LEAST` of a sum is 0, and
probabilities above 0 are taken to be `LEAST_EMISSION` of the greatest or `LEAST_TRANSITION` at
least. A state without any expected counts has probabilities of 0.

Such floors add or leave out, at a token and for a state j, `LEAST_TRANSITION` / c_t of the sum over
all sequences at most, times B_t(j): what beta would be if nothing were left out, without floors.
(Let the sums before a token have floors, and those after it none; summed over the tokens, such
differences are that between a sentence with floors and one without.) `ahead` is never below B, as
it has floors too, but raises to them whatever is possible and leaves out nothing. So where `ahead`
/ c_t stays below `FARTHEST`, a token's error is below 1e-7 for each state; other sentences are
computed in log space, in float64.

Where every transition and start is `SURE` or more, that need not be looked at: B is at most 1 /
SURE, as it differs by no more from state to state, and c_t at least SURE, so that an emission's
floor adds LEAST_EMISSION / SURE^2 at most, and `LEAST` counts for LEAST / SURE. No transition has
a floor.

Index letters: t token, i and j states (i before j), b block of 16 states. A `blocks` argument comes
last, so that calls with a constant 3 (33 to 48 states) compile to code without block loops.
"""

import numpy as np

cimport cython
from libc.float cimport FLT_MIN
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.memory cimport aligned, no_room, room
from staleness.kernels.chain cimport (
    STRETCH,
    balance,
    forward_log,
    forward_scaled,
    greatest_of,
    posteriors_log,
    weighted_rows,
)
from staleness.kernels.chain cimport viterbi as viterbi_log
from staleness.kernels.em cimport (
    ExpectationMaximization,
    add_to_total,
    inverse,
    rescaled,
    rescaled_total,
)
from staleness.kernels.lanes cimport (
    LANES,
    exact_log,
    lanes,
    lanes_all,
    lanes_argmax,
    lanes_at_least,
    lanes_at_most,
    lanes_differ,
    lanes_greatest,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_max,
    lanes_raised,
    lanes_store,
    lanes_sum,
    lanes_where_positive,
)
from staleness.kernels.learner cimport NO_MEMORY, NOT_FINITE, OK, Status, atomic_load

from staleness.kernels.memory import aligned_rows
from staleness.kernels.validation import MOST_LABELS, check_sentences

cdef enum:
    ROWS = 8                # of transitions summed at once: as many registers

cdef float SURE = 1e-6
cdef float FARTHEST = 1e9   # of `ahead` / c_t
cdef double ROUNDING = 1e-5     # of a sequence's score, a token
cdef float IMPOSSIBLE = -1e30   # for the logarithm of 0
cdef float LEAST = 1e-18
cdef float LEAST_EMISSION = 1e-20
cdef float LEAST_TRANSITION = 1e-16
cdef float VANISHING = 1e-30    # changes no bit of what is LEAST_TRANSITION or more
cdef float MOST = 1e35      # of v: sums of it over a stretch of tokens stay finite


@cython.final
cdef class HiddenMarkovModel(ExpectationMaximization):
    """The model, learned by expectation maximisation.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
        Sentence s is tokens offsets[s] to offsets[s + 1] - 1.
    tokens : ndarray of int32 [tokens]
        Words, 0 to `words` - 1.
    words : int
    responsibilities : ndarray of float [words, states]
        p(state | word) before learning, rows of sum 1: as if every token of a word had it.
    transitions : ndarray of float [states, states]
        p(state | state before) before learning, rows of sum 1.
    **options
        See `ExpectationMaximization`.

    Raises
    ------
    ValueError
        If the arrays contradict each other, there are more than 1024 states, or an option is out of
        range.
    """

    def __init__(self, offsets, tokens, *, Py_ssize_t words, responsibilities, transitions,
                 **options):
        cdef Py_ssize_t number, copies, states
        check_sentences(offsets, tokens, words)
        responsibilities = np.asarray(responsibilities, dtype=np.float32)
        transitions = np.asarray(transitions, dtype=np.float64)
        states = len(transitions)
        if not 0 < states <= MOST_LABELS:
            raise ValueError(f"{states} states: the HMM takes 1 to {MOST_LABELS}")
        if responsibilities.shape != (words, states) or transitions.shape != (states, states):
            raise ValueError(f"responsibilities are [{words}, {states}], "
                             f"transitions [{states}, {states}]")
        lengths = np.diff(offsets)
        super().__init__(lengths, **options)
        copies = 1 + self.replicas
        self._offsets = offsets
        self._tokens = tokens
        self.states = states
        self.words = words
        rows = aligned_rows(copies * (words + states + 1), states)
        self._width = rows.shape[1]
        self.keep_counts(rows.reshape(copies, -1), np.zeros((copies, self._width)))
        self._copies = <Counts*>calloc(copies, sizeof(Counts))
        self._statistics = <Statistics*>calloc(self.slots, sizeof(Statistics))
        self._workspaces = <Workspace*>calloc(self.workspaces, sizeof(Workspace))
        if self._copies == NULL or self._statistics == NULL or self._workspaces == NULL:
            raise MemoryError
        for number in range(copies):
            self._copies[number].emissions = &self._counts[number, 0]
            self._copies[number].transitions = &self._counts[number, words * self._width]
            self._copies[number].starts = &self._counts[number, (words + states) * self._width]
            self._copies[number].totals = &self._totals[number, 0]
        for number in range(self.workspaces):
            allocate(&self._workspaces[number], lengths.max(initial=0), states, self._width)
        for number in range(self.slots):
            self._statistics[number].totals = <double*>aligned(
                (states + 2) * self._width * sizeof(double))
            if self._statistics[number].totals == NULL:
                raise MemoryError
            memset(self._statistics[number].totals, 0,
                   (states + 2) * self._width * sizeof(double))
            self._statistics[number].edges = self._statistics[number].totals + self._width
            self._statistics[number].starts = (
                self._statistics[number].edges + states * self._width)
        self._initialise(responsibilities, transitions)

    def __dealloc__(self):
        cdef Py_ssize_t number
        free(self._copies)
        if self._workspaces != NULL:
            for number in range(self.workspaces):
                release(&self._workspaces[number])
            free(self._workspaces)
        if self._statistics != NULL:
            for number in range(self.slots):
                no_room(self._statistics[number].examples)
                no_room(self._statistics[number].nodes)
                no_room(self._statistics[number].sentence_edges)
                free(self._statistics[number].totals)
            free(self._statistics)

    def _initialise(self, responsibilities, transitions):
        """Make mu what the first E-step would have left, had it found these posteriors."""
        offsets, tokens = np.asarray(self._offsets), np.asarray(self._tokens)
        lengths = np.diff(offsets)
        firsts = tokens[offsets[: len(lengths)][lengths > 0]]
        follow = np.maximum(lengths - 1, 0)
        occurrences = np.bincount(tokens, minlength=self.words)
        counts = np.concatenate([
            occurrences[:, None] * responsibilities,
            follow.sum() / self.states * transitions,
            responsibilities[firsts].sum(axis=0, dtype=np.float64)[None],
        ])
        self._set_counts(counts)
        if self.keeps_statistics():
            self._kept_nodes = aligned_rows(max(len(tokens), 1), self.states)
            np.asarray(self._kept_nodes)[: len(tokens), : self.states] = responsibilities[tokens]
            rows = max(len(lengths), 1)
            edges = aligned_rows(rows * self.states, self.states)
            self._kept_edges = edges.reshape(rows, self.states, self._width)
            np.multiply(
                (follow / self.states).astype(np.float32)[:, None, None],
                transitions.astype(np.float32),
                out=np.asarray(self._kept_edges)[: len(lengths), :, : self.states],
            )

    @property
    def theta(self):
        """The probabilities, float32 [words + states + 1, states].

        p(word | state), then p(next state | state) with a row for each state, then p(first state).
        """
        self.settle()
        smoothing = self.smoothing
        counts = np.float64(self.scale) * self._stored(0)[:, : self.states] + smoothing
        totals = np.asarray(self._totals)[0, : self.states] * self.scale + smoothing * self.words
        words, following, starts = self._parts(counts)
        return np.concatenate([
            shares(words, totals),
            shares(following, following.sum(axis=1, keepdims=True)),
            shares(starts, starts.sum()),
        ]).astype(np.float32)

    @theta.setter
    def theta(self, values):
        values = np.asarray(values, dtype=np.float64)
        if values.shape != (self.words + self.states + 1, self.states):
            raise ValueError(f"theta is [{self.words + self.states + 1}, {self.states}]")
        if self.keeps_statistics():
            raise ValueError("incremental EM begins from posteriors, not from theta")
        words, following, starts = self._parts(values)
        tokens, sentences = max(self._tokens.shape[0], 1), max(self._work.shape[0], 1)
        self._set_counts(np.concatenate([
            words * (tokens / self.states),
            following * (tokens / self.states),
            starts * sentences,
        ]))

    def set_theta(self, rows, values):
        """Make some rows of theta these, of words whose probabilities sum to 1 for each state.

        For who keeps theta elsewhere and sets what some sentences need. The other rows stay what
        they are if they have been set so, and are undefined if not.

        Parameters
        ----------
        rows : ndarray of int, or slice
        values : ndarray of float [rows, states]
        """
        if self.keeps_statistics():
            raise ValueError("incremental EM begins from posteriors, not from theta")
        cdef double weight = max(self._tokens.shape[0], 1) / <double>self.states
        weights = np.full((self.words + self.states + 1, 1), weight)
        weights[self.words + self.states] = max(self._work.shape[0], 1)
        for copy in range(1 + self.replicas):
            self._scales[copy] = 1.0
            self._stored(copy)[rows, : self.states] = values * weights[rows]
            np.asarray(self._totals)[copy, : self.states] = weight

    @property
    def counts(self):
        """mu, the expected counts of the whole corpus, float64 in the shape of theta."""
        self.settle()
        return np.float64(self.scale) * self._stored(0)[:, : self.states]

    def _set_counts(self, counts):
        """Make every copy's counts these, float [words + states + 1, states]."""
        for copy in range(1 + self.replicas):
            self._scales[copy] = 1.0
            self._stored(copy)[:, : self.states] = counts
            np.asarray(self._totals)[copy, : self.states] = self._parts(counts)[0].sum(
                axis=0, dtype=np.float64)

    def _stored(self, copy):
        """Return a copy's counts over their scale, float32 [words + states + 1, width]."""
        return np.asarray(self._counts)[copy].reshape(-1, self._width)

    def _parts(self, rows):
        """Return the rows of the words, of the states and of the beginning."""
        return (rows[: self.words], rows[self.words : self.words + self.states],
                rows[self.words + self.states :])

    def expected_counts(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 [words + states + 1, states], in the order of theta."""
        cdef Statistics* held
        cdef Py_ssize_t row = 0, number, t, i, j
        if not 0 <= slot < self.slots:
            raise IndexError(f"no slot {slot}")
        held = &self._statistics[slot]
        counts = np.zeros((self.words + self.states + 1, self.states))
        cdef double[:, ::1] out = counts
        for number in range(held.count):
            for t in range(self._offsets[held.examples[number]],
                           self._offsets[held.examples[number] + 1]):
                for j in range(self.states):
                    out[self._tokens[t], j] += held.nodes[row * self._width + j]
                row += 1
        for j in range(self.states):
            for i in range(self.states):
                out[self.words + i, j] = held.edges[i * self._width + j]
            out[self.words + self.states, j] = held.starts[j]
        return counts

    def evaluate(self, offsets, tokens):
        """Decode a corpus and return its log-likelihood.

        Parameters
        ----------
        offsets, tokens : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        decoded : ndarray of int32 [tokens]
            The most probable states of each sentence (Viterbi), of equals the lowest from the end
            on.
        log_likelihood : float
            Of the words, in nats, summed over the sentences; NaN if theta is not finite, minus
            infinity if it rules a sentence out.

        Raises
        ------
        ValueError
            If the arrays contradict each other or the model.
        """
        check_sentences(offsets, tokens, self.words)
        decoded = np.empty(len(tokens), dtype=np.int32)
        cdef const int64_t[::1] starts = offsets
        cdef const int32_t[::1] numbers = tokens
        cdef int32_t[::1] best = decoded
        cdef Py_ssize_t longest = np.diff(offsets).max(initial=0)
        cdef float[:, ::1] back = aligned_rows(max(longest, 1), self.states)
        cdef Py_ssize_t sentence, t, n
        cdef double log_likelihood = 0.0, one, share
        cdef Status status = OK
        cdef bint will_do
        cdef Workspace workspace
        self.settle()
        allocate(&workspace, longest, self.states, self._width)
        self.prepare(self._copies, self._scales[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                emit(self, self._copies, self._scales[0], &workspace, &numbers[t], n,
                     self._width // LANES)
                share = viterbi(self, &workspace, n, <int32_t*>&back[0, 0], &best[t],
                                self._width // LANES)
                if workspace.sure:
                    will_do = forward(self, &workspace, n, self._width // LANES)
                else:
                    will_do = posterior(self, &workspace, n, &back[0, 0], self._width // LANES)
                if will_do:
                    one = log_probability(&workspace, n)
                    if not (workspace.sure or best_for_sure(&workspace, n, share)):
                        improve(self, self._copies, self._scales[0], &workspace, &numbers[t], n,
                                <int32_t*>&back[0, 0], &best[t], self._width // LANES)
                else:
                    status = decode_log(self, self._copies, self._scales[0], &workspace,
                                        &numbers[t], n, <int32_t*>&back[0, 0], &best[t], &one,
                                        self._width // LANES)
                    if status == NO_MEMORY:
                        break
                log_likelihood += one
        release(&workspace)
        if status == NO_MEMORY:
            self.raise_for(status)
        return decoded, log_likelihood

    def posteriors(self, offsets, tokens):
        """Return p(state | words) of every token.

        Parameters
        ----------
        offsets, tokens : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        ndarray of float32 [tokens, states]
            The greatest of a row is the state of posterior decoding.

        Raises
        ------
        ValueError
            If the arrays contradict each other or the model.
        FloatingPointError
            If theta is not finite or rules a sentence out.
        """
        check_sentences(offsets, tokens, self.words)
        found = aligned_rows(max(len(tokens), 1), self.states)
        cdef const int64_t[::1] starts = offsets
        cdef const int32_t[::1] numbers = tokens
        cdef float[:, ::1] nodes = found
        cdef Py_ssize_t sentence, t, n
        cdef Status status = OK
        cdef Workspace workspace
        self.settle()
        allocate(&workspace, np.diff(offsets).max(initial=0), self.states, self._width)
        self.prepare(self._copies, self._scales[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                emit(self, self._copies, self._scales[0], &workspace, &numbers[t], n,
                     self._width // LANES)
                if not posterior(self, &workspace, n, &nodes[t, 0], self._width // LANES):
                    status = posterior_log(self, self._copies, self._scales[0], &workspace,
                                           &numbers[t], n, &nodes[t, 0], self._width // LANES)
                    if status != OK:
                        break
        release(&workspace)
        if status == NO_MEMORY:
            self.raise_for(status)
        if status != OK:
            raise FloatingPointError("theta is not finite, or a sentence has probability 0")
        return found[: len(tokens), : self.states].copy()

    cdef Status expect(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        Py_ssize_t copy,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Statistics* out = &self._statistics[slot]
        cdef Py_ssize_t tokens = 0, k
        cdef double scale = atomic_load(&self._scales[copy])
        for k in range(count):
            tokens += self._work[examples[k]]
        if self.reserve(out, count, tokens) != OK:
            return NO_MEMORY
        memcpy(out.examples, examples, count * sizeof(int32_t))
        out.count = count
        self.prepare(&self._copies[copy], scale, &self._workspaces[workspace])
        if self._width == 3 * LANES:
            return expectations(self, &self._copies[copy], scale, &self._workspaces[workspace],
                                out, 3)
        return expectations(self, &self._copies[copy], scale, &self._workspaces[workspace], out,
                            self._width // LANES)

    cdef void prepare(self, const Counts* mu, double scale, Workspace* workspace) noexcept nogil:
        """Normalise what is not a word's: transitions, starts and the rate of each state.

        With smoothing, (mu + smoothing) / (total + outcomes * smoothing), all over the scale.
        """
        cdef Py_ssize_t width = self._width, i, j
        cdef double more = self.smoothing / scale
        cdef bint sure = True, held = True
        for i in range(self.states):
            held &= normalise(mu.transitions + i * width, more, self.states,
                              workspace.transition + i * width, width // LANES)
            for j in range(self.states):
                workspace.transposed[j * width + i] = workspace.transition[i * width + j]
                sure &= workspace.transition[i * width + j] >= SURE
        held &= normalise(mu.starts, more, self.states, workspace.start, width // LANES)
        for j in range(self.states):
            workspace.rate[j] = <float>inverse(mu.totals[j] + self.words * more)
            held &= workspace.rate[j] > 0.0 or mu.totals[j] + self.words * more == 0.0
            sure &= workspace.start[j] >= SURE
        workspace.sure = sure
        workspace.held = held

    cdef Status reserve(
        self,
        Statistics* slot,
        Py_ssize_t count,
        Py_ssize_t tokens,
    ) noexcept nogil:
        cdef Py_ssize_t row = self._width * sizeof(float)
        slot.examples = <int32_t*>room(slot.examples, count * sizeof(int32_t))
        slot.nodes = <float*>room(slot.nodes, tokens * row)
        if self.keeps_statistics():
            slot.sentence_edges = <float*>room(slot.sentence_edges, count * self.states * row)
        if slot.examples == NULL or slot.nodes == NULL or (
            self.keeps_statistics() and slot.sentence_edges == NULL
        ):
            slot.count = 0
            return NO_MEMORY
        return OK

    cdef void add(self, Py_ssize_t slot, Py_ssize_t copy, double factor) noexcept nogil:
        cdef const Statistics* held = &self._statistics[slot]
        cdef Counts* mu = &self._copies[copy]
        cdef Py_ssize_t j
        if self._width == 3 * LANES:
            add_nodes(self, mu, held, <float>factor, 3)
        else:
            add_nodes(self, mu, held, <float>factor, self._width // LANES)
        # Starts lie behind transitions, in the slot as in the copy.
        add_sums(mu.transitions, held.edges, factor, (self.states + 1) * self._width // LANES)
        for j in range(self.states):
            add_to_total(self, &mu.totals[j], factor * held.totals[j])

    cdef void exchange(self, Py_ssize_t slot, Py_ssize_t copy) noexcept nogil:
        cdef const Statistics* held = &self._statistics[slot]
        cdef Counts* mu = &self._copies[copy]
        cdef const float* nodes = held.nodes
        cdef const float* edges = held.sentence_edges
        cdef float* kept
        cdef float* row
        cdef float count
        cdef Py_ssize_t number, sentence, t, j, k
        for number in range(held.count):
            sentence = held.examples[number]
            for t in range(self._offsets[sentence], self._offsets[sentence + 1]):
                kept = &self._kept_nodes[t, 0]
                row = mu.emissions + self._tokens[t] * self._width
                for j in range(self._width):
                    # A sum of differences may fall a rounding short of 0.
                    count = max(row[j] + (nodes[j] - kept[j]), <float>0.0)
                    # By what the count did change, so that the total and its counts do not part.
                    add_to_total(self, &mu.totals[j], <double>count - row[j])
                    row[j] = count
                    if t == self._offsets[sentence]:
                        mu.starts[j] = max(mu.starts[j] + (nodes[j] - kept[j]), <float>0.0)
                    kept[j] = nodes[j]
                nodes += self._width
            kept = &self._kept_edges[sentence, 0, 0]
            for k in range(self.states * self._width):
                mu.transitions[k] = max(mu.transitions[k] + (edges[k] - kept[k]), <float>0.0)
                kept[k] = edges[k]
            edges += self.states * self._width

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        cdef Counts* mu = &self._copies[copy]
        cdef Py_ssize_t word, i, j
        cdef float* row
        cdef double greatest, total
        for word in range(self.words):
            row = mu.emissions + word * self._width
            greatest = 0.0
            for j in range(self.states):
                greatest = max(greatest, row[j] * inverse(mu.totals[j]))
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], mu.totals[j], factor, greatest)
        for j in range(self.states):
            mu.totals[j] = rescaled_total(mu.totals[j], factor)
        # The last row is that of starts.
        for i in range(self.states + 1):
            row = mu.transitions + i * self._width
            total = 0.0
            for j in range(self.states):
                total += row[j]
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], total, factor, 1.0)


def shares(counts, totals):
    """Return counts over totals, 0 over 0 as 0."""
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals != 0)


# ---- sentences, without the GIL -----------------------------------------------------------------

cdef inline bint normalise(
    const float* counts,                # IN [width]
    double more,
    Py_ssize_t states,
    float* out,                         # OUT [width]
    Py_ssize_t blocks,
) noexcept nogil:
    """out[j] = (counts[j] + more) / their sum; false if float32 does not hold its inverse.

    Padding lanes have no meaning.
    """
    cdef Py_ssize_t b
    cdef lanes total = lanes_all(0.0), count
    cdef double whole
    cdef float over
    for b in range(blocks):
        total = total + lanes_load(counts, b)
    whole = lanes_sum(total) + states * more
    over = <float>inverse(whole)
    for b in range(blocks):
        count = lanes_load(counts, b) + lanes_all(<float>more)
        # What is possible stays so even if the product is too small for float32.
        total = count * lanes_all(over) + lanes_where_positive(lanes_all(VANISHING), count)
        lanes_store(out, b, lanes_raised(total, LEAST_TRANSITION))
    return over > 0.0 or whole == 0.0


cdef inline void emit(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # IN: rate; OUT: emission, greatest
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    Py_ssize_t blocks,
) noexcept nogil:
    """emission[t, j] = p(w_t | j) / greatest[t], or 0 throughout where one is denormal."""
    cdef Py_ssize_t width = blocks * LANES, t, b
    cdef const float* counts
    cdef float* row
    cdef lanes more = lanes_all(<float>(model.smoothing / scale))
    cdef lanes most, lost, count, rate
    cdef float greatest
    for t in range(n):
        counts = mu.emissions + tokens[t] * width
        row = workspace.emission + t * width
        most = lanes_all(0.0)
        lost = lanes_all(0.0)
        for b in range(blocks):
            # The rate is 0 in padding lanes.
            count = lanes_load(counts, b) + more
            rate = lanes_load(workspace.rate, b)
            lanes_store(row, b, count * rate)
            most = lanes_max(most, lanes_load(row, b))
            lost = lanes_max(lost, lanes_where_positive(
                lanes_where_positive(lanes_all(FLT_MIN) - lanes_load(row, b), count), rate))
        greatest = lanes_greatest(most)
        if lanes_greatest(lost) > 0.0:
            greatest = 0.0
        workspace.greatest[t] = greatest
        greatest = 1.0 / greatest if greatest > 0.0 else 0.0
        for b in range(blocks):
            lanes_store(row, b, lanes_raised(lanes_load(row, b) * lanes_all(greatest),
                                             LEAST_EMISSION))


cdef inline bint forward(
    HiddenMarkovModel model,
    Workspace* workspace,               # IN: emission, transition, start; OUT: forward, scale
    Py_ssize_t n,
    Py_ssize_t blocks,
) noexcept nogil:
    """Like `forward_scaled`, from p(y_1); leaves the emission of the first token times that."""
    cdef Py_ssize_t b
    if not workspace.held:
        return False
    for b in range(blocks):
        lanes_store(workspace.emission, b, lanes_load(workspace.emission, b)
                    * lanes_load(workspace.start, b))
    return forward_scaled(workspace.emission, workspace.transition, n, model.states,
                          workspace.forward, workspace.scale, LEAST, blocks)


cdef inline bint posterior(
    HiddenMarkovModel model,
    Workspace* workspace,               # IN: emission (overwritten), transition, transposed, start
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    Py_ssize_t blocks,
) noexcept nogil:
    """The states' posteriors; false if these recursions will not do for the sentence.

    beta_{t-1}(i) = sum_j p(j | i) v_t(j),  v_t(j) = p(w_t | j) beta_t(j) / c_t
    p(y_t = j | w) = alpha_t(j) beta_t(j)

    Leaves v_t, t > 0, where emission was. Where alpha is 0 for being too small, v is 0 too: both
    recursions must leave out the same sequences of states. The other beta, `ahead`, leaves out
    none; see above.
    """
    cdef Py_ssize_t width = blocks * LANES, t, b
    cdef float* beta = workspace.backward
    cdef float* v
    cdef const float* alpha
    cdef lanes alphas, betas, vs, over, far, emission
    cdef lanes farthest = lanes_all(0.0)
    if not forward(model, workspace, n, blocks):
        return False
    for b in range(blocks):
        lanes_store(beta, b, lanes_all(1.0))
        lanes_store(workspace.ahead, b, lanes_all(1.0))
    for t in range(n - 1, -1, -1):
        alpha = workspace.forward + t * width
        v = workspace.emission + t * width
        for b in range(blocks):
            alphas = lanes_load(alpha, b)
            betas = lanes_at_least(lanes_load(beta, b), LEAST)
            lanes_store(nodes + t * width, b, lanes_at_least(alphas * betas, LEAST))
            over = lanes_all(1.0 / workspace.scale[t])
            if not workspace.sure:
                emission = lanes_load(v, b)
                far = lanes_load(workspace.ahead, b) * over
                farthest = lanes_max(farthest, far)
                vs = lanes_max(lanes_at_most(far * emission, MOST), lanes_all(LEAST))
                lanes_store(workspace.onward, b, lanes_where_positive(vs, emission))
            vs = lanes_at_most(betas * lanes_load(v, b) * over, MOST)
            lanes_store(v, b, lanes_where_positive(lanes_at_least(vs, LEAST), alphas))
        if t:
            weighted_rows(v, workspace.transposed, model.states, beta, blocks)
            if t % STRETCH == 0:
                balance(beta, alpha - width, blocks)
            if not workspace.sure:
                weighted_rows(workspace.onward, workspace.transposed, model.states,
                              workspace.ahead, blocks)
    workspace.farthest = lanes_greatest(farthest)
    return workspace.farthest <= FARTHEST


cdef inline void transitions_of(
    Workspace* workspace,               # IN: forward, emission holding v; OUT: pairs
    Py_ssize_t first,                   # IN: transitions into tokens first to last - 1
    Py_ssize_t last,
    Py_ssize_t blocks,
) noexcept nogil:
    """pairs[i, j] = p(j | i) sum_t alpha_{t-1}(i) v_t(j): the expected transitions.

    The sum over t is a product of two matrices, of which a few rows at a time stay in registers.
    """
    cdef Py_ssize_t width = blocks * LANES, i, t, b, k
    cdef lanes[ROWS] totals
    cdef lanes v
    cdef const float* alpha
    i = 0
    while i < width:
        for b in range(blocks):
            for k in range(ROWS):
                totals[k] = lanes_all(0.0)
            for t in range(first, last):
                alpha = workspace.forward + (t - 1) * width + i
                v = lanes_load(workspace.emission + t * width, b)
                for k in range(ROWS):
                    totals[k] = totals[k] + lanes_all(alpha[k]) * v
            for k in range(ROWS):
                lanes_store(workspace.pairs + (i + k) * width, b, totals[k]
                            * lanes_load(workspace.transition + (i + k) * width, b))
        i += ROWS


cdef inline Status expectations(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,
    Statistics* out,                    # IN: examples, count; OUT: the rest
    Py_ssize_t blocks,
) noexcept nogil:
    """The expected counts of the slot's sentences."""
    cdef Py_ssize_t width = blocks * LANES, size = model.states * width
    cdef Py_ssize_t number, sentence, begin, n, first, last, k
    cdef float* nodes = out.nodes
    cdef float* edges = out.sentence_edges
    cdef bint scaled = True
    cdef Status status
    memset(out.totals, 0, (model.states + 2) * width * sizeof(double))
    for number in range(out.count):
        sentence = out.examples[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        if model.keeps_statistics():
            memset(edges, 0, size * sizeof(float))
        if n:
            emit(model, mu, scale, workspace, &model._tokens[begin], n, blocks)
            scaled = posterior(model, workspace, n, nodes, blocks)
            if not scaled:
                status = posterior_log(model, mu, scale, workspace, &model._tokens[begin], n,
                                       nodes, blocks)
                if status != OK:
                    return status
                for k in range(size):
                    out.edges[k] += workspace.edges[k]
                    if model.keeps_statistics():
                        edges[k] = <float>workspace.edges[k]
            for k in range(width):
                out.starts[k] += nodes[k]
        first = 0
        while first < n:
            last = min(first + STRETCH, n)
            sum_of_nodes(nodes + first * width, last - first, workspace.backward, blocks)
            for k in range(width):
                out.totals[k] += workspace.backward[k]
            if scaled:
                transitions_of(workspace, max(first, <Py_ssize_t>1), last, blocks)
                for k in range(size):
                    out.edges[k] += workspace.pairs[k]
                if model.keeps_statistics():
                    for k in range(size):
                        edges[k] += workspace.pairs[k]
            first = last
        nodes += n * width
        edges += size
    return OK


cdef inline void sum_of_nodes(
    const float* nodes,                 # IN [n, width]
    Py_ssize_t n,
    float* out,                         # OUT [width]
    Py_ssize_t blocks,
) noexcept nogil:
    """out[j] = sum_t nodes[t, j]."""
    cdef Py_ssize_t width = blocks * LANES, t, b
    cdef lanes total
    for b in range(blocks):
        total = lanes_all(0.0)
        for t in range(n):
            total = total + lanes_load(nodes + t * width, b)
        lanes_store(out, b, total)


cdef inline void add_nodes(
    HiddenMarkovModel model,
    Counts* mu,                         # OUT: emissions
    const Statistics* held,
    float factor,
    Py_ssize_t blocks,
) noexcept nogil:
    """Add the posteriors of each token to the row of its word, sentence by sentence."""
    cdef Py_ssize_t width = blocks * LANES, number, sentence, t, b
    cdef const float* nodes = held.nodes
    cdef float* row
    cdef lanes before, after
    for number in range(held.count):
        sentence = held.examples[number]
        for t in range(model._offsets[sentence], model._offsets[sentence + 1]):
            row = mu.emissions + model._tokens[t] * width
            for b in range(blocks):
                before = lanes_load(row, b)
                after = before + lanes_all(factor) * lanes_load(nodes, b)
                # A line that is left alone stays in the caches of others.
                if lanes_differ(before, after):
                    lanes_store(row, b, after)
            nodes += width


cdef inline void add_sums(
    float* counts,                      # OUT [blocks * LANES]
    const double* sums,
    double factor,
    Py_ssize_t blocks,
) noexcept nogil:
    """counts += factor * sums, leaving alone what does not change."""
    cdef Py_ssize_t b, k
    cdef bint differs
    cdef float[LANES] after
    for b in range(blocks):
        differs = False
        for k in range(LANES):
            after[k] = <float>(counts[b * LANES + k] + factor * sums[b * LANES + k])
            differs |= after[k] != counts[b * LANES + k]
        if differs:
            for k in range(LANES):
                counts[b * LANES + k] = after[k]


cdef inline double viterbi(
    HiddenMarkovModel model,
    Workspace* workspace,               # IN: emission, transition, start; scratch: forward
    Py_ssize_t n,
    int32_t* back,                      # scratch [n, width]
    int32_t* best,                      # OUT [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """The best state sequence; of equals, the one with the lowest states from the end on.

    delta_t(j) = p(w_t | j) max_i delta_{t-1}(i) p(j | i), over the greatest of them.

    Returns the logarithm of its probability, over the greatest emissions.
    """
    cdef Py_ssize_t width = blocks * LANES, t, i, b
    cdef const float* delta
    cdef float* row = workspace.forward
    cdef lanes most, greatest
    cdef lanes_int argument
    cdef float over
    cdef double total = 0.0
    for b in range(blocks):
        lanes_store(row, b, lanes_load(workspace.emission, b) * lanes_load(workspace.start, b))
    for t in range(1, n):
        delta = row
        row = workspace.forward + t * width
        greatest = lanes_all(0.0)
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            argument = lanes_int_all(0)
            for i in range(model.states):
                lanes_argmax(&most, &argument, lanes_all(delta[i])
                             * lanes_load(workspace.transition + i * width, b), i)
            most = most * lanes_load(workspace.emission + t * width, b)
            greatest = lanes_max(greatest, most)
            lanes_store(row, b, most)
            lanes_int_store(back + t * width, b, argument)
        over = lanes_greatest(greatest)
        total += exact_log(over)
        for b in range(blocks):
            lanes_store(row, b, lanes_at_least(lanes_load(row, b) * lanes_all(1.0 / over), LEAST))
    best[n - 1] = 0
    for i in range(1, model.states):
        if row[i] > row[best[n - 1]]:
            best[n - 1] = i
    total += exact_log(row[best[n - 1]])
    for t in range(n - 1, 0, -1):
        best[t - 1] = back[t * width + best[t]]
    return total


cdef inline bint best_for_sure(
    const Workspace* workspace,         # IN: scale, farthest
    Py_ssize_t n,
    double score,                       # IN: what `viterbi` returned
) noexcept nogil:
    """Whether no floor can have kept `viterbi` from the best sequence.

    One that meets a floor has at most LEAST_TRANSITION * farthest of the sum over all sequences, or
    so many times more as delta's greatest is above alpha's, which is `farthest` at most.
    """
    cdef Py_ssize_t t
    for t in range(n):
        score -= exact_log(workspace.scale[t])
    return score > exact_log(2.0 * LEAST_TRANSITION * workspace.farthest * workspace.farthest)


cdef inline double log_probability(
    const Workspace* workspace,         # IN: scale, greatest
    Py_ssize_t n,
) noexcept nogil:
    """log p(w) = sum_t log (c_t greatest_t), in nats."""
    cdef double total = 0.0
    cdef Py_ssize_t t
    for t in range(n):
        total += exact_log(<double>workspace.scale[t] * <double>workspace.greatest[t])
    return total


# ---- the same in log space ----------------------------------------------------------------------

cdef inline bint logarithms(
    const float* counts,                # IN [states]
    const double* totals,               # IN [states], or [1] if each is the same
    Py_ssize_t step,                    # IN: 1, or 0 if each is the same
    double more,                        # IN: smoothing of a count
    double more_of_total,
    Py_ssize_t states,
    float* out,                         # OUT [states]
) noexcept nogil:
    """out[j] = log((counts[j] + more) / (totals[j] + more_of_total)); false if not finite."""
    cdef Py_ssize_t j
    cdef double count, total
    for j in range(states):
        count = counts[j] + more
        total = totals[step * j] + more_of_total
        if not (0.0 <= count < INFINITY and 0.0 <= total < INFINITY):
            return False
        out[j] = IMPOSSIBLE
        if count > 0.0 and total > 0.0:
            out[j] = <float>(exact_log(count) - exact_log(total))
    return True


cdef inline bint emit_log(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # OUT: emission, pairs, as logarithms; backward
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    Py_ssize_t blocks,
) noexcept nogil:
    """emission[t, j] = log p(w_t | j), p(j) times that for the first; pairs[i, j] = log p(j | i).

    Padding lanes are -inf; false if mu is not finite.
    """
    cdef Py_ssize_t states = model.states, width = blocks * LANES, t, i, j
    cdef double more = model.smoothing / scale, total
    cdef const float* counts
    cdef float* out
    cdef bint finite = True
    for i in range(states + 1):
        # The last row is that of starts.
        counts = mu.transitions + i * width
        out = workspace.pairs + i * width if i < states else workspace.backward
        total = 0.0
        for j in range(states):
            total += counts[j]
        for j in range(states, width):
            out[j] = -INFINITY
        finite = finite and logarithms(counts, &total, 0, more, states * more, states, out)
    for t in range(n):
        for j in range(states, width):
            workspace.emission[t * width + j] = -INFINITY
        finite = finite and logarithms(mu.emissions + tokens[t] * width, mu.totals, 1, more,
                                       model.words * more, states,
                                       workspace.emission + t * width)
    for j in range(states):
        workspace.emission[j] += workspace.backward[j]
    return finite


cdef inline double score_log(
    const Workspace* workspace,         # IN: emission, pairs, as logarithms
    const int32_t* path,                # IN [n]
    Py_ssize_t n,
    Py_ssize_t width,
) noexcept nogil:
    """log p(w, path)."""
    cdef Py_ssize_t t
    cdef double score = workspace.emission[path[0]]
    for t in range(1, n):
        score += workspace.pairs[path[t - 1] * width + path[t]]
        score += workspace.emission[t * width + path[t]]
    return score


cdef inline void improve(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # scratch: emission, pairs, forward, scale
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    int32_t* back,                      # scratch [n, width]
    int32_t* best,                      # IN, OUT [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """Take the best state sequence of log space, if it is better by more than roundings."""
    cdef Py_ssize_t width = blocks * LANES
    cdef int32_t* found = <int32_t*>workspace.scale
    if emit_log(model, mu, scale, workspace, tokens, n, blocks):
        viterbi_log(workspace.emission, workspace.pairs, n, model.states, workspace.forward, back,
                    found, blocks)
        if score_log(workspace, found, n, width) > (
            score_log(workspace, best, n, width) + n * ROUNDING
        ):
            memcpy(best, found, n * sizeof(int32_t))


cdef inline Status decode_log(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # OUT: emission, pairs, alpha, taken
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    int32_t* back,                      # scratch [n, width]
    int32_t* best,                      # OUT [n]
    double* log_likelihood,             # OUT: NaN if mu is not finite, minus infinity if it is 0
    Py_ssize_t blocks,
) noexcept nogil:
    """The best state sequence and log p(w); NOT_FINITE if this is not."""
    cdef Py_ssize_t states = model.states, width = blocks * LANES
    cdef double score
    log_likelihood[0] = NAN
    if not emit_log(model, mu, scale, workspace, tokens, n, blocks):
        return NOT_FINITE
    viterbi_log(workspace.emission, workspace.pairs, n, states, workspace.forward, back, best,
                blocks)
    score = score_log(workspace, best, n, width)
    log_likelihood[0] = -INFINITY
    if score < IMPOSSIBLE / 2:
        return NOT_FINITE
    workspace.alpha = <double*>room(workspace.alpha, n * states * sizeof(double))
    workspace.taken = <double*>room(workspace.taken, n * sizeof(double))
    if workspace.alpha == NULL or workspace.taken == NULL:
        return NO_MEMORY
    # The sum over all sequences is the score of one over its share.
    log_likelihood[0] = score - forward_log(
        workspace.emission, workspace.pairs, greatest_of(workspace.pairs, states * width), n,
        states, best, workspace.alpha, workspace.taken, width)
    return OK


cdef inline Status posterior_log(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # OUT: edges
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    Py_ssize_t blocks,
) noexcept nogil:
    """The states' posteriors and the expected transitions."""
    cdef Py_ssize_t states = model.states, width = blocks * LANES
    cdef double log_likelihood
    cdef Status status
    # Until they are filled, nodes have room for Viterbi's; so has the scale, which is not used.
    status = decode_log(model, mu, scale, workspace, tokens, n, <int32_t*>nodes,
                        <int32_t*>workspace.scale, &log_likelihood, blocks)
    if status != OK:
        return status
    workspace.edges = <double*>room(workspace.edges, states * width * sizeof(double))
    if workspace.edges == NULL:
        return NO_MEMORY
    posteriors_log(workspace.emission, workspace.pairs,
                   greatest_of(workspace.pairs, states * width), n, states, workspace.alpha,
                   workspace.taken, nodes, workspace.edges, width)
    return OK


# ---- memory -------------------------------------------------------------------------------------

cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t states, Py_ssize_t width):
    """Lay a workspace out in one piece of memory, which begins at `emission`."""
    cdef Py_ssize_t scales = (n + LANES - 1) // LANES * LANES
    cdef Py_ssize_t size = (2 * n + 2 * width + states + 5) * width + 2 * scales
    cdef float* memory = <float*>aligned(size * sizeof(float))
    if memory == NULL:
        raise MemoryError(f"no memory for a workspace of {n} tokens")
    memset(memory, 0, size * sizeof(float))
    workspace.emission = memory
    workspace.forward = workspace.emission + n * width
    workspace.transition = workspace.forward + n * width
    workspace.pairs = workspace.transition + width * width
    workspace.transposed = workspace.pairs + width * width
    workspace.start = workspace.transposed + states * width
    workspace.rate = workspace.start + width
    workspace.backward = workspace.rate + width
    workspace.ahead = workspace.backward + width
    workspace.onward = workspace.ahead + width
    workspace.scale = workspace.onward + width
    workspace.greatest = workspace.scale + scales
    workspace.sure = False
    workspace.held = False
    workspace.farthest = 0.0
    workspace.alpha = NULL
    workspace.taken = NULL
    workspace.edges = NULL


cdef void release(Workspace* workspace) noexcept:
    free(workspace.emission)
    no_room(workspace.alpha)
    no_room(workspace.taken)
    no_room(workspace.edges)
