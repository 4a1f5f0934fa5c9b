"""Break things at random, and count how they end: `python -m tests.campaign [KIND]`.

Each trial depends on the seed and its number alone: `--seed S --only K` repeats one. Ends with 1 if
any ended neither well nor in one line.
"""

import argparse
import sys

from .disk import Disk
from .inputs import Inputs
from .kills import Kills
from .terminal import Terminal
from .trial import OTHERWISE, carry_out, counted
from .workers import Workers

CAMPAIGNS = {kind.name: kind for kind in (Inputs, Kills, Disk, Terminal, Workers)}


def main(arguments=None):
    """Carry out one campaign, or all; return the exit code."""
    options = parser().parse_args(arguments)
    faults = 0
    for name in [options.kind] if options.kind else CAMPAIGNS:
        campaign = CAMPAIGNS[name]()
        numbers = range(campaign.count if options.count is None else options.count)
        if options.only is not None:
            numbers = [options.only]
        ends = carry_out(
            campaign, numbers, options.seed, keep=options.keep, verbose=options.verbose
        )
        print(counted(campaign, ends), flush=True)
        faults += ends[OTHERWISE]
    return int(faults > 0)


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    made.add_argument("kind", nargs="?", choices=CAMPAIGNS, help="(default: all)")
    made.add_argument("--count", type=int, metavar="N", help="trials (default: the kind's)")
    made.add_argument("--seed", type=int, metavar="S", default=0, help="(default: 0)")
    made.add_argument("--only", type=int, metavar="K", help="repeat this trial")
    made.add_argument("--keep", metavar="DIR", help="where the files of what went wrong go")
    made.add_argument("--verbose", action="store_true", help="tell of every trial")
    return made


if __name__ == "__main__":
    sys.exit(main())
