"""Bigram hidden Markov model; see hmm.pyx."""

cimport cython
from libc.stdint cimport int32_t, int64_t
from staleness.kernels.em cimport ExpectationMaximization
from staleness.kernels.learner cimport Status


cdef struct Workspace:
    # Scratch of one thread, for sentences of n tokens at most; S states, padded to `width` lanes.
    float* emission             # [n, width]  p(w_t | j), over its greatest; then v_t
    float* forward              # [n, width]  alpha, each row of sum 1
    float* scale                # [n]         c_t, the row sums before scaling
    float* greatest             # [n]         of p(w_t | j)
    float* transition           # [width, width]  p(j | i), from state i (row) to j (lane)
    float* transposed           # [S, width]  the same, from state i (lane) to j (row)
    float* pairs                # [width, width]  expected transitions of a sentence
    float* start                # [width]     p(j) of the first token
    float* rate                 # [width]     1 / total of a state
    float* backward             # [width]     beta of one token
    float* ahead                # [width]     beta without what is left out, or more
    float* onward               # [width]     v likewise
    float farthest              # of ahead / c_t of a sentence
    bint sure                   # whether no transition or start is so small that floors matter
    bint held                   # whether float32 holds the inverses of all totals
    # In log space; room is made when it is needed.
    double* alpha               # [n, S]      log alpha, each row less its greatest
    double* taken               # [n]         what that was
    double* edges               # [S, width]  expected transitions of a sentence


cdef struct Counts:
    # One copy of mu, over its scale.
    float* emissions            # [words, width]
    float* transitions          # [S, width]  from state i (row) to j (lane)
    float* starts               # [width]
    double* totals              # [width]     of each state's emissions


cdef struct Statistics:
    # What `expect` leaves in a slot. Where examples' statistics are kept, edges and starts are by
    # sentence; otherwise they are summed.
    int32_t* examples           # [count]             numbers of the sentences
    Py_ssize_t count
    float* nodes                # [tokens, width]     p(y_t = j | x)
    double* totals              # [width]             their sum
    double* edges               # [S, width]          expected transitions i -> j
    double* starts              # [width]
    float* sentence_edges       # [count, S, width]


@cython.final
cdef class HiddenMarkovModel(ExpectationMaximization):
    cdef readonly Py_ssize_t states
    cdef readonly Py_ssize_t words
    cdef Py_ssize_t _width
    cdef const int64_t[::1] _offsets
    cdef const int32_t[::1] _tokens
    cdef Counts* _copies                    # [1 + replicas]
    cdef Workspace* _workspaces
    cdef Statistics* _statistics
    cdef float[:, ::1] _kept_nodes          # [tokens, width], of every example, in incremental EM
    cdef float[:, :, ::1] _kept_edges       # [sentences, S, width]

    cdef Status reserve(self, Statistics* slot, Py_ssize_t count, Py_ssize_t tokens) noexcept nogil
    cdef void prepare(self, const Counts* mu, double scale, Workspace* workspace) noexcept nogil
