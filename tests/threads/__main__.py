"""Look for races among the wall clock's threads: `python -m tests.threads [SCHEDULE ...]`.

Ends with 0 if there is none but those that the algorithms mean, or where there is no
ThreadSanitizer to look with; with 1 if there is one.
"""

import sys
import time

from .sanitizer import Unavailable, harness


def main(schedules):
    """Print a line a schedule, every report of a race, and the verdict; return the exit code."""
    began = time.perf_counter()
    races = 0
    try:
        with harness() as built:
            for schedule in schedules or built.schedules():
                verdict = built.exercise(schedule)
                print(f"{schedule}: {verdict}", flush=True)
                for report in verdict.reports:
                    print(f"\n{report}\n", flush=True)
                for suppression in verdict.unused:
                    print(f"{schedule}: nothing to suppress for {suppression}", flush=True)
                races += len(verdict.reports)
    except Unavailable as reason:
        print(f"threads: skipped: {reason}")
        return 0
    taken = f"{time.perf_counter() - began:.0f} s"
    print(f"threads: failed, {races} races, {taken}" if races else f"threads: passed, {taken}")
    return int(races > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
