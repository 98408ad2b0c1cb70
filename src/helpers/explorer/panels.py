"""The pictures of ``explore.ipynb``: daily attacks, weekly mix and map in one, drawn anew for each change of a widget.

The brief's own figures take longer: they are laid out for print. These are drawn within a few hundredths of a second
each, with the same colours and time axis.
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

from helpers.analysis.pause_v1 import calendar, daily_counts
from helpers.explorer.charts import EXTENT
from helpers.explorer.payload import short_name
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.vocabulary import weapons

_DAY = pd.Timedelta(days=1)


def weekly_mix(incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return incidents by week (counted from the window's first day) and heaviest weapon, in the ladder's order."""
    start = pd.Timestamp(parameters.window_start)
    weeks = pd.date_range(start, parameters.window_end, freq="7D")
    week = start + pd.to_timedelta((incidents["date"] - start).dt.days // 7 * 7, unit="D")
    used = [code for code in weapons(parameters.reference_dir) if code in set(incidents["top_weapon"])]
    return pd.crosstab(week, incidents["top_weapon"]).reindex(index=weeks, columns=used, fill_value=0)


def site_counts(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return one row a site that has a point: site_id, site_name, country, latitude, longitude, incidents."""
    keys = ["site_id", "site_name", "country", "latitude", "longitude"]
    counted = incidents.dropna(subset=["latitude"]).groupby(keys, sort=True).size().rename("incidents").reset_index()
    return counted.sort_values(["incidents", "site_id"], ascending=[False, True], ignore_index=True)


def _days(axes: Axes, incidents: pd.DataFrame, parameters: Parameters) -> None:
    days = calendar(parameters)
    counts = daily_counts(incidents["date"], parameters)
    edges = [style.on_axis(day) for day in [*days, days[-1] + _DAY]]
    axes.stairs(counts, edges, fill=True, color=style.INK)
    axes.set_title("Attacks a day")
    axes.set_ylim(0, max(4, int(counts.max()) + 1))


def _mix(axes: Axes, incidents: pd.DataFrame, parameters: Parameters) -> None:
    mix = weekly_mix(incidents, parameters)
    edges = [style.on_axis(day) for day in [*mix.index, mix.index[-1] + 7 * _DAY]]
    known = weapons(parameters.reference_dir)
    base = np.zeros(len(mix))
    for code in mix.columns:
        top = base + mix[code].to_numpy()
        axes.stairs(top, edges, baseline=base, fill=True, color=known[code].colour, label=known[code].label)
        base = top
    axes.set_title("Attacks a week, by heaviest weapon")
    axes.set_ylim(0, max(4, float(base.max()) * 1.1))
    if len(mix.columns):
        axes.legend(frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.16), fontsize="small")


def _lines(shape: dict[str, Any]) -> list[Any]:
    """Return the rings of a GeoJSON geometry as arrays of points."""
    if shape["type"] == "LineString":
        return [np.asarray(shape["coordinates"])]
    if shape["type"] in ("Polygon", "MultiLineString"):
        return [np.asarray(ring) for ring in shape["coordinates"]]
    return [np.asarray(ring) for part in shape.get("coordinates", []) for ring in part]


def _map(axes: Axes, incidents: pd.DataFrame, borders: dict[str, Any]) -> None:
    west, south, east, north = EXTENT
    lines = [line for feature in borders["features"] for line in _lines(feature["geometry"])]
    axes.add_collection(LineCollection(lines, colors=style.MUTED, linewidths=0.7))
    sites = site_counts(incidents)
    colours = sites["country"].map(style.COUNTRY_COLOURS)
    axes.scatter(
        sites["longitude"], sites["latitude"], s=14 * sites["incidents"], c=colours, alpha=0.8, linewidths=0.5,
        edgecolors=style.PAPER,
    )  # fmt: skip
    written: list[float] = []
    columns = (sites[name].head(6) for name in ("site_name", "longitude", "latitude", "incidents"))
    for name, x, y, n in zip(*columns, strict=True):
        crowded = any(abs(y - other) < 0.3 for other in written)
        written.append(float(y))
        axes.annotate(
            f"{short_name(str(name))} {n}",
            (x, y),
            xytext=(-11 if crowded else 11, 0),
            textcoords="offset points",
            ha="right" if crowded else "left",
            va="center",
            fontsize="small",
        )
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axes.spines[:].set_visible(False)
    axes.set_title("Where (area: attacks)")


def draw(incidents: pd.DataFrame, parameters: Parameters, borders: dict[str, Any], dpi: int = 88) -> bytes:
    """Return the panels as PNG for the selected `incidents`; `borders` is a GeoJSON collection, which may be empty."""
    with mpl.rc_context(style.use(style.WIDE) | {"figure.constrained_layout.use": False}):
        figure = Figure(figsize=(11, 5.4))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2, 2, width_ratios=[1.35, 1], left=0.035, right=0.99, top=0.92, bottom=0.14, hspace=0.5, wspace=0.06
        )
        days, mix, place = (figure.add_subplot(part) for part in (grid[0, 0], grid[1, 0], grid[:, 1]))
        _days(days, incidents, parameters)
        _mix(mix, incidents, parameters)
        for axes in (days, mix):
            style.time_axis(axes, parameters)
            style.pause_band(axes, parameters, "")
            axes.title.set_fontweight("bold")
        place.title.set_fontweight("bold")
        _map(place, incidents, borders)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=dpi, metadata={"Software": None})
    return picture.getvalue()
