"""What stands above a figure: what was asked, how 2010 differs, what claims say of it."""

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.costs.paper import SECONDS, Paper
from staleness.workflow.figures import Figure, figures
from staleness.workflow.report.past import EXPERIMENTS


def introduction(about, claims):
    """Return what stands above a figure, as results.typ takes it.

    Parameters
    ----------
    about : dict
        name, str, and shared, a list of dict, as in NAME.json.
    claims : list of dict
        As in claims.json.

    Returns
    -------
    dict or None
        None for a figure that this version does not know, or that has no question.
    """
    figure = _known(about)
    if not figure.question:
        return None
    return {
        "question": figure.question,
        **_cost(about["shared"]),
        "corpora": _corpora(about["shared"]),
        "verdicts": [
            {"number": str(claim["number"]), "verdict": claim["verdict"]}
            for claim in claims
            if claim["name"] in figure.claims
        ],
    }


def place(about):
    """Return where a figure stands among others, of what NAME.json holds."""
    return _known(about).place


def _known(about):
    return figures().get(about["name"], Figure)


def _cost(shared):
    """Return at whose cost times are modelled; at that of 2010, of which task and with what."""
    as_then = [one for one in shared if one["cost"] == Paper().describe()]
    if as_then:
        cost = "2010" if len(shared) == 1 else "mixed"
        return {"cost": cost, "seconds": str(SECONDS), "task": TASKS[as_then[0]["task"]].title}
    simulated = any(one["clock"] == "simulated" for one in shared)
    return {"cost": "today" if simulated else None}


def _corpora(shared):
    """Return the corpora of now and of 2010 and the m of 2010; None if not one task had any."""
    by_task = {one["task"]: one for one in shared}
    if len(by_task) != 1:
        return None
    [(task, one)] = by_task.items()
    then = EXPERIMENTS.get(task)
    return then and {
        "here": str(one["corpus"]),
        "then": then.corpus,
        "mini_batch_size": then.mini_batch_size,
    }
