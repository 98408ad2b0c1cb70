"""The figure of harm: people injured in the attacks on record, day by day, against officials' own running total."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.harm import Harm, hurt_words
from helpers.facts import Facts
from helpers.figures import style
from helpers.figures.labels import around, end_labels
from helpers.words import short_day

#: How many of the worst attacks are named.
NAMED = 5


def counted(result: Harm) -> pd.DataFrame:
    """Return the injured by day and `series`: of the attacks on record, and by officials' total where it was given."""
    known = result.numbered[result.numbered["us_injured_best"] > 0]
    record = known.groupby("date")["us_injured_best"].sum().cumsum()
    frames = [pd.DataFrame({"date": record.index, "series": "record", "injured": record.to_numpy(dtype=float)})]
    if result.last is not None:
        officials = result.toll["officials"].to_numpy(dtype=float)
        frames.append(pd.DataFrame({"date": result.toll["day"], "series": "officials", "injured": officials}))
    return pd.concat(frames, ignore_index=True)


def draw(result: Harm, data: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw both series as steps, with the worst attacks named."""
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.5, 2.6)))
    colours, ends = {"record": style.INK, "officials": style.ACCENT}, []
    names = {"record": "attacks on record", "officials": "US officials"}
    last = style.on_axis(result.parameters.window_end) + 1
    for series, part in data.groupby("series", sort=False):
        colour = colours[str(series)]
        x = [style.on_axis(day) + 0.5 for day in part["date"]]
        y = part["injured"].tolist()
        axes.step([*x, last], [*y, y[-1]], where="post", color=colour, linewidth=1.6)
        if series == "officials":
            axes.plot(x, y, "o", color=colour, markersize=3)
        ends.append((y[-1], f"{names[str(series)]}:\n{int(y[-1])}", colour))
    top = float(data["injured"].max()) if len(data) else 4.0
    axes.set_ylim(0, top * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.grid(axis="y")
    style.time_axis(axes, result.parameters)
    style.pause_band(axes, result.parameters)
    if not len(data):
        axes.text(0.5, 0.5, "nobody is recorded as injured", transform=axes.transAxes, ha="center", color=style.MUTED)
    figure.draw_without_rendering()  # labels need the final place of the axes
    end_labels(axes, ends)
    worst = result.worst[result.worst["us_injured"].fillna(0) > 0].nlargest(layout.choose(NAMED, 3), "us_injured")
    record = data[data["series"] == "record"].set_index("date")["injured"]
    points = [(style.on_axis(day) + 0.5, float(record[day])) for day in worst["date"]]
    texts = [f"{short_day(row['date'])}, {row['site_name'].split(' (')[0]}:\n{hurt_words(row)}"
             for _, row in worst.iterrows()]  # fmt: skip
    if points:
        axes.plot(*zip(*points, strict=True), "o", color=style.INK, markersize=4)
        around(axes, points, texts, [3.0] * len(points), size=layout.small)
    return figure


def save(result: Harm, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``harm`` in `folder` and return it."""
    data = counted(result)
    return style.save("harm", lambda layout: draw(result, data, layout), data, result.parameters, facts, folder)
