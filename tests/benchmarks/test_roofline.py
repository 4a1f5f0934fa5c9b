"""What kernels need, counted by walking their loops; the machine's limits; the page."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.roofline import __main__ as roofline
from benchmarks.roofline import bounds, cases, counts, limits, page
from benchmarks.suite import data
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.seeds import visiting_order
from staleness.workflow.machine.facts import machine

LANES = 16
states = st.integers(1, 50)
lengths = st.integers(1, 6)


class Walk:
    """Counts what loops do, written as they stand in the kernels, on vectors without values."""

    def __init__(self, states, length):
        self.states, self.length = states, length
        self.blocks = -(-states // LANES)
        self.found = Counter()

    def add(self, times=1, lanes=LANES):
        self.found["additions"] += times * lanes

    def multiply(self, times=1, lanes=LANES):
        self.found["multiplications"] += times * lanes

    def compare(self, times=1, lanes=LANES):
        self.found["comparisons"] += times * lanes

    def touch(self, times=1, size=4 * LANES):
        """Load or store vectors, or something of another size."""
        self.found["near"] += times * size

    def weighted_rows(self):
        for _ in range(self.blocks):
            for _ in range(self.states):
                self.touch(size=4)
                self.touch()
                self.multiply()
                self.add()
            self.add()

    def check(self, phase, *names):
        for name in names or ("additions", "multiplications", "comparisons", "near"):
            assert getattr(phase, name) * self.length == pytest.approx(self.found[name]), name


def sized(states, length):
    return counts.Chain(states, length, tokens=4 * length)


@given(states, lengths, st.booleans())
def test_forward(states, length, keeps):
    walk = Walk(states, length)
    for t in range(length):
        if t:
            walk.weighted_rows()
        for b in range(walk.blocks):
            walk.touch(2)  # the emission, alpha
            walk.multiply(2 if t else 1)  # the emission, 1 / c
            walk.add(b > 0)
            walk.compare(keeps)
        walk.add(lanes=15)  # the tree of lanes_sum
    walk.check(counts.forward(sized(states, length), keeps))


@given(states, lengths)
def test_residuals(states, length):
    walk = Walk(states, length)
    for t in reversed(range(length)):
        walk.multiply(walk.blocks)
        walk.touch(3 * walk.blocks)
        if t == 0:
            break
        for _ in range(walk.blocks):
            walk.multiply(2)
            for _ in range(states):
                walk.multiply()
                walk.add()
                walk.touch(2)
        walk.touch(states, size=4)
        walk.weighted_rows()
    walk.multiply(states * walk.blocks)
    walk.touch(4 * states * walk.blocks)  # zeros; both factors; the product
    walk.check(counts.residuals(sized(states, length)))


@given(states, lengths, st.integers(0, 40))
def test_scores(states, length, features):
    walk = Walk(states, length)
    for _ in range(length * walk.blocks):
        for _ in range(features):
            walk.add()
            walk.found["gathered"] += 4 * LANES
        walk.add(2)
        walk.multiply()
        walk.touch(2)
    phase = counts.scores(sized(states, length), features)
    walk.check(phase, "additions", "multiplications", "near", "gathered")


@given(states, lengths)
def test_viterbi(states, length):
    walk = Walk(states, length)
    for _ in range(1, length):
        for _ in range(walk.blocks):
            for _ in range(states):
                walk.touch(size=4)
                walk.touch()
                walk.add()
                walk.compare()
            walk.add()
            walk.touch(3)  # scores, delta, back
    walk.check(counts.viterbi(sized(states, length)))


@given(states, lengths)
def test_posteriors_of_the_hmm(states, length):
    walk = Walk(states, length)
    for t in reversed(range(length)):
        for _ in range(walk.blocks):
            walk.touch(4)  # alpha, the emission, v, the node
            walk.multiply(3)
            walk.compare(5)
        if t:
            walk.weighted_rows()
    walk.check(counts.backward(sized(states, length), statistics=False))


@given(states, lengths)
def test_viterbi_of_the_hmm(states, length):
    walk = Walk(states, length)
    for _ in range(1, length):
        for _ in range(walk.blocks):
            for _ in range(states):
                walk.touch(size=4)
                walk.touch()
                walk.multiply()
                walk.compare()
            walk.multiply(2)  # the emission; over the greatest
            walk.compare(2)  # the greatest; the least
            walk.touch(4)  # the emission, back, delta twice
    best = next(p for p in counts.hmm_viterbi(sized(states, length)) if p.name == "Viterbi")
    walk.check(best)


@given(states, lengths, st.integers(0, 40), st.integers(0, 6))
def test_an_update_of_the_crf(states, length, features, touched):
    walk, touched = Walk(states, length), min(touched, length)
    for t in range(length):
        walk.compare(2 * walk.blocks)
        walk.touch(walk.blocks)
        if t < touched:
            walk.multiply(walk.blocks)
            walk.add(features * walk.blocks)
            walk.touch(features, size=4)
            walk.found["gathered"] += 2 * features * walk.blocks * 4 * LANES
    phase, _ = counts.crf_update(sized(states, length), features, touched / length)
    walk.check(phase, "additions", "multiplications", "comparisons", "near", "gathered")


@given(states, lengths)
def test_transitions_of_the_hmm(states, length):
    walk = Walk(states, length)
    for _ in range(0, walk.blocks * LANES, 8):
        for _ in range(walk.blocks):
            for _ in range(1, length):
                walk.touch()
                for _ in range(8):
                    walk.touch(size=4)
                    walk.multiply()
                    walk.add()
            walk.multiply(8)
            walk.touch(2 * 8)
    walk.check(counts.transition_counts(sized(states, length)))


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 9)), min_size=1, max_size=5))
def test_rows_of_model_1(pairs):
    walk = Walk(1, sum(source * target for source, target in pairs))
    padded = 0
    for source, target in pairs:
        for _ in range(target):
            for _ in range(-(-source // LANES)):
                padded += LANES
                walk.touch(7)
                walk.add(3)
                walk.multiply(2)
                walk.compare()
    _, rows = counts.model1_expectations(counts.Cells(1.0, padded / walk.length), streams=False)
    walk.check(rows)


def test_more_tokens_of_a_mini_batch_leave_less_to_each():
    few, many = (counts.Chain(45, 20.0, tokens) for tokens in (80.0, 8000.0))
    totals = [sum(p.operations for p in counts.hmm_expectations(s, False)) for s in (few, many)]
    assert totals[0] > totals[1] > 45 * 45


# ---- the machine ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    caches = {"L1": 2**14, "L2": 2**16, "L3": 2**18}
    return limits.measure(repeats=1000, caches=caches, rounds=1)


def test_everything_is_measured(found):
    assert set(found.rates) == {*limits.THROUGHPUTS, *limits.ROWS}
    assert set(found.latencies) == set(limits.LATENCIES)
    assert list(found.levels) == ["L1", "L2", "L3", "DRAM"]
    values = [*found.rates.values(), *found.latencies.values()]
    for level in found.levels:
        values += [*found.bandwidths[level].values(), *found.gathers[level].values()]
    assert all(0 < value < np.inf for value in values)


@pytest.mark.parametrize(
    ("size", "level"), [(1, "L1"), (2**14, "L1"), (2**14 + 1, "L2"), (2**18, "L3"), (2**19, "DRAM")]
)
def test_levels_hold_what_fits(found, size, level):
    assert found.level(size) == level
    assert found.bandwidth(size) == max(found.bandwidths[level].values())


def test_a_loop_that_returns_something_else_is_refused():
    with pytest.raises(StalenessError, match=r"returns 3\.0, not 4\.0"):
        limits.fastest(lambda: 3.0, 4.0, rounds=1)


@pytest.mark.parametrize("kind", ["rows", "floats"])
@pytest.mark.parametrize("do", ["gather", "update"])
@given(
    index=st.lists(st.integers(0, 999), min_size=1, max_size=200),
    blocks=st.integers(1, 4),
    span=st.integers(1, 300),
)
def test_gathers_read_every_row_once(do, kind, index, blocks, span):
    """Each checks its sum: it is that of a table of 1."""
    assert limits.gather(f"{do}_{kind}", index, blocks * (kind == "rows"), span, rounds=1) > 0


def test_a_missing_compiler_is_named(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(StalenessError, match="no compiler 'no-such-compiler'"):
        limits.library.__wrapped__()


# ---- bounds --------------------------------------------------------------------------------------


def test_phases_add_up_and_each_takes_what_takes_longest():
    machine_limits = limits.Limits(
        rates={
            "additions": 10.0,
            "multiplications": 10.0,
            "additions_and_multiplications": 20.0,
            "comparisons": 5.0,
            "exponentials": 0.5,
        },
        latencies={"add": 1.0, "sum": 8.0},
        levels={"L1": 100, "L2": 1000, "L3": 10_000, "DRAM": 100_000},
        bandwidths={name: {"read": bytes_} for name, bytes_ in zip(
            ("L1", "L2", "L3", "DRAM"), (100.0, 50.0, 20.0, 10.0), strict=True)},
        gathers={},
    )  # fmt: skip
    first = counts.Phase("first", additions=100, gathered=64, streamed=16)
    second = counts.Phase(
        "second",
        multiplications=20,
        rows={"exponentials": 1},
        chain={"sum": 1},
        sums=counts.Phase("sums", multiplications=15, chain={"add": 2}),
    )
    case = SimpleNamespace(
        phases=[first, second], gather=7.0, theta=1500, streams=10**6, taken=34.0
    )
    found = bounds.bound(case, machine_limits)
    assert found.phases == {
        "first": {"arithmetic": 10.0, "gather": 7.0, "stream": 1.6},
        "second": {"arithmetic": 2.0, "exp, max, log": 2.0, "chain": 10.0},
    }
    assert found.least == 20.0
    assert found.by_limit == {"arithmetic": 10.0, "chain": 10.0}
    assert found.intensity == 120 / 80
    # 120 operations in 12 ns at most, or 1.5 a byte at 50 bytes a nanosecond.
    assert (found.roof, found.roof_limit) == (10.0, "peak")


# ---- cases and page ------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_values_in_the_order_of_an_epoch(sizes):
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    values = np.arange(100, 100 + offsets[-1])
    order = visiting_order(cases.SEED, len(sizes), 1)
    expected = [v for k in order for v in values[offsets[k] : offsets[k + 1]]]
    found = cases.in_order(offsets, values)
    assert found.tolist() == expected
    laid = cases.laid_out(offsets)
    for k, begin, end in zip(order, laid[:-1], laid[1:], strict=True):
        assert np.array_equal(found[begin:end], values[offsets[k] : offsets[k + 1]])


@given(st.integers(0, 5000), st.integers(1, 300))
def test_what_a_mini_batch_costs_besides_its_tokens(fixed, each):
    work = np.random.default_rng(0).integers(1, 200, 500)
    seconds = 1.0 * fixed + each * work
    seconds[::7] += 1e6  # something else had the core
    assert cases.once(work, seconds) == pytest.approx(fixed / work.mean(), abs=0.15 * each)


def test_nothing_is_known_of_mini_batches_that_are_all_alike():
    assert np.isnan(cases.once(np.array([7, 7, 7]), np.array([1.0, 2.0, 3.0])))


@pytest.fixture
def corpora(monkeypatch):
    monkeypatch.setattr(data, "EXAMPLES", 24)
    return {task: data.corpus(task) for task in cases.CASES}


def test_the_page_gets_new_tables_every_time(corpora, found, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "measure", lambda: found)
    out = tmp_path / "page.md"
    out.write_text(f"# Before\n\n{page.BEGIN}\n{page.END}\n\nAfter.\n")
    for _ in range(2):
        roofline.report(corpora, machine(), rounds=1, out=out)
    text = out.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nAfter.\n")
    assert text.count("### The kernels") == 1
    for name in ("CRF gradient", "CRF update", "HMM E-step, m = 4", "Model 1 update, batch"):
        # What it needs, what it reaches, and a line or more for its phases.
        assert sum(f"| {name} |" in line for line in text.splitlines()) >= 3
    assert "nan" not in text
    assert (tmp_path / "page.svg").stat().st_size > 10_000


def test_a_page_without_markers_is_refused_before_anything_is_measured(corpora, tmp_path):
    out = tmp_path / "page.md"
    out.write_text("# Nothing else\n")
    with pytest.raises(StalenessError, match=r"page\.md: the page needs the lines"):
        roofline.report(corpora, machine(), rounds=1, out=out)


def test_the_page_in_docs_has_its_markers():
    assert roofline.read_page(roofline.PAGE)
