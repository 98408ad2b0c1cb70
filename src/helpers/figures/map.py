"""Where the attacks fell: the sites as dots on the region's borders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil, cos, floor, log10, radians, sqrt
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Bbox

from helpers.analysis.places import Places, short
from helpers.facts import Fact
from helpers.figures import style
from helpers.figures.labels import around, of
from helpers.figures.style import INK, MUTED, PAPER, Layout
from helpers.figures.text import extent
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.vocabulary import countries

SEA, LAND, NEIGHBOUR, BORDER = "#e6eff4", "#f7f3ea", "#ecebe8", "#a8a49a"
#: One degree of latitude in km.
DEGREE = 111.2
#: The map of a run without any located attack: the region (west, south, east, north).
REGION = (35.5, 31.0, 46.5, 38.2)

Rings = list[npt.NDArray[np.float64]]


def frame(sites: pd.DataFrame, shape: float = 1.5) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the map: all located sites with a margin, `shape` times as wide as high."""
    placed = sites[sites["mapped"]]
    if placed.empty:
        west, south, east, north = REGION
    else:
        west, east = float(placed["longitude"].min()) - 1.2, float(placed["longitude"].max()) + 1.2
        south, north = float(placed["latitude"].min()) - 1.0, float(placed["latitude"].max()) + 0.8
    squeeze = cos(radians((south + north) / 2))
    high = max(north - south, 3.5, (east - west) * squeeze / shape)
    wide = high * shape / squeeze
    return (west + east - wide) / 2, (south + north - high) / 2, (west + east + wide) / 2, (south + north + high) / 2


def lands(reference_dir: str) -> dict[str, tuple[int | None, Rings]]:
    """Return name -> ISO number and rings of the countries of ``borders.geojson``."""
    content = json.loads((resolve(reference_dir) / "borders.geojson").read_text(encoding="utf-8"))
    found = {}
    for feature in content["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings = [np.asarray(ring, float) for polygon in polygons for ring in polygon]
        found[feature["properties"]["name"]] = (int(feature["id"]) if feature.get("id") else None, rings)
    return found


def draw(sites: pd.DataFrame, p: Parameters, layout: Layout) -> Figure:
    """Draw the `sites` as dots, their area by attacks; a ring where people were killed."""
    west, south, east, north = frame(sites, layout.choose(1.5, 1.0))
    stretch = 1 / cos(radians((south + north) / 2))
    figure, axes = plt.subplots(figsize=(layout.width, layout.width * (north - south) * stretch / (east - west)))
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=SEA)
    axes.set_aspect(stretch)
    axes.spines[["left", "bottom"]].set_visible(False)
    figure.get_layout_engine().set(w_pad=0, h_pad=0)  # type: ignore[union-attr, call-arg]
    region = lands(p.reference_dir)
    counted = {countries(p.reference_dir)[code].iso for code in p.countries}
    for code, rings in region.values():
        outline = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        fill = LAND if code in counted else NEIGHBOUR
        axes.add_patch(PathPatch(outline, facecolor=fill, edgecolor=BORDER, linewidth=0.8, zorder=1))
    placed = sites[sites["mapped"]]
    largest = int(placed["attacks"].max()) if len(placed) else 1
    radii = [_radius(int(count), largest, layout) for count in placed["attacks"]]
    colours = [countries()[code].colour for code in placed["country"]]
    axes.scatter(placed["longitude"], placed["latitude"], s=[(2 * r) ** 2 for r in radii], alpha=0.8, zorder=4,
                 c=colours, edgecolors=PAPER, linewidths=0.8)  # fmt: skip
    killed = placed["us_killed"] > 0
    rings_at = placed[killed]
    axes.scatter(rings_at["longitude"], rings_at["latitude"], zorder=5, facecolors="none", edgecolors=style.ACCENT,
                 s=[(2 * r + 5) ** 2 for r, hit in zip(radii, killed, strict=True) if hit], linewidths=1.3)  # fmt: skip
    figure.draw_without_rendering()
    keep = [_scale(axes, layout), _key(axes, largest, layout)]
    points = list(zip(placed["longitude"].astype(float), placed["latitude"].astype(float), strict=True))
    marks = [max(radius, 2.0) + (3 if hit else 0) for radius, hit in zip(radii, killed, strict=True)]
    if points:
        keep += around(axes, points, list(map(_label, placed.to_dict("records"))), marks, avoid=keep, size=layout.font)
        dot = figure.dpi / 72
        for (x, y), radius in zip(axes.transData.transform(points), marks, strict=True):
            keep.append(Bbox.from_bounds(x - radius * dot, y - radius * dot, 2 * radius * dot, 2 * radius * dot))
    _name_countries(axes, region, keep, layout)
    return figure


def _label(site: Mapping[Any, Any]) -> str:
    killed = f", {site['us_killed']} killed" if site["us_killed"] else ""
    return f"{short(str(site['name']))}: {site['attacks']}{killed}"


def _radius(attacks: int, largest: int, layout: Layout) -> float:
    """Return the radius in points of a dot whose area goes with `attacks`."""
    return float(layout.choose(14.0, 9.5)) * sqrt(attacks / max(largest, 1))


def _name_countries(axes: Axes, region: dict[str, tuple[int | None, Rings]], taken: list[Bbox], layout: Layout) -> None:
    """Write each country's name on its land, farthest from the edges and from what is `taken`; none where none fits."""
    figure = of(axes)
    across, up = np.meshgrid(np.linspace(*axes.get_xlim(), 61), np.linspace(*axes.get_ylim(), 41))
    points = np.column_stack([across.ravel(), up.ravel()])
    pixels, view = axes.transData.transform(points), axes.get_window_extent()
    for name, (_, rings) in region.items():
        width, height = (inches * figure.dpi / 2 for inches in extent(figure, name.upper(), fontsize=layout.font))
        corners = [pixels + np.array([width * x, height * y]) for x in (-1, 0, 1) for y in (-1, 1)]
        free = np.full(len(points), np.inf)
        for part in corners:  # the whole word must stand on the land
            places = axes.transData.inverted().transform(part)
            free[~np.any([Outline(ring).contains_points(places) for ring in rings], axis=0)] = -1
        edges = (pixels[:, 0] - view.x0 - width, view.x1 - pixels[:, 0] - width,
                 pixels[:, 1] - view.y0 - height, view.y1 - pixels[:, 1] - height)  # fmt: skip
        for box in taken:
            gaps = np.abs(pixels - ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)) - (
                width + box.width / 2, height + box.height / 2)  # fmt: skip
            free = np.minimum(free, gaps.max(axis=1))
        best = int(np.argmax(np.minimum(free, np.min(edges, axis=0))))
        if min(free[best], *(edge[best] for edge in edges)) > 2:
            x, y = points[best]
            axes.text(
                float(x), float(y), name.upper(), ha="center", va="center", fontsize=layout.font, color=MUTED, zorder=2
            )


def _scale(axes: Axes, layout: Layout) -> Bbox:
    """Draw a scale of a round number of km at the lower left; return its box in pixels."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    km = DEGREE * cos(radians((south + north) / 2))
    wanted = (east - west) * km / 6
    step = 10 ** floor(log10(wanted))
    length = step * max(factor for factor in (1, 2, 5) if factor * step <= wanted or factor == 1)
    x, y = west + 0.03 * (east - west), south + 0.035 * (north - south)
    axes.plot([x, x + length / km], [y, y], color=INK, linewidth=1.4, solid_capstyle="butt", zorder=5)
    axes.annotate(f"{length:g} km", (x, y), xytext=(0, 3), textcoords="offset points", fontsize=layout.small, zorder=5)
    corners = axes.transData.transform([(x, y), (x + length / km, y + 0.05 * (north - south))])
    return Bbox(corners).padded(3)


def _key(axes: Axes, largest: int, layout: Layout) -> Bbox:
    """Draw what the dots' sizes mean at the lower right; return its box in pixels."""
    dot, box = of(axes).dpi / 72, axes.get_window_extent()
    right, bottom = box.x1 - 8 * dot, box.y0 + 8 * dot
    widest = _radius(largest, largest, layout)
    for size in sorted({1, max(1, ceil(largest / 4)), largest}):
        radius = _radius(size, largest, layout)
        centre, top = axes.transData.inverted().transform(
            [(right - widest * dot, bottom + radius * dot), (right - widest * dot, bottom + 2 * radius * dot)]
        )
        axes.scatter(
            centre[0], centre[1], s=(2 * radius) ** 2, facecolors="none", edgecolors=MUTED, linewidths=0.7, zorder=5
        )
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(str(size), tuple(top), xytext=(-widest - 3, 0), textcoords="offset points", ha="right",
                      va="center", fontsize=layout.small, color=MUTED, zorder=5, arrowprops=line)  # fmt: skip
    return Bbox.from_extents(right - (2 * widest + 22) * dot, box.y0, box.x1, bottom + 2 * widest * dot)


def save(places: Places, p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``map`` to `folder` and return it."""
    sites = places.sites[places.sites["attacks"] > 0]
    return style.save("map", lambda layout: draw(sites, p, layout), sites, p, facts, folder)
