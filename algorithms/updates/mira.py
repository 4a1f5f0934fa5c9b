"""The margin-infused relaxed algorithm for the CRF's features."""

from dataclasses import asdict, dataclass

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class MIRA(Update):
    """1-best MIRA with averaging (Crammer & Singer 2003; McDonald, Crammer & Pereira 2005).

    theta <- theta + 1/m sum of tau (f(x, gold) - f(x, decoded)) over the m sentences of a
    mini-batch, where tau is the shortest step after which gold would win by the number of wrong
    tokens, and at most `step_limit` (C of PA-I, Crammer et al. 2006).
    """

    name = "mira"
    statistics = "mistakes"

    step_limit: float = parameter(0.03, "longest step, C of PA-I (Crammer et al. 2006)")

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.mira import MarginInfusedRelaxedAlgorithm

        return MarginInfusedRelaxedAlgorithm(**asdict(self))
