"""The instructions that schedules are written in and clocks carry out.

A schedule is the program that each of its P processors repeats, one turn a mini-batch, until no
mini-batch is left. Both clocks run the same program: one in real threads, one as events.

===========  ===================================================================================
TAKE         claim the next mini-batch of the queue that all processors share, or end
DEAL         take every P-th mini-batch; if none is left, go on to the next BARRIER, or end
             where this is the first instruction
SHARE        take this processor's part of the next mini-batch, split over all of them, or end
CALC         statistics of what was taken, from `theta` as it is when CALC begins
DELAY        pause, if this turn is one that the configured delays fall on
BARRIER      wait until every processor has come here
LOCK         wait, in order of arrival, until the one lock is free, and hold it
UPDATE       apply this processor's statistics as one update
UPDATE_ALL   on processor 0, apply every processor's statistics as one update; nothing on others
UNLOCK       let the lock go
AVERAGE      on processor 0, give every replica of `theta` their mean; nothing on others
===========  ===================================================================================
"""
