"""A model of nothing, for who wants to know what the loop and its clocks cost by themselves."""

from staleness.kernels.core.context cimport OK, Status
from staleness.kernels.core.model cimport Model

from staleness.kernels.core.memory import aligned_rows
from staleness.kernels.core.table import Table


cdef class Nothing(Model):
    """Examples that cost what is said, and have no statistics; theta is a row of zeros.

    Parameters
    ----------
    work : ndarray of int32 [examples]
    divisible : bool
        See `Model`.
    """

    cdef readonly bint divisible

    def __init__(self, work, *, bint divisible=True):
        super().__init__(work)
        self.divisible = divisible

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, **asked):
        """Make the table and slots; see `Model`. Whatever a rule asks for is in nothing, too."""
        super().prepare(slots, workspaces, replicas)
        self.table = Table(aligned_rows(1 + replicas, 1), slots, replicas)

    @property
    def theta(self):
        """Nothing, float32 [1]."""
        self.table.settle()
        return self.table.stored()[:1] * self.table.scale

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        return OK
