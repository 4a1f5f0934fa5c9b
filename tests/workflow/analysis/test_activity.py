import json

import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import activity, runs

from ..figures import toy

# One processor's mini-batch is computed in 2 s, delayed for 1 s, waits for 3 s, updates for 4 s.
ROW = {
    "processor": 0, "start": 10.0, "computed": 12.0, "delay": 1.0, "barrier_wait": 0.0,
    "lock_wait": 3.0, "update": 4.0, "end": 20.0, "update_number": 7,
}  # fmt: skip


def trace(*rows):
    return {name: np.array([row[name] for row in rows]) for name in ROW}


def test_spans_come_in_the_order_of_the_program():
    spans = activity.spans(trace(ROW))
    assert spans["busy"].tolist() == [[0, 10, 2], [0, 16, 4]]
    assert spans["delayed"].tolist() == [[0, 12, 1]]
    assert spans["lock"].tolist() == [[0, 13, 3]]
    assert spans["barrier"].tolist() == []


def test_what_is_waited_at_both_barriers_stands_before_the_update():
    spans = activity.spans(trace({**ROW, "barrier_wait": 3.0, "lock_wait": 0.0}))
    assert spans["barrier"].tolist() == [[0, 13, 3]]
    assert spans["busy"].tolist() == [[0, 10, 2], [0, 16, 4]]


def test_shares_are_of_the_time_of_all_processors():
    other = {**ROW, "processor": 1, "start": 0.0, "computed": 30.0, "delay": 0.0, "lock_wait": 0.0,
             "update": 0.0, "end": 30.0, "update_number": 8}  # fmt: skip
    assert activity.shares(trace(ROW, other)) == pytest.approx(
        {"busy": 36 / 50, "delayed": 1 / 50, "lock": 3 / 50, "barrier": 0.0}, rel=1e-12
    )


def test_shares_of_no_time_are_none():
    nothing = dict.fromkeys(ROW, 0)
    assert set(activity.shares(trace(nothing)).values()) == {0.0}


def test_an_update_of_several_processors_counts_once():
    rows = [{**ROW, "processor": p, "update_number": 1} for p in range(3)]
    rows.append({**ROW, "end": 15.0, "update_number": 2})
    assert activity.update_times(trace(*rows)).tolist() == [15.0, 20.0]


@pytest.mark.parametrize("schedule", ["single", "synchronous", "asynchronous"])
@pytest.mark.parametrize("delays", [False, True])
def test_states_fill_the_time_of_every_processor_without_overlap(schedule, delays):
    made = toy.trace(schedule, 1 if schedule == "single" else 3, delays=delays)
    everything = np.concatenate(list(activity.spans(made).values()))
    for processor in np.unique(made["processor"]):
        own = everything[everything[:, 0] == processor]
        own = own[np.argsort(own[:, 1])]
        ends = own[:, 1] + own[:, 2]
        np.testing.assert_allclose(own[1:, 1], ends[:-1], rtol=0, atol=1e-9)
        assert own[0, 1] == 0.0
    assert sum(activity.shares(made).values()) == pytest.approx(1.0, rel=1e-9)


def test_summary_holds_medians_over_seeds(tmp_path):
    cells = runs.load(toy.family(tmp_path))
    table = activity.summarise(cells)
    json.dumps(table, allow_nan=False)
    assert table["states"] == list(activity.STATES)
    synchronous = table["cells"][1]
    busy = [activity.shares(made)["busy"] for made in cells[1].traces]
    assert synchronous["shares"]["busy"] == {
        "median": float(np.median(busy)), "low": min(busy), "high": max(busy),
    }  # fmt: skip
    assert synchronous["shares"]["barrier"]["low"] > 0
    assert synchronous["shares"]["lock"]["high"] == 0


def test_traces_are_read_only_when_asked_for(tmp_path):
    folder = toy.run(tmp_path / "a")
    (folder / "trace.parquet").unlink()
    (cell,) = runs.load([folder])
    with pytest.raises(StalenessError, match=r"trace\.parquet.*staleness run"):
        _ = cell.traces


@pytest.mark.parametrize(
    ("change", "said"), [("column", "no column 'lock_wait'"), ("rows", "no r")]
)
def test_a_trace_that_is_none_is_named(tmp_path, change, said):
    folder = toy.run(tmp_path / "a")
    made = toy.trace()
    if change == "column":
        del made["lock_wait"]
    else:
        made = {name: values[:0] for name, values in made.items()}
    toy.pq.write_table(toy.pa.table(made), folder / "trace.parquet")
    (cell,) = runs.load([folder])
    with pytest.raises(StalenessError, match=said) as raised:
        _ = cell.traces
    assert str(folder) in str(raised.value)
