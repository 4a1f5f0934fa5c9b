"""The cores that a process may use."""

import os


def allowed_cpus():
    """Return the numbers of the cores that this thread may use, sorted."""
    return sorted(os.sched_getaffinity(0))
