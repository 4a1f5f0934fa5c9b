"""IBM Model 1; see model1.pyx."""

from libcpp.vector cimport vector

from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.models.translation cimport TranslationModel


cdef struct Workspace:
    # Scratch of one thread, for source sentences of n words at most, the null word among them.
    Buffer[float] rate          # [n, rounded up to lanes]  1 / total of the source word
    Buffer[float] products      # [n, rounded up to lanes]  t(e_j | f_i) of one target word
    Buffer[float] columns       # [n, rounded up to lanes]  sums of posteriors over a stretch of j
    Buffer[float] counts        # [cells + LANES]           of each cell of a sentence pair


cdef struct Posteriors:
    # What a slot holds, pair by pair of sentences.
    Buffer[float] cells         # [cells]               p(a_j = i | e, f), j by j
    Buffer[double] columns      # [source positions]    their sums over j


cdef class IBMModel1(TranslationModel):
    cdef vector[Workspace] _workspaces
    cdef vector[Posteriors] _posteriors     # [slots]

    cdef add_cells(self, Py_ssize_t slot, double[::1] counts)
