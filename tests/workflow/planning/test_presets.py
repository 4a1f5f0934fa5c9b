"""Settings that a config writes once and uses by name."""

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.planning.grid import Grid
from staleness.workflow.planning.presets import expand

PRESETS = {
    "ner": {"task": "ner", "epochs": 10},
    "short": {"use": "ner", "epochs": 1},
    "single": {"schedule": "single"},
    "both": [{"use": "single"}, {"schedule": "asynchronous", "processors": 4}],
    "sizes": [{"use": "short", "mini_batch_size": 1}, {"use": "ner", "mini_batch_size": 4}],
    "round": {"use": "about"},
    "about": {"use": ["ner", "round"]},
}
SINGLE, FOUR = {"schedule": "single"}, {"schedule": "asynchronous", "processors": 4}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"task": "ner"}, [{"task": "ner"}]),
        ({"use": "ner"}, [{"task": "ner", "epochs": 10}]),
        ({"use": "ner", "epochs": [2, 3]}, [{"task": "ner", "epochs": [2, 3]}]),
        ({"use": "short"}, [{"task": "ner", "epochs": 1}]),
        ({"use": ["short", "ner"]}, [{"task": "ner", "epochs": 10}]),
        ({"use": "both", "seed": 1}, [{**SINGLE, "seed": 1}, {**FOUR, "seed": 1}]),
        (
            {"use": ["sizes", "both"]},
            [
                {"task": "ner", "epochs": epochs, "mini_batch_size": size, **schedule}
                for epochs, size in ((1, 1), (10, 4))
                for schedule in (SINGLE, FOUR)
            ],
        ),
    ],
)
def test_a_cell_stands_for_what_it_uses_with_its_own_laid_over(cell, expected):
    before = dict(cell)
    assert expand(cell, PRESETS) == expected
    assert cell == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone", "unknown preset 'gone': choose one of ner, short, single, both"),
        ("round", "preset 'round' uses itself: round -> about -> round"),
    ],
)
def test_what_makes_no_sense_is_named(name, said):
    with pytest.raises(StalenessError, match=said):
        expand({"use": name}, PRESETS)
    config = {
        "seeds": [0],
        "presets": PRESETS,
        "figures": {"ideal": {"cells": [{"use": name}]}},
    }
    with pytest.raises(StalenessError, match=f"^config: figure ideal, .*{said}"):
        Grid(config)


def test_figures_that_are_taken_away_are_not_drawn():
    cells = {"cells": [{"use": "short", "corpus": "conll2003-en", "schedule": "single"}]}
    config = {"seeds": [0], "presets": PRESETS, "figures": {"ideal": cells, "scaling": None}}
    grid = Grid(config | {"claims": {"schedules": None}})
    assert (list(grid.figures), grid.claims) == (["ideal"], {})
    assert "conll2003-en.sgd.single" in grid.figures["ideal"][0]
