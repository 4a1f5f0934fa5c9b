"""Pairs in two files, and in one: the same but for where they stand."""

import hashlib
import os
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.bitext import Bitext
from staleness.workflow.corpora.formats.parallel import Parallel

SOURCE = "das  Haus\n\nja\n"
TARGET = "the\thouse\nyes\n\n"
LINKS = "0-0 1?1\n\n\n"
EXPECTED = [
    (1, ["das", "Haus"], ["the", "house"], [(0, 0, True), (1, 1, False)]),
    (2, [], ["yes"], []),
    (3, ["ja"], [], []),
]


def write(folder, **texts):
    for name, text in texts.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text.encode())
    return [os.path.join(folder, name) for name in texts]


def bitext(source, target):
    both = zip(source.split("\n"), target.split("\n"), strict=True)
    return "".join(f"{a} ||| {b}\n" for a, b in list(both)[:-1])


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_formats_are_found():
    assert (formats()["parallel"], formats()["bitext"]) == (Parallel, Bitext)
    assert Parallel.task == Bitext.task == "alignment"


def test_two_files(tmp_path):
    paths = write(tmp_path, source=SOURCE, target=TARGET, links=LINKS)
    pairs = Parallel().read(*paths)
    assert list(pairs) == list(pairs) == EXPECTED
    assert pairs.paths == tuple(paths[:2])
    assert pairs.sha256 == tuple(map(sha256, (SOURCE, TARGET, LINKS)))
    pairs = Parallel().read(*paths[:2], None)
    assert [pair.links for pair in pairs] == [[], [], []]
    assert pairs.sha256 == (sha256(SOURCE), sha256(TARGET), None)


def test_one_file(tmp_path):
    text = bitext(SOURCE, TARGET)
    path, links = write(tmp_path, pairs=text, links=LINKS)
    pairs = Bitext().read(path, links)
    assert list(pairs) == list(pairs) == EXPECTED
    assert (pairs.paths, pairs.sha256) == ((path, path), (sha256(text), sha256(LINKS)))
    pairs = Bitext().read(path, None)
    assert [pair.links for pair in pairs] == [[], [], []]
    assert pairs.sha256 == (sha256(text), None)


@pytest.mark.parametrize(
    ("source", "target", "links", "file", "line", "said"),
    [
        ("a\nb\n", "x\n", None, "source", 2, "target has only 1 lines where this file has 2"),
        ("a\n", "x\ny\n", None, "target", 2, "source has only 1 lines where this file has 2"),
        ("", "x\n", None, "target", 1, "source has only 0 lines"),
        ("a\n", "x\n", "0-0\n\n", "links", 2, "source has only 1 lines"),
        ("a\nb\n", "x\ny\n", "0-0\n", "source", 2, "links has only 1 lines"),
        ("a\nb\rc\n", "x\ny\n", None, "source", 2, "carriage return"),
        ("a\nb\n", "x\ny\rz\n", None, "target", 2, "carriage return"),
        ("a\nb\n", "x\ny\n", "0-0\n0-1\n", "links", 2, "word 1 of the target sentence"),
        ("a\nb\n", "x\ny\n", "0-0\n0 0\n", "links", 2, "'0' is no link"),
        ("a\n\n", "x\ny\n", "0-0\n0-0\n", "links", 2, "source sentence, which has 0"),
    ],
)
def test_broken_files(tmp_path, source, target, links, file, line, said):
    texts = {"source": source, "target": target, "links": links}
    paths = write(tmp_path, **{key: text for key, text in texts.items() if text is not None})
    with pytest.raises(CorpusError) as caught:
        list(Parallel().read(*paths))
    assert (os.path.basename(caught.value.path), caught.value.line) == (file, line)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "links", "file", "line", "said"),
    [
        ("a ||| x\nb\n", None, "pairs", 2, "0 times ||| with blanks around it, expected 1"),
        ("a ||| x\n\n", None, "pairs", 2, "0 times |||"),
        ("a|||x\n", None, "pairs", 1, "0 times |||"),
        ("a ||| x ||| y\n", None, "pairs", 1, "2 times |||"),
        ("a ||| x\n", "0-0\n\n", "links", 2, "pairs has only 1 lines"),
        ("a ||| x\nb ||| y\n", "0-0\n1-0\n", "links", 2, "word 1 of the source sentence"),
    ],
)
def test_a_broken_file(tmp_path, text, links, file, line, said):
    paths = write(tmp_path, pairs=text, **({} if links is None else {"links": links}))
    with pytest.raises(CorpusError) as caught:
        list(Bitext().read(*paths))
    assert (os.path.basename(caught.value.path), caught.value.line) == (file, line)
    assert said in str(caught.value)


def test_errors_in_lines_come_only_when_they_are_reached(tmp_path):
    paths = write(tmp_path, source="a\nb\rb\n", target="x\ny\n")
    assert next(iter(Parallel().read(*paths))).source == ["a"]


words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n\0\ufeff"),
    min_size=1,
    max_size=5,
).filter(lambda word: word != "|||")
sentences = st.lists(words, max_size=4)
separators = st.text(" \t", min_size=1, max_size=2)


@settings(deadline=None)
@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=5), separators, st.data())
def test_what_is_written_is_read(pairs, blank, data):
    links = [
        sorted(
            data.draw(st.sets(st.tuples(st.integers(0, len(s) - 1), st.integers(0, len(t) - 1))))
            if s and t
            else []
        )
        for s, t in pairs
    ]
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    texts = {
        "source": "".join(blank.join(s) + end for s, _ in pairs),
        "target": "".join(blank.join(t) + end for _, t in pairs),
        "links": "".join(blank.join(f"{a}-{b}" for a, b in each) + end for each in links),
        "pairs": "".join(blank.join([*s, "|||", *t]) + end for s, t in pairs),
    }
    expected = [
        (line, s, t, [(*link, True) for link in each])
        for line, ((s, t), each) in enumerate(zip(pairs, links, strict=True), start=1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, target, gold, both = write(folder, **texts)
        assert list(Parallel().read(source, target, gold)) == expected
        assert list(Bitext().read(both, gold)) == expected
