"""Ratios with their intervals, a panel a headline: under each single change of a choice, and in each set of a sweep."""

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

from helpers.facts import CANNOT, SHOWN, Facts
from helpers.figures import style
from helpers.figures.text import HALO
from helpers.parameters import Parameters

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


def draw(table: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw the choices, a row a choice; the brief's own stands first, on a band."""
    words = table.drop_duplicates("choice")
    full = words["group"].where(words["choice"] == "own", words["group"] + ": " + words["words"])
    figure = _panels(table, PANELS, "choice", list(words["words"] if layout.narrow else full), layout)
    for axes in figure.axes:
        axes.axhspan(-0.5, 0.5, color=style.BAND, zorder=0, linewidth=0)
    return figure


def save(table: pd.DataFrame, p: Parameters, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``choices`` in `folder` and return it."""
    return style.save("choices", lambda layout: draw(table, layout), table, p, facts, folder)


def save_sweep(file: Path, headlines: Mapping[str, str]) -> None:
    """Draw the sets of the CSV `file` beside it, as SVG, a row a set and a panel for each of `headlines`.

    The file has the columns set, label, headline, finding, ratio, low, high.
    """
    table = pd.read_csv(file, dtype={"label": str}).rename(columns={"ratio": "estimate"})
    labels = list(table.drop_duplicates("set")["label"])
    with mpl.rc_context(style.use(style.WIDE)):
        drawn = style.drawing(_panels(table, headlines, "set", labels, style.WIDE), SWEEP, style.WIDE)
    file.with_suffix(".svg").write_text(drawn, encoding="utf-8")
