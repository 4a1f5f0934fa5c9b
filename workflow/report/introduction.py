"""What stands above a figure: what was asked, how 2010 differs, what claims say of it."""

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.costs.paper import SECONDS, Paper
from staleness.workflow.figures import Figure, figures
from staleness.workflow.report.past import EXPERIMENTS

SAME_COST = (
    f"In 2010 processors were real; here their times are modelled with the {SECONDS} s that a "
    "mini-batch took then, so that the axis is that of 2010."
)
SAME_COST_OF = "{}: times are modelled as in 2010. The others: at the costs of today's kernels."


def introduction(about, claims):
    """Return what stands above a figure: what was asked, how 2010 differs, what claims say of it.

    Parameters
    ----------
    about : dict
        name, str, and shared, a list of dict, as in NAME.json.
    claims : list of dict
        As in claims.json.

    Returns
    -------
    str
        Empty for a figure that this version does not know, or that has no question.
    """
    figure = _known(about)
    if not figure.question:
        return ""
    return " ".join([figure.question, *_then(about["shared"]), *_verdicts(figure, claims)])


def place(about):
    """Return where a figure stands among others, of what NAME.json holds."""
    return _known(about).place


def _known(about):
    return figures().get(about["name"], Figure)


def _then(shared):
    """Yield how the runs of 2010 were others."""
    as_then = [one for one in shared if one["cost"] == Paper().describe()]
    if as_then:
        title = TASKS[as_then[0]["task"]].title
        yield SAME_COST if len(shared) == 1 else SAME_COST_OF.format(title)
    elif any(one["clock"] == "simulated" for one in shared):
        yield "The costs are those of today's kernels, not those of 2010."
    by_task = {one["task"]: one for one in shared}
    for task, one in by_task.items():
        then = EXPERIMENTS.get(task)
        if then and len(by_task) == 1:
            yield (
                f"Here the corpus is {one['corpus']}, in 2010 it was {then.corpus}, with "
                f"m = {then.mini_batch_size}."
            )


def _verdicts(figure, claims):
    """Yield what the claims that are about the same say."""
    for claim in claims:
        if claim["name"] in figure.claims:
            yield f"Claim {claim['number']} is judged by these runs: {claim['verdict']}."
