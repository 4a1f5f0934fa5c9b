"""What comes from outside into a process of the suite: the environment, streams, packages."""

import io
import os
import re
import signal
import sys
import threading
from functools import partial
from importlib.metadata import PackageNotFoundError, requires

# Of pip's variables, those that say where packages come from; the others say what is done with
# them, which is not for a user's shell to say. The Makefile has the same.
PIP_KEPT = {
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"),
    *("PIP_TRUSTED_HOST", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_KEYRING_PROVIDER"),
    *("PIP_RETRIES", "PIP_RESUME_RETRIES", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"),
    *("PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "PIP_CONFIG_FILE", "PIP_NO_INPUT", "PIP_VERBOSE"),
    *("PIP_LOG", "PIP_ROOT_USER_ACTION", "PIP_DISABLE_PIP_VERSION_CHECK"),
}


def for_clients():
    """Return the environment for a package registry's client, a dict of str to str."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in PIP_KEPT or not name.startswith(("PIP_", "PYTHONWARNINGS"))
    }


def shield():
    """Let figures be drawn by nothing of the user's own, so that the same bytes come out.

    For processes of the suite only: in a notebook, say, the backend is the user's business.
    """
    os.environ.pop("MPLBACKEND", None)
    os.environ["MATPLOTLIBRC"] = os.devnull


def open_streams():
    """Put something in the place of standard streams that are closed, or cannot say everything.

    A file opened later would get the number of a closed one, and what is printed would be in it.
    What is printed fails then, as it would have; what goes wrong is said to nobody.
    """
    for number, (name, how) in enumerate(
        (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))
    ):
        if getattr(sys, name) is None and not _is_open(number):
            os.open(os.devnull, how)  # gets the lowest number that is free: this one
            if number > 0:
                stream = open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def end_by_interrupts():
    """Let Ctrl-C end the process at once and without a word, as it ends most programs.

    Only where it raises KeyboardInterrupt, and is neither ignored nor somebody else's business.

    Returns
    -------
    callable
        What makes it as it was.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or not _in_main_thread():
        return lambda: None
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return partial(signal.signal, signal.SIGINT, before)


def is_interrupt(error):
    """Return whether an error comes of Ctrl-C: that may come where only other errors go on.

    Until Python 3.12, what is raised while a class is made ends in a RuntimeError, say.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _in_main_thread():
    return threading.current_thread() is threading.main_thread()


def _is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def not_importable(error):
    """Return the line on a module that cannot be imported.

    Parameters
    ----------
    error : ImportError

    Returns
    -------
    str
        With the extra of this project that has it, if there is one.
    """
    name = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or not name:
        return str(error)
    if name == "staleness":
        return f"{error.name} is not there: build it with 'make clean env'"
    try:
        stated = requires("staleness") or []
    except PackageNotFoundError:
        stated = []
    for requirement in stated:
        if re.match(r"[\w.-]+", requirement)[0].replace("-", "_") == name:
            extra = re.search(r"""extra *== *["']([\w-]+)""", requirement)
            wanted = f"staleness[{extra[1]}]" if extra else "staleness"
            return f"{name} is needed, which is not installed: pip install '{wanted}'"
    return f"{name} is needed, which is not installed: pip install {name}"
