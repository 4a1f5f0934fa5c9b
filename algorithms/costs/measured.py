"""The cost of this suite's own kernels, from a calibration file.

The file holds, for each task and update rule, the costs of one thread alone and, for each schedule
that shares `theta`, those on the C processors of the machine that was measured. What makes sharing
dear is reading rows that another core has written. Where P processors write equally often, a row
was last written by another with probability (P - 1) / P, so on P processors the costs are taken to
be

    alone + (shared - alone) * ((P - 1) / P) / ((C - 1) / C),

which is measured at P = 1 and P = C, and an assumption elsewhere. Beyond C it says nothing of
slower links between more cores, nor of queues on them. No cost of sharing is lower than the same
cost alone, so that none falls as processors come.

Of each fit the file also has R2, the residuals at `QUANTILES` and what was left out, and of each
rule in how many rounds it was measured, and what `doctor` said of the machine before.
"""

import math
from pathlib import Path
from typing import NamedTuple

from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json

REFERENCE = Path(__file__).with_name("reference.json")
FORMAT = 4
QUANTILES = (0.05, 0.5, 0.95)
STAND_IN = "asynchronous"  # for schedules that were not calibrated


class Calibration(NamedTuple):
    """Costs of a task by an update rule: alone, and by schedule where `processors` share."""

    alone: Costs
    processors: int
    shared: dict


class Measured(CostModel):
    """Linear costs fitted to wall-clock traces (see `workflow/machine/calibrate.py`).

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
    calibrated = True

    def __init__(self, path=None):
        self.path = Path(path or REFERENCE)
        try:
            about = read_json(self.path)
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']}, not {FORMAT}")
            self.processor = str(about["machine"]["processor"])
            self.tasks = {
                task: {update: _calibration(fit) for update, fit in updates.items()}
                for task, updates in about["tasks"].items()
            }
            self.disturbed = disturbed(about)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StalenessError(
                f"{self.path}: not a calibration file ({error!r}): "
                "make one with 'staleness calibrate'"
            ) from error

    def costs(self, task, update, work, schedule=None, processors=1):
        """Return the costs of one task; see `CostModel` and the head of this file.

        A schedule that was not calibrated shares as `asynchronous` does. A calibration made on one
        core knows no costs of sharing.
        """
        try:
            calibration = self.tasks[task][update]
        except KeyError:
            raise StalenessError(
                f"{self.path}: no calibration of {task} by {update}: "
                f"make one with 'staleness calibrate {task} --update {update}'"
            ) from None
        shared = calibration.shared.get(schedule, calibration.shared.get(STAND_IN))
        if schedule is None or shared is None:
            return calibration.alone
        weight = others_share(processors) / others_share(calibration.processors)
        return interpolate(calibration.alone, shared, weight)

    def describe(self):
        """Return a phrase for captions."""
        origin = "reference" if self.path == REFERENCE else "own"
        cores = {
            calibration.processors
            for updates in self.tasks.values()
            for calibration in updates.values()
            if calibration.shared
        }
        sharing = "sharing of theta not measured"
        if cores:
            number = " or ".join(map(str, sorted(cores)))
            sharing = f"sharing of theta measured on {number} cores and extrapolated beyond"
        if self.disturbed:
            sharing += f"; made while the machine was not quiet: {', '.join(self.disturbed)}"
        return f"cost measured ({origin} calibration, {self.processor}; {sharing})"


def others_share(processors):
    """Return the share of rows that another of so many processors was the last to write."""
    return (processors - 1) / processors


def interpolate(alone, shared, weight):
    """Return costs on the line from `alone` (weight 0) through `shared` (weight 1)."""
    return Costs(*(a + (s - a) * weight for a, s in zip(alone, shared, strict=True)))


def disturbed(about):
    """Return what took time from threads while a calibration file was made, as `doctor` said.

    Parameters
    ----------
    about : dict
        The file's content.
    """
    found = (fit.get("doctor") for updates in about["tasks"].values() for fit in updates.values())
    return list(dict.fromkeys(name for doctor in found if doctor for name in doctor["disturbing"]))


def _calibration(fit):
    """Return what a calibration file says of one update rule, or raise ValueError."""
    processors, shared = fit["processors"], fit["shared"]
    if not isinstance(processors, int) or processors < (2 if shared else 1):
        raise ValueError(f"costs of sharing on {processors!r} processors")
    alone = _costs(fit["costs"])
    # Replicas are averaged by one processor, whoever shares what.
    sharing = {
        schedule: _costs(found["costs"])._replace(average_replica=alone.average_replica)
        for schedule, found in shared.items()
    }
    for name, costs in sharing.items():
        if any(s < a for s, a in zip(costs[:-1], alone[:-1], strict=True)):
            raise ValueError(f"a cost of sharing by '{name}' is lower than alone")
    for found in (fit, *shared.values()):
        for part in ("compute", "update"):
            residuals = found[part]["residuals"]
            if len(residuals) != len(QUANTILES) or residuals != sorted(residuals):
                raise ValueError(f"residuals of {part} are {residuals!r}")
            if not 0 <= found[part]["left_out"] < 1:
                raise ValueError(f"{found[part]['left_out']!r} of the mini-batches are left out")
    if not isinstance(fit["rounds"], int) or fit["rounds"] < 1:
        raise ValueError(f"measured in {fit['rounds']!r} rounds")
    if fit["doctor"] is not None and not isinstance(fit["doctor"]["conclusion"], str):
        raise ValueError("no conclusion on the machine")
    return Calibration(alone, processors, sharing)


def _costs(values):
    """Return what a calibration file says as Costs, or raise ValueError."""
    for name, value in values.items():
        if not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise ValueError(f"cost {name} is {value!r}, not a number of seconds")
    return Costs(**values)
