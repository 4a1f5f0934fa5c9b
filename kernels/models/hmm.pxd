"""Bigram hidden Markov model; see hmm.pyx."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.core.model cimport Model
from staleness.kernels.models.counts cimport CountsTable


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


cdef struct Counts:
    # One copy of mu, over its scale.
    float* emissions            # [words, width]
    float* transitions          # [S, width]  from state i (row) to j (lane)
    float* starts               # [width]
    double* totals              # [width]     of each state's emissions
    const double* scale


cdef struct Expected:
    # What a slot holds. Where examples' statistics are kept, edges are by sentence, too.
    Buffer[float] nodes             # [tokens, width]     p(y_t = j | x)
    Buffer[double] totals           # [width]             their sum
    Buffer[double] edges            # [S + 1, width]      expected transitions i -> j, then starts
    Buffer[float] sentence_edges    # [count, S, width]


cdef class HMMTable(CountsTable):
    cdef Py_ssize_t words
    cdef Py_ssize_t states
    cdef Py_ssize_t width


cdef class HiddenMarkovModel(Model):
    cdef readonly Py_ssize_t states
    cdef readonly Py_ssize_t words
    cdef readonly double smoothing
    cdef Py_ssize_t _width
    cdef object _beginning                  # posteriors and transitions before learning
    cdef const int64_t[::1] _offsets
    cdef const int32_t[::1] _tokens
    cdef vector[Workspace] _workspaces
    cdef vector[Expected] _expected         # [slots]
    cdef bint _keeps                        # whether examples' statistics are kept
    cdef float[:, ::1] _kept_nodes          # [tokens, width], of every example, where they are kept
    cdef float[:, :, ::1] _kept_edges       # [sentences, S, width]

    cdef Counts counts_of(self, Py_ssize_t copy) noexcept nogil
    cdef void normalise(self, const Counts* mu, double scale, Workspace* workspace) noexcept nogil
