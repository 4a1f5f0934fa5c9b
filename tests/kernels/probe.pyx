"""For the tests: what lies at the C level of the kernels, as arrays."""

import numpy as np

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from staleness.kernels.crf cimport ConditionalRandomField
from staleness.kernels.lanes cimport (
    LANES,
    exact_log,
    lanes,
    lanes_all,
    lanes_argmax,
    lanes_exp,
    lanes_greatest,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_max,
    lanes_store,
    lanes_sum,
)
from staleness.kernels.learner cimport Learner
from staleness.kernels.linear_chain cimport LinearChain

from staleness.kernels.memory import aligned_rows


def width():
    """Return the number of lanes."""
    return LANES


cdef float[:, ::1] rows_of(values):
    rows = aligned_rows(len(values), LANES)
    rows[:] = values
    return rows


def exp(values):
    """Return lanes_exp of float32 [n, 16]."""
    cdef float[:, ::1] given = rows_of(values), out = rows_of(values)
    cdef Py_ssize_t k
    for k in range(given.shape[0]):
        lanes_store(&out[k, 0], 0, lanes_exp(lanes_load(&given[k, 0], 0)))
    return np.asarray(out)


def maximum(a, b):
    """Return lanes_max of float32 [n, 16]."""
    cdef float[:, ::1] left = rows_of(a), right = rows_of(b)
    cdef Py_ssize_t k
    for k in range(left.shape[0]):
        lanes_store(&left[k, 0], 0,
                    lanes_max(lanes_load(&left[k, 0], 0), lanes_load(&right[k, 0], 0)))
    return np.asarray(left)


def argmax(values):
    """Return the greatest of float32 [n, 16] along n and its index, by lanes_argmax."""
    cdef float[:, ::1] given = rows_of(values), out = rows_of(values[:1])
    cdef float[:, ::1] indices = rows_of(values[:1])
    cdef lanes best = lanes_all(-np.inf)
    cdef lanes_int argument = lanes_int_all(-1)
    cdef Py_ssize_t k
    for k in range(given.shape[0]):
        lanes_argmax(&best, &argument, lanes_load(&given[k, 0], 0), <int32_t>k)
    lanes_store(&out[0, 0], 0, best)
    lanes_int_store(<int32_t*>&indices[0, 0], 0, argument)
    return np.asarray(out)[0], np.asarray(indices)[0].view(np.int32)


def total(values):
    """Return lanes_sum of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values])
    return np.float32(lanes_sum(lanes_load(&given[0, 0], 0)))


def greatest(values):
    """Return lanes_greatest of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values])
    return np.float32(lanes_greatest(lanes_load(&given[0, 0], 0)))


def log(values):
    """Return exact_log of float64 [n]."""
    return np.array([exact_log(value) for value in values])


def rows(LinearChain model, Py_ssize_t copy=0):
    """Return copies of the emission and transition rows of a model, padding lanes and all."""
    rows = np.array(model._rows[copy])
    return rows[: model.features], rows[model.features :]


def learned(LinearChain model, Py_ssize_t slot=0):
    """Return the parameters that a slot's `calc` reads, float32 [features + labels, labels]."""
    cdef Py_ssize_t copy = model.parameters(slot) - model._copies
    return np.array(model._rows[copy])[:, : model.labels] * model._copies[copy].scale


def held(ConditionalRandomField model, Py_ssize_t slot, Py_ssize_t tokens):
    """Return copies of the nodes and edges that a slot holds, padding lanes and all."""
    cdef Py_ssize_t count = model._statistics[slot].count
    nodes = np.empty((tokens, model._width), dtype=np.float32)
    edges = np.empty((count, model.labels, model._width), dtype=np.float32)
    cdef char[:] to_nodes = nodes.reshape(-1).view(np.int8)
    cdef char[:] to_edges = edges.reshape(-1).view(np.int8)
    if nodes.nbytes:
        memcpy(&to_nodes[0], model._statistics[slot].nodes, nodes.nbytes)
    if edges.nbytes:
        memcpy(&to_edges[0], model._statistics[slot].edges, edges.nbytes)
    return nodes, edges


def average(Learner learner):
    """Give every replica of a learner their mean."""
    learner.average()
