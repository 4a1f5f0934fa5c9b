"""Every peer finds what ours finds, on tiny corpora."""

import random
import subprocess

import pytest

from benchmarks import peers
from benchmarks.peers import Peer, clock, spread
from benchmarks.peers.pytorch import SCRIPT
from staleness.algorithms.arrays import load
from staleness.algorithms.components import discover
from staleness.workflow.corpora.encode import encode, ensure

PYTHON = "/usr/bin/python3"
PEERS = discover(peers, Peer)
# By the corpus that peers ask for.
TASKS = {"brown": "tagging", "sblgnt-bsb": "alignment"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a folder with the text of a corpus in which words decide about labels."""
    folder = tmp_path_factory.mktemp("data")
    text = folder / "corpora" / "conll2003-en"
    text.mkdir(parents=True)
    choose = random.Random(0)
    of_words = {"Ada": "B-PER", "Oslo": "B-LOC", "Uno": "B-ORG", "met": "O", "in": "O", "a": "O"}
    for split, count in (("train", 60), ("dev", 20)):
        sentences = [choose.choices(list(of_words), k=choose.randint(1, 9)) for _ in range(count)]
        lines = ["\n".join(f"{word} X Y {of_words[word]}" for word in one) for one in sentences]
        (text / f"{split}.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def tiny(data, monkeypatch):
    """Let every peer have tiny corpora."""

    def corpus(peer, name, **options):
        if name in TASKS:
            synthetic = {"examples": 40}
            return load(ensure(f"synthetic-{TASKS[name]}", data=data, options=synthetic).folder)
        folder = data / "encoded" / name
        if not folder.exists():
            files = {split: data / "corpora" / name / f"{split}.txt" for split in ("train", "dev")}
            encode(files, "conll", folder, "tiny")
        return load(folder)

    monkeypatch.setattr(Peer, "corpus", corpus)
    return data


@pytest.fixture(params=PEERS.values(), ids=PEERS)
def peer(request, tiny):
    """Return each peer that can be had."""
    peer = request.param(tiny, PYTHON)
    reason = peer.missing()
    if reason:
        pytest.skip(reason)
    return peer


@pytest.mark.slow
def test_both_sides_find_the_same(peer):
    ours, theirs = peer.ours(), peer.theirs()
    for done in (ours, theirs):
        assert done.seconds >= 0  # CRFsuite tells milliseconds
        assert done.busy >= 0
        assert done.amount > 0
    assert ours.found.keys() == theirs.found.keys()
    for name, most in peer.tolerance.items():
        assert ours.found[name] == pytest.approx(theirs.found[name], rel=most)
    if "dev F1" in ours.found:
        assert min(ours.found["dev F1"], theirs.found["dev F1"]) > 0.9
    assert peer.version()[0].isdigit()


def test_peers_are_told_apart():
    assert len(PEERS) > 5
    for kind in PEERS.values():
        assert kind.program
        assert kind.values >= 1
        assert min(kind.threads) >= 1


def test_what_is_not_installed_is_told():
    class Nobody(Peer):
        library = "there_is_no_such_library"
        ours = theirs = None

    assert "there_is_no_such_library is not installed" in Nobody("results", PYTHON).missing()


@pytest.mark.parametrize(
    ("python", "said"), [("/nowhere/python", "cannot be run"), ("/bin/false", "has no torch")]
)
def test_an_interpreter_without_torch_is_told(python, said):
    hogwild = next(kind for kind in PEERS.values() if kind.library == "torch")
    assert said in hogwild("results", python).missing()


@pytest.mark.slow
def test_pytorch_sums_and_decodes_as_brute_force_does(tmp_path):
    hogwild = next(kind for kind in PEERS.values() if kind.library == "torch")
    if reason := hogwild("results", PYTHON).missing():
        pytest.skip(reason)
    check = tmp_path / "check.py"
    check.write_text(BRUTE_FORCE, encoding="utf-8")
    told = subprocess.run(
        [PYTHON, str(check), str(SCRIPT.parent)], check=False, capture_output=True, text=True
    )
    assert told.stdout == "checked 3 sentences\n", told.stderr


BRUTE_FORCE = """
import itertools
import sys

import torch

sys.path.insert(0, sys.argv[1])
import hogwild

torch.manual_seed(0)
split = hogwild.Split.__new__(hogwild.Split)
split.offsets = torch.tensor([0, 3, 4, 8])
split.labels = torch.tensor([0, 2, 1, 1, 0, 0, 2, 2])
split.feature_offsets = torch.tensor([0, 2, 3, 3, 5, 6, 8, 9, 11])
split.features = torch.tensor([4, 1, 0, 2, 2, 3, 1, 0, 4, 3, 2])
chain = hogwild.Chain(5, 3)
chain.rows.normal_()
chain.transitions.normal_()
chain.scale.fill_(0.5)
batch = hogwild.Batch(split, torch.tensor([2, 0, 1]))
emissions, transitions = chain.emissions(batch), 0.5 * chain.transitions
found = hogwild.log_partition(batch, emissions, transitions)
gold = hogwild.score(batch, emissions, transitions)
decoded = chain.decode(batch)
first = 0
for row, sentence in enumerate((2, 0, 1)):
    tokens = range(int(split.offsets[sentence]), int(split.offsets[sentence + 1]))
    ends = split.feature_offsets.tolist()
    at = [0.5 * chain.rows[split.features[ends[t] : ends[t + 1]]].sum(0) for t in tokens]
    scores = {
        labels: float(sum(at[k][j] for k, j in enumerate(labels)))
        + float(sum(transitions[i, j] for i, j in zip(labels, labels[1:])))
        for labels in itertools.product(range(3), repeat=len(tokens))
    }
    total = torch.logsumexp(torch.tensor(list(scores.values())), 0)
    assert abs(total - found[row]) < 1e-4
    wanted = scores[tuple(split.labels[list(tokens)].tolist())]
    assert abs(wanted - float(gold[row])) < 1e-4
    best = max(scores, key=scores.get)
    assert decoded[first : first + len(tokens)].tolist() == list(best)
    first += len(tokens)
print("checked 3 sentences")
"""


def test_a_call_is_timed_as_one_of_many():
    calls = []
    seconds, share = clock(lambda: calls.append(sum(range(10_000))), 20)
    assert len(calls) == 20
    assert 0 < seconds < 1
    assert share >= 0


def test_spread_is_the_median_between_the_ends():
    assert spread([3.0, 1.0, 9.0], ".1f") == "3.0 (1.0 to 9.0)"
