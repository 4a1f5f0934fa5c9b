"""Artificial pauses: what a slow or busy machine does to the others.

Gimpel, Das & Smith (2010), section 6.1: with probability 0.25, after the statistics of a mini-batch
and before their update, a processor sleeps for max(N(mu, (mu / 5)^2), 0) seconds. There
asynchronous learning alone had such pauses; here any schedule may. The j-th pause of processor p
depends on the seed, p and j alone, so that every schedule meets the same ones.
"""

import re
from dataclasses import dataclass

import numpy as np

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.seeds import generator

PROBABILITY = 0.25
RELATIVE_DEVIATION = 0.2
# Of 9 digits at most, so that times stay far from infinity; also of MapReduce's start-up of a job.
PATTERN = re.compile(r"(\d{1,9}(?:\.\d*)?|\.\d+)([sx])")


@dataclass(frozen=True)
class Mean:
    """The mean of a pause: seconds, or multiples of the mean mini-batch.

    Attributes
    ----------
    value : float
    unit : str
        "s" or "x".
    """

    value: float
    unit: str

    @classmethod
    def parse(cls, text):
        """Read "5s" or "8x".

        Raises
        ------
        StalenessError
            If it is neither.
        """
        match = PATTERN.fullmatch(text)
        if not match:
            raise StalenessError(
                f"delay mean '{text}': expected seconds as in '5s', "
                "or multiples of the mean mini-batch as in '8x', below 10^9"
            )
        return cls(float(match[1]), match[2])

    def seconds(self, mini_batch_seconds):
        """Return the mean in seconds, given the seconds of a mean mini-batch if these count."""
        return self.value * (mini_batch_seconds if self.unit == "x" else 1.0)


def counts_mini_batches(text):
    """Return whether a mean such as "8x", or None, depends on how long a mini-batch takes."""
    return text is not None and Mean.parse(text).unit == "x"


def draw(seed, processors, turns, mean, probability=PROBABILITY):
    """Return the pauses of every processor.

    Parameters
    ----------
    seed, processors, turns : int
    mean : float
        mu, in seconds.
    probability : float
        That there is a pause at all.

    Returns
    -------
    ndarray of float64 [processors, turns]
        Seconds; most are 0.
    """
    pauses = np.empty((processors, turns))
    for p in range(processors):
        # Two generators, so that the j-th pause does not depend on how many there are.
        happens = generator(seed, "delays", p, "happens").random(turns) < probability
        normal = generator(seed, "delays", p, "length").standard_normal(turns)
        lengths = mean + RELATIVE_DEVIATION * mean * normal
        pauses[p] = np.where(happens, np.maximum(lengths, 0.0), 0.0)
    return pauses
