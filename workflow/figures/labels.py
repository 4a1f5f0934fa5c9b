"""Labels beside the curves they name, where there is room for them.

For every label a few hundred places along its curve are tried. One is allowed if the text lies
inside the axes and on no curve, band or other label, and if the leader from the text to the curve
crosses none; of those the one is taken that is close to its own curve and far from the others. If a
label has no place, a legend takes the place of all.

Places are in points (1/72 inch) from the corner of the figure; what is taken is kept as maps with a
cell a point.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from staleness.workflow.figures import mpl
from staleness.workflow.figures.style import INK, QUIET

ANCHORS = 60
DISTANCES = (7, 12, 18, 26, 36, 48)  # points, from the curve to the text
DIRECTIONS = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
PADDING = 3  # points around a text
LEADER_FROM = 9  # points; a label closer than that needs no leader
CLEARANCE = 2  # points between a leader and what it must not cross
ENOUGH = 40  # points: being farther from other curves than that is no better
BAND_LINES = 5  # curves that stand for a band: its edges and some between
NOTHING = np.empty((0, 2))


@dataclass(frozen=True)
class Label:
    """A text, and the curve it names.

    Attributes
    ----------
    text : str
    line : matplotlib.lines.Line2D
    points : ndarray [points, 2]
        The curve in data coordinates.
    band : tuple of two ndarray [points], optional
        The lower and the upper edge of what is filled around it.
    leader : bool
        Whether the text may stand away from the curve, with a line to it.
    part : tuple of two float
        Which part of the curve it may stand by, as shares of the length that is seen.
    """

    text: str
    line: object
    points: np.ndarray
    band: tuple | None = None
    leader: bool = True
    part: tuple = (0.0, 1.0)


def place(axes, labels):
    """Write every label beside its curve, or all of them into a legend.

    The limits of the axes must be final.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    labels : list of Label
        In the order in which they may choose, and in which a legend has them.

    Returns
    -------
    bool
        Whether all found their place.
    """
    figure = axes.figure
    figure.draw_without_rendering()  # the layout is settled only then
    scale = 72 / figure.dpi
    frame = mpl.transforms.Bbox(axes.get_window_extent().get_points() * scale)
    curves = [_dense(axes, label.points, scale, frame) for label in labels]
    bands = np.concatenate([NOTHING, *(_filled(axes, label, scale, frame) for label in labels)])
    written, boxes, leaders = [], [], []
    for index, label in enumerate(labels):
        text = axes.annotate(label.text, xy=(0, 0), annotation_clip=False)
        extent = text.get_window_extent(figure.canvas.get_renderer())
        text.remove()
        others = np.concatenate([NOTHING, *curves[:index], *curves[index + 1 :], *leaders])
        found = _best(
            label,
            half=np.array([extent.width, extent.height]) * scale / 2,
            own=curves[index],
            others=_rounded(others),
            filled=Map(frame, np.concatenate([curves[index], others, bands])),
            boxes=boxes,
        )
        if found is None:
            for artist in written:
                artist.remove()
            lines, texts = [label.line for label in labels], [label.text for label in labels]
            axes.legend(lines, texts, loc="best")
            return False
        centre, box, leader = found
        boxes.append(box)
        leaders.append(leader)
        written += _write(axes, label.text, centre, leader)
    return True


class Map:
    """Which points of a frame are taken.

    Parameters
    ----------
    frame : matplotlib.transforms.Bbox
    points : ndarray [points, 2]
        The taken ones; those outside the frame do not count.
    """

    def __init__(self, frame, points):
        self.frame = frame
        self.corner = np.floor(frame.min)
        shape = np.ceil(frame.max - self.corner).astype(int) + 1
        taken = np.zeros(shape, dtype=np.int64)
        cells = np.round(points - self.corner).astype(int)
        cells = cells[((cells >= 0) & (cells < shape)).all(axis=1)]
        taken[cells[:, 0], cells[:, 1]] = 1
        # sums[i, j] counts what is taken in the first i columns and j rows.
        self.sums = np.pad(taken.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def free(self, box):
        """Return whether a box within the frame holds no taken point."""
        (x0, y0), (x1, y1) = np.round(box.get_points() - self.corner).astype(int)
        x1, y1 = np.minimum([x1 + 1, y1 + 1], np.array(self.sums.shape) - 1)
        sums = self.sums
        return sums[x1, y1] - sums[x0, y1] - sums[x1, y0] + sums[x0, y0] == 0


def _best(label, half, own, others, filled, boxes):
    """Return centre, box and leader (as points) of the best place of a label, or None.

    Parameters
    ----------
    label : Label
    half : ndarray [2]
        Half of the text's width and height.
    own, others : ndarray [points, 2]
        The label's curve, and other curves and leaders.
    filled : Map
        Of all curves, bands and leaders.
    boxes : list of Bbox
        Of the labels that have their place.
    """
    shares = np.linspace(*label.part, ANCHORS) * (len(own) - 1)
    places = []
    for anchor in own[np.unique(shares.round().astype(int))]:
        lonely = np.hypot(*(others - anchor).T).min() if len(others) else ENOUGH
        for distance in DISTANCES if label.leader else DISTANCES[:1]:
            cost = distance - min(lonely, ENOUGH)
            places += [(cost, distance, anchor, direction) for direction in DIRECTIONS]
    frame = filled.frame
    for _, distance, anchor, direction in sorted(places, key=lambda candidate: candidate[0]):
        unit = np.array(direction) / np.hypot(*direction)
        centre = anchor + unit * distance + np.array(direction) * half
        box = mpl.transforms.Bbox([centre - half - PADDING, centre + half + PADDING])
        if (box.min < frame.min).any() or (box.max > frame.max).any() or not filled.free(box):
            continue
        if any(box.overlaps(other) for other in boxes):
            continue
        if distance <= LEADER_FROM:
            return centre, box, NOTHING
        leader = _segment(np.clip(anchor, box.min + PADDING, box.max - PADDING), anchor)
        if not _crosses(leader, others, boxes):
            return centre, box, leader
    return None


def _write(axes, text, centre, leader):
    """Write a text and its leader, and return both."""
    corner = {"xycoords": "figure points", "annotation_clip": False}
    written = [axes.annotate(text, xy=centre, ha="center", va="center", color=INK, **corner)]
    if len(leader):
        start, anchor = leader[0], leader[-1]
        look = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        written.append(
            axes.annotate(
                "", xy=anchor, xytext=start, textcoords="figure points", arrowprops=look, **corner
            )
        )
    return written


def _dense(axes, points, scale, frame):
    """Return a curve as points at most one apart, cut off at the frame."""
    places = axes.transData.transform(points) * scale
    dense = np.concatenate([*(_segment(a, b) for a, b in pairwise(places)), places[-1:]])
    inside = (dense >= frame.min - 1).all(axis=1) & (dense <= frame.max + 1).all(axis=1)
    return dense[inside] if inside.any() else dense[-1:]


def _filled(axes, label, scale, frame):
    """Return points that cover a label's band."""
    if label.band is None:
        return NOTHING
    low, high = label.band
    edges = [low + share * (high - low) for share in np.linspace(0, 1, BAND_LINES)]
    time = label.points[:, 0]
    return np.concatenate(
        [_dense(axes, np.column_stack([time, edge]), scale, frame) for edge in edges]
    )


def _segment(start, end):
    """Return points at most one apart, from start to before end."""
    count = int(np.ceil(np.hypot(*(end - start)))) or 1
    return start + (end - start) * (np.arange(count) / count)[:, None]


def _rounded(points):
    """Return points to the nearest whole point, each once."""
    return np.unique(np.round(points), axis=0)


def _crosses(leader, others, boxes):
    """Return whether a leader comes close to other curves, or runs through a text."""
    low, high = leader.min(axis=0) - CLEARANCE, leader.max(axis=0) + CLEARANCE
    near = others[((others >= low) & (others <= high)).all(axis=1)]
    gaps = np.abs(leader[:, None, :] - near[None, :, :]).max(axis=2)
    if (gaps < CLEARANCE).any():
        return True
    return any(((leader > box.min) & (leader < box.max)).all(axis=1).any() for box in boxes)
