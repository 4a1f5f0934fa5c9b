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

from libc.math cimport NAN, frexp, ldexp
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.chain cimport MOST_LABELS, all_finite, forward_log, viterbi
from staleness.kernels.lanes cimport (
    LANES,
    lanes,
    lanes_all,
    lanes_load,
    lanes_store,
)
from staleness.kernels.learner cimport OK, Learner, Status
from staleness.kernels.memory cimport aligned, no_room

from staleness.kernels import validation
from staleness.kernels.memory import aligned_rows
from staleness.kernels.validation import check_labelled_features

assert validation.MOST_LABELS == MOST_LABELS


cdef class LinearChain(Learner):
    """The model, its parameters and what is known with them; a subclass adds statistics and rule.

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
    slots, workspaces, replicas : int
        See `Learner`.
    averaged : bool
        Whether `theta`, the model, is some average of what is learned, and so a copy of its own,
        which the subclass makes in `settle`.

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
        Py_ssize_t slots=1,
        Py_ssize_t workspaces=1,
        Py_ssize_t replicas=0,
        bint averaged=False,
    ):
        cdef Py_ssize_t learned = 1 if replicas or averaged else 0
        cdef Py_ssize_t copies = learned + max(replicas, 1), number
        check_labelled_features(offsets, labels, feature_offsets, features,
                                label_count=label_count, feature_count=feature_count)
        lengths = np.diff(offsets)
        super().__init__(lengths, slots, workspaces, replicas)
        self._offsets = offsets
        self._gold = labels
        self._feature_offsets = feature_offsets
        self._features = features
        self.labels = label_count
        self.features = feature_count
        self._learned = learned
        rows = aligned_rows(copies * (feature_count + label_count), label_count)
        self._width = rows.shape[1]
        self._rows = rows.reshape(copies, feature_count + label_count, self._width)
        padding = aligned_rows(1, label_count)
        padding[0, label_count:] = -np.inf
        self._padding = padding
        self._copies = <Parameters*>calloc(copies, sizeof(Parameters))
        self._workspaces = <Workspace*>calloc(workspaces, sizeof(Workspace))
        if self._copies == NULL or self._workspaces == NULL:
            raise MemoryError
        for number in range(copies):
            self._copies[number].emissions = &self._rows[number, 0, 0]
            self._copies[number].transitions = &self._rows[number, feature_count, 0]
            self._copies[number].scale = 1.0
        for number in range(workspaces):
            allocate(&self._workspaces[number], lengths.max(initial=0), label_count, self._width)

    def __dealloc__(self):
        cdef Py_ssize_t number
        free(self._copies)
        if self._workspaces != NULL:
            for number in range(self.workspaces):
                release(&self._workspaces[number])
            free(self._workspaces)

    @property
    def theta(self):
        """The parameters, float32 [features + labels, labels]: emissions, then transitions."""
        self.settle()
        rows = np.asarray(self._rows[0])[:, : self.labels]
        return (rows * self.scale).astype(np.float32)

    @theta.setter
    def theta(self, values):
        values = np.asarray(values, dtype=np.float32)
        if values.shape != (self.features + self.labels, self.labels):
            raise ValueError(f"theta is [{self.features + self.labels}, {self.labels}]")
        np.asarray(self._rows)[:, :, : self.labels] = values
        for number in range(len(self._rows)):
            self._copies[number].scale = 1.0

    @property
    def scale(self):
        """What the rows of `theta` are to be multiplied with."""
        return self._copies[0].scale

    def settle(self):
        """Make `theta` the mean of the replicas, if there are any; see `Learner`."""
        if self.replicas:
            self.mean()

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
        self.settle()
        allocate(&workspace, longest, self.labels, self._width)
        with nogil:
            least = scale_transitions(self, self._copies, &workspace, blocks)
            most = exponentiate_transitions(self, &workspace, blocks)
            scaled = scaled_will_do(least, most)
            if not scaled:
                status = make_room_for_logs(self, &workspace, longest)
            for sentence in range(starts.shape[0] - 1 if status == OK else 0):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                score(self, self._copies, &feature_starts[t], all_features, n, workspace.emission,
                      blocks)
                viterbi(workspace.emission, workspace.weights, n, self.labels, workspace.forward,
                        workspace.back, &best[t], blocks)
                if scaled:
                    log_likelihood += log_probability(self, self._copies, &workspace, most, n,
                                                      &gold[t], blocks)
                elif not (all_finite(workspace.emission, n, self.labels, blocks)
                          and all_finite(workspace.weights, self.labels, self.labels, blocks)):
                    log_likelihood = NAN
                else:
                    log_likelihood += forward_log(
                        workspace.emission, workspace.weights, most, n, self.labels, &gold[t],
                        workspace.alpha, workspace.greatest, self._width)
        release(&workspace)
        self.raise_for(status)
        return decoded, log_likelihood

    cdef Parameters* parameters(self, Py_ssize_t slot) noexcept nogil:
        """The copy of theta that a slot reads and writes."""
        return &self._copies[self._learned + (slot if self.replicas else 0)]

    cdef void mean(self) noexcept nogil:
        """theta <- the mean of the replicas, first to last."""
        cdef Py_ssize_t size = (self.features + self.labels) * self._width // LANES
        cdef Py_ssize_t number, b
        cdef lanes total
        for b in range(size):
            total = lanes_all(0.0)
            for number in range(1, 1 + self.replicas):
                total = total + (lanes_load(self._copies[number].emissions, b)
                                 * lanes_all(<float>self._copies[number].scale))
            lanes_store(self._copies[0].emissions, b,
                        total * lanes_all(<float>(1.0 / self.replicas)))
        self._copies[0].scale = 1.0

    cdef void fold(self, Parameters* theta, double keep) noexcept nogil:
        """Move so much of the scale into the rows that `keep` times what is left is 1/2 to 1.

        A power of two, so that no bit of theta changes but of what is too small for float32.
        Nobody may be inside `calc` or `up`.
        """
        cdef Py_ssize_t size = (self.features + self.labels) * self._width // LANES, b
        cdef int power
        cdef lanes factor
        frexp(theta.scale * keep, &power)
        factor = lanes_all(<float>ldexp(1.0, power))
        for b in range(size):
            lanes_store(theta.emissions, b, lanes_load(theta.emissions, b) * factor)
        theta.scale = ldexp(theta.scale, -power)

    cdef void average(self) noexcept nogil:
        cdef size_t size = (self.features + self.labels) * self._width * sizeof(float)
        cdef Py_ssize_t number
        self.mean()
        for number in range(1, 1 + self.replicas):
            memcpy(self._copies[number].emissions, self._copies[0].emissions, size)
            self._copies[number].scale = 1.0


cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t labels, Py_ssize_t width):
    """Lay a workspace out in one piece of memory, which begins at `emission`."""
    cdef Py_ssize_t scales = (n + LANES - 1) // LANES * LANES
    cdef Py_ssize_t size = (3 * n + 3 * labels + 2) * width + scales
    cdef float* memory = <float*>aligned(size * sizeof(float))
    if memory == NULL:
        raise MemoryError(f"no memory for a workspace of {n} tokens")
    memset(memory, 0, size * sizeof(float))
    workspace.emission = memory
    workspace.forward = workspace.emission + n * width
    workspace.back = <int32_t*>(workspace.forward + n * width)
    workspace.weights = <float*>(workspace.back + n * width)
    workspace.transition = workspace.weights + labels * width
    workspace.transposed = workspace.transition + labels * width
    workspace.backward = workspace.transposed + labels * width
    workspace.weighted = workspace.backward + width
    workspace.scale = workspace.weighted + width
    workspace.alpha = NULL
    workspace.greatest = NULL
    workspace.edges = NULL


cdef void release(Workspace* workspace) noexcept:
    free(workspace.emission)
    no_room(workspace.alpha)
    no_room(workspace.greatest)
    no_room(workspace.edges)
