"""The linear-chain model: a score for every label sequence of a sentence, in float32.

    score(y, x) = sum_t theta[f, y_t] over the features f of each token t, + theta[y_{t-1}, y_t]

A feature's parameters for all labels are one row, padded to whole cache lines, so that a label loop
is one vector instruction a line. `theta` is stored as scale * rows, so that multiplying all of it
costs nothing. As a conditional random field (Lafferty, McCallum & Pereira 2001) the model gives

    p(y | x) = 1/Z(x) prod_t psi_t(y_t) M(y_{t-1}, y_t)
    psi_t(j) = exp(sum of theta[f, j] over the features f of token t),  M(i, j) = exp(theta[i, j])

by recursions that are scaled, and in log space only where these would lose something.

Index letters: t token, i and j labels (i before j), f feature, b block of 16 labels, k whatever
one array is indexed by.
"""

import numpy as np

from libc.math cimport NAN
from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.context cimport NO_MEMORY, OK, Status
from staleness.kernels.core.lanes cimport LANES
from staleness.kernels.core.model cimport Model
from staleness.kernels.core.table cimport Table
from staleness.kernels.models.chain cimport all_finite, forward_log, viterbi

from staleness.kernels.core.memory import aligned_rows
from staleness.kernels.core.table import AveragedTable
from staleness.kernels.core.validation import check_labelled_features


cdef class LinearChain(Model):
    """The model, its parameters and what is known with them; a subclass adds statistics.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
        Sentence s is tokens offsets[s] to offsets[s + 1] - 1.
    labels : ndarray of int32 [tokens]
        Gold labels, 0 to `label_count` - 1.
    feature_offsets : ndarray of int64 [tokens + 1]
        Token t has features feature_offsets[t] to feature_offsets[t + 1] - 1 of `features`.
    features : ndarray of int32 [...]
        Feature numbers, 0 to `feature_count` - 1.
    label_count, feature_count : int
        The model's size; |theta| = label_count * (feature_count + label_count).

    Raises
    ------
    ValueError
        If the arrays contradict each other, or there are more than 1024 labels.
    """

    def __init__(
        self,
        offsets,
        labels,
        feature_offsets,
        features,
        *,
        Py_ssize_t label_count,
        Py_ssize_t feature_count,
    ):
        check_labelled_features(offsets, labels, feature_offsets, features,
                                label_count=label_count, feature_count=feature_count)
        super().__init__(np.diff(offsets))
        self._offsets = offsets
        self._gold = labels
        self._feature_offsets = feature_offsets
        self._features = features
        self.labels = label_count
        self.features = feature_count
        padding = aligned_rows(1, label_count)
        padding[0, label_count:] = -np.inf
        self._padding = padding
        self._width = padding.shape[1]
        # Theta is the product of both, where in expected counts the scale cancels.
        self.one_scale = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0,
                bint averaged=False):
        """Make the table, slots and workspaces; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        averaged : bool
            Whether theta is the average of what has been learned; see `AveragedTable`.
        """
        cdef Py_ssize_t number, longest = np.asarray(self.work_of).max(initial=0)
        super().prepare(slots, workspaces, replicas)
        copies = max(replicas, 1) + (1 if replicas or averaged else 0)
        rows = aligned_rows(copies * (self.features + self.labels), self.labels)
        rows = rows.reshape(copies, -1)
        if averaged:
            self.table = AveragedTable(rows, slots, replicas, columns=self.labels,
                                       width=self._width)
        else:
            self.table = Table(rows, slots, replicas)
        self._workspaces.resize(workspaces)
        for number in range(workspaces):
            allocate(&self._workspaces[number], longest, self.labels, self._width)

    @property
    def theta(self):
        """The parameters, float32 [features + labels, labels]: emissions, then transitions."""
        self.table.settle()
        return (self._stored(0) * self.table.scale).astype(np.float32)

    @theta.setter
    def theta(self, values):
        values = np.asarray(values, dtype=np.float32)
        if values.shape != (self.features + self.labels, self.labels):
            raise ValueError(f"theta is [{self.features + self.labels}, {self.labels}]")
        for copy in range(self.table.rows.shape[0]):
            self._stored(copy)[:] = values
        self.table.set_scales(1.0)

    def _stored(self, copy):
        """Return a copy's rows over its scale, float32 [features + labels, labels]."""
        return self.table.stored(copy).reshape(-1, self._width)[:, : self.labels]

    def evaluate(self, offsets, labels, feature_offsets, features):
        """Decode a corpus and return its log-likelihood, at any scores that float32 holds.

        Parameters
        ----------
        offsets, labels, feature_offsets, features : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        decoded : ndarray of int32 [tokens]
            The most probable label sequence of each sentence (Viterbi).
        log_likelihood : float
            Of the gold labels given the sentences, in nats, summed over the sentences; NaN if
            `theta` is not finite.

        Raises
        ------
        ValueError
            If the arrays contradict each other or the model.
        """
        check_labelled_features(offsets, labels, feature_offsets, features,
                                label_count=self.labels, feature_count=self.features)
        decoded = np.empty(len(labels), dtype=np.int32)
        cdef const int64_t[::1] starts = offsets
        cdef const int32_t[::1] gold = labels
        cdef const int64_t[::1] feature_starts = feature_offsets
        cdef const int32_t[::1] numbers = features
        cdef int32_t[::1] best = decoded
        cdef Py_ssize_t longest = np.diff(offsets).max(initial=0)
        cdef const int32_t* all_features = &numbers[0] if numbers.shape[0] else NULL
        cdef Py_ssize_t sentence, t, n, blocks = self._width // LANES
        cdef double log_likelihood = 0.0
        cdef float least, most
        cdef bint scaled
        cdef Status status = OK
        cdef Workspace workspace
        cdef Parameters theta = self.parameters(0)
        self.table.settle()
        allocate(&workspace, longest, self.labels, self._width)
        with nogil:
            least = scale_transitions(self, &theta, &workspace, blocks)
            most = exponentiate_transitions(self, &workspace, blocks)
            scaled = scaled_will_do(least, most)
            if not scaled:
                status = make_room_for_logs(self, &workspace, longest)
            for sentence in range(starts.shape[0] - 1 if status == OK else 0):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                score(self, &theta, &feature_starts[t], all_features, n, workspace.emission.data,
                      blocks)
                viterbi(workspace.emission.data, workspace.weights.data, n, self.labels,
                        workspace.forward.data, workspace.back.data, &best[t], blocks)
                if scaled:
                    log_likelihood += log_probability(self, &theta, &workspace, most, n,
                                                      &gold[t], blocks)
                elif not (all_finite(workspace.emission.data, n, self.labels, blocks)
                          and all_finite(workspace.weights.data, self.labels, self.labels, blocks)):
                    log_likelihood = NAN
                else:
                    log_likelihood += forward_log(
                        workspace.emission.data, workspace.weights.data, most, n, self.labels,
                        &gold[t], workspace.alpha.data, workspace.greatest.data, self._width)
        if status == NO_MEMORY:
            raise MemoryError(f"no memory for a sentence of {longest} tokens")
        return decoded, log_likelihood

    cdef Parameters parameters(self, Py_ssize_t copy) noexcept nogil:
        """A copy of theta, part by part."""
        cdef Parameters theta
        theta.emissions = &self.table.rows[copy, 0]
        theta.transitions = theta.emissions + self.features * self._width
        theta.scale = &self.table.scales.data[copy]
        return theta


cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t labels, Py_ssize_t width):
    """Make room in a workspace for sentences of n tokens."""
    cdef bint there = (
        workspace.emission.zeros(n * width) and workspace.forward.zeros(n * width)
        and workspace.scale.zeros(n) and workspace.back.zeros(n * width)
        and workspace.weights.zeros(labels * width)
        and workspace.transition.zeros(labels * width)
        and workspace.transposed.zeros(labels * width)
        and workspace.backward.zeros(width) and workspace.weighted.zeros(width)
    )
    if not there:
        raise MemoryError(f"no memory for a workspace of {n} tokens")
