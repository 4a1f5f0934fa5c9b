"""The PDF report: runs, figures and the registry into data.json, and that into Typst.

`content.py` hands over numbers and names, `report.typ` says how they are set, and the templates
beside it have the sentences. Strings reach Typst as JSON, so that no corpus name can be taken for
markup.
"""

import hashlib
import json
import re
import tempfile
from pathlib import Path

import typst

from staleness.algorithms.components import choose
from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError, said
from staleness.algorithms.plain_json import read_json
from staleness.workflow.analysis import runs, targets
from staleness.workflow.claims import judge
from staleness.workflow.figures import FORMAT
from staleness.workflow.report import jobs, peers
from staleness.workflow.report.content import content
from staleness.workflow.report.introduction import place
from staleness.workflow.store.files import naming, whole_file

TEMPLATE = Path(__file__).with_name("report.typ")
SURROGATE = re.compile("[\ud800-\udfff]")
TIMESTAMP = 0  # seconds since 1970: the same runs give the same bytes


def build(
    out, folders, figures=(), configs=(), claims=None, metadata=None, compared=None, fixed=()
):
    """Write the report.

    Parameters
    ----------
    out : path-like
        The PDF, written whole or not at all.
    folders : iterable of path-like
        Run folders.
    figures : iterable of path-like, optional
        What `staleness figure` wrote: NAME.json, with NAME.svg beside it.
    configs : iterable of path-like, optional
        Configuration files to print at the end.
    claims : path-like, optional
        What `staleness claims` wrote.
    fixed : iterable, optional
        Of `targets.read`.
    metadata : path-like, optional
        Snakemake's records of the jobs that it has run, a folder; nothing is said of their time if
        it is not there.
    compared : path-like, optional
        What `benchmarks.compare` left: table.json.

    Raises
    ------
    StalenessError
        If an input is not what it should be, or Typst has anything to complain of.
    """
    cells = runs.load(folders, targets.read(fixed))
    if not cells:
        raise StalenessError("no runs: give at least one folder that 'staleness run --out' wrote")
    drawn = sorted(
        (read_figure(path, cells) for path in figures), key=lambda figure: place(figure[0])
    )
    images = {f"figure-{i}.svg": image for i, (_, image) in enumerate(drawn)}
    abouts = [about for about, _ in drawn]
    shown = [as_shown(about, name) for about, name in zip(abouts, images, strict=True)]
    judged = [] if claims is None else read_claims(claims, cells)
    made = [*figures, *configs, *([] if claims is None else [claims])]
    data = content(
        cells,
        shown,
        [read_config(path) for path in configs],
        learning(cells, abouts, judged),
        judged,
        [] if metadata is None else jobs.read(metadata, cells, made),
        None if compared is None else peers.read(compared),
    )
    pdf = typeset(data, images)
    with whole_file(out) as part:
        part.write_bytes(pdf)


def as_shown(about, image):
    """Return a figure as `content` takes it.

    Parameters
    ----------
    about : dict
        What NAME.json holds.
    image : str
        The name of the SVG among the files of the report.
    """
    kept = {name: about[name] for name in ("name", "title", "caption", "shared")}
    tasks = dict.fromkeys(one["task"] for one in about["shared"])
    return {**kept, "tasks": list(tasks), "image": image}


def learning(cells, figures, claims=()):
    """Return the cells whose metric and time to target the report has to tell.

    Those that nothing shows are among them, and not those that are shown only by claims, or by
    figures that are about something else: these say themselves what is to be said of them.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    figures : list of dict
        What NAME.json of the figures holds.
    claims : list of dict, optional
        As in claims.json.
    """
    about_metric, other = set(), set()
    for claim in claims:
        other.update(claim["curves"])
    for about in figures:
        (about_metric if "metric" in about["table"] else other).update(about["curves"])
    found = []
    for cell in cells:
        curves = {about[runs.DIGEST] for about in cell.abouts}
        if curves & about_metric or not curves <= other:
            found.append(cell)
    return found


def typeset(data, images):
    """Return the report as the bytes of a PDF.

    Parameters
    ----------
    data : dict
        What `content` returned.
    images : dict of str to bytes
        The files that it names.

    Raises
    ------
    StalenessError
        If Typst fails or warns.
    """
    with tempfile.TemporaryDirectory(prefix="staleness-report-") as folder, naming(folder):
        root = Path(folder)
        lay_out(root, data, images)
        try:
            pdf, warnings = typst.compile_with_warnings(
                str(root / TEMPLATE.name),
                root=str(root),
                ignore_system_fonts=True,
                timestamp=TIMESTAMP,
            )
        except typst.TypstError as error:
            raise StalenessError(f"the report cannot be set: {said(error)}") from error
    if warnings:
        raise StalenessError(f"the report cannot be set without warning: {said(warnings[0])}")
    return pdf


def lay_out(root, data, images):
    """Write all that Typst reads, as in `typeset`, into a folder."""
    for template in TEMPLATE.parent.glob("*.typ"):
        (root / template.name).write_bytes(template.read_bytes())
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    # Names of files that are not UTF-8 have these, which neither UTF-8 nor Typst knows.
    text = SURROGATE.sub(lambda found: rf"\\u{ord(found[0]):x}", text)
    (root / "data.json").write_text(text, encoding="utf-8")
    for name, image in images.items():
        (root / name).write_bytes(image)


def read_figure(path, cells):
    """Read what `staleness figure` wrote.

    Parameters
    ----------
    path : path-like
        NAME.json.
    cells : list of staleness.workflow.analysis.runs.Cell
        The runs of the report; the figure must come from some of them.

    Returns
    -------
    about : dict
    image : bytes
        The SVG.

    Raises
    ------
    StalenessError
        If it is no figure, or one of other runs.
    """
    path = Path(path)
    try:
        about = read_json(path)
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']}, not {FORMAT}")
        for name in ("name", "title", "caption", "image"):
            if not isinstance(about[name], str):
                raise TypeError(f"'{name}' is no text")
        curves = set(about["curves"])
        if not isinstance(about["table"], dict):
            raise TypeError("'table' is no object")
        for one in about["shared"]:
            choose("task", one["task"], TASKS)
        image = (path.parent / about["image"]).read_bytes()
    except (OSError, ValueError, KeyError, TypeError, StalenessError) as error:
        raise StalenessError(
            f"{path}: not a figure ({error}): make it with 'staleness figure'"
        ) from error
    if not curves <= {about[runs.DIGEST] for cell in cells for about in cell.abouts}:
        raise StalenessError(
            f"{path}: drawn from other runs than the report's: draw it anew with 'staleness figure'"
        )
    return about, image


def read_claims(path, cells):
    """Return the claims that `staleness claims` judged by some runs of the report.

    Raises
    ------
    StalenessError
        If it holds no claims, or they were judged by other runs.
    """
    judged = judge.read(path)
    known = {about[runs.DIGEST] for cell in cells for about in cell.abouts}
    if not all(known.issuperset(claim["curves"]) for claim in judged):
        raise StalenessError(
            f"{path}: judged by other runs than the report's: make it anew with 'staleness claims'"
        )
    return judged


def read_config(path):
    """Return a configuration file as the template takes it."""
    path = Path(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StalenessError(f"{path}: not a readable text file: {error}") from error
    sha256 = hashlib.sha256(raw).hexdigest()
    return {"name": path.name, "sha256": sha256, "text": text.rstrip("\n")}
