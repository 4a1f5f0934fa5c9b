"""Figures: one file each, found by its class; they read runs and never make any."""

import math
import sys
from abc import ABC, abstractmethod
from typing import ClassVar

from staleness.algorithms.components import discover
from staleness.workflow.analysis import grouping, summaries

FORMAT = 2  # of the NAME.json that goes with a figure


class Figure(ABC):
    """A figure.

    Attributes
    ----------
    name : str
        What it is called on the command line, and its files.
    title : str
        What it shows, in a few words.
    question : str
        What it is drawn to answer; the report has it above the figure.
    claims : tuple of str
        The claims that are judged by the same runs.
    place : float
        The report has figures by rising place, those that say none last.
    task : str or None
        The task whose runs it is about; None if it has a panel for each.
    metric : str or None
        The column of the curves that its table is about; None if it has one for each task.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str] = ""
    claims: ClassVar[tuple[str, ...]] = ()
    place: ClassVar[float] = math.inf
    task: ClassVar[str | None]
    metric: ClassVar[str | None]

    def skip(self, cells):
        """Return why the figure makes no sense for some cells, or None."""
        task = cells[0].configuration["task"]
        return None if task == self.task else f"it is about task {self.task}, not {task}"

    def shared(self, cells):
        """Return what cells that stand side by side share, a list of `grouping.common`.

        Raises
        ------
        StalenessError
            If they cannot be compared.
        """
        groups = [cells] if self.task else grouping.by_task(cells).values()
        return [grouping.common(group) for group in groups]

    @abstractmethod
    def draw(self, cells):
        """Return a matplotlib figure in the suite's style (`style.applied`).

        Parameters
        ----------
        cells : list of staleness.workflow.analysis.runs.Cell
            Comparable ones (`shared`) for which `skip` gave no reason.
        """

    @abstractmethod
    def caption(self, cells):
        """Return the text below the figure.

        It states clock, cost model, corpus, seeds and machine, and what to see, with every number
        computed from the cells.
        """

    def table(self, cells):
        """Return the numbers behind the figure, what JSON can hold; see `summaries.summarise`."""
        return summaries.summarise(cells, self.metric)


def figures():
    """Return all figures, a dict of name to class."""
    return discover(sys.modules[__name__], Figure)
