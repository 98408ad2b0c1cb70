"""Attacks on record a month, by who confirms them, against what US officials counted."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.counters import CountersResult
from helpers.analysis.coverage import GRADES
from helpers.figures import style
from helpers.figures.labels import colour_key
from helpers.stretches import NAMES

LABELS = {
    "us_official": "a US official", "local_official": "a local official", "media_only": "media alone",
    "claim_only": "the claimant alone",
}  # fmt: skip


def monthly(result: CountersResult) -> pd.DataFrame:
    """Return a row a month: its days, attacks on record by grade, and what officials counted (blank: not known)."""
    rows = []
    for month in (part for part in result.parts if part not in NAMES):
        record, counted = result.tallies[month, "all", "record"], result.tallies.get((month, "all", "officials"))
        here = result.incidents[result.incidents["incident_id"].isin(record.incidents)]
        grades = here["confirmation"].value_counts().reindex(GRADES, fill_value=0)
        bounds = (counted.low, counted.best, counted.high) if counted else (np.nan,) * 3
        rows.append((month, record.first, record.last, *grades, *bounds))
    columns = ["month", "first", "last", *GRADES, "officials_low", "officials", "officials_high"]
    return pd.DataFrame(rows, columns=columns).replace([np.inf], np.nan)


def draw(result: CountersResult, layout: style.Layout) -> Figure:
    """Draw a stacked bar a month, and a red mark with its range for what officials counted."""
    table = monthly(result)
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.4, 2.2)))
    left = np.array([style.on_axis(day) for day in table["first"]])
    width = np.array([style.on_axis(day) + 1 for day in table["last"]]) - left
    below = left * 0.0
    for grade in GRADES:
        count = table[grade].to_numpy(float)
        axes.bar(left, count, width * 0.62, below, align="edge", color=style.CONFIRMATION_COLOURS[grade], linewidth=0)
        below += count
    known = table["officials"].notna().to_numpy()
    x = (left + width * 0.78)[known]
    low, best, high = (table.loc[known, name].to_numpy(float) for name in table.columns[-3:])
    axes.vlines(x, low, np.where(np.isnan(high), best, high), color=style.ACCENT, linewidth=3.5)
    axes.plot(x, low, "_", color=style.ACCENT, markersize=9, markeredgewidth=2)
    highest = float(np.nanmax(np.r_[below, high, 4.0]))
    marks = [
        (place, count, f"{count:,.0f}", style.INK) for place, count in zip(left + width * 0.31, below, strict=True)
    ]
    for at, least, middle, most, wide in zip(x, low, best, high, width[known], strict=True):
        if wide >= 0.6 * width.max():
            text = f"{middle:,.0f}" if least == most else f"{least:,.0f}–{most:,.0f}"
            marks.append((at, middle if np.isnan(most) else most, text, style.readable(style.ACCENT)))
    for at, y, text, colour in marks if len(table) <= layout.choose(16, 8) else ():
        axes.annotate(text, (at, y), xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", color=colour,
                      fontsize=layout.small)  # fmt: skip
    axes.set_ylim(0, highest * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="y")
    style.time_axis(axes, result.parameters)
    entries = [(f"confirmed by {LABELS[grade]}" if place == 0 else LABELS[grade], style.CONFIRMATION_COLOURS[grade])
               for place, grade in enumerate(GRADES)]  # fmt: skip
    colour_key(axes, [*entries, ("counted by US officials", style.ACCENT)], size=layout.small)
    return figure
