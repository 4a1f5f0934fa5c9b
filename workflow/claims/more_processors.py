"""Claim 2: what two more processors bring, and why."""

from typing import ClassVar

import numpy as np

from staleness.workflow.analysis import activity
from staleness.workflow.analysis.effects import faster, level, quotient, stated
from staleness.workflow.analysis.phrases import percent
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above

KINDS = [(schedule, count) for schedule in ("synchronous", "asynchronous") for count in (2, 4)]


class MoreProcessors(Claim):
    """Speed-up of 4 processors over 2, and how much of their time they idle.

    The paper sets no bound to "very little" and "more": what is judged is which of the schedules
    gains more, and whether it is the one whose processors idle less; each gain is stated in the
    note. Idle is all that is neither computing statistics nor updating, over whole runs.

    Gimpel, Das & Smith (2010), section 6.1, figure 2. Four processors that share a mini-batch of 4
    have an example each, so that no better split is left.
    """

    number = 2
    name = "more-processors"
    statement = (
        "Going from 2 to 4 processors helps synchronous learning very little and asynchronous "
        "learning more: being in step is what it costs."
    )
    measured = (
        "gain of asynchronous over gain of synchronous; idle share of synchronous less that "
        "of asynchronous processors (from traces, P = 4)"
    )
    criterion = "above 1; above 0"
    tasks = ("ner",)
    cases: ClassVar = {
        REPRODUCED: (([200, 220, 240], [180, 190, 200]), ([200, 220, 240], [100, 110, 120])),
        NOT_REPRODUCED: (([200, 220, 240], [100, 110, 120]), ([200, 220, 240], [180, 190, 200])),
        UNDECIDED: (([200, 220, 240], [100, 190, 200]), ([200, 220, 240], [110, 110, 120])),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(size=4),
            **{f"{schedule} {count}": Need(schedule, count, size=4) for schedule, count in KINDS},
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        idle = {
            schedule: _idle(cells[f"{schedule} 4"]) for schedule in ("synchronous", "asynchronous")
        }

        def gain(schedule, cells):
            target = level(cells["single"])
            return faster(cells[f"{schedule} 4"], cells[f"{schedule} 2"], target)

        def ratio(cells):
            return quotient(gain("asynchronous", cells), gain("synchronous", cells))

        def more_idle(cells):
            seeds = cells["single"].seeds
            rows = [[idle[schedule][seed] for seed in seeds] for schedule in idle]
            return 100 * float(np.median(np.subtract(*rows)))

        gains = " and ".join(
            f"{schedule} learning is {stated(gain(schedule, cells))} times as fast"
            for schedule in idle
        )
        shares = " and ".join(
            f"{schedule} processors idle {percent(float(np.median(list(shares.values()))))} of "
            "their time"
            for schedule, shares in idle.items()
        )
        return [
            Part(
                "asynchronous over synchronous gain from 2 to 4 processors",
                "times as large",
                ratio,
                above(1),
                note=f"with 4 processors instead of 2 {gains}",
            ),
            Part(
                "idle time of 4 synchronous over 4 asynchronous processors",
                "percentage points",
                more_idle,
                above(0),
                note=shares,
            ),
        ]

    @staticmethod
    def made_up(make, synchronous, asynchronous, busy=False):
        """Return made-up cells, given the times of 2 and of 4 processors; see `Claim`."""
        idle = make.trace("synchronous", 4)
        if busy:
            idle |= {"barrier_wait": 0 * idle["end"], "computed": idle["end"] - idle["update"]}
        traces = {"synchronous": idle, "asynchronous": make.trace("asynchronous", 4)}
        cells = [make.reaching("ner", "single", make.SINGLE)]
        for schedule, times in [("synchronous", synchronous), ("asynchronous", asynchronous)]:
            for count, own in zip((2, 4), times, strict=True):
                cells.append(make.reaching("ner", schedule, own, count, trace=traces[schedule]))
        return cells


def _idle(cell):
    """Return the share of its processors' time that is idle, a dict by seed."""
    return {
        seed: 1 - activity.shares(trace)["busy"]
        for seed, trace in zip(cell.seeds, cell.traces, strict=True)
    }
