"""Where a config comes from: files laid over one another, and what none of them says.

A config whose `base` names a file is laid over that one; a config without figures over the default
one. A base has no base itself. Dicts are put together key by key, anything else is replaced.
"""

import json
import os
from pathlib import Path

import yaml
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from staleness.algorithms.errors import StalenessError

DEFAULT = "config/config.yaml"
HEAD = "\n# Beside the files: given on the command line or by a profile.\n"


def base_of(config, folder):
    """Return the file that a config is to be laid over, None if it stands by itself.

    Parameters
    ----------
    config : dict
    folder : path-like
        Of the Snakefile, which `base` is seen from.

    Raises
    ------
    StalenessError
        If there is no such file.
    """
    base = config.get("base", None if "figures" in config else DEFAULT)
    if not isinstance(base, str):
        return None  # or nothing that a config may hold
    path = Path(folder) / base
    if not path.is_file():
        raise StalenessError(f"config: base is {base}, and {path} is no file: name one that is")
    return os.path.relpath(path)


def layered(path, folder):
    """Return the config of a file, laid over its base; see `base_of`."""
    config = load_configfile(path)
    base = base_of(config, folder)
    below = load_configfile(base) if base else {}
    update_config(below, config)
    return below


def lowest_first(files, base):
    """Return the files of a config in the order in which they are laid over one another.

    Parameters
    ----------
    files : list of str
        As Snakemake has them: in the order in which they were read, the base last.
    base : str or None
    """
    return [base, *files[:-1]] if base else list(files)


def added(config, files):
    """Return what no file says, given by `--config` or a profile, as YAML; "" if there is nothing.

    Parameters
    ----------
    config : dict
    files : list of str
        The lowest first.
    """
    read = {}
    for path in files:
        update_config(read, load_configfile(path))
    more = {key: value for key, value in config.items() if key not in read or read[key] != value}
    # Through JSON: Snakemake's dicts may be of a class that YAML has no word for.
    return HEAD + yaml.safe_dump(json.loads(json.dumps(more)), sort_keys=False) if more else ""
