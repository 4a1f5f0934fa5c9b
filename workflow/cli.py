"""The command line: `staleness COMMAND ...`."""

import argparse
import os
import sys

from staleness.algorithms.components import discover
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import termination_unwinds
from staleness.workflow import commands

LONGEST = 2000  # characters of a line that says what went wrong: a broken file may have more


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        """Print the message and leave with status 2."""
        self.exit(2, f"{in_one_line(f'{self.prog}: {message}')}\n")


def parser():
    """Return the parser with every subcommand found."""
    top = OneLineParser(
        prog="staleness",
        description="Asynchronous online learning of structured models, measured.",
        allow_abbrev=False,
    )
    subparsers = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, kind in discover(commands, commands.Command).items():
        command = kind()
        subparser = subparsers.add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return top


def main(arguments=None):
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Without the program's name; by default those of the process.
    """
    command = "staleness"
    try:
        # Reading the options imports much: Ctrl-C meanwhile is a line as well.
        options = parser().parse_args(arguments)
        command += f" {options.command}"
        with termination_unwinds():
            status = options.run(options) or 0
            # Not left to the end of the process, where an error could no longer be caught.
            sys.stdout.flush()
            return status
    except StalenessError as error:
        say(f"{command}: {error}")
        return 1
    except KeyboardInterrupt:
        say(f"{command}: interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output (`head`) has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        say(f"{command}: {error}")
        return 1


def say(line):
    """Print what went wrong, as one line whatever the file is called that it names."""
    print(in_one_line(line), file=sys.stderr)


def in_one_line(text):
    """Return a text as a line: what would end it, or steer the terminal, escaped; not too long."""
    line = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
    # The file is named at the beginning, and what to do at the end.
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} ... {line[-half:]}"
