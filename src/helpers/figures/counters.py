"""Three counters side by side, so far, by stretch and by month: this record, US officials, the Syrian Observatory."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.counters import CountersResult, Tally, daily
from helpers.analysis.coverage import GRADES
from helpers.figures import style, timeline
from helpers.figures.labels import colour_key, end_labels
from helpers.stretches import NAMES
from helpers.vocabulary import COUNTRIES
from helpers.words import listing

COLOURS = {"record": style.INK, "officials": style.ACCENT, "sohr": "#0072b2"}
MARKERS = {"officials": "o", "sohr": "s"}
#: Grade of confirmation -> its words in the key.
CONFIRMING = {
    "us_official": "confirmed by a US official", "local_official": "a local official", "media_only": "media alone",
    "claim_only": "the claimant alone",
}  # fmt: skip
LABELS = {"record": "this record", "officials": "US officials", "sohr": "Observatory"}
#: Words under the bars of a stretch.
SHORT = {"before": "before\nthe pause", "pause": "in the\npause", "between": "after\nit", "since_stop": "since\n"}


def _running(axes: Axes, data: pd.DataFrame, result: CountersResult, layout: style.Layout) -> None:
    """Draw attacks so far in the window, a line a counter with its name and last total at its end."""
    p, labels, top = result.parameters, [], 4.0
    for counter, frame in data.groupby("counter", sort=False):
        name, colour = str(counter), COLOURS[str(counter)]
        x, y = [timeline.on_axis(day) + 1 for day in frame["date"]], frame["total"].to_numpy(float)  # at the day's end
        axes.plot(x, y, color=colour, linewidth=1.6 if name == "record" else 0.9)
        if name != "record":
            axes.plot(x[1:], y[1:], MARKERS[name], color=colour, markersize=layout.choose(3.0, 2.6), markeredgewidth=0)
        if len(y):
            labels.append((float(y[-1]), f"{LABELS[name]}\n{y[-1]:,.0f}", colour))
            top = max(top, float(y.max()))
    axes.set_ylim(0, top * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="y")
    timeline.time_axis(axes, p)
    timeline.pause_band(axes, p, "")
    end_labels(axes, labels, size=layout.small)


def _bars(axes: Axes, tallies: list[Tally], result: CountersResult, layout: style.Layout) -> None:
    """Draw attacks a day by stretch, a bar a counter, the count above it; pale where the count is a range."""
    parts = [name for name in NAMES if any(tally.part == name for tally in tallies)]
    names = [name for name in LABELS if any(tally.counter == name for tally in tallies)]
    width, highest = 0.8 / max(len(names), 1), 0.0
    for tally in tallies:
        x = parts.index(tally.part) + (names.index(tally.counter) - (len(names) - 1) / 2) * width
        best, low, high = (value / max(tally.days, 1) for value in (tally.best, tally.low, tally.high))
        high = high if np.isfinite(high) else best
        colour = COLOURS[tally.counter]
        axes.bar(x, low, width * 0.86, color=style.tint(colour, 0.75), linewidth=0)
        axes.bar(x, high - low, width * 0.86, low, color=style.tint(colour, 0.28), linewidth=0)
        text = f"{tally.low:,.0f}–{tally.high:,.0f}" if tally.high > tally.low else f"{tally.best:,}"
        text = text if np.isfinite(tally.high) else f"{tally.low:,.0f}+"
        axes.annotate(
            text.replace("–", "–\n") if layout.narrow or len(names) > 2 else text,
            (x, high), xytext=(0, 1.5), textcoords="offset points", ha="center", va="bottom",
            fontsize=layout.small - 0.3, color=style.readable(colour), linespacing=0.85,
        )  # fmt: skip
        highest = max(highest, high)
    axes.set_ylim(0, max(highest, 0.1) * 1.3)
    axes.set_xlim(-0.6, max(len(parts), 1) - 0.4)
    stop = f"{result.parameters.stop_start.day} {result.parameters.stop_start:%b}"
    words = [SHORT[name] + (stop if name == "since_stop" else "") for name in parts]
    axes.set_xticks(range(len(parts)), words, fontsize=layout.small)
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.grid(axis="y")


def draw(result: CountersResult, layout: style.Layout) -> Figure:
    """Draw the counters of all countries and of Syria: attacks so far above, attacks a day by stretch below."""
    data, places = daily(result), list(dict.fromkeys(key[1] for key in result.tallies))
    if len(result.parameters.countries) == 1:
        places = places[-1:]
    stacked = layout.narrow and len(places) > 1
    shape = (2 * len(places), 1) if stacked else (2, len(places))
    heights = [layout.choose(1.6, 1.9), layout.choose(1.15, 1.35)] * (len(places) if stacked else 1)
    figure, every = plt.subplots(
        *shape, figsize=(layout.width, sum(heights) + 0.9), squeeze=False, height_ratios=heights
    )
    for column, place in enumerate(places):
        pair = every[2 * column : 2 * column + 2, 0] if stacked else every[:, column]
        tallies = [t for (part, where, _), t in result.tallies.items() if where == place and part in NAMES]
        _running(pair[0], data[data["place"] == place], result, layout)
        _bars(pair[1], tallies, result, layout)
        codes = result.parameters.countries if place == "all" else (place,)
        name = listing(COUNTRIES[code] for code in codes)
        pair[0].set_title(f"{name}: attacks so far", fontweight="bold", color=style.INK)
        pair[1].set_title("Attacks a day by stretch (numbers: attacks)", color=style.MUTED, fontsize=layout.small)
    return figure


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


def draw_monthly(result: CountersResult, layout: style.Layout) -> Figure:
    """Draw a stacked bar a month, and a red mark with its range for what officials counted."""
    table = monthly(result)
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.4, 2.2)))
    left = np.array([timeline.on_axis(day) for day in table["first"]])
    width = np.array([timeline.on_axis(day) + 1 for day in table["last"]]) - left
    below = left * 0.0
    for grade in GRADES:
        count = table[grade].to_numpy(float)
        style.bars(axes, left, count, width * 0.62, below, color=style.CONFIRMATION_COLOURS[grade])
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
    timeline.time_axis(axes, result.parameters)
    entries = [(words, style.CONFIRMATION_COLOURS[grade]) for grade, words in CONFIRMING.items()]
    colour_key(axes, [*entries, ("counted by US officials", style.ACCENT)], size=layout.small)
    return figure
