"""Costs from calibration files."""

import copy
import json

import numpy as np
import pytest

from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.costs.measured import FORMAT, Measured
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import COST_MODELS

WORK = np.ones(3, dtype=np.int32)
GOOD = {
    "format": FORMAT,
    "machine": {"processor": "abacus"},
    "tasks": {"ner": {"sgd": {"costs": {"calc_work": 1e-6, "update_fixed": 2e-6}, "r2_calc": 1}}},
}


def write(folder, about):
    path = folder / "calibration.json"
    path.write_text(about if isinstance(about, str) else json.dumps(about))
    return path


def test_both_models_are_found():
    assert {"measured", "paper"} <= set(COST_MODELS)
    assert all(issubclass(model, CostModel) for model in COST_MODELS.values())


def test_the_reference_is_a_calibration():
    model = Measured()
    costs = model.costs("ner", "sgd", WORK)
    assert all(cost >= 0 for cost in costs)
    assert 0 < costs.calc_work < 1e-3
    assert "reference calibration" in model.describe()


def test_a_file_of_ones_own(tmp_path):
    model = Measured(write(tmp_path, GOOD))
    assert model.costs("ner", "sgd", WORK) == Costs(calc_work=1e-6, update_fixed=2e-6)
    assert model.describe() == "cost measured (own calibration, abacus)"


@pytest.mark.parametrize(("task", "update"), [("ner", "mira"), ("tagging", "sgd")])
def test_what_is_not_calibrated(tmp_path, task, update):
    path = write(tmp_path, GOOD)
    expected = (
        f"no calibration of {task} by {update}: make one with 'staleness calibrate {task} --u"
    )
    with pytest.raises(StalenessError, match=expected):
        Measured(path).costs(task, update, WORK)


def changed(path, value):
    """Return GOOD with one entry replaced, or dropped where the value is None."""
    about = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    inner = about
    for name in way:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return about


BAD = {
    "not JSON": "calc_work: 3",
    "a list": [GOOD],
    "nothing": {},
    "no format": changed("format", None),
    "other format": changed("format", FORMAT + 1),
    "no tasks": changed("tasks", None),
    "list of tasks": changed("tasks", ["ner"]),
    "list of updates": changed("tasks/ner", ["sgd"]),
    "no costs": changed("tasks/ner/sgd/costs", None),
    "list of costs": changed("tasks/ner/sgd/costs", [1, 2]),
    "unknown cost": changed("tasks/ner/sgd/costs/coffee", 1.0),
    "no machine": changed("machine", None),
    "a word for a cost": changed("tasks/ner/sgd/costs/calc_work", "much"),
    "a negative cost": changed("tasks/ner/sgd/costs/calc_work", -1.0),
    "a cost that is no number": changed("tasks/ner/sgd/costs/calc_work", float("nan")),
}


@pytest.mark.parametrize("about", BAD.values(), ids=BAD)
def test_what_is_no_calibration_is_refused(tmp_path, about):
    path = write(tmp_path, about)
    with pytest.raises(StalenessError) as caught:
        Measured(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not a calibration file (")
    assert message.endswith("make one with 'staleness calibrate'")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StalenessError, match="not a calibration file"):
        Measured(tmp_path / "none.json")
    with pytest.raises(StalenessError, match="not a calibration file"):
        Measured(tmp_path)
