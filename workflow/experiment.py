"""A run from its settings: the corpus is found or made, what comes of it written if asked."""

from dataclasses import asdict
from pathlib import Path

from staleness.algorithms.arrays import ABOUT, load
from staleness.algorithms.build import source_digest
from staleness.algorithms.configuration import TASKS, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.retimed import Learned
from staleness.algorithms.run import check_task
from staleness.algorithms.run import run as learn
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.encoders import encoder
from staleness.workflow.machine import memory
from staleness.workflow.machine.doctor import examine
from staleness.workflow.machine.facts import surroundings
from staleness.workflow.store import record


def run(task, schedule, corpus, options, data, out, progress, settings):
    """Return the `Result` of some settings; see `staleness.run`."""
    try:
        configuration = Configuration(task=task, schedule=schedule, **settings)
    except TypeError as error:  # by its name, what no configuration has
        raise StalenessError(f"{error}: see staleness.algorithms.configuration") from None
    return carry_out(configuration, corpus_of(task, corpus, options, data), out, progress)


def corpus_of(task, corpus, options, data):
    """Return an `EncodedCorpus`: of a folder, or of a name, made where it is missing."""
    if corpus is not None and (Path(corpus) / ABOUT).is_file():
        if options:
            raise StalenessError(f"{corpus} is encoded already: leave its options out")
        return load(corpus)
    name = encoder(task).corpus if corpus is None else str(corpus)
    return ensure(name, data=data, options=options).corpus


def learned_by(folder, configuration, corpus):
    """Return the `Learned` of a run folder, of the run whose updates a configuration makes.

    Parameters
    ----------
    folder : path-like
    configuration : Configuration
    corpus : EncodedCorpus

    Raises
    ------
    StalenessError
        If it is another run, or these updates are nobody else's.
    """
    other = configuration.learned_as()
    if other is None:
        raise StalenessError(
            f"{folder}: nobody else makes the updates of {configuration.task} by "
            f"'{configuration.schedule}', clock {configuration.clock}: leave it out"
        )
    about = record.read_about(folder)
    wanted = {**asdict(other), **{"corpus": corpus.about["digest"], "build": source_digest()}}
    try:
        found = {**about["configuration"], "corpus": about["corpus"]["digest"]}
        found["build"] = about["versions"]["sources"]
        for name, value in wanted.items():
            if found.get(name) != value:
                raise StalenessError(
                    f"{folder}: its {name} is {found.get(name)!r}, not {value!r}: give the run of "
                    f"schedule '{other.schedule}' with the same settings"
                )
        return Learned(
            curve=record.read_curve(folder),
            touched=record.read_trace(folder)["update_work"],
            parameters=about["parameters"],
            theta_sha256=about["theta_sha256"],
            stopped=about["stopped"],
        )
    except (KeyError, TypeError) as error:
        raise StalenessError(
            f"{folder}: not a run ({error!r}): make it with 'staleness run'"
        ) from error


def carry_out(configuration, corpus, out=None, progress=None, learned=None):
    """Run a configuration, and write what a run leaves if there is a folder for it.

    Parameters
    ----------
    configuration : Configuration
    corpus : EncodedCorpus
    out : path-like, optional
    progress : callable, optional
        See `staleness.algorithms.run.run`.
    learned : path-like, optional
        The folder of the run whose updates this one makes.

    Raises
    ------
    StalenessError
        Also before anything is learned: if the folder cannot be made, or memory would not do.
    """
    if out is not None:
        # Before hours of learning.
        record.check_folder(out)
    check_task(configuration.task, corpus)
    found = learned and learned_by(learned, configuration, corpus)
    memory.check(
        configuration,
        TASKS[configuration.task]().examples(corpus),
        split=configuration.parts()[-1].splits(),
    )
    timed = configuration.clock == "wall" and out is not None
    findings = examine() if timed else []
    result = learn(configuration, corpus, progress, learned=found)
    if out is not None:
        record.write(out, result, corpus, surroundings(findings))
    return result
