"""`staleness completion`: what a shell needs to complete commands and options."""

from staleness.workflow.commands import Command

SHELLS = ("bash", "zsh", "fish")


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

        print(shtab.complete(parser(), shell=options.shell))
