"""Labels that stand beside what they name and do not run into each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from helpers.figures.style import INK, MUTED, readable
from helpers.figures.text import HALO, clean_text, extent

Boxes = npt.NDArray[np.float64]


def spread(
    positions: Sequence[float], gaps: float | Sequence[float], low: float = -np.inf, high: float = np.inf
) -> list[float]:
    """Return `positions` moved as little as possible so that neighbours stand at least a gap apart, within low..high.

    `gaps` is one gap, or the room each label takes (neighbours then keep half the sum of theirs). Least squares under
    an order is isotonic regression (Barlow and Brunk 1972, J. Am. Stat. Assoc. 67:140); where the room does not
    suffice, the gaps shrink in proportion.
    """
    if not len(positions):
        return []
    order = np.argsort(np.asarray(positions, float), kind="stable")
    sizes = np.broadcast_to(np.asarray(gaps, float), len(positions))[order]
    offsets = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    room = high - low
    if np.isfinite(room) and offsets[-1] > room:
        offsets *= room / offsets[-1]
    fitted = isotonic_regression(np.asarray(positions, float)[order] - offsets).x
    moved = np.clip(fitted, low, high - offsets[-1]) + offsets
    result = np.empty(len(positions))
    result[order] = moved
    return [float(value) for value in result]


def end_labels(axes: Axes, labels: Iterable[tuple[float, str, str]], *, size: float | None = None) -> None:
    """Write labels at the right edge of `axes`: each (y in data units, text, colour), moved apart where they crowd.

    A thin line joins a label that had to move with its place. Call it when the y limits are final.
    """
    entries = [(float(y), clean_text(text), colour) for y, text, colour in labels if np.isfinite(y)]
    size = size or plt.rcParams["font.size"]
    low, high = axes.get_ylim()
    per_unit = (axes.get_window_extent().height or 1.0) / abs(high - low)
    wanted = [(y - min(low, high)) * per_unit for y, _, _ in entries]
    room = [size * 1.25 * (text.count("\n") + 1) for _, text, _ in entries]
    for (y, text, colour), place, want in zip(entries, spread(wanted, room), wanted, strict=True):
        moved = abs(place - want) >= 1
        line = {"arrowstyle": "-", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 1, "color": colour} if moved else None
        axes.annotate(
            text, (1, y), xycoords=axes.get_yaxis_transform(), xytext=(12.0 if moved else 4.0, place - want),
            textcoords="offset points", va="center", ha="left", color=readable(colour), fontsize=size, arrowprops=line,
        )  # fmt: skip


def colour_key(axes: Axes, entries: Iterable[tuple[str, ...]], *, size: float | None = None, lift: float = 4.0) -> None:
    """Write a key above `axes`, left to right, wrapping: for each of `entries` a mark of its colour with its words.

    An entry is text, colour and, where it is no square, the mark. `lift` is the distance above the axes in points;
    leave more where the ceasefire's name stands there.
    """
    size = size or plt.rcParams["font.size"]
    width = axes.figure.bbox.width * 0.86
    rows: list[list[tuple[float, str, str, str]]] = [[]]
    x = 0.0
    for text, colour, *other in entries:
        shown = clean_text(text)
        taken = extent(shown, size)[0] * 72 + size * 2.2
        if x and x + taken > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, shown, colour, *(other or "■")))
        x += taken
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom", "ha": "left"}
    for number, row in enumerate(reversed(rows)):
        y = lift + number * size * 1.45
        for start, shown, colour, mark in row:
            axes.annotate(mark, (0, 1), xytext=(start, y), color=colour, fontsize=size, **place)
            axes.annotate(shown, (0, 1), xytext=(start + size * 1.05, y), color=INK, fontsize=size, **place)


#: Where a label may stand about its point, and how far off in points: the eight places of cartographers (Imhof 1975,
#: Am. Cartographer 2:128; right, left, above and below first), then the same farther out.
_WAYS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (0.75, 0.75), (0.75, -0.75), (-0.75, 0.75), (-0.75, -0.75)])
_REACHES = (2.0, 9.0, 18.0, 30.0, 44.0)
_REACH, _WAY = np.repeat(_REACHES, len(_WAYS)), np.tile(_WAYS, (len(_REACHES), 1))


def around(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    radii: Sequence[float],
    *,
    avoid: Sequence[Bbox] = (),
    size: float,
) -> list[Bbox]:
    """Label `points` (data units) of `axes`, marks of these `radii`, where labels hide neither marks nor each other.

    Labels are placed in the order given, so the important first; one that stands off is joined to its point by a line,
    and none stands nearer to another mark than to its own if that can be helped. A label that finds no free place is
    drawn where it covers least. Returns the boxes in points; `avoid` holds boxes to keep free.
    """
    frame = axes.get_window_extent().padded(-4)
    pixels = axes.transData.transform(np.asarray(points, float).reshape(-1, 2))
    wide = np.asarray(radii, float).reshape(-1, 1)
    taken = np.vstack([np.hstack([pixels - wide, pixels + wide]), *(box.extents for box in avoid)])
    placed = []
    for place, (centre, text, radius) in enumerate(zip(pixels, map(clean_text, texts), radii, strict=True)):
        size_in = np.array(extent(text, size)) * 72
        middle = centre + _WAY * (radius + _REACH)[:, None] + np.sign(_WAY) * size_in / 2
        boxes = np.hstack([middle - size_in / 2, middle + size_in / 2])
        off = np.maximum(boxes[:, None, :2] - pixels, pixels - boxes[:, None, 2:]).clip(0)
        gaps = np.hypot(off[..., 0], off[..., 1]) - wide[:, 0]
        cost = _REACH * 4 + 3 * _shared(boxes, taken).sum(axis=1) + 200 * (gaps < gaps[:, [place]] - 1e-6).any(axis=1)
        near, others = np.clip(centre, boxes[:, :2], boxes[:, 2:]), np.delete(taken, place, axis=0)
        along = (centre + np.linspace(0.4, 0.9, 6)[:, None, None] * (near - centre))[:, :, None]  # its line, if any
        cost += 200 * ((along > others[:, :2]) & (along < others[:, 2:])).all(axis=3).any(axis=(0, 2))
        cost += 60 * (size_in.prod() - _shared(boxes, np.array([frame.extents]))[:, 0])
        best = int(cost.round(6).argmin())
        box = Bbox(boxes[best].reshape(2, 2))
        taken = np.vstack([taken, box.padded(1.0).extents])
        placed.append(box)
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": radius,
                "relpos": (1 - np.sign(_WAY[best])) / 2}  # fmt: skip
        label = axes.annotate(
            text, points[place], xytext=middle[best] - centre, textcoords="offset points", ha="center",
            va="center", fontsize=size, color=INK, zorder=6, gid=HALO, arrowprops=line if _REACH[best] > 2 else None,
        )  # fmt: skip
        label.set_multialignment(("center", "left", "right")[int(np.sign(_WAY[best, 0]))])
    return placed


def _shared(boxes: Boxes, others: Boxes) -> Boxes:
    """Return the area that each of `boxes` shares with each of `others` (rows of left, bottom, right, top)."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    return np.asarray((high - low).clip(0).prod(axis=2))
