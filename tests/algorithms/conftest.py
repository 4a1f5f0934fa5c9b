"""Corpora, and a learner that counts."""

from pathlib import Path

import pytest

from staleness.algorithms.arrays import load

from .synthetic import TASKS, save_corpus


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
    return {task: load(save_corpus(folder / task, task)) for task in TASKS}


@pytest.fixture(scope="session")
def counting(compile_cython):
    """Return the function `learner` of clocks/counting.pyx."""
    return compile_cython(Path(__file__).with_name("clocks") / "counting.pyx").learner
