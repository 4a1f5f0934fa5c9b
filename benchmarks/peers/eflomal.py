"""IBM Model 1 beside the first stage of eflomal (Östling & Tiedemann 2016), one direction."""

import os
import re
import resource
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.peers import Pass, Peer
from benchmarks.peers.thot import Aligning, sentences
from staleness.algorithms.errors import StalenessError

DONE = re.compile(r"Aligning with model 1 .*\nDone: ([\d.]+) s")


class Eflomal(Aligning, Peer):
    """Its sampler of Model 1 alone: as many looks at the same cells, for another purpose."""

    name = "Model 1 iteration, sampled"
    program = "eflomal -m 1"
    library = "eflomal"
    iterations = 20
    differs = (
        "Both compute the probability of every cell once an iteration. Then eflomal draws one link "
        "a word and changes the counts at once (Gibbs sampling, with Dirichlet priors), where EM "
        "adds up the expected counts of all links, and drops the old ones in the end."
    )

    def theirs(self):
        """Sample with eflomal; its own seconds, and the processor time of its whole process."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            links = root / "links"
            sides = "source", "target"
            for side in sides:
                (root / side).write_text(self.text(side), encoding="ascii")
            program = Path(find_spec("eflomal").origin).parent / "bin" / "eflomal"
            command = [program, "-m", "1", "-1", str(self.iterations), "-n", "1", "-f", links]
            for side in sides:
                command += [f"-{side[0]}", root / side]
            before, began = children_seconds(), time.perf_counter()
            told = subprocess.run(
                list(map(str, command)),
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
            wall = time.perf_counter() - began
            busy = (children_seconds() - before) / wall
            seconds = DONE.search(told.stderr)
            if told.returncode or seconds is None:
                raise StalenessError(f"eflomal failed: {told.stderr.strip()[-200:]}")
            aligned = self.read(links)
        return Pass(float(seconds[1]), busy, self.amount, self.found(aligned))

    def text(self, side):
        """Return one side of the pairs as eflomal reads it."""
        offsets, words = getattr(self.pairs, f"{side}_offsets"), getattr(self.pairs, side)
        lines = [f"{len(line)} {' '.join(line)}" for line in sentences(offsets, words)]
        size = getattr(self.pairs, f"{side}_words")
        return "\n".join([f"{len(lines)} {size}", *lines, ""])

    def read(self, path):
        """Return the links of a file in the Pharaoh format, as `found` takes them."""
        offsets = self.pairs.target_offsets
        aligned = np.full(len(self.pairs.target), -1, dtype=np.int32)
        lines = path.read_text(encoding="ascii").splitlines()
        for begin, line in zip(offsets.tolist(), lines, strict=False):
            for link in line.split():
                source, target = map(int, link.split("-"))
                aligned[begin + target] = source
        return aligned


def children_seconds():
    """Return the processor time of all processes started and ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
