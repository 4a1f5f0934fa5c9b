"""The progress bar of `staleness run`."""

import logging
import sys

from tqdm import tqdm

from staleness.algorithms.configuration import JOB_SCHEDULES, TASKS

LOGGER = logging.getLogger("staleness")
# Epoch and jobs instead of examples and their rate: all of it has room in 80 columns.
JOBS_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"


class Bar(logging.Handler):
    """How far a run is, on a terminal; nothing elsewhere.

    What is logged meanwhile, such as the address of Dask's own page, stays above the bar.

    Parameters
    ----------
    configuration : Configuration
    stream : file, optional
        Standard error unless given.
    """

    def __init__(self, configuration, stream=None):
        super().__init__(logging.INFO)
        self.metric = next(iter(TASKS[configuration.task].metrics))
        self.epochs = configuration.epochs
        # Of a MapReduce schedule each call is for a job.
        self.jobs = 0 if configuration.schedule in JOB_SCHEDULES else None
        self.bar = tqdm(
            desc=f"{configuration.schedule} P={configuration.processors}",
            unit="ex",
            unit_scale=True,
            bar_format=None if self.jobs is None else JOBS_FORMAT,
            leave=False,
            disable=None,  # that is: unless it is a terminal
            file=stream or sys.stderr,
        )

    def __enter__(self):
        if not self.bar.disable:
            self.before = LOGGER.level
            LOGGER.setLevel(logging.INFO)
            LOGGER.addHandler(self)
        return self

    def __exit__(self, *_):
        if not self.bar.disable:
            LOGGER.removeHandler(self)
            LOGGER.setLevel(self.before)
        self.bar.close()

    def __call__(self, done, total, metrics):
        """Show how far the run is; see `staleness.algorithms.run.run`."""
        said = [f"{self.metric}={metrics[self.metric]:.4f}"] if metrics else []
        if self.jobs is not None:
            self.jobs += 1
            epoch = min(done * self.epochs // total + 1, self.epochs)
            said += [f"epoch {epoch}/{self.epochs}, {self.jobs:,} jobs"]
        self.bar.total = total
        if said:
            self.bar.set_postfix_str(", ".join(said), refresh=False)
        self.bar.update(done - self.bar.n)

    def emit(self, record):
        """Write a line that stays."""
        self.bar.write(record.getMessage(), file=self.bar.fp)
