"""An update rule written in Python."""

from dataclasses import dataclass

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update
from staleness.kernels.core.rule import Rule


class Wary(Rule):
    """theta <- theta - step / (1 + staleness) g / m."""

    def __init__(self, step):
        self.step_size = step

    def keep_and_gain(self, *, corpus, mini_batch, updates, examples, staleness, weight):
        """Return 1, and a gain that is the smaller the staler."""
        return 1.0, -weight * self.step_size / (1 + staleness) / mini_batch


@dataclass(frozen=True)
class WaryDescent(Update):
    """Stochastic gradient descent that steps carefully where it is stale."""

    name = "wary"
    statistics = "gradient"

    step: float = parameter(0.3, "of what is not stale")

    def rule(self):
        """Return the rule."""
        return Wary(self.step)
