"""Claim 1: single-processor, synchronous and asynchronous learning."""

from typing import ClassVar

from staleness.workflow.analysis.effects import TIMES, faster, level
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above


class Schedules(Claim):
    """Times to target with m = 4 and 4 processors.

    Gimpel, Das & Smith (2010), section 6.1, figure 1.
    """

    number = 1
    name = "schedules"
    statement = (
        "Synchronous mini-batch learning beats the single processor, and asynchronous learning "
        "beats synchronous."
    )
    measured = "ratio of times to target, each"
    criterion = "above 1"
    tasks = ("ner",)
    cases: ClassVar = {
        REPRODUCED: ([200, 220, 240], [100, 110, 120]),
        NOT_REPRODUCED: ([200, 220, 240], [300, 300, 300]),
        UNDECIDED: ([200, 220, 240], [100, 110, 300]),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(size=4),
            "synchronous": Need("synchronous", 4, size=4),
            "asynchronous": Need("asynchronous", 4, size=4),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def over(one, other):
            return lambda cells: faster(cells[one], cells[other], level(cells["single"]))

        return [
            Part("synchronous over single", TIMES, over("synchronous", "single"), above(1)),
            Part(
                "asynchronous over synchronous",
                TIMES,
                over("asynchronous", "synchronous"),
                above(1),
            ),
        ]

    @staticmethod
    def made_up(make, synchronous, asynchronous):
        """Return made-up cells; see `Claim`."""
        return [
            make.reaching("ner", "single", make.SINGLE),
            make.reaching("ner", "synchronous", synchronous, 4),
            make.reaching("ner", "asynchronous", asynchronous, 4),
        ]
