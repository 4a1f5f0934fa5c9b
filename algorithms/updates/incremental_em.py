"""Incremental expectation maximisation."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class IncrementalEM(Update):
    """Expected counts of a mini-batch, in the place of what its examples had before.

    Neal & Hinton (1998). Every example's counts are kept until it is seen again: 4 bytes a cell of
    an alignment; for a tagger, 4 bytes a state of each token and a pair of states of each sentence.
    `smoothing` is added to every count of the whole corpus.
    """

    name = "incremental-em"
    statistics: ClassVar = "kept expected counts"
    # The mean of replicas would not be the sum of the examples' counts.
    replicas: ClassVar = False

    smoothing: float = parameter(
        0.0, "added to every expected count: 0 is maximum likelihood (Dempster et al. 1977)"
    )

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.incremental_em import IncrementalEM as IncrementalRule

        return IncrementalRule(**asdict(self))
