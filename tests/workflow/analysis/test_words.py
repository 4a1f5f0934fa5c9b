"""What cells were run with, in words."""

from dataclasses import replace

from staleness.workflow.analysis import words
from staleness.workflow.analysis.phrases import Scale
from staleness.workflow.analysis.targets import Target
from staleness.workflow.figures import sweep

from ..claims.made_up import reaching


def test_seeds_are_listed_once_for_all_cells_that_have_them():
    one = reaching("ner", "single", [1, 2, 3]).of_seeds([0, 1, 2])
    other = reaching("ner", "asynchronous", [1, 2, 3], 4).of_seeds([1])
    assert words.seed_lists([one]) == "3 seeds (0, 1, 2)"
    assert words.seed_lists([one, other, one]) == "3 seeds (0, 1, 2) or 1 seed (1)"


def test_what_is_not_random_has_one_run():
    online = reaching("alignment", "single", [1, 2, 3]).of_seeds([0, 1])
    batch = reaching("alignment", "single-batch", [1], update="em").of_seeds([0])
    assert words.seed_lists([online, batch]) == (
        "2 seeds (0, 1) or one run, where nothing is random"
    )


def test_a_target_that_was_fixed_is_told_with_its_ends():
    cells = [
        replace(reaching("ner", "single", [1, 2, 3], mini_batch_size=size), targets=targets)
        for size in (4, 16)
        for targets in [{"f1": Target(0.1, 0.5)}]
    ]
    assert Scale.of(cells, "f1").target == "99 % of the way from 0.1000 to 0.5000, fixed beforehand"
    said = sweep.described(cells)
    assert (
        "The target, 99 % of the way from 0.1000 to 0.5000, fixed beforehand, is F1 0.4960." in said
    )
    relative = sweep.described([replace(cell, targets={}) for cell in cells])
    assert (
        "of the single processor of the same m, is F1 0.8910 and 0.8910, respectively." in relative
    )
