"""A figure as `snakemake --report` shows it: read when that asks, long after jobs are planned."""

import re
from dataclasses import dataclass

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.plain_json import read_json
from staleness.workflow.report.content import ALL_TASKS


@dataclass(frozen=True)
class Drawn:
    """A figure; it is a parameter of a rule, and stays the same whatever the file holds.

    Attributes
    ----------
    path : str
        NAME.json.
    """

    path: str

    @property
    def title(self):
        """What it shows, as reStructuredText."""
        return _plain(self._about()["title"])

    @property
    def caption(self):
        """The text below it, as reStructuredText."""
        return _plain(self._about()["caption"])

    @property
    def category(self):
        """The title of its task."""
        tasks = {one["task"] for one in self._about()["shared"]}
        return TASKS[tasks.pop()].title if len(tasks) == 1 else ALL_TASKS

    @property
    def labels(self):
        """What the list of figures says of it."""
        return {"figure": self._about()["title"]}

    def _about(self):
        return read_json(self.path)


def _plain(text):
    """Return a text of which reStructuredText takes nothing for markup."""
    return re.sub(r"([\\*_`|<>\[\]:])", r"\\\1", text)
