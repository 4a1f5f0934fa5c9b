"""Small valid corpora of every format, made from a seed."""

import json

from staleness.workflow.corpora.encoders import encoder
from staleness.workflow.corpora.formats import file_key, formats

WORDS = [
    "the",
    "met",
    "in",
    "of",
    "old",
    "sagte",
    "went",
    "zu",
    "a",
    "Straße",
    "1996",
    ".",
    "½",
    "他",
]
NAMES = {"PER": ["Ada", "Grace"], "LOC": ["Turin", "Zürich"], "ORG": ["Acme", "Uno"]}
TAGS = ["NN", "VB", "IN", "CD", "."]


def corpus(choose, format, sentences=12):
    """Return the files of a corpus.

    Parameters
    ----------
    choose : random.Random
    format : str
        A name of `formats()`; one that has no writer here yet gets the files of another of its
        task, which it has to refuse as well as anything else.
    sentences : int, optional

    Returns
    -------
    dict of str to bytes
        By `file_key`.
    """
    kind = formats()[format]
    alike = [name for name in WRITERS if formats()[name].task == kind.task]
    write = WRITERS.get(format) or WRITERS[alike[0]]
    files = {}
    for split in encoder(kind.task).needed:
        parts = write(choose, sentences)
        for part in kind.parts:
            text = parts.get(part, next(iter(parts.values())))
            files[file_key(split, part)] = text.encode()
    return files


def _words(choose):
    return choose.choices(WORDS, k=choose.randint(1, 9))


def _conll(choose, sentences):
    lines = []
    for _ in range(sentences):
        for word in _words(choose):
            kind = choose.choice(sorted(NAMES))
            named = f"{choose.choice(NAMES[kind])} NNP B-NP B-{kind}"
            lines.append(named if choose.random() < 0.3 else f"{word} XX O O")
        lines.append("")
    return {"": "".join(f"{line}\n" for line in lines) + "Ada NNP B-NP B-PER\n"}


def _conllu(choose, sentences):
    blocks = []
    for _ in range(sentences):
        rows = [
            "\t".join([str(number), word, "_", choose.choice(TAGS), *"______"])
            for number, word in enumerate(_words(choose), start=1)
        ]
        blocks.append("\n".join(["# text", *rows]))
    return {"": "\n\n".join(blocks) + "\n\n"}


def _tagged(choose, sentences):
    rows = (
        " ".join(f"{word}/{choose.choice(TAGS)}" for word in _words(choose))
        for _ in range(sentences)
    )
    return {"": "".join(f"{row}\n" for row in rows)}


def _pairs(choose, sentences):
    """Return two sides and links, a pair a line."""
    sides = [[_words(choose) for _ in range(sentences)] for _ in range(2)]
    links = [
        " ".join(
            f"{choose.randrange(len(source))}{choose.choice('--?')}{choose.randrange(len(target))}"
            for _ in range(choose.randint(0, 4))
        )
        for source, target in zip(*sides, strict=True)
    ]
    return [*([" ".join(words) for words in side] for side in sides), links]


def _parallel(choose, sentences):
    parts = zip(("source", "target", "links"), _pairs(choose, sentences), strict=True)
    return {part: "".join(f"{line}\n" for line in lines) for part, lines in parts}


def _bitext(choose, sentences):
    source, target, links = _pairs(choose, sentences)
    pairs = zip(source, target, strict=True)
    lines = [f"{one} ||| {other}\n" for one, other in pairs]
    return {"": "".join(lines), "links": "".join(f"{line}\n" for line in links)}


def _clear_bible(choose, sentences):
    tables, ids = [], []
    for letter, name in (("n", "source"), ("", "target")):
        rows, verses = [f"id\t{'source_verse' if name == 'target' else 'altId'}\ttext"], []
        for verse in range(1, sentences + 1):
            tokens = []
            for number, word in enumerate(_words(choose), start=1):
                tokens.append(f"{letter}40001{verse:03}{number:03}")
                rows.append(f"{tokens[-1]}\t{f'40001{verse:03}' if not letter else '-'}\t{word}")
            verses.append(tokens)
        tables.append("".join(f"{row}\n" for row in rows))
        ids.append(verses)
    records = [
        {"source": [choose.choice(source)], "target": [choose.choice(target)]}
        for source, target in zip(*ids, strict=True)
    ]
    links = json.dumps({"records": records}, indent=0)
    return {"source": tables[0], "target": tables[1], "links": links}


WRITERS = {
    "bitext": _bitext,
    "brown": _tagged,
    "clear-bible": _clear_bible,
    "conll": _conll,
    "conllu": _conllu,
    "europarl-de-en": _parallel,
    "parallel": _parallel,
    "tagged": _tagged,
}
