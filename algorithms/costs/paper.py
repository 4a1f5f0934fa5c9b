"""The cost of 2010: a mean NER mini-batch of 4 sentences takes 0.62 s, updates are free."""

from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.errors import StalenessError

SECONDS = 0.62  # Gimpel, Das & Smith (2010), section 6.1, on the machines of then
MINI_BATCH_SIZE = 4


class Paper(CostModel):
    """Cost proportional to the tokens, scaled to what the paper reports; sharing is free."""

    name = "paper"

    def costs(self, task, update, work, schedule=None, processors=1):
        """Return the costs of one task; see `CostModel`."""
        if task != "ner":
            raise StalenessError(
                f"cost model 'paper' is known for ner, not {task}: take '--cost measured'"
            )
        return Costs(compute_work=SECONDS / (MINI_BATCH_SIZE * float(work.mean())))

    def describe(self):
        """Return a phrase for captions."""
        return f"cost as in 2010: a mean m = {MINI_BATCH_SIZE} mini-batch takes {SECONDS} s"
