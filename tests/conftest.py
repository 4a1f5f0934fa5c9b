"""What all tests share: skips that are failures, and a Cython module that only the tests need."""

import fcntl
import importlib.util
import os
import platform
import signal
import subprocess
import sys
import sysconfig
import warnings
from functools import cache
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


# ---- skipped ------------------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="a skipped test is a failure, unless it can run on other machines only",
    )


def pytest_configure(config):
    marker = "name_spaces: where users may have name spaces of their own, which some systems forbid"
    config.addinivalue_line("markers", marker)


def pytest_runtest_setup(item):
    if reason := elsewhere(item):
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if not hasattr(report, "wasxfail") and not elsewhere(item):
        refuse_skip(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    refuse_skip(report, collector.config)
    return report


def elsewhere(item):
    """Return why a test cannot run on this machine, whatever is installed; None if it can."""
    for marker in item.iter_markers("processor"):
        if platform.machine() not in marker.args:
            return f"it is for {' or '.join(marker.args)}, and this is {platform.machine()}"
    if item.get_closest_marker("name_spaces"):
        return name_spaces_refused()
    return None


@cache
def name_spaces_refused():
    """Return what is said where no user may have name spaces of its own, None where they may."""
    command = ["unshare", "--map-root-user", "--net", "true"]
    try:
        tried = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    except OSError:
        return None  # it can be installed
    said = " ".join(tried.stderr.decode(errors="replace").split())
    return f"no name spaces here: {said}" if tried.returncode else None


def refuse_skip(report, config):
    """Make a failure of a skip, where all that tests need is said to be installed."""
    if report.skipped and config.getoption("no_skips"):
        *_, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"--no-skips: {reason}"


# ---- Cython -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def compile_cython(request, tmp_path_factory):
    """Return a function that compiles one .pyx file, once for all workers, and imports it."""
    base = tmp_path_factory.getbasetemp()
    # A run that a test of a worker starts is none, whatever the environment says: beside its own
    # folder lie other runs', and modules compiled against kernels of long ago.
    worker = hasattr(request.config, "workerinput")
    folder = (base.parent if worker else base) / "cython"
    folder.mkdir(exist_ok=True)

    def compile_and_import(source):
        name = f"{source.stem}_for_tests"
        path = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                compile_one(source, name, folder)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return compile_and_import


def compile_one(source, name, folder):
    """Compile a .pyx file into a folder, as an extension module of that name."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    packages = {
        p.__name__.rpartition(".")[2]: Path(p.__file__).parent for p in (kernels, algorithms)
    }
    (folder / "staleness").mkdir(exist_ok=True)
    for package, path in packages.items():
        link = folder / "staleness" / package
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    extension = Extension(
        name,
        [str(source)],
        include_dirs=[str(packages["kernels"] / "core"), str(packages["algorithms"] / "clocks")],
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
