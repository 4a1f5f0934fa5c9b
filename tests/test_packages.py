"""What a wheel has beside compiled modules: the tree, and what models are compiled with."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .sources import ROOT, copy_sources

PACKAGES = ("kernels", "algorithms", "workflow")
# What is compiled, or has been; and rules of Snakemake, which are for who has a clone.
LEFT_OUT = (".pyx", ".so", ".pyc", ".smk", ".rst")
BUILD = """
import sys
from setuptools import Distribution
distribution = Distribution({"script_name": "setup.py"})
distribution.parse_config_files()
command = distribution.get_command_obj("build_py")
command.build_lib = sys.argv[1]
command.ensure_finalized()
command.run()
"""
# As a distribution would, whose setup.py knows nothing but what is installed.
CYTHONIZE = """
import sys
from Cython.Build import cythonize
from setuptools import Extension
sys.path.insert(0, sys.argv[1])
cythonize(Extension("mixture", ["mixture.pyx"], language="c++"), language_level=3, quiet=True)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the folder of what a wheel has, but for compiled modules."""
    folder = tmp_path_factory.mktemp("wheel")
    copy_sources(folder / "source")
    command = [sys.executable, "-c", BUILD, str(folder / "installed")]
    subprocess.run(command, cwd=folder / "source", check=True, stdout=subprocess.DEVNULL)
    return folder / "installed"


@pytest.mark.slow
def test_every_file_of_the_packages_is_installed(installed):
    for package in PACKAGES:
        there, here = (
            {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
            for top in (installed / "staleness" / package, ROOT / package)
        )
        assert there == {name for name in here if not name.endswith(LEFT_OUT)}


@pytest.mark.slow
def test_a_model_of_another_distribution_compiles_against_it(installed, tmp_path):
    model = Path(__file__).with_name("algorithms") / "plugin" / "mixture.pyx"
    shutil.copy(model, tmp_path)
    command = [sys.executable, "-c", CYTHONIZE, str(installed)]
    subprocess.run(command, cwd=tmp_path, check=True)
    headers = (installed / "staleness" / "kernels" / "core", sysconfig.get_paths()["include"])
    include = [f"-I{folder}" for folder in headers]
    check = ["g++", "-fsyntax-only", "-Wno-psabi", *include, "mixture.cpp"]
    subprocess.run(check, cwd=tmp_path, check=True)
