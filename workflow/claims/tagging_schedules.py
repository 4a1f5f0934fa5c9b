"""Claim 7: stepwise and batch EM on tagging, and asynchrony beyond the ideal."""

from typing import ClassVar

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import runs
from staleness.workflow.analysis.effects import faster, gain, level
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above

PROCESSORS = 4


class TaggingSchedules(Claim):
    """Stepwise EM with m = 4 beside batch EM after as many passes, each on one processor.

    The ideal speed-up is P, the number of processors.

    Gimpel, Das & Smith (2010), section 6.3, figure 6, where batch EM reaches at most 40.7 % in six
    hours. That the ideal can be beaten is what the talk asks. That asynchronous learning is much
    faster than one processor, and synchronous only marginally, is not judged.
    """

    number = 7
    name = "tagging-schedules"
    statement = (
        "Stepwise EM with m = 4 beats batch EM in likelihood and many-to-1 accuracy. Asynchronous "
        "learning can beat the ideal speed-up: a question of the talk, not a claim of the paper."
    )
    measured = (
        "differences of log-likelihood and many-to-1 accuracy after as many passes; speed-up / P"
    )
    criterion = "above 0; above 1"
    tasks = ("tagging",)
    cases: ClassVar = {
        REPRODUCED: ([0.9] * 3, [0.7, 0.8, 0.75], [20, 21, 22]),
        NOT_REPRODUCED: ([0.9] * 3, [0.7, 0.8, 0.75], [30, 40, 35]),
        UNDECIDED: ([0.9] * 3, [0.7, 0.91, 0.75], [20, 21, 22]),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(size=4),
            "asynchronous": Need("asynchronous", PROCESSORS, size=4),
            "batch": Need("single-batch", 1, update="em", free=runs.LEARNING),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def better(metric):
            about = TASKS["tagging"].metrics[metric]
            return Part(
                f"{about.label} of stepwise over batch EM after as many passes",
                about.unit or "",
                lambda cells: gain(cells["single"], cells["batch"], metric),
                above(0),
            )

        def of_ideal(cells):
            target = level(cells["single"])
            return faster(cells["asynchronous"], cells["single"], target) / PROCESSORS

        ideal = Part(
            f"speed-up of {PROCESSORS} asynchronous processors",
            "of the ideal",
            of_ideal,
            above(1),
        )
        return [better("log_likelihood"), better("many_to_one"), ideal]

    @staticmethod
    def made_up(make, stepwise, batch, asynchronous):
        """Return made-up cells: final values, and times of asynchronous learning; see `Claim`."""
        return [
            make.ending("tagging", "single", stepwise),
            make.ending("tagging", "single-batch", batch, update="em"),
            make.reaching("tagging", "asynchronous", asynchronous, 4),
        ]
