"""The two clocks: `wall` (real threads) and `simulated` (events)."""

from staleness.algorithms.clocks.clock import TRACE, Event
from staleness.algorithms.clocks.simulated import SimulatedClock
from staleness.algorithms.clocks.wall import WallClock

__all__ = ["TRACE", "Event", "SimulatedClock", "WallClock"]
