"""Errors that a user can do something about.

The command line shows them as one line, without a traceback: every message says what was found,
what was expected and what to do.
"""


class StalenessError(Exception):
    """A wrong input, option or environment; the message is one line for the user."""

    def __str__(self):
        # Names of files may have anything in them.
        return super().__str__().replace("\n", "\\n").replace("\r", "\\r")


class CorpusError(StalenessError):
    """A corpus file that cannot be read.

    Parameters
    ----------
    path : path-like
        The file.
    line : int or None
        The line, counted from 1; None where the whole file is meant.
    message : str
        What was found, what was expected, what to do.
    """

    def __init__(self, path, line, message):
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {message}")
        self.path = path
        self.line = line


class Diverged(StalenessError):
    """Training left the finite numbers."""
