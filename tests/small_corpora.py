"""Fixtures: small encoded corpora."""

import pytest

from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import TASKS as ALL_TASKS
from staleness.workflow.corpora.encode import ensure

from .algorithms.synthetic import TASKS, save_corpus


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory):
    """Return the folder of a small encoded corpus for ner."""
    return save_corpus(tmp_path_factory.mktemp("corpora") / "synthetic")


@pytest.fixture(scope="session")
def corpus(corpus_folder):
    """Return a small `EncodedCorpus` for ner; nobody may change it."""
    return load(corpus_folder)


@pytest.fixture(scope="session")
def corpora(tmp_path_factory):
    """Return a small `EncodedCorpus` for each task; nobody may change them."""
    folder = tmp_path_factory.mktemp("of-all-tasks")
    # Those of a plug-in bring theirs.
    synthetic = {"data": folder, "options": {"examples": 60}}
    return {
        task: load(save_corpus(folder / task, task))
        if task in TASKS
        else ensure(f"synthetic-{task}", **synthetic).corpus
        for task in ALL_TASKS
    }
