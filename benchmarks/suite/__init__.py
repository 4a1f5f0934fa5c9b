"""The asv suite: one class an operation, for every task, update rule and schedule that is found.

What one thread does is timed by its processor, so that other work on the machine does not count;
what several do, by the wall. A benchmark that changes its data is set up anew before every sample
(`sampling.py`). Tracked figures are medians of a few rounds. Peak memory is that of the process,
with its corpus.
"""
