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
from staleness.kernels.core.context cimport NO_MEMORY, OK, Status, is_mine
from staleness.kernels.core.lanes cimport (
    LANES,
    lanes,
    lanes_all,
    lanes_differ,
    lanes_load,
    lanes_store,
)
from staleness.kernels.core.model cimport Held
from staleness.kernels.models.counts cimport add_to_total, kept_now
from staleness.kernels.models.hmm_parameters cimport Counts, HMMParameters
from staleness.kernels.models.hmm_recursions cimport (
    decode,
    expectations,
    normalise,
    posteriors_of,
)

from staleness.kernels.core.memory import aligned_rows
from staleness.kernels.core.validation import check_sentences


cdef class HiddenMarkovModel(HMMParameters):
    """The model, whose statistics are the expected counts of its states.

    Parameters
    ----------
    *arrays, **beginning
        See `HMMParameters`.
    """

    divisible = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, **asked):
        """Make the table, slots and workspaces; see `HMMParameters`."""
        cdef Py_ssize_t number, longest = np.asarray(self.work_of).max(initial=0)
        super().prepare(slots, workspaces, replicas, **asked)
        self._workspaces.resize(workspaces)
        for number in range(workspaces):
            allocate(&self._workspaces[number], longest, self.states, self._width)
        self._expected.resize(slots)
        for number in range(slots):
            if not (self._expected[number].totals.zeros(self._width)
                    and self._expected[number].edges.zeros((self.states + 1) * self._width)):
                raise MemoryError

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
        """Decode a corpus by posteriors and return its log-likelihood, by one pass over it.

        Parameters
        ----------
        offsets, tokens : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        decoded : ndarray of int32 [tokens]
            The most probable state of each token, of equals the lowest; 0 in a sentence that theta
            rules out.
        log_likelihood : float
            Of the words, in nats, summed over the sentences; NaN if theta is not finite, minus
            infinity if it rules a sentence out.

        Raises
        ------
        ValueError
            If the arrays contradict each other or the model.
        """
        check_sentences(offsets, tokens, self.words)
        decoded = np.zeros(len(tokens), dtype=np.int32)
        cdef const int64_t[::1] starts = offsets
        cdef const int32_t[::1] numbers = tokens
        cdef int32_t[::1] best = decoded
        cdef Py_ssize_t longest = np.diff(offsets).max(initial=0)
        cdef float[:, ::1] nodes = aligned_rows(max(longest, 1), self.states)
        cdef Py_ssize_t sentence, t, n
        cdef double log_likelihood = 0.0, one = 0.0
        cdef Status status = OK
        cdef Workspace workspace
        cdef Counts mu = self.counts_of(0)
        self.table.settle()
        allocate(&workspace, longest, self.states, self._width)
        normalise(self, &mu, mu.scale[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                status = posteriors_of(self, &mu, &workspace, &numbers[t], n, &nodes[0, 0], &one,
                                       self._width // LANES)
                if status == NO_MEMORY:
                    break
                log_likelihood += one
                if status == OK:
                    most_probable(&nodes[0, 0], n, self.states, self._width, &best[t])
        if status == NO_MEMORY:
            raise MemoryError(f"no memory for a sentence of {longest} tokens")
        return decoded, log_likelihood

    def viterbi(self, offsets, tokens):
        """Return the best state sequences of a corpus, and its log-likelihood.

        Parameters
        ----------
        offsets, tokens : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        decoded : ndarray of int32 [tokens]
            The most probable state sequence of each sentence, of equals the one with the lowest
            states from the end on.
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
        cdef double log_likelihood = 0.0, one = 0.0
        cdef Status status = OK
        cdef Workspace workspace
        cdef Counts mu = self.counts_of(0)
        self.table.settle()
        allocate(&workspace, longest, self.states, self._width)
        normalise(self, &mu, mu.scale[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n:
                    status = decode(self, &mu, &workspace, &numbers[t], n,
                                    <int32_t*>&back[0, 0], &best[t], &one, self._width // LANES)
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
        cdef double one = 0.0
        cdef Status status = OK
        cdef Workspace workspace
        cdef Counts mu = self.counts_of(0)
        self.table.settle()
        allocate(&workspace, np.diff(offsets).max(initial=0), self.states, self._width)
        normalise(self, &mu, mu.scale[0], &workspace)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n and status == OK:
                    status = posteriors_of(self, &mu, &workspace, &numbers[t], n, &nodes[t, 0],
                                           &one, self._width // LANES)
        if status == NO_MEMORY:
            raise MemoryError("no memory for a sentence in log space")
        if status != OK:
            raise FloatingPointError("theta is not finite, or a sentence has probability 0")
        return found[: len(tokens), : self.states].copy()

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
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
        normalise(self, &mu, scale, scratch)
        if self._width == 3 * LANES:
            return expectations(self, &mu, scale, scratch, held, keep, out, 3)
        return expectations(self, &mu, scale, scratch, held, keep, out, self._width // LANES)

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef bint overlapping = self.table.overlapping
        cdef const Expected* found = &self._expected[slot]
        cdef Counts mu = self.counts_of(self.table.copy(slot))
        cdef Py_ssize_t j, blocks, begin, end
        if self._width == 3 * LANES:
            add_nodes(self, &mu, &self.held[slot], found.nodes.data, <float>factor, share, shares,
                      3)
        else:
            add_nodes(self, &mu, &self.held[slot], found.nodes.data, <float>factor, share, shares,
                      self._width // LANES)
        # Starts lie behind transitions, in the slot as in the copy.
        blocks = (self.states + 1) * self._width // LANES
        begin, end = blocks * share // shares, blocks * (share + 1) // shares
        add_sums(mu.transitions + begin * LANES, found.edges.data + begin * LANES, factor,
                 end - begin)
        for j in range(self.states if share == 0 else 0):
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


# ---- tokens and updates, without the GIL --------------------------------------------------------

cdef inline void most_probable(
    const float* nodes,                 # IN [n, width]
    Py_ssize_t n,
    Py_ssize_t states,
    Py_ssize_t width,
    int32_t* best,                      # OUT [n]
) noexcept nogil:
    """best[t] = the first j of the greatest nodes[t, j]."""
    cdef Py_ssize_t t, j
    cdef float greatest
    for t in range(n):
        best[t] = 0
        greatest = nodes[0]
        for j in range(1, states):
            if nodes[j] > greatest:
                greatest = nodes[j]
                best[t] = j
        nodes += width


cdef inline void add_nodes(
    HiddenMarkovModel model,
    Counts* mu,                         # OUT: emissions
    const Held* held,
    const float* nodes,                 # IN [tokens, width]
    float factor,
    Py_ssize_t share,                   # IN: which of `shares` parts of the rows
    Py_ssize_t shares,
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
            for b in range(blocks if is_mine(model._tokens[t], share, shares) else 0):
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
