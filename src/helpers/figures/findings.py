"""The figure of a sweep: each headline finding in each set of parameters, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from helpers.facts import SHOWN
from helpers.figures import style
from helpers.tables import each

SOURCE = "Ratios with 95% intervals, 1: no difference. Filled: shown; hollow: not shown, or cannot be shown."


def _panel(axes: Axes, rows: pd.DataFrame, places: dict[str, int]) -> None:
    """Draw a ratio and its interval for each set, on a logarithmic axis from a hundredth to ten."""
    low, high = 0.01, 10.0
    axes.axvline(1, color=style.MUTED, linewidth=0.7)
    for row in each(rows):  # what is missing is not drawn
        y, colour = places[row.set], style.INK if row.finding == SHOWN else style.PAPER
        axes.plot([max(row.low, low), min(row.high, high)], [y, y], color=style.INK, linewidth=0.9)
        middle = min(max(row.ratio, low), high)
        axes.plot(middle, y, "o", color=colour, markeredgecolor=style.INK, markersize=3.5)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks([0.01, 0.1, 1, 10])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", length=0)


def draw(data: pd.DataFrame, headlines: Mapping[str, str]) -> Figure:
    """Draw a row a set and a panel for each of the `headlines` (name -> words).

    `data` has the columns set, label, headline, finding, ratio, low, high.
    """
    layout = style.WIDE
    labels = data.drop_duplicates("set").set_index("set")["label"]
    places = {str(name): place for place, name in enumerate(labels.index)}
    size = (layout.width, 0.75 + 0.19 * len(places))
    figure, grid = plt.subplots(1, len(headlines), figsize=size, sharey=True, squeeze=False)
    for axes, (finding, words) in zip(grid.flat, headlines.items(), strict=True):
        _panel(axes, data[data["headline"] == finding], places)
        axes.set_title(words, fontsize=layout.small)
        axes.tick_params(labelsize=layout.small)
    grid[0, 0].set_yticks(list(places.values()), list(labels), fontsize=layout.small)
    grid[0, 0].set_ylim(len(places) - 0.5, -0.5)
    style.headline(figure, "The headline findings in each set of parameters", "", SOURCE, layout)
    return figure


def save(table: Path, headlines: Mapping[str, str]) -> None:
    """Draw the sets of the CSV file `table` beside it, as SVG."""
    with mpl.rc_context(style.use(style.WIDE)):
        figure = draw(pd.read_csv(table), headlines)
        figure.savefig(table.with_suffix(".svg"), format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
