"""Inputs broken at random: files of every corpus format, the suite's own files, and options.

Each has to end well, or in one line that names the file, with nothing half-written.
"""

import io
import shutil

import numpy as np

from staleness.workflow.corpora.formats import formats

from .child import call
from .material import Material, write
from .mutate import break_bytes, break_json
from .options import Options
from .samples import corpus
from .trial import OTHERWISE, WELL, Campaign, Outcome
from .whole import half_written

# The last are what a shell may well hand on: no UTF-8, and a line end.
ENDINGS = [*[".txt"] * 10, " and more.txt", "-é.txt", "'$(x)\".txt", "-\udce9.txt", "-\n.txt"]
# How often a trial is about options, and about files of the suite's own.
OPTIONS, OWN = 0.25, 0.15


class Inputs(Campaign):
    """Files and options that are not as they should be."""

    name = "inputs"
    trials = "inputs"
    count = 2000

    def prepare(self, folder):
        """Make what is broken, and what the commands need besides; see `Campaign.prepare`."""
        import pyarrow.parquet  # noqa: F401 - once, not in every child
        import sacremoses  # noqa: F401

        from staleness.workflow.figures import write as _  # noqa: F401
        from staleness.workflow.report import build  # noqa: F401

        self.material = Material(folder)
        self.options = Options(self.material)

    def trial(self, choose, folder):
        """Break one and see how the command ends; see `Campaign.trial`."""
        which = choose.random()
        if which < OPTIONS:
            return self.options.trial(choose, folder)
        if which < OPTIONS + OWN:
            return self._own_file(choose, folder)
        return self._corpus(choose, folder)

    def _corpus(self, choose, folder):
        format = choose.choice(sorted(formats()))
        task = formats()[format].task
        files = corpus(choose, format)
        key = choose.choice(sorted(files))
        is_json = files[key].startswith(b"{") and choose.random() < 0.5
        files[key], ways = (break_json if is_json else break_bytes)(choose, files[key])
        given = write(folder, files, choose.choice(ENDINGS))
        out = ["--out", str(folder / "out" / "made")]
        if choose.random() < 0.5:
            arguments = ["encode", "--name", "mine", "--format", format, *given, *out]
            if task == "alignment" and choose.random() < 0.7:
                arguments += ["--skip-bad-pairs", "--max-length", "100"]
        else:
            data = ["--data", str(folder / "out"), "--epochs", "1", "--evaluations", "1"]
            arguments = ["run", task, "--schedule", "single", "--format", format, *given]
            arguments += [*out, *data, "--mini-batch", "4"]
        return judged(arguments, folder, f"{format} with {', '.join(ways)} in {key}", ["corpus-"])

    def _own_file(self, choose, folder):
        """Break one of the files that the suite itself has made."""
        what, source, arguments = choose.choice(self._readers(folder))
        copy = folder / "broken"
        if source.is_dir():
            shutil.copytree(source, copy)
            path = choose.choice(sorted(path for path in copy.iterdir()))
        else:
            copy = path = copy.with_suffix(source.suffix)
            shutil.copy(source, path)
            # A figure is its drawing as well.
            for beside in source.parent.glob(f"{source.stem}.*"):
                if beside != source:
                    shutil.copy(beside, copy.with_suffix(beside.suffix))
        before = path.read_bytes()
        is_json = path.suffix == ".json" and choose.random() < 0.7
        after, ways = (break_json if is_json else break_bytes)(choose, before)
        path.write_bytes(after)
        arguments = [str(copy) if part is None else part for part in arguments]
        said = f"{what} with {', '.join(ways)} in {path.name}"
        # A file with another value in it may be right, and not go with another one.
        names = ["broken"] if not is_json else []
        outcome = judged(arguments, folder, said, names)
        # Arrays say by their digest what they are: to learn from others is no end.
        if outcome.end == WELL and path.suffix == ".npy" and not _same_array(after, before):
            return Outcome(
                OTHERWISE, outcome.what, f"other arrays are used: {outcome.said[-80:]!r}"
            )
        return outcome

    def _readers(self, folder):
        """Return what reads which file: a name, the file and the arguments, None in its place."""
        material, out = self.material, str(folder / "out" / "made")
        run, other = material.runs["ner"]
        encoded = str(material.encoded["ner"])
        readers = [
            (
                f"encoded corpus of {task}",
                path,
                ["run", task, "--schedule", "single", "--encoded", None, "--out", out],
            )
            for task, path in material.encoded.items()
        ]
        several = {
            "figure": ["figure", "ner-convergence", None, str(other), "--out", out],
            "claims": ["claims", None, str(other), "--of", "schedules", "--out", out + ".json"],
            "report": ["report", "--out", out + ".pdf", None, str(other)],
            "verify": ["verify", "--write", "--reference", out + ".json", None, str(other)],
        }
        readers += [(f"run for {name}", run, arguments) for name, arguments in several.items()]
        learn = ["run", "ner", "--schedule", "asynchronous", "--encoded", encoded, "--out", out]
        report = ["report", "--out", out + ".pdf", str(run), str(other)]
        return [
            *readers,
            ("calibration", material.calibration, [*learn, "--calibration", None]),
            (
                "reference",
                material.reference,
                ["verify", "--reference", None, str(run), str(other)],
            ),
            ("figure for report", material.figure, [*report, "--figures", None]),
            ("claims for report", material.claims, [*report, "--claims", None]),
        ]


def _same_array(*files):
    """Return whether two files, as bytes, hold the same array: their headers may be told apart."""
    one, other = (np.load(io.BytesIO(data), allow_pickle=False) for data in files)
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def judged(arguments, folder, what, names, seconds=None):
    """Call the command line and return the `Outcome`."""
    ended = call(arguments, folder, **({} if seconds is None else {"seconds": seconds}))
    end, said = ended.verdict(names)
    left = half_written(folder / "out") if end != OTHERWISE else ""
    if left:
        end, said = OTHERWISE, f"{left} ({said[-100:]!r})"
    return Outcome(end, f"{what} [staleness {' '.join(map(ascii, arguments))}]", said)
