"""Compile the Cython modules; everything else about the project stands in pyproject.toml."""

import json
import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGES = ("kernels", "algorithms")
EXT_SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

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
# Says what compiled it, and whether arithmetic is what the kernels count on.
ARITHMETIC = "staleness.kernels.arithmetic"
KERNELS = "staleness.kernels."
# What chooses among kernels, and what computes nothing, is there once.
NO_KERNELS = {"staleness.kernels.cpu", SHARED}
JOBS = len(os.sched_getaffinity(0))
# The same for pip's editable build and for `build_ext --inplace`: what one has compiled, the other
# need not.
IN_PLACE = Path("build/in-place") / sys.implementation.cache_tag
TOOLCHAIN = runpy.run_path(str(Path(__file__).with_name("requirements") / "toolchain.py"))
# What setuptools puts its commands together from, those for C++ last.
COMMANDS = (
    *("compiler", "compiler_so", "linker_exe", "linker_so"),
    *("compiler_cxx", "compiler_so_cxx", "linker_exe_cxx", "linker_so_cxx"),
)

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
            include_dirs=["kernels/core", "algorithms/clocks"],
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
    within = module.name.removeprefix(KERNELS)
    (source,) = map(Path, module.sources)
    copy = Path("build") / folder / within.replace(".", "/") / source.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, copy)
    return Extension(
        f"{KERNELS}{folder}.{within}",
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
        if march:
            for module in modules:
                module.extra_compile_args = [*FLAGS, f"-march={march}"]
        elif platform.machine() == "x86_64":
            kernels = (m for m in MODULES if m.name.startswith(KERNELS))
            kernels = [module for module in kernels if module.name not in NO_KERNELS]
            modules += [for_level(module, level) for level in LEVELS for module in kernels]
        if in_place:
            self.build_lib, self.build_temp = str(IN_PLACE / "lib"), str(IN_PLACE / "temp")
        self.distribution.ext_modules = modules
        super().finalize_options()

    def build_extensions(self):
        """Build what is new, or all if what there is was built otherwise."""
        keep_exact(self.compiler)
        kind = Path(self.build_temp) / "kind"
        built_as = self._kind()
        if not kind.exists() or kind.read_text(encoding="utf-8") != built_as:
            # The compiler has its own copy of what the command line says.
            self.force = self.compiler.force = True
        kind.unlink(missing_ok=True)
        modules = self.extensions
        tried = self._try_arithmetic()
        self.extensions = [module for module in modules if module is not tried]
        super().build_extensions()
        self.extensions = modules
        kind.parent.mkdir(parents=True, exist_ok=True)
        kind.write_text(built_as, encoding="utf-8")

    def copy_extensions_to_source(self):
        """Put in place what was built, and remove what was built of sources that are gone."""
        super().copy_extensions_to_source()
        names = (module.name.removeprefix("staleness.") for module in self.extensions)
        ours = {Path(name.replace(".", "/") + EXT_SUFFIX).resolve() for name in names}
        for package in PACKAGES:
            for path in Path(package).resolve().rglob(f"*{EXT_SUFFIX}"):
                if path not in ours:
                    path.unlink()

    def _kind(self):
        """Return all that decides what becomes of the sources, a str."""
        commands = {name: getattr(self.compiler, name) for name in COMMANDS}
        compilers = {version(command[0]) for command in commands.values()}
        flags = [module.extra_compile_args for module in self.extensions]
        return json.dumps([commands, sorted(compilers), flags, CHECKED], indent=1)

    def _try_arithmetic(self):
        """Build what says whether arithmetic is exact, and ask it before all the rest is built.

        Returns
        -------
        setuptools.Extension
            What was built.
        """
        for module in self.extensions:
            if module.name.endswith(".arithmetic"):
                compiled = [*self.compiler.compiler_so_cxx, *module.extra_compile_args]
                # As setuptools links: the compiler, and what follows it in the linker's command.
                linked = [*self.compiler.compiler_cxx, *self.compiler.linker_so_cxx[1:]]
                linked += module.extra_link_args
                module.define_macros = [
                    ("COMPILE_COMMAND", json.dumps(shlex.join(compiled))),
                    ("LINK_COMMAND", json.dumps(shlex.join(linked))),
                ]
        (module,) = (module for module in self.extensions if module.name == ARITHMETIC)
        self.build_extension(module)
        command = [sys.executable, "-c", ASK, ARITHMETIC, self.get_ext_fullpath(ARITHMETIC)]
        answer = subprocess.run(command, check=False, capture_output=True)
        # What is built for another processor, or a sanitizer, does not load: it asks when it does.
        if answer.returncode == WRONG:
            sys.exit(f"staleness: {answer.stdout.decode().strip()}")
        return module


WRONG = 9
ASK = f"""
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location(*sys.argv[1:])
module = module_from_spec(spec)
spec.loader.exec_module(module)
if module.fault():
    print(module.fault())
    sys.exit({WRONG})
"""


def keep_exact(compiler):
    """Take out of a compiler's commands what changes arithmetic, as Python may have been built so.

    What the user asks for is refused instead.
    """
    refused = TOOLCHAIN["refused"](os.environ)
    if refused:
        sys.exit(f"staleness: {refused}")
    for name in COMMANDS:
        command = getattr(compiler, name)
        inexact = TOOLCHAIN["inexact"](command)
        setattr(compiler, name, [option for option in command if option not in inexact])


def version(compiler):
    """Return the first line that a compiler says of itself."""
    try:
        said = subprocess.run([compiler, "--version"], capture_output=True, check=False)
    except OSError as error:
        sys.exit(f"staleness: the compiler '{compiler}' does not start: {error}")
    return said.stdout.decode(errors="replace").partition("\n")[0]


HOW = {
    "build_dir": GENERATED,
    "include_path": [import_tree()],
    "compiler_directives": DIRECTIVES,
}
FOUND = extensions()
ALONE = [module for module in FOUND if module.name == ARITHMETIC]
MODULES = [
    # Loaded before there is anything else.
    *cythonize(ALONE, **HOW),
    *cythonize(
        [*(m for m in FOUND if m not in ALONE), Extension(SHARED, [], extra_compile_args=FLAGS)],
        shared_utility_qualified_name=SHARED,
        nthreads=JOBS,
        **HOW,
    ),
]
setup(
    cmdclass={"build_ext": Build},
    options={"build_ext": {"parallel": JOBS}},
    ext_modules=MODULES,
)
