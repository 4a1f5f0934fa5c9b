"""Named-entity recognition: a linear-chain CRF, judged by the entities it finds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from staleness.algorithms.metrics.gold.entities import count_entities, shares
from staleness.algorithms.tasks import Metric, Task

ARRAYS = ("offsets", "labels", "feature_offsets", "features")


@dataclass(frozen=True)
class LabelledFeatures:
    """What a CRF is learned from: the arrays and sizes that its constructor takes."""

    arrays: tuple[np.ndarray, ...]
    label_count: int
    feature_count: int

    def model(self, statistics="gradient"):
        """Return the `LinearChain` that has these statistics."""
        from staleness.kernels.models.crf import ConditionalRandomField
        from staleness.kernels.models.decoded import DecodedChain

        chain = DecodedChain if statistics == "mistakes" else ConditionalRandomField
        return chain(*self.arrays, label_count=self.label_count, feature_count=self.feature_count)


@dataclass(frozen=True)
class NamedEntityRecognition(Task):
    """Sentences with features and labels in BIO; evaluated on the development set.

    Gimpel, Das & Smith (2010), section 6.1, where F1 is that of the test set.
    """

    name = "ner"
    title = "Named-entity recognition"
    update = "sgd"
    work_unit = "tokens"
    model = "linear-chain CRF"
    convex = True
    example_by_example = True
    judged_by = ("f1",)
    statistics = ("gradient", "gradient and likelihood", "mistakes")
    metrics: ClassVar = {
        "f1": Metric("F1", "F1 of the entities of the development set"),
        "precision": Metric("precision", "precision of the entities of the development set"),
        "recall": Metric("recall", "recall of the entities of the development set"),
        "log_likelihood": Metric(
            "log-likelihood",
            "conditional log-likelihood of the development set",
            "log-likelihood",
        ),
    }

    layout: ClassVar = {"offsets": {"labels": None, "feature_offsets": {"features": None}}}

    def examples(self, corpus):
        """Return the number of sentences of the training set."""
        return len(corpus["train.offsets"]) - 1

    def work(self, corpus):
        """Return the tokens of each sentence of the training set."""
        return np.diff(corpus["train.offsets"]).astype(np.int32)

    def training(self, corpus, seed):
        """Return the `LabelledFeatures` of the training set; theta begins at 0."""
        return LabelledFeatures(
            arrays=tuple(corpus[f"train.{name}"] for name in ARRAYS),
            label_count=len(corpus.about["labels"]),
            feature_count=corpus.about["features"],
        )

    def tally(self, learner, corpus):
        """Return the likelihood of the development set, and its entities found and wanted."""
        arrays = [corpus[f"dev.{name}"] for name in ARRAYS]
        decoded, log_likelihood = learner.model.evaluate(*arrays)
        entities = count_entities(
            corpus["dev.labels"], decoded, corpus["dev.offsets"], corpus.about["labels"]
        )
        return {"log_likelihood": log_likelihood, "entities": np.array(entities)}

    def score(self, tally):
        """Return the metrics."""
        precision, recall, f1 = shares(*tally["entities"].tolist())
        return {
            "f1": f1,
            "precision": precision,
            "recall": recall,
            "log_likelihood": tally["log_likelihood"],
        }
