"""Whether a config is what the schema allows; if not, one line that says where and what to do.

YAML has its own idea of what a word is: `no` is false, `1e-3` a text. So the line is found in the
file where there is one, with the word that stands there.
"""

import functools
import json
import sys
from datetime import date
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from staleness.algorithms.errors import StalenessError

TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
    "null": "null",
}
# To JSON Schema 4.0 is an integer; a command line takes it for none.
TYPE_CHECKER = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: is_int(value))
Validator = extend(Draft202012Validator, type_checker=TYPE_CHECKER)


def is_int(value):
    """Return whether a value is a whole number as YAML reads one."""
    return isinstance(value, int) and not isinstance(value, bool)


def check(config, schema, files=()):
    """Check a config.

    Parameters
    ----------
    config : dict
    schema : path-like
        A JSON schema in YAML, which calls what it expects by its `title`.
    files : iterable of path-like, optional
        Those that the config was put together from, the last one above the others.

    Raises
    ------
    StalenessError
        If the schema does not allow it, on the first thing that is wrong.
    """
    schema = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    for way, key in keys(config):
        if not isinstance(key, str):
            where, _ = find(way, files, {})
            raise StalenessError(
                f"{where}: {named(way)} has a key that YAML reads as {_short(key)}, not as text: "
                "put it in quotes"
            )
    errors = list(Validator(schema).iter_errors(config))
    if errors:
        error = innermost(min(errors, key=lambda error: list(map(str, error.absolute_path))))
        of_key = "propertyNames" in error.absolute_schema_path
        where, word = find(error.absolute_path, files, {} if of_key else error.instance)
        raise StalenessError(f"{where}: {complaint(error, schema, word)}")


def ending(function):
    """Return a function that ends the program with one line where it would raise StalenessError.

    Snakemake tells an error that is raised in lines of its own.
    """

    @functools.wraps(function)
    def end(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        except StalenessError as error:
            sys.exit(str(error))

    return end


def keys(value, way=()):
    """Yield the keys of nested dicts and lists, each with the way to what it is a key of."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield way, key
            yield from keys(inner, (*way, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from keys(inner, (*way, place))


def innermost(error):
    """Return what is wrong inside of what may be one thing or another, if it is clear which."""
    deeper = [one for one in error.context or () if one.absolute_path != error.absolute_path]
    return innermost(max(deeper, key=lambda one: len(one.absolute_path))) if deeper else error


def complaint(error, schema, word):
    """Return what is wrong, what is expected and what to do.

    Parameters
    ----------
    error : jsonschema.ValidationError
    schema : dict
        The whole.
    word : yaml.ScalarNode or None
        What stands in the file.
    """
    name, rule = named(error.absolute_path), error.validator_value
    if error.validator == "additionalProperties" and rule is False:
        known = error.schema.get("properties", {})
        unknown = next(key for key in error.instance if key not in known)
        expected = f"choose from {', '.join(known)}" if known else "letters, digits, dots, dashes"
        return f"{name} has an unknown key '{unknown}': {expected}"
    if "propertyNames" in error.absolute_schema_path:
        return f"{name} has a key '{error.instance}', expected {phrase(error.schema, schema)}"
    if error.validator == "required":
        missing = next(key for key in rule if key not in error.instance)
        return f"{name} has no '{missing}': add it"
    fits = Validator({**error.schema, "$defs": schema["$defs"]}).is_valid
    read, remedy = as_read(error.instance, word, fits)
    return f"{name} is {read}, expected {phrase(error.schema, schema)}{remedy}"


def phrase(part, schema):
    """Return what a part of a schema expects, in words."""
    if "$ref" in part and "title" not in part:
        return phrase(schema["$defs"][part["$ref"].removeprefix("#/$defs/")], schema)
    several = part.get("anyOf") or part.get("oneOf")
    if "title" in part:
        text = part["title"]
    elif several:
        text = ", or ".join(dict.fromkeys(phrase(one, schema) for one in several))
    elif "required" in part and "type" not in part:
        text = " and ".join(f"'{name}'" for name in part["required"])
    elif "const" in part or "enum" in part:
        text = " or ".join(part.get("enum") or [part["const"]])
    elif "items" in part:
        text = f"a list, each {phrase(part['items'], schema)}"
        text += ", none twice" if "uniqueItems" in part else ""
    else:
        kinds = part.get("type", "object")
        text = " or ".join(TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
        bounds = {"at least": part.get("minimum"), "at most": part.get("maximum")}
        bounds = [f"{how} {bound}" for how, bound in bounds.items() if bound is not None]
        text += f" of {' and '.join(bounds)}" if bounds else ""
    first, found, rest = text.partition(", or a list, each ")
    return f"{first}, or a list of such{rest.removeprefix(first)}" if found else text


def as_read(value, word, fits):
    """Return a value as it stands in the file, with what YAML makes of it, and a remedy.

    Parameters
    ----------
    value : object
    word : yaml.ScalarNode or None
    fits : callable
        Whether another value would do.
    """
    if value is None or value == []:
        return "empty", ""
    number = _number(value) if isinstance(value, str) else None
    if number is not None and fits(yaml.safe_load(number)):
        if word is None or word.style:
            return f"{_short(value)}, a text", ": leave out the quotes"
        return f"{value}, which YAML reads as text", f": write {number}"
    if word is None or word.style or isinstance(value, str):
        return _short(value), ""
    meant = fits(word.value)
    told = meant or (isinstance(value, bool) and word.value not in {"true", "false"})
    read = f"{word.value}, which YAML reads as {_kind(value)}" if told else word.value
    return read, ": put it in quotes" if meant else ""


def find(way, files, value):
    """Return where a value stands, and its node if it is a word.

    Parameters
    ----------
    way : sequence of str and int
        The keys and places that lead to it.
    files : iterable of path-like
    value : object
        What it is; a file that has another word there is not the one.
    """
    for path in reversed(list(map(Path, files))):
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, ValueError, yaml.YAMLError):
            continue
        node = _follow(node, way)
        if node is None:
            continue
        word = node if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, dict | list) if word is None else _value(word) == value:
            return f"{path}, line {node.start_mark.line + 1}", word
    return "config", None


def _follow(node, way):
    """Return the node at the end of a way of keys and places, None if there is none."""
    for step in way:
        if isinstance(node, yaml.MappingNode):
            node = _member(node, step)
        elif isinstance(node, yaml.SequenceNode) and step < len(node.value):
            node = node.value[step]
        else:
            return None
    return node


def _member(node, name):
    """Return the value of a key, also of one that is merged in by `<<`."""
    merged = []
    # Of two that are the same the last counts.
    for key, value in reversed(node.value):
        if key.tag.endswith(":merge"):
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif _value(key) == name:
            return value
    found = (_member(one, name) for one in merged if isinstance(one, yaml.MappingNode))
    return next(filter(None, found), None)


def _value(node):
    """Return what YAML makes of a word."""
    return yaml.SafeLoader("").construct_object(node)


def named(way):
    """Return a way of keys and places, as in figures.ideal.cells[0]."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)
    return text.removeprefix(".") or "the config"


def _kind(value):
    if isinstance(value, bool):
        return str(value).lower()
    return "a date" if isinstance(value, date) else "a number"


def _number(value):
    """Return a text as a number that YAML reads as one, None if it is none."""
    try:
        text = repr(float(value))
    except (TypeError, ValueError):
        return None
    mantissa, exponent, power = text.partition("e")
    return text if "." in mantissa or not exponent else f"{mantissa}.0e{power}"


def _short(value):
    """Return a value for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
