"""What the report says: every number formatted, every sentence with a number made, here."""

import inspect
import re
from importlib.metadata import version

from staleness.algorithms.configuration import ALL_SCHEDULES, TASKS, UPDATES
from staleness.algorithms.delays import RELATIVE_DEVIATION, Mean
from staleness.workflow.analysis import grouping, measures, runs, summaries, targets, words
from staleness.workflow.analysis.phrases import (
    MINUS,
    Scale,
    final_value,
    listed,
    number,
    reached,
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
        What `report.typ` reads as data.json: strings, and lists and dicts of them.
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
            "abstract": [rich(text) for text in _abstract(cells, experiments, tables, compared)],
            "experiments": past.experiments(cells),
            "claims": _claims(claims),
            "then_and_now": _then_and_now(cells),
            "results": _results([_introduced(figure, claims) for figure in figures], shown),
            "peers": _peers(compared),
            "method": _method(groups, claims),
            "schedules": _described(ALL_SCHEDULES, [cell.schedule for cell in cells]),
            "updates": _described(UPDATES, [cell.configuration["update"] for cell in cells]),
            "tasks": _tasks(cells),
            "settings": [
                {"name": _where(group), "facts": provenance.settings(group)} for group in groups
            ],
            "corpora": provenance.corpora(cells),
            "machines": provenance.machines(cells),
            "effort": provenance.effort(cells, jobs),
            "configs": list(configs),
        }
    )


def rich(text):
    """Return a text with `code` in backticks as a list of dict of text and code."""
    pieces = enumerate((" ".join(text.split()) + " ").split("`"))
    return [{"text": piece, "code": index % 2 == 1} for index, piece in pieces if piece]


def _then_and_now(cells):
    """Return text and table on what has changed since 2010, or None."""
    found = past.then_and_now(cells)
    return found and {**found, "paragraphs": [rich(text) for text in found["paragraphs"]]}


def _peers(compared):
    """Return text and table on the kernels beside others."""
    found = peers.section(compared)
    return {**found, "paragraphs": [rich(text) for text in found["paragraphs"]]}


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
    """Return the abstract's paragraphs."""
    besides = "" if compared is None else ", but for those beside what others offer"
    count = sum(len(cell.seeds) for cell in cells)
    tasks = sorted({cell.configuration["task"] for cell in cells})
    corpora = sorted({str(cell.about["corpus"]["corpus"]) for cell in cells})
    yield (
        f"This report is computed from {count} runs of {len(cells)} configurations: "
        f"{_plural('task', tasks)} {', '.join(tasks)}; "
        f"{_plural('corpus', corpora, 'corpora')} {', '.join(corpora)}; "
        f"{_schedules(cells)}. Every number in it comes from those runs{besides}."
    )
    for group, table in zip(experiments, tables, strict=True):
        scale = Scale.of(group, table["metric"])
        metric = scale.about.label
        unit, seconds = _unit(group)
        where = _where(group) if len(experiments) > 1 else f"On the {_clock(group)}"
        if table["target"] is None:
            yield f"{where}: no run of the single processor to compare with."
            continue
        rows = _foremost(table["cells"])
        yield (
            f"{where}, the target of {metric}, {scale.value(table['target'])}, {scale.target}, is "
            f"reached for good {'; '.join(reached(row, unit, seconds) for row in rows)}. "
            f"Final {scale.axis}: {'; '.join(final_value(row, scale) for row in rows)}."
        )


def _schedules(cells):
    """Return a phrase on the schedules and their processors."""
    processors = {}
    for cell in cells:
        processors.setdefault(cell.schedule, set()).add(cell.processors)
    return "; ".join(
        "single processor" if name == runs.SINGLE else f"{name}, P = {listed(sorted(found))}"
        for name, found in processors.items()
    )


def _foremost(rows):
    """Return the last row of each schedule, if possible without delays: the most processors."""
    rows = [row for row in rows if row["delay_mean"] is None] or rows
    return list({row["schedule"]: row for row in rows}.values())


def _table(group, table):
    """Return the table of an experiment."""
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
    target = ""
    if table["target"] is not None:
        target = f", which is {scale.about.label} {scale.value(table['target'])}, {scale.target}"
    caption = (
        f"{_where(group)}: final {scale.about.label} and time to target{target}; medians over "
        f"{words.seed_lists(group)}, with the lowest and the highest beside them. The speed-up is "
        f"over the single processor, the staleness the mean over all updates."
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
    return {"caption": caption, "heading": heading, "rows": rows}


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
    items = []
    for name in dict.fromkeys(names):
        text = inspect.getdoc(components[name]) if name in components else None
        items.append({"name": name, "text": rich(text or "No longer part of the suite.")})
    return items


def _tasks(cells):
    """Return the tasks in use with what their metrics are."""
    items = _described(TASKS, [cell.configuration["task"] for cell in cells])
    for item in items:
        if item["name"] in TASKS:
            metrics = TASKS[item["name"]].metrics.values()
            item["text"] += rich(f"Metrics: {'; '.join(one.description for one in metrics)}.")
    return items


def _metric(group):
    """Return the metric that a task's figures show first."""
    return measures.first_metric(group[0].configuration["task"])


def _where(group):
    """Return a phrase that tells an experiment from others."""
    delay = words.describe_delays(group)
    task = group[0].configuration["task"]
    return f"Task {task}, {setting(group)}, {_clock(group)}" + (f"; {delay}" if delay else "")


def _clock(group):
    return words.describe_clock(grouping.common(group))


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


def _plural(word, items, plural=None):
    return word if len(items) == 1 else plural or f"{word}s"


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
