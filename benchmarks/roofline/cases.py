"""The kernels on their corpora: what each needs, how long it takes, how fast its parameters come.

Kernels run as in any run, on one thread of the wall clock, whose trace says how long `compute` and
`_update` took; decoding is called by itself. They take turns, an epoch each, and the first does not
count. All times are the processor's: those of a trace are multiplied with CPU time over wall time.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

import numpy as np

from benchmarks.roofline import counts, limits
from staleness.algorithms.clocks import Event, WallClock
from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES
from staleness.algorithms.seeds import visiting_order
from staleness.kernels.core.learner import Learner
from staleness.kernels.core.memory import LANES
from staleness.kernels.models.cooccurrence import cooccurrences
from staleness.kernels.models.model1 import IBMModel1
from staleness.kernels.rules.batch_em import ExpectationMaximization
from staleness.kernels.rules.stepwise_em import StepwiseEM

MINI_BATCH = 4
SEED = 0
# As many features, words, and words of each side as have parameters of 8 KB at most.
FEW_FEATURES, FEW_WORDS, FEW_PAIRED = 128, 32, 40


@dataclass(frozen=True)
class Program:
    """Something to be timed by turns with others.

    Attributes
    ----------
    run : callable
        Returns nanoseconds a unit by kernel, and what of them is `once`; and "touched", the share
        of units that an update changes parameters for.
    found : dict of str to list of float
        What it returned so far.
    """

    run: Callable
    found: dict

    def median(self, name):
        """Return the median of what was found."""
        return median(self.found[name])


@dataclass(frozen=True)
class Case:
    """A kernel on a corpus.

    Attributes
    ----------
    name : str
    unit : str
        Token or cell.
    kernel : {"compute", "up", "evaluate"}
    program : Program
        That runs it.
    count : callable
        Takes the share of units touched, returns the list of `counts.Phase`.
    rows : Program
        "compute" and "up": what reading a row of the parameters takes, and adding to one.
    each : float
        Rows a unit.
    theta : int
        Bytes of the parameters.
    streams : int
        Bytes that it goes through once an epoch.
    small : Program or None
        The same with parameters that fit into L1.
    straight : Program or None
        The same with a corpus that lies in memory in the order in which it is visited.
    """

    name: str
    unit: str
    kernel: str
    program: Program
    count: Callable
    rows: Program
    each: float
    theta: int
    streams: int
    small: Program | None = None
    straight: Program | None = None

    @property
    def touched(self):
        """The share of units that it touches parameters for."""
        return self.program.median("touched") if self.kernel == "up" else 1.0

    @property
    def phases(self):
        """A list of `counts.Phase`."""
        return self.count(self.touched)

    @property
    def gather(self):
        """Nanoseconds a unit that its parameters alone take, in the order of the corpus."""
        return (
            self.touched * self.each * self.rows.median("up" if self.kernel == "up" else "compute")
        )

    @property
    def taken(self):
        """Nanoseconds a unit, the median."""
        return self.program.median(self.kernel)

    @property
    def once(self):
        """What of it does not grow with the work of a mini-batch, None if that is not known."""
        found = self.program.found.get(f"{self.kernel} once", [np.nan])
        return None if np.isnan(found).any() else median(found)

    @property
    def taken_in_l1(self):
        """The same with parameters that fit into L1, None where that was not measured."""
        return self.small and self.small.median(self.kernel)

    @property
    def taken_straight(self):
        """The same with a corpus in order, None where that was not measured."""
        return self.straight and self.straight.median(self.kernel)


def measured(corpora, rounds):
    """Return the `Case` of every kernel, timed.

    Parameters
    ----------
    corpora : dict of str to EncodedCorpus
        By task.
    rounds : int
        How often each kernel is timed.
    """
    found = [case for task, make in CASES.items() for case in make(corpora[task])]
    timed = [(case.program, case.small, case.straight, case.rows) for case in found]
    programs = {id(program): program for group in timed for program in group if program}
    for k in range(1 + rounds):
        for program in programs.values():
            for name, value in program.run().items():
                if k:
                    program.found[name].append(value)
    return found


def learning(learner, mini_batch_size=MINI_BATCH, straight=False):
    """Return the `Program` of an epoch: "compute" and "up".

    Parameters
    ----------
    learner : Learner
    mini_batch_size : int
        If it is the whole corpus, the schedule is that of a batch.
    straight : bool
        Whether examples are visited by number, not in the order of an epoch.
    """
    examples = len(learner.work)
    order = np.arange(examples) if straight else visiting_order(SEED, examples, 1)
    schedule = SCHEDULES["single-batch" if mini_batch_size == examples else "single"]

    def run():
        clock = WallClock(learner, schedule.program, 1, mini_batch_size, order, ())
        cpu, wall = time.process_time(), time.perf_counter()
        while clock.advance() is not Event.DONE:
            pass
        share = (time.process_time() - cpu) / (time.perf_counter() - wall)
        clock.stop()
        trace, work = clock.trace, clock.trace["work"]
        found = {"touched": trace["update_work"].sum() / work.sum()}
        taken = {"compute": trace["computed"] - trace["start"], "up": trace["update"]}
        for name, seconds in taken.items():
            found[name] = 1e9 * share * seconds.sum() / work.sum()
            found[f"{name} once"] = 1e9 * once(work, seconds)
        return found

    return Program(run, defaultdict(list))


def once(work, seconds):
    """Return the seconds a unit that do not grow with the work of a mini-batch.

    Those of a line through the medians of fifths, from the least work to the most, so that it does
    not matter when something else had the core; NaN if all mini-batches are the same work.
    """
    fifths = np.array_split(np.argsort(work, kind="stable"), 5)
    middles = [np.median(work[part]) for part in fifths if len(part)]
    if len(set(middles)) < 2:
        return np.nan
    medians = [np.median(seconds[part]) for part in fifths if len(part)]
    _, fixed = np.polyfit(middles, medians, 1)
    return fixed / work.mean()


def decoding(learner, *arrays):
    """Return the `Program` that decodes the training corpus: "evaluate"."""
    work = int(learner.work.sum())
    decode = getattr(learner.model, "viterbi", learner.model.evaluate)

    def run():
        began = time.process_time()
        decode(*arrays)
        return {"evaluate": 1e9 * (time.process_time() - began) / work}

    return Program(run, defaultdict(list))


def ruled(update, data, **options):
    """Return what learns from a task's training data by an update rule."""
    return UPDATES[update](**options).learner(data, slots=1, workspaces=1)


def in_order(offsets, values):
    """Return the values of the examples in the order in which an epoch visits them."""
    order = visiting_order(SEED, len(offsets) - 1, 1)
    lengths = np.diff(offsets)[order]
    firsts = np.repeat(offsets[:-1][order] - (np.cumsum(lengths) - lengths), lengths)
    return np.asarray(values)[firsts + np.arange(lengths.sum())]


def laid_out(offsets):
    """Return the offsets of the examples when they lie in the order of an epoch."""
    return ends(np.diff(offsets)[visiting_order(SEED, len(offsets) - 1, 1)])


def ends(lengths):
    """Return where each begins, and the end of the last: int64."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def gathering(kind, index, blocks, tokens):
    """Return the `Program` of the parameters alone: of a row, "compute" to read, "up" to add to it.

    Parameters
    ----------
    kind : {"rows", "floats"}
    index : ndarray of int [...]
        Of an epoch.
    blocks : int
        See `limits.gather`.
    tokens : float
        Rows of a mini-batch.
    """
    measure = partial(limits.gather, index=index, blocks=blocks, span=round(tokens), rounds=1)

    def run():
        read, both = measure(f"gather_{kind}"), measure(f"update_{kind}")
        return {"compute": read, "up": max(both - read, 0.0)}

    return Program(run, defaultdict(list))


def chain(states, offsets, mini_batch_size):
    """Return the `counts.Chain` of a corpus of sentences."""
    length = offsets[-1] / (len(offsets) - 1)
    return counts.Chain(states, length, tokens=mini_batch_size * length)


def named_entities(corpus):
    """Return the cases of the CRF and the perceptron."""
    data = TASKS["ner"]().training(corpus, SEED)
    offsets, labels, feature_offsets, features = data.arrays
    few = (offsets, labels, feature_offsets, np.asarray(features) % FEW_FEATURES)
    small = replace(data, arrays=few, feature_count=FEW_FEATURES)
    size = chain(data.label_count, offsets, MINI_BATCH)
    each = len(features) / len(labels)
    index = in_order(feature_offsets[offsets], features)
    of_token = np.diff(feature_offsets)
    ordered = (
        laid_out(offsets),
        in_order(offsets, labels),
        ends(in_order(offsets, of_token)),
        index,
    )
    in_line = replace(data, arrays=ordered)
    sgd, perceptron = (learning(ruled(rule, data)) for rule in ("sgd", "perceptron"))
    # Features that mean nothing call for short steps.
    small_sgd = learning(ruled("sgd", small, step_size=1e-4))
    make = partial(
        Case,
        unit="token",
        theta=data.feature_count * size.width * counts.FLOAT,
        streams=sum(values.nbytes for values in data.arrays),
        rows=gathering("rows", index, size.blocks, size.tokens * each),
        each=each,
    )
    return [
        make(
            "CRF gradient",
            kernel="compute",
            program=sgd,
            small=small_sgd,
            straight=learning(ruled("sgd", in_line), straight=True),
            count=lambda _: counts.crf_gradient(size, each),
        ),
        make(
            "CRF update",
            kernel="up",
            program=sgd,
            count=lambda touched: counts.crf_update(size, each, touched),
        ),
        make(
            "CRF Viterbi",
            kernel="compute",
            program=perceptron,
            small=learning(ruled("perceptron", small)),
            straight=learning(ruled("perceptron", in_line), straight=True),
            count=lambda _: counts.crf_viterbi(size, each),
        ),
    ]


def tagging(corpus):
    """Return the cases of the HMM."""
    data = TASKS["tagging"]().training(corpus, SEED)
    small = replace(
        data,
        tokens=np.asarray(data.tokens) % FEW_WORDS,
        words=FEW_WORDS,
        responsibilities=data.responsibilities[:FEW_WORDS],
    )
    states, sentences = len(data.transitions), len(data.offsets) - 1
    index = in_order(data.offsets, data.tokens)
    in_line = replace(data, offsets=laid_out(data.offsets), tokens=index)
    found = []
    for rule, count in (("stepwise-em", MINI_BATCH), ("em", sentences)):
        size, batch = chain(states, data.offsets, count), count == sentences
        learner = ruled(rule, data)
        make = partial(
            Case,
            unit="token",
            program=learning(learner, count),
            theta=data.words * size.width * counts.FLOAT,
            streams=data.tokens.nbytes + batch * len(data.tokens) * size.width * counts.FLOAT,
            rows=gathering("rows", index, size.blocks, size.tokens),
            each=1.0,
        )
        name = "batch" if batch else f"m = {count}"
        found += [
            make(
                f"HMM E-step, {name}",
                kernel="compute",
                count=lambda _, size=size, batch=batch: counts.hmm_expectations(size, batch),
                small=learning(ruled(rule, small), count),
                straight=None if batch else learning(ruled(rule, in_line), straight=True),
            ),
            make(
                f"HMM update, {name}",
                kernel="up",
                count=lambda _, size=size, batch=batch: counts.hmm_update(size, batch),
            ),
        ]
    best = make(
        "HMM Viterbi and likelihood",
        kernel="evaluate",
        count=lambda _: counts.hmm_viterbi(size),
    )
    few = small.offsets, small.tokens
    return [
        *found,
        replace(
            best,
            program=decoding(learner, data.offsets, data.tokens),
            small=decoding(ruled("em", small), *few),
            streams=data.tokens.nbytes,
        ),
    ]


def alignment(corpus):
    """Return the cases of Model 1, one direction."""
    data = TASKS["alignment"]().training(corpus, SEED)
    sides = (data.source_offsets, data.source), (data.target_offsets, data.target)
    words = data.source_words, data.target_words
    few = [(ends, np.asarray(tokens) % FEW_PAIRED) for ends, tokens in sides]
    lengths = np.diff(data.source_offsets) + 1, np.diff(data.target_offsets)
    work = lengths[0] * lengths[1]
    padded = -(-lengths[0] // LANES) * LANES * lengths[1]
    size = counts.Cells(work.sum() / lengths[1].sum(), padded.sum() / work.sum())
    targets, _, cells = cooccurrences(*sides[0], *sides[1], *words)
    index = in_order(ends(work), cells)
    found = []
    for rule, count in ((StepwiseEM, MINI_BATCH), (ExpectationMaximization, len(work))):
        batch = count == len(work)
        learner, small, in_line = (
            Learner(IBMModel1(*s, *t, source_words=v, target_words=w), rule())
            for (s, t), (v, w) in (
                (sides, words),
                (few, (FEW_PAIRED, FEW_PAIRED)),
                ([(laid_out(at), in_order(at, tokens)) for at, tokens in sides], words),
            )
        )
        label = "batch" if batch else f"m = {count}"
        make = partial(
            Case,
            unit="cell",
            program=learning(learner, count),
            theta=len(targets) * counts.FLOAT,
            streams=cells.nbytes + batch * work.sum() * counts.FLOAT,
            rows=gathering("floats", index, 0, count * work.mean()),
            each=1.0,
        )
        found += [
            make(
                f"Model 1 E-step, {label}",
                kernel="compute",
                count=lambda _, batch=batch: counts.model1_expectations(size, batch),
                small=learning(small, count),
                straight=None if batch else learning(in_line, straight=True),
            ),
            make(
                f"Model 1 update, {label}",
                kernel="up",
                count=lambda _, batch=batch: counts.model1_update(size, batch),
            ),
        ]
    return found


CASES = {"ner": named_entities, "tagging": tagging, "alignment": alignment}
