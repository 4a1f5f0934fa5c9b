"""Claim 3: how much delay asynchronous learning bears."""

import math
from typing import ClassVar

from staleness.algorithms.delays import Mean
from staleness.workflow.analysis import measures, words
from staleness.workflow.analysis.effects import TIMES, break_even, faster, level
from staleness.workflow.analysis.phrases import number
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above, below


class Delays(Claim):
    """Time to target of 4 delayed asynchronous processors beside the undelayed single processor.

    "Twice a mini-batch" is the shortest of the mean delays that were run, "some longer mean" the
    longest. In the paper it is 5 s after one mini-batch in four, 1.25 s for each of 0.62 s, and
    with 10 and 20 s the single processor wins. That learning goes on to converge all the same is
    not judged.

    Gimpel, Das & Smith (2010), section 6.1, figure 3.
    """

    number = 3
    name = "delays"
    statement = (
        "Asynchronous learning bears delays of about twice a mini-batch on average; at some longer "
        "mean the single processor that is not delayed wins."
    )
    measured = (
        "speed-up over the undelayed single processor with the shortest and with the longest "
        "mean delay"
    )
    criterion = "above 1; below 1"
    tasks = ("ner",)
    cases: ClassVar = {
        REPRODUCED: ([100, 110, 120], [800, 900, 1000]),
        NOT_REPRODUCED: ([500, 500, 500], [800, 900, 1000]),
        UNDECIDED: ([100, 110, 120], [300, 500, 500]),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(size=4),
            "delayed": Need(
                "asynchronous",
                4,
                size=4,
                delayed=True,
                free=("delay_mean",),
                along=lambda cell: (cell.delay.unit, cell.delay.value),
                at_least=2,
                what="mean delays",
            ),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        lengths = {
            key: _mini_batches(cells["single"], Mean(*key[::-1])) for key in cells["delayed"]
        }
        ordered = sorted(lengths, key=lengths.get)

        def speed_up(cells, key):
            return faster(cells["delayed"][key], cells["single"], level(cells["single"]))

        def named(key):
            mean = words.describe_mean(Mean(*key[::-1]))
            if key[0] == "s":
                mean += f" ({number(lengths[key], 2)} mini-batches)"
            return f"asynchronous with mean delays of {mean} over undelayed single"

        # How many times as long it takes: about linear in the mean delay, as the delays are.
        slower = [1 / ratio if (ratio := speed_up(cells, key)) else math.inf for key in ordered]
        even = break_even([lengths[key] for key in ordered], slower)
        note = ""
        if not math.isnan(even):
            note = f"by linear interpolation the two are even at {number(even)} mini-batches"
        first, last = ordered[0], ordered[-1]
        return [
            Part(named(first), TIMES, lambda cells: speed_up(cells, first), above(1)),
            Part(named(last), TIMES, lambda cells: speed_up(cells, last), below(1), note=note),
        ]

    @staticmethod
    def made_up(make, short, long):
        """Return made-up cells; see `Claim`."""
        return [
            make.reaching("ner", "single", make.SINGLE),
            make.reaching("ner", "asynchronous", short, 4, delay_mean="5s"),
            make.reaching("ner", "asynchronous", long, 4, delay_mean="20s"),
        ]


def _mini_batches(cell, mean):
    """Return a mean delay in mini-batches of the single processor."""
    seconds = measures.mini_batch_seconds(cell)
    return mean.seconds(seconds) / seconds
