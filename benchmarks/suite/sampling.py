"""How asv samples, said once."""

from time import process_time


class AllCores:
    """What several threads do, timed by the wall.

    Two processes a commit, at different times, of four samples or five: eight beside eight are the
    fewest, but for seven, that asv's test can tell apart at p < 0.002, and what a process costs
    before its first sample is most of what the suite takes.
    """

    number = 1
    rounds = 2
    repeat = (4, 5, 0.05)
    warmup_time = 0
    timeout = 60


class OneThread(AllCores):
    """What one thread does, timed by its processor, when caches and branches are warm."""

    timer = process_time
    warmup_time = 0.02
