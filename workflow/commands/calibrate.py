"""`staleness calibrate`: measure the costs of this machine's kernels."""

import sys
from functools import partial
from pathlib import Path

from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import TASKS, UPDATES
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import check_task
from staleness.workflow.commands import Command
from staleness.workflow.commands.encode import add_examples_option
from staleness.workflow.commands.fetch import add_place_options
from staleness.workflow.commands.run import as_it_is, ensure_default
from staleness.workflow.machine.calibrate import ROUNDS, calibrate, read, write
from staleness.workflow.machine.doctor import examine
from staleness.workflow.machine.facts import machine
from staleness.workflow.store.files import check_file
from staleness.workflow.store.findings import brief, conclude, disturbing


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
            choices=tuple(UPDATES),
            metavar="NAME",
            action="append",
            help=f"{', '.join(UPDATES)} (default: all that the tasks have)",
        )
        parser.add_argument(
            "--encoded", metavar="DIR", type=Path, help="an encoded corpus, for one task"
        )
        add_examples_option(parser)
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
        parser.add_argument(
            "--insist",
            action="store_true",
            help="measure even if 'staleness doctor' warns that others take time from the threads; "
            "the file says so",
        )
        add_place_options(parser)

    def run(self, options):
        """Calibrate the tasks and write the file."""
        pairs = chosen(options)
        check_file(options.out)
        given = as_it_is(options)
        # Then there is one task.
        corpora = {} if given is None else {pairs[0][0]: corpus_for(pairs[0][0], given)}
        # Before anything is measured: afterwards the load is that of the measurement.
        facts, condition = machine(), examined(options.insist)
        fits = read(options.out) if options.merge else {}
        for name, update in pairs:
            task = TASKS[name]
            if name not in corpora:
                corpora[name] = ensure_default(options, name).corpus
            found = calibrate(
                name,
                update,
                corpora[name],
                beside=partial(tell, ROUNDS),
                doctor=condition,
            )
            fits.setdefault(name, {})[update] = found
            print(f"{name}, {update}")
            print(describe("alone", found, task))
            for schedule, shared in found["shared"].items():
                print(describe(f"{schedule}, P = {found['processors']}", shared, task))
        write(options.out, fits, facts)
        print(
            f"written to {options.out}: use it with '--cost measured --calibration {options.out}'"
        )


def chosen(options):
    """Return the tasks asked for, each with each of its update rules, or raise StalenessError."""
    rules = list(dict.fromkeys(options.update or UPDATES))
    for name in options.tasks:
        if name not in TASKS:
            raise StalenessError(f"unknown task '{name}': choose from {', '.join(TASKS)}")
        reasons = [UPDATES[rule].skip(name) for rule in options.update or ()]
        if any(reasons):
            raise StalenessError(next(filter(None, reasons)))
    if options.encoded is not None and len(options.tasks) != 1:
        raise StalenessError("--encoded is for one task: name it")
    names = options.tasks or TASKS
    return [(name, rule) for name in names for rule in rules if UPDATES[rule].skip(name) is None]


def examined(insist):
    """Return what `doctor.brief` says of the machine, which is printed too if it is not all well.

    Raises
    ------
    StalenessError
        If others take time from the threads, unless one insists.
    """
    findings = examine()
    disturbed = [f"{one.name} {one.value}" for one in disturbing(findings)]
    if disturbed and not insist:
        raise StalenessError(
            f"this machine is not quiet ({'; '.join(disturbed)}), and its costs would be those of "
            "something else: see 'staleness doctor', and wait, or measure all the same with "
            "--insist"
        )
    print(f"machine: {conclude(findings)}", file=sys.stderr)
    return brief(findings)


def corpus_for(task, folder):
    """Return the encoded corpus of a folder, or raise StalenessError if it is another task's."""
    corpus = load(folder)
    check_task(task, corpus)
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
    fits = {part: well(found[part]) for part in ("compute", "update")}
    line = (
        f"  {what}: compute {costs['compute_fixed']:.0f} ns "
        f"+ {costs['compute_example']:.0f} ns an example "
        f"+ {costs['compute_work']:.1f} ns a {task.work_unit.removesuffix('s')}{fits['compute']}; "
        f"update {costs['update_fixed']:.0f} ns + {costs['update_work']:.1f} ns{fits['update']}"
    )
    if costs["barrier"]:
        line += f"; barrier {costs['barrier']:.0f} ns"
    if costs["average_replica"]:
        line += f"; average {costs['average_replica'] / 1e6:.2f} ms a replica"
    return line


def well(fit):
    """Return a phrase on how well costs fit, in brackets."""
    low, _, high = fit["residuals"]
    r2 = "" if fit["r2"] is None else f"R2 {fit['r2']:.3f}, "
    return f" ({r2}measured {low:.2f} to {high:.2f} of that)"
