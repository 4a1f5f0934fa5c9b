"""Parameters on their way from the driver to mappers."""

from dataclasses import dataclass

import numpy as np


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
