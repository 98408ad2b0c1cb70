"""Attacks at each base over time, all on one scale, with what the Syrian Observatory counted there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter

from helpers.analysis.places import Counted, Places, short
from helpers.facts import Fact
from helpers.figures import style
from helpers.figures.style import GRID, INK, Layout, on_axis, readable
from helpers.parameters import Parameters
from helpers.vocabulary import countries

#: So many bases at the most, those attacked most often; the others stand in the map and in the table of sites.
SHOWN = 12


def cumulated(prepared: pd.DataFrame, places: Places, p: Parameters) -> pd.DataFrame:
    """Return site_id, name, country, date, attacks and observatory: running totals, a row for each day of change.

    `attacks` is that of the record, `observatory` that of the Syrian Observatory on the days on which it gave one.
    """
    parts = []
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


def draw(data: pd.DataFrame, p: Parameters, layout: Layout) -> Figure:
    """Draw a panel a base, all on one scale: the record as a line, the Observatory's totals as dots."""
    sites = list(data["site_id"].unique())
    across = min(layout.choose(4, 2), max(len(sites), 1))
    down = -(-max(len(sites), 1) // across)
    size = (layout.width, down * layout.choose(1.05, 1.15) + 0.35)
    figure, grid = plt.subplots(down, across, figsize=size, sharex=True, sharey=True, squeeze=False)
    top = max(int(data[["attacks", "observatory"]].max().max()) if len(data) else 1, 4)
    for place, axes in enumerate(grid.flat):
        style.time_axis(axes, p)
        style.pause_band(axes, p, "")
        axes.set_ylim(0, top * 1.3)
        axes.set_yticks([0, _half(top)])
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", which="both", labelsize=layout.small, labelbottom=place + across >= len(sites))
        axes.xaxis.set_minor_formatter(_initials(axes))
        if place < len(sites):
            _panel(axes, data[data["site_id"] == sites[place]], top, layout)
        else:
            axes.set_visible(False)
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


def save(prepared: pd.DataFrame, places: Places, p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``bases`` to `folder` and return it."""
    data = cumulated(prepared, places, p)
    return style.save("bases", lambda layout: draw(data, p, layout), data, p, facts, folder)
