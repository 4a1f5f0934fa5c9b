"""Verdicts on claims, and the file claims.json that holds them.

claims.json is an object of `format` and `claims`, a list by number of objects of

- number, name, statement: the claim, and what of it is not the paper's;
- verdict: "reproduced" if all parts are, "not reproduced" if any part is not, else "undecided";
- parts, a list: what was judged, or could not be (`judge_part`, `missing`);
- curves: the digests of the curves it was judged from, by which the report knows that claim and
  runs belong together.
"""

import json
import math

from staleness.algorithms.components import choose
from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.workflow.analysis import grouping, intervals, runs, selection, words
from staleness.workflow.analysis.effects import stated
from staleness.workflow.analysis.phrases import listed
from staleness.workflow.analysis.targets import SHARES
from staleness.workflow.claims import claims
from staleness.workflow.claims.criteria import NOT_REPRODUCED, UNDECIDED, VERDICTS, whole
from staleness.workflow.store.files import whole_file

FORMAT = 2
AT = {f"{share:g}": share for share in SHARES}
REMEDY = "make it with 'staleness claims'"
CENSORED = "too many runs end short of the target: train longer"
STRADDLES = "the interval reaches over the bound"


def find(name):
    """Return a claim by its name, or raise an error that lists all of them."""
    return choose("claim", name, claims())()


def judge_all(folders, names=None):
    """Return what `judge` says of some claims, by default of all, in the order of their numbers.

    Parameters
    ----------
    folders : iterable of path-like
        Of runs.
    names : iterable of str, optional
        Of claims.
    """
    chosen = [find(name) for name in (claims() if names is None else names)]
    cells = runs.load(folders)
    return [judge(claim, cells) for claim in sorted(chosen, key=lambda claim: claim.number)]


def judge(claim, cells):
    """Judge a claim.

    Parameters
    ----------
    claim : Claim
    cells : list of staleness.workflow.analysis.runs.Cell
        Any; it takes those it needs.

    Returns
    -------
    dict
        As in claims.json.
    """
    parts, curves = [], set()
    by_task = grouping.by_task(cells)
    for task in claim.tasks:
        for group in experiments(claim, task, by_task.get(task, [])):
            try:
                found = selection.select(claim.needs(task), group)
                seeds = selection.shared_seeds(found)
                if not seeds:
                    raise selection.Missing("the runs share no seed")
                judged = judge_parts(claim, selection.of_seeds(found, seeds), seeds)
            except selection.Missing as error:
                parts.append(missing(task, str(error)))
                continue
            curves |= {a[runs.DIGEST] for cell in selection.each(found) for a in cell.abouts}
            parts += [{"task": task, **part} for part in judged]
    correct(parts)
    for share in AT:
        others = [{**part, **part["at"].get(share, {})} for part in parts]
        correct(others)
        for part, other in zip(parts, others, strict=True):
            part["at"][share] = other["verdict"]
    return {
        "number": claim.number,
        "name": claim.name,
        "statement": claim.statement,
        "verdict": whole([part["verdict"] for part in parts]),
        "parts": parts,
        "curves": sorted(curves),
    }


def correct(parts):
    """Leave undecided what would not be "not reproduced" if the claim had no other parts.

    That all parts are reproduced is an intersection of tests, which needs no correction (Berger
    1982). That any part is not is their union: there Holm's (1979) keeps the error at 5 %.
    """
    raised = intervals.holm([part["p"] for part in parts])
    for part, probability in zip(parts, raised, strict=True):
        if part["verdict"] == NOT_REPRODUCED and probability > intervals.LEVEL:
            part["verdict"] = UNDECIDED
            part["reason"] = f"not enough seeds to tell for {len(parts)} parts at once (Holm 1979)"


def experiments(claim, task, cells):
    """Return the cells of each experiment that a claim judges by itself, a list of lists.

    One that has nothing of the claim's first need is none; if there is no other, all cells are one.
    """
    first = next(iter(claim.needs(task).values()))
    groups = {}
    for cell in cells:
        groups.setdefault(claim.experiment(cell), []).append(cell)
    return [
        groups[key] for key in sorted(groups) if any(first.takes(cell) for cell in groups[key])
    ] or [cells]


def judge_parts(claim, found, seeds):
    """Judge the parts of a claim that are of some cells, not corrected for their number.

    Parameters
    ----------
    claim : Claim
    found : dict
        The cells, see `selection.select`, all with the same seeds.
    seeds : list of int
        Those.

    Returns
    -------
    list of dict
        See `judge_part`; and at, by share of the way, what is said with another target.
    """
    judged = [judge_part(part, found, seeds) for part in claim.parts(found)]
    for part in judged:
        part["at"] = {}
    for name_of_share, share in AT.items():
        other = selection.at(found, share)
        for part, same in zip(judged, claim.parts(other), strict=True):
            of_share = judge_part(same, other, seeds)
            part["at"][name_of_share] = {
                name: of_share[name] for name in ("verdict", "reason", "p")
            }
    return judged


def judge_part(part, found, seeds):
    """Judge a part of a claim.

    Parameters
    ----------
    part : Part
    found : dict
        The cells, see `selection.select`, all with the same seeds.
    seeds : list of int
        Those.

    Returns
    -------
    dict
        name, unit, effect (the median over seeds), low and high (its interval), confidence (what
        that covers at least), criterion, verdict, reason (why it is undecided, else null), p (how
        probable so many seeds beyond the criterion would be, were it fulfilled), note, and where it
        came from: seeds, corpus, clock. A number that does not exist is null, an infinite one "inf"
        or "-inf". otherwise, if it is there, is the same measured in another way: it is not judged.
    """
    criterion = part.criterion
    effects = [part.effect(selection.of_seeds(found, [seed])) for seed in seeds]
    low, high = intervals.interval(effects, criterion.confidence)
    verdict, reason = criterion.verdict(low, high), None
    if not intervals.rank(len(seeds), criterion.confidence):
        verdict, reason = UNDECIDED, too_few(criterion.confidence)
    elif verdict == UNDECIDED:
        reason = CENSORED if any(map(math.isnan, effects)) else STRADDLES
    shared = grouping.common(selection.each(found))
    judged = {
        "name": part.name,
        "unit": part.unit,
        "effect": _plain(intervals.median(effects)),
        "low": _plain(low),
        "high": _plain(high),
        "confidence": criterion.confidence,
        "criterion": criterion.text,
        "verdict": verdict,
        "reason": reason,
        "p": intervals.sign_test(criterion.beyond(effects), len(effects)),
        "note": part.note,
        "seeds": list(seeds),
        "corpus": shared["corpus"],
        "clock": words.describe_clock(shared),
    }
    if part.otherwise is not None:
        judged["otherwise"] = judge_part(part.otherwise, found, seeds)
    return judged


def too_few(confidence):
    """Return why there is no verdict from few seeds."""
    needed = intervals.seeds_needed(confidence)
    return f"too few seeds: at least {needed} have an interval of {100 * confidence:g} %"


def missing(task, reason):
    """Return what claims.json says of a task whose runs do not suffice."""
    return {
        **dict.fromkeys(("effect", "low", "high", "corpus", "clock")),
        **{"task": task, "name": "", "unit": "", "criterion": "", "note": ""},
        **{"verdict": UNDECIDED, "reason": reason, "seeds": [], "p": 1.0, "at": {}},
    }


def write(path, judged):
    """Write claims.json, whole or not at all; `judged` is a list of what `judge` returned."""
    content = {"format": FORMAT, "claims": judged}
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as part:
        part.write_text(text + "\n", encoding="utf-8")


def read(path):
    """Return the claims that claims.json holds, a list of what `judge` returned.

    Raises
    ------
    StalenessError
        If it is no such file.
    """
    try:
        content = read_json(path)
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']}, not {FORMAT}")
        for claim in content["claims"]:
            if not {"number", "statement", "curves"} <= set(claim):
                raise ValueError("a claim has no number, statement or curves")
            if not (isinstance(claim["number"], int) and isinstance(claim["statement"], str)):
                raise ValueError("a claim's number is no number, or its statement no text")
            for one in (claim, *claim["parts"]):
                if one["verdict"] not in VERDICTS:
                    raise ValueError(f"a verdict is {one['verdict']!r}")
            for part in claim["parts"]:
                if part["task"] and part["task"] not in TASKS:
                    raise ValueError(f"a task is {part['task']!r}")
                measured(part), remarks(part)  # what cannot be said is found here
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StalenessError(f"{path}: not claims ({error}): {REMEDY}") from error
    return content["claims"]


def measured(part):
    """Return a phrase on the effect of a part, such as "3.91 (3.85 to 4.02) times as fast"."""
    if part["effect"] is None and part["low"] in {None, "-inf"} and part["high"] in {None, "inf"}:
        return ""
    effect, low, high = (
        stated(math.nan if part[name] is None else float(part[name]))
        for name in ("effect", "low", "high")
    )
    return f"{effect} ({low} to {high}) {part['unit']}".strip()


def remarks(part):
    """Return sentences on what else there is to say of a part, a list of str."""
    found = [part["note"], part["reason"]]
    changed = {}
    for share, verdict in part["at"].items():
        if verdict != part["verdict"]:
            changed.setdefault(verdict, []).append(f"{100 * float(share):g}")
    found += [f"at {listed(shares)} % of the way: {said}" for said, shares in changed.items()]
    other = part.get("otherwise")
    if other and other["verdict"] != part["verdict"]:
        said = [measured(other), other["verdict"], other["reason"]]
        found.append(f"{other['name']}: {', '.join(filter(None, said))}")
    return [f"{text[0].upper()}{text[1:]}." for text in found if text]


def _plain(value):
    """Return a number as JSON can hold it."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
