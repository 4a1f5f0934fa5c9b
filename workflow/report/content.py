"""The report's numbers and names, all of them formatted; its sentences stand in `*.typ`."""

import inspect
import re
from importlib.metadata import version

from staleness.algorithms.configuration import ALL_SCHEDULES, TASKS, UPDATES
from staleness.algorithms.delays import RELATIVE_DEVIATION, Mean
from staleness.workflow.analysis import grouping, measures, runs, summaries, targets, words
from staleness.workflow.analysis.phrases import (
    MINUS,
    Scale,
    listed,
    number,
    setting,
    time_unit,
)
from staleness.workflow.analysis.words import describe_mean
from staleness.workflow.claims import judge
from staleness.workflow.claims.criteria import VERDICTS
from staleness.workflow.report import past, peers, provenance
from staleness.workflow.report.introduction import introduction

LONGEST_WORD = 64  # characters; a longer one may be broken anywhere
ALL_TASKS = "All tasks"
DASH = "\N{EN DASH}"
NOT_AVAILABLE = DASH


def content(cells, figures=(), configs=(), learning=None, claims=(), jobs=(), compared=None):
    """Return all that the report says.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    figures : list of dict
        As `build.as_shown` returns them.
    configs : list of dict
        As the template takes them.
    learning : list of staleness.workflow.analysis.runs.Cell, optional
        Those of which there is a table of metric and time to target; by default all.
    claims : list of dict, optional
        As in claims.json.
    jobs : list of staleness.workflow.report.jobs.Job, optional
        Of the workflow that made it all.
    compared : dict, optional
        With peers, as `peers.read` returns it.

    Returns
    -------
    dict
        What `report.typ` reads as data.json: strings, booleans and None, in lists and dicts.
    """
    experiments = grouping.experiments(cells if learning is None else learning)
    # What was run, whatever it is shown for: sizes, schedules and delays are lists.
    groups = grouping.grouped(cells, (*runs.SCHEDULING, *runs.DELAYS, "mini_batch_size"))
    tables = [summaries.summarise(group, _metric(group)) for group in experiments]
    shown = [
        (group[0].configuration["task"], _table(group, table))
        for group, table in zip(experiments, tables, strict=True)
    ]
    return _breakable(
        {
            "footer": f"Staleness {version('staleness')}",
            "abstract": _abstract(cells, experiments, tables, compared),
            "experiments": past.experiments(cells),
            "claims": _claims(claims),
            "then_and_now": past.then_and_now(cells),
            "results": _results([_introduced(figure, claims) for figure in figures], shown),
            "peers": None if compared is None else peers.section(compared),
            "method": _method(groups, claims),
            "schedules": _described(ALL_SCHEDULES, [cell.schedule for cell in cells]),
            "updates": _described(UPDATES, [cell.configuration["update"] for cell in cells]),
            "tasks": _tasks(cells),
            "settings": [
                {"name": _named(group), "facts": provenance.settings(group)} for group in groups
            ],
            "corpora": provenance.corpora(cells),
            "machines": provenance.machines(cells),
            "effort": provenance.effort(cells, jobs),
            "configs": list(configs),
        }
    )


def _introduced(figure, claims):
    """Return a figure as the template takes it."""
    kept = {name: figure[name] for name in ("tasks", "title", "caption", "image")}
    return {**kept, "introduction": introduction(figure, claims)}


def _claims(claims):
    """Return counts of verdicts and rows of the table of claims, or None if there are none."""
    if not claims:
        return None
    verdicts = [claim["verdict"] for claim in claims]
    counts = [f"{verdicts.count(one)} {one}" for one in VERDICTS if one in verdicts]
    rows = [
        {
            "number": str(claim["number"]),
            "statement": claim["statement"],
            "verdict": claim["verdict"],
            "parts": [_part(part, claim["parts"]) for part in claim["parts"]],
        }
        for claim in claims
    ]
    return {"counts": listed(counts), "rows": rows}


def _part(part, parts):
    """Return a part of a claim as the template takes it; its task if others have another."""
    several = len({one["task"] for one in parts}) > 1
    task = TASKS[part["task"]].title if several or not part["name"] else ""
    return {
        "name": ": ".join(filter(None, [task, part["name"]])),
        "effect": judge.measured(part),
        "criterion": part["criterion"] or NOT_AVAILABLE,
        "remarks": " ".join(judge.remarks(part)),
        "verdict": part["verdict"],
    }


def _results(figures, tables):
    """Return figures and tables by task, in the order of the figures; what is of several, apart.

    Parameters
    ----------
    figures : list of dict
    tables : list of tuple
        Task and table.
    """
    sections = {}

    def section(tasks):
        heading = TASKS[tasks[0]].title if len(tasks) == 1 else ALL_TASKS
        return sections.setdefault(heading, {"heading": heading, "figures": [], "tables": []})

    for figure in figures:
        section(figure["tasks"])["figures"].append(figure)
    for task, table in tables:
        section([task])["tables"].append(table)
    return list(sections.values())


def _abstract(cells, experiments, tables, compared):
    """Return the abstract, as abstract.typ takes it."""
    return {
        "runs": str(sum(len(cell.seeds) for cell in cells)),
        "configurations": str(len(cells)),
        "tasks": sorted({cell.configuration["task"] for cell in cells}),
        "corpora": sorted({str(cell.about["corpus"]["corpus"]) for cell in cells}),
        "schedules": _schedules(cells),
        "compared": compared is not None,
        "experiments": [
            _outcome(group, table) for group, table in zip(experiments, tables, strict=True)
        ],
    }


def _outcome(group, table):
    """Return what came of an experiment."""
    scale = Scale.of(group, table["metric"])
    target = _target(table, scale)
    unit = _unit(group)
    return {
        "name": _named(group),
        "metric": scale.axis,
        "target": target,
        "cells": [_cell(row, scale, *unit) for row in _foremost(table["cells"])] if target else [],
    }


def _target(table, scale):
    """Return an experiment's target; None without a single processor."""
    if table["target"] is None:
        return None
    value = scale.value(table["target"])
    return {"metric": scale.about.label, "value": value, "meaning": scale.target}


def _cell(row, scale, unit, seconds):
    """Return when a cell reaches the target, and where it ends."""
    time, ratio, final = row["time_to_target_s"], row["speed_up"], row["final"]
    single, seeds = row["schedule"] == runs.SINGLE, len(row["seeds"])
    late = time["median"] is None
    fast = None if single or ratio is None else ratio["median"]
    return {
        "label": row["label"],
        "single": single,
        "time": None if late else f"{number(time['median'] / seconds)} {unit}",
        "speed_up": None if fast is None else number(fast, 2),
        "reached": str(time["reached"]) if time["reached"] < seeds else None,
        "seeds": str(seeds),
        "final": scale.number(final["median"]),
        "low": scale.number(final["low"]) if seeds > 1 else None,
        "high": scale.number(final["high"]) if seeds > 1 else None,
    }


def _schedules(cells):
    """Return the schedules and their processors, None of the single processor."""
    processors = {}
    for cell in cells:
        processors.setdefault(cell.schedule, set()).add(cell.processors)
    return [
        {"name": name, "processors": None if name == runs.SINGLE else listed(sorted(found))}
        for name, found in processors.items()
    ]


def _foremost(rows):
    """Return the last row of each schedule, if possible without delays: the most processors."""
    rows = [row for row in rows if row["delay_mean"] is None] or rows
    return list({row["schedule"]: row for row in rows}.values())


def _table(group, table):
    """Return the table of an experiment, with what its caption says."""
    scale = Scale.of(group, table["metric"])
    unit, seconds = _unit(group)

    def value(spread, name):
        return scale.number(spread[name])

    def time(spread, name):
        value = spread[name]
        return "not reached" if value is None else number(value / seconds)

    def ratio(spread, name):
        return NOT_AVAILABLE if spread[name] is None else f"{number(spread[name], 3)}"

    several = len({row["delay_mean"] for row in table["cells"]}) > 1
    rows = []
    for row in table["cells"]:
        late, faster = row["time_to_target_s"], row["speed_up"]
        rows.append(
            [
                row["schedule"],
                str(row["processors"]),
                *([_mean(row)] if several else []),
                value(row["final"], "median"),
                _range(row["final"], value),
                NOT_AVAILABLE if late is None else time(late, "median"),
                NOT_AVAILABLE if late is None else _range(late, time),
                NOT_AVAILABLE if faster is None else ratio(faster, "median"),
                NOT_AVAILABLE if faster is None else _range(faster, ratio),
                number(row["mean_staleness"]["median"]),
            ]
        )
    heading = [
        "schedule",
        "P",
        *(["mean\ndelay"] if several else []),
        f"final {scale.axis}".replace(" (", "\n("),
        "range",
        f"time to\ntarget ({unit})",
        "range",
        "speed-up",
        "range",
        "staleness",
    ]
    return {
        "name": _named(group),
        "metric": scale.about.label,
        "target": _target(table, scale),
        "seeds": words.seed_lists(group),
        "heading": heading,
        "rows": rows,
    }


def _mean(row):
    """Return the mean delay of a row, in a few characters."""
    if row["delay_mean"] is None:
        return NOT_AVAILABLE
    return describe_mean(Mean.parse(row["delay_mean"])).replace(" times a mini-batch", "\u00d7")


def _method(groups, claims):
    """Return what the method's sentences depend on; they stand in method.typ."""
    costs = {}
    for one in map(grouping.common, groups):
        costs.setdefault(one["clock"], {})[one["cost"]] = None
    delayed = any(cell.delay for group in groups for cell in group)
    return {
        "clocks": [
            {"name": clock, "costs": "; ".join(filter(None, found))}
            for clock, found in costs.items()
        ],
        "delays": f"{1 / RELATIVE_DEVIATION:g}" if delayed else None,
        "share": f"{100 * targets.SHARE:g} %",
        "intervals": bool(claims),
    }


def _described(components, names):
    """Return name and docstring of the components in use, which says what they do and whose."""
    return [
        {
            "name": name,
            "text": inspect.getdoc(components[name]) if name in components else None,
            "metrics": [],
        }
        for name in dict.fromkeys(names)
    ]


def _tasks(cells):
    """Return the tasks in use with what their metrics are."""
    items = _described(TASKS, [cell.configuration["task"] for cell in cells])
    for item in items:
        if item["name"] in TASKS:
            metrics = TASKS[item["name"]].metrics.values()
            item["metrics"] = [one.description for one in metrics]
    return items


def _metric(group):
    """Return the metric that a task's figures show first."""
    return measures.first_metric(group[0].configuration["task"])


def _named(group):
    """Return what tells an experiment from others, as results.typ takes it."""
    return {
        "task": group[0].configuration["task"],
        "setting": setting(group),
        "clock": words.describe_clock(grouping.common(group)),
        "delays": words.describe_delays(group),
    }


def _unit(group):
    return time_unit(max(curve["time_s"][-1] for cell in group for curve in cell.curves))


def _range(spread, phrase):
    """Return the lowest and the highest, or only one of them where they are the same."""
    if spread["low"] is None:
        return NOT_AVAILABLE
    low = phrase(spread, "low")
    if spread["high"] is None:
        return f"from {low}"
    high = phrase(spread, "high")
    # A dash beside a sign could be taken for one.
    to = " to " if low.startswith(MINUS) else DASH
    return low if low == high else f"{low}{to}{high}"


def _breakable(value):
    """Return nested data with places to break in words too long for a line."""
    if isinstance(value, dict):
        return {name: _breakable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_breakable(item) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(
        rf"\S{{{LONGEST_WORD + 5},}}",
        lambda word: word[0] if re.fullmatch("[0-9a-f]{64}", word[0]) else "\u200b".join(word[0]),
        value,
    )
