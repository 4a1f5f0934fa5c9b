"""A package from an npm registry."""

import re
import shutil
from dataclasses import dataclass

from staleness.workflow.corpora.sources import ArchiveSource, SourceError, run_client

# What Node.js calls a network that is not there.
UNREACHABLE = re.compile(r"E(CONN|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|NETUNREACH|RR_SOCKET)\w*")


@dataclass(frozen=True)
class Npm(ArchiveSource):
    """A package's .tgz, got by `npm pack`: nothing of it is unpacked, installed or run.

    Attributes
    ----------
    package, version : str
        The package and its exact version.
    prefix : str, optional
        The folder of the members inside the archive, "package/" as npm has it.
    """

    name = "npm"

    package: str
    version: str
    prefix: str = "package/"

    def __str__(self):
        return f"{self.name} {self.package}@{self.version}"

    def matches(self, file_name):
        """Tell whether a file is the .tgz as `npm pack` calls it: see the base."""
        package = self.package.removeprefix("@").replace("/", "-")
        return file_name == f"{package}-{self.version}.tgz"

    def download(self, folder):
        """Run `npm pack`; see the base.

        Of the package asked for, and with its cache and logs in the folder, so that they go with
        it; without scripts, which npm runs only for packages that it makes itself.
        """
        npm = shutil.which("npm")
        if npm is None:
            raise SourceError("there is no npm to get it with: install npm (it comes with Node.js)")
        command = [npm, "pack", f"{self.package}@{self.version}", "--ignore-scripts"]
        command += ["--loglevel", "error", "--no-update-notifier", "--fetch-retry-mintimeout=1000"]
        command += ["--cache", str(folder / "cache"), "--pack-destination", str(folder)]
        run_client("npm", command, folder, _reason)


def _reason(lines):
    """Return in one line why npm failed."""
    said = [re.sub(r"^npm (error|ERR!) *", "", line) for line in lines]
    code = next((line.removeprefix("code ") for line in said if line.startswith("code ")), None)
    why = next((line for line in said if line and not line.startswith("code ")), code)
    if code and UNREACHABLE.fullmatch(code):
        return f"the package registry cannot be reached ({code})"
    return why
