"""Errors that a user can do something about.

The command line shows them as one line, without a traceback: every message says what was found,
what was expected and what to do.
"""

LONGEST = 2000  # characters of a line that says what went wrong: a broken file may have more


class StalenessError(Exception):
    """A wrong input, option or environment; the message is one line for the user."""

    def __str__(self):
        return in_one_line(super().__str__())


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


def in_one_line(text):
    """Return a text as a line: what would end it, or steer the terminal, escaped; not too long."""
    line = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
    # The file is named at the beginning, and what to do at the end.
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} ... {line[-half:]}"


def said(error):
    """Return in one line what another package's error says, which may go on in further ones."""
    return " ".join(str(error).split()) or type(error).__name__
