"""Claim 8: staleness adds no error."""

from typing import ClassVar

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import measures
from staleness.workflow.analysis.effects import gain
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, within

# What counts as no error, as a share and in words.
MARGINS = {
    "f1": (0.005, "0.5 points"),
    "aer": (0.005, "0.5 points"),
    "many_to_one": (0.01, "1 point"),
}
OF_THE_CLIMB = 0.001


class NoError(Claim):
    """Where 4 asynchronous processors end, beside the single processor.

    A claim of equivalence, by two one-sided tests: the 90 % interval of the difference has to lie
    within a margin that was written down before any run (`MARGINS`, and for a log-likelihood
    `OF_THE_CLIMB` of the way that learning makes it climb). A difference is positive where
    asynchronous learning is better; being better by more than the margin is not equivalence either.

    Gimpel, Das & Smith (2010), section 8: substantial speed-ups without error where small
    mini-batches work well, and no harm where large ones work best. It compares curves and sets no
    bound.
    """

    number = 8
    name = "no-error"
    statement = (
        "Staleness adds no error. The margins are not the paper's: final F1 and AER within half a "
        "point, accuracy within a point, likelihood within a thousandth of its climb."
    )
    measured = "final metrics, asynchronous less single"
    criterion = "within ±0.5 points of F1 and AER, ±1 point of accuracy, ±0.1 % of the climb"
    tasks = ("ner", "alignment", "tagging")
    cases: ClassVar = {
        REPRODUCED: ([0.8895, 0.9005, 0.91],),
        NOT_REPRODUCED: ([0.8, 0.81, 0.82],),
        UNDECIDED: ([0.8895, 0.9005, 0.87],),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {"single": single(), "asynchronous": Need("asynchronous", 4)}

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        alone = cells["single"]
        task = TASKS[alone.configuration["task"]]

        def part(metric):
            about, way = task.metrics[metric], measures.way(alone, metric)
            margin, text = MARGINS.get(metric, (None, ""))
            if margin is None:
                margin = OF_THE_CLIMB * abs(way.best - way.start)
                text = f"{100 * OF_THE_CLIMB:g} % of the climb"
            return Part(
                f"final {about.label} of asynchronous beside single",
                about.unit or "",
                lambda cells: gain(cells["asynchronous"], cells["single"], metric),
                within(margin, text),
            )

        return [part(metric) for metric in task.judged_by if metric in alone.curves[0]]

    @staticmethod
    def made_up(make, asynchronous, tasks=("ner", "alignment", "tagging")):
        """Return made-up cells; see `Claim`."""
        return [
            made
            for task in tasks
            for made in (
                make.ending(task, "single", [0.89, 0.90, 0.91]),
                make.ending(task, "asynchronous", asynchronous, 4),
            )
        ]
