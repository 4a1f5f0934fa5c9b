"""Whether anything else took the cores while something was timed.

The criterion was fixed before any comparison was made with it. A run is clean if

- it had at least `LEAST_SHARE` of its cores' time: processors that wait spin, so that on a machine
  left alone it is all of it;
- a host took no more than `MOST_STOLEN` of that time from the virtual machine, where /proc/stat
  says it;
- the system took a core from it no more than `MOST_SWITCHES` times a second and core.
"""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

LEAST_SHARE = 0.97
MOST_STOLEN = 0.01
MOST_SWITCHES = 20.0  # involuntary ones
TICKS = 100  # a second, of /proc/stat
STEAL = 8  # its column in the line of all cores


@dataclass(frozen=True)
class Interruptions:
    """What was taken from a run.

    Attributes
    ----------
    cpu_share : float
        Of its cores' time that it had.
    stolen : float or None
        The share of its cores' time that the host took; None where that is not said.
    switches : float
        Involuntary context switches, a second and core.
    """

    cpu_share: float
    stolen: float | None
    switches: float

    @property
    def clean(self):
        """Whether so little was taken that its times are its own."""
        return (
            self.cpu_share >= LEAST_SHARE
            and (self.stolen or 0.0) <= MOST_STOLEN
            and self.switches <= MOST_SWITCHES
        )


class Watch:
    """Looks at this process and machine from when it is made.

    Parameters
    ----------
    root : path-like
        The folder that holds `proc`.
    """

    def __init__(self, root="/"):
        self._stat = Path(root) / "proc" / "stat"
        self._began = self._look()

    def _look(self):
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        return time.perf_counter(), switches, self._stolen_seconds()

    def _stolen_seconds(self):
        try:
            fields = self._stat.read_text(encoding="ascii").split("\n", 1)[0].split()
            return int(fields[STEAL]) / TICKS
        except (OSError, ValueError, IndexError):
            return None

    def since(self, cores, cpu_share):
        """Return the `Interruptions` since then of a run on some cores.

        Parameters
        ----------
        cores : int
        cpu_share : float
            Of the time that was measured, which need not be all since then.
        """
        (before, switches, stolen), (now, more, taken) = self._began, self._look()
        seconds = cores * max(now - before, 1e-9)
        share = None if stolen is None or taken is None else (taken - stolen) / seconds
        return Interruptions(cpu_share, share, (more - switches) / seconds)
