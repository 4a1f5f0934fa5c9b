"""The asv suite: one class an operation, for every task, update rule and schedule that is found.

Everything learns from a state of its own: a benchmark that changes its data is set up anew before
every sample (`number = 1`). Tracked figures are medians of a few rounds. Peak memory is that of the
process, with its corpus.
"""
