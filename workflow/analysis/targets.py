"""Targets: levels of a metric, fixed before looking, at which learners are timed."""

import math
from dataclasses import dataclass

from staleness.algorithms.arrays import ABOUT
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json

SHARE = 0.99  # of the way
SHARES = (0.95, 0.98, 0.995)  # at which verdicts are given, too


@dataclass(frozen=True)
class Target:
    """A level on the way from where learning starts to the best that can be learned.

    Attributes
    ----------
    start, best : float
        Values of the metric.
    fixed : bool
        Whether they were written down beforehand; if not, they are those of the very runs.
    """

    start: float
    best: float
    fixed: bool = True

    def level(self, share=SHARE):
        """Return what covers a share of the way."""
        return self.start + share * (self.best - self.start)


def read(given):
    """Return the targets of `--target` options.

    Parameters
    ----------
    given : list of list of str
        Folder of an encoded corpus, metric, start and best.

    Returns
    -------
    dict of str to dict of str to Target
        By the digest of the corpus and the metric.

    Raises
    ------
    StalenessError
        If a folder is no encoded corpus, or a value no number.
    """
    targets = {}
    for folder, metric, *values in given:
        try:
            digest = read_json(f"{folder}/{ABOUT}")["digest"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StalenessError(
                f"--target {folder}: no encoded corpus ({error}): make it with 'staleness encode'"
            ) from error
        try:
            start, best = map(float, values)
        except ValueError:
            start = best = math.nan
        if not (math.isfinite(start) and math.isfinite(best) and start != best):
            raise StalenessError(
                f"--target {folder} {metric} {' '.join(values)}: expected two different numbers, "
                "the metric at the start and the best that can be learned"
            )
        targets.setdefault(digest, {})[metric] = Target(start, best)
    return targets
