"""A linear-chain CRF in PyTorch, trained by processes that share its parameters without a lock.

    python3 benchmarks/hogwild.py CORPUS OUT [--epochs 5] [--mini-batch 4] [--processes 2]

The peer of `benchmarks.peers.pytorch`, for an interpreter that has torch and NumPy and nothing of
ours. Hogwild (Niu, Recht, Re & Wright 2011): each process takes its share of the mini-batches of an
epoch, and adds to the parameters in shared memory as it finds them. Model, objective and step sizes
are those of our update rule `sgd` without its threshold: theta = scale * rows, so that the penalty
costs a multiplication. Sums over features are PyTorch's `embedding_bag`, the forward algorithm runs
over a whole mini-batch, and its gradient is autograd's; only the rows of features that occur are
touched. CORPUS is an encoded corpus; OUT gets the labels of the development set (.npy). What is
printed is JSON: seconds of the epochs, and CPU seconds of all processes in them.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import multiprocessing
from torch.nn import functional

STEP_SIZE, DECAY, L2 = 0.3, 0.3, 1.0
DECODED = 64  # sentences at a time


class Split:
    """The arrays of a split: offsets, labels, feature_offsets, features."""

    def __init__(self, folder, name):
        for part in ("offsets", "labels", "feature_offsets", "features"):
            values = np.load(folder / f"{name}.{part}.npy").astype(np.int64)
            setattr(self, part, torch.from_numpy(values))
        self.sentences = len(self.offsets) - 1


class Batch:
    """Some sentences, padded to the longest: tokens by sentence and position, and their features.

    Parameters
    ----------
    split : Split
    numbers : list of int
        Of the sentences.
    """

    def __init__(self, split, numbers):
        begins, ends = split.offsets[numbers], split.offsets[1:][numbers]
        self.lengths = ends - begins
        positions = torch.arange(int(self.lengths.max()))
        self.mask = positions < self.lengths[:, None]
        self.tokens = (begins[:, None] + positions)[self.mask]
        firsts, lasts = split.feature_offsets[self.tokens], split.feature_offsets[1:][self.tokens]
        counts = lasts - firsts
        self.bags = counts.cumsum(0) - counts
        self.of_token = torch.arange(len(counts)).repeat_interleave(counts)
        within = torch.arange(len(self.of_token)) - self.bags[self.of_token]
        self.features = split.features[firsts[self.of_token] + within]
        self.labels = split.labels[self.tokens]

    def padded(self, values):
        """Return values of tokens, [tokens, ...], by sentence and position."""
        shape = (*self.mask.shape, *values.shape[1:])
        return values.new_zeros(shape).masked_scatter(
            self.mask.reshape(*self.mask.shape, *[1] * (values.dim() - 1)), values
        )


class Chain:
    """The parameters, in shared memory: theta = scale * rows, the transitions as they are used."""

    def __init__(self, features, labels):
        self.rows = torch.zeros(features, labels).share_memory_()
        self.transitions = torch.zeros(labels, labels).share_memory_()
        self.scale = torch.ones(1, dtype=torch.float64).share_memory_()

    def emissions(self, batch):
        """Return the scores of labels by token, [tokens, labels]."""
        sums = functional.embedding_bag(batch.features, self.rows, batch.bags, mode="sum")
        return sums * float(self.scale)

    def step(self, batch, eta, shrink):
        """Update by the gradient of a mini-batch; all is multiplied by `shrink` first."""
        emissions = self.emissions(batch).requires_grad_()
        transitions = (self.transitions * float(self.scale)).requires_grad_()
        found = batch, emissions, transitions
        (log_partition(*found) - score(*found)).sum().backward()
        self.scale *= shrink
        by = -eta / len(batch.lengths) / float(self.scale)
        residuals = (emissions.grad * by).index_select(0, batch.of_token)
        self.rows.index_put_((batch.features,), residuals, accumulate=True)
        self.transitions.add_(transitions.grad, alpha=by)

    def decode(self, batch):
        """Return the best labels of the tokens of a batch (Viterbi)."""
        emissions = batch.padded(self.emissions(batch))
        transitions = self.transitions * float(self.scale)
        best, back = emissions[:, 0], []
        stay = torch.arange(best.shape[1]).expand_as(best)
        for t in range(1, emissions.shape[1]):
            value, before = (best[:, :, None] + transitions).max(1)
            inside = batch.mask[:, t, None]
            best = torch.where(inside, value + emissions[:, t], best)
            back.append(torch.where(inside, before, stay))
        labels = [best.argmax(1)]
        for before in reversed(back):
            labels.append(before.gather(1, labels[-1][:, None])[:, 0])
        return torch.stack(labels[::-1], 1)[batch.mask]


def log_partition(batch, emissions, transitions):
    """Return the logarithm of the sum over all label sequences, by sentence (forward algorithm)."""
    padded = batch.padded(emissions)
    alpha = padded[:, 0]
    for t in range(1, padded.shape[1]):
        after = torch.logsumexp(alpha[:, :, None] + transitions, 1) + padded[:, t]
        alpha = torch.where(batch.mask[:, t, None], after, alpha)
    return torch.logsumexp(alpha, 1)


def score(batch, emissions, transitions):
    """Return the score of the gold labels, by sentence."""
    of_tokens = batch.padded(emissions.gather(1, batch.labels[:, None])[:, 0])
    labels = batch.padded(batch.labels)
    of_pairs = transitions[labels[:, :-1], labels[:, 1:]] * batch.mask[:, 1:]
    return of_tokens.sum(1) + of_pairs.sum(1)


def learn(number, chain, split, options, barrier, spent):
    """Be one of the processes; put the times of begin and end, and CPU seconds, into `spent`."""
    torch.set_num_threads(1)
    random = np.random.default_rng(0)  # the same order in all
    barrier.wait()
    spent[number, 0], cpu = time.monotonic(), time.process_time()
    done = 0
    for _ in range(options.epochs):
        order = random.permutation(split.sentences)
        batches = range(0, len(order), options.mini_batch)
        for begin in list(batches)[number :: options.processes]:
            batch = Batch(split, torch.from_numpy(order[begin : begin + options.mini_batch]))
            eta = STEP_SIZE / (1 + DECAY * done / split.sentences)
            chain.step(batch, eta, 1 - eta * L2 / split.sentences)
            done += len(batch.lengths) * options.processes
    spent[number, 1], spent[number, 2] = time.monotonic(), time.process_time() - cpu


def main():
    """Train, and decode the development set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--mini-batch", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    about = json.loads((options.corpus / "corpus.json").read_text(encoding="utf-8"))
    chain = Chain(about["features"], len(about["labels"]))
    spent = torch.zeros(options.processes, 3, dtype=torch.float64).share_memory_()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(options.processes)
    training = Split(options.corpus, "train")
    workers = [
        context.Process(target=learn, args=(number, chain, training, options, barrier, spent))
        for number in range(options.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a process has failed")
    development = Split(options.corpus, "dev")
    numbers = torch.arange(development.sentences).split(DECODED)
    decoded = torch.cat([chain.decode(Batch(development, some)) for some in numbers])
    np.save(options.out, decoded.numpy().astype(np.int32), allow_pickle=False)
    seconds = float(spent[:, 1].max() - spent[:, 0].min())
    print(json.dumps({"seconds": seconds, "cpu_seconds": float(spent[:, 2].sum())}))


if __name__ == "__main__":
    main()
