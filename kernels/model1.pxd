"""IBM Model 1; see model1.pyx."""

cimport cython
from libc.stdint cimport int32_t, int64_t
from staleness.kernels.em cimport ExpectationMaximization
from staleness.kernels.learner cimport Status


cdef struct Workspace:
    # Scratch of one thread, for source sentences of n words at most, the null word among them.
    float* rate                 # [n, rounded up to lanes]  1 / total of the source word
    float* products             # [n, rounded up to lanes]  t(e_j | f_i) of one target word
    float* columns              # [n, rounded up to lanes]  sums of posteriors over a stretch of j
    float* counts               # [cells + LANES]           of each cell of a sentence pair


cdef struct Counts:
    # One copy of mu, over its scale.
    float* pairs                # [parameters]          of target word e by source word f
    double* totals              # [1 + source words]    of each source word, the null word first


cdef struct Statistics:
    # What `expect` leaves in a slot, pair by pair of sentences.
    int32_t* examples           # [count]               numbers of the sentence pairs
    Py_ssize_t count
    float* cells                # [cells]               p(a_j = i | e, f), j by j
    double* columns             # [source positions]    their sums over j


@cython.final
cdef class IBMModel1(ExpectationMaximization):
    cdef readonly Py_ssize_t source_words
    cdef readonly Py_ssize_t target_words
    cdef readonly Py_ssize_t parameters
    cdef Py_ssize_t _longest                # most source positions of a pair, the null word's too
    cdef Py_ssize_t _most                   # most cells of a pair
    cdef const int64_t[::1] _source_offsets
    cdef const int32_t[::1] _source
    cdef const int64_t[::1] _target_offsets
    cdef const int64_t[::1] _cell_offsets   # [pairs + 1]
    cdef const int32_t[::1] _cells          # parameter of each cell (j, i) of each sentence pair
    cdef const int32_t[::1] _targets        # [parameters]: target word
    cdef const int32_t[::1] _sources        # [parameters]: source word + 1, 0 the null word
    cdef double[::1] _greatest              # [target words], scratch of `multiply`
    cdef Counts* _copies                    # [1 + replicas]
    cdef Workspace* _workspaces
    cdef Statistics* _statistics
    cdef float[::1] _kept_cells             # [cells], of every example, in incremental EM

    cdef add_cells(self, Py_ssize_t slot, double[::1] counts)
    cdef Py_ssize_t length(self, Py_ssize_t n) noexcept nogil
    cdef Status reserve(
        self, Statistics* slot, Py_ssize_t count, Py_ssize_t cells, Py_ssize_t columns
    ) noexcept nogil
