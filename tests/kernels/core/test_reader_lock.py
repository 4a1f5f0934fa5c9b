"""The lock: many share it, or one holds it alone."""

import threading

import pytest


@pytest.mark.parametrize(("threads", "every"), [(2, 2), (2, 50), (4, 7), (4, 300)])
def test_nobody_shares_it_while_it_is_held(probe, threads, every):
    """Counts made while holding it alone, without any other protection, are not lost."""
    turns = 40_000
    turnstile = probe.Turnstile(threads)
    together = threading.Barrier(threads)

    def hammer(place):
        together.wait()
        turnstile.hammer(place, turns, every)

    workers = [threading.Thread(target=hammer, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert turnstile.violations == 0
    held = sum((turn + place) % every == 0 for turn in range(turns) for place in range(threads))
    assert turnstile.held == held


def test_one_place(probe):
    turnstile = probe.Turnstile(1)
    turnstile.hammer(0, 100, 3)
    assert (turnstile.violations, turnstile.held) == (0, 34)
