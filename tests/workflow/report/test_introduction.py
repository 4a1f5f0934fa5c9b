"""What stands above the figures."""

import pytest

from staleness.algorithms.costs.paper import Paper
from staleness.workflow.analysis import runs
from staleness.workflow.claims import claims
from staleness.workflow.figures import figures
from staleness.workflow.report.content import content
from staleness.workflow.report.drawn import Drawn
from staleness.workflow.report.introduction import introduction, place

from ..figures import toy
from .test_build import printed

JUDGED = [{"name": "schedules", "number": 1, "verdict": "reproduced"}]
SHARED = {"task": "ner", "corpus": "toy", "clock": "simulated", "cost": Paper().describe()}


def test_every_figure_has_a_question_and_known_claims():
    assert all(figure.question.endswith((".", "?")) for figure in figures().values())
    assert {claim for figure in figures().values() for claim in figure.claims} <= set(claims())


def test_every_figure_has_a_place_before_those_that_are_not_known():
    places = [place({"name": name}) for name in figures()]
    assert len(set(places)) == len(places)
    assert max(places) < place({"name": "mine"})


def test_introduction_has_question_cost_corpus_and_verdict():
    assert introduction({"name": "ner-convergence", "shared": [SHARED]}, JUDGED) == {
        "question": figures()["ner-convergence"].question,
        **{"cost": "2010", "seconds": "0.62", "task": "Named-entity recognition"},
        "corpora": {"here": "toy", "then": "CoNLL 2003 English", "mini_batch_size": "4"},
        "verdicts": [{"number": "1", "verdict": "reproduced"}],
    }


@pytest.mark.parametrize(
    ("shared", "cost"),
    [({**SHARED, "cost": "x"}, "today"), ({**SHARED, "clock": "wall", "cost": None}, None)],
)
def test_introduction_without_the_cost_of_2010(shared, cost):
    found = introduction({"name": "utilisation", "shared": [shared]}, JUDGED)
    assert found["cost"] == cost
    assert found["corpora"]["here"] == "toy"
    assert found["verdicts"] == []


def test_several_tasks_are_told_apart():
    shared = [{**SHARED, "task": "alignment", "cost": "x"}, SHARED]
    found = introduction({"name": "ideal", "shared": shared}, [])
    assert (found["cost"], found["task"]) == ("mixed", "Named-entity recognition")
    assert found["corpora"] is None


def test_two_clusters_are_one_corpus():
    shared = [{**SHARED, "task": "alignment", "clock": clock, "cost": None} for clock in "ab"]
    found = introduction({"name": "mapreduce", "shared": shared}, [])
    assert found["corpora"]["then"] == "English-French Hansards"


def test_unknown_figure_has_no_introduction():
    assert introduction({"name": "mine", "shared": [SHARED]}, JUDGED) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "Here their times are modelled with the 0.62 s that a mini-batch took then, so that "
            "the axis is that of 2010. Here the corpus is to-y*. In 2010 it was CoNLL 2003 "
            "English, with m = 4. Claim 1 is judged by these runs: reproduced.\n",
        ),
        (
            {"cost": "x"},
            "s kernels, not those of 2010. Here the corpus is to-y*. In",
        ),
        ({"cost": None, "clock": "wall"}, "F1 sooner? Here the corpus is to-y*. In 2010 it was"),
    ],
)
def test_what_the_report_says_above_a_figure(changes, said, tmp_path):
    shared = [{**SHARED, "corpus": "to-y*", **changes}]
    above = introduction({"name": "ner-convergence", "shared": shared}, JUDGED)
    above["question"] = "Is it F1 sooner?"
    assert said in set_above(above, tmp_path)


def test_the_report_names_the_task_whose_times_are_as_in_2010(tmp_path):
    shared = [{**SHARED, "task": "alignment", "cost": "x"}, SHARED]
    text = set_above(introduction({"name": "ideal", "shared": shared}, []), tmp_path)
    assert "Times of Named-entity recognition are modelled at the cost of 2010, those of" in text
    assert "Here the corpus" not in text


def test_a_figure_that_is_not_known_stands_alone(tmp_path):
    assert "Results\nFigure 1. Title. Caption." in set_above(None, tmp_path)


def set_above(above, folder):
    """Return the text of a report with a figure below its introduction."""
    data = content(runs.load([toy.run(folder / "run")]))
    image = {"title": "Title", "caption": "Caption.", "image": "figure.svg"}
    section = {"heading": "", "figures": [{**image, "introduction": above}], "tables": []}
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    return printed({**data, "results": [section]}, folder / "report", {"figure.svg": drawing})


def test_drawn_is_read_only_when_asked_and_is_no_markup(tmp_path):
    path = tmp_path / "f.json"
    drawn = Drawn(str(path))
    assert drawn == Drawn(str(path))  # a parameter must not change with the file
    path.write_text('{"title": "a*b_", "caption": "`c` |d|", "shared": [{"task": "ner"}]}')
    assert (drawn.title, drawn.caption) == (r"a\*b\_", r"\`c\` \|d\|")
    assert drawn.labels == {"figure": "a*b_"}
    assert drawn.category == "Named-entity recognition"
    path.write_text('{"title": "", "caption": "", "shared": [{"task": "ner"}, {"task": "ner"}]}')
    assert drawn.category == "Named-entity recognition"
    path.write_text('{"title": "", "caption": "", "shared": [{"task": "ner"}, {"task": "x"}]}')
    assert drawn.category == "All tasks"
