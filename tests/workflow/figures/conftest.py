"""What holds for made-up curves in figures."""

import pytest

from staleness.workflow.analysis import measures


@pytest.fixture(autouse=True)
def _in_steps(monkeypatch):
    """Let metrics change at curve points alone, so that toys reach their target at one of them.

    That a metric is on a line between points is tested where it is defined.
    """
    real = measures.time_to_target
    monkeypatch.setattr(
        measures,
        "time_to_target",
        lambda *arguments, **keywords: real(*arguments, **{**keywords, "steps": True}),
    )
