"""The window into the kernels' C level."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def probe(compile_cython):
    """Return the compiled probe.pyx."""
    return compile_cython(Path(__file__).with_name("probe.pyx"))
