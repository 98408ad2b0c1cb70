"""Harm: people injured in the attacks on record, day by day, against officials' own running total; and US strikes below
the attacks of each day."""

from __future__ import annotations

import re
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

from helpers.analysis.harm import US, Harm, deadliest, hurt_words
from helpers.analysis.places import short
from helpers.analysis.strikes import Strikes
from helpers.facts import Facts
from helpers.figures import style, timeline
from helpers.figures.labels import around, end_labels, spread
from helpers.figures.text import LINE, extent
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


def draw_harm(result: Harm, data: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw both series as steps, with the worst attacks named."""
    height = layout.choose(2.1, 2.6)
    figure = plt.figure(figsize=(layout.width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    looks = {"record": (style.INK, "attacks on record"), "officials": (style.ACCENT, "US officials")}
    last, lines, ends = timeline.on_axis(result.parameters.window_end) + 1, [], []
    for series, part in data.groupby("series", sort=False):
        colour, name = looks[str(series)]
        x, y = [timeline.on_axis(day) + 0.5 for day in part["date"]], part["injured"].tolist()
        lines += axes.step([*x, last], [*y, y[-1]], where="post", color=colour, linewidth=1.6)
        if series == "officials":
            axes.plot(x, y, "o", color=colour, markersize=3)
        ends.append((y[-1], f"{name}:\n{int(y[-1])}", colour))
    axes.set_ylim(0, 1.12 * (float(data["injured"].max()) if len(data) else 4.0))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.grid(axis="y")
    timeline.time_axis(axes, result.parameters)
    timeline.pause_band(axes, result.parameters)
    if not len(data):
        axes.text(0.5, 0.5, "nobody is recorded as injured", transform=axes.transAxes, ha="center", color=style.MUTED)
    side, line = max((extent(text, layout.font)[0] for _, text, _ in ends), default=0.0) + 0.2, LINE * layout.font / 72
    left, foot, head = 0.35, 2 * line + 0.1, layout.choose(1, 2) * line + 0.05  # ticks, months, the name of the pause
    axes.set_position(
        (left / layout.width, foot / height, 1 - (left + side) / layout.width, 1 - (foot + head) / height)
    )
    end_labels(axes, ends)
    hurt = result.worst[result.worst["us_injured"].fillna(0) > 0]
    worst = each(hurt.sort_values("us_injured", ascending=False, kind="stable").head(layout.choose(NAMED, 1)))
    record = data[data["series"] == "record"].set_index("date")["injured"]
    points = [(timeline.on_axis(row.date) + 0.5, float(record[row.date])) for row in worst]
    if points:
        axes.plot(*zip(*points, strict=True), "o", color=style.INK, markersize=4)
        texts = [f"{short_day(row.date)}, {short(row.site_name)}: {hurt_words(row, US)}" for row in worst]
        boxes = [box for line in lines for box in _boxes(axes, line)]
        around(axes, points, texts, [3.0] * len(points), size=layout.small, avoid=boxes)
    return figure


def _boxes(axes: Axes, line: Line2D) -> list[Bbox]:
    """Return boxes in points round the steps of `line`, which labels should keep free."""
    x, y = (np.asarray(part, float) for part in line.get_data())
    places = axes.transData.transform(np.column_stack([np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]]))
    ends = [np.sort(both, axis=0) for both in pairwise(places)]
    return [Bbox(both).padded(2) for both in ends]


def save_harm(result: Harm, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``harm`` in `folder` and return it."""
    data = counted(result)
    return style.save("harm", lambda layout: draw_harm(result, data, layout), data, result.parameters, facts, folder)


BARS = "#9aa5b1"


def most_told(result: Strikes, number: int) -> pd.DataFrame:
    """Return the `number` strikes that most origins tell of, by day."""
    return (
        result.two_sources.sort_values("n_independent", ascending=False, kind="stable").head(number).sort_values("date")
    )


def draw_strikes(result: Strikes, layout: style.Layout) -> Figure:
    """Draw attacks as bars and strikes as marks under them: full where two origins tell of them, else open."""
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.3, 2.8)))
    days = result.days
    style.bars(axes, [timeline.on_axis(day) + 0.05 for day in days["date"]], days["attacks"], 0.9, color=BARS)
    top = max(4.0, float(days["attacks"].max()) if len(days) else 0.0)
    lane, floor = -0.12 * top, -top * 0.62
    sure = result.strikes["n_independent"] >= 2
    for part, face in ((result.strikes[sure], style.ACCENT), (result.strikes[~sure], "none")):
        x = [timeline.on_axis(day) + 0.5 for day in part["date"]]
        axes.plot(x, [lane] * len(x), "^", markersize=6, markerfacecolor=face, markeredgecolor=style.ACCENT,
                  markeredgewidth=0.8, linestyle="none", clip_on=False)  # fmt: skip
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    axes.set_ylim(floor, top * 1.08)
    axes.set_yticks(
        [tick for tick in MaxNLocator(integer=True, nbins=4).tick_values(0, top) if 0 <= tick <= top * 1.08]
    )
    axes.grid(axis="y")
    timeline.time_axis(axes, result.parameters)
    timeline.pause_band(axes, result.parameters)
    _deadliest(axes, result, top)
    _labels(axes, most_told(result, layout.choose(7, 4)), lane, floor, layout)
    return figure


def _labels(axes: Axes, strikes: pd.DataFrame, lane: float, floor: float, layout: style.Layout) -> None:
    """Write what each of `strikes` hit under its mark, moved apart where they crowd."""
    low, high = axes.get_xlim()
    texts = [f"{short_day(row['date'])}\n{_short(row['place'])}" for _, row in strikes.iterrows()]
    per_inch = (high - low) / (layout.width * layout.choose(0.9, 0.84))
    sizes = [extent(text, layout.small)[0] * per_inch * 1.1 for text in texts]
    wanted = [timeline.on_axis(day) + 0.5 for day in strikes["date"]]
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
        day = timeline.on_axis(row.date) + 0.5
        height = float(result.days.loc[result.days["date"] == row.date, "attacks"].iloc[0])
        axes.annotate(
            f"{short_day(row.date)}, {short(row.site_name)}:\n{row.us_killed} killed", (day, height),
            xytext=(day, top * 0.86), ha="center", va="center", arrowprops={"arrowstyle": "-", "linewidth": 0.6},
        )  # fmt: skip


def _short(place: str) -> str:
    """Return a place as it fits under a mark: whole, or its first part."""
    whole = str(place).removeprefix("near ")
    return whole if len(whole) <= 16 else re.split(r" and |, | \(", whole)[0][:18]


def save_strikes(result: Strikes, facts: Facts, folder: str | Path) -> Any:
    """Save the figure ``strikes`` in `folder` and return it."""
    return style.save(
        "strikes", lambda layout: draw_strikes(result, layout), result.days, result.parameters, facts, folder
    )
