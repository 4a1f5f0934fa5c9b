"""What holds for every task that there is."""

import numpy as np
import pytest

from staleness.algorithms.configuration import TASKS, UPDATES


@pytest.mark.parametrize(
    ("task", "update"),
    [(task, name) for name, update in UPDATES.items() for task in update.tasks],
)
def test_work_is_that_of_every_learner(corpora, task, update):
    task, corpus = TASKS[task](), corpora[task]
    learner = UPDATES[update]().learner(task.training(corpus, seed=0), slots=1, workspaces=1)
    work = task.work(corpus)
    assert work.dtype == np.int32
    assert work.tolist() == np.asarray(learner.work).tolist()
    assert len(work) == task.examples(corpus)
