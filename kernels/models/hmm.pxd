"""Bigram hidden Markov model; see hmm.pyx."""

from libcpp.vector cimport vector

from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.models.hmm_parameters cimport HMMParameters


cdef struct Workspace:
    # Scratch of one thread, for sentences of n tokens at most; S states, padded to `width` lanes.
    Buffer[float] emission      # [n, width]  p(w_t | j), over its greatest; then v_t
    Buffer[float] forward       # [n, width]  alpha, each row of sum 1
    Buffer[float] scale         # [n]         c_t, the row sums before scaling
    Buffer[float] greatest      # [n]         of p(w_t | j)
    Buffer[float] transition    # [width, width]  p(j | i), from state i (row) to j (lane)
    Buffer[float] transposed    # [S, width]  the same, from state i (lane) to j (row)
    Buffer[float] pairs         # [width, width]  expected transitions of a sentence
    Buffer[float] start         # [width]     p(j) of the first token
    Buffer[float] rate          # [width]     1 / total of a state
    Buffer[float] backward      # [width]     beta of one token
    Buffer[float] ahead         # [width]     beta without what is left out, or more
    Buffer[float] onward        # [width]     v likewise
    float farthest              # of ahead / c_t of a sentence
    bint sure                   # whether no transition or start is so small that floors matter
    bint fits                   # whether float32 holds the inverses of all totals
    # In log space; room is made when it is needed.
    Buffer[double] alpha        # [n, S]      log alpha, each row less its greatest
    Buffer[double] taken        # [n]         what that was
    Buffer[double] edges        # [S, width]  expected transitions of a sentence


cdef struct Expected:
    # What a slot holds. Where examples' statistics are kept, edges are by sentence, too.
    Buffer[float] nodes             # [tokens, width]     p(y_t = j | x)
    Buffer[double] totals           # [width]             their sum
    Buffer[double] edges            # [S + 1, width]      expected transitions i -> j, then starts
    Buffer[float] sentence_edges    # [count, S, width]


cdef class HiddenMarkovModel(HMMParameters):
    cdef vector[Workspace] _workspaces
    cdef vector[Expected] _expected         # [slots]
