"""A claim of another distribution."""

from typing import ClassVar

from staleness.workflow.analysis.effects import gain
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above


class AsGood(Claim):
    """Where 4 asynchronous processors end, less where one does.

    After Gimpel, Das & Smith (2010), section 8.
    """

    number = 99
    name = "as-good"
    statement = "Asynchronous learning ends no lower than half of what one processor reaches."
    measured = "final F1, asynchronous less single"
    criterion = "above -0.5"
    tasks = ("ner",)
    cases: ClassVar = {
        REPRODUCED: ([0.9, 0.9, 0.9],),
        NOT_REPRODUCED: ([0.1, 0.1, 0.1],),
        UNDECIDED: ([0.9, 0.9, 0.1],),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {"single": single(), "asynchronous": Need("asynchronous", 4)}

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def lost(cells):
            return gain(cells["asynchronous"], cells["single"], "f1")

        return [Part("asynchronous less single", "", lost, above(-0.5))]

    @staticmethod
    def made_up(make, ends):
        """Return made-up cells, given where asynchronous learning ends; see `Claim`."""
        return [
            make.ending("ner", "single", [0.9, 0.9, 0.9]),
            make.ending("ner", "asynchronous", ends, 4),
        ]
