"""Labels that stand beside what they name and do not run into each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from helpers.figures.style import INK, MUTED, readable
from helpers.figures.svg import HALO
from helpers.figures.text import clean_text, extent


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


def end_labels(
    axes: Axes, labels: Iterable[tuple[float, str, str]], *, pad: float = 4.0, size: float | None = None
) -> None:
    """Write labels at the right edge of `axes`: each (y in data units, text, colour), moved apart where they crowd.

    A thin line joins a label that had to move with its place. Call it when the y limits are final.
    """
    import matplotlib.pyplot as plt

    entries = [(float(y), clean_text(text), colour) for y, text, colour in labels if np.isfinite(y)]
    size = size or plt.rcParams["font.size"]
    low, high = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi * 72 or 1.0
    per_unit = height / abs(high - low)
    wanted = [(y - min(low, high)) * per_unit for y, _, _ in entries]
    lines = [size * 1.25 * (text.count("\n") + 1) for _, text, _ in entries]
    line: dict[str, Any] = {"arrowstyle": "-", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 1}
    for (y, text, colour), place, want in zip(entries, spread(wanted, lines), wanted, strict=True):
        shift = place - want
        axes.annotate(
            text, (1, y), xycoords=axes.get_yaxis_transform(), xytext=(pad if abs(shift) < 1 else pad + 8, shift),
            textcoords="offset points", va="center", ha="left", color=readable(colour), fontsize=size,
            arrowprops=None if abs(shift) < 1 else {**line, "color": colour},
        )  # fmt: skip


def colour_key(axes: Axes, entries: Iterable[tuple[str, str]], *, size: float | None = None, lift: float = 4.0) -> None:
    """Write a key above `axes`, left to right, wrapping: for each of `entries` (text, colour) a square with its words.

    `lift` is the distance above the axes in points; leave more where the ceasefire's name stands there.
    """
    import matplotlib.pyplot as plt

    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    size = size or plt.rcParams["font.size"]
    width = figure.get_size_inches()[0] * 0.86 * 72
    rows: list[list[tuple[float, str, str]]] = [[]]
    x = 0.0
    for text, colour in entries:
        shown = clean_text(text)
        taken = extent(figure, shown, fontsize=size)[0] * 72 + size * 2.2
        if x and x + taken > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, shown, colour))
        x += taken
    for number, row in enumerate(reversed(rows)):
        y = lift + number * size * 1.45
        for start, shown, colour in row:
            place: dict[str, Any] = {
                "xycoords": "axes fraction",
                "textcoords": "offset points",
                "va": "bottom",
                "fontsize": size,
            }
            axes.annotate("■", (0, 1), xytext=(start, y), color=colour, ha="left", **place)
            axes.annotate(shown, (0, 1), xytext=(start + size * 1.05, y), color=INK, ha="left", **place)


def around(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    radii: Sequence[float],
    *,
    avoid: Sequence[Bbox] = (),
    size: float | None = None,
    colour: str = INK,
) -> list[Bbox]:
    """Label `points` (data units) of `axes`, each `radii` points wide, where labels hide neither marks nor each other.

    Candidates are the eight places of cartographers (Imhof 1975, Am. Cartographer 2:128; right and above first), then
    the same farther out with a line; labels are placed in the order given, so the important first. A label that finds
    no free place is drawn where it covers least. Returns the boxes in pixels; `avoid` holds boxes to keep free.
    """
    import matplotlib.pyplot as plt

    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    size = size or plt.rcParams["font.size"]
    dot = figure.dpi / 72
    pixels = axes.transData.transform(np.asarray(points, float).reshape(-1, 2))
    marks = [
        Bbox.from_extents(x - r * dot, y - r * dot, x + r * dot, y + r * dot)
        for (x, y), r in zip(pixels, radii, strict=True)
    ]
    frame = axes.get_window_extent().padded(-4 * dot)
    taken = np.array([box.extents for box in (*avoid, *marks)]).reshape(-1, 4)
    placed = []
    ways = [(1, 0), (-1, 0), (0, 1), (0, -1), (0.75, 0.75), (0.75, -0.75), (-0.75, 0.75), (-0.75, -0.75)]
    for (x, y), text, radius in zip(pixels, texts, radii, strict=True):
        shown = clean_text(text)
        width, height = (inches * figure.dpi for inches in extent(figure, shown, fontsize=size))
        best: tuple[float, Bbox, float] | None = None
        for reach in (2.0, 9.0, 18.0, 30.0, 44.0):
            for across, up in ways:
                cx = x + across * (radius + reach) * dot + np.sign(across) * width / 2
                cy = y + up * (radius + reach) * dot + np.sign(up) * height / 2 * (0 if abs(across) == 1 else 1)
                box = Bbox.from_extents(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
                cost = reach * 4.0 + _shared(box, taken) * 3 + _outside(box, frame) * 60
                if best is None or cost < best[0] - 1e-9:
                    best = (cost, box, reach)
        assert best is not None
        _, box, reach = best
        taken = np.vstack([taken, box.padded(1.0).extents])
        placed.append(box)
        centre = axes.transData.inverted().transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
        if reach > 2:
            near = (min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1))
            line = axes.transData.inverted().transform([(x, y), near])
            axes.plot(line[:, 0], line[:, 1], color=MUTED, linewidth=0.6, zorder=3)
        label = axes.text(
            float(centre[0]), float(centre[1]), shown, ha="center", va="center", fontsize=size, color=colour, zorder=6
        )
        label.set_multialignment("left" if box.x0 >= x else "right" if box.x1 <= x else "center")
        halo(label)
    return placed


def halo(label: Text | None = None) -> list[Any]:
    """Set the words of `label` off from what lies beneath them."""
    if label is not None:
        label.set_gid(HALO)
    return []


def _shared(one: Bbox, others: npt.NDArray[np.float64]) -> float:
    """Return the area that `one` shares with `others` (rows of left, bottom, right, top), counted for each."""
    x0, y0, x1, y1 = one.extents
    across = np.minimum(others[:, 2], x1) - np.maximum(others[:, 0], x0)
    up = np.minimum(others[:, 3], y1) - np.maximum(others[:, 1], y0)
    return float((np.maximum(across, 0.0) * np.maximum(up, 0.0)).sum())


def _outside(box: Bbox, frame: Bbox) -> float:
    return float(box.width * box.height) - _shared(box, np.array([frame.extents]))
