"""What a config says that none of its files does: it came by `--config`, or from a profile."""

import json

import yaml
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

HEAD = "\n# Beside the files: given on the command line or by a profile.\n"


def added(config, files):
    """Return it as YAML, "" if there is nothing.

    Parameters
    ----------
    config : dict
    files : list of str
        Those it was read from; what a later one says takes the place of what an earlier one does.
    """
    read = {}
    for path in files:
        update_config(read, load_configfile(path))
    more = {key: value for key, value in config.items() if key not in read or read[key] != value}
    # Through JSON: Snakemake's dicts may be of a class that YAML has no word for.
    return HEAD + yaml.safe_dump(json.loads(json.dumps(more)), sort_keys=False) if more else ""
