"""The dashboard: which commits are measured, what is named, and that the page needs nobody else."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks import browser, dashboard, demonstrate, regressions
from benchmarks.regressions import Regression, git
from staleness.algorithms.errors import StalenessError

REPOSITORY = Path(__file__).parents[2]
TABLE = """
| Change | Before [aaaaaaaa] | After [bbbbbbbb] | Ratio | Benchmark (Parameter) |
|--------|-------------------|------------------|-------|-----------------------|
| +      | 1.11±0.02ms  | 2.30±0.1ms | 2.07 | a.Learning.time_calc('ner sgd', 4) |
| -      | 9.0±0.1ms    | 4.0±0.1ms  | 0.44 | a.Learning.time_calc('ner mira', 4) |
| +      | 100          | 200        | 2.00 | a.Learning.track_speed('ner sgd', 4) |
| +      | 100M         | 150M       | 1.50 | a.Learning.peakmem_epoch('ner sgd', 4) |
| !      | 3.0±0.1ms    | failed     | n/a  | a.Metrics.time_entities |
"""


def commit(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(name)
    git(folder, "add", ".")
    return demonstrate.commit(folder, name)


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def test_what_got_worse_is_read_from_the_table_of_asv():
    found = list(regressions.read(TABLE, "a" * 40, "b" * 40))
    assert [(r.benchmark.split(".")[2], r.kind) for r in found] == [
        ("time_calc('ner sgd', 4)", "slower"),
        ("peakmem_epoch('ner sgd', 4)", "slower"),
        ("time_entities", "fails"),
    ]
    assert found[0][:2] == ("b" * 40, "a" * 40)
    text = regressions.describe(["a" * 40, "b" * 40], found)
    assert text.startswith("bbbbbbbb, beside aaaaaaaa:\n")
    assert "time_calc('ner sgd', 4): 1.11±0.02ms to 2.30±0.1ms, 2.07 times" in text
    assert "time_entities: 3.0±0.1ms to failed, fails" in text


def test_nothing_to_name_is_said():
    assert "no regression" in regressions.describe(["a", "b"], [])
    assert "two are needed" in regressions.describe(["a"], [])


def test_the_last_commits_that_touched_what_is_measured(repository):
    first = commit(repository, "kernels/a.pyx")
    commit(repository, "README.md")
    second = commit(repository, "algorithms/b.py")
    commit(repository, "CHANGELOG.md")
    assert dashboard.choose(None, 3, repository) == [first, second]
    assert dashboard.choose(None, 1, repository) == [second]
    assert dashboard.choose(f"{first}..HEAD~1", 1, repository)[-1] == second


def test_a_range_of_nothing_is_refused(repository):
    commit(repository, "kernels/a.pyx")
    with pytest.raises(StalenessError, match=r"no commits in HEAD\.\.HEAD"):
        dashboard.choose("HEAD..HEAD", 3, repository)
    with pytest.raises(StalenessError, match="git rev-list"):
        dashboard.choose("no-such-branch", 3, repository)


def test_only_what_every_measurement_names_is_named(monkeypatch):
    slow = Regression("b", "a", "x.time_calc('ner sgd', 4)", "1ms", "2ms", "2.0", "slower")
    burst = slow._replace(benchmark="x.time_calc('ner sgd', 64)")
    other = slow._replace(commit="c")
    measurements = iter([[slow, burst, other], [other, slow], [slow._replace(new="3ms")]])
    asked = []
    monkeypatch.setattr(dashboard, "run_asv", lambda arguments, folder: asked.append(arguments))
    monkeypatch.setattr(dashboard, "regressions", lambda *_: next(measurements))
    assert dashboard.measure(["a", "b", "c"]) == [slow._replace(new="3ms")]
    assert next(measurements, None) is None
    benches = [run[run.index("--bench") + 1] for run in asked if "--bench" in run]
    assert [
        [r.benchmark for r in (slow, burst) if re.search(bench, r.benchmark)] for bench in benches
    ] == [[slow.benchmark, burst.benchmark], [slow.benchmark]]


def test_what_is_named_by_nothing_is_not_measured_again(monkeypatch):
    asked = []
    monkeypatch.setattr(dashboard, "run_asv", lambda arguments, folder: asked.append(arguments[0]))
    monkeypatch.setattr(dashboard, "regressions", lambda *_: [])
    assert dashboard.measure(["a", "b"]) == []
    assert asked == ["machine", "run"]


def test_the_page_loads_what_is_beside_it(tmp_path, monkeypatch):
    data = b"var x = 1;"
    library = dashboard.Library("p", "1", "x.js", hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(dashboard, "LIBRARIES", {"x.min.js": library})
    page = '<script src="https://cdn/a/x.min.js" integrity="sha" crossorigin="anonymous"></script>'
    got = dashboard.put_beside(page, tmp_path, lambda library: data)
    assert got == '<script src="x.min.js"></script>'
    assert (tmp_path / "x.min.js").read_bytes() == data
    with pytest.raises(StalenessError, match="is not what is pinned"):
        dashboard.put_beside(page, tmp_path, lambda library: data + b" ")
    with pytest.raises(StalenessError, match=r"loads https://cdn/a/y\.js"):
        dashboard.put_beside('<link href="https://cdn/a/y.js">', tmp_path, lambda library: data)


def test_a_slow_commit_can_still_be_made(tmp_path):
    kernel = shutil.copy(REPOSITORY / demonstrate.KERNEL, tmp_path)
    demonstrate.slow_down(Path(kernel))
    text = Path(kernel).read_text()
    assert text.replace(demonstrate.TWICE, "") == (REPOSITORY / demonstrate.KERNEL).read_text()
    Path(kernel).write_text("")
    with pytest.raises(StalenessError, match="mend"):
        demonstrate.slow_down(Path(kernel))


def test_only_the_slow_commit_may_be_named():
    slow = Regression("b", "a", "time_calc('ner sgd', 4)", "1ms", "2ms", "2.0", "slower")
    assert demonstrate.judge([slow], "b")
    assert not demonstrate.judge([], "b")
    assert not demonstrate.judge([slow, slow._replace(commit="c")], "b")
    assert not demonstrate.judge([slow, slow._replace(benchmark="time_encode")], "b")


def asv_results(folder, commits):
    """Write a folder of asv's results, with samples for each commit; nothing has parameters."""
    results = folder / regressions.RESULTS
    (results / "vm").mkdir(parents=True)
    (results / "vm" / "machine.json").write_text('{"machine": "vm", "version": 1}')
    names = ["suite.time_one", "suite.time_noisy"]
    benchmarks = {
        name: {"name": name, "params": [], "param_names": [], "unit": "seconds", "type": "time"}
        | {"version": "1", "code": ""}
        for name in names
    }
    (results / "benchmarks.json").write_text(json.dumps(benchmarks | {"version": 2}))
    columns = ["result", "params", "version", "started_at", "duration"]
    columns += ["stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75"]
    columns += ["stats_number", "stats_repeat", "samples", "profile"]
    for name, samples in commits.items():
        found = {}
        for benchmark, values in zip(names, samples, strict=True):
            middle, ends = sorted(values)[len(values) // 2], [min(values), max(values)]
            row = [[middle], [], "1", 0, 1.0, *[[end] for end in ends * 2]]
            found[benchmark] = [*row, [1], [len(values)], [values]]
        text = {
            "commit_hash": name,
            "env_name": "env",
            "date": 0,
            "params": {"machine": "vm"},
            "python": "3.11",
            "requirements": {},
            "env_vars": {},
            "result_columns": columns,
            "results": found,
            "durations": {},
            "version": 2,
        }
        (results / "vm" / f"{name[:8]}-env.json").write_text(json.dumps(text))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("asv") is None, reason="asv is not installed")
def test_asv_names_the_slow_commit_and_no_noise(repository):
    shutil.copy(REPOSITORY / "asv.conf.json", repository)
    commits = [commit(repository, f"kernels/{k}") for k in range(3)]
    quick = [0.010 + 1e-5 * k for k in range(10)]
    noisy = [0.010 * (1 + k % 5) for k in range(10)]
    asv_results(
        repository,
        {
            commits[0]: (quick, noisy),
            commits[1]: ([2 * value for value in quick], [1.2 * value for value in noisy]),
            commits[2]: ([2 * value for value in quick], noisy),
        },
    )
    assert regressions.measured(repository) == commits
    found = regressions.regressions(commits, folder=repository)
    assert [(r.commit, r.benchmark, float(r.ratio)) for r in found] == [
        (commits[1], "suite.time_one", 2.0)
    ]


def test_a_page_is_served_to_this_machine(tmp_path):
    (tmp_path / "index.json").write_text(
        '{"benchmarks": {"a.X.track_a": 1, "a.X.time_b": 1, "b.Y.time_a": 1}}'
    )
    assert browser.first_time(tmp_path) == "a.X.time_b"
    with browser.serve(tmp_path) as address:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        with urlopen(f"{address}/index.json") as answer:  # noqa: S310
            assert b"benchmarks" in answer.read()


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, browser.NAMES)), reason="there is no chromium")
def test_a_browser_counts_graphs(tmp_path):
    script = """
    const canvas = document.createElement("canvas");
    canvas.className = "flot-base";
    document.body.append(canvas);
    """
    label = '<div class="flot-tick-label tickLabel">5</div>'
    (tmp_path / "index.html").write_text(f"<body>{label}<script>{script}</script></body>")
    with browser.serve(tmp_path) as address:
        assert browser.look(f"{address}/#x") == (1, 1)
        (tmp_path / "index.html").write_text("<body>nothing</body>")
        assert browser.look(f"{address}/#x") == (0, 0)
