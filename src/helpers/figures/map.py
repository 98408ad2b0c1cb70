"""Where the attacks fell: a map of the sites with real borders, and each site's incidents against time."""

from __future__ import annotations

from math import ceil, cos, floor, log10, radians, sqrt
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Bbox

from helpers.analysis.escalation import EscalationResult
from helpers.figures import style
from helpers.figures.borders import Land, lands, simpler
from helpers.figures.labels import around, colour_key
from helpers.figures.style import COUNTRY_COLOURS, INK, MUTED, PAPER, Layout, readable
from helpers.figures.text import extent
from helpers.figures.words import capital, joined, many, number, times
from helpers.parameters import Parameters
from helpers.vocabulary import COUNTRIES, countries, weapons

SEA, LAND, NEIGHBOUR, BORDER = "#e6eff4", "#f7f3ea", "#ecebe8", "#a8a49a"
#: ISO 3166-1 numeric codes of the countries that are counted.
NUMERIC = {code: f"{country.iso:03d}" for code, country in countries().items()}
#: One degree of latitude in km.
DEGREE = 111.2
#: The sites named in the map's alt text.
LISTED = 8
#: From so many incidents on, shares are given in per cent.
SMALL = 20
#: How far a border may move, in points: a quarter of its line.
SLACK = 0.2
#: The map of a run without any located incident: the region (west, south, east, north).
REGION = (35.5, 31.0, 46.5, 38.2)


def frame(sites: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the map: all located sites with a margin, at least five degrees wide."""
    placed = sites[sites["mapped"]]
    if placed.empty:
        return REGION
    west, east = float(placed["longitude"].min()) - 1.6, float(placed["longitude"].max()) + 1.6
    south, north = float(placed["latitude"].min()) - 1.25, float(placed["latitude"].max()) + 0.9
    wide, high = max(0.0, 5.0 - (east - west)) / 2, max(0.0, 3.5 - (north - south)) / 2
    return max(west - wide, 33), max(south - high, 27.5), min(east + wide, 51), min(north + high, 40.5)


def map_title(result: EscalationResult) -> str:
    """Return how the incidents are spread over the sites."""
    sites = result.sites
    total = int(sites["incidents"].sum())
    if total == 0:
        return "No incident in the record for these days, places and confirmations"
    if len(sites) == 1:
        which = "The one incident" if total == 1 else f"All {many(total, 'incident')}"
        return f"{which} on record: {_short(str(sites['name'].iloc[0]))}"
    running = sites["incidents"].cumsum()
    few = int((running < total / 2).sum()) + 1
    share = float(running.iloc[few - 1]) / total
    where = [COUNTRIES[code] for code in sites["country"].head(few).unique()]
    if total < SMALL:
        held = int(running.iloc[few - 1])
        return f"{capital(many(few, 'site'))} in {joined(where)} took {number(held)} of {number(total)} incidents"
    return f"{capital(many(few, 'site'))} in {joined(where)} took {share:.0%} of the {total} incidents"


def not_mapped(result: EscalationResult) -> int:
    """Return how many incidents have no point: their place is a country or governorate only."""
    return int(result.sites.loc[~result.sites["mapped"], "incidents"].sum())


def map_source(result: EscalationResult, parameters: Parameters) -> str:
    """Return the source line with what is not on the map, and whose borders these are."""
    missing = not_mapped(result)
    verb = "is" if missing == 1 else "are"
    off = f"{capital(many(missing, 'incident'))} without a named site {verb} not on the map. " if missing else ""
    return style.source_line(parameters, len(result.incidents), f"{off}Borders: Natural Earth.")


def _short(name: str) -> str:
    return name.split(" (")[0].split(" / ")[0]


def _radius(incidents: int, largest: int, layout: Layout) -> float:
    """Return the radius in points of a bubble whose area goes with `incidents`."""
    return float(layout.choose(15.0, 9.5)) * sqrt(incidents / max(largest, 1))


def draw_map(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw the sites as bubbles, their area by incidents, on the region's borders."""
    west, south, east, north = frame(result.sites)
    stretch = 1 / cos(radians((south + north) / 2))
    height = layout.width * (north - south) * stretch / (east - west)
    figure, axes = plt.subplots(figsize=(layout.width, height))
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_aspect(stretch)
    axes.set_facecolor(SEA)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    figure.get_layout_engine().set(w_pad=0, h_pad=0)  # type: ignore[union-attr, call-arg]
    countries = _ground(axes, parameters)
    placed = result.sites[result.sites["mapped"]]
    largest = int(placed["incidents"].max()) if len(placed) else 1
    radii = [_radius(int(count), largest, layout) for count in placed["incidents"]]
    colours = [COUNTRY_COLOURS[code] for code in placed["country"]]
    axes.scatter(placed["longitude"], placed["latitude"], s=[(2 * r) ** 2 for r in radii], c=colours, alpha=0.75,
                 edgecolors=PAPER, linewidths=0.8, zorder=4)  # fmt: skip
    source = map_source(result, parameters)
    style.headline(figure, map_title(result), map_subtitle(result, parameters), source, layout)
    figure.draw_without_rendering()
    keep = [_scale(axes, layout), _key(axes, largest, layout)]
    points = list(zip(placed["longitude"].astype(float), placed["latitude"].astype(float), strict=True))
    texts = [f"{_short(str(name))}: {count}" for name, count in zip(placed["name"], placed["incidents"], strict=True)]
    if points:
        marks = [max(radius, 2.0) for radius in radii]
        keep += around(axes, points, texts, marks, avoid=keep, size=layout.choose(8.0, 7.0))
        dot = figure.dpi / 72
        for (x, y), radius in zip(axes.transData.transform(points), marks, strict=True):
            keep.append(Bbox.from_bounds(x - radius * dot, y - radius * dot, 2 * radius * dot, 2 * radius * dot))
    _name_countries(axes, countries, keep, layout)
    return figure


def map_subtitle(result: EscalationResult, parameters: Parameters) -> str:
    """Return how to read the map, with the countries' counts."""
    counts = [f"{COUNTRIES[part.country]} {len(part.incidents)}" for part in result.countries]
    return f"Incidents by site: area and number; {', '.join(counts)}"


def _ground(axes: Axes, parameters: Parameters) -> list[Land]:
    """Draw land and borders; return the countries."""
    counted = {NUMERIC[code] for code in parameters.countries}
    countries = lands(parameters.reference_dir)
    figure = axes.get_figure(root=True)
    assert figure is not None
    (west, east), width = axes.get_xlim(), figure.get_size_inches()[0] * 72
    slack = SLACK * (east - west) / width
    for land in countries:
        rings = [simpler(ring, slack) for ring in land.rings if _within(ring, axes)]
        if not rings:
            continue
        outline = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))
        fill = LAND if land.code in counted else NEIGHBOUR
        axes.add_patch(PathPatch(outline, facecolor=fill, edgecolor=BORDER, linewidth=0.8, zorder=1))
    return countries


def _within(ring: npt.NDArray[np.float64], axes: Axes) -> bool:
    """Return whether a ring's box meets what `axes` show."""
    return all(
        ring[:, side].max() >= low and ring[:, side].min() <= high
        for side, (low, high) in enumerate((axes.get_xlim(), axes.get_ylim()))
    )


def _name_countries(axes: Axes, countries: list[Land], taken: list[Bbox], layout: Layout) -> None:
    """Write each country's name where its visible part has most room between borders, sites and labels."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    across, up = np.meshgrid(np.linspace(west, east, 81), np.linspace(south, north, 65))
    points = np.column_stack([across.ravel(), up.ravel()])
    pixels = axes.transData.transform(points)
    size = layout.small + 1.0
    view = axes.get_window_extent()
    for land in countries:
        inside = np.zeros(len(points), bool)
        for ring in land.rings:
            inside |= Outline(ring).contains_points(points)
        if not inside.any():
            continue
        name = land.name.upper()
        width, height = (inches * figure.dpi for inches in extent(figure, name, fontsize=size))
        # How far the name's box, centred at each point, stays from other countries, from labels and from the edges.
        free, others = pixels[inside], pixels[_around(inside.reshape(across.shape)).ravel()]
        room = np.full(len(free), np.inf)
        if len(others):
            gap_x = np.maximum(np.abs(free[:, None, 0] - others[None, :, 0]) - width / 2, 0)
            gap_y = np.maximum(np.abs(free[:, None, 1] - others[None, :, 1]) - height / 2, 0)
            room = np.hypot(gap_x, gap_y).min(axis=1)
        for box in taken:
            gap_x = np.maximum(np.abs(free[:, 0] - (box.x0 + box.x1) / 2) - (width + box.width) / 2, 0)
            gap_y = np.maximum(np.abs(free[:, 1] - (box.y0 + box.y1) / 2) - (height + box.height) / 2, 0)
            room = np.minimum(room, np.hypot(gap_x, gap_y))
        for margin in (free[:, 0] - view.x0 - width / 2, view.x1 - free[:, 0] - width / 2,
                       free[:, 1] - view.y0 - height / 2, view.y1 - free[:, 1] - height / 2):  # fmt: skip
            room = np.minimum(room, margin)
        best = int(np.argmax(room))
        if room[best] > figure.dpi * 0.02:
            x, y = points[inside][best]
            axes.text(float(x), float(y), name, ha="center", va="center", fontsize=size, color=MUTED, zorder=2)


def _around(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the points of a grid next to those `inside`: of all others, the nearest to any point is one of them."""
    wide = np.pad(inside, 1)
    beside = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return np.asarray(beside & ~inside)


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
    """Draw what the bubbles' sizes mean at the lower right; return its box in pixels."""
    sizes = sorted({1, max(1, ceil(largest / 4)), largest})
    figure = axes.get_figure()
    assert figure is not None
    dot = figure.dpi / 72
    box = axes.get_window_extent()
    right, bottom = box.x1 - 8 * dot, box.y0 + 8 * dot
    widest = _radius(largest, largest, layout)
    for size in sizes:
        radius = _radius(size, largest, layout)
        x, y = axes.transData.inverted().transform((right - widest * dot, bottom + radius * dot))
        axes.scatter([x], [y], s=(2 * radius) ** 2, facecolors="none", edgecolors=MUTED, linewidths=0.7, zorder=5)
        top = axes.transData.inverted().transform((right - widest * dot, bottom + 2 * radius * dot))
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(str(size), tuple(top), xytext=(-widest - 3, 0), textcoords="offset points", ha="right",
                      va="center", fontsize=layout.small, color=MUTED, zorder=5, arrowprops=line)  # fmt: skip
    return Bbox.from_extents(right - (2 * widest + 22) * dot, box.y0, box.x1, bottom + 2 * widest * dot)


def map_alt(result: EscalationResult, parameters: Parameters) -> str:
    """Return the map in words: every site with its count, and what is not on it."""
    placed = result.sites[result.sites["mapped"]].to_dict("records")
    named = [f"{_short(str(row['name']))} {row['incidents']}" for row in placed[:LISTED]]
    named += [f"{many(len(placed) - LISTED, 'more site')}"] if len(placed) > LISTED else []
    if result.incidents.empty:
        return f"{map_title(result)}."
    counts = [f"{COUNTRIES[part.country]} {len(part.incidents)}" for part in result.countries]
    missing = not_mapped(result)
    return (
        f"{map_title(result)}. Map by country: {', '.join(counts)}; "
        + (f"by site: {', '.join(named)}. " if named else "no site has a point. ")
        + (f"Not on the map, since no site is named: {missing}." if missing else "")
    ).strip()


def site_map(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``map`` in `folder` and return it."""
    return style.save(
        lambda layout: draw_map(result, parameters, layout),
        "map",
        title=map_title(result),
        alt=map_alt(result, parameters),
        source=map_source(result, parameters),
        data=result.sites,
        folder=folder,
        view=style.view(parameters),
    )


# --- sites against time -----------------------------------------------------------------------------------------------


def sites_title(result: EscalationResult) -> str:
    """Return how the share of Iraq changed at the pause, or what else the places show."""
    part = result.iraq_share
    if result.incidents.empty:
        return "No incident in the record for these days, places and confirmations"
    present = [part for part in result.countries if part.incidents]
    if len(present) < 2 or part.before.value is None or part.after.value is None:
        most, counts = _short(str(result.sites["name"].iloc[0])), result.sites["incidents"].tolist()
        if len(counts) == 1:
            return f"One place was attacked {times(counts[0])}: {most}"
        lead = f", {most} most often" if counts[0] > counts[1] else ""
        return f"{capital(many(len(counts), 'place'))} were attacked{lead}"
    before, after = f"{part.before.value:.0%}", f"{part.after.value:.0%}"
    if part.shown:
        moved = "fell" if part.after.value < part.before.value else "rose"
        return f"Iraq’s share of the incidents {moved} from {before} before the pause to {after} after it"
    return f"Iraq’s share of the incidents: {before} before the pause, {after} after it; no change is shown"


def draw_sites(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw each site's incidents against time, one row a site, sites grouped by country."""
    known = weapons(parameters.reference_dir)
    order = sorted(result.sites.to_dict("records"), key=lambda row: list(COUNTRIES).index(row["country"]))
    row_height = layout.choose(0.205, 0.33)
    height = row_height * max(len(order), 1) + layout.choose(1.25, 1.9)  # the key and the dates take the rest
    figure, axes = plt.subplots(figsize=(layout.width, height))
    style.time_axis(axes, parameters)
    style.pause_band(axes, parameters)
    axes.set_ylim(-max(len(order), 1) + 0.4, 0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    previous = None
    for place, row in enumerate(order):
        mine = result.incidents[
            (result.incidents["site_id"] == row["site_id"]) & (result.incidents["site_name"] == row["name"])
        ]
        colour = COUNTRY_COLOURS[row["country"]]
        if previous not in (None, row["country"]):
            axes.axhline(-place + layout.choose(0.5, 0.7), color=MUTED, linewidth=0.7)
        previous = row["country"]
        axes.axhline(-place, color=style.GRID, linewidth=0.6, zorder=0.5)
        x = [style.on_axis(day) + 0.5 for day in mine["date"]]
        shades = [known[code].colour for code in mine["top_weapon"]]
        axes.scatter(x, np.full(len(x), -float(place)), s=layout.choose(17, 12), c=shades, edgecolors=PAPER,
                     linewidths=0.4, zorder=3, clip_on=False)  # fmt: skip
        across = axes.get_yaxis_transform()
        name = _short(str(row["name"]))
        if layout.narrow:
            axes.text(0.004, -place + 0.4, f"{name} {row['incidents']}", transform=across, va="center",
                      fontsize=layout.small, color=readable(colour), zorder=4)  # fmt: skip
        else:
            axes.annotate(f"{name}  {row['incidents']}", (0, -place), xycoords=across, xytext=(-6, 0), va="center",
                          textcoords="offset points", ha="right", color=readable(colour))  # fmt: skip
    used = [w for code, w in known.items() if (result.incidents["top_weapon"] == code).any()]
    colour_key(axes, [(w.label, w.colour) for w in used], lift=layout.choose(1.9, 2.9) * layout.font, size=layout.font)
    names = [f"{COUNTRIES[part.country]} {len(part.incidents)}" for part in result.countries]
    subtitle = f"Each incident by place, and by its highest weapon; {', '.join(names)}"
    style.headline(figure, sites_title(result), subtitle, style.source_line(parameters, len(result.incidents)), layout)
    return figure


def sites_alt(result: EscalationResult) -> str:
    """Return the sites over time in words."""
    if result.incidents.empty:
        return f"{sites_title(result)}."
    rows = [
        f"{_short(str(row['name']))} ({COUNTRIES[row['country']]}) {row['incidents']}"
        for row in result.sites.to_dict("records")
    ]
    return f"{sites_title(result)}. Incidents at {many(len(rows), 'place')} against time: {', '.join(rows)}."


def sites(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``sites`` in `folder` and return it."""
    return style.save(
        lambda layout: draw_sites(result, parameters, layout),
        "sites",
        title=sites_title(result),
        alt=sites_alt(result),
        source=style.source_line(parameters, len(result.incidents)),
        data=result.incidents[["incident_id", "date", "country", "site_id", "site_name", "top_weapon"]],
        folder=folder,
        view=style.view(parameters),
    )
