"""`staleness completion`: what a shell needs to complete commands, options, paths and names."""

from staleness.workflow.commands import Command
from staleness.workflow.commands.list import KINDS

FOLDERS = {"DIR", "RUN"}
SHELLS = ("bash", "zsh", "fish")
# Arguments that a command looks up itself, and the kind of `staleness list` that has their values.
NAMED = {"figure": "figures", "corpus": "corpora"}


class Completion(Command):
    """Prints a script for a shell, which completes commands, options and their values."""

    name = "completion"
    help = "print a completion script for bash, zsh or fish"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("shell", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")

    def run(self, options):
        """Print it."""
        import shtab  # noqa: PLC0415 - no other command needs it

        from staleness.workflow.cli import parser  # noqa: PLC0415 - which has found this one

        top = parser()
        for subparser in top.commands.values():
            for action in subparser._actions:
                if action.metavar in FOLDERS:
                    action.complete = shtab.DIRECTORY
                elif action.metavar == "FILE":
                    action.complete = shtab.FILE
                elif action.choices is None and action.dest in NAMED:
                    action.choices = tuple(KINDS[NAMED[action.dest]]())
        print(shtab.complete(top, shell=options.shell))
