"""A claim of another distribution."""

from staleness.workflow.analysis.effects import gain
from staleness.workflow.analysis.selection import Need, single
from staleness.workflow.claims import Claim, Part
from staleness.workflow.claims.criteria import above


class AsGood(Claim):
    """Where 4 asynchronous processors end, less where one does."""

    number = 99
    name = "as-good"
    statement = "Asynchronous learning ends no lower than half of what one processor reaches."
    measured = "final F1, asynchronous less single"
    criterion = "above -0.5"
    tasks = ("ner",)

    def needs(self, task):
        """Return the cells it needs; see `Claim`."""
        return {"single": single(), "asynchronous": Need("asynchronous", 4)}

    def parts(self, cells):
        """Return what is judged; see `Claim`."""

        def lost(cells):
            return gain(cells["asynchronous"], cells["single"], "f1")

        return [Part("asynchronous less single", "", lost, above(-0.5))]
