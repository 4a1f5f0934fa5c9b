"""The command line: `staleness COMMAND ...`."""

import argparse
import os
import sys
from contextlib import suppress
from importlib.metadata import version

from staleness.algorithms.components import discover
from staleness.algorithms.errors import StalenessError, in_one_line
from staleness.workflow import commands
from staleness.workflow.environment import is_interrupt, not_importable, open_streams, shield
from staleness.workflow.store.files import termination_unwinds


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        """Print the message and leave with status 2."""
        self.exit(2, f"{in_one_line(f'{self.prog}: {message}')}\n")

    def _print_message(self, message, file=None):
        """Print help as anything else is printed: argparse would hide a full disk."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def parser():
    """Return the parser with every subcommand found; `commands` are theirs, by name."""
    top = OneLineParser(
        prog="staleness",
        description="Asynchronous online learning of structured models, measured.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"staleness {version('staleness')}")
    subparsers = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, kind in discover(commands, commands.Command).items():
        command = kind()
        subparser = subparsers.add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    top.commands = subparsers.choices
    return top


def main(arguments=None):
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Without the program's name; by default those of the process.
    """
    open_streams()
    shield()
    name = "staleness"
    try:
        try:
            options = parser().parse_args(arguments)
            name = f"staleness {options.command}"
            with termination_unwinds():
                return options.run(options) or 0
        except Exception as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            # Not left to the end of the process, where an error could no longer be caught.
            flush()
    except MemoryError as error:
        found = f"not enough memory ({error})" if str(error) else "not enough memory"
        remedy = "take a smaller corpus or fewer processors, or allow more memory (see 'ulimit -v')"
        say(f"{name}: {found}: {remedy}")
        return 1
    except BrokenPipeError:
        return 1  # the reader of our output (`head`) has gone
    except KeyboardInterrupt:
        say(f"{name}: interrupted")
        return 130
    except ImportError as error:
        say(f"{name}: {not_importable(error)}")
        return 1
    except (StalenessError, OSError) as error:
        say(f"{name}: {error}")
        return 1


def flush():
    """Write out what was printed; what cannot be is dropped, as Python would try again at exit."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            error.filename = "standard output"
        raise


def say(line):
    """Print an error as one line, whatever the file is called, if there is anybody to read it."""
    with suppress(OSError):
        print(in_one_line(line), file=sys.stderr, flush=True)
