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

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.atomic cimport atomic_load
from staleness.kernels.core.context cimport NO_MEMORY, OK, Status
from staleness.kernels.core.lanes cimport LANES, lanes, lanes_all, lanes_differ, lanes_load, lanes_store
from staleness.kernels.core.model cimport Held, Model
from staleness.kernels.models.counts cimport (
    CountsTable,
    add_to_total,
    inverse,
    kept_now,
    rescaled,
    rescaled_total,
)
from staleness.kernels.models.hmm_recursions cimport (
    SURE,
    best_for_sure,
    decode_log,
    emit,
    expectations,
    forward,
    improve,
    log_probability,
    normalise_row,
    posterior,
    posterior_log,
    viterbi,
)

from staleness.kernels.core.memory import aligned_rows, padded_width
from staleness.kernels.core.validation import MOST_LABELS, check_sentences


cdef class HMMTable(CountsTable):
    """Counts of words by state, of transitions and of starts, row by row.

    Parameters
    ----------
    slots, replicas : int
        See `Table`.
    words, states : int
    """

    def __init__(self, Py_ssize_t slots, Py_ssize_t replicas, *, Py_ssize_t words,
                 Py_ssize_t states):
        copies = 1 + replicas
        self.words = words
        self.states = states
        self.width = padded_width(states)
        rows = aligned_rows(copies * (words + states + 1), states)
        super().__init__(rows.reshape(copies, -1), slots, replicas,
                         np.zeros((copies, self.width)))

    cdef double fold(self, Py_ssize_t copy, double scale) noexcept nogil:
        cdef double* totals = &self.totals[copy, 0]
        cdef Py_ssize_t word, i, j
        cdef float* row
        cdef double greatest, total
        for word in range(self.words):
            row = &self.rows[copy, word * self.width]
            greatest = 0.0
            for j in range(self.states):
                greatest = max(greatest, row[j] * inverse(totals[j]))
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], totals[j], scale, greatest)
        for j in range(self.states):
            totals[j] = rescaled_total(totals[j], scale)
        # The last row is that of starts.
        for i in range(self.states + 1):
            row = &self.rows[copy, (self.words + i) * self.width]
            total = 0.0
            for j in range(self.states):
                total += row[j]
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], total, scale, 1.0)
        return 1.0


cdef class HiddenMarkovModel(Model):
    """The model.

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

    Raises
    ------
    ValueError
        If the arrays contradict each other, there are more than 1024 states.
    """

    def __init__(self, offsets, tokens, *, Py_ssize_t words, responsibilities, transitions):
        check_sentences(offsets, tokens, words)
        responsibilities = np.asarray(responsibilities, dtype=np.float32)
        transitions = np.asarray(transitions, dtype=np.float64)
        states = len(transitions)
        if not 0 < states <= MOST_LABELS:
            raise ValueError(f"{states} states: the HMM takes 1 to {MOST_LABELS}")
        if responsibilities.shape != (words, states) or transitions.shape != (states, states):
            raise ValueError(f"responsibilities are [{words}, {states}], "
                             f"transitions [{states}, {states}]")
        super().__init__(np.diff(offsets))
        self._offsets = offsets
        self._tokens = tokens
        self.states = states
        self.words = words
        self._width = padded_width(states)
        self._beginning = responsibilities, transitions

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double smoothing=0.0, bint keep_statistics=False):
        """Make the table, slots and workspaces; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        smoothing : float
            Added to every count of the whole corpus before theta is normalised.
        keep_statistics : bool
            Whether every example's statistics are kept until it is seen again, for `exchange`.
        """
        cdef Py_ssize_t number, longest = np.asarray(self.work_of).max(initial=0)
        super().prepare(slots, workspaces, replicas)
        self.smoothing = smoothing
        self._keeps = keep_statistics
        self.table = HMMTable(slots, replicas, words=self.words, states=self.states)
        self._workspaces.resize(workspaces)
        for number in range(workspaces):
            allocate(&self._workspaces[number], longest, self.states, self._width)
        self._expected.resize(slots)
        for number in range(slots):
            if not (self._expected[number].totals.zeros(self._width)
                    and self._expected[number].edges.zeros((self.states + 1) * self._width)):
                raise MemoryError
        self._initialise(*self._beginning)

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
        if self._keeps:
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
        self.table.settle()
        smoothing = self.smoothing
        counts = np.float64(self.table.scale) * self._stored(0)[:, : self.states] + smoothing
        totals = self._totals(0) * self.table.scale + smoothing * self.words
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
        if self._keeps:
            raise ValueError("where statistics are kept, learning begins from these, not from theta")
        words, following, starts = self._parts(values)
        tokens, sentences = max(self._tokens.shape[0], 1), max(self.work_of.shape[0], 1)
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
        if self._keeps:
            raise ValueError("where statistics are kept, learning begins from these, not from theta")
        cdef double weight = max(self._tokens.shape[0], 1) / <double>self.states
        weights = np.full((self.words + self.states + 1, 1), weight)
        weights[self.words + self.states] = max(self.work_of.shape[0], 1)
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[rows, : self.states] = values * weights[rows]
            self._totals(copy)[:] = weight

    @property
    def counts(self):
        """mu, the expected counts of the whole corpus, float64 in the shape of theta."""
        self.table.settle()
        return np.float64(self.table.scale) * self._stored(0)[:, : self.states]

    def _set_counts(self, counts):
        """Make every copy's counts these, float [words + states + 1, states]."""
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[:, : self.states] = counts
            self._totals(copy)[:] = self._parts(counts)[0].sum(
                axis=0, dtype=np.float64)

    def _stored(self, copy):
        """Return a copy's counts over their scale, float32 [words + states + 1, width]."""
        return self.table.stored(copy).reshape(-1, self._width)

    def _totals(self, copy):
        """Return a copy's totals over its scale, float64 [states]."""
        return np.asarray((<CountsTable>self.table).totals)[copy, : self.states]

    def _parts(self, rows):
        """Return the rows of the words, of the states and of the beginning."""
        return (rows[: self.words], rows[self.words : self.words + self.states],
                rows[self.words + self.states :])

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 [words + states + 1, states], in the order of theta."""
        cdef const Held* held
        cdef const float* nodes
        cdef const double* edges
        cdef Py_ssize_t number, t, i, j
        if not 0 <= slot < <Py_ssize_t>self.held.size():
            raise IndexError(f"no slot {slot}")
        held = &self.held[slot]
        nodes, edges = self._expected[slot].nodes.data, self._expected[slot].edges.data
        counts = np.zeros((self.words + self.states + 1, self.states))
        cdef double[:, ::1] out = counts
        if held.count == 0:
            return counts
        for number in range(held.count):
            for t in range(self._offsets[held.examples.data[number]],
                           self._offsets[held.examples.data[number] + 1]):
                for j in range(self.states):
                    out[self._tokens[t], j] += nodes[j]
                nodes += self._width
        # Starts lie behind transitions.
        for i in range(self.states + 1):
            for j in range(self.states):
                out[self.words + i, j] = edges[i * self._width + j]
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
        cdef Counts mu = self.counts_of(0)
        self.table.settle()
        allocate(&workspace, longest, self.states, self._width)
        self.normalise(&mu, mu.scale[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                emit(self, &mu, mu.scale[0], &workspace, &numbers[t], n,
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
                        improve(self, &mu, mu.scale[0], &workspace, &numbers[t], n,
                                <int32_t*>&back[0, 0], &best[t], self._width // LANES)
                else:
                    status = decode_log(self, &mu, mu.scale[0], &workspace,
                                        &numbers[t], n, <int32_t*>&back[0, 0], &best[t], &one,
                                        self._width // LANES)
                    if status == NO_MEMORY:
                        break
                log_likelihood += one
        if status == NO_MEMORY:
            raise MemoryError(f"no memory for a sentence of {longest} tokens")
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
        cdef Counts mu = self.counts_of(0)
        self.table.settle()
        allocate(&workspace, np.diff(offsets).max(initial=0), self.states, self._width)
        self.normalise(&mu, mu.scale[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                emit(self, &mu, mu.scale[0], &workspace, &numbers[t], n,
                     self._width // LANES)
                if not posterior(self, &workspace, n, &nodes[t, 0], self._width // LANES):
                    status = posterior_log(self, &mu, mu.scale[0], &workspace,
                                           &numbers[t], n, &nodes[t, 0], self._width // LANES)
                    if status != OK:
                        break
        if status == NO_MEMORY:
            raise MemoryError("no memory for a sentence in log space")
        if status != OK:
            raise FloatingPointError("theta is not finite, or a sentence has probability 0")
        return found[: len(tokens), : self.states].copy()

    cdef Counts counts_of(self, Py_ssize_t copy) noexcept nogil:
        """A copy of mu, part by part."""
        cdef Counts mu
        mu.emissions = &self.table.rows[copy, 0]
        mu.transitions = mu.emissions + self.words * self._width
        mu.starts = mu.transitions + self.states * self._width
        mu.totals = &(<CountsTable>self.table).totals[copy, 0]
        mu.scale = &self.table.scales.data[copy]
        return mu

    cdef Status find(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef const Held* held = &self.held[slot]
        cdef Expected* out = &self._expected[slot]
        cdef Workspace* scratch = &self._workspaces[workspace]
        cdef Counts mu = self.counts_of(self.table.copy(slot))
        cdef double scale = atomic_load(mu.scale)
        cdef bint keep = self._keeps
        if not out.nodes.reserve(self.work(slot) * self._width):
            return NO_MEMORY
        if keep and not out.sentence_edges.reserve(held.count * self.states * self._width):
            return NO_MEMORY
        self.normalise(&mu, scale, scratch)
        if self._width == 3 * LANES:
            return expectations(self, &mu, scale, scratch, held, keep, out, 3)
        return expectations(self, &mu, scale, scratch, held, keep, out, self._width // LANES)

    cdef void normalise(self, const Counts* mu, double scale, Workspace* workspace) noexcept nogil:
        """Normalise what is not a word's: transitions, starts and the rate of each state.

        With smoothing, (mu + smoothing) / (total + outcomes * smoothing), all over the scale.
        """
        cdef Py_ssize_t width = self._width, i, j
        cdef double more = self.smoothing / scale
        cdef bint sure = True, fits = True
        for i in range(self.states):
            fits &= normalise_row(mu.transitions + i * width, more, self.states,
                                  workspace.transition.data + i * width, width // LANES)
            for j in range(self.states):
                workspace.transposed.data[j * width + i] = workspace.transition.data[i * width + j]
                sure &= workspace.transition.data[i * width + j] >= SURE
        fits &= normalise_row(mu.starts, more, self.states, workspace.start.data, width // LANES)
        for j in range(self.states):
            workspace.rate.data[j] = <float>inverse(mu.totals[j] + self.words * more)
            fits &= workspace.rate.data[j] > 0.0 or mu.totals[j] + self.words * more == 0.0
            sure &= workspace.start.data[j] >= SURE
        workspace.sure = sure
        workspace.fits = fits

    cdef void add(self, Py_ssize_t slot, double factor) noexcept nogil:
        cdef bint overlapping = self.table.overlapping
        cdef const Expected* found = &self._expected[slot]
        cdef Counts mu = self.counts_of(self.table.copy(slot))
        cdef Py_ssize_t j
        if self._width == 3 * LANES:
            add_nodes(self, &mu, &self.held[slot], found.nodes.data, <float>factor, 3)
        else:
            add_nodes(self, &mu, &self.held[slot], found.nodes.data, <float>factor,
                      self._width // LANES)
        # Starts lie behind transitions, in the slot as in the copy.
        add_sums(mu.transitions, found.edges.data, factor, (self.states + 1) * self._width // LANES)
        for j in range(self.states):
            add_to_total(&mu.totals[j], factor * found.totals.data[j], overlapping)

    cdef void exchange(self, Py_ssize_t slot, double weight) noexcept nogil:
        cdef bint overlapping = self.table.overlapping
        cdef const Held* held = &self.held[slot]
        cdef Counts mu = self.counts_of(self.table.copy(slot))
        cdef const float* nodes = self._expected[slot].nodes.data
        cdef const float* edges = self._expected[slot].sentence_edges.data
        cdef float* kept
        cdef float* row
        cdef float count, now
        cdef Py_ssize_t number, sentence, t, j, k
        for number in range(held.count):
            sentence = held.examples.data[number]
            for t in range(self._offsets[sentence], self._offsets[sentence + 1]):
                kept = &self._kept_nodes[t, 0]
                row = mu.emissions + self._tokens[t] * self._width
                for j in range(self._width):
                    now = kept_now(nodes[j], kept[j], weight)
                    # A sum of differences may fall a rounding short of 0.
                    count = max(row[j] + (now - kept[j]), <float>0.0)
                    # By what the count did change, so that the total and its counts do not part.
                    add_to_total(&mu.totals[j], <double>count - row[j], overlapping)
                    row[j] = count
                    if t == self._offsets[sentence]:
                        mu.starts[j] = max(mu.starts[j] + (now - kept[j]), <float>0.0)
                    kept[j] = now
                nodes += self._width
            kept = &self._kept_edges[sentence, 0, 0]
            for k in range(self.states * self._width):
                now = kept_now(edges[k], kept[k], weight)
                mu.transitions[k] = max(mu.transitions[k] + (now - kept[k]), <float>0.0)
                kept[k] = now
            edges += self.states * self._width


def shares(counts, totals):
    """Return counts over totals, 0 over 0 as 0."""
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals != 0)


# ---- updates, without the GIL -------------------------------------------------------------------

cdef inline void add_nodes(
    HiddenMarkovModel model,
    Counts* mu,                         # OUT: emissions
    const Held* held,
    const float* nodes,                 # IN [tokens, width]
    float factor,
    Py_ssize_t blocks,
) noexcept nogil:
    """Add the posteriors of each token to the row of its word, sentence by sentence."""
    cdef Py_ssize_t width = blocks * LANES, number, sentence, t, b
    cdef float* row
    cdef lanes before, after
    for number in range(held.count):
        sentence = held.examples.data[number]
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


cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t states, Py_ssize_t width):
    """Make room in a workspace for sentences of n tokens."""
    cdef bint there = (
        workspace.emission.zeros(n * width) and workspace.forward.zeros(n * width)
        and workspace.scale.zeros(n) and workspace.greatest.zeros(n)
        and workspace.transition.zeros(width * width)
        and workspace.transposed.zeros(states * width)
        and workspace.pairs.zeros(width * width) and workspace.start.zeros(width)
        and workspace.rate.zeros(width) and workspace.backward.zeros(width)
        and workspace.ahead.zeros(width) and workspace.onward.zeros(width)
    )
    if not there:
        raise MemoryError(f"no memory for a workspace of {n} tokens")
    workspace.sure = workspace.fits = False
    workspace.farthest = 0.0
