"""95 % intervals by bootstrap over seeds.

A resample takes as many seeds as there are, with replacement, and the whole effect, targets and
all, is computed anew from the runs of those seeds. All cells take the same seeds: a seed gives
every schedule the same order of examples and the same delays, and such pairs are kept together.

The interval is the percentile interval (Efron 1979): from the 2.5 % to the 97.5 % quantile of the
effect over resamples. Its bias-corrected and accelerated form (BCa) would need the effect to vary
smoothly with the seeds, which medians of three do not. With up to 7 seeds all resamples are
enumerated, with their probabilities; of more seeds, 2000 are drawn.

What few seeds can tell: of 3 seeds, one and the same is drawn three times in 1 of 27 resamples,
more than 2.5 %, so the interval of a median is from the lowest seed to the highest. If nothing else
is assumed, it covers the true median, that of all possible seeds, in 1 - 2 (1/2)^3 = 75 % of all
cases, not in 95 %; that of 5 seeds does so in 94 %. A verdict from 3 seeds says that all three
agree, and no more; from fewer there is none.

Resamples in which the effect does not exist may have any effect: they count as infinitely low for
the lower end of the interval and as infinitely high for the upper.
"""

import itertools
import math
from collections import Counter

import numpy as np

from staleness.algorithms.seeds import generator

CONFIDENCE = 0.95
SEEDS_NEEDED = 3
RESAMPLES = 2000  # at most


def resamples(seeds, purpose):
    """Return the resamples of some seeds.

    Parameters
    ----------
    seeds : sequence of int
    purpose : str
        What they are for; where they are drawn, they depend on it and on nothing else.

    Returns
    -------
    dict of tuple of int to float
        Seeds in rising order, as many as there are, to the probability of drawing them.
    """
    seeds = sorted(seeds)
    count = len(seeds)
    if math.comb(2 * count - 1, count) <= RESAMPLES:
        orders, all_draws = math.factorial(count), count**count
        return {
            chosen: orders / math.prod(map(math.factorial, Counter(chosen).values())) / all_draws
            for chosen in itertools.combinations_with_replacement(seeds, count)
        }
    drawn = generator(0, "bootstrap", purpose).choice(seeds, (RESAMPLES, count))
    found = Counter(tuple(sorted(row)) for row in drawn.tolist())
    return {chosen: times / RESAMPLES for chosen, times in found.items()}


def interval(effects, shares):
    """Return the ends of the percentile interval.

    Parameters
    ----------
    effects : sequence of float
        Of each resample; NaN where it does not exist.
    shares : sequence of float
        The probabilities of the resamples.

    Returns
    -------
    low, high : float
    """
    tail = (1 - CONFIDENCE) / 2
    effects = np.asarray(effects, dtype=float)
    low = _quantile(np.where(np.isnan(effects), -np.inf, effects), shares, tail)
    high = -_quantile(-np.where(np.isnan(effects), np.inf, effects), shares, tail)
    return low, high


def _quantile(values, shares, tail):
    """Return the lowest value so that it and all lower ones make up more than `tail`."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.asarray(shares, dtype=float)[order])
    place = min(int(np.searchsorted(reached, tail, side="right")), len(order) - 1)
    return float(values[order][place])
