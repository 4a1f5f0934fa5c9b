"""What every learner has: slots, workspaces, work, and checks of all three."""

import numpy as np
import pytest

from staleness.kernels.core.learner import Learner
from staleness.kernels.models.crf import ConditionalRandomField

from .reference import random_sentences


def test_work_of_a_crf_is_tokens():
    corpus = random_sentences(np.random.default_rng(0), [4, 0, 7], 3)
    model = ConditionalRandomField(*corpus.arrays, **corpus.sizes, slots=3, workspaces=2)
    assert model.work.tolist() == [4, 0, 7]
    assert (model.slots, model.workspaces) == (3, 2)
    assert (model.updates, model.examples) == (0, 0)


@pytest.mark.parametrize(("slots", "workspaces"), [(0, 1), (1, 0), (-1, 1)])
def test_there_must_be_slots_and_workspaces(slots, workspaces):
    with pytest.raises(ValueError, match="slots and workspaces must be positive"):
        Learner([1, 2], slots, workspaces)


@pytest.mark.parametrize("examples", [[-1], [3], [0, 1, 3], [-(2**31)]])
def test_examples_that_are_not_there(examples):
    with pytest.raises(IndexError, match="examples are numbered 0 to 2"):
        Learner([1, 2, 3], 1, 1).calculate(examples)


@pytest.mark.parametrize("where", [{"slot": 2}, {"slot": -1}, {"workspace": 3}, {"workspace": -1}])
def test_slots_and_workspaces_that_are_not_there(where):
    with pytest.raises(IndexError, match=r"no slot -?\d or no workspace -?\d"):
        Learner([1, 2, 3], 2, 3).calculate([0], **where)


@pytest.mark.parametrize("slots", [(0, 3), (-1, 1), (1, 1), (2, 1), (2,)])
def test_updates_of_slots_that_are_not_there(slots):
    with pytest.raises(IndexError, match="no slots"):
        Learner([1, 2, 3], 2, 1).update(*slots)
