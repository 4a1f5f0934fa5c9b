"""What the driver has of a model, and the theta that comes of it."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.mapreduce.models import stretches
from staleness.kernels.models.multinomials import add_rows, probabilities
from staleness.kernels.core.validation import check_numbers

TINY = 1e-100  # below it, the scale of expected counts goes into them


@dataclass(frozen=True)
class Theta:
    """Parameters on their way to mappers.

    Attributes
    ----------
    values : ndarray of float32 [n, width]
    rows : ndarray of int32 [n], optional
        Which rows they are of the model's, ascending; without, all of them.
    for_one : bool
        Whether there is only one mapper, and they are what its share has to do with: it knows the
        rows, and these are neither sent to it nor by it.
    """

    values: np.ndarray
    rows: np.ndarray | None = None
    for_one: bool = False

    @property
    def nbytes(self):
        """Bytes of its arrays."""
        return self.values.nbytes + (0 if self.rows is None else self.rows.nbytes)

    def __sizeof__(self):
        return self.nbytes

    def at(self, rows):
        """Return the parameters of some rows, ascending, that it has."""
        if self.for_one:
            return self.values
        if self.rows is None:
            return self.values[rows]
        return self.values[np.searchsorted(self.rows, rows)]


class Weights:
    """Theta itself.

    Parameters
    ----------
    values : ndarray of float64 [rows, width]
        Master copy; update rules change it.
    """

    def __init__(self, values):
        self.values = values

    def theta(self, rows=None):
        """Return the `Theta` of some rows, or of all."""
        return Theta((self.values if rows is None else self.values[rows]).astype(np.float32), rows)


class Expected:
    """Expected counts of the whole corpus, of which theta is made.

    They are `scale` * `values`: where a part of all of them is forgotten only the scale changes, so
    that an update costs what it adds.

    Parameters
    ----------
    values : ndarray of float64 [rows, width]
        Changed by updates.
    multinomials : Multinomials
    smoothing : float
        Added to every count.

    Attributes
    ----------
    totals : ndarray of float64 [multinomials] or None
        What counts are divided by: their own sums, found where they are None, or those of the whole
        model where this is a piece of it.

    Raises
    ------
    IndexError
        If a parameter belongs to a multinomial that there is not.
    """

    def __init__(self, values, multinomials, smoothing):
        self.values = values
        self.scale = 1.0
        self.totals = None
        check_numbers("multinomials", multinomials.groups, len(multinomials.outcomes))
        self._groups = multinomials.groups.reshape(values.shape)
        self._outcomes = multinomials.outcomes
        self._smoothing = smoothing

    def sums(self):
        """Return the sum of the expected counts of each multinomial, float64."""
        groups, values = self._groups.ravel(), self.values.ravel()
        sums = np.zeros(len(self._outcomes))
        for some in stretches(len(values)):
            sums += np.bincount(groups[some], values[some], minlength=len(sums))
        return self.scale * sums

    def replace(self, counts):
        """Forget all counts but these."""
        self.values[:] = 0.0
        self.values[counts.rows] = counts.values
        self.scale, self.totals = 1.0, None

    def mix(self, eta, counts, weight):
        """Forget a part `eta` of all counts, and add `weight` * counts; see `StepwiseEM`."""
        if self.totals is None:
            self.totals = self.sums()
        self.scale *= 1.0 - eta
        if self.scale < TINY:
            self.values *= self.scale
            self.scale = 1.0
        sums, factor = np.zeros_like(self.totals), weight / self.scale
        add_rows(self.values, self._groups, sums, counts.rows, counts.values, factor)
        self.totals = (1.0 - eta) * self.totals + weight * sums

    def theta(self, rows=None):
        """Return the `Theta` of some rows, or of all.

        Where a multinomial has no counts its parameters are 0.
        """
        if self.totals is None:
            self.totals = self.sums()
        totals = self.totals + self._smoothing * self._outcomes
        totals[totals <= 0] = np.inf
        shares = self.values, self._groups, totals, self.scale, self._smoothing
        return Theta(probabilities(*shares, rows), rows)
