"""A line beside a hinge: what costs from the beginning, or only beyond some point.

    line    y = a + b x
    hinge   y = a + b max(x - c, 0)

Both are least-squares fits. Which describes the points better without having more to choose is what
Akaike's information criterion says, corrected for few points (Hurvich & Tsai 1989):

    AICc = n ln(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1)

with k parameters, the variance among them. The lower is better; a difference of 10 or more leaves
little doubt (Burnham & Anderson 2002).
"""

import math
from dataclasses import dataclass

import numpy as np

STEPS = 200  # places of the bend that are tried between the first point and the last but one
LEAST = 1e-12  # of the residuals' share of the variance: rounding is no better fit


@dataclass(frozen=True)
class Fit:
    """One of both.

    Attributes
    ----------
    slope, intercept : float
    bend : float or None
        c; None for a line.
    aicc : float
        Infinite where there are too few points.
    """

    slope: float
    intercept: float
    bend: float | None
    aicc: float


def line(x, y):
    """Return the `Fit` of a line through points, sequences of finite float."""
    return _fit(np.asarray(x, dtype=float), np.asarray(y, dtype=float), None)


def hinge(x, y):
    """Return the `Fit` of a hinge through points, sequences of finite float."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    places = np.linspace(x.min(), np.unique(x)[-2], STEPS)
    return min((_fit(x, y, float(place)) for place in places), key=lambda fit: fit.aicc)


def _fit(x, y, bend):
    along = x if bend is None else np.maximum(x - bend, 0.0)
    columns = np.column_stack([np.ones(len(x)), along])
    (intercept, slope), *_ = np.linalg.lstsq(columns, y, rcond=None)
    rest = float(np.sum((y - columns @ [intercept, slope]) ** 2))
    least = LEAST * float(np.sum((y - y.mean()) ** 2))
    return Fit(
        float(slope),
        float(intercept),
        bend,
        _aicc(max(rest, least), len(x), 3 + (bend is not None)),
    )


def _aicc(rest, count, parameters):
    if count <= parameters + 1:
        return math.inf
    spread = -math.inf if rest == 0 else count * math.log(rest / count)
    return spread + 2 * parameters * (1 + (parameters + 1) / (count - parameters - 1))
