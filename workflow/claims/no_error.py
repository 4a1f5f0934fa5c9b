"""Claim 8: staleness adds no error."""

from typing import ClassVar

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import measures
from staleness.workflow.analysis.effects import gain
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, within


class NoError(Claim):
    """Where 4 asynchronous processors end, beside the single processor.

    A claim of equivalence: the whole interval of the difference has to lie within the spread of the
    single processor, the distance between its lowest and its highest seed. That bound is of all
    seeds and not resampled. A difference is positive where asynchronous learning is better; being
    better by more than the spread is not equivalence either. More seeds widen the bound and narrow
    the interval.

    Gimpel, Das & Smith (2010), section 8: substantial speed-ups without error where small
    mini-batches work well, and no harm where large ones work best. It compares curves and sets no
    bound.
    """

    number = 8
    name = "no-error"
    statement = (
        "Staleness adds no error. The bound is not the paper's: final F1, likelihood and accuracy "
        "are within the single processor's spread over seeds."
    )
    measured = "final metrics, asynchronous less single"
    criterion = "within the single processor's spread over seeds"
    tasks = ("ner", "alignment", "tagging")
    cases: ClassVar = {
        REPRODUCED: ([0.9, 0.89, 0.91],),
        NOT_REPRODUCED: ([0.8, 0.81, 0.82],),
        UNDECIDED: ([0.9, 0.91, 0.87],),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {"single": single(), "asynchronous": Need("asynchronous", 4)}

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        alone = cells["single"]
        task = TASKS[alone.configuration["task"]]

        def part(metric):
            about, final = task.metrics[metric], measures.final(alone, metric)
            return Part(
                f"final {about.label} of asynchronous beside single",
                about.unit or "",
                lambda cells: gain(cells["asynchronous"], cells["single"], metric),
                within(float(final.high - final.low)),
            )

        return [part(metric) for metric in task.judged_by if metric in alone.curves[0]]

    @staticmethod
    def made_up(make, asynchronous, tasks=("ner", "alignment", "tagging")):
        """Return made-up cells; the single processor's spread is 0.02; see `Claim`."""
        return [
            made
            for task in tasks
            for made in (
                make.ending(task, "single", [0.89, 0.90, 0.91]),
                make.ending(task, "asynchronous", asynchronous, 4),
            )
        ]
