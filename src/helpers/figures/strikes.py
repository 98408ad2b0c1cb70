"""The figure of strikes: attacks a day above the line, US strikes below it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.harm import deadliest
from helpers.analysis.places import short
from helpers.analysis.strikes import Strikes
from helpers.facts import Facts
from helpers.figures import style
from helpers.figures.labels import of, spread
from helpers.figures.text import extent
from helpers.tables import each
from helpers.words import short_day

BARS = "#9aa5b1"


def named(result: Strikes, number: int) -> pd.DataFrame:
    """Return the `number` strikes that most origins tell of, by day."""
    return (
        result.two_sources.sort_values("n_independent", ascending=False, kind="stable").head(number).sort_values("date")
    )


def draw(result: Strikes, layout: style.Layout) -> Figure:
    """Draw attacks as bars and strikes as marks under them: full where two origins tell of them, else open."""
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.7, 2.8)))
    days = result.days
    axes.bar([style.on_axis(day) + 0.5 for day in days["date"]], days["attacks"], 0.9, color=BARS, linewidth=0)
    top = max(4.0, float(days["attacks"].max()) if len(days) else 0.0)
    lane, floor = -0.12 * top, -top * 0.62
    sure = result.strikes["n_independent"] >= 2
    for part, face in ((result.strikes[sure], style.ACCENT), (result.strikes[~sure], "none")):
        x = [style.on_axis(day) + 0.5 for day in part["date"]]
        axes.plot(x, [lane] * len(x), "^", markersize=6, markerfacecolor=face, markeredgecolor=style.ACCENT,
                  markeredgewidth=0.8, linestyle="none", clip_on=False)  # fmt: skip
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    axes.set_ylim(floor, top * 1.08)
    axes.set_yticks(
        [tick for tick in MaxNLocator(integer=True, nbins=4).tick_values(0, top) if 0 <= tick <= top * 1.08]
    )
    axes.grid(axis="y")
    style.time_axis(axes, result.parameters)
    style.pause_band(axes, result.parameters)
    _deadliest(axes, result, top)
    _labels(axes, named(result, layout.choose(7, 4)), lane, floor, layout)
    return figure


def _labels(axes: Axes, strikes: pd.DataFrame, lane: float, floor: float, layout: style.Layout) -> None:
    """Write what each of `strikes` hit under its mark, moved apart where they crowd."""
    low, high = axes.get_xlim()
    texts = [f"{short_day(row['date'])}\n{_short(row['place'])}" for _, row in strikes.iterrows()]
    per_inch = (high - low) / (layout.width * layout.choose(0.9, 0.84))
    sizes = [extent(of(axes), text, fontsize=layout.small)[0] * per_inch * 1.1 for text in texts]
    wanted = [style.on_axis(day) + 0.5 for day in strikes["date"]]
    edge = max(sizes, default=0.0) / 2
    places = spread(wanted, sizes, low + edge, high - edge) if texts else []
    for text, want, place in zip(texts, wanted, places, strict=True):
        axes.annotate(
            text, (want, lane * 1.45), xytext=(place, lane * 2.4), ha="center", va="top", fontsize=layout.small,
            color=style.readable(style.ACCENT), arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": style.ACCENT},
        )  # fmt: skip


def _deadliest(axes: Axes, result: Strikes, top: float) -> None:
    """Name the attack in which most US personnel were killed, over its bar."""
    for row in each(deadliest(result.incidents)):
        day = style.on_axis(row.date) + 0.5
        height = float(result.days.loc[result.days["date"] == row.date, "attacks"].iloc[0])
        axes.annotate(
            f"{short_day(row.date)}, {short(row.site_name)}:\n{row.us_killed} killed", (day, height),
            xytext=(day, top * 0.86), ha="center", va="center", arrowprops={"arrowstyle": "-", "linewidth": 0.6},
        )  # fmt: skip


def _short(place: str) -> str:
    """Return a place as it fits under a mark: whole, or its first part."""
    whole = str(place).removeprefix("near ")
    return whole if len(whole) <= 16 else re.split(r" and |, | \(", whole)[0][:18]


def save(result: Strikes, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``strikes`` in `folder` and return it."""
    return style.save("strikes", lambda layout: draw(result, layout), result.days, result.parameters, facts, folder)
