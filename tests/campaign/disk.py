"""A disk that is full at a random moment: one line, nothing half-written, and later it works."""

import re
import subprocess
import sys

from .child import COMPLAINT
from .material import Material
from .trial import ONE_LINE, OTHERWISE, WELL, Campaign, Outcome
from .whole import half_written

NAMESPACE = ["unshare", "--map-root-user", "--mount"]
# In a name space of its own even an ordinary user may mount. What is on the small disk is copied
# before it goes: after the command, and after the same command once there is room.
SMALL_DISK = """
mount -t tmpfs -o "$1" none "$2/disk" || exit 99
place=$2; shift 2
cd "$place/disk"
"$@" > "$place/said" 2> "$place/errors"
echo $? > "$place/status"
cp -a . "$place/first"
mount -o remount,size=256m,nr_inodes=9999 "$place/disk"
"$@" > "$place/said" 2>> "$place/again"
echo $? >> "$place/status"
cp -a . "$place/second"
"""
# Where nobody may mount, no file becomes larger than so many bytes: other words, the same place.
SMALL_FILES = """
blocks=$1; place=$2; shift 2
cd "$place/disk"
(ulimit -f $blocks; exec "$@") > "$place/said" 2> "$place/errors"
echo $? > "$place/status"
cp -a . "$place/first"
"$@" > "$place/said" 2>> "$place/again"
echo $? >> "$place/status"
cp -a . "$place/second"
"""
PAGE = 4096
BLOCK = 512  # of `ulimit -f`, in sh


class Disk(Campaign):
    """Commands that write, where there is less room than they need."""

    name = "disk"
    trials = "full disks"
    count = 100

    def prepare(self, folder):
        """Make what the commands read; see `Campaign.prepare`."""
        self.material = Material(folder)
        self.mounts = may_mount()
        self._needs = {}

    def needs(self, name):
        """Return the room that a command needs where there is enough.

        Returns
        -------
        int, int, int
            Pages, files and folders, pages of the largest file.
        """
        if name not in self._needs:
            place = self.material.folder / "needs" / name
            place.mkdir(parents=True)
            arguments = _staleness(self._commands()[name])
            subprocess.run(arguments, cwd=place, check=True, stdout=subprocess.DEVNULL)
            made = [*place.rglob("*")]
            pages = [-(-path.stat().st_size // PAGE) for path in made if path.is_file()]
            self._needs[name] = sum(pages), len(made), max(pages)
        return self._needs[name]

    def _commands(self):
        """Return the commands that write, by name, their results in the folder they work in."""
        material = self.material
        runs = [str(path) for path in material.runs["ner"]]
        encoded = ["--encoded", str(material.encoded["ner"])]
        paths = {split: material.texts["ner"] / f"corpus-{split}.txt" for split in ("train", "dev")}
        text = [f"--{split}={path}" for split, path in paths.items()]
        return {
            "run": ["run", "ner", "--schedule", "single", *encoded, "--out", "out/run"],
            "run of files": ["run", "ner", "--schedule", "single", *text, "--data", "out"],
            "encode": ["encode", "--format", "conll", "--name", "mine", *text, "--out", "out/mine"],
            "synthetic": ["encode", "synthetic-tagging", "--examples", "50", "--data", "out"],
            "figure": ["figure", "ner-convergence", "--out", "out", *runs],
            "claims": ["claims", "--of", "schedules", "--out", "out/claims.json", *runs],
            "report": ["report", "--out", "out/report.pdf", "--", *runs],
            "verify": ["verify", "--write", "--reference", "out/reference.json", *runs],
            "stamp": ["stamp", "--out", "out/build.json"],
        }

    def trial(self, choose, folder):
        """Run one command on a small disk, then with room; see `Campaign.trial`."""
        name = choose.choice(sorted(self._commands()))
        pages, files, largest = self.needs(name)
        if self.mounts:
            # Some have room enough, but not for as many files.
            size, inodes = choose.randint(1, max(1, pages - 1)), 9999
            if choose.random() < 0.3:
                size, inodes = 9999, choose.randint(1, files)
            room = f"size={size * PAGE},nr_inodes={inodes}"
            script = [*NAMESPACE, "sh", "-c", SMALL_DISK, "sh", room]
        else:
            room = str(choose.randint(0, largest * PAGE // BLOCK))
            script = ["sh", "-c", SMALL_FILES, "sh", room]
        (folder / "disk").mkdir()
        arguments = self._commands()[name]
        subprocess.run([*script, str(folder), *_staleness(arguments)], check=True, timeout=300)
        first, second = map(int, (folder / "status").read_text().split())
        what = f"{name} where room is {room}"
        errors = (folder / "errors").read_text()
        fault = _fault(first, errors) or half_written(folder / "first")
        if not fault and second:
            fault = f"then, with room: {(folder / 'again').read_text()[-300:]!r}"
        fault = fault or half_written(folder / "second")
        if fault:
            return Outcome(OTHERWISE, what, f"{fault} ({errors[-200:]!r})")
        return Outcome(ONE_LINE if first else WELL, what, errors)


def _staleness(arguments):
    return [sys.executable, "-m", "staleness.workflow", *arguments]


def _fault(status, errors):
    """Return what is wrong with how a command ended, "" if nothing is."""
    if COMPLAINT.search(errors):
        return "a traceback"
    if status and (status != 1 or errors.count("\n") != 1):
        return f"status {status}, {errors.count(chr(10))} lines"
    if status and not re.search(r"'?out/.+|'out'", errors):
        return "names no file"
    return ""


def may_mount():
    """Return whether this user may mount a file system in a name space of its own."""
    try:
        arguments = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(arguments, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
