"""Addresses of schedulers, and whether anybody is there."""

import socket
import subprocess
import sys
import threading

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import reach


@pytest.mark.parametrize(
    "address",
    [
        *("", "foo", "tcp://", "tcp://127.0.0.1", "tcp://:8786", "ftp://x:1", "tcp://h:99999"),
        *("tcp://[::1", "tcp://h:x", "127.0.0.1:8786", "tcp://h:1/status", "http://h:8787"),
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(StalenessError) as refused:
        reach.parse(address)
    assert str(refused.value) == (
        f"--engine '{address}': expected 'local', or the address of a Dask scheduler as in "
        "'tcp://host:8786' or 'tls://host:8786'"
    )


def test_an_address_has_a_host_and_a_port():
    assert reach.parse("tcp://first:8786") == ("tcp", "first", 8786)
    assert reach.parse("tls://[::1]:1") == ("tls", "::1", 1)


def test_somebody_who_comes_is_waited_for(caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        reach.wait_for(address, 0)
        assert not caplog.records
    place = ("127.0.0.1", reach.parse(address)[2])
    servers = []
    late = threading.Timer(0.5, lambda: servers.append(socket.create_server(place)))
    late.start()
    reach.wait_for(address, 60)
    late.join()
    servers[0].close()
    assert [one.getMessage() for one in caplog.records] == [
        f"waiting 60 s at most for a scheduler at {address}"
    ]


def test_nobody_listens():
    with pytest.raises(StalenessError, match=r"127\.0\.0\.1:1: nobody listens there .*refused"):
        reach.wait_for("tcp://127.0.0.1:1", 0)
    with pytest.raises(StalenessError, match="nobody listens there"):
        reach.wait_for("tcp://nowhere.invalid:1", 60)


@pytest.mark.name_spaces
def test_a_machine_that_cannot_talk_to_itself_is_told():
    reach.check_loopback()
    code = "from staleness.algorithms.mapreduce import reach; reach.check_loopback()"
    try:
        done = subprocess.run(
            ["unshare", "--map-root-user", "--net", sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    assert "--engine local: no connection to 127.0.0.1" in done.stderr.splitlines()[-1]
