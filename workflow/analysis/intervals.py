"""What some seeds tell of all: intervals and tests that assume nothing of how effects are spread.

Every effect is measured for each seed alone; a seed gives every schedule the same order of examples
and the same delays, and what is learned from it is independent of other seeds. So the effects are a
sample, and of its median is known, whatever the distribution:

- It lies between the k-th lowest and the k-th highest of n effects in 1 - 2 P(B < k) of all cases,
  with B binomial of n and 1/2 (Thompson 1936). `interval` takes the narrowest of these that covers
  as much as is asked for. With 6 seeds that is the range: it covers the median in 96.9 % of all
  cases, and fewer seeds have no 95 % interval. With 11 it is from the second to the last but one
  (98.8 %).
- If it did not lie beyond a bound, so many effects would do so with a probability of `sign_test`.

An effect that does not exist may have any value: it counts as infinitely low for the lower end and
as infinitely high for the upper.
"""

import math

import numpy as np

CONFIDENCE = 0.95
# Two one-sided tests at 5 % each are whether the 90 % interval lies within the bounds (Schuirmann
# 1987).
OF_EQUIVALENCE = 0.90
LEVEL = 0.05  # of tests


def rank(count, confidence=CONFIDENCE):
    """Return k, from 1, of the interval from the k-th lowest to the k-th highest; 0 if none does.

    Parameters
    ----------
    count : int
        Of effects.
    confidence : float
        What the interval has to cover at least.
    """
    k = 0
    while coverage(count, k + 1) >= confidence:
        k += 1
    return k


def coverage(count, k):
    """Return how probable it is that the interval of rank k holds the median."""
    if not 1 <= k <= (count + 1) // 2:
        return 0.0
    return 1 - 2 * sum(math.comb(count, j) for j in range(k)) / 2**count


def seeds_needed(confidence=CONFIDENCE):
    """Return the least number of seeds that have an interval."""
    count = 1
    while not rank(count, confidence):
        count += 1
    return count


def interval(effects, confidence=CONFIDENCE):
    """Return the ends of the interval of the median; the range, if there are too few effects.

    Parameters
    ----------
    effects : sequence of float
        Of each seed; NaN where it does not exist.
    confidence : float

    Returns
    -------
    low, high : float
    """
    effects = np.asarray(effects, dtype=float)
    k = max(rank(len(effects), confidence), 1)
    low = np.sort(np.where(np.isnan(effects), -np.inf, effects))[k - 1]
    high = np.sort(np.where(np.isnan(effects), np.inf, effects))[-k]
    return float(low), float(high)


def median(effects):
    """Return the median; NaN if it depends on an effect that does not exist."""
    effects = np.asarray(effects, dtype=float)
    with np.errstate(invalid="ignore"):  # of two infinite ones in the middle
        low, high = (
            float(np.median(np.where(np.isnan(effects), at, effects))) for at in (-np.inf, np.inf)
        )
    return low if low == high else math.nan


def sign_test(beyond, count):
    """Return the probability that so many of the effects, or more, lie beyond their median."""
    return sum(math.comb(count, j) for j in range(beyond, count + 1)) / 2**count


def holm(probabilities):
    """Return probabilities of several tests, each raised for the number of tests (Holm 1979).

    Parameters
    ----------
    probabilities : sequence of float

    Returns
    -------
    list of float
        In the same order; a test counts if its own is at most `LEVEL`.
    """
    raised, greatest = [0.0] * len(probabilities), 0.0
    for done, place in enumerate(sorted(range(len(probabilities)), key=probabilities.__getitem__)):
        greatest = max(greatest, (len(probabilities) - done) * probabilities[place])
        raised[place] = min(greatest, 1.0)
    return raised
