"""Claim 10: stepwise and incremental EM."""

from typing import ClassVar

from staleness.workflow.analysis.effects import TIMES, faster, level
from staleness.workflow.analysis.selection import single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above


class Incremental(Claim):
    """Times to the target of the log-likelihood, each on one processor with the same m.

    The target is that of stepwise EM; what a target set by incremental EM says is reported if it
    changes the verdict.

    The talk to Gimpel, Das & Smith (2010); Liang & Klein (2009).
    """

    number = 10
    name = "incremental"
    statement = (
        "Stepwise EM converges in less time than incremental EM: a question of the talk, not a "
        "claim of the paper."
    )
    measured = "ratio of times to target of the log-likelihood"
    criterion = "above 1"
    tasks = ("alignment", "tagging")
    cases: ClassVar = {
        REPRODUCED: ([100, 110, 120], [200, 220, 240]),
        NOT_REPRODUCED: ([200, 220, 240], [100, 110, 120]),
        UNDECIDED: ([100, 110, 120], [200, 220, 90]),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        other = ("update", "hyper_parameters", "epochs", "evaluations")
        return {
            "stepwise": single(update="stepwise-em"),
            "incremental": single(update="incremental-em", free=other),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def over(measure):
            return lambda cells: faster(
                cells["stepwise"], cells["incremental"], level(cells[measure])
            )

        by_the_other = Part(
            "with the target of incremental EM", TIMES, over("incremental"), above(1)
        )
        return [
            Part(
                "stepwise over incremental EM",
                TIMES,
                over("stepwise"),
                above(1),
                otherwise=by_the_other,
            )
        ]

    @staticmethod
    def made_up(make, stepwise, other, tasks=("alignment", "tagging")):
        """Return made-up cells; see `Claim`."""
        return [
            made
            for task in tasks
            for made in (
                make.reaching(task, "single", stepwise),
                make.reaching(task, "single", other, update="incremental-em", epochs=20),
            )
        ]
