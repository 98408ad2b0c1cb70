"""The figure of harm: people injured in the attacks on record, day by day, against officials' own running total."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from helpers.analysis.harm import US, Harm, hurt_words
from helpers.analysis.places import short
from helpers.facts import Facts
from helpers.figures import style
from helpers.figures.labels import around, end_labels
from helpers.tables import each
from helpers.words import short_day

#: How many of the worst attacks are named.
NAMED = 4


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
    looks = {"record": (style.INK, "attacks on record"), "officials": (style.ACCENT, "US officials")}
    last, lines, ends = style.on_axis(result.parameters.window_end) + 1, [], []
    for series, part in data.groupby("series", sort=False):
        colour, name = looks[str(series)]
        x, y = [style.on_axis(day) + 0.5 for day in part["date"]], part["injured"].tolist()
        lines += axes.step([*x, last], [*y, y[-1]], where="post", color=colour, linewidth=1.6)
        if series == "officials":
            axes.plot(x, y, "o", color=colour, markersize=3)
        ends.append((y[-1], f"{name}:\n{int(y[-1])}", colour))
    axes.set_ylim(0, 1.12 * (float(data["injured"].max()) if len(data) else 4.0))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.grid(axis="y")
    style.time_axis(axes, result.parameters)
    style.pause_band(axes, result.parameters)
    if not len(data):
        axes.text(0.5, 0.5, "nobody is recorded as injured", transform=axes.transAxes, ha="center", color=style.MUTED)
    figure.draw_without_rendering()  # labels need the final place of the axes
    end_labels(axes, ends)
    figure.draw_without_rendering()  # the axes have made room for them
    hurt = result.worst[result.worst["us_injured"].fillna(0) > 0]
    worst = each(hurt.sort_values("us_injured", ascending=False, kind="stable").head(layout.choose(NAMED, 1)))
    record = data[data["series"] == "record"].set_index("date")["injured"]
    points = [(style.on_axis(row.date) + 0.5, float(record[row.date])) for row in worst]
    if points:
        axes.plot(*zip(*points, strict=True), "o", color=style.INK, markersize=4)
        texts = [f"{short_day(row.date)}, {short(row.site_name)}: {hurt_words(row, US)}" for row in worst]
        boxes = [box for line in lines for box in _boxes(axes, line)]
        around(axes, points, texts, [3.0] * len(points), size=layout.small, avoid=boxes)
    return figure


def _boxes(axes: Axes, line: Line2D) -> list[Bbox]:
    """Return boxes in pixels round the steps of `line`, which labels should keep free."""
    x, y = (np.asarray(part, float) for part in line.get_data())
    places = axes.transData.transform(np.column_stack([np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]]))
    ends = [np.sort(both, axis=0) for both in pairwise(places)]
    return [Bbox(both).padded(2) for both in ends]


def save(result: Harm, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``harm`` in `folder` and return it."""
    data = counted(result)
    return style.save("harm", lambda layout: draw(result, data, layout), data, result.parameters, facts, folder)
