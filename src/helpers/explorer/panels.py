"""The pictures of ``explore.ipynb``: attacks by day, by week and by site in one, drawn anew for each change.

The brief's own figures take longer: they are laid out for print. These take their marks (colours, weeks, axis of time,
band) from the same style, and are drawn within a tenth of a second each.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from helpers.explorer.payload import extent, short_name
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.stretches import Stretches
from helpers.vocabulary import weapons


def mix(incidents: pd.DataFrame, starts: pd.DatetimeIndex, reference_dir: str) -> pd.DataFrame:
    """Return incidents by the stretch of days in which they lie (`starts` begin them) and heaviest weapon."""
    used = [code for code in weapons(reference_dir) if code in set(incidents["top_weapon"])]
    place = starts[np.searchsorted(starts, incidents["date"], side="right") - 1]
    return pd.crosstab(place, incidents["top_weapon"]).reindex(index=starts, columns=used, fill_value=0)


def _stacked(axes: Axes, counts: pd.DataFrame, parameters: Parameters, title: str) -> None:
    """Draw `counts` as stacked columns, one from each of its days to the next, in the weapons' colours."""
    known = weapons(parameters.reference_dir)
    edges = [style.on_axis(day) for day in counts.index] + [style.on_axis(parameters.window_end) + 1]
    base = np.zeros(len(counts))
    for code in counts.columns:
        top = base + counts[code].to_numpy()
        axes.stairs(top, edges, baseline=base, fill=True, color=known[code].colour, label=known[code].label)
        base = top
    axes.set_title(title, fontweight="bold")
    axes.set_ylim(0, max(4, float(base.max(initial=0)) * 1.1))
    style.time_axis(axes, parameters)
    style.pause_band(axes, parameters, "")


def _map(axes: Axes, incidents: pd.DataFrame, borders: dict[str, Any]) -> None:
    west, south, east, north = extent(incidents)
    rings = [
        np.asarray(ring)
        for feature in borders["features"]
        for part in (
            [feature["geometry"]["coordinates"]]
            if feature["geometry"]["type"] == "Polygon"
            else feature["geometry"]["coordinates"]
        )
        for ring in part
    ]
    axes.add_collection(LineCollection(rings, colors=style.MUTED, linewidths=0.7))
    keys = ["site_name", "country", "latitude", "longitude"]
    placed = incidents.dropna(subset=["latitude"]).groupby(keys).size()
    sites = placed.sort_values(ascending=False).reset_index(name="n")
    colours = sites["country"].map(style.COUNTRY_COLOURS)
    axes.scatter(sites["longitude"], sites["latitude"], s=14 * sites["n"], c=colours, alpha=0.8, edgecolors=style.PAPER)
    for row in sites.head(6).itertuples():
        axes.annotate(
            f"{short_name(str(row.site_name))} {row.n}", (row.longitude, row.latitude), xytext=(11, 0),
            textcoords="offset points", va="center", fontsize="small",
        )  # fmt: skip
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axes.spines[:].set_visible(False)
    axes.set_title("Where (area: attacks)", fontweight="bold")


def draw(incidents: pd.DataFrame, parameters: Parameters, borders: dict[str, Any], dpi: int = 88) -> bytes:
    """Return the panels as PNG for the selected `incidents`; `borders` is a GeoJSON collection, which may be empty."""
    reference = parameters.reference_dir
    with mpl.rc_context(style.use(style.WIDE) | {"figure.constrained_layout.use": False}):
        figure = Figure(figsize=(11, 5.4))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2, 2, width_ratios=[1.35, 1], left=0.035, right=0.99, top=0.92, bottom=0.14, hspace=0.5, wspace=0.06
        )
        days, weeks, place = (figure.add_subplot(part) for part in (grid[0, 0], grid[1, 0], grid[:, 1]))
        _stacked(days, mix(incidents, Stretches(parameters).days, reference), parameters, "Attacks a day")
        _stacked(weeks, mix(incidents, style.weeks(parameters), reference), parameters, "Attacks a week, by weapon")
        if len(incidents):
            weeks.legend(frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.16), fontsize="small")
        _map(place, incidents, borders)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=dpi, metadata={"Software": None})
    return picture.getvalue()
