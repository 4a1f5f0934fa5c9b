"""Build the compiled modules with ThreadSanitizer and run the exercise of threads on them.

What a race is, is ThreadSanitizer's business: two accesses to the same bytes, one of them a write,
that no lock, barrier or atomic orders. Only the project's modules are compiled for it; Python and
numpy are not, but their locks and threads are seen, which is enough: they have shown no race.

A schedule whose algorithm means its threads to race has a file of suppressions under its name, by
function and with the reason. Every other schedule must show no race at all.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..sources import ROOT, copy_sources

SUPPRESSIONS = Path(__file__).resolve().with_name("suppressions")

# Suppressions go by function: no reading of a parameter's fields may move to the caller.
FLAGS = "-fsanitize=thread -g1 -fno-omit-frame-pointer -fno-ipa-sra"
OPTIONS = {
    "halt_on_error": 0,
    "exitcode": 66,
    # The longest memory of past accesses: a report without its second stack fits no suppression.
    "history_size": 7,
    # A meant race must not hide another one on the same bytes.
    "suppress_equal_addresses": 0,
    "print_suppressions": 1,
}
LOST = "[failed to restore the stack]"
AT_MOST = 300  # seconds of one exercise; it takes about 5

# setup.py as it is, but for the line numbers: those of the .pyx files in place of the .c files.
BUILD = """
import functools, runpy, sys
import Cython.Build
Cython.Build.cythonize = functools.partial(Cython.Build.cythonize, emit_linenums=True)
sys.argv = ["setup.py", "--quiet", "build_ext", "--inplace"]
runpy.run_path("setup.py", run_name="__main__")
"""


class Unavailable(Exception):
    """There is no ThreadSanitizer that works here; the message says what is missing."""


@dataclass(frozen=True)
class Sanitizer:
    """How to start a program under ThreadSanitizer."""

    library: Path
    prefix: tuple[str, ...]  # of the command line

    @classmethod
    def find(cls):
        """Return the compiler's own.

        Raises
        ------
        Unavailable
            If it has none, or a program does not start with it.
        """
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
        if shutil.which(compiler) is None:
            raise Unavailable(f"no compiler '{compiler}'")
        answer = subprocess.run(
            [compiler, "-print-file-name=libtsan.so"], capture_output=True, text=True, check=False
        ).stdout.strip()
        library = Path(answer)
        if not (library.is_absolute() and library.exists()):
            raise Unavailable(f"'{compiler}' has no libtsan.so: install GCC's libtsan")
        # Where addresses are randomised by more than ThreadSanitizer can take: without that.
        for prefix in ((), ("setarch", "-R")):
            if prefix and shutil.which(prefix[0]) is None:
                continue
            sanitizer = cls(library.resolve(), prefix)
            if sanitizer.run([sys.executable, "-c", "print('on')"]).stdout == "on\n":
                return sanitizer
        raise Unavailable(f"Python does not start with {library}, nor without randomised addresses")

    def run(self, command, options=(), **environment):
        """Run a command under it, and return the `CompletedProcess`, its output as text."""
        settings = ":".join(f"{name}={value}" for name, value in (OPTIONS | dict(options)).items())
        return subprocess.run(
            [*self.prefix, *command],
            cwd=ROOT,
            env=os.environ
            | {"LD_PRELOAD": str(self.library), "TSAN_OPTIONS": settings}
            | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
            | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=AT_MOST,
        )


@dataclass(frozen=True)
class Verdict:
    """What ThreadSanitizer said about one exercise.

    Attributes
    ----------
    reports : tuple of str
        The races that no suppression names.
    suppressed : dict of str to int
        Suppressions that were used, and how often.
    unused : tuple of str
        Suppressions that were not.
    lost : int
        Reports of which only one of the two stacks was left, where there are suppressions: they
        may be meant. What is not meant comes more than once.
    """

    schedule: str
    reports: tuple[str, ...]
    suppressed: dict[str, int]
    unused: tuple[str, ...]
    lost: int

    def __str__(self):
        found = "no race"
        if self.reports:
            found = f"{len(self.reports)} race{'s' * (len(self.reports) > 1)}"
        if self.suppressed:
            found += " but what is meant"
        return found + f" ({self.lost} undecided)" * bool(self.lost)


class Harness:
    """The compiled modules, instrumented, in a folder of their own."""

    def __init__(self, sanitizer, folder):
        self.sanitizer = sanitizer
        self.folder = Path(folder)
        self._build()

    def _build(self):
        source = self.folder / "source"
        copy_sources(source)
        flags = {
            name: f"{os.environ.get(name, '')} {FLAGS}".strip()
            for name in ("CFLAGS", "CXXFLAGS", "LDFLAGS")
        }
        built = subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=source,
            env=os.environ | flags,
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise RuntimeError(f"the build with {FLAGS} failed:\n{built.stdout}{built.stderr}")
        (self.folder / "path" / "staleness").mkdir(parents=True)
        for name, part in {
            "__init__.py": source / "staleness" / "__init__.py",
            "kernels": source / "kernels",
            "algorithms": source / "algorithms",
        }.items():
            (self.folder / "path" / "staleness" / name).symlink_to(part)

    def schedules(self):
        """Return the names of the project's schedules."""
        return self._start(()).stdout.split()

    def _start(self, arguments, options=()):
        return self.sanitizer.run(
            [sys.executable, "-m", "tests.threads.exercise", *arguments],
            options,
            # Before the repository, where Python would look first.
            PYTHONSAFEPATH="1",
            PYTHONPATH=os.pathsep.join([str(self.folder / "path"), str(ROOT)]),
        )

    def exercise(self, schedule, suppressions=None):
        """Run the exercise of one schedule.

        Parameters
        ----------
        schedule : str
            See `exercise.py`.
        suppressions : str, optional
            The schedule whose suppressions hold; its own unless said. One without any: none.

        Returns
        -------
        Verdict

        Raises
        ------
        RuntimeError
            If the exercise did not come to its end.
        """
        named = SUPPRESSIONS / f"{suppressions or schedule}.txt"
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            options = {"log_path": Path(folder) / "log"}
            if named.exists():
                options["suppressions"] = named
            done = self._start([schedule, folder], options)
            if not done.stdout.endswith("done\n"):
                raise RuntimeError(f"schedule '{schedule}':\n{done.stdout}{done.stderr}")
            said = "".join(part.read_text() for part in Path(folder).glob("log.*"))
        used = Counter()
        for count, name in re.findall(r"^(\d+) (race\w*:\S+)$", said, re.MULTILINE):
            used[name] += int(count)
        entries = []
        if named.exists():
            entries = re.findall(r"^race\w*:\S+$", named.read_text(), re.MULTILINE)
        reports = re.findall(r"^WARNING: ThreadSanitizer: .*?^SUMMARY.*?$", said, re.M | re.S)
        whole = [report for report in reports if not (entries and LOST in report)]
        return Verdict(
            schedule=schedule,
            reports=tuple(whole),
            suppressed=dict(used),
            unused=tuple(entry for entry in entries if entry not in used),
            lost=len(reports) - len(whole),
        )


@contextmanager
def harness():
    """Yield a `Harness` in a folder that is gone afterwards."""
    sanitizer = Sanitizer.find()
    with tempfile.TemporaryDirectory(prefix="staleness-threads-") as folder:
        yield Harness(sanitizer, folder)
