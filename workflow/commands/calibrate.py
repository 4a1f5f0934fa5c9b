"""`staleness calibrate`: measure the costs of this machine's kernels."""

import sys
from pathlib import Path

from staleness.algorithms import encoded
from staleness.algorithms.calibrate import calibrate, write
from staleness.algorithms.run import TASKS
from staleness.workflow.commands import Command
from staleness.workflow.commands.fetch import add_place_options
from staleness.workflow.commands.run import CORPUS
from staleness.workflow.corpora.encode import ensure


class Calibrate(Command):
    """Fits the linear costs of the simulated clock to runs on the wall clock."""

    name = "calibrate"
    help = "measure this machine's kernels for the simulated clock's cost model 'measured'"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument(
            "--out",
            metavar="FILE",
            type=Path,
            default=Path("results/calibration.json"),
            help="(default: %(default)s)",
        )
        add_place_options(parser)

    def run(self, options):
        """Calibrate every task and write the file."""
        fits = {}
        for name, task in TASKS.items():
            folder = ensure(CORPUS[name], data=options.data, mirror=options.mirror).folder
            corpus = encoded.load(folder)

            def tell(size, name=name):
                print(f"{name}: mini-batches of {size}", file=sys.stderr)

            fit = calibrate(name, task.update, corpus, tell)
            fits[name] = {task.update: fit}
            costs = fit["costs"]
            print(
                f"{name}, {task.update}: calc {1e9 * costs['calc_fixed']:.0f} ns "
                f"+ {1e9 * costs['calc_example']:.0f} ns an example "
                f"+ {1e9 * costs['calc_work']:.1f} ns a {task.work_unit.removesuffix('s')} "
                f"(R2 {fit['r2_calc']:.3f}); update {1e9 * costs['update_fixed']:.0f} ns "
                f"+ {1e9 * costs['update_work']:.1f} ns (R2 {fit['r2_update']:.3f})"
            )
        write(options.out, fits)
        print(
            f"written to {options.out}: use it with '--cost measured --calibration {options.out}'"
        )
