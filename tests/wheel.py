"""Build a wheel, and run its kernels for every level of x86-64: `python -m tests.wheel`.

The wheel must have kernels for this machine and for older ones, whose results are the same bits. If
`qemu-x86_64` is installed, those for any processor also run on one that has no AVX: nothing in
them may need it. Ends with 0 if that is so, with 1 if it is not.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from staleness.kernels.cpu import x86_64_level

from .sources import copy_sources

LEVELS = (1, 3, 4)  # that kernels are built for; 1 is all processors
OLD = ("qemu-x86_64", "-cpu", "Nehalem")

# Prints where kernels come from and a digest of what they learn: a few mini-batches by each model.
EXERCISE = """
import hashlib
import numpy as np
from staleness.kernels.core.learner import Learner
from staleness.kernels.models import crf, hmm, model1
from staleness.kernels.rules import sgd, stepwise_em

random = np.random.default_rng(0)
ends = np.concatenate([[0], random.integers(1, 40, 60).cumsum()])
words = random.integers(0, 50, ends[-1]).astype(np.int32)
features = random.integers(0, 500, 3 * ends[-1]).astype(np.int32)
labelled = crf.ConditionalRandomField(
    ends, words % 9, 3 * np.arange(ends[-1] + 1), features, label_count=9, feature_count=500)
tagger = hmm.HiddenMarkovModel(
    ends, words, words=50, responsibilities=random.dirichlet(np.ones(45), 50),
    transitions=random.dirichlet(np.ones(45), 45))
aligner = model1.IBMModel1(
    ends, words, ends, words[::-1].copy(), source_words=50, target_words=50)
descent = sgd.StochasticGradientDescent(step_size=0.3, decay=0.3, l2=1.0)
digest = hashlib.sha256()
for model, rule in (
    (labelled, descent), (tagger, stepwise_em.StepwiseEM()), (aligner, stepwise_em.StepwiseEM())
):
    learner = Learner(model, rule)
    for begin in range(0, 60, 4):
        learner.compute(np.arange(begin, begin + 4, dtype=np.int32))
        learner.update()
    digest.update(learner.theta.tobytes())
print(hmm.__file__, digest.hexdigest())
"""


def build(folder):
    """Build a wheel from a copy of the sources and unpack it into a folder."""
    source = folder / "source"
    copy_sources(source)
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("STALENESS_")}
    subprocess.run([*command, "--wheel-dir", folder, source], env=surroundings, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def exercise(installed, level, prefix=()):
    """Return which folder kernels of a level come from, and the digest of what they learn."""
    code = f"import sys\nsys.path.insert(0, {str(installed)!r})\n{EXERCISE}"
    found = subprocess.run(
        [*prefix, sys.executable, "-c", code],
        env=os.environ | {"STALENESS_LEVEL": str(level)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    module, digest = found.stdout.split()
    return Path(module).parents[1].relative_to(installed).as_posix(), digest


def main():
    """Print a line a level and the verdict; return the exit code."""
    if platform.machine() != "x86_64":
        print("wheel: skipped: there are levels of x86-64 only")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        installed = build(Path(folder))
        runs = [(level, ()) for level in LEVELS if level <= x86_64_level()]
        if shutil.which(OLD[0]):
            runs.append((1, OLD))
        else:
            print(f"wheel: {OLD[0]} is not installed: not run without AVX")
        digests = set()
        for level, prefix in runs:
            kernels, digest = exercise(installed, level, prefix)
            print(f"{kernels} {' '.join(prefix)}: {digest}", flush=True)
            digests.add(digest)
            expected = "staleness/kernels" + (f"/x86_64_v{level}" if level > 1 else "")
            if kernels != expected:
                print(f"wheel: failed: level {level} is to use {expected}")
                return 1
    print("wheel: passed" if len(digests) == 1 else "wheel: failed: the levels differ")
    return int(len(digests) != 1)


if __name__ == "__main__":
    sys.exit(main())
