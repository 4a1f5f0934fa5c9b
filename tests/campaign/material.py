"""What the commands work on: small corpora, runs of them, and what is made of these."""

import random
import shutil
from pathlib import Path

from staleness.algorithms.arrays import load
from staleness.algorithms.costs.measured import REFERENCE
from staleness.workflow.corpora.encoders import encoders
from staleness.workflow.corpora.own import file_options

from .child import call
from .samples import corpus
from .trial import OTHERWISE

SENTENCES = 30


class Material:
    """Texts and encoded corpora by task, two runs of each, a figure, claims and a reference.

    Parameters
    ----------
    folder : pathlib.Path
        Where it is made, by the command line itself.
    """

    def __init__(self, folder):
        self.folder = folder
        self.mirror = folder / "mirror"
        self.mirror.mkdir()
        self.texts, self.encoded, self.runs = {}, {}, {}
        for task, kind in encoders().items():
            self._encode(task, kind.format)
            for schedule in ("single", "asynchronous"):
                self._run(task, schedule)
        runs = [str(path) for path in self.runs["ner"]]
        self.figure = folder / "figures" / "ner-convergence.json"
        self.claims, self.report = folder / "claims.json", folder / "report.pdf"
        self.reference, self.calibration = folder / "reference.json", folder / "calibration.json"
        shutil.copy(REFERENCE, self.calibration)
        self._call("figure", "ner-convergence", "--out", str(self.figure.parent), *runs)
        self._call("claims", "--of", "schedules", "--out", str(self.claims), *runs)
        self._call("verify", "--write", "--reference", str(self.reference), *runs)

    def _encode(self, task, format):
        self.texts[task] = self.folder / "texts" / task
        self.texts[task].mkdir(parents=True)
        given = write(self.texts[task], corpus(random.Random(task), format, SENTENCES))
        self.encoded[task] = self.folder / "encoded" / task
        out = ["--out", str(self.encoded[task])]
        skip = ["--skip-bad-pairs"] if task == "alignment" else []
        self._call("encode", "--format", format, "--name", task, *given, *skip, *out)
        load(self.encoded[task])

    def _run(self, task, schedule):
        out = self.folder / "runs" / task / schedule / "seed-0"
        self.runs.setdefault(task, []).append(out)
        self._call(
            *("run", task, "--schedule", schedule, "--encoded", str(self.encoded[task])),
            *("--processors", "1" if schedule == "single" else "2", "--mini-batch", "4"),
            *("--cost", "paper", "--out", str(out)),
        )

    def _call(self, *arguments):
        end, said = call(arguments, self.folder).verdict()
        if end == OTHERWISE or not said:
            raise RuntimeError(f"{' '.join(arguments)}: {said}")


def write(folder, files, ending=".txt"):
    """Write the files of a corpus and return the options that name them, a list of str."""
    options = []
    names = {key: name for name, key in file_options().items()}
    for key, data in files.items():
        path = Path(folder, f"corpus-{key}{ending}")
        path.write_bytes(data)
        options += [f"--{names[key]}", str(path)]
    return options
