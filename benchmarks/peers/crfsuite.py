"""The CRF beside CRFsuite: training by SGD and by L-BFGS, decoding, and getting features ready."""

import tempfile
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np

from benchmarks.peers import Pass, Peer, clock
from staleness.algorithms.configuration import TASKS, UPDATES, Configuration
from staleness.algorithms.metrics.gold.entities import precision_recall_f1
from staleness.algorithms.run import run
from staleness.workflow.corpora.encoders import encoder
from staleness.workflow.corpora.formats import formats

CORPUS = "conll2003-en"
F1 = "dev F1"


class Training:
    """Training, epoch for epoch; the penalty c2 |theta|^2 of CRFsuite is our l2 / 2 |theta|^2.

    Seconds are those of the epochs alone: CRFsuite's without its search for a step size; ours as
    the wall clock of a run gives them, without evaluation.

    Attributes
    ----------
    algorithm : str
    parameters : dict
        CRFsuite's.
    configuration : dict
        Ours.
    """

    library = "pycrfsuite"
    values = 1
    algorithm: str
    parameters: ClassVar[dict]
    configuration: ClassVar[dict]
    epochs = 10

    @cached_property
    def labelled(self):
        """The encoded corpus."""
        return self.corpus(CORPUS)

    @cached_property
    def training(self):
        """CRFsuite's training set."""
        return items(self.labelled, "train")

    @cached_property
    def development(self):
        """CRFsuite's development set."""
        return items(self.labelled, "dev")

    def ours(self):
        """Train with ours."""
        configuration = Configuration(
            task="ner",
            clock="wall",
            mini_batch_size=4,
            epochs=self.epochs,
            evaluations=0,
            processors=self.threads[0],
            **self.configuration,
        )
        result = run(configuration, self.labelled)
        busy = result.cpu_seconds / result.real_seconds
        return Pass(result.seconds, busy, result.work, {F1: float(result.curve["f1"][-1])})

    def theirs(self):
        """Train with CRFsuite."""
        with tempfile.TemporaryDirectory() as folder:
            model = str(Path(folder) / "model")
            iterations, busy = train(
                self.training, model, self.algorithm, self.epochs, self.parameters
            )
            decoded = decode(open_model(model), self.development)
        # L-BFGS evaluates once an iteration, or more often: an epoch of ours is an evaluation.
        passes = sum(iteration.get("linesearch_trials", 1) for iteration in iterations)
        # It tells processor time: on the wall, so much more as the core did something else.
        seconds = sum(iteration["time"] for iteration in iterations) / busy
        amount = passes * len(self.labelled["train.labels"])
        return Pass(seconds, busy, amount, {F1: f1(self.labelled, numbers(self.labelled, decoded))})


class BySGD(Training, Peer):
    """Stochastic gradient descent, one thread."""

    name = "CRF training by SGD"
    program = "CRFsuite l2sgd"
    differs = (
        "CRFsuite updates after every sentence, ours after 4, and passes over tokens that are "
        "labelled well enough."
    )
    algorithm = "l2sgd"
    parameters: ClassVar = {"c2": 0.5}
    configuration: ClassVar = {"schedule": "single", "update": "sgd"}


class BySGDOnTwoCores(BySGD):
    """The same, ours asynchronous on two cores: CRFsuite has one thread, whatever there is."""

    name = "CRF training by SGD, two cores"
    threads = (2, 1)
    differs = f"CRFsuite knows one thread only. {BySGD.differs}"
    configuration: ClassVar = {"schedule": "asynchronous", "update": "sgd"}


class ByLBFGS(Training, Peer):
    """L-BFGS on the same objective and parameters, without an early end."""

    name = "CRF training by L-BFGS"
    program = "CRFsuite lbfgs"
    differs = "An epoch of ours is an evaluation of the objective, CRFsuite's is one or more."
    algorithm = "lbfgs"
    epochs = 5
    parameters: ClassVar = {
        "c2": 0.5,
        "feature.possible_states": True,
        "num_memories": 10,
        "epsilon": 0.0,
        "delta": 0.0,
    }
    configuration: ClassVar = {"schedule": "single-batch", "update": "lbfgs"}


class Decoding(Peer):
    """Viterbi decoding of the development set by one model: CRFsuite's, after an epoch."""

    name = "CRF decoding"
    program = "CRFsuite tag"
    library = "pycrfsuite"
    differs = "Ours computes the likelihood of the gold labels, too; CRFsuite looks up strings."
    tolerance: ClassVar = {F1: 1e-4}

    @cached_property
    def prepared(self):
        """The encoded corpus, CRFsuite's sentences and model, and ours with the same weights."""
        labelled = self.corpus(CORPUS)
        with tempfile.TemporaryDirectory() as folder:
            model = str(Path(folder) / "model")
            train(items(labelled, "train"), model, "l2sgd", 1, BySGD.parameters)
            tagger = open_model(model)
        learner = UPDATES["sgd"]().learner(TASKS["ner"]().training(labelled, seed=0))
        learner.theta = weights(tagger, labelled)
        return labelled, items(labelled, "dev"), tagger, learner

    def ours(self):
        """Decode with ours."""
        labelled, _, _, learner = self.prepared
        arrays = [
            labelled[f"dev.{name}"] for name in ("offsets", "labels", "feature_offsets", "features")
        ]
        seconds, busy = clock(lambda: learner.model.evaluate(*arrays), 20)
        decoded, _ = learner.model.evaluate(*arrays)
        return Pass(seconds, busy, len(decoded), {F1: f1(labelled, decoded)})

    def theirs(self):
        """Decode with CRFsuite."""
        labelled, development, tagger, _ = self.prepared
        decoded = []
        seconds, busy = clock(lambda: decoded.extend(decode(tagger, development)))
        return Pass(seconds, busy, len(decoded), {F1: f1(labelled, numbers(labelled, decoded))})


class Features(Peer):
    """Getting features ready: from columns to arrays in files; from strings to item sequences."""

    name = "Feature encoding"
    program = "CRFsuite ItemSequence"
    library = "pycrfsuite"
    differs = (
        "Ours begins with the columns of the corpus and extracts, counts, sorts and writes "
        "features; CRFsuite is given the features of each token as strings, ready to hand over."
    )

    @cached_property
    def columns(self):
        """The splits as they are read: words, parts of speech, chunks and labels."""
        about = self.corpus(CORPUS).about
        read = formats()[about["text_format"]]().read
        return {
            split: read(self.data / "corpora" / CORPUS / f"{split}.txt")
            for split in about["counts"]
        }

    @cached_property
    def strings(self):
        """The features of each token of each sentence, of all splits."""
        labelled = self.corpus(CORPUS)
        lines = (labelled.folder / "features.txt").read_text(encoding="utf-8").split("\n")
        return [
            sentence
            for split in labelled.about["counts"]
            for sentence in by_sentence(labelled, split, lines)
        ]

    def ours(self):
        """Encode with ours."""
        chosen = encoder("ner").configure({})
        about = {"task": "ner", "corpus": CORPUS}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "encoded"
            seconds, busy = clock(lambda: chosen.encode(self.columns, path, about))
        return Pass(seconds, busy, sum(len(split.labels) for split in self.columns.values()), {})

    def theirs(self):
        """Make item sequences."""
        from pycrfsuite import ItemSequence  # noqa: PLC0415

        strings = self.strings
        seconds, busy = clock(lambda: [ItemSequence(sentence) for sentence in strings])
        return Pass(seconds, busy, sum(map(len, strings)), {})


def by_sentence(corpus, split, names):
    """Return the features of each token of each sentence, by name."""
    features = corpus[f"{split}.features"].tolist()
    bounds = corpus[f"{split}.feature_offsets"].tolist()
    tokens = [[names[f] for f in features[begin:end]] for begin, end in pairwise(bounds)]
    return [tokens[begin:end] for begin, end in pairwise(corpus[f"{split}.offsets"].tolist())]


def items(corpus, split):
    """Return a split as CRFsuite takes it: items and labels of each sentence."""
    from pycrfsuite import ItemSequence  # noqa: PLC0415

    names = [str(number) for number in range(corpus.about["features"])]
    labels = [corpus.about["labels"][label] for label in corpus[f"{split}.labels"]]
    return [
        (ItemSequence(sentence), labels[begin:end])
        for sentence, (begin, end) in zip(
            by_sentence(corpus, split, names),
            pairwise(corpus[f"{split}.offsets"].tolist()),
            strict=True,
        )
    ]


def train(training, model, algorithm, epochs, parameters):
    """Train with CRFsuite into a file; return its iterations, and CPU time over wall time."""
    from pycrfsuite import Trainer  # noqa: PLC0415

    trainer = Trainer(algorithm=algorithm, verbose=False)
    trainer.set_params(
        {"max_iterations": epochs, "feature.possible_transitions": True} | parameters
    )
    for sentence, labels in training:
        trainer.append(sentence, labels)
    _, busy = clock(lambda: trainer.train(model))
    return trainer.logparser.iterations, busy


def open_model(model):
    """Return CRFsuite's tagger of a model; it needs the file no more."""
    from pycrfsuite import Tagger  # noqa: PLC0415

    tagger = Tagger()
    tagger.open(model)
    return tagger


def decode(tagger, sentences):
    """Return the labels that CRFsuite finds, token after token."""
    return [label for sentence, _ in sentences for label in tagger.tag(sentence)]


def weights(tagger, corpus):
    """Return the weights of CRFsuite's model as our `theta`, float32 [features + labels, labels].

    Its features are called by their rows.
    """
    labels = {label: k for k, label in enumerate(corpus.about["labels"])}
    features = corpus.about["features"]
    theta = np.zeros((features + len(labels), len(labels)), dtype=np.float32)
    told = tagger.info()
    for (feature, label), weight in told.state_features.items():
        theta[int(feature), labels[label]] = weight
    for (before, after), weight in told.transitions.items():
        theta[features + labels[before], labels[after]] = weight
    return theta


def numbers(corpus, decoded):
    """Return labels as numbers."""
    number = {label: k for k, label in enumerate(corpus.about["labels"])}
    return np.array([number[label] for label in decoded])


def f1(corpus, decoded):
    """Return F1 of the entities of the development set."""
    *_, found = precision_recall_f1(
        corpus["dev.labels"], decoded, corpus["dev.offsets"], corpus.about["labels"]
    )
    return float(found)
