"""Reading JSON files of our own, which anything may have happened to since."""

import json
import math
from pathlib import Path


def read_json(path):
    """Return what a JSON file holds, if all of it can be written as JSON again.

    Python alone also reads NaN and infinities, which JSON has no place for.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not JSON, or has a number that float64 cannot hold.
    """
    try:
        return json.loads(
            Path(path).read_text(encoding="utf-8"),
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise ValueError("lists and objects lie too deep within each other") from error


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _integer(text):
    _finite(text)
    return int(text)
