"""`staleness validate`: the simulated clock against the wall clock."""

from functools import partial
from pathlib import Path

from staleness.algorithms.configuration import TASKS, UPDATES
from staleness.workflow.commands import Command
from staleness.workflow.commands.calibrate import corpus_for, tell
from staleness.workflow.commands.encode import add_examples_option
from staleness.workflow.commands.fetch import add_place_options
from staleness.workflow.commands.run import add_choice, as_it_is, ensure_default
from staleness.workflow.machine import validation
from staleness.workflow.machine.calibrate import MINI_BATCH_SIZES, MOST_EPOCHS, ROUNDS

SCHEDULES = ("single", "synchronous", "asynchronous")
COUNTS = {  # option to its values: a letter, the default and what it is
    "--mini-batches": ("M", MINI_BATCH_SIZES, "sizes of mini-batches"),
    "--epochs": ("E", MOST_EPOCHS, "passes over the corpus"),
    "--rounds": ("N", ROUNDS, "runs of each cell on each clock"),
}


class Validate(Command):
    """Calibrates the simulated clock and compares it with the wall clock, all in turns."""

    name = "validate"
    help = "compare the simulated clock with the wall clock of this machine"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("task", choices=tuple(TASKS), metavar="TASK", help=", ".join(TASKS))
        add_choice(parser, "--update", UPDATES, help="default: the task's")
        parser.add_argument(
            "--schedules",
            metavar="NAME",
            nargs="+",
            action="extend",
            help=f"(default: {' '.join(SCHEDULES)})",
        )
        for option, (letter, default, help) in COUNTS.items():
            several = isinstance(default, tuple)
            shown = " ".join(map(str, default)) if several else default
            # What extends a list would extend its default too.
            kind = {"nargs": "+", "action": "extend"} if several else {"default": default}
            help = f"{help} (default: {shown})"  # noqa: PLW2901
            parser.add_argument(option, metavar=letter, type=int, help=help, **kind)
        parser.add_argument("--encoded", metavar="DIR", type=Path, help="an encoded corpus")
        add_examples_option(parser)
        add_place_options(parser)
        parser.add_argument(
            "--out", metavar="DIR", type=Path, required=True, help="write the comparison here"
        )

    def run(self, options):
        """Run all cells and print the table."""
        folder = as_it_is(options)
        if folder is None:
            folder = ensure_default(options, options.task).folder
        comparison = validation.validate(
            options.task,
            options.update or TASKS[options.task].update,
            corpus_for(options.task, folder),
            options.out,
            schedules=list(dict.fromkeys(options.schedules or SCHEDULES)),
            mini_batch_sizes=sorted(set(options.mini_batches or MINI_BATCH_SIZES)),
            epochs=options.epochs,
            rounds=options.rounds,
            tell=partial(tell, options.rounds),
        )
        print("\n".join(validation.table(comparison)))
        print(validation.caption(comparison))
