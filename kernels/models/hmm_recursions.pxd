"""Recursions of the HMM over a sentence: scaled in float32, and in log space in float64.

Index letters: t token, i and j states (i before j), b block of 16 states. A `blocks` argument comes
last, so that calls with a constant 3 (33 to 48 states) compile to code without block loops.
"""

from libc.float cimport FLT_MIN
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int32_t
from libc.string cimport memcpy, memset

from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.core.lanes cimport (
    LANES,
    exact_log,
    lanes,
    lanes_all,
    lanes_argmax,
    lanes_at_least,
    lanes_at_most,
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
from staleness.kernels.core.model cimport Held
from staleness.kernels.models.chain cimport (
    STRETCH,
    balance,
    forward_log,
    forward_scaled,
    greatest_of,
    posteriors_log,
    weighted_rows,
)
from staleness.kernels.models.chain cimport viterbi as viterbi_log
from staleness.kernels.models.counts cimport inverse
from staleness.kernels.models.hmm cimport Expected, HiddenMarkovModel, Workspace
from staleness.kernels.models.hmm_parameters cimport Counts

cdef enum:
    ROWS = 8                # of transitions summed at once: as many registers

cdef extern from * nogil:
    """
    #define SURE 1e-6f
    #define FARTHEST 1e9f
    #define IMPOSSIBLE -1e30f
    #define ROUNDING 1e-5
    #define LEAST 1e-18f
    #define LEAST_EMISSION 1e-20f
    #define LEAST_TRANSITION 1e-16f
    #define VANISHING 1e-30f
    #define MOST 1e35f
    """
    const float SURE
    const float FARTHEST            # of `ahead` / c_t
    const double ROUNDING           # of a sequence's score, a token
    const float IMPOSSIBLE          # for the logarithm of 0
    const float LEAST
    const float LEAST_EMISSION
    const float LEAST_TRANSITION
    const float VANISHING           # changes no bit of what is LEAST_TRANSITION or more
    const float MOST                # of v: sums of it over a stretch of tokens stay finite


cdef inline bint normalise_row(
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


cdef inline void normalise(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # OUT: transition, transposed, start, rate, sure, fits
) noexcept nogil:
    """Normalise what is not a word's: transitions, starts and the rate of each state.

    With smoothing, (mu + smoothing) / (total + outcomes * smoothing), all over the scale.
    """
    cdef Py_ssize_t width = model._width, i, j
    cdef double more = model.smoothing / scale
    cdef bint sure = True, fits = True
    for i in range(model.states):
        fits &= normalise_row(mu.transitions + i * width, more, model.states,
                              workspace.transition.data + i * width, width // LANES)
        for j in range(model.states):
            workspace.transposed.data[j * width + i] = workspace.transition.data[i * width + j]
            sure &= workspace.transition.data[i * width + j] >= SURE
    fits &= normalise_row(mu.starts, more, model.states, workspace.start.data, width // LANES)
    for j in range(model.states):
        workspace.rate.data[j] = <float>inverse(mu.totals[j] + model.words * more)
        fits &= workspace.rate.data[j] > 0.0 or mu.totals[j] + model.words * more == 0.0
        sure &= workspace.start.data[j] >= SURE
    workspace.sure = sure
    workspace.fits = fits


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
        row = workspace.emission.data + t * width
        most = lanes_all(0.0)
        lost = lanes_all(0.0)
        for b in range(blocks):
            # The rate is 0 in padding lanes.
            count = lanes_load(counts, b) + more
            rate = lanes_load(workspace.rate.data, b)
            lanes_store(row, b, count * rate)
            most = lanes_max(most, lanes_load(row, b))
            lost = lanes_max(lost, lanes_where_positive(
                lanes_where_positive(lanes_all(FLT_MIN) - lanes_load(row, b), count), rate))
        greatest = lanes_greatest(most)
        if lanes_greatest(lost) > 0.0:
            greatest = 0.0
        workspace.greatest.data[t] = greatest
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
    if not workspace.fits:
        return False
    for b in range(blocks):
        lanes_store(workspace.emission.data, b, lanes_load(workspace.emission.data, b)
                    * lanes_load(workspace.start.data, b))
    return forward_scaled(workspace.emission.data, workspace.transition.data, n, model.states,
                          workspace.forward.data, workspace.scale.data, LEAST, blocks)


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
    cdef float* beta = workspace.backward.data
    cdef float* v
    cdef const float* alpha
    cdef lanes alphas, betas, vs, over, far, emission
    cdef lanes farthest = lanes_all(0.0)
    if not forward(model, workspace, n, blocks):
        return False
    for b in range(blocks):
        lanes_store(beta, b, lanes_all(1.0))
        lanes_store(workspace.ahead.data, b, lanes_all(1.0))
    for t in range(n - 1, -1, -1):
        alpha = workspace.forward.data + t * width
        v = workspace.emission.data + t * width
        for b in range(blocks):
            alphas = lanes_load(alpha, b)
            betas = lanes_at_least(lanes_load(beta, b), LEAST)
            lanes_store(nodes + t * width, b, lanes_at_least(alphas * betas, LEAST))
            over = lanes_all(1.0 / workspace.scale.data[t])
            if not workspace.sure:
                emission = lanes_load(v, b)
                far = lanes_load(workspace.ahead.data, b) * over
                farthest = lanes_max(farthest, far)
                vs = lanes_max(lanes_at_most(far * emission, MOST), lanes_all(LEAST))
                lanes_store(workspace.onward.data, b, lanes_where_positive(vs, emission))
            vs = lanes_at_most(betas * lanes_load(v, b) * over, MOST)
            lanes_store(v, b, lanes_where_positive(lanes_at_least(vs, LEAST), alphas))
        if t:
            weighted_rows(v, workspace.transposed.data, model.states, beta, blocks)
            if t % STRETCH == 0:
                balance(beta, alpha - width, blocks)
            if not workspace.sure:
                weighted_rows(workspace.onward.data, workspace.transposed.data, model.states,
                              workspace.ahead.data, blocks)
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
                alpha = workspace.forward.data + (t - 1) * width + i
                v = lanes_load(workspace.emission.data + t * width, b)
                for k in range(ROWS):
                    totals[k] = totals[k] + lanes_all(alpha[k]) * v
            for k in range(ROWS):
                lanes_store(workspace.pairs.data + (i + k) * width, b, totals[k]
                            * lanes_load(workspace.transition.data + (i + k) * width, b))
        i += ROWS


cdef inline Status expectations(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,
    const Held* held,
    bint by_sentence,                   # IN: whether edges are wanted of each sentence, too
    Expected* out,                      # OUT
    Py_ssize_t blocks,
) noexcept nogil:
    """The expected counts of the slot's sentences."""
    cdef Py_ssize_t width = blocks * LANES, size = model.states * width
    cdef Py_ssize_t number, sentence, begin, n, first, last, k
    cdef float* nodes = out.nodes.data
    cdef float* edges = out.sentence_edges.data
    cdef bint scaled = True
    cdef double log_likelihood
    cdef Status status
    memset(out.totals.data, 0, width * sizeof(double))
    memset(out.edges.data, 0, (size + width) * sizeof(double))
    for number in range(held.count):
        sentence = held.examples.data[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        if by_sentence:
            memset(edges, 0, size * sizeof(float))
        if n:
            emit(model, mu, scale, workspace, &model._tokens[begin], n, blocks)
            scaled = posterior(model, workspace, n, nodes, blocks)
            if not scaled:
                status = posterior_log(model, mu, scale, workspace, &model._tokens[begin], n,
                                       nodes, &log_likelihood, blocks)
                if status != OK:
                    return status
                for k in range(size):
                    out.edges.data[k] += workspace.edges.data[k]
                    if by_sentence:
                        edges[k] = <float>workspace.edges.data[k]
            for k in range(width):
                out.edges.data[size + k] += nodes[k]
        first = 0
        while first < n:
            last = min(first + STRETCH, n)
            sum_of_nodes(nodes + first * width, last - first, workspace.backward.data, blocks)
            for k in range(width):
                out.totals.data[k] += workspace.backward.data[k]
            if scaled:
                transitions_of(workspace, max(first, <Py_ssize_t>1), last, blocks)
                for k in range(size):
                    out.edges.data[k] += workspace.pairs.data[k]
                if by_sentence:
                    for k in range(size):
                        edges[k] += workspace.pairs.data[k]
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
    cdef float* row = workspace.forward.data
    cdef lanes most, greatest
    cdef lanes_int argument
    cdef float over
    cdef double total = 0.0
    for b in range(blocks):
        lanes_store(row, b, lanes_load(workspace.emission.data, b)
                    * lanes_load(workspace.start.data, b))
    for t in range(1, n):
        delta = row
        row = workspace.forward.data + t * width
        greatest = lanes_all(0.0)
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            argument = lanes_int_all(0)
            for i in range(model.states):
                lanes_argmax(&most, &argument, lanes_all(delta[i])
                             * lanes_load(workspace.transition.data + i * width, b), i)
            most = most * lanes_load(workspace.emission.data + t * width, b)
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
        score -= exact_log(workspace.scale.data[t])
    return score > exact_log(2.0 * LEAST_TRANSITION * workspace.farthest * workspace.farthest)


cdef inline double log_probability(
    const Workspace* workspace,         # IN: scale, greatest
    Py_ssize_t n,
) noexcept nogil:
    """log p(w) = sum_t log (c_t greatest_t), in nats."""
    cdef double total = 0.0
    cdef Py_ssize_t t
    for t in range(n):
        total += exact_log(<double>workspace.scale.data[t] * <double>workspace.greatest.data[t])
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
        out = workspace.pairs.data + i * width if i < states else workspace.backward.data
        total = 0.0
        for j in range(states):
            total += counts[j]
        for j in range(states, width):
            out[j] = -INFINITY
        finite = finite and logarithms(counts, &total, 0, more, states * more, states, out)
    for t in range(n):
        for j in range(states, width):
            workspace.emission.data[t * width + j] = -INFINITY
        finite = finite and logarithms(mu.emissions + tokens[t] * width, mu.totals, 1, more,
                                       model.words * more, states,
                                       workspace.emission.data + t * width)
    for j in range(states):
        workspace.emission.data[j] += workspace.backward.data[j]
    return finite


cdef inline double score_log(
    const Workspace* workspace,         # IN: emission, pairs, as logarithms
    const int32_t* path,                # IN [n]
    Py_ssize_t n,
    Py_ssize_t width,
) noexcept nogil:
    """log p(w, path)."""
    cdef Py_ssize_t t
    cdef double score = workspace.emission.data[path[0]]
    for t in range(1, n):
        score += workspace.pairs.data[path[t - 1] * width + path[t]]
        score += workspace.emission.data[t * width + path[t]]
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
    cdef int32_t* found = <int32_t*>workspace.scale.data
    if emit_log(model, mu, scale, workspace, tokens, n, blocks):
        viterbi_log(workspace.emission.data, workspace.pairs.data, n, model.states,
                    workspace.forward.data, back, found, blocks)
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
    viterbi_log(workspace.emission.data, workspace.pairs.data, n, states, workspace.forward.data,
                back, best, blocks)
    score = score_log(workspace, best, n, width)
    log_likelihood[0] = -INFINITY
    if score < IMPOSSIBLE / 2:
        return NOT_FINITE
    if not (workspace.alpha.reserve(n * states) and workspace.taken.reserve(n)):
        return NO_MEMORY
    # The sum over all sequences is the score of one over its share.
    log_likelihood[0] = score - forward_log(
        workspace.emission.data, workspace.pairs.data,
        greatest_of(workspace.pairs.data, states * width), n, states, best, workspace.alpha.data,
        workspace.taken.data, width)
    return OK


cdef inline Status posterior_log(
    HiddenMarkovModel model,
    const Counts* mu,
    double scale,
    Workspace* workspace,               # OUT: edges
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    double* log_likelihood,             # OUT; see `decode_log`
    Py_ssize_t blocks,
) noexcept nogil:
    """The states' posteriors, the expected transitions and log p(w)."""
    cdef Py_ssize_t states = model.states, width = blocks * LANES
    cdef Status status
    # Until they are filled, nodes have room for Viterbi's; so has the scale, which is not used.
    status = decode_log(model, mu, scale, workspace, tokens, n, <int32_t*>nodes,
                        <int32_t*>workspace.scale.data, log_likelihood, blocks)
    if status != OK:
        return status
    if not workspace.edges.reserve(states * width):
        return NO_MEMORY
    posteriors_log(workspace.emission.data, workspace.pairs.data,
                   greatest_of(workspace.pairs.data, states * width), n, states,
                   workspace.alpha.data, workspace.taken.data, nodes, workspace.edges.data, width)
    return OK


cdef inline Status posteriors_of(
    HiddenMarkovModel model,
    const Counts* mu,
    Workspace* workspace,               # IN: normalised
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    double* log_likelihood,             # OUT; see `decode_log`
    Py_ssize_t blocks,
) noexcept nogil:
    """The states' posteriors and log p(w), by whichever recursions will do."""
    emit(model, mu, mu.scale[0], workspace, tokens, n, blocks)
    if posterior(model, workspace, n, nodes, blocks):
        log_likelihood[0] = log_probability(workspace, n)
        return OK
    return posterior_log(model, mu, mu.scale[0], workspace, tokens, n, nodes, log_likelihood,
                         blocks)


cdef inline Status decode(
    HiddenMarkovModel model,
    const Counts* mu,
    Workspace* workspace,               # IN: normalised
    const int32_t* tokens,              # IN [n]
    Py_ssize_t n,
    int32_t* back,                      # scratch [n, width]
    int32_t* best,                      # OUT [n]
    double* log_likelihood,             # OUT; see `decode_log`
    Py_ssize_t blocks,
) noexcept nogil:
    """The best state sequence and log p(w), by whichever recursions will do."""
    cdef double share
    cdef bint will_do
    emit(model, mu, mu.scale[0], workspace, tokens, n, blocks)
    share = viterbi(model, workspace, n, back, best, blocks)
    if workspace.sure:
        will_do = forward(model, workspace, n, blocks)
    else:
        will_do = posterior(model, workspace, n, <float*>back, blocks)
    if not will_do:
        return decode_log(model, mu, mu.scale[0], workspace, tokens, n, back, best,
                          log_likelihood, blocks)
    log_likelihood[0] = log_probability(workspace, n)
    if not (workspace.sure or best_for_sure(workspace, n, share)):
        improve(model, mu, mu.scale[0], workspace, tokens, n, back, best, blocks)
    return OK
