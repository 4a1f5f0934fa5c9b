"""Two cells side by side: what differs, where they end, and how much sooner one is."""

from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import effects, intervals, measures, runs
from staleness.workflow.analysis.measures import Spread


@dataclass(frozen=True)
class Comparison:
    """What two cells with the same task and corpus have to tell of each other.

    Attributes
    ----------
    cells : tuple of Cell
        Both, with the seeds that both have.
    differences : dict of str to tuple
        Settings in which they differ, to the value of either.
    metric : str
        The task's first.
    finals : tuple of Spread
        Its last values.
    target : float
        That of the first cell.
    times : tuple of Spread
        Seconds to the target; infinite where it is not reached.
    speed_up : float
        How many times sooner than the first the second is there, the median over seeds; NaN if
        neither is.
    interval : tuple of two float, or None
        The speed-up's 95 % interval; None where there are too few seeds.
    """

    cells: tuple
    differences: dict
    metric: str
    finals: tuple[Spread, Spread]
    target: float
    times: tuple[Spread, Spread]
    speed_up: float
    interval: tuple[float, float] | None


def cell_of(folder):
    """Return the `Cell` of a run folder, or of a folder of seeds.

    Raises
    ------
    StalenessError
        If it is neither.
    """
    folder = Path(folder)
    found = runs.load(sorted(folder.glob("seed-*")) or [folder])
    if len(found) > 1:
        raise StalenessError(f"{folder}: its runs are of {len(found)} cells: give those of one")
    return found[0]


def compare(first, second):
    """Return the `Comparison` of two cells.

    Raises
    ------
    StalenessError
        If they are of several tasks, corpora or clocks, or have no seed in common.
    """
    for what, values in {
        "task": [cell.configuration["task"] for cell in (first, second)],
        "clock": [cell.configuration["clock"] for cell in (first, second)],
        "corpus": [cell.about["corpus"]["digest"] for cell in (first, second)],
    }.items():
        if values[0] != values[1]:
            raise StalenessError(
                f"the runs cannot be compared: their {what} is {values[0]} and {values[1]}"
            )
    seeds = runs.shared_seeds([first, second])
    if not seeds:
        raise StalenessError(
            f"the runs cannot be compared: they have no seed in common, but {_listed(first)} "
            f"and {_listed(second)}"
        )
    cells = first.of_seeds(seeds), second.of_seeds(seeds)
    metric = measures.first_metric(first.configuration["task"])
    target = measures.target(cells[0], metric)
    return Comparison(
        cells=cells,
        differences=_differences(first.configuration, second.configuration),
        metric=metric,
        finals=tuple(measures.final(cell, metric) for cell in cells),
        target=target,
        times=tuple(_times(cell, metric, target) for cell in cells),
        speed_up=_speed_up(*cells),
        interval=_interval(*cells, seeds),
    )


def _speed_up(first, second):
    return effects.faster(second, first, effects.level(first))


def _interval(first, second, seeds):
    if not intervals.rank(len(seeds)):
        return None
    each = [_speed_up(first.of_seeds([seed]), second.of_seeds([seed])) for seed in seeds]
    return intervals.interval(each)


def _times(cell, metric, target):
    return Spread.over(measures.lateness(measures.times_to_target(cell, metric, target)))


def _differences(first, second):
    """Return what is not the same in two configurations, parameters one by one."""
    flat = [dict(_flattened(configuration)) for configuration in (first, second)]
    names = dict.fromkeys([*flat[0], *flat[1]])
    both = {name: tuple(one.get(name) for one in flat) for name in names}
    return {name: values for name, values in both.items() if values[0] != values[1]}


def _flattened(configuration):
    for name, value in configuration.items():
        if isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value


def _listed(cell):
    return ", ".join(map(str, cell.seeds))
