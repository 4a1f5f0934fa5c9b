"""Whether others compute with what we compute with."""

import pytest

from staleness.algorithms.build import source_digest
from staleness.algorithms.mapreduce.agreement import PACKAGES, SOURCES, complaint, lacking

HERE = dict.fromkeys(PACKAGES, "2.0") | {"python": "3.11.2.final.0"}


def test_the_sources_are_told_where_they_are():
    assert eval(SOURCES) == source_digest()  # noqa: S307


@pytest.mark.parametrize(
    ("there", "sources", "expected"),
    [
        ({}, source_digest(), None),
        ({"python": "3.11.9.final.0", "pandas": "3"}, source_digest(), None),
        ({"python": "3.12.2.final.0"}, "x", "other versions: python 3.12, here 3.11"),
        (
            {"distributed": "1.0", "numpy": None},
            "x",
            "other versions: distributed 1.0, here 2.0, numpy None, here 2.0",
        ),
        ({}, "x", "other sources of the project than here"),
        (
            {},
            ModuleNotFoundError("No module\nnamed 'staleness'"),
            "no project that can be imported (No module named 'staleness')",
        ),
    ],
)
def test_what_is_lacking_is_said(there, sources, expected):
    assert lacking((HERE, HERE | there), sources) == expected


def test_a_complaint_is_a_line_that_names_some():
    assert complaint({"the scheduler": None, "worker a": None}) is None
    found = complaint({"worker a": None, **{f"worker {k}": "x" for k in range(5)}})
    assert found.startswith("worker 0 has x; worker 1 has x; worker 2 has x, and so have 2 more: ")
