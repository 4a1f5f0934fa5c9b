"""From the corpora to the report; every stage is one file in workflow/rules/."""

import os
import shlex
import sys
from pathlib import Path

from staleness.workflow import environment

# Until all is read, nothing has begun that Ctrl-C might leave half done.
go_on = environment.end_by_interrupts()

from snakemake.utils import min_version
from staleness.workflow.corpora.fetch import MIRROR_VARIABLE
from staleness.workflow.planning import cluster, configured, progress
from staleness.workflow.planning.config import check, ending
from staleness.workflow.planning.grid import Grid
from staleness.workflow.store import locks
from staleness.workflow.store.digests import digest_of, file_digest

min_version
from staleness.workflow.planning import cluster, configured, progress
from staleness.workflow.store import locks
from staleness.workflow.planning.config import check, ending
from staleness.workflow.corpora.fetch import MIRROR_VARIABLE
from staleness.workflow.planning.grid import Grid
from staleness.workflow.store.digests import digest_of, file_digest

min_version("9.27")
environment.shield()

BASE = ending(configured.base_of)(config, workflow.basedir)
if BASE:

    configfile: BASE


CONFIG_FILES = configured.lowest_first(workflow.configfiles, BASE)
SCHEMA = os.path.join(workflow.basedir, "config", "schema.yaml")
ending(check)(config, SCHEMA, CONFIG_FILES)
if workflow.is_main_process:
    for line in locks.forget_stale():
        logger.info(line)
grid = ending(Grid)(config)
RESULTS = grid.results

# Jobs call the `staleness` and `python` that Snakemake itself belongs to. A prefix of one's own takes
# the place of Snakemake's, which makes every failure in a pipe count.
TOOLS = shlex.quote(os.path.dirname(sys.executable))
# The mirror is no parameter of a rule but in `Grid.text`: where a text whose SHA-256 is known was
# looked for first does not change it.
MIRROR = f"export {MIRROR_VARIABLE}={shlex.quote(grid.mirror)}; " if grid.mirror else ""
shell.prefix(f"set -euo pipefail; export PATH={TOOLS}:$PATH; {MIRROR}")


onstart:
    ending(cluster.watch)(workflow)
    progress.show(workflow, grid.like)


# Used only where jobs run in containers (`--software-deployment-method apptainer`).
container: "docker://python:3.11-bookworm"


for stage in (
    "kernels",
    "corpora",
    "runs",
    "figures",
    "claims",
    "report",
    "validation",
    "dashboard",
    "verify",
):

    include: f"workflow/rules/{stage}.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/report.pdf",


go_on()
