"""`staleness list`: what components there are, those of other packages among them."""

import json
import textwrap

from staleness.algorithms.configuration import (
    ALL_SCHEDULES,
    COST_MODELS,
    POLICIES,
    TASKS,
    UPDATES,
)
from staleness.workflow.commands import Command
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.formats import formats

WIDTH = 100  # columns


class List(Command):
    """Lists the components of a kind, one a line, with what each is."""

    name = "list"
    help = "list schedules, rules, policies, figures, claims, corpora, ..."

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("kind", metavar="KIND", choices=tuple(KINDS), help=", ".join(KINDS))
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, options):
        """Print them."""
        found = KINDS[options.kind]()
        if options.json:
            print(json.dumps(found, indent=1))
            return
        width = max(map(len, found), default=0) + 2
        for name, meaning in found.items():
            text = textwrap.shorten(meaning, WIDTH - width, placeholder=" ...")
            print(f"{name:<{width}}{text}")


def meaning(kind):
    """Return the first sentence of a component's docstring."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def described(components):
    """Return what lists components by their docstrings."""
    return lambda: {name: meaning(kind) for name, kind in components().items()}


def figures():
    """Return the figures and their titles."""
    from staleness.workflow.figures import figures  # noqa: PLC0415

    return {name: kind.title for name, kind in figures().items()}


def claims():
    """Return the claims and what they state."""
    from staleness.workflow.claims import claims  # noqa: PLC0415

    return {name: kind.statement for name, kind in claims().items()}


def corpora():
    """Return the corpora, with task and size."""
    return {name: f"{one.task}: {one.size}" for name, one in registry.entries().items()}


KINDS = {
    "tasks": described(lambda: TASKS),
    "schedules": described(lambda: ALL_SCHEDULES),
    "rules": described(lambda: UPDATES),
    "policies": described(lambda: POLICIES),
    "metrics": lambda: {
        f"{task.name}.{name}": metric.description
        for task in TASKS.values()
        for name, metric in task.metrics.items()
    },
    "costs": described(lambda: COST_MODELS),
    "formats": described(formats),
    "corpora": corpora,
    "figures": figures,
    "claims": claims,
}
