"""The file of claims, and how parts are put into words."""

import json
import math

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.analysis.phrases import MINUS
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from staleness.workflow.claims.judge import (
    FORMAT,
    correct,
    find,
    judge,
    measured,
    read,
    remarks,
    write,
)

from .cases import CASES


@pytest.fixture
def judged():
    return [judge(find("schedules"), CASES["schedules"]["reproduced"]), judge(find("delays"), [])]


def test_what_is_written_is_read(judged, tmp_path):
    path = tmp_path / "new" / "claims.json"
    write(path, judged)
    assert read(path) == judged
    assert json.loads(path.read_text())["format"] == FORMAT
    assert [p.name for p in path.parent.iterdir()] == ["claims.json"]


def test_the_curves_are_those_of_all_seeds():
    cells = CASES["schedules"]["reproduced"]
    digests = {about[runs.DIGEST] for cell in cells for about in cell.abouts}
    assert len(digests) > len(cells)
    assert judge(find("schedules"), cells)["curves"] == sorted(digests)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(format=FORMAT + 1),
        lambda content: content.pop("claims"),
        lambda content: content["claims"][0].pop("curves"),
        lambda content: content["claims"][0].update(verdict="true"),
        lambda content: content["claims"][0]["parts"][0].update(verdict=None),
        lambda content: content.update(claims=[1]),
        lambda content: content["claims"][0].update(statement=True),
        lambda content: content["claims"][0].update(number="one"),
        lambda content: content["claims"][0]["parts"][0].update(note=-1),
        lambda content: content["claims"][0]["parts"][0].update(task="../.."),
        lambda content: content["claims"][0]["parts"][0].update(note={"": None}),
        lambda content: content["claims"][0]["parts"][0].update(otherwise="no"),
        lambda content: content["claims"][0]["parts"][0].update(criterion=math.nan),
    ],
)
def test_what_are_no_claims_is_refused(judged, tmp_path, change):
    path = tmp_path / "claims.json"
    write(path, judged)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(StalenessError, match=r"claims\.json: not claims .* 'staleness claims'"):
        read(path)
    path.write_text("{")
    with pytest.raises(StalenessError, match="not claims"):
        read(path)
    with pytest.raises(StalenessError, match="not claims"):
        read(tmp_path / "nowhere.json")


def test_an_unknown_claim_lists_the_known():
    with pytest.raises(StalenessError, match=r"unknown claim 'no': choose one of schedules, more-"):
        find("no")


def part(**changes):
    known = {"effect": 3.914, "low": -2.0, "high": 4.0, "unit": "times", "reason": None}
    return {**known, "note": "", "verdict": UNDECIDED, "at": {}, **changes}


def test_effects_in_words():
    assert measured(part()) == f"3.91 ({MINUS}2.00 to 4.00) times"
    assert measured(part(high="inf", unit="")) == f"3.91 ({MINUS}2.00 to ∞)"
    assert measured(part(effect=None)) == f"? ({MINUS}2.00 to 4.00) times"
    assert measured(part(effect=None, low=None, high=None)) == ""
    assert remarks(part(note="so it is", reason="why")) == ["So it is.", "Why."]
    at = {"0.95": REPRODUCED, "0.98": UNDECIDED, "0.995": NOT_REPRODUCED}
    assert remarks(part(at=at)) == [
        "At 95 % of the way: reproduced.",
        "At 99.5 % of the way: not reproduced.",
    ]
    at["0.995"] = REPRODUCED
    assert remarks(part(at=at)) == ["At 95 and 99.5 % of the way: reproduced."]


def test_not_reproduced_has_to_stand_among_all_parts():
    def of(*probabilities):
        parts = [{"verdict": NOT_REPRODUCED, "reason": None, "p": p} for p in probabilities]
        correct(parts)
        return [part["verdict"] for part in parts]

    assert of(1 / 64) == [NOT_REPRODUCED]
    assert of(1 / 64, 1.0, 1.0) == [NOT_REPRODUCED, UNDECIDED, UNDECIDED]
    assert of(1 / 64, 1.0, 1.0, 1.0)[0] == UNDECIDED
    parts = [{"verdict": REPRODUCED, "reason": None, "p": 1.0}] * 9
    correct(parts)
    assert all(part["verdict"] == REPRODUCED for part in parts)
