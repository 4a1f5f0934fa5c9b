"""One run: a learner under a schedule on a clock, and the curve that comes of it."""

from staleness.algorithms import jobs, retimed, shared_memory
from staleness.algorithms.configuration import JOB_SCHEDULES
from staleness.algorithms.errors import StalenessError


def run(configuration, corpus, progress=None, judge=True, learned=None):
    """Run a configuration on an encoded corpus.

    Parameters
    ----------
    configuration : Configuration
    corpus : EncodedCorpus
    progress : callable, optional
        Called now and then with the examples done, those to be done in all and the latest metrics,
        none where there are none before the end.
    judge : bool, optional
        Whether curve points have metrics; without, where only times are wanted.
    learned : staleness.algorithms.retimed.Learned, optional
        Of the run whose updates this one makes (`Configuration.learned_as`): it is timed, not
        learned again.

    Returns
    -------
    Result

    Raises
    ------
    StalenessError
        If the configuration does not fit the corpus or the machine, or training diverged.
    Interrupted
        On Ctrl-C, with all threads ended.
    """
    check_task(configuration.task, corpus)
    if learned is not None:
        return retimed.run(configuration, corpus, learned)
    if configuration.schedule in JOB_SCHEDULES:
        return jobs.run(configuration, corpus, progress)
    return shared_memory.run(configuration, corpus, progress, judge)


def check_task(task, corpus):
    """Raise an error if a corpus is for another task."""
    found = corpus.about.get("task")
    if found != task:
        where = corpus.folder or corpus.about["corpus"]
        raise StalenessError(f"{where}: a corpus for {found}: give one for {task}")
