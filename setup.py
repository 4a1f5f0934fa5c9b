"""Compile the Cython modules; everything else about the project stands in pyproject.toml."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

PACKAGES = ("kernels", "algorithms")

# One result on every machine: no contraction of a*b+c into one rounding, no reordering of sums.
# What may differ is the width of the vector instructions, which does not change a bit.
FLAGS = [
    "-O3",
    "-ffp-contract=off",
    f"-march={os.environ.get('STALENESS_MARCH', 'native')}",
    "-Wno-psabi",
    "-pthread",
]
# STALENESS_CHECKED=1 builds with index checks, for the tests to run on once.
CHECKED = os.environ.get("STALENESS_CHECKED") == "1"

# Cython's own code for memoryviews, once instead of in every module: a third of the build time.
SHARED = "staleness.kernels._shared"
JOBS = len(os.sched_getaffinity(0))

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "cdivision": True,
    "freethreading_compatible": False,
}


def import_tree():
    """Return a folder in which `staleness/kernels` and `staleness/algorithms` can be cimported.

    The packages lie at the top of the repository and are installed as `staleness.*`; Cython looks
    for `.pxd` files by the installed name.
    """
    tree = Path("build/cython")
    (tree / "staleness").mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        link = tree / "staleness" / package
        link.unlink(missing_ok=True)
        link.symlink_to(Path(package).resolve())
    return str(tree)


def extensions():
    """Return an Extension for every .pyx below the packages."""
    return [
        Extension(
            "staleness." + ".".join(source.with_suffix("").parts),
            [str(source)],
            include_dirs=["kernels", "algorithms/clocks"],
            extra_compile_args=FLAGS,
            extra_link_args=["-pthread"],
        )
        for package in PACKAGES
        for source in sorted(Path(package).rglob("*.pyx"))
    ]


setup(
    options={"build_ext": {"parallel": JOBS}},
    ext_modules=cythonize(
        [*extensions(), Extension(SHARED, [], extra_compile_args=FLAGS)],
        shared_utility_qualified_name=SHARED,
        build_dir="build/c",
        include_path=[import_tree()],
        compiler_directives=DIRECTIVES,
        nthreads=JOBS,
    ),
)
