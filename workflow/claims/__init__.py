"""The paper's claims, and questions of its talk and of theory: one file each, found by its class.

They read runs and never make any.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from staleness.algorithms.components import discover
from staleness.workflow.claims.criteria import Criterion


@dataclass(frozen=True)
class Part:
    """Something that a claim says of a task.

    Attributes
    ----------
    name : str
        What is measured.
    unit : str
        Of the effect; "" if it has none.
    effect : callable
        Of the cells of `Claim.needs`, by the same names, the number that is judged: NaN if it does
        not exist. It is called anew for every resample of the seeds.
    criterion : Criterion
        What the effect has to be.
    note : str
        What else there is to say, a phrase.
    otherwise : Part, optional
        The same, measured in another way that is as good; it is reported, not judged.
    """

    name: str
    unit: str
    effect: Callable
    criterion: Criterion
    note: str = ""
    otherwise: "Part | None" = None


class Claim(ABC):
    """A claim.

    Attributes
    ----------
    number : int
        The table of claims is in this order.
    name : str
        What it is called in the config and on the command line.
    statement : str
        The claim as the paper makes it; where more is judged than the paper says, it says so.
    measured : str
        The effect, or the effects, in a few words.
    criterion : str
        What it has to be for the claim to be reproduced.
    tasks : tuple of str
        Those it is about.
    cases : dict of str to tuple
        Of each verdict, what `made_up` is given for cells that have to give it.
    """

    number: ClassVar[int]
    name: ClassVar[str]
    statement: ClassVar[str]
    measured: ClassVar[str]
    criterion: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]
    cases: ClassVar[dict[str, tuple]]

    @staticmethod
    @abstractmethod
    def made_up(make, *numbers):
        """Return made-up cells, which the claim is tried on, a list.

        Parameters
        ----------
        make : module
            What makes them of numbers: `reaching`, cells whose seeds reach the target at some
            times; `ending`, cells whose seeds end at some values; `trace`. See
            `tests/workflow/claims/made_up.py`.
        *numbers
            What decides about the verdict; see `cases`.
        """

    @abstractmethod
    def needs(self, task):
        """Return the cells that it needs of a task, a dict of name to `selection.Need`."""

    def experiment(self, cell):
        """Return what tells experiments apart of which each is judged by itself, in their order."""
        return ()

    @abstractmethod
    def parts(self, cells):
        """Return what is to be judged of a task, a list of `Part`.

        Parameters
        ----------
        cells : dict of str to Cell, or to dict of number to Cell
            What `needs` asked for; a dict where it asked for several, along a number.
        """


def claims():
    """Return all claims, a dict of name to class, by their numbers."""
    found = discover(sys.modules[__name__], Claim)
    return dict(sorted(found.items(), key=lambda item: item[1].number))


def table():
    """Return the claims as a table in Markdown, its lines."""
    yield "| | name | claim | effect | reproduced if |"
    yield "|---|---|---|---|---|"
    for name, claim in claims().items():
        cells = [claim.number, f"`{name}`", claim.statement, claim.measured, claim.criterion]
        yield f"| {' | '.join(map(str, cells))} |"
