"""The instructions of `algorithms/program.py`, with its numbers, for clocks to branch on."""


cdef enum Instruction:
    TAKE = 0
    SHARE = 1
    COMPUTE = 2
    DELAY = 3
    BARRIER = 4
    LOCK = 5
    UPDATE = 6
    UPDATE_ALL = 7
    UNLOCK = 8
    DEAL = 9
    AVERAGE = 10
    REPEAT = 11
