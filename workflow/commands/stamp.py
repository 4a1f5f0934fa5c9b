"""`staleness stamp`: the identity of the code that computes."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from staleness import algorithms, kernels
from staleness.algorithms import build
from staleness.workflow.commands import Command
from staleness.workflow.store.files import whole_file


class Stamp(Command):
    """Writes the digest of the sources of the kernels and algorithms, once they import."""

    name = "stamp"
    help = "write the digest of the sources that results depend on"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("--out", metavar="FILE", type=Path, help="instead of standard output")

    def run(self, options):
        """Import every module, so that a stamp stands for code that works, and write it."""
        for package in (kernels, algorithms):
            for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                importlib.import_module(module.name)
        stamp = json.dumps({"sources": build.source_digest()}, indent=1) + "\n"
        if options.out is None:
            sys.stdout.write(stamp)
            return
        with whole_file(options.out) as part:
            part.write_text(stamp, encoding="utf-8")
