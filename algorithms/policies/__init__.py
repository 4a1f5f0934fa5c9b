"""Policies: how the step of an update depends on how stale it is. One file each."""

from abc import abstractmethod

from staleness.algorithms.components import Configurable


class Policy(Configurable):
    """A policy; subclasses are frozen dataclasses whose fields are its parameters.

    An update of staleness s takes `weights(s)` times the step that its rule would take: the factor
    multiplies eta wherever the rule has it, so that of stepwise EM mu stays a weighted mean, and of
    stochastic gradient descent less of theta decays, too. At 0 the update is dropped.
    """

    kind = "policy"
    noun = "parameter"

    @abstractmethod
    def weights(self, staleness, processors):
        """Return what the steps of updates are multiplied with, float64 [n], from 0 to 1.

        Parameters
        ----------
        staleness : ndarray of int64 [n]
            Updates that others made between an update's reading of theta and itself.
        processors : int
            That learn at once; of MapReduce, jobs in flight.
        """
