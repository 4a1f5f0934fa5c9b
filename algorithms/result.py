"""What a run leaves: a curve, a trace, theta, and figures of them."""

import hashlib
from dataclasses import asdict, dataclass

import numpy as np

from staleness.algorithms.configuration import ALL_SCHEDULES, TASKS, Configuration
from staleness.algorithms.curve import curve_digest


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes
    ----------
    curve : dict of str to ndarray
        Columns time_s, updates, examples, epoch and one a metric; a row an evaluation, the first
        before any update.
    trace : ndarray
        See `staleness.algorithms.clocks.TRACE`.
    theta : ndarray
        The final parameters.
    seconds : float
        Time of the last update on the run's own clock, evaluation excluded.
    work : int
        Tokens (or cells) in those updates.
    cost_model : dict
        In words ("description"), "seconds" of one processor and, on the simulated clock,
        "seconds_shared" of this schedule; None in the first two where it says nothing.
    cpu_seconds, real_seconds : float
        What the training took of this machine, evaluation excluded.
    stopped : str or None
        Why the last updates left `theta` as it was, if they did.
    engine : dict or None
        Of MapReduce; see `Engine.describe`.
    """

    configuration: Configuration
    curve: dict
    trace: np.ndarray
    theta: np.ndarray
    seconds: float
    work: int
    cost_model: dict
    cpu_seconds: float
    real_seconds: float
    stopped: str | None
    engine: dict | None = None

    def of_theta(self):
        """Return what `summary` says of theta."""
        return {
            "parameters": int(self.theta.size),
            "theta_sha256": hashlib.sha256(np.ascontiguousarray(self.theta)).hexdigest(),
        }

    def summary(self):
        """Return the run's figures, a dict that JSON can hold."""
        task = TASKS[self.configuration.task]
        unit = task.work_unit
        final = {name: float(values[-1]) for name, values in self.curve.items()}
        to_apply = self.trace["examples"] > 0
        summary = {
            "configuration": asdict(self.configuration),
            "cost_model": self.cost_model,
            "seconds": self.seconds,
            f"{unit}_per_second": self.work / self.seconds if self.seconds > 0 else None,
            unit: self.work,
            "cpu_seconds": self.cpu_seconds,
            "real_seconds": self.real_seconds,
            "updates": int(final["updates"]),
            "stopped": self.stopped,
            "metrics": {name: final[name] for name in task.metrics if name in final},
            "mean_staleness": float(self.trace["staleness"].mean()) if len(self.trace) else 0.0,
            "dropped": int((to_apply & (self.trace["update_number"] == 0)).sum()),
            **self.of_theta(),
            "curve_sha256": curve_digest(self.curve),
        }
        if self.engine is not None:
            summary["engine"] = self.engine
        likelihoods = self.curve.get("log_likelihood")
        iterations = np.arange(summary["updates"] + 1)
        batch = ALL_SCHEDULES[self.configuration.schedule].batch
        # Element k after k iterations, the first before any: only where each was evaluated.
        if batch and likelihoods is not None and np.array_equal(self.curve["updates"], iterations):
            summary["log_likelihood_by_iteration"] = likelihoods.tolist()
        return summary


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a run; the message says how far it had come."""
