"""`staleness calibrate`: measure the costs of this machine's kernels."""

import sys
from pathlib import Path

from staleness.algorithms import encoded
from staleness.algorithms.calibrate import REPEATS, calibrate, write
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
            help=f"{', '.join(UPDATES)} (default: each task's)",
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
        add_place_options(parser)

    def run(self, options):
        """Calibrate the tasks and write the file."""
        fits = {}
        for name in chosen(options):
            task = TASKS[name]
            update = options.update or task.update
            folder = as_it_is(options)
            if folder is None:
                folder = ensure_default(options, name).folder

            def tell(repeat, schedule, processors, size, name=name):
                print(
                    f"{name}, round {repeat + 1} of {REPEATS}: {schedule}, P = {processors}, "
                    f"mini-batches of {size}",
                    file=sys.stderr,
                )

            found = calibrate(name, update, encoded.load(folder), tell)
            fits[name] = {update: found}
            print(f"{name}, {update}")
            print(describe("alone", found, task))
            for schedule, shared in found["shared"].items():
                print(describe(f"{schedule}, P = {found['processors']}", shared, task))
        write(options.out, fits)
        print(
            f"written to {options.out}: use it with '--cost measured --calibration {options.out}'"
        )


def chosen(options):
    """Return the names of the tasks asked for, or raise StalenessError."""
    names = options.tasks or list(TASKS)
    for name in names:
        if name not in TASKS:
            raise StalenessError(f"unknown task '{name}': choose from {', '.join(TASKS)}")
        reason = UPDATES[options.update or TASKS[name].update].skip(name)
        if reason:
            raise StalenessError(reason)
    if options.encoded is not None and len(names) != 1:
        raise StalenessError("--encoded is for one task: name it")
    return names


def describe(what, found, task):
    """Return fitted costs as a line for people."""
    costs = {name: 1e9 * seconds for name, seconds in found["costs"].items()}
    line = (
        f"  {what}: calc {costs['calc_fixed']:.0f} ns "
        f"+ {costs['calc_example']:.0f} ns an example "
        f"+ {costs['calc_work']:.1f} ns a {task.work_unit.removesuffix('s')} "
        f"(R2 {found['r2_calc']:.3f}); update {costs['update_fixed']:.0f} ns "
        f"+ {costs['update_work']:.1f} ns (R2 {found['r2_update']:.3f})"
    )
    if costs["barrier"]:
        line += f"; barrier {costs['barrier']:.0f} ns"
    if costs["average_replica"]:
        line += f"; average {costs['average_replica'] / 1e6:.2f} ms a replica"
    return line
