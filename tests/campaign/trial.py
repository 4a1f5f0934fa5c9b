"""What campaigns have in common: numbered trials, each a function of its seed, and their count."""

import random
import shutil
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

WELL, ONE_LINE, OTHERWISE = "ended well", "in one line", "otherwise"


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes
    ----------
    end : str
        WELL, ONE_LINE or OTHERWISE; the last is a fault.
    what : str
        What was done.
    said : str
        What came of it, such as the one line.
    """

    end: str
    what: str
    said: str = ""


class Campaign(ABC):
    """Trials of one kind.

    Attributes
    ----------
    name : str
        What is typed after `python -m tests.campaign`.
    trials : str
        What its trials are called where they are counted.
    count : int
        How many there are unless told otherwise.
    """

    name: ClassVar[str]
    trials: ClassVar[str]
    count: ClassVar[int]

    @abstractmethod
    def prepare(self, folder):
        """Make what all trials share; the folder is empty and stays until all have ended."""

    @abstractmethod
    def trial(self, choose, folder):
        """Make one trial.

        Parameters
        ----------
        choose : random.Random
            What the trial is depends on this alone.
        folder : pathlib.Path
            Empty, and of this trial alone.

        Returns
        -------
        Outcome
        """


def say(line):
    """Print a line at once, wherever it goes."""
    print(line, flush=True)


def carry_out(campaign, numbers, seed, tell=say, keep=None, verbose=False):
    """Make trials, tell of each that ended otherwise, and count.

    Parameters
    ----------
    campaign : Campaign
    numbers : iterable of int
        The trials.
    seed : int
    tell : callable, optional
        Takes a line.
    keep : path-like, optional
        Where the folders of trials that ended otherwise go; they are removed unless given.
    verbose : bool, optional
        Tell of every trial.

    Returns
    -------
    collections.Counter
        How many ended in which way.
    """
    ends = Counter()
    with TemporaryDirectory(prefix="campaign-") as folder:
        shared = Path(folder) / "shared"
        shared.mkdir()
        campaign.prepare(shared)
        for number in numbers:
            place = Path(folder) / "trial"
            place.mkdir()
            outcome = campaign.trial(random.Random(f"{campaign.name} {seed} {number}"), place)
            ends[outcome.end] += 1
            trial = f"{campaign.name} {number}"
            if outcome.end == OTHERWISE or verbose:
                tell(f"{trial}: {outcome.end}: {outcome.what}: {outcome.said}")
            if outcome.end == OTHERWISE:
                again = f"{campaign.name} --seed {seed} --only {number}"
                tell(f"  again: python -m tests.campaign {again}")
                if keep is not None:
                    shutil.copytree(place, Path(keep) / trial, symlinks=True)
            shutil.rmtree(place)
    return ends


def counted(campaign, ends):
    """Return how many trials ended in which way, as a line."""
    each = ", ".join(f"{ends[end]} {end}" for end in (WELL, ONE_LINE, OTHERWISE))
    return f"{sum(ends.values())} {campaign.trials}: {each}"
