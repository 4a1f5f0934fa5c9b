"""What each figure was drawn to answer, and how the runs of 2010 were others.

A figure that is not named here stands in the report with its caption alone. What came out is said
by the captions and the claims, which compute it.
"""

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.costs.paper import SECONDS, Paper
from staleness.workflow.report.past import EXPERIMENTS

SAME_COST = (
    f"In 2010 processors were real; here their times are modelled with the {SECONDS} s that a "
    "mini-batch took then, so that the axis is that of 2010."
)
SAME_COST_OF = "{}: times are modelled as in 2010. The others: at the costs of today's kernels."
THEORY = (
    "The bounds of Langford, Smola and Zinkevich (2009), for convex objectives, are linear in it; "
    "the paper cites them and measured nothing of the kind."
)
# What was asked, by the figure's name.
QUESTIONS = {
    "timelines": "What do processors do with their time under each schedule?",
    "ner-convergence": "Does sharing the work reach the same F1 sooner, in step and out of step?",
    "ner-processors": "What do more processors bring, in step and out of step?",
    "ner-delays": "How much is lost where processors pause now and then, as on computers that "
    "others use too? In 2010 asynchronous processors alone had pauses.",
    "utilisation": "Which part of their time do processors compute, by schedule, mini-batch size "
    "and number of processors?",
    "alignment-convergence": "Does stepwise EM beat batch EM on word alignment, and out of step "
    "beat in step? In 2010, with m = 10,000, both stepwise learners converged at the same rate.",
    "tagging-convergence": "Does the same hold where the objective is not convex, and staleness "
    "might lead elsewhere?",
    "mini-batches": "For which mini-batch sizes does it pay to work out of step?",
    "mapreduce": "Does it pay where every mini-batch is a job of MapReduce? In 2010 that was word "
    "alignment, batch EM with two jobs an iteration, the larger one of 24 mappers and one reducer, "
    "and stepwise EM with jobs of 6 mappers and one reducer.",
    "scaling": "How many processors are of use? The paper had 4 and left more to future work.",
    "ideal": "How far is working out of step from the ideal, the single processor P times as fast? "
    "The talk of 2010 asked whether it can be better than that.",
    "wall-clock": "What do the cores of this machine make of it, in real time?",
    "staleness-theory": "Does the number of updates grow in proportion to the maximum delay? "
    + THEORY,
}
# The claims that are judged by what a figure shows.
CLAIMS = {
    "ner-convergence": ["schedules", "no-error"],
    "ner-processors": ["more-processors"],
    "ner-delays": ["delays"],
    "alignment-convergence": ["alignment-schedules", "incremental"],
    "tagging-convergence": ["tagging-schedules"],
    "mini-batches": ["mini-batches"],
    "mapreduce": ["mapreduce"],
    "staleness-theory": ["linear-slowdown"],
    "ideal": ["no-error"],
}


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
        Empty for a figure of which nothing is known.
    """
    asked = QUESTIONS.get(about["name"])
    if asked is None:
        return ""
    return " ".join([asked, *_then(about["shared"]), *_verdicts(about["name"], claims)])


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


def _verdicts(name, claims):
    """Yield what the claims that are about the same say."""
    for claim in claims:
        if claim["name"] in CLAIMS.get(name, ()):
            yield f"Claim {claim['number']} is judged by these runs: {claim['verdict']}."
