"""The figure of choices: each headline's estimate under each single change, and where it cannot be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def _panel(axes: Axes, table: pd.DataFrame, headline: str, names: list[str]) -> None:
    rows = table[table["headline"] == headline].set_index("choice").reindex(names)
    place = np.arange(len(names))
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
    axes.set(xscale="log", xlim=LIMITS, ylim=(len(names) - 0.5, -0.5))
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_title(PANELS[headline], color=style.INK)
    axes.axhspan(-0.5, 0.5, color=style.BAND, zorder=0, linewidth=0)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw(table: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw a panel a headline, a row a choice; the brief's own choice stands first, on a band."""
    words = table.drop_duplicates("choice").set_index("choice")
    every = list(words.index)
    panels = list(PANELS)
    shape = layout.choose((1, len(panels)), (len(panels), 1))
    height = 0.22 * (len(every) + 1.5) * layout.choose(1, len(panels)) + 0.4
    figure, grid = plt.subplots(*shape, figsize=(layout.width, height), squeeze=False, sharey=True)
    labels = [f"{row['group']}: {row['words']}" if key != "own" else row["group"] for key, row in words.iterrows()]
    if layout.narrow:
        labels = [row["words"] for _, row in words.iterrows()]
    for axes, headline in zip(grid.flat, panels, strict=True):
        _panel(axes, table, headline, every)
        axes.set_yticks(range(len(every)), labels, fontsize=layout.choose(7.5, 7))
        axes.tick_params(axis="y", labelleft=layout.narrow or axes is grid[0, 0])
    return figure


def save(table: pd.DataFrame, p: Parameters, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``choices`` in `folder` and return it."""
    return style.save("choices", lambda layout: draw(table, layout), table, p, facts, folder)
