"""Where the attacks fell: the sites as dots on the region's borders, and each base over time, all on one scale, with
what the Syrian Observatory counted there."""

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
from matplotlib.ticker import FixedFormatter
from matplotlib.transforms import Bbox

from helpers.analysis.places import Counted, Places, short
from helpers.facts import Fact
from helpers.figures import style, timeline
from helpers.figures.labels import around
from helpers.figures.style import GRID, INK, MUTED, PAPER, Layout, readable
from helpers.figures.text import extent
from helpers.figures.timeline import on_axis
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


def draw_map(sites: pd.DataFrame, p: Parameters, layout: Layout) -> Figure:
    """Draw the `sites` as dots, their area by attacks; a ring where people were killed."""
    west, south, east, north = frame(sites, layout.choose(1.65, 1.0))
    stretch = 1 / cos(radians((south + north) / 2))
    figure = plt.figure(figsize=(layout.width, layout.width * (north - south) * stretch / (east - west)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=SEA)
    axes.set_aspect(stretch)
    axes.spines[["left", "bottom"]].set_visible(False)
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
    keep = [_scale(axes, layout), _key(axes, largest, layout)]
    points = list(zip(placed["longitude"].astype(float), placed["latitude"].astype(float), strict=True))
    marks = [max(radius, 2.0) + (3 if hit else 0) for radius, hit in zip(radii, killed, strict=True)]
    if points:
        keep += around(axes, points, list(map(_label, placed.to_dict("records"))), marks, avoid=keep, size=layout.font)
        for (x, y), radius in zip(axes.transData.transform(points), marks, strict=True):
            keep.append(Bbox.from_bounds(x - radius, y - radius, 2 * radius, 2 * radius))
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
    across, up = np.meshgrid(np.linspace(*axes.get_xlim(), 61), np.linspace(*axes.get_ylim(), 41))
    points = np.column_stack([across.ravel(), up.ravel()])
    pixels, view = axes.transData.transform(points), axes.get_window_extent()
    for name, (_, rings) in region.items():
        width, height = (inches * 36 for inches in extent(name.upper(), layout.font))
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
    """Draw a scale of a round number of km at the lower left; return its box in points."""
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
    """Draw what the dots' sizes mean at the lower right; return its box in points."""
    box = axes.get_window_extent()
    right, bottom = box.x1 - 8, box.y0 + 8
    widest = _radius(largest, largest, layout)
    for size in sorted({1, max(1, ceil(largest / 4)), largest}):
        radius = _radius(size, largest, layout)
        centre, top = axes.transData.inverted().transform(
            [(right - widest, bottom + radius), (right - widest, bottom + 2 * radius)]
        )
        axes.scatter(
            centre[0], centre[1], s=(2 * radius) ** 2, facecolors="none", edgecolors=MUTED, linewidths=0.7, zorder=5
        )
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(str(size), tuple(top), xytext=(-widest - 3, 0), textcoords="offset points", ha="right",
                      va="center", fontsize=layout.small, color=MUTED, zorder=5, arrowprops=line)  # fmt: skip
    return Bbox.from_extents(right - 2 * widest - 22, box.y0, box.x1, bottom + 2 * widest)


def save_map(places: Places, p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``map`` to `folder` and return it."""
    sites = places.sites[places.sites["attacks"] > 0]
    return style.save("map", lambda layout: draw_map(sites, p, layout), sites, p, facts, folder)


#: So many bases at the most, those attacked most often; the others stand in the map and in the table of sites.
SHOWN = 12


def cumulated(places: Places, p: Parameters) -> pd.DataFrame:
    """Return site_id, name, country, date, attacks and observatory: running totals, a row for each day of change.

    `attacks` is that of the record, `observatory` that of the Syrian Observatory on the days on which it gave one.
    """
    parts, prepared = [], places.prepared
    start, end = pd.Timestamp(p.window_start), pd.Timestamp(p.window_end)
    for site in places.named.head(SHOWN).to_dict("records"):
        days = prepared.loc[prepared["site_id"] == site["site_id"], "date"].value_counts().sort_index().cumsum()
        days = days.reindex(days.index.union([start, end])).ffill().fillna(0).astype(int)
        theirs = pd.Series(_told(places.counted, site["site_id"], start, end), dtype="Int64")
        both = pd.DataFrame({"attacks": days, "observatory": theirs.reindex(theirs.index.union(days.index))})
        both["attacks"] = both["attacks"].ffill().fillna(0).astype(int)
        labels = {key: site[key] for key in ("site_id", "name", "country")}
        parts.append(both.rename_axis("date").reset_index().assign(**labels))
    columns = ["site_id", "name", "country", "date", "attacks", "observatory"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _told(counted: Counted | None, site: str, start: pd.Timestamp, end: pd.Timestamp) -> dict[pd.Timestamp, int]:
    """Return day -> running total that the Observatory gave of a base, within the window."""
    told = counted.told.get(site, {}) if counted else {}
    return {day: value for day, value in told.items() if start <= day <= end}


def draw_bases(data: pd.DataFrame, p: Parameters, layout: Layout) -> Figure:
    """Draw a panel a base, all on one scale: the record as a line, the Observatory's totals as dots."""
    sites = list(data["site_id"].unique())
    across = min(layout.choose(4, 2), max(len(sites), 1))
    down = -(-max(len(sites), 1) // across)
    size = (layout.width, down * layout.choose(0.9, 1.15) + 0.35)
    figure, grid = plt.subplots(down, across, figsize=size, squeeze=False)
    top = max(int(data[["attacks", "observatory"]].max().max()) if len(data) else 1, 4)
    for place, axes in enumerate(grid.flat):
        if place >= max(len(sites), 1):
            axes.remove()
            continue
        timeline.time_axis(axes, p, named=place + across >= len(sites))
        timeline.pause_band(axes, p, "")
        axes.set_ylim(0, top * 1.3)
        axes.axhline(_half(top), color=GRID, linewidth=0.6, zorder=0.5)
        axes.spines["left"].set_visible(False)
        if place % across:
            axes.yaxis.set_visible(False)
        else:
            axes.set_yticks([0, _half(top)])
            axes.tick_params(axis="y", length=0)
        if place + across >= len(sites):
            axes.tick_params(axis="x", which="both", labelsize=layout.small)
            axes.xaxis.set_minor_formatter(_initials(axes))
        if len(sites):
            _panel(axes, data[data["site_id"] == sites[place]], top, layout)
    return figure


def _panel(axes: Axes, mine: pd.DataFrame, top: int, layout: Layout) -> None:
    colour = countries()[mine["country"].iloc[0]].colour
    days = [on_axis(day) + 1 for day in mine["date"]]  # a total is that of the end of its day
    axes.step(days, mine["attacks"], where="post", color=colour, linewidth=1.6, clip_on=False, zorder=3)
    told = mine[mine["observatory"].notna()]
    dots = {"markersize": layout.choose(2.8, 2.4), "markeredgewidth": 0, "clip_on": False, "zorder": 4}
    if len(told):
        axes.plot([on_axis(day) + 1 for day in told["date"]], told["observatory"].astype(float), "o", color=INK, **dots)
    across = axes.get_xaxis_transform()
    left, right = axes.get_xlim()
    name = axes.text(left, 1.0, short(str(mine["name"].iloc[0])), transform=across, va="top", fontsize=layout.font,
                     color=readable(colour), zorder=5)  # fmt: skip
    name.set_in_layout(False)
    last: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "fontsize": layout.font, "zorder": 5}
    total = int(mine["attacks"].iloc[-1])
    words = [axes.annotate(f"{total}", (right, total), xytext=(0, 2), va="bottom", color=readable(colour), **last)]
    if len(told):
        day, theirs = on_axis(told["date"].iloc[-1]) + 1, int(told["observatory"].iloc[-1])
        under = theirs > 0.2 * top
        place = (day, theirs), (2 if under else 0, -3 if under else 3)
        words.append(axes.annotate(f"{theirs}", place[0], xytext=place[1], va="top" if under else "bottom", **last))
    for label in words:
        label.set_in_layout(False)


def _initials(axes: Axes) -> Any:
    """Return the names of the months cut to their first letter: a panel has no room for more."""
    formatter = axes.xaxis.get_minor_formatter()
    names = [name.split("\n")[0][:1] for name in getattr(formatter, "seq", [])]
    return FixedFormatter(names) if names else formatter


def _half(top: int) -> int:
    """Return a round number near the middle of a scale up to `top`."""
    step = 10 ** int(np.floor(np.log10(max(top / 2, 1))))
    return int(max(1, int(top / 2 / step) * step))


def save_bases(places: Places, p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``bases`` to `folder` and return it."""
    data = cumulated(places, p)
    return style.save("bases", lambda layout: draw_bases(data, p, layout), data, p, facts, folder)
