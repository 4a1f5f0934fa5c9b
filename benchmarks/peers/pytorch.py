"""Lock-free training of the CRF beside PyTorch's Hogwild, on two cores.

The peer itself is `benchmarks/hogwild.py`, which runs in an interpreter that has torch: from PyPI,
torch brings gigabytes for graphics cards; Debian's `python3-torch` does without.
"""

import json
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.peers import Pass, Peer
from benchmarks.peers.crfsuite import CORPUS, F1, f1
from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run

SCRIPT = Path(__file__).parents[1] / "hogwild.py"
SENTENCES, EPOCHS = 3000, 3


class Hogwild:
    """Both without a lock: the same model, step sizes and mini-batches of `mini_batch_size`."""

    program = "PyTorch Hogwild"
    library = "torch"
    threads = (2, 2)
    values = 1
    mini_batch_size: int

    @cached_property
    def labelled(self):
        """The first sentences of the corpus, encoded."""
        return self.corpus(CORPUS, examples=SENTENCES)

    def missing(self):
        """Return why the other interpreter will not do; None if it has torch."""
        try:
            self.version()
        except OSError as error:
            return f"{self.python} cannot be run ({error.strerror}): name another by --python"
        except subprocess.CalledProcessError:
            return (
                f"{self.python} has no torch: apt-get install python3-torch, or name an "
                "interpreter that has it by --python"
            )
        return None

    def version(self):
        """Return the version of PyTorch in the other interpreter."""
        ask = [self.python, "-c", "import torch; print(torch.__version__)"]
        return subprocess.run(ask, capture_output=True, check=True, text=True).stdout.strip()

    def ours(self):
        """Train with ours."""
        configuration = Configuration(
            task="ner",
            schedule="lock-free",
            clock="wall",
            processors=self.threads[0],
            mini_batch_size=self.mini_batch_size,
            epochs=EPOCHS,
            evaluations=0,
        )
        result = run(configuration, self.labelled)
        busy = result.cpu_seconds / result.real_seconds
        return Pass(result.seconds, busy, result.work, {F1: float(result.curve["f1"][-1])})

    def theirs(self):
        """Train with PyTorch."""
        with tempfile.TemporaryDirectory() as folder:
            decoded = Path(folder) / "decoded.npy"
            command = [self.python, str(SCRIPT), str(self.labelled.folder), str(decoded)]
            command += [f"--epochs={EPOCHS}", f"--mini-batch={self.mini_batch_size}"]
            command += [f"--processes={self.threads[1]}"]
            told = subprocess.run(command, check=False, capture_output=True, text=True)
            if told.returncode:
                raise StalenessError(f"{SCRIPT.name} failed: {told.stderr.strip()[-200:]}")
            labels = np.load(decoded, allow_pickle=False)
        spent = json.loads(told.stdout)
        busy = spent["cpu_seconds"] / spent["seconds"]
        amount = EPOCHS * len(self.labelled["train.labels"])
        return Pass(spent["seconds"], busy, amount, {F1: f1(self.labelled, labels)})


class OfFour(Hogwild, Peer):
    """The mini-batches of our defaults."""

    name = "CRF training by Hogwild, m = 4"
    mini_batch_size = 4
    differs = (
        "Two threads of ours, which pass over tokens that are labelled well enough; two processes "
        "of PyTorch's, which do not."
    )


class OfMany(Hogwild, Peer):
    """Larger ones, of which PyTorch makes more: it pays for each operation, not for its size."""

    name = "CRF training by Hogwild, m = 64"
    mini_batch_size = 64
    differs = OfFour.differs
