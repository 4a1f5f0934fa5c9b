"""Word alignment: IBM Model 1 in both directions, judged by gold links."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from staleness.algorithms.tasks import Metric, Task

SYMMETRISATION = "grow-diag-final"


@dataclass(frozen=True)
class SentencePairs:
    """What both directions of Model 1 are learned from.

    Attributes
    ----------
    source_offsets, source, target_offsets, target : ndarray
    source_words, target_words : int
        See `IBMModel1`.
    """

    source_offsets: np.ndarray
    source: np.ndarray
    target_offsets: np.ndarray
    target: np.ndarray
    source_words: int
    target_words: int

    def model(self, statistics="expected counts"):
        """Return the model of both directions."""
        from staleness.kernels.models.alignment import BothDirections
        from staleness.kernels.models.model1 import IBMModel1

        source = self.source_offsets, self.source
        target = self.target_offsets, self.target
        words = self.source_words, self.target_words
        return BothDirections(
            *(
                IBMModel1(*given, *predicted, source_words=w, target_words=v)
                for given, predicted, (w, v) in (
                    (source, target, words),
                    (target, source, words[::-1]),
                )
            )
        )


@dataclass(frozen=True)
class Alignment(Task):
    """Sentence pairs, aligned word by word; both directions are learned side by side.

    Gimpel, Das & Smith (2010), section 6.2. The log-likelihood is that of the target given the
    source. Evaluated on what it learns from, as unsupervised learning is.
    """

    name = "alignment"
    title = "Word alignment"
    update = "stepwise-em"
    work_unit = "cells"
    model = "IBM Model 1"
    convex = True
    example_by_example = True
    judged_by = ("log_likelihood", "aer")
    statistics = ("expected counts", "kept expected counts")
    metrics: ClassVar = {
        "log_likelihood": Metric(
            "log-likelihood", "log-likelihood of the target given the source", "log-likelihood"
        ),
        "aer": Metric("AER", f"alignment error rate after {SYMMETRISATION}", "error"),
        "aer_forward": Metric(
            "AER of target given source", "alignment error rate of target given source", "error"
        ),
        "aer_backward": Metric(
            "AER of source given target", "alignment error rate of source given target", "error"
        ),
        "precision": Metric("precision", f"precision of the links after {SYMMETRISATION}"),
        "recall": Metric("recall", f"recall of the links after {SYMMETRISATION}"),
    }

    layout: ClassVar = {
        "source_offsets": {"source": None},
        "target_offsets": {"target": None},
        "link_offsets": {"links": None, "links_sure": None},
    }

    def examples(self, corpus):
        """Return the number of sentence pairs of the training set."""
        return len(corpus["train.source_offsets"]) - 1

    def work(self, corpus):
        """Return the cells of each sentence pair: of either direction, each with an empty word."""
        source, target = (np.diff(corpus[f"train.{side}_offsets"]) for side in ("source", "target"))
        return ((source + 1) * target + (target + 1) * source).astype(np.int32)

    def training(self, corpus, seed):
        """Return the `SentencePairs`; nothing of Model 1 is random."""
        return SentencePairs(
            source_offsets=corpus["train.source_offsets"],
            source=corpus["train.source"],
            target_offsets=corpus["train.target_offsets"],
            target=corpus["train.target"],
            source_words=corpus.about["source_words"],
            target_words=corpus.about["target_words"],
        )

    def tally(self, learner, corpus):
        """Return the likelihood of the training set, and how its links compare with gold ones."""
        from staleness.algorithms.metrics.gold.alignment import count_links, symmetrise

        forward, log_likelihood = learner.model.first.evaluate()
        tally = {"log_likelihood": log_likelihood}
        if corpus.about["linked_pairs"]:
            backward, _ = learner.model.second.evaluate()
            offsets = corpus["train.source_offsets"], corpus["train.target_offsets"]
            gold = [corpus[f"train.{part}"] for part in ("link_offsets", "links", "links_sure")]
            tally["links"] = np.array(
                [
                    count_links(*symmetrise(forward, backward, *offsets, method), *gold)
                    for method in (SYMMETRISATION, "forward", "backward")
                ]
            )
        return tally

    def score(self, tally):
        """Return the metrics; without gold links, the likelihood."""
        from staleness.algorithms.metrics.gold.alignment import error_rates

        metrics = {"log_likelihood": tally["log_likelihood"]}
        if "links" in tally:
            both, one_way, other_way = (error_rates(*counts) for counts in tally["links"])
            precision, recall, aer = both
            metrics |= {
                "aer": aer,
                "aer_forward": one_way[2],
                "aer_backward": other_way[2],
                "precision": precision,
                "recall": recall,
            }
        return metrics
