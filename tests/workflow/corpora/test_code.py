"""The code that decides about an encoded corpus: what is imported is named."""

import ast
from pathlib import Path

import pytest

from staleness.workflow import corpora
from staleness.workflow.corpora import encoders, formats, synthetic
from staleness.workflow.corpora.encoders import code_files

FOLDER = Path(corpora.__file__).parent
PACKAGE = "staleness.workflow.corpora"
COMPONENTS = {**formats.formats(), **encoders.encoders(), **synthetic.models()}


def imports(path):
    """Return the files of this package's modules that a file imports from, a set of Path."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith(f"{PACKAGE}."):
                place = FOLDER.joinpath(*name.removeprefix(f"{PACKAGE}.").split("."))
                found |= {place.with_suffix(".py"), place / "__init__.py"}
    return {path for path in found if path.is_file()}


@pytest.mark.parametrize("name", COMPONENTS)
def test_all_that_a_component_imports_is_in_its_digest(name):
    named = set(code_files(COMPONENTS[name]))
    found, left = set(), named
    while left:
        found |= left
        left = {other for path in left for other in imports(path)} - found
    # A synthetic corpus is encoded by itself: what other encoders do, it only describes with.
    others = {Path(path) for path in code_files(*encoders.encoders().values())}
    assert found - named <= (others if name in synthetic.models() else set())
