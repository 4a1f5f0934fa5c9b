"""Claim 4: batch, synchronous and asynchronous EM on word alignment."""

from dataclasses import replace
from typing import ClassVar

from staleness.workflow.analysis import runs
from staleness.workflow.analysis.effects import TIMES, faster, level
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, above


class AlignmentSchedules(Claim):
    """Times to the target of the log-likelihood with 4 processors.

    The target is that of the single processor's stepwise EM, as everywhere. Batch EM may end higher
    and would be measured otherwise by a target of its own: that is reported if it changes the
    verdict. If batch EM ends lower than the target, it is infinitely late.

    Gimpel, Das & Smith (2010), section 6.2, figure 4: with m = 10,000, which suited this corpus,
    asynchronous and synchronous stepwise EM converge at the same rate, both faster than one
    processor and than batch EM, which has one processor there.
    """

    number = 4
    name = "alignment-schedules"
    statement = (
        "Synchronous stepwise EM beats batch EM, and asynchronous stepwise EM beats both, all on "
        "as many processors. The second is more than the paper says: there asynchronous and "
        "synchronous stepwise EM converge at the same rate with the mini-batches that suit them, "
        "and batch EM has one processor."
    )
    measured = "ratios of times to the target of the log-likelihood, P = 4"
    criterion = "above 1"
    tasks = ("alignment",)
    cases: ClassVar = {
        REPRODUCED: ([900], [200, 220, 240], [100, 110, 120]),
        NOT_REPRODUCED: ([150], [200, 220, 240], [100, 110, 120]),
        UNDECIDED: ([230], [200, 220, 240], [100, 110, 120]),
    }

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {
            "single": single(),
            "synchronous": Need("synchronous", 4),
            "asynchronous": Need("asynchronous", 4),
            "batch": Need("parallel-batch", 4, update="em", free=runs.LEARNING),
        }

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def part(one, other):
            def over(measure):
                return lambda cells: faster(cells[one], cells[other], level(cells[measure]))

            made = Part(f"{one} over {other}", TIMES, over("single"), above(1))
            by_batch = "with the target of batch EM"
            return replace(made, otherwise=replace(made, name=by_batch, effect=over("batch")))

        return [part("synchronous", "batch"), part("asynchronous", "synchronous")]

    @staticmethod
    def made_up(make, batch, synchronous, asynchronous, end=0.9):
        """Return made-up cells, given where batch EM ends; see `Claim`."""
        return [
            make.reaching("alignment", "single", make.SINGLE),
            make.reaching("alignment", "synchronous", synchronous, 4),
            make.reaching("alignment", "asynchronous", asynchronous, 4),
            make.reaching("alignment", "parallel-batch", batch, 4, end, update="em", epochs=20),
        ]
