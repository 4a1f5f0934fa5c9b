"""The types of what a run may be told, for editors and type checkers."""

from __future__ import annotations

from typing import TypedDict


class Settings(TypedDict, total=False):
    """What may be said of a run besides its task and schedule.

    The fields of `staleness.algorithms.configuration.Configuration`, to which a test holds them.
    """

    update: str | None
    hyper_parameters: dict[str, float]
    schedule_parameters: dict[str, float]
    policy: str | None
    policy_parameters: dict[str, float] | None
    processors: int
    mini_batch_size: int | None
    epochs: int
    evaluations: int
    seed: int
    clock: str
    cost: str | None
    calibration: str | None
    delay_mean: str | None
    delay_probability: float
    oversubscribe: bool
    engine: str | None
    job_startup: str | None
