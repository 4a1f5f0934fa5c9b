"""What stands above the figures."""

import pytest

from staleness.algorithms.costs.paper import Paper
from staleness.workflow.claims import claims
from staleness.workflow.figures import figures
from staleness.workflow.report.drawn import Drawn
from staleness.workflow.report.introduction import introduction, place

JUDGED = [{"name": "schedules", "number": 1, "verdict": "reproduced"}]
SHARED = {"task": "ner", "corpus": "toy", "clock": "simulated", "cost": Paper().describe()}


def test_every_figure_has_a_question_and_known_claims():
    assert all(figure.question.endswith((".", "?")) for figure in figures().values())
    assert {claim for figure in figures().values() for claim in figure.claims} <= set(claims())


def test_every_figure_has_a_place_before_those_that_are_not_known():
    places = [place({"name": name}) for name in figures()]
    assert len(set(places)) == len(places)
    assert max(places) < place({"name": "mine"})


def test_introduction_says_question_cost_corpus_and_verdict():
    text = introduction({"name": "ner-convergence", "shared": [SHARED]}, JUDGED)
    assert text.startswith(figures()["ner-convergence"].question)
    assert "the axis is that of 2010" in text
    assert "Here the corpus is toy, in 2010 it was CoNLL 2003 English, with m = 4." in text
    assert text.endswith("Claim 1 is judged by these runs: reproduced.")


@pytest.mark.parametrize(
    ("shared", "said"),
    [
        ({**SHARED, "cost": "x"}, "costs are those of today's kernels"),
        ({**SHARED, "clock": "wall", "cost": None}, "Here the corpus"),
    ],
)
def test_introduction_without_the_cost_of_2010(shared, said):
    text = introduction({"name": "utilisation", "shared": [shared]}, JUDGED)
    assert said in text
    assert "axis" not in text
    assert "Claim" not in text


def test_several_tasks_are_told_apart():
    shared = [{**SHARED, "task": "alignment", "cost": "x"}, SHARED]
    text = introduction({"name": "ideal", "shared": shared}, [])
    assert "Named-entity recognition: times are modelled as in 2010." in text


def test_two_clusters_are_one_corpus():
    shared = [{**SHARED, "task": "alignment", "clock": clock, "cost": None} for clock in "ab"]
    text = introduction({"name": "mapreduce", "shared": shared}, [])
    assert text.count("Here the corpus is toy, in 2010 it was") == 1


def test_unknown_figure_has_no_introduction():
    assert introduction({"name": "mine", "shared": [SHARED]}, JUDGED) == ""


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
