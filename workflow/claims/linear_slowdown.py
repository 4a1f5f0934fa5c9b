"""Claim 9: convergence slows about linearly with the maximum delay."""

import math
from typing import ClassVar

import numpy as np

from staleness.workflow.analysis import activity, hinge, measures, runs
from staleness.workflow.analysis.effects import level
from staleness.workflow.analysis.phrases import listed, number
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above

LEAST_POINTS = 6  # for a hinge
FIT = 0.8  # of R2: what the line has to explain at least for "about linearly"


class LinearSlowdown(Claim):
    """Updates to target against the greatest staleness of any update, with a line fitted.

    Staleness is what theory calls the delay; it comes of more processors or of pauses. The single
    processor, whose updates are never stale, is one of the points; each point is the median over
    seeds. Both has to hold: that the line rises, and that it explains most of what varies. The note
    says whether a hinge, flat up to some staleness and then a line, describes the points better; so
    for the mean staleness, and for the root of greatest times mean, as in later theory (Koloskova,
    Stich & Jaggi 2022).

    Langford, Smola & Zinkevich (2009), as cited by Gimpel, Das & Smith (2010), section 5.2: their
    bounds are linear in the maximum delay.
    """

    number = 9
    name = "linear-slowdown"
    statement = (
        "Convergence slows about linearly with the maximum delay: a question of theory, which "
        "bounds it so; the paper measured nothing of the kind."
    )
    measured = "slope and R² of the line through updates to target against the greatest staleness"
    criterion = "above 0; above 0.8"
    tasks = ("ner",)
    cases: ClassVar = {
        REPRODUCED: ([[100] * 3, [130, 131, 132], [170, 172, 174], [250] * 3],),
        NOT_REPRODUCED: ([[100] * 3, [98] * 3, [95] * 3, [90] * 3],),
        UNDECIDED: ([[100] * 3, [130] * 3, [170] * 3, [250, 90, 250]],),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(),
            "asynchronous": Need(
                "asynchronous",
                delayed=None,
                free=runs.DELAYS,
                along=lambda cell: (cell.processors, str(cell.delay)),
                at_least=3,
                what="numbers of processors or mean delays",
            ),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""
        # Not resampled: it hardly differs from seed to seed, and traces are long.
        stale = [0.0, *map(activity.greatest_staleness, cells["asynchronous"].values())]

        def updates(cells):
            target = level(cells["single"])
            metric = measures.first_metric(cells["single"].configuration["task"])
            return [
                measures.updates_to_target(cell, metric, target).median
                for cell in (cells["single"], *cells["asynchronous"].values())
            ]

        def fitted(cells):
            return measures.line(stale, updates(cells))

        counts = updates(cells)
        points = [f"{count:,.0f}" if math.isfinite(count) else "never" for count in counts]
        delays = listed([f"{value:g}" for value in stale])
        return [
            Part(
                "updates to target for every update of maximum staleness",
                "updates",
                lambda cells: fitted(cells)[0],
                above(0),
                note="; ".join(
                    [
                        f"{listed(points)} updates with a maximum staleness of {delays}",
                        *_shapes(cells["asynchronous"].values(), stale, counts),
                    ]
                ),
            ),
            Part(
                "share of the variance that the line explains (R²)",
                "",
                lambda cells: fitted(cells)[2],
                above(FIT),
            ),
        ]

    @staticmethod
    def made_up(make, updates):
        """Return made-up cells, given the updates of 1, 4, 8 and 16 processors; see `Claim`."""
        cells = []
        for count, times in zip((1, 4, 8, 16), updates, strict=True):
            made = make.trace("asynchronous", count)
            trace = {name: made[name] for name in ("staleness", "update_number")}
            schedule = "asynchronous" if count > 1 else "single"
            cells.append(make.reaching("ner", schedule, times, count, trace=trace))
        return cells


def _shapes(cells, greatest, updates):
    """Yield phrases on what describes the points better, a line or a hinge, by each staleness."""
    reached = np.isfinite(updates)
    mean = np.array([0.0, *map(activity.mean_staleness, cells)])
    measured = {
        "greatest": np.array(greatest),
        "mean": mean,
        "root of greatest times mean": np.sqrt(mean * greatest),
    }
    for name, staleness in measured.items():
        x, y = staleness[reached], np.array(updates)[reached]
        if len(np.unique(x)) < LEAST_POINTS:
            return
        straight, bent = hinge.line(x, y), hinge.hinge(x, y)
        better = "line" if straight.aicc <= bent.aicc else f"hinge at {number(bent.bend)}"
        ahead = number(abs(straight.aicc - bent.aicc))
        yield f"against the {name} staleness a {better} is better by an AICc of {ahead}"
