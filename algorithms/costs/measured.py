"""The cost of this suite's own kernels, from a calibration file."""

import json
import math
from pathlib import Path

from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.errors import StalenessError

REFERENCE = Path(__file__).with_name("reference.json")
FORMAT = 1


class Measured(CostModel):
    """Linear costs fitted to wall-clock traces (see `algorithms/calibrate.py`).

    Parameters
    ----------
    path : path-like, optional
        The calibration file; by default the reference that comes with the suite.

    Raises
    ------
    StalenessError
        If it is not a calibration file.
    """

    name = "measured"

    def __init__(self, path=None):
        self.path = Path(path or REFERENCE)
        try:
            self.calibration = json.loads(self.path.read_text(encoding="utf-8"))
            if self.calibration["format"] != FORMAT:
                raise ValueError(f"its format is {self.calibration['format']}, not {FORMAT}")
            self.processor = str(self.calibration["machine"]["processor"])
            self.tasks = {
                task: {update: _costs(fit["costs"]) for update, fit in updates.items()}
                for task, updates in self.calibration["tasks"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StalenessError(
                f"{self.path}: not a calibration file ({error!r}): "
                "make one with 'staleness calibrate'"
            ) from error

    def costs(self, task, update, work):
        """Return the costs of one task; see `CostModel`."""
        try:
            return self.tasks[task][update]
        except KeyError:
            raise StalenessError(
                f"{self.path}: no calibration of {task} by {update}: "
                f"make one with 'staleness calibrate {task} --update {update}'"
            ) from None

    def describe(self):
        """Return a phrase for captions."""
        origin = "reference" if self.path == REFERENCE else "own"
        return f"cost measured ({origin} calibration, {self.processor})"


def _costs(values):
    """Return what a calibration file says as Costs, or raise ValueError."""
    for name, value in values.items():
        if not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise ValueError(f"cost {name} is {value!r}, not a number of seconds")
    return Costs(**values)
