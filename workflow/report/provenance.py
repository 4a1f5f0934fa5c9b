"""Where the report's numbers come from: settings, corpora, machines and effort."""

import json
from collections import Counter
from importlib.metadata import version

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, runs, words
from staleness.workflow.analysis.phrases import duration, listed, mini_batch_sizes, number
from staleness.workflow.corpora import registry
from staleness.workflow.report.jobs import elapsed
from staleness.workflow.report.past import examples

# What run.json says of a machine that stays the same from run to run.
MACHINE = (
    *("processor", "architecture", "vector_bits", "cores", "physical_cores", "smt"),
    *("cpu_quota", "system"),
    *("governor", "turbo", "memory_bytes", "virtual_machine", "huge_pages", "threads_allowed"),
)
# Versions that stand in run.json only: long, or said elsewhere in the report.
UNPRINTED = {"sources", "compile", "link"}


def settings(group):
    """Return the settings that the cells of an experiment share, as facts."""
    shared, configuration = grouping.common(group), group[0].configuration
    facts = {
        "task": configuration["task"],
        "corpus": shared["corpus"],
        "update rule": configuration["update"],
        **configuration["hyper_parameters"],
        "mini-batch size m": listed(mini_batch_sizes(group)),
        "epochs": configuration["epochs"],
        "curve points an epoch": configuration["evaluations"] or "none, but at start and end",
        "seeds": words.seed_lists(group),
        "clock": words.describe_clock(shared),
        "delays": words.describe_delays(group) or "none",
        "policy": next(filter(None, grouping.policies(group)), None),
    }
    named = {
        *("schedule", runs.PARAMETERS, "processors", "oversubscribe"),
        *("task", "update", "hyper_parameters", "mini_batch_size", "epochs", "evaluations"),
        *("clock", "delay_mean", "delay_probability", *runs.POLICY),
    }
    if shared["clock"] == "simulated":  # its name says them
        named |= {"cost", "calibration"}
    others = {name: value for name, value in configuration.items() if name not in named}
    for cell in group:
        for name, value in cell.configuration.get(runs.PARAMETERS, {}).items():
            others[f"{name} of {cell.schedule}"] = value
    return [
        *(_fact(name, value) for name, value in {**facts, **others}.items() if value is not None),
        _fact("encoded corpus", "SHA-256 of the arrays", shared["digest"]),
        _fact("build", "SHA-256 of the sources of kernels and algorithms", shared["build"]),
    ]


def corpora(cells):
    """Return what is known of each corpus: from the runs, and from the registry."""
    first = {}
    for cell in cells:
        first.setdefault(cell.about["corpus"]["digest"], cell)
    return [_corpus(cell) for cell in first.values()]


def _corpus(cell):
    """Return name and facts of a cell's corpus."""
    about = cell.about
    corpus = about["corpus"]
    sources = {
        split: source for split, source in (corpus["sources"] or {}).items() if source is not None
    }
    name = corpus["corpus"]
    entry = registered(name, sources) if sources else made_here(name)
    unit = TASKS[cell.configuration["task"]].work_unit
    work = about.get(unit, 0) / cell.configuration["epochs"]
    facts = [_fact("training set", f"{examples(cell):,} examples, {work:,.0f} {unit}")]
    options = {k: v for k, v in (corpus.get("options") or {}).items() if v not in {None, False}}
    if options:
        facts.append(_fact("encoded with", ", ".join(f"{k} {v}" for k, v in options.items())))
    for split, source in sources.items():
        member = entry and entry.members[split]
        size = f", {member.bytes:,} bytes" if member and member.sha256 else ""
        facts.append(_fact(split, f"{source.get('file')}{size}", source.get("sha256")))
    facts.append(_fact("encoded", "SHA-256 of the arrays", corpus["digest"]))
    if entry is None:
        own = "not in the registry: its owner's to say"
        facts += [_fact("licence", own), _fact("citation", own)]
    else:
        if entry.name != corpus["corpus"]:
            facts.insert(0, _fact("registered as", entry.name))
        facts += [
            _fact("size", entry.size),
            _fact("licence", entry.licence),
            _fact("citation", entry.citation),
            *([_fact("homepage", entry.homepage)] if entry.homepage else []),
        ]
    return {"name": str(corpus["corpus"]), "facts": facts}


def registered(name, sources):
    """Return the registry's entry that has these files, whatever a run calls the corpus.

    Where the registry does not know a file's SHA-256, the corpus's name and the name that
    `staleness fetch` gives the file have to do: no files of one's own may be called so.

    Parameters
    ----------
    name : str
    sources : dict of str to dict
        Split to file and sha256, as in run.json.

    Returns
    -------
    staleness.workflow.corpora.registry.Entry or None
    """

    def has(entry, split, source):
        member = entry.members.get(split)
        if member is None or member.sha256:
            return member is not None and source.get("sha256") == member.sha256
        return entry.name == name and source.get("file") == f"{split}.txt"

    entries = registry.entries().values() if sources else ()
    return next((e for e in entries if all(has(e, *one) for one in sources.items())), None)


def made_here(name):
    """Return the registry's entry of a synthetic corpus, None if there is none of this name."""
    entry = registry.entries().get(name)
    return None if entry is None or entry.members else entry


def machines(cells):
    """Return a list of facts for each machine and set of versions."""
    groups = {}
    for cell in cells:
        for about in cell.abouts:
            machine = {name: about["machine"].get(name) for name in MACHINE}
            versions = {k: v for k, v in about["versions"].items() if k not in UNPRINTED}
            key = json.dumps([machine, versions], sort_keys=True)
            groups.setdefault(key, (machine, versions, []))[2].append(about["machine"]["load"])
    return [_machine(*group) for group in groups.values()]


def _machine(machine, versions, loads):
    """Return the facts of a machine, with the range of its load."""
    known = [load for load in loads if load is not None]
    facts = dict(machine)
    memory = facts.pop("memory_bytes")
    if memory is not None:
        facts["memory"] = f"{number(memory / 1e9)} GB"
    if known:
        low, high = (f"{load:.2f}" for load in (min(known), max(known)))
        facts["load"] = low if low == high else f"{low} to {high}"
    facts["versions"] = ", ".join(f"{name} {value}" for name, value in versions.items())
    facts["runs"] = len(loads)
    return [_fact(name, value) for name, value in facts.items() if value is not None]


def effort(cells, jobs=()):
    """Return what the runs took and with what the report was made; the words stand in method.typ.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    jobs : list of staleness.workflow.report.jobs.Job, optional
        Of the workflow that made it all.
    """
    abouts = [about for cell in cells for about in cell.abouts]
    cpu = sum(about["cpu_seconds"] for about in abouts)
    memory = max(about["peak_memory_bytes"] for about in abouts)
    builds = sorted({about["versions"]["sources"] for about in abouts})
    clocks = {cell.configuration["clock"] for cell in cells}
    return {
        "cpu": number(cpu),
        "runs": len(abouts),
        "memory": f"{number(memory / 1e6)} MB",
        "simulated": clocks == {"simulated"},
        "builds": [build[:12] for build in builds],
        "typst": version("typst"),
        "jobs": _jobs(jobs) if jobs else None,
    }


def _jobs(jobs):
    """Return how many jobs there were, of what kinds, and how long they took."""
    kinds = Counter(job.rule for job in jobs)
    return {
        "count": len(jobs),
        "kinds": listed(f"{count} {rule}" for rule, count in kinds.most_common()),
        "elapsed": duration(elapsed(jobs)),
        "total": duration(sum(job.seconds for job in jobs)),
    }


def _fact(name, value, digest=None):
    """Return a fact as the template takes it; the digest goes below the value."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, float):
        value = f"{value:g}"
    return {"name": name.replace("_", " "), "value": str(value), "digest": digest and str(digest)}
