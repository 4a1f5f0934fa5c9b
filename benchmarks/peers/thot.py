"""IBM Model 1 beside Thot's (sil-thot): batch EM from a uniform start, one direction."""

from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np

from benchmarks.peers import Pass, Peer, clock
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.metrics.gold.alignment import alignment_error, symmetrise
from staleness.algorithms.tasks.alignment import Alignment
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.model1 import IBMModel1
from staleness.kernels.rules.batch_em import ExpectationMaximization

AER = "AER"


class Aligning:
    """What peers of Model 1 share: the verse pairs, and ours.

    Attributes
    ----------
    iterations : int
        In one pass.
    """

    unit = "cells"
    iterations = 5

    @cached_property
    def linked(self):
        """The encoded corpus, with links made by hand."""
        return self.corpus("sblgnt-bsb")

    @cached_property
    def pairs(self):
        """Its pairs."""
        return Alignment().training(self.linked, seed=0)

    @property
    def amount(self):
        """Cells in a pass: target words times source words and the null word."""
        lengths = np.diff(self.pairs.source_offsets) + 1, np.diff(self.pairs.target_offsets)
        return self.iterations * int((lengths[0] * lengths[1]).sum())

    def found(self, aligned):
        """Return the alignment error rate of one direction.

        Parameters
        ----------
        aligned : ndarray of int32 [target tokens]
            Position in the source sentence, -1 for the null word.
        """
        nothing = np.full(len(self.pairs.source), -1, dtype=np.int32)
        offsets = self.pairs.source_offsets, self.pairs.target_offsets
        gold = [self.linked[f"train.{part}"] for part in ("link_offsets", "links", "links_sure")]
        links = symmetrise(aligned, nothing, *offsets, "forward")
        return {AER: float(alignment_error(*links, *gold)[2])}

    def ours(self):
        """Iterate with ours."""
        pairs = self.pairs
        model = IBMModel1(
            pairs.source_offsets,
            pairs.source,
            pairs.target_offsets,
            pairs.target,
            source_words=pairs.source_words,
            target_words=pairs.target_words,
        )
        learner = Learner(model, ExpectationMaximization())
        examples = np.arange(len(learner.work), dtype=np.int32)

        def iterate():
            learner.compute(examples)
            learner.update()

        seconds, busy = clock(iterate, self.iterations)
        return Pass(self.iterations * seconds, busy, self.amount, self.found(model.evaluate()[0]))


class Thot(Aligning, Peer):
    """The same algorithm; where probabilities tie, ours takes the first position."""

    name = "Model 1 iteration of EM"
    program = "Thot"
    library = "thot"
    values = 1
    tolerance: ClassVar = {AER: 0.01}

    def theirs(self):
        """Iterate with Thot."""
        from thot.alignment import Ibm1AlignmentModel  # noqa: PLC0415

        source = sentences(self.pairs.source_offsets, self.pairs.source)
        target = sentences(self.pairs.target_offsets, self.pairs.target)
        model = Ibm1AlignmentModel()
        if max(map(len, source + target)) > model.max_sentence_length:
            raise StalenessError(
                f"Thot leaves out sentences longer than {model.max_sentence_length}: "
                "take a corpus of shorter ones"
            )
        for pair in zip(source, target, strict=True):
            model.add_sentence_pair(*pair)
        model.start_training()
        seconds, busy = clock(model.train, self.iterations)
        model.end_training()
        best = model.get_best_alignments(source, target)
        # Theirs count from 1, with 0 for the null word.
        aligned = np.array([i - 1 for _, links in best for i in links.to_list()], dtype=np.int32)
        return Pass(self.iterations * seconds, busy, self.amount, self.found(aligned))


def sentences(offsets, words):
    """Return sentences as lists of strings, which are the words' numbers."""
    names = [str(word) for word in words.tolist()]
    return [names[begin:end] for begin, end in pairwise(offsets.tolist())]
