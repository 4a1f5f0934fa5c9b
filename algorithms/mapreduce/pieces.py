"""Batch EM of a model that is too large for a driver or a worker: piece by piece.

What EM does to a piece of the model, it does without the others, but for the totals by which
expected counts are divided. So an iteration is a job for each piece, one after the other, by a
`Driver` of its own, and partitions that forget its words again.
Between iterations the counts of a piece are in a file; the driver keeps the totals.
"""

from pathlib import Path

import numpy as np

from staleness.algorithms.mapreduce.driver import Driver
from staleness.algorithms.mapreduce.models import Piece


class Pieces:
    """Batch EM, piece by piece.

    Parameters
    ----------
    engine, task, rule, corpus, **settings
        As for `Driver`, for batches.
    pieces : int
    folder : path-like
        For the counts, 8 bytes each.

    Attributes
    ----------
    parameters : int
        Rows of all pieces, once there has been an iteration.
    """

    def __init__(self, *arguments, pieces, folder, **settings):
        self._arguments = arguments
        self._settings = settings | {"epochs": 1, "mini_batch_size": None, "jobs_in_flight": 1}
        self._files = [Path(folder) / f"piece-{k}.npy" for k in range(pieces)]
        self._totals = None
        self.parameters = 0

    def iterate(self):
        """Do an iteration of EM; yield the trace of each piece's job."""
        totals, self.parameters = 0.0, 0
        for piece, file in enumerate(self._files):
            driver = self._driver(piece)
            for _ in driver.train():
                pass
            model = driver.learner.model
            np.save(file, model.values * model.table.scale)
            totals = totals + model.sums()
            self.parameters += model.values.size
            trace = driver.trace
            del model
            # With it workers forget their partitions, before those of the next piece are made.
            del driver
            yield trace
        self._totals = totals

    def judge(self):
        """Return the sums of the pieces' metrics, a dict: of Model 1, the log-likelihood."""
        found = [self._judge(piece) for piece in range(len(self._files))]
        return {name: sum(metrics[name] for metrics in found) for name in found[0]}

    def _judge(self, piece):
        driver = self._driver(piece)
        return driver.judge(driver.theta)

    def _driver(self, piece):
        """Return the driver of a piece, at what the iterations so far have made of it."""
        driver = Driver(*self._arguments, **self._settings, piece=Piece(piece, len(self._files)))
        if self._totals is not None:
            driver.learner.model.values[:] = np.load(self._files[piece])
            driver.learner.model.table.set_scales(1.0)
            driver.learner.model.totals = self._totals
        return driver
