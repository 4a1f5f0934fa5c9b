"""Costs from calibration files."""

import copy
import json

import numpy as np
import pytest

from staleness.algorithms.configuration import COST_MODELS
from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.costs.measured import FORMAT, REFERENCE, Measured
from staleness.algorithms.errors import StalenessError

from ..synthetic import calibrated

WORK = np.ones(3, dtype=np.int32)
GOOD = {
    "format": FORMAT,
    "machine": {"processor": "abacus"},
    "tasks": {
        "ner": {
            "sgd": {
                **calibrated({"compute_work": 1e-6, "update_fixed": 2e-6, "average_replica": 1e-3}),
                "processors": 4,
                "shared": {
                    "asynchronous": calibrated({"compute_work": 2.5e-6, "update_fixed": 3e-6}),
                    "synchronous": calibrated(
                        {"compute_work": 1e-6, "update_fixed": 2e-6, "barrier": 3e-7}
                    ),
                },
            }
        }
    },
}
ALONE = Costs(compute_work=1e-6, update_fixed=2e-6, average_replica=1e-3)


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
    assert 0 < costs.compute_work < 1e-3
    assert "reference calibration" in model.describe()
    assert not model.disturbed
    for updates in json.loads(REFERENCE.read_text())["tasks"].values():
        assert all(found["rounds"] >= 5 and found["doctor"] for found in updates.values())


def test_a_file_of_ones_own(tmp_path):
    model = Measured(write(tmp_path, GOOD))
    assert model.costs("ner", "sgd", WORK) == ALONE
    assert model.describe() == (
        "cost measured (own calibration, abacus; "
        "sharing of theta measured on 4 cores and extrapolated beyond)"
    )


@pytest.mark.parametrize("schedule", ["asynchronous", "synchronous", "one-of-my-own", None])
def test_one_processor_shares_with_nobody(tmp_path, schedule):
    assert Measured(write(tmp_path, GOOD)).costs("ner", "sgd", WORK, schedule, 1) == ALONE


@pytest.mark.parametrize(
    ("processors", "weight"),
    [(1, 0.0), (2, (1 / 2) / (3 / 4)), (4, 1.0), (64, (63 / 64) / (3 / 4))],
)
def test_sharing_is_on_a_line_through_what_was_measured(tmp_path, processors, weight):
    model = Measured(write(tmp_path, GOOD))
    expected = Costs(
        compute_work=1e-6 + 1.5e-6 * weight, update_fixed=2e-6 + 1e-6 * weight, average_replica=1e-3
    )
    found = model.costs("ner", "sgd", WORK, "asynchronous", processors)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)
    # What was not calibrated shares as asynchronous does; what shares nothing costs no more.
    assert model.costs("ner", "sgd", WORK, "one-of-my-own", processors) == found
    assert model.costs("ner", "sgd", WORK, None, processors) == ALONE
    in_step = model.costs("ner", "sgd", WORK, "synchronous", processors)
    assert in_step == ALONE._replace(barrier=pytest.approx(3e-7 * weight))


def test_no_cost_falls_as_processors_come(tmp_path):
    model = Measured(write(tmp_path, GOOD))
    for schedule in ("asynchronous", "synchronous"):
        found = [model.costs("ner", "sgd", WORK, schedule, p) for p in (1, 2, 3, 4, 8, 64, 4096)]
        assert (np.diff(found, axis=0) >= 0).all()


def test_a_calibration_made_on_a_busy_machine_says_so(tmp_path):
    quiet = {"conclusion": "fit for wall-clock measurements", "warnings": {}, "disturbing": []}
    busy = {"conclusion": "fit with 1 warning (load)", "warnings": {"load": "3.00"}}
    about = changed("tasks/ner/sgd/doctor", quiet)
    assert "not quiet" not in Measured(write(tmp_path, about)).describe()
    about["tasks"]["ner"]["mira"] = calibrated({"compute_work": 1e-6}) | {
        "doctor": busy | {"disturbing": ["load"]}
    }
    said = Measured(write(tmp_path, about)).describe()
    assert said.endswith("; made while the machine was not quiet: load)")


def test_a_calibration_of_one_core_knows_no_sharing(tmp_path):
    about = changed("tasks/ner/sgd/shared", {})
    about["tasks"]["ner"]["sgd"]["processors"] = 1
    model = Measured(write(tmp_path, about))
    assert model.costs("ner", "sgd", WORK, "asynchronous", 64) == ALONE
    assert "sharing of theta not measured" in model.describe()


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
    "not JSON": "compute_work: 3",
    "a list": [GOOD],
    "nothing": {},
    "no format": changed("format", None),
    "other format": changed("format", FORMAT + 1),
    "format of old": changed("format", 1),
    "no word of sharing": changed("tasks/ner/sgd/shared", None),
    "list of schedules": changed("tasks/ner/sgd/shared", ["asynchronous"]),
    "no costs of sharing": changed("tasks/ner/sgd/shared/asynchronous/costs", None),
    "a negative cost of sharing": changed(
        "tasks/ner/sgd/shared/asynchronous/costs", {"barrier": -1}
    ),
    "no processors": changed("tasks/ner/sgd/processors", None),
    "sharing with nobody": changed("tasks/ner/sgd/processors", 1),
    "half a processor": changed("tasks/ner/sgd/processors", 2.5),
    "no tasks": changed("tasks", None),
    "list of tasks": changed("tasks", ["ner"]),
    "list of updates": changed("tasks/ner", ["sgd"]),
    "no costs": changed("tasks/ner/sgd/costs", None),
    "list of costs": changed("tasks/ner/sgd/costs", [1, 2]),
    "unknown cost": changed("tasks/ner/sgd/costs/coffee", 1.0),
    "no machine": changed("machine", None),
    "a word for a cost": changed("tasks/ner/sgd/costs/compute_work", "much"),
    "a cost of sharing lower than alone": changed(
        "tasks/ner/sgd/shared/asynchronous/costs", {"compute_work": 9e-7, "update_fixed": 2e-6}
    ),
    "no residuals": changed("tasks/ner/sgd/compute", {"r2": 1.0}),
    "two residuals": changed("tasks/ner/sgd/compute/residuals", [0.9, 1.1]),
    "residuals that fall": changed("tasks/ner/sgd/update/residuals", [1.1, 1.0, 0.9]),
    "no residuals of sharing": changed("tasks/ner/sgd/shared/asynchronous/compute", None),
    "more left out than there are": changed("tasks/ner/sgd/compute/left_out", 1.5),
    "no rounds": changed("tasks/ner/sgd/rounds", 0),
    "no word of the rounds": changed("tasks/ner/sgd/rounds", None),
    "no word of the machine's state": changed("tasks/ner/sgd/doctor", None),
    "no conclusion on it": changed("tasks/ner/sgd/doctor", {"disturbing": []}),
    "a negative cost": changed("tasks/ner/sgd/costs/compute_work", -1.0),
    "a cost that is no number": changed("tasks/ner/sgd/costs/compute_work", float("nan")),
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
