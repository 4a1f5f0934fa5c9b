"""What one core of this machine can do at best, measured: arithmetic, latencies, memory.

The loops are C++ (`limits.cpp`), compiled for this machine with the kernels' own vectors and
without contraction of multiplications and additions. Each is measured a few times, of which the
fastest counts: a limit is what the machine can do, whatever else it did meanwhile.
"""

import ctypes
import os
import shlex
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from staleness import kernels
from staleness.algorithms.errors import StalenessError
from staleness.kernels.core.memory import LANES, aligned_rows

HERE = Path(__file__).parent
FLAGS = (
    "-O3",
    "-ffp-contract=off",
    "-march=native",
    "-fno-tree-loop-distribute-patterns",  # or a loop that copies would become memcpy
    "-Wno-psabi",
    "-shared",
    "-fPIC",
)
ROUNDS = 5
REPEATS = 100_000
# Bytes, where the system does not say.
CACHES = {"L1": 32 * 2**10, "L2": 2**20, "L3": 32 * 2**20}

THROUGHPUTS = ("additions", "multiplications", "additions_and_multiplications", "comparisons")
# What the rows hold, and what a row then adds to the result.
ROWS = {"exponentials": (0.0, 1.0), "greatest": (1.0, 1.0), "logarithms": (np.e, 1.0)}
# What the row holds, the constant, and what a chain that adds nothing returns.
LATENCIES = {
    "add": (1.0, 1.0, None),
    "multiply": (1.0, 1.0, 1.0),
    "divide": (1.0, 1.0, 1.0),
    "sum": (0.0, 1.0, 0.0),
    "greatest": (1.0, 1.0, 1.0),
    "select": (1.0, 0.0, 1.0),
    "forward": (1.0, 1.0, 1.0),
    "argmax": (1.0, 1.0, 1.0),
    "load": (0.0, 1.0, 1.0),
}
STREAMS = {"read": 1, "copy": 2, "triad": 3}  # arrays


@dataclass(frozen=True)
class Limits:
    """What was measured.

    Attributes
    ----------
    rates : dict of str to float
        Of `THROUGHPUTS` and `ROWS`: lanes a nanosecond, or rows of 16 lanes a nanosecond.
        `additions_and_multiplications` counts both.
    latencies : dict of str to float
        Nanoseconds until the next operation of a chain may begin.
    levels : dict of str to int
        L1, L2, L3 and DRAM: bytes of the arrays that were used to measure them.
    bandwidths : dict of str to dict of str to float
        By level, then by stream: bytes a nanosecond, each array counted once.
    gathers : dict of str to dict of str to float
        By level: float32 ("float") or cache lines ("line") at random, a nanosecond.
    """

    rates: dict
    latencies: dict
    levels: dict
    bandwidths: dict
    gathers: dict

    def level(self, size):
        """Return the name of the level that holds `size` bytes."""
        return next((name for name in CACHES if size <= 2 * self.levels[name]), "DRAM")

    def bandwidth(self, size):
        """Return bytes a nanosecond from where `size` bytes fit."""
        return max(self.bandwidths[self.level(size)].values())


@cache
def library():
    """Return the compiled loops.

    Raises
    ------
    StalenessError
        If there is no compiler that takes them.
    """
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++")
    with tempfile.TemporaryDirectory(prefix="staleness-") as folder:
        target = Path(folder) / "limits.so"
        include = Path(kernels.__file__).parent / "core"
        command = [*compiler, *FLAGS, "-I", include, HERE / "limits.cpp", "-o", target, "-lm"]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise StalenessError(f"no compiler '{compiler[0]}': install g++, or set CXX") from error
        except subprocess.CalledProcessError as error:
            raise StalenessError(f"limits.cpp does not compile:\n{error.stderr}") from error
        loaded = ctypes.CDLL(str(target))
    long, single, row = ctypes.c_int64, ctypes.c_float, floats()
    signatures = (
        (THROUGHPUTS, single, (long, single, single)),
        (ROWS, ctypes.c_double, (long, row, long)),
        ([f"{name}_latency" for name in LATENCIES], single, (long, single, row)),
        ([f"{name}_stream" for name in STREAMS], single, (long, long, row, row, row)),
        (
            [f"{do}_{what}" for do in ("gather", "update") for what in ("rows", "floats")],
            single,
            (long, integers(), row, long, long, single, row),
        ),
    )
    for names, result, arguments in signatures:
        for name in names:
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    return loaded


def floats():
    """Return the type of an argument that is an array of float32."""
    return np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")


def integers():
    """Return the type of an argument that is an array of int32."""
    return np.ctypeslib.ndpointer(np.int32, flags="C_CONTIGUOUS")


def fastest(work, expected, rounds=ROUNDS):
    """Return the nanoseconds of the processor that the fastest of some calls took.

    Parameters
    ----------
    work : callable
        Returns a number.
    expected : float
        What it has to return, to float32.
    rounds : int

    Raises
    ------
    StalenessError
        If it returns anything else: the loop is not what it should be.
    """
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        found = work()
        seconds.append(time.process_time() - began)
        if not np.isclose(found, expected, rtol=1e-4):
            raise StalenessError(f"a loop of limits.cpp returns {found}, not {expected}")
    return 1e9 * min(seconds)


def measure(repeats=REPEATS, caches=None, rounds=ROUNDS):
    """Return the `Limits` of the core that this runs on.

    Parameters
    ----------
    repeats : int
        How often an operation is done; those that are not short, less often.
    caches : dict of str to int, optional
        L1, L2 and L3 in bytes; those of this machine if not given.
    rounds : int
        How often each loop is measured.
    """
    caches = caches or cache_sizes()
    # Half of a level, so that it is in there whatever else is; four times the last for memory.
    levels = {name: size // 2 for name, size in caches.items()}
    levels["DRAM"] = 4 * caches["L3"]
    return Limits(
        rates=rates(repeats, rounds),
        latencies=latencies(repeats, rounds),
        levels=levels,
        bandwidths={name: streams(size, rounds) for name, size in levels.items()},
        gathers={name: random_gathers(size, rounds) for name, size in levels.items()},
    )


def cache_sizes():
    """Return the bytes of a core's L1 and L2 and of the L3 it is in."""
    names = {"L1": "SC_LEVEL1_DCACHE_SIZE", "L2": "SC_LEVEL2_CACHE_SIZE"}
    names["L3"] = "SC_LEVEL3_CACHE_SIZE"
    known = {name: os.sysconf(key) for name, key in names.items() if key in os.sysconf_names}
    return {name: known.get(name, 0) if known.get(name, 0) > 0 else CACHES[name] for name in CACHES}


def rates(repeats, rounds):
    """Return lanes, or rows, a nanosecond of every operation."""
    chains = ctypes.c_int64.in_dll(library(), "chains").value
    firsts = 1 + np.arange(chains)
    last = {
        "additions": firsts + repeats,
        "multiplications": firsts,
        "additions_and_multiplications": firsts + repeats,
        "comparisons": np.maximum(firsts, repeats),
    }
    found = {}
    for name in THROUGHPUTS:
        work = partial(getattr(library(), name), repeats, 1.0, 1.0)
        operations = 2 if name == "additions_and_multiplications" else 1
        taken = fastest(work, LANES * last[name].sum(), rounds)
        found[name] = operations * repeats * chains * LANES / taken
    times = max(repeats // 100, 1)
    for name, (value, result) in ROWS.items():
        rows = filled(16 * LANES, value)
        work = partial(getattr(library(), name), times, rows, len(rows))
        found[name] = times * len(rows) / fastest(work, result * times * len(rows), rounds)
    return found


def filled(size, value):
    """Return cache lines of so many floats of one value."""
    rows = aligned_rows(size // LANES, LANES)
    rows[:] = value
    return rows


def latencies(repeats, rounds):
    """Return the nanoseconds of each link of a chain."""
    found = {}
    for name, (value, constant, result) in LATENCIES.items():
        work = partial(
            getattr(library(), f"{name}_latency"), repeats, constant, filled(LANES, value)
        )
        found[name] = fastest(work, 1.0 + repeats if result is None else result, rounds) / repeats
    return found


def streams(size, rounds):
    """Return bytes a nanosecond of each stream over `size` bytes in all."""
    found = {}
    at_once = 8 * LANES  # a multiple of what a loop takes at once
    for name, arrays in STREAMS.items():
        length = max(size // (4 * arrays * at_once), 1) * at_once
        times = max(100 * REPEATS // length, 1)
        a, b, c = (filled(length, value) for value in (1.0, 2.0, 3.0))
        work = partial(getattr(library(), f"{name}_stream"), times, length, a, b, c)
        # All that is read, twice an element that is copied, twice 2 + 3 * 3.
        value = {"read": times * length, "copy": 4.0, "triad": 22.0}[name]
        found[name] = 4 * arrays * length * times / fastest(work, value, rounds)
    return found


def random_gathers(size, rounds):
    """Return floats and cache lines a nanosecond, from anywhere in a table of `size` bytes."""
    random = np.random.default_rng(0)
    index = {"float": random.integers(0, size // 4, 2 * REPEATS)}
    index["line"] = random.integers(0, size // 64, 2 * REPEATS)
    return {
        "float": 1 / gather("gather_floats", index["float"], rounds=rounds),
        "line": 1 / gather("gather_rows", index["line"], blocks=1, rounds=rounds),
    }


def gather(name, index, blocks=0, span=1024, rounds=ROUNDS):
    """Return the nanoseconds of one row, or float, in an order that is given.

    Parameters
    ----------
    name : {"gather_rows", "update_rows", "gather_floats", "update_floats"}
        Those of an update read what a mini-batch needs, then add to it.
    index : ndarray of int [...]
        Which rows, or floats.
    blocks : int
        Cache lines of a row; 0 for floats.
    span : int
        Rows or floats of a mini-batch.
    rounds : int
    """
    index = np.ascontiguousarray(index, dtype=np.int32)
    lines = (int(index.max()) + 1) * blocks if blocks else int(index.max()) // LANES + 1
    table, out = filled(lines * LANES, 1.0), filled((span // LANES + 1) * LANES, 0.0)
    # Updates add 0, so that a table of 1 stays what it is.
    work = partial(getattr(library(), name), len(index), index, table, blocks, span, 0.0, out)
    results = {"gather_floats": 1, "update_floats": -(-len(index) // span)}
    return fastest(work, results.get(name, len(index) * blocks * LANES), rounds) / len(index)
