"""Whether anybody can be where a scheduler is said to be, before Dask is asked to go there.

A client of Dask's that cannot come to be waits long, and says so twice.
"""

import logging
import socket
import time
from urllib.parse import urlsplit

from staleness.algorithms.errors import StalenessError

LOGGER = logging.getLogger(__name__)
PORT = 8786  # Dask's own
AGAIN = 0.2  # seconds


def parse(address):
    """Return scheme, host and port of a scheduler's address.

    Raises
    ------
    StalenessError
        If it is none.
    """
    try:
        parts = urlsplit(address)
        found = parts.scheme, parts.hostname, parts.port
    except ValueError:
        found = None, None, None
    if found[0] not in ("tcp", "tls") or not all(found) or address.count("/") > 2:
        raise StalenessError(
            f"--engine '{address}': expected 'local', or the address of a Dask scheduler as in "
            f"'tcp://host:{PORT}' or 'tls://host:{PORT}'"
        )
    return found


def wait_for(address, patience):
    """Wait until somebody listens at an address, at most so many seconds.

    Raises
    ------
    StalenessError
        If nobody does, or the host is not known.
    """
    _, host, port = parse(address)
    until, waiting = time.monotonic() + patience, False
    while True:
        try:
            left = max(until - time.monotonic(), AGAIN)
            socket.create_connection((host, port), timeout=left).close()
            return
        except OSError as error:
            if isinstance(error, socket.gaierror) or time.monotonic() > until:
                raise StalenessError(
                    f"--engine {address}: nobody listens there ({error}): start 'dask scheduler' "
                    "and 'dask worker', or take --engine local"
                ) from error
        if not waiting:
            LOGGER.warning("waiting %g s at most for a scheduler at %s", patience, address)
            waiting = True
        time.sleep(AGAIN)


def check_loopback():
    """Raise an error where this machine cannot talk to itself.

    Raises
    ------
    StalenessError
    """
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=AGAIN).close()
    except OSError as error:
        raise StalenessError(
            f"--engine local: no connection to 127.0.0.1 ({error}): the loopback interface must "
            "be up ('ip link set lo up')"
        ) from error
