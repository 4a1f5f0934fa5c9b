"""Made-up runs: folders as `staleness run --out` leaves them, without any learning."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from staleness.algorithms.arrays import digest
from staleness.algorithms.configuration import TASKS

EXAMPLES = 100
WORDS = 1500
UPDATE = 0.1  # seconds
PROCESSOR = "Toy CPU 3000"
SPEED = {"single": 1.0, "synchronous": 0.5, "asynchronous": 0.9}  # of a processor among others


def about(schedule="single", processors=1, seed=0, **changes):
    """Return a run.json; `changes` go by "section.key"."""
    made = {
        "configuration": {
            "task": "ner",
            "schedule": schedule,
            "update": "sgd",
            "hyper_parameters": {"step_size": 0.3, "decay": 0.3, "l2": 1.0},
            "processors": processors,
            "mini_batch_size": 4,
            "epochs": 3,
            "evaluations": 8,
            "seed": seed,
            "clock": "simulated",
            "cost": "paper",
            "calibration": None,
            "oversubscribe": False,
        },
        "tokens": 3 * WORDS,
        "cpu_seconds": 0.25,
        "peak_memory_bytes": 50_000_000,
        "mean_staleness": processors - 1.0 if schedule == "asynchronous" else 0.0,
        "cost_model": {"description": "a toy takes 0.62 s", "seconds": {"compute_work": 0.01}},
        "corpus": {
            "corpus": "toy-corpus",
            "digest": "c" * 64,
            "sources": {
                "train": {"file": "toy.train", "sha256": "a" * 64},
                "dev": {"file": "toy.dev", "sha256": "b" * 64},
            },
        },
        "machine": {
            "processor": PROCESSOR,
            "architecture": "x86_64",
            "cores": 2,
            "system": "Linux 6",
            "load": 0.5 + seed,
            "governor": None,
            "threads_allowed": None,
        },
        "versions": {"staleness": "0", "sources": "d" * 64, "python": "3", "numpy": "2"},
    }
    for name, value in changes.items():
        section, _, key = name.partition(".")
        if key:
            made[section][key] = value
        else:
            made[section] = value
    return made


def curve(schedule="single", processors=1, seed=0, task="ner", epochs=3, evaluations=8):
    """Return a curve that rises to about 0.9, the faster the more processors there are.

    Of batch learning, which learns less from an epoch, to less.
    """
    epoch = np.arange(epochs * evaluations + 1) / evaluations
    faster = max(SPEED.get(schedule, 0.7) * processors, 1.0)
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.001, len(epoch)) * (epoch > 0)
    rate = 1 if schedule.endswith("batch") else 3
    learned = 0.9 * (1 - np.exp(-rate * epoch)) + noise
    examples = np.round(EXAMPLES * epoch).astype(np.int64)
    return {
        "time_s": 40.0 * examples / faster,
        "updates": examples // 4,
        "examples": examples,
        "epoch": epoch,
        **{name: shown(metric, learned) for name, metric in TASKS[task].metrics.items()},
    }


def shown(metric, learned):
    """Return the values of a metric where a share of all that there is has been learned."""
    if metric.kind == "log-likelihood":
        return -2e6 + 1e6 * learned
    return 1 - 0.7 * learned if metric.kind == "error" else learned


def trace(schedule="single", processors=1, seed=0, delays=False, mini_batches=60):
    """Return a trace as a simulated clock would leave it: everybody busy, waiting or delayed."""
    rng = np.random.default_rng(seed)
    split = schedule == "synchronous"
    compute = rng.uniform(0.5, 1.5, (mini_batches, processors)) / (processors if split else 1)
    pause = 4.0 * delays * (rng.random((mini_batches, processors)) < 0.25)
    free, rows, lock = np.zeros(processors), [], 0.0
    for batch in range(mini_batches):
        turn = range(processors) if split else [int(free.argmin())]
        opens = max(free[p] + compute[batch, p] + pause[batch, p] for p in turn)
        for p in turn:
            start, computed = free[p], free[p] + compute[batch, p]
            arrived = computed + pause[batch, p]
            begins = opens if split else max(arrived, lock)
            end = begins + UPDATE
            wait = (end if split and p else begins) - arrived
            rows.append(
                {
                    "processor": p,
                    "start": start,
                    "computed": computed,
                    "delay": pause[batch, p],
                    "barrier_wait": wait if split else 0.0,
                    "lock_wait": 0.0 if split else wait,
                    "update": 0.0 if split and p else UPDATE,
                    "end": end,
                    "update_number": batch + 1,
                    "staleness": 0 if split else processors - 1,
                }
            )
            free[p] = end
        lock = end
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def write(folder, about, curve, trace=None):
    """Write a run folder and return it."""
    folder.mkdir(parents=True)
    curve = {name: np.asarray(values) for name, values in curve.items()}
    # Other runs have other curves: the digest is also of who made it.
    tag = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).digest()
    sha256 = digest({**curve, "tag": np.frombuffer(tag, np.uint8)})
    (folder / "run.json").write_text(json.dumps({"curve_sha256": sha256, **about}))
    pq.write_table(pa.table(curve), folder / "curve.parquet")
    if trace is not None:
        pq.write_table(pa.table(trace), folder / "trace.parquet")
    return folder


def run(
    folder,
    schedule="single",
    processors=1,
    seed=0,
    values=None,
    times=None,
    metric="f1",
    **changes,
):
    """Write one run and return its folder; `values` and `times` are a curve made by hand.

    The values are those of one metric, or, a dict, of several.
    """
    made = about(schedule, processors, seed, **changes)
    if values is None:
        points = curve(schedule, processors, seed, made["configuration"]["task"])
    else:
        columns = values if isinstance(values, dict) else {metric: values}
        count = np.arange(len(next(iter(columns.values()))))
        points = {
            "time_s": np.asarray(count * 10.0 if times is None else times, dtype=float),
            "updates": count,
            "examples": count * 4,
            "epoch": count / max(len(count) - 1, 1) * 3,
            **{name: np.asarray(column, dtype=float) for name, column in columns.items()},
        }
    delays = bool(made["configuration"].get("delay_mean"))
    return write(folder, made, points, trace(schedule, processors, seed, delays))


def family(folder, task="ner", seeds=3, cells=(), **changes):
    """Write the runs of a few cells and return their folders."""
    cells = cells or [("single", 1), ("synchronous", 4), ("asynchronous", 2), ("asynchronous", 4)]
    changes = {"configuration.task": task, **changes}
    return [
        run(
            folder / f"{schedule}-{processors}" / f"seed-{seed}",
            schedule,
            processors,
            seed,
            **changes,
        )
        for schedule, processors in cells
        for seed in range(seeds)
    ]


DELAY = {"configuration.delay_mean": "5s", "configuration.delay_probability": 0.25}


def delayed(folder, task="ner", **changes):
    """Write the runs of a few cells, some with delays, and return their folders."""
    four = [("synchronous", 4), ("asynchronous", 4)]
    return [
        *family(folder / "without", task, cells=[("single", 1), *four], **changes),
        *family(folder / "with", task, cells=four, **DELAY, **changes),
    ]


def batch(folder, task="alignment", **changes):
    """Write the runs of a few cells, some of batch learning, and return their folders."""
    whole = {"configuration.update": "em", "configuration.mini_batch_size": None}
    online = [("single", 1), ("synchronous", 4), ("asynchronous", 4)]
    rule = {"configuration.update": "stepwise-em", **changes}
    return [
        *family(folder / "online", task, cells=online, **rule),
        *family(
            folder / "batch", task, cells=[("single-batch", 1), ("parallel-batch", 4)],
            **changes, **whole,
        ),
    ]  # fmt: skip


def pair(folder, task="ner", **changes):
    """Write the runs of a single and an asynchronous processor, and return their folders."""
    return family(folder, task, cells=[("single", 1), ("asynchronous", 4)], **changes)


def sizes(folder, task="ner", **changes):
    """Write the runs of three schedules with two mini-batch sizes, and return their folders."""
    cells = [("single", 1), ("synchronous", 4), ("asynchronous", 4)]
    return [
        path
        for size in (4, 16)
        for path in family(
            folder / f"m{size}",
            task,
            cells=cells,
            **{"configuration.mini_batch_size": size, **changes},
        )
    ]


def rising(folder, task="ner", **changes):
    """Write the runs of more and more asynchronous processors, and return their folders."""
    cells = [("single", 1), *(("asynchronous", processors) for processors in (2, 4, 8))]
    return family(folder, task, cells=cells, **changes)


FINDING = {"name": "load", "value": "0.1", "verdict": "good", "advice": ""}
WALL = {
    "configuration.clock": "wall",
    "cost_model": {"description": None, "seconds": None},
    "doctor": [FINDING],
}


def timed(folder, task="ner", **changes):
    """Write the runs of three schedules on the wall clock, and return their folders."""
    unit = TASKS[task].work_unit
    return [
        path
        for name, processors in (("single", 1), ("synchronous", 2), ("asynchronous", 2))
        for path in family(
            folder / name,
            task,
            cells=[(name, processors)],
            **{**WALL, f"{unit}_per_second": 1e6 * processors * SPEED[name], **changes},
        )
    ]


EMPTY_JOB = 0.5  # seconds
ITERATIONS = 4
CLUSTERS = (
    (WALL, 2),
    ({"configuration.job_startup": "measured"}, 24),
    ({"configuration.job_startup": "20s"}, 24),
)


def job_trace(seconds, jobs=8):
    """Return a trace of jobs, each of which waits half of its time."""
    parts = {"broadcast": 0.1, "queue": 0.4, "map": 0.2, "reduce": 0.2, "update": 0.1}
    return {name: np.full(jobs, share * seconds) for name, share in parts.items()}


def job(folder, schedule, processors, seed, seconds, likelihoods, **changes):
    """Write a run of MapReduce whose jobs take some seconds, with a curve point a job."""
    batch = {"configuration.update": "em", "configuration.mini_batch_size": None}
    online = {"configuration.update": "stepwise-em", "configuration.mini_batch_size": 100}
    task = {"configuration.task": "alignment", "configuration.epochs": ITERATIONS}
    rule = batch if schedule == "mapreduce-batch" else online
    made = about(schedule, processors, seed, **{**task, **rule, **changes})
    made["engine"] = {"workers": processors, "empty_job_seconds": [EMPTY_JOB] * 5}
    made |= {"updates": len(likelihoods) - 1, "seconds": seconds * (len(likelihoods) - 1)}
    count = np.arange(len(likelihoods))
    points = {
        "time_s": seconds * count,
        "updates": count,
        "examples": 100 * count,
        "epoch": 1.0 * count,
        "log_likelihood": np.asarray(likelihoods, dtype=float),
    }
    return write(folder, made, points, job_trace(seconds))


def jobs(folder, task="alignment", seeds=3, **changes):
    """Write the runs of both MapReduce schedules on some clusters, and return their folders."""
    likelihoods = {
        "mapreduce-batch": [-2e6, -1.6e6, -1.3e6, -1.15e6, -1.1e6],
        "mapreduce-asynchronous": [-2e6, -1.4e6, -1.2e6, -1.11e6, -1.09e6],
    }
    return [
        job(
            folder / f"{number}-{schedule}-{seed}",
            schedule,
            processors,
            seed,
            2.0 if schedule == "mapreduce-batch" else 1.0,
            values,
            **{"configuration.task": task, **cluster, **changes},
        )
        for number, (cluster, processors) in enumerate(CLUSTERS)
        for schedule, values in likelihoods.items()
        for seed in range(seeds)
    ]


# Sets of cells for the contract tests; a figure has to be drawn of at least one.
FAMILIES = {
    "plain": family,
    "delayed": delayed,
    "batch": batch,
    "pair": pair,
    "sizes": sizes,
    "rising": rising,
    "timed": timed,
    "jobs": jobs,
}
