"""Claim 5: what the size of mini-batches does to the gain of asynchrony."""

import math
from typing import ClassVar

from staleness.workflow.analysis import grouping, measures
from staleness.workflow.analysis.effects import faster, level, stated
from staleness.workflow.analysis.phrases import listed
from staleness.workflow.analysis.selection import Missing, Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, below

LEAST = 3  # sizes for a slope
PROCESSORS = 4


class MiniBatches(Claim):
    """Speed-up of asynchronous over synchronous learning with 4 processors, as m doubles.

    The effect is the slope of the least-squares line of the speed-up against log2 m. The target of
    each m is that of its own single processor. Hyper-parameters may go with m, such as the step.
    Mini-batches have an example for each processor at least.

    Gimpel, Das & Smith (2010), section 6.2, figure 5, with m = 10,000, 1,000 and 100.
    """

    number = 5
    name = "mini-batches"
    statement = (
        "The advantage of asynchronous over synchronous learning grows as mini-batches become "
        "smaller. The paper says so of word alignment; here it is asked of every task."
    )
    measured = "slope of the speed-up of asynchronous over synchronous learning against log2 m"
    criterion = "below 0"
    tasks = ("ner", "alignment", "tagging")
    cases: ClassVar = {
        REPRODUCED: ([2.0, 1.5, 1.2], 0.0),
        NOT_REPRODUCED: ([1.2, 1.5, 2.0], 0.0),
        UNDECIDED: ([1.5, 1.5, 1.5], 0.2),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        several = {
            "free": ("mini_batch_size", "hyper_parameters"),
            "along": lambda cell: cell.configuration["mini_batch_size"],
            "at_least": LEAST,
            "what": "mini-batch sizes",
        }
        return {
            "single": single(**several),
            "synchronous": Need("synchronous", PROCESSORS, **several),
            "asynchronous": Need("asynchronous", PROCESSORS, **several),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        # Of fewer examples than processors some have none to compute.
        shared = set.intersection(*map(set, cells.values()))
        sizes = sorted(size for size in shared if size >= PROCESSORS)
        if len(sizes) < LEAST:
            raise Missing(f"the schedules share {len(sizes)} mini-batch sizes, not {LEAST}")
        for size in sizes:
            different = grouping.differing([group[size] for group in cells.values()])
            if different:
                raise Missing(f"with m = {size} the schedules differ in {different[0]}")

        def gains(cells):
            return [
                faster(
                    cells["asynchronous"][size],
                    cells["synchronous"][size],
                    level(cells["single"][size]),
                )
                for size in sizes
            ]

        def slope(cells):
            return measures.line([math.log2(size) for size in sizes], gains(cells))[0]

        found = listed([stated(gain) for gain in gains(cells)])
        return [
            Part(
                "speed-up of asynchronous over synchronous learning as m doubles",
                "a doubling",
                slope,
                below(0),
                note=f"the speed-up is {found} with m = {listed(sizes)}",
            )
        ]

    @staticmethod
    def made_up(make, gains, jitter=0.0, tasks=("ner", "alignment", "tagging")):
        """Return made-up cells: what asynchrony gains with m = 4, 16 and 64; see `Claim`."""
        cells = []
        for task in tasks:
            for size, gain in zip((4, 16, 64), gains, strict=True):
                # The seeds disagree on what large mini-batches bring.
                late = [100 / (gain + jitter * (size > 4) * (seed - 1)) for seed in range(3)]
                cells += [
                    make.reaching(task, "single", make.SINGLE, mini_batch_size=size),
                    make.reaching(task, "synchronous", [100] * 3, 4, mini_batch_size=size),
                    make.reaching(task, "asynchronous", late, 4, mini_batch_size=size),
                ]
        return cells
