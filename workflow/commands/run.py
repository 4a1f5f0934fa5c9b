"""`staleness run`: one run of one configuration."""

import dataclasses
import json
import sys
from argparse import ArgumentError
from pathlib import Path

from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import (
    ALL_SCHEDULES,
    CLOCKS,
    COST_MODELS,
    NO_POLICY,
    POLICIES,
    TASKS,
    UPDATES,
    Configuration,
)
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.simulated import MEASURED
from staleness.algorithms.result import Interrupted
from staleness.workflow.bar import Bar
from staleness.workflow.commands import Command
from staleness.workflow.commands.encode import (
    add_encoder_options,
    add_own_options,
    encoder_options,
    given_encoder_options,
    missing_options,
    own_files,
)
from staleness.workflow.commands.fetch import add_place_options
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.encoders import encoder, encoders
from staleness.workflow.corpora.formats import formats
from staleness.workflow.experiment import carry_out
from staleness.workflow.store import record

OWN = "own"  # what a user's own corpus is called unless told otherwise
DEFAULTS = {field.name: field.default for field in dataclasses.fields(Configuration)}
SETTINGS = {"--mini-batch": "mini_batch_size"}  # options that are not called as their field
NUMBERS = {
    "--processors": ("P", "threads or workers, virtual ones on the simulated clock"),
    "--mini-batch": ("M", "examples of a mini-batch"),
    "--epochs": ("E", "passes over the corpus"),
    "--evaluations": ("N", "curve points an epoch, fewer where close; 0: the first and the last"),
    "--seed": ("S", "of the order of examples and of the delays"),
}
LEARNING = (*TASKS.values(), *UPDATES.values())
SCHEDULING = tuple(ALL_SCHEDULES.values())
STALENESS = tuple(POLICIES.values())
JSON_KEYS_LEFT_OUT = ("configuration", "cost_model")


class Run(Command):
    """Runs one configuration, shows its progress and prints or writes what came of it."""

    name = "run"
    help = "run one schedule on one corpus"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("task", choices=tuple(TASKS), metavar="TASK", help=", ".join(TASKS))
        add_choice(parser, "--schedule", ALL_SCHEDULES, required=True)
        for option, (letter, help) in NUMBERS.items():
            add_setting(parser, option, metavar=letter, type=int, help=help)
        add_parameters(parser.add_argument_group("schedule"), SCHEDULING)
        add_learning_options(parser.add_argument_group("learning"))
        group = parser.add_argument_group("staleness")
        add_choice(group, "--policy", POLICIES, default=NO_POLICY, help=f"default: {NO_POLICY}")
        add_parameters(group, STALENESS)
        add_time_options(parser.add_argument_group("time"))
        add_job_options(parser.add_argument_group("MapReduce"))
        add_corpus_options(parser.add_argument_group("corpus"))
        output = parser.add_argument_group("output")
        output.add_argument(
            "--out", metavar="DIR", type=Path, help="write curve, trace and run.json here"
        )
        output.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, options):
        """Run it; the exit status is 130 after Ctrl-C."""
        configuration = configuration_from(options)
        if options.out is not None:
            # Before a corpus is made.
            record.check_folder(options.out)
        corpus = encoded_corpus(options)
        try:
            with Bar(configuration) as progress:
                result = carry_out(configuration, corpus, options.out, progress, options.learned)
        except Interrupted as error:
            kept = "nothing was written" if options.out is None else f"{options.out} is untouched"
            print(f"staleness run: stopped {error}; {kept}", file=sys.stderr)
            return 130
        summary = result.summary()
        if options.json:
            summary = {k: v for k, v in summary.items() if k not in JSON_KEYS_LEFT_OUT}
            print(json.dumps(summary))
        else:
            print(describe(configuration, summary))
        return 0


def add_choice(parser, option, components, help=None, **keywords):
    """Declare an option whose values are the names of components."""
    names = ", ".join(components)
    help = f"{names} ({help})" if help else names
    parser.add_argument(option, choices=tuple(components), metavar="NAME", help=help, **keywords)


def add_setting(parser, option, help, **keywords):
    """Declare the option of a field of `Configuration`, with the field's default."""
    name = SETTINGS.get(option, option.removeprefix("--").replace("-", "_"))
    default = DEFAULTS[name]
    if default is not None:
        help += f" (default: {default})"
    parser.add_argument(option, dest=name, default=default, help=help, **keywords)


def add_learning_options(group):
    """Declare what is learned, and how."""
    add_choice(group, "--update", UPDATES, help="default: the task's")
    add_parameters(group, LEARNING)


def add_parameters(group, components):
    """Declare an option for each parameter of some components."""
    for name, kinds in having(components).items():
        of = ", ".join(f"{kind.name} {kind.hyper_parameters()[name]:g}" for kind in kinds)
        help = next(filter(None, (kind.explain(name) for kind in kinds)), kinds[0].noun)
        option = f"--{name.replace('_', '-')}"
        about = f"{help} (default: {of})"
        try:
            group.add_argument(option, dest=name, metavar="X", type=float, help=about)
        except ArgumentError:
            raise StalenessError(
                f"{kinds[0].kind} '{kinds[0].name}': {option} is another option already: give its "
                f"{kinds[0].noun} '{name}' another name"
            ) from None


def add_time_options(group):
    """Declare the clock, what it costs and what delays there are."""
    for option, components in (("--clock", CLOCKS), ("--cost", COST_MODELS)):
        default = DEFAULTS[option.removeprefix("--")]
        add_choice(group, option, components, default=default, help=f"default: {default}")
    add_setting(group, "--calibration", metavar="FILE", help="of your own, for '--cost measured'")
    add_setting(
        group,
        "--delay-mean",
        metavar="T",
        help="of pauses before updates: seconds ('5s') or mean mini-batches ('8x')",
    )
    add_setting(
        group,
        "--delay-probability",
        metavar="Q",
        type=float,
        help="of a pause before an update",
    )
    group.add_argument("--oversubscribe", action="store_true", help="allow more threads than cores")
    group.add_argument(
        "--learned",
        metavar="RUN",
        type=Path,
        help="a run of one processor that makes the same updates: time these, with its curve",
    )


def add_job_options(group):
    """Declare the cluster and what a job is made of."""
    add_setting(
        group,
        "--engine",
        metavar="E",
        help="on the wall clock: 'local' for P worker processes here, or the address of a Dask "
        "scheduler",
    )
    add_setting(
        group,
        "--job-startup",
        metavar="T",
        help=f"on the simulated clock: seconds ('20s') or '{MEASURED}' (default: {MEASURED})",
    )


def add_corpus_options(group):
    """Declare what it runs on."""
    group.add_argument("--corpus", metavar="NAME", help="a corpus of 'staleness corpora'")
    group.add_argument("--encoded", metavar="DIR", type=Path, help="an encoded corpus")
    add_own_options(group)
    group.add_argument("--name", default=OWN, help="of your own corpus (default: %(default)s)")
    add_encoder_options(group, encoder_options(encoders()))
    add_place_options(group)


def having(components):
    """Return the parameters of some components: name to those that have it, a dict."""
    found = {}
    for component in components:
        for name in component.hyper_parameters():
            found.setdefault(name, []).append(component)
    return found


def configuration_from(options):
    """Return the `Configuration` that the options ask for.

    Raises
    ------
    StalenessError
        If they make no sense together.
    """
    values = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(Configuration)
        if hasattr(options, field.name)
    }
    parameters = {
        "hyper_parameters": LEARNING,
        "schedule_parameters": SCHEDULING,
        "policy_parameters": STALENESS,
    }
    for name, components in parameters.items():
        given = {parameter: getattr(options, parameter) for parameter in having(components)}
        values[name] = {k: v for k, v in given.items() if v is not None}
    return Configuration(**values)


def encoded_corpus(options):
    """Return the `EncodedCorpus` that the options name, made where it is missing.

    Raises
    ------
    StalenessError
        If the options do not go together, or the corpus cannot be had.
    """
    files = own_files(options)
    if [options.corpus, options.encoded, files or None].count(None) < 2:
        raise StalenessError("give one of --corpus, --encoded, or files of your own")
    if options.encoded is not None:
        return load(as_it_is(options))
    if not files:
        _refuse_other_encoding(options)
        return ensure_default(options, options.task, options.corpus).corpus
    task = encoder(options.task)
    format = options.format or task.format
    if formats()[format].task != options.task:
        raise StalenessError(
            f"format {format} is for {formats()[format].task}, not for {options.task}"
        )
    missing = missing_options(files, format)
    if missing:
        raise StalenessError(f"files of your own in format {format}: add {' '.join(missing)}")
    return ensure_default(options, options.task, options.name, files=files, format=format).corpus


def as_it_is(options):
    """Return `--encoded`, or raise an error if it should be cut."""
    given = given_encoder_options(options)
    if options.encoded is not None and given:
        raise StalenessError(
            f"--encoded is used as it is: give {_as_options(given)} to 'staleness encode'"
        )
    return options.encoded


def _refuse_other_encoding(options):
    """Raise an error if a registered corpus should be encoded otherwise than it is for others."""
    others = given_encoder_options(options).keys() - {"examples"}
    if others:
        raise StalenessError(
            f"{_as_options(others)} with a registered corpus: give it to 'staleness encode --out "
            "DIR' and use '--encoded DIR'"
        )


def _as_options(names):
    return " ".join(f"--{name.replace('_', '-')}" for name in sorted(names))


def ensure_default(options, task, corpus=None, **own):
    """Return the `Encoded` of a corpus, a task's default one unless told otherwise."""
    return ensure(
        encoder(task).corpus if corpus is None else corpus,
        data=options.data,
        mirror=options.mirror,
        options=given_encoder_options(options),
        **own,
    )


def describe(configuration, summary):
    """Return a run's figures as a few lines for people."""
    unit = TASKS[configuration.task].work_unit
    clock, costs = configuration.clock, summary["cost_model"]["description"]
    if clock != "simulated" and costs:
        clock += f", pauses counted in mini-batches by {costs}"
    if clock == "simulated":
        clock += f", {costs}"
        if "engine" in summary:
            clock += "; job start-up {job_startup}".format(**summary["engine"])
    elif "engine" in summary:
        clock += ", {workers} workers of {name} at {address}".format(**summary["engine"])
    metrics = ", ".join(f"{name} {value:.5g}" for name, value in summary["metrics"].items())
    speed = summary[f"{unit}_per_second"] or float("nan")
    stopped = [f"stopped: {summary['stopped']}"] if summary["stopped"] else []
    return "\n".join(
        [
            f"{configuration.task}: {configuration.schedule}, P = {configuration.processors}, "
            f"m = {configuration.mini_batch_size or 'all'}, seed {configuration.seed}",
            f"clock: {clock}",
            f"time: {summary['seconds']:.4g} s, {speed:,.0f} {unit} a second, "
            f"{summary['updates']:,} updates, mean staleness {summary['mean_staleness']:.2f}",
            *stopped,
            f"metrics: {metrics}",
            f"theta: {summary['theta_sha256']}",
            f"curve: {summary['curve_sha256']}",
        ]
    )
