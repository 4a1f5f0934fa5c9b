"""Odd values for every option of every subcommand, as argparse knows them."""

import argparse
from pathlib import Path

from staleness.workflow import cli

from .child import call
from .trial import ONE_LINE, OTHERWISE, Outcome
from .whole import half_written

MOST = 3  # options broken at once
INTEGERS = [
    *("0", "1", "2", "3", "-1", "-0", "7", "128", "129", "1000", "65536", "2147483647"),
    *("2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808"),
    *("99999999999999999999", "1" * 5000, "1e3", "0x10", "1_0", " 4", "\uff14", "1.0", "nan", ""),
]
NUMBERS = [
    *("0", "-0.0", "1", "0.5", "0.51", "1e-3", "-1", "1e-320", "1e-45", "1e38", "1e39", "1e308"),
    *("1e309", "nan", "inf", "-inf", "1,5", "0x1p3", "", "x", "1_0.0", "٣"),
]
TEXTS = [
    *("", " ", "x", "-", "--", "../..", "/", ".", "..", "é", "\udce9", "a\nb", "\x1b[31m", "%s%n"),
    *("{0}", "$HOME", "*", "a" * 300, "None", "null", "5s", "8x", "-1s", "infs", "nanx", "1e999x"),
    *("local", "LOCAL", "tcp://127.0.0.1", "tcp://127.0.0.1:1", "tls://127.0.0.1:8786"),
    *("ftp://x:1", "foo", "measured", "20s", "conll2003-en", "synthetic-tagging", "single"),
]
# Enough for ever: whoever asks for it may have to press Ctrl-C.
FOR_EVER = 1000
UNHURRIED = ("calibrate", "validate")
SECONDS = {"for ever": 3, "unhurried": 60, "usual": 20}


class Options:
    """Command lines that are right but for some options.

    Parameters
    ----------
    material : Material
        What they work on.
    """

    def __init__(self, material):
        self.material = material
        (subcommands,) = (
            action
            for action in cli.parser()._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        self.parsers = subcommands.choices

    def trial(self, choose, folder):
        """Return the `Outcome` of one."""
        name = choose.choice([*self.parsers, "run", "run", "run", "encode"])
        positional, options = self._right(choose, name, folder / "out")
        actions = [
            action
            for action in self.parsers[name]._actions
            if not isinstance(action, argparse._HelpAction)
        ]
        broken = choose.sample(actions, k=min(len(actions), choose.randint(1, MOST)))
        for action in broken:
            if action.option_strings:
                options.pop(action.option_strings[0], None)
                options[choose.choice(action.option_strings)] = self._odd(choose, action, folder)
            else:
                positional = self._odd(choose, action, folder)
        # A value that begins with a dash is one only behind "=".
        given = [
            f"{option}={values[0]}"
            if len(values) == 1 and values[0][:1] == "-"
            else [option, *values]
            for option, values in options.items()
        ]
        flat = [part for each in given for part in ([each] if isinstance(each, str) else each)]
        arguments = [name, *positional, *flat]
        return self._judged(arguments, folder)

    def _judged(self, arguments, folder):
        what = f"[staleness {' '.join(map(ascii, arguments))}]"
        hurry = "unhurried" if arguments[0] in UNHURRIED else "usual"
        if any(_is_for_ever(part) for part in arguments):
            hurry = "for ever"
        (folder / "out").mkdir()
        ended = call(arguments, folder, SECONDS[hurry])
        end, said = ended.verdict()
        if ended.late and hurry != "usual" and ended.status == 130:
            end, said = ONE_LINE, ended.errors
        left = half_written(folder / "out") if end != OTHERWISE else ""
        if left:
            end, said = OTHERWISE, f"{left} ({said[-100:]!r})"
        return Outcome(end, what, said)

    def _right(self, choose, name, out):
        """Return the arguments of a subcommand that work: those without a name, and options."""
        material = self.material
        task = choose.choice(sorted(material.encoded))
        encoded = {"--encoded": [str(material.encoded[task])]}
        runs = [str(path) for path in material.runs["ner"]]
        place = {"--data": [str(out / "data")], "--mirror": [str(material.mirror)]}
        made = {"--out": [str(out / "made")]}
        schedule = choose.choice(["single", "synchronous", "asynchronous", "replicated"])
        return {
            "calibrate": lambda: ([task], encoded | made),
            "claims": lambda: (runs, made),
            "corpora": lambda: ([], {}),
            "doctor": lambda: ([], {}),
            "encode": lambda: (["synthetic-tagging"], place | made | {"--examples": ["20"]}),
            "fetch": lambda: (["conll2003-en"], place),
            "figure": lambda: (["ner-convergence", *runs], made),
            "report": lambda: (runs, made),
            "run": lambda: ([task], encoded | made | {"--schedule": [schedule]}),
            "validate": lambda: (
                [task],
                encoded | made | {"--rounds": ["1"], "--epochs": ["1"], "--mini-batches": ["4"]},
            ),
            "verify": lambda: (runs, {"--reference": [str(material.reference)]}),
        }.get(name, lambda: ([], {}))()

    def _odd(self, choose, action, folder):
        """Return values for an option, a list of str."""
        if action.nargs == 0:
            return []
        most = 1 if action.nargs in {None, "?"} else 3
        return [self._value(choose, action, folder) for _ in range(choose.randint(1, most))]

    def _value(self, choose, action, folder):
        if choose.random() < 0.1:
            return choose.choice(TEXTS)
        if action.choices:
            return choose.choice([*map(str, action.choices), "", "x", "SINGLE"])
        if action.type is int:
            return choose.choice(INTEGERS)
        if action.type is float:
            return choose.choice(NUMBERS)
        return choose.choice(_paths(folder) if action.type is Path else TEXTS)


def _paths(folder):
    """Return paths at which there is nothing to read or to write, or something else."""
    (folder / "file").write_text("x\n")
    (folder / "full" / "of").mkdir(parents=True, exist_ok=True)
    (folder / "full" / "of" / "things").write_text("x\n")
    if not (folder / "loop").is_symlink():
        (folder / "loop").symlink_to("loop")
        (folder / "nowhere").symlink_to("not/there")
    names = ("not-there", "not/there", "file", "file/below", "full", "full/of", "loop", "nowhere")
    return [
        *(str(folder / name) for name in names),
        *("", ".", "..", "/", "/dev/null", "/dev/full", "/proc/self/mem", "a" * 300),
        *(str(folder / "odd\nname"), str(folder / "odd\udce9"), str(folder / "-")),
    ]


def _is_for_ever(text):
    try:
        return float(text.rpartition("=")[2].rstrip("sx")) > FOR_EVER
    except ValueError:
        return False
