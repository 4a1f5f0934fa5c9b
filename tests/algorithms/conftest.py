"""Corpora, and a learner that counts."""

from pathlib import Path

import pytest

from ..plugins import install  # noqa: F401
from ..small_corpora import corpora, corpus, corpus_folder  # noqa: F401


@pytest.fixture(scope="session")
def counting(compile_cython):
    """Return the function `learner` of clocks/counting.pyx."""
    return compile_cython(Path(__file__).with_name("clocks") / "counting.pyx").learner
