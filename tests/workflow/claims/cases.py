"""For every claim, made-up cells that have to give each of the verdicts."""

from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED

from ..figures import toy
from .made_up import ending, reaching

SINGLE = [400, 440, 480]


def schedules(synchronous, asynchronous):
    """Return the cells of claim 1."""
    return [
        reaching("ner", "single", SINGLE),
        reaching("ner", "synchronous", synchronous, 4),
        reaching("ner", "asynchronous", asynchronous, 4),
    ]


def more_processors(synchronous, asynchronous, busy=False):
    """Return the cells of claim 2, given the times of 2 and of 4 processors."""
    idle = toy.trace("synchronous", 4)
    if busy:
        idle |= {"barrier_wait": 0 * idle["end"], "computed": idle["end"] - idle["update"]}
    traces = {"synchronous": idle, "asynchronous": toy.trace("asynchronous", 4)}
    cells = [reaching("ner", "single", SINGLE)]
    for schedule, times in [("synchronous", synchronous), ("asynchronous", asynchronous)]:
        for count, own in zip((2, 4), times, strict=True):
            cells.append(reaching("ner", schedule, own, count, trace=traces[schedule]))
    return cells


def delays(short, long):
    """Return the cells of claim 3."""
    return [
        reaching("ner", "single", SINGLE),
        reaching("ner", "asynchronous", short, 4, delay_mean="5s"),
        reaching("ner", "asynchronous", long, 4, delay_mean="20s"),
    ]


def alignment_schedules(batch, synchronous, asynchronous, end=0.9):
    """Return the cells of claim 4, given where batch EM ends."""
    return [
        reaching("alignment", "single", SINGLE),
        reaching("alignment", "synchronous", synchronous, 4),
        reaching("alignment", "asynchronous", asynchronous, 4),
        reaching("alignment", "parallel-batch", batch, 4, end, update="em", epochs=20),
    ]


def mini_batches(gains, jitter=0.0, tasks=("ner", "alignment", "tagging")):
    """Return the cells of claim 5: what asynchrony gains with m = 4, 16 and 64."""
    cells = []
    for task in tasks:
        for size, gain in zip((4, 16, 64), gains, strict=True):
            # The seeds disagree on what large mini-batches bring.
            late = [100 / (gain + jitter * (size > 4) * (seed - 1)) for seed in range(3)]
            cells += [
                reaching(task, "single", SINGLE, mini_batch_size=size),
                reaching(task, "synchronous", [100] * 3, 4, mini_batch_size=size),
                reaching(task, "asynchronous", late, 4, mini_batch_size=size),
            ]
    return cells


def tagging_schedules(stepwise, batch, asynchronous):
    """Return the cells of claim 7: two final values, and times of asynchronous learning."""
    return [
        ending("tagging", "single", stepwise),
        ending("tagging", "single-batch", batch, update="em"),
        reaching("tagging", "asynchronous", asynchronous, 4),
    ]


def no_error(asynchronous, tasks=("ner", "alignment", "tagging")):
    """Return the cells of claim 8; the single processor's spread is 0.02."""
    return [
        made
        for task in tasks
        for made in (
            ending(task, "single", [0.89, 0.90, 0.91]),
            ending(task, "asynchronous", asynchronous, 4),
        )
    ]


def linear_slowdown(updates):
    """Return the cells of claim 9, given the updates of 1, 4, 8 and 16 processors, a seed each."""
    cells = []
    for count, times in zip((1, 4, 8, 16), updates, strict=True):
        made = toy.trace("asynchronous", count)
        trace = {name: made[name] for name in ("staleness", "update_number")}
        schedule = "asynchronous" if count > 1 else "single"
        cells.append(reaching("ner", schedule, times, count, trace=trace))
    return cells


def mapreduce(batch, asynchronous, end=0.9):
    """Return the cells of claim 6 on one cluster, given where asynchronous EM ends."""
    settings = {"epochs": 10, "job_startup": "20s"}
    return [
        reaching("alignment", "mapreduce-batch", batch, 24, update="em", **settings),
        reaching("alignment", "mapreduce-asynchronous", asynchronous, 24, end, **settings),
    ]


def incremental(stepwise, other, tasks=("alignment", "tagging")):
    """Return the cells of claim 10."""
    return [
        made
        for task in tasks
        for made in (
            reaching(task, "single", stepwise),
            reaching(task, "single", other, update="incremental-em", epochs=20),
        )
    ]


TWO, FOUR = [200, 220, 240], [100, 110, 120]
CASES = {
    "schedules": {
        REPRODUCED: schedules(TWO, FOUR),
        NOT_REPRODUCED: schedules(TWO, [300, 300, 300]),
        UNDECIDED: schedules(TWO, [100, 110, 300]),
    },
    "more-processors": {
        REPRODUCED: more_processors((TWO, [180, 190, 200]), (TWO, FOUR)),
        NOT_REPRODUCED: more_processors((TWO, FOUR), (TWO, [180, 190, 200])),
        UNDECIDED: more_processors((TWO, [100, 190, 200]), (TWO, [110, 110, 120])),
    },
    "delays": {
        REPRODUCED: delays(FOUR, [800, 900, 1000]),
        NOT_REPRODUCED: delays([500, 500, 500], [800, 900, 1000]),
        UNDECIDED: delays(FOUR, [300, 500, 500]),
    },
    "alignment-schedules": {
        REPRODUCED: alignment_schedules([900, 900, 900], TWO, FOUR),
        NOT_REPRODUCED: alignment_schedules([150, 150, 150], TWO, FOUR),
        UNDECIDED: alignment_schedules([900, 230, 150], TWO, FOUR),
    },
    "mini-batches": {
        REPRODUCED: mini_batches([2.0, 1.5, 1.2]),
        NOT_REPRODUCED: mini_batches([1.2, 1.5, 2.0]),
        UNDECIDED: mini_batches([1.5, 1.5, 1.5], jitter=0.2),
    },
    "mapreduce": {
        REPRODUCED: mapreduce(TWO, FOUR),
        NOT_REPRODUCED: mapreduce(TWO, FOUR, end=0.8),
        UNDECIDED: mapreduce(TWO, [100, 110, 300]),
    },
    "tagging-schedules": {
        REPRODUCED: tagging_schedules([0.9] * 3, [0.7, 0.8, 0.75], [20, 21, 22]),
        NOT_REPRODUCED: tagging_schedules([0.9] * 3, [0.7, 0.8, 0.75], [30, 40, 35]),
        UNDECIDED: tagging_schedules([0.9] * 3, [0.7, 0.91, 0.75], [20, 21, 22]),
    },
    "no-error": {
        REPRODUCED: no_error([0.90, 0.89, 0.91]),
        NOT_REPRODUCED: no_error([0.80, 0.81, 0.82]),
        UNDECIDED: no_error([0.90, 0.91, 0.87]),
    },
    "linear-slowdown": {
        REPRODUCED: linear_slowdown([[100] * 3, [130, 131, 132], [170, 172, 174], [250] * 3]),
        NOT_REPRODUCED: linear_slowdown([[100] * 3, [98] * 3, [95] * 3, [90] * 3]),
        UNDECIDED: linear_slowdown([[100] * 3, [130] * 3, [170] * 3, [250, 90, 250]]),
    },
    "incremental": {
        REPRODUCED: incremental(FOUR, TWO),
        NOT_REPRODUCED: incremental(TWO, FOUR),
        UNDECIDED: incremental(FOUR, [200, 220, 90]),
    },
}  # fmt: skip
