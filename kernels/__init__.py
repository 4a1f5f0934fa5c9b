"""The kernels: statistics and updates of every model; they know no schedule, clock or file format.

A wheel has them several times, for newer and for all processors: what this one can do decides here
which are imported. The results are the same bits. STALENESS_LEVEL=1 to 4, a level of x86-64, asks
for older ones.
"""

import os
from pathlib import Path

from staleness.kernels.cpu import x86_64_level

_asked = os.environ.get("STALENESS_LEVEL", "4")
if _asked not in {"1", "2", "3", "4"}:
    raise ImportError(f"STALENESS_LEVEL={_asked!r}: it is a level of x86-64, 1 to 4, or not set")
_level = min(int(_asked), x86_64_level())
_folders = (Path(__file__).parent / f"x86_64_v{level}" for level in range(_level, 0, -1))
_chosen = [folder for folder in _folders if folder.is_dir()][:1]
__path__[:0] = map(str, _chosen)

from staleness.kernels import arithmetic, core, models, rules  # noqa: E402 - one of those chosen

for _package in (core, models, rules):
    _name = Path(_package.__file__).parent.name
    _package.__path__[:0] = [str(folder / _name) for folder in _chosen]

_fault = arithmetic.fault()
if _fault:
    raise ImportError(_fault)
