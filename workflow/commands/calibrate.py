"""`staleness calibrate`: measure the costs of this machine's kernels."""

import sys
from functools import partial
from pathlib import Path

from staleness.algorithms import encoded
from staleness.algorithms.calibrate import ROUNDS, calibrate, read, write
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import TASKS, UPDATES
from staleness.workflow.commands import Command
from staleness.workflow.commands.encode import add_encoder_option
from staleness.workflow.commands.fetch import add_place_options
from staleness.workflow.commands.run import as_it_is, ensure_default


class Calibrate(Command):
    """Fits the linear costs of the simulated clock to runs on the wall clock."""

    name = "calibrate"
    help = "measure this machine's kernels for the simulated clock's cost model 'measured'"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument(
            "tasks",
            metavar="TASK",
            nargs="*",
            help=f"{', '.join(TASKS)} (default: all)",
        )
        parser.add_argument(
            "--update",
            choices=UPDATES,
            metavar="NAME",
            help=f"{', '.join(UPDATES)} (default: all that the tasks have)",
        )
        parser.add_argument(
            "--encoded", metavar="DIR", type=Path, help="an encoded corpus, for one task"
        )
        add_encoder_option(parser, "examples")
        parser.add_argument(
            "--out",
            metavar="FILE",
            type=Path,
            default=Path("results/calibration.json"),
            help="(default: %(default)s)",
        )
        parser.add_argument(
            "--merge",
            action="store_true",
            help="keep what the file, of this machine, says of other tasks and updates",
        )
        add_place_options(parser)

    def run(self, options):
        """Calibrate the tasks and write the file."""
        pairs = chosen(options)
        fits = read(options.out) if options.merge else {}
        for name, update in pairs:
            task = TASKS[name]
            folder = as_it_is(options)
            if folder is None:
                folder = ensure_default(options, name).folder

            found = calibrate(name, update, corpus_for(name, folder), beside=partial(tell, ROUNDS))
            fits.setdefault(name, {})[update] = found
            print(f"{name}, {update}")
            print(describe("alone", found, task))
            for schedule, shared in found["shared"].items():
                print(describe(f"{schedule}, P = {found['processors']}", shared, task))
        write(options.out, fits)
        print(
            f"written to {options.out}: use it with '--cost measured --calibration {options.out}'"
        )


def chosen(options):
    """Return the tasks asked for, each with each of its update rules, or raise StalenessError."""
    rules = [options.update] if options.update else list(UPDATES)
    for name in options.tasks:
        if name not in TASKS:
            raise StalenessError(f"unknown task '{name}': choose from {', '.join(TASKS)}")
        reason = options.update and UPDATES[options.update].skip(name)
        if reason:
            raise StalenessError(reason)
    if options.encoded is not None and len(options.tasks) != 1:
        raise StalenessError("--encoded is for one task: name it")
    names = options.tasks or TASKS
    return [(name, rule) for name in names for rule in rules if UPDATES[rule].skip(name) is None]


def corpus_for(task, folder):
    """Return the encoded corpus of a folder, or raise StalenessError if it is another task's."""
    corpus = encoded.load(folder)
    found = corpus.about.get("task")
    if found != task:
        raise StalenessError(f"{folder}: a corpus for {found}: give one for {task}")
    return corpus


def tell(rounds, number, cell):
    """Say which run is about to be made; see `beside` of `calibrate`."""
    print(
        f"{cell.task}, {cell.update}, round {number + 1} of {rounds}: {cell.schedule}, "
        f"P = {cell.processors}, mini-batches of {cell.mini_batch_size or 'all'}, "
        f"{cell.clock} clock",
        file=sys.stderr,
    )


def describe(what, found, task):
    """Return fitted costs as a line for people."""
    costs = {name: 1e9 * seconds for name, seconds in found["costs"].items()}
    r2 = {
        part: "" if found[f"r2_{part}"] is None else f" (R2 {found[f'r2_{part}']:.3f})"
        for part in ("calc", "update")
    }
    line = (
        f"  {what}: calc {costs['calc_fixed']:.0f} ns "
        f"+ {costs['calc_example']:.0f} ns an example "
        f"+ {costs['calc_work']:.1f} ns a {task.work_unit.removesuffix('s')}{r2['calc']}; "
        f"update {costs['update_fixed']:.0f} ns + {costs['update_work']:.1f} ns{r2['update']}"
    )
    if costs["barrier"]:
        line += f"; barrier {costs['barrier']:.0f} ns"
    if costs["average_replica"]:
        line += f"; average {costs['average_replica'] / 1e6:.2f} ms a replica"
    return line
