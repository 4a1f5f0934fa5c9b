"""Compile the Cython modules; everything else about the project stands in pyproject.toml."""

import os
import platform
import shutil
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGES = ("kernels", "algorithms")

# One result on every machine: no contraction of a*b+c into one rounding, no reordering of sums.
# What may differ is the width of the vector instructions, which does not change a bit.
FLAGS = ["-O3", "-ffp-contract=off", "-Wno-psabi", "-pthread"]
# A wheel has the kernels for every x86-64 processor, and once more for those that have these
# levels of it; `kernels/__init__.py` chooses. What is built in place is for this machine alone.
# STALENESS_MARCH=x86-64-v3, for example, says otherwise for both.
LEVELS = ("x86-64-v3", "x86-64-v4")
# STALENESS_CHECKED=1 builds with index checks, for the tests to run on once.
CHECKED = os.environ.get("STALENESS_CHECKED") == "1"
# Cython looks at the age of its output, not at what it was told.
GENERATED = "build/checked" if CHECKED else "build/c"

# Cython's own code for memoryviews, once instead of in every module: a third of the build time.
SHARED = "staleness.kernels._shared"
# What chooses among kernels, and what computes nothing, is there once.
NO_KERNELS = {"staleness.kernels.cpu", SHARED}
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
            language="c++",
        )
        for package in PACKAGES
        for source in sorted(Path(package).rglob("*.pyx"))
    ]


def for_level(module, level):
    """Return the Extension of a kernel for the processors of a level, in a folder of its own.

    It is compiled from a copy of the source, by whose name object files are called.
    """
    folder = level.replace("-", "_")
    package, _, name = module.name.rpartition(".")
    (source,) = map(Path, module.sources)
    copy = Path("build") / folder / source.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, copy)
    return Extension(
        f"{package}.{folder}.{name}",
        [str(copy)],
        include_dirs=module.include_dirs,
        depends=module.depends,
        extra_compile_args=[*FLAGS, f"-march={level}"],
        extra_link_args=module.extra_link_args,
        language=module.language,
    )


class Build(build_ext):
    """In place it is for this machine alone; else for every processor of its kind."""

    def finalize_options(self):
        """Say for which processors, before anything is made of the extensions."""
        modules = list(MODULES)
        in_place = self.inplace or getattr(self, "editable_mode", False)
        march = os.environ.get("STALENESS_MARCH", "native" if in_place else "")
        self.kind = f"{march} checked" if CHECKED else march
        if march:
            for module in modules:
                module.extra_compile_args = [*FLAGS, f"-march={march}"]
        elif platform.machine() == "x86_64":
            kernels = (m for m in MODULES if m.name.startswith("staleness.kernels."))
            kernels = [module for module in kernels if module.name not in NO_KERNELS]
            modules += [for_level(module, level) for level in LEVELS for module in kernels]
        self.distribution.ext_modules = modules
        super().finalize_options()

    def run(self):
        """Build anew if what there is was built for other processors, or with other checks."""
        kind = Path(self.build_temp) / "kind"
        if not kind.exists() or kind.read_text() != self.kind:
            self.force = True
        kind.unlink(missing_ok=True)
        super().run()
        kind.parent.mkdir(parents=True, exist_ok=True)
        kind.write_text(self.kind)


MODULES = cythonize(
    [*extensions(), Extension(SHARED, [], extra_compile_args=FLAGS)],
    shared_utility_qualified_name=SHARED,
    build_dir=GENERATED,
    include_path=[import_tree()],
    compiler_directives=DIRECTIVES,
    nthreads=JOBS,
)
setup(
    cmdclass={"build_ext": Build},
    options={"build_ext": {"parallel": JOBS}},
    ext_modules=MODULES,
)
