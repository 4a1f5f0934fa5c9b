"""What the paper did in 2010, beside what was run here: experiments, and what a mini-batch costs.

All that is known of 2010 stands at the head of this file, with its source; everything else comes
from runs.
"""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.costs.paper import MINI_BATCH_SIZE, SECONDS
from staleness.workflow.analysis import grouping, runs, words
from staleness.workflow.analysis.measures import Spread
from staleness.workflow.analysis.phrases import listed, mini_batch_sizes, number, percent, time_unit

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
SHARED = ("synchronous", "asynchronous")
THOUSANDTH = SECONDS / 1000
# What the 0.62 s are of.
AS_THEN = {"task": "ner", "update": "sgd", "mini_batch_size": MINI_BATCH_SIZE}


@dataclass(frozen=True)
class Experiment:
    """A row of the table of experiments.

    Attributes
    ----------
    model, method, examples, parameters, mini_batch_size : str
    convex : bool
        Whether all maxima of what is maximised are one.
    corpus : str
    """

    model: str
    convex: bool
    method: str
    corpus: str
    examples: str
    parameters: str
    mini_batch_size: str


EXPERIMENTS = {
    "ner": Experiment("CRF", True, "SGD", "CoNLL 2003 English", "14,987", "1.3M", "4"),
    "alignment": Experiment(
        *("IBM Model 1", True, "stepwise EM", "English-French Hansards"),
        *("300,000", f"14.2M {TIMES} 2", "10,000"),
    ),
    "tagging": Experiment(
        *("bigram HMM, 45 states", False, "stepwise EM", f"Penn Treebank, sections 1{DASH}21"),
        *("41,825", "2,043,226", "4"),
    ),
}
HEADING = ("task", "", "model", "corpus", "method", "convex", "|D|", "|\u03b8|", "m")


def experiments(cells):
    """Return the table of experiments, as the template takes it.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    """
    rows, groups = [], grouping.by_task(cells)
    for task in sorted(groups, key=[*EXPERIMENTS, *groups].index):
        group = groups[task]
        title = TASKS[task].title
        for index, same in enumerate(_by_corpus(group)):
            rows.append(["" if index else title, "" if index else "here", *_row(task, same)])
        if then := EXPERIMENTS.get(task):
            convex = "yes" if then.convex else "no"
            known = [then.model, then.corpus, then.method, convex]
            numbers = [then.examples, then.parameters, then.mini_batch_size]
            rows.append(["", "2010", *known, *numbers])
    return {"heading": list(HEADING), "rows": rows}


def _by_corpus(cells):
    groups = {}
    for cell in cells:
        groups.setdefault(cell.about["corpus"]["digest"], []).append(cell)
    return groups.values()


def _row(task, cells):
    """Return model, corpus, method, convex, |D|, |theta| and m of the cells of a corpus."""
    model, convex = (TASKS[task].model, TASKS[task].convex) if task in TASKS else (DASH, None)
    states = cells[0].configuration["hyper_parameters"].get("states")
    sizes = sorted({cell.about["parameters"] for cell in cells if "parameters" in cell.about})
    return [
        model if states is None else f"{model}, {states} states",
        str(cells[0].about["corpus"]["corpus"]),
        listed(dict.fromkeys(cell.configuration["update"] for cell in cells)),
        {True: "yes", False: "no", None: DASH}[convex],
        f"{examples(cells[0]):,}",
        " or ".join(f"{size:,}" for size in sizes) or DASH,
        # None is the whole corpus.
        listed("|D|" if not isinstance(m, int) else m for m in mini_batch_sizes(cells)),
    ]


def examples(cell):
    """Return how many training examples a cell's corpus has."""
    curve = cell.curves[0]
    return round(float(curve["examples"][-1] / curve["epoch"][-1]))


@dataclass(frozen=True)
class MiniBatch:
    """What a mini-batch of a cell costs, in seconds; medians over seeds of means over a trace.

    Attributes
    ----------
    cell : staleness.workflow.analysis.runs.Cell
    compute : float
        What a processor computes of it.
    update : float
    waiting : float
        What a processor waits for others.
    """

    cell: object
    compute: float
    update: float
    waiting: float

    @classmethod
    def of(cls, cell):
        """Return that of a cell, from its traces."""
        found = [
            (
                np.mean(trace["computed"] - trace["start"]),
                np.mean(trace["update"][trace["update_number"] > 0]),
                np.mean(trace["barrier_wait"] + trace["lock_wait"]),
            )
            for trace in cell.traces
        ]
        return cls(cell, *Spread.over(found).median)

    @property
    def clock(self):
        """The clock's name."""
        return self.cell.configuration["clock"]

    @property
    def each(self):
        """From one update to the next; None where there are delays between processors."""
        if self.cell.processors == 1:
            return self.compute + self.update
        return None if self.cell.delay else between_updates(self.cell)


def between_updates(cell):
    """Return the seconds from one update of a cell to the next, the median over seeds."""
    return Spread.over([curve["time_s"][-1] / curve["updates"][-1] for curve in cell.curves]).median


def comparable(cells):
    """Return the cells of named-entity recognition with mini-batches as in 2010.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell

    Returns
    -------
    then, now : list of Cell
        At the cost of 2010, without delays, and at today's; at most one a schedule and number of
        processors, those on the wall clock apart, and without delays if there are such.
    """
    then, now = {}, {}
    for cell in cells:
        configuration = cell.configuration
        if any(configuration[name] != value for name, value in AS_THEN.items()):
            continue
        simulated = configuration["clock"] == "simulated"
        key = (cell.schedule, cell.processors, simulated)
        if simulated and configuration.get("cost") == "paper":
            if not cell.delay:
                then.setdefault(key, cell)
        elif key not in now or (now[key].delay and not cell.delay):
            now[key] = cell
    return list(then.values()), list(now.values())


def then_and_now(cells):
    """Return what a mini-batch cost in 2010 and costs now, as then-and-now.typ takes it.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell

    Returns
    -------
    dict or None
        None if there is no single processor at today's costs.
    """
    then, now = comparable(cells)
    now = [MiniBatch.of(cell) for cell in _as_many(then, now)]
    alone = {one.clock: one for one in now if one.cell.schedule == runs.SINGLE}
    if not alone:
        return None
    # What was measured here before what a calibration says.
    first = alone.get("wall") or next(iter(alone.values()))
    return {
        "size": str(MINI_BATCH_SIZE),
        "then": f"{SECONDS} s",
        "thousandth": _time(THOUSANDTH),
        "alone": _alone(first),
        "sharing": [
            _sharing(one, alone[one.clock])
            for one in now
            if one.cell.schedule in SHARED and one.cell.processors > 1 and one.clock in alone
        ],
        "both": _both(then, now),
        "corpora": listed(sorted({str(one.cell.about["corpus"]["corpus"]) for one in now})),
        "table": _costs(now),
    }


def _as_many(then, now):
    """Return the cells of now with as many processors as the greatest number that is also then."""
    simulated = [cell for cell in now if cell.configuration["clock"] == "simulated"]
    have = {cell.processors for cell in simulated}
    shared = {cell.processors for cell in then} & have - {1}
    most = max(shared or have, default=1)
    return [cell for cell in now if cell not in simulated or cell.processors in {1, most}]


def _alone(one):
    """Return what has become of the 0.62 s."""
    return {
        "each": _time(one.each),
        "clock": words.describe_clock(grouping.common([one.cell])),
        "faster": _rounded(SECONDS / one.each),
        "lasts": number(THOUSANDTH / one.each, 2),
    }


def _sharing(one, alone):
    """Return what processors that share the parameters lose, beside one of the same clock."""
    return {
        "schedule": one.cell.schedule,
        "processors": str(one.cell.processors),
        "clock": _clock(one),
        "computing": _time(one.compute),
        "update": _time(one.update),
        "waiting": _time(one.waiting),
        **_ratios(one, alone),
    }


def _ratios(one, alone):
    """Return what bounds an asynchronous processor, or keeps a synchronous one from computing."""
    if one.cell.schedule == "synchronous":
        return {"waiting_share": percent(one.waiting / (one.compute + one.waiting))}
    share = number(100 * one.update / SECONDS, 1)
    return {"most": number(alone.each / one.update, 2), "share_of_then": f"{share} %"}


def _both(then, now):
    """Return what that does to the case for asynchrony, on the simulated clock; None if unknown."""
    each = {("then", cell.schedule, cell.processors): between_updates(cell) for cell in then}
    for one in now:
        if one.clock == "simulated" and one.each is not None:
            each["now", one.cell.schedule, one.cell.processors] = one.each
    ratios = {}
    for (when, schedule, processors), seconds in each.items():
        single = each.get((when, runs.SINGLE, 1))
        if single and schedule in SHARED and processors > 1:
            ratios.setdefault(processors, {})[when, schedule] = single / seconds
    whole = {p: found for p, found in ratios.items() if len(found) == 4}
    if not whole:
        return None
    processors, found = max(whole.items())
    times = {when: {name: found[when, name] for name in SHARED} for when in ("then", "now")}
    for of_both in times.values():
        of_both["gain"] = of_both["asynchronous"] / of_both["synchronous"]
    return {
        "processors": str(processors),
        "larger": bool(times["now"]["gain"] > times["then"]["gain"]),
        **{
            when: {name: number(value, 2) for name, value in of_both.items()}
            for when, of_both in times.items()
        },
    }


def _costs(found):
    """Return the table of what a mini-batch costs."""
    rows = [
        [
            one.cell.schedule,
            str(one.cell.processors),
            _clock(one),
            _time(one.compute),
            _time(one.update),
            _time(one.waiting) if one.cell.processors > 1 else DASH,
            DASH if one.each is None else _time(one.each),
        ]
        for one in sorted(found, key=lambda one: one.clock)
    ]
    return {
        "heading": [
            *("schedule", "P", "clock", "computing", "update"),
            *("waiting\nfor others", "from update\nto update"),
        ],
        "rows": rows,
    }


def _clock(one):
    if one.clock != "simulated":
        return f"{one.clock} clock"
    return f"simulated, cost {one.cell.configuration['cost']}"


def _time(seconds):
    unit, length = time_unit(seconds)
    return f"{number(seconds / length)} {unit}"


def _rounded(value):
    """Return a great number to two digits."""
    return f"{float(f'{value:.2g}'):,.0f}" if value >= 100 else number(value, 2)
