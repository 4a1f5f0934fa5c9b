"""What all tests share: compiling a Cython module that only the tests need."""

import importlib.util
import os
import signal
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

from staleness import algorithms, kernels

# A shell that starts tests in the background makes them, and what they start, deaf to Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A commit must not fail for a case that it has nothing to do with: new ones are looked for at home.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# As in setup.py: the arithmetic under test is that of the build.
FLAGS = [
    "-O3",
    "-ffp-contract=off",
    f"-march={os.environ.get('STALENESS_MARCH', 'native')}",
    "-Wno-psabi",
    "-pthread",
]
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": True,
    "wraparound": False,
    "cdivision": True,
    "freethreading_compatible": False,
}


@pytest.fixture(scope="session")
def compile_cython(tmp_path_factory):
    """Return a function that compiles one .pyx file and imports it."""
    folder = tmp_path_factory.mktemp("cython")
    packages = {
        p.__name__.rpartition(".")[2]: Path(p.__file__).parent for p in (kernels, algorithms)
    }
    (folder / "staleness").mkdir()
    for name, path in packages.items():
        (folder / "staleness" / name).symlink_to(path)

    def compile_and_import(source):
        from Cython.Build import cythonize
        from setuptools import Distribution, Extension

        name = f"{source.stem}_for_tests"
        extension = Extension(
            name,
            [str(source)],
            include_dirs=[str(packages["kernels"]), str(packages["algorithms"] / "clocks")],
            extra_compile_args=FLAGS,
            extra_link_args=["-pthread"],
            language="c++",
        )
        with warnings.catch_warnings():
            # Those of the build tools are not about this project.
            warnings.simplefilter("ignore")
            modules = cythonize(
                [extension],
                shared_utility_qualified_name="staleness.kernels._shared",
                build_dir=str(folder / "c"),
                include_path=[str(folder)],
                compiler_directives=DIRECTIVES,
                quiet=True,
            )
            command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
            command.build_lib = command.build_temp = str(folder)
            command.ensure_finalized()
            command.run()
        spec = importlib.util.spec_from_file_location(name, command.get_ext_fullpath(name))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return compile_and_import
