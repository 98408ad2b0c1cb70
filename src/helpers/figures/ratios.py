"""Ratios with their intervals: the pause in every series; each headline under each single change, and in each set of a
sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from helpers.analysis.pause import Comparison
from helpers.facts import CANNOT, SHOWN, Facts
from helpers.figures import style
from helpers.figures.text import HALO, wrap
from helpers.parameters import Parameters

#: Series -> its words beside the dot.
SERIES = {
    "coded": "All attacks on record", "officials": "US officials’ totals", "us_official": "Confirmed by a US official",
    "sohr": "Observatory’s totals (Syria)", "syria": "On record in Syria", "iraq": "On record in Iraq",
}  # fmt: skip
#: Where the axis of ratios ends; what lies beyond is an arrow.
END = 1.5

#: Headline -> what its axis measures.
PANELS = {
    "pause": "In the pause,\nover the days\ncompared",
    "stop": "Since the second\nstop, over all\ndays before",
    "climb": "Odds a month\nof a rocket\nor more",
}
#: Ends of the axis of ratios: what lies beyond is drawn to the edge.
LIMITS = (0.01, 10.0)
#: The words of the picture of a sweep.
SWEEP = {
    "title": "The headline findings in each set of parameters",
    "subtitle": "",
    "source": "Ratios with 95% intervals, 1: no difference. Filled: shown; open: not shown.",
}


def _row(axes: Axes, y: float, one: Comparison, layout: style.Layout) -> None:
    """Draw one series: interval, dot, and an open mark at the largest number that would still show a fall."""
    value, low, high = one.ratio.value, one.ratio.low or 0.0, one.ratio.high
    colour, most = style.ACCENT if one.ratio.below_one else style.MUTED, one.largest_showing
    if value is not None and one.fall != CANNOT:
        beyond = high is None or high > END
        axes.plot([min(low, END), min(high or END, END)], [y, y], color=colour, linewidth=2.0, solid_capstyle="butt")
        if beyond:
            axes.plot(END, y, ">", color=colour, markersize=5, markeredgewidth=0, clip_on=False)
        if value <= END:
            axes.plot(value, y, "o", color=colour, markersize=6.5, markeredgewidth=0, zorder=4, clip_on=False)
    if one.expected and most is not None and most / one.expected <= END:
        axes.plot(most / one.expected, y, "|", color=style.INK, markersize=11, markeredgewidth=1.4, zorder=5)
    shows = layout.choose(" would show a fall", " would show it")
    text = f"{one.during:,} in {one.days} day{'s' if one.days != 1 else ''}"
    text += f", {one.expected:.0f} expected" if one.expected else ""
    text += f"; no number{shows}" if most is None else f"; up to {most:,}{shows}" if most else f"; only none{shows}"
    axes.annotate(
        text, (0, y), xycoords=axes.get_yaxis_transform(), xytext=(0, layout.choose(-9, -8)), ha="left", va="top",
        textcoords="offset points", color=style.MUTED, fontsize=layout.small,
    )  # fmt: skip


def draw_pause(comparisons: Mapping[str, Comparison], layout: style.Layout) -> Figure:
    """Draw a row a series over one axis of ratios: 1 is as on the days compared."""
    names = [name for name in SERIES if name in comparisons and comparisons[name].days]
    height = layout.choose(0.38, 0.5) * max(len(names), 1) + 0.45
    figure, axes = plt.subplots(figsize=(layout.width, height))
    axes.set_xlim(0, END)
    axes.set_ylim(len(names) - 0.3, -0.6)
    axes.axvline(1, color=style.MUTED, linewidth=0.9)
    axes.axvspan(0, 1, color=style.BAND, alpha=0.35, linewidth=0, zorder=0)
    for y, name in enumerate(names):
        _row(axes, y, comparisons[name], layout)
    as_on = layout.choose("as on the days compared", "as on others")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1, 1.25, END], ["none", "a quarter", "half", "", as_on, "", ""])
    labels = [wrap(SERIES[name], layout.choose(1.8, 1.03), layout.font) for name in names]
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.spines["left"].set_visible(False)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    """Draw `finding`, `estimate`, `low` and `high` of each of `rows`, from the top down."""
    place = np.arange(len(rows))
    unjudged = (rows["finding"] == CANNOT) | (rows["finding"].notna() & rows["estimate"].isna())
    for y in place[unjudged]:
        axes.text(1.0, y, "cannot be judged", ha="center", va="center", color=style.MUTED, fontsize=7.5, gid=HALO)
    low, high = rows["low"].fillna(LIMITS[0]).clip(*LIMITS), rows["high"].fillna(LIMITS[1]).clip(*LIMITS)
    shown, beyond = rows["finding"] == SHOWN, rows["estimate"] < LIMITS[0]
    at = rows["estimate"].clip(LIMITS[0] * 1.2, LIMITS[1])
    for part, colour, face in ((shown, style.INK, style.INK), (~shown, style.MUTED, style.PAPER)):
        part = part & rows["estimate"].notna() & ~unjudged
        axes.hlines(place[part], low[part], high[part], color=colour, linewidth=1.2)
        for these, mark in ((part & beyond, "<"), (part & ~beyond, "o")):
            axes.plot(at[these], place[these], mark, color=colour, markersize=4.5, markerfacecolor=face)
    axes.axvline(1, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 2)))
    axes.set(xscale="log", xlim=LIMITS, ylim=(len(rows) - 0.5, -0.5))
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_title(title, color=style.INK)
    axes.spines["left"].set_visible(False)


def _panels(
    table: pd.DataFrame, headlines: Mapping[str, str], row: str, labels: Sequence[str], layout: style.Layout
) -> Figure:
    """Draw a panel for each of the `headlines` (name -> title), a line for each value of the column `row`."""
    every = table[row].unique()
    shape = layout.choose((1, len(headlines)), (len(headlines), 1))
    height = 0.22 * (len(every) + 1.5) * shape[0] + 0.4
    figure, grid = plt.subplots(*shape, figsize=(layout.width, height), squeeze=False)
    for axes, (headline, title) in zip(grid.flat, headlines.items(), strict=True):
        _panel(axes, table[table["headline"] == headline].set_index(row).reindex(every), title)
        axes.tick_params(axis="y", length=0)
        if layout.narrow or axes is grid[0, 0]:
            axes.set_yticks(range(len(every)), labels, fontsize=layout.choose(7.5, 7))
        else:
            axes.yaxis.set_visible(False)
    return figure


def draw_choices(table: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw the choices, a row a choice; the brief's own stands first, on a band."""
    words = table.drop_duplicates("choice")
    full = words["group"].where(words["choice"] == "own", words["group"] + ": " + words["words"])
    figure = _panels(table, PANELS, "choice", list(words["words"] if layout.narrow else full), layout)
    for axes in figure.axes:
        axes.axhspan(-0.5, 0.5, color=style.BAND, zorder=0, linewidth=0)
    return figure


def save_choices(table: pd.DataFrame, p: Parameters, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``choices`` in `folder` and return it."""
    return style.save("choices", lambda layout: draw_choices(table, layout), table, p, facts, folder)


def save_sweep(file: Path, headlines: Mapping[str, str]) -> None:
    """Draw the sets of the CSV `file` beside it, as SVG, a row a set and a panel for each of `headlines`.

    The file has the columns set, label, headline, finding, ratio, low, high.
    """
    table = pd.read_csv(file, dtype={"label": str}).rename(columns={"ratio": "estimate"})
    labels = list(table.drop_duplicates("set")["label"])
    with mpl.rc_context(style.use(style.WIDE)):
        drawn = style.drawing(_panels(table, headlines, "set", labels, style.WIDE), SWEEP, style.WIDE)
    file.with_suffix(".svg").write_text(drawn, encoding="utf-8")
