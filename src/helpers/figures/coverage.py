"""The figure of the coverage: officials' running total against what is coded, and the share covered by period."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter

from helpers.analysis.coverage import GRADES, CoverageResult
from helpers.figures import style
from helpers.figures.labels import end_labels
from helpers.figures.text import wrap
from helpers.tables import each
from helpers.vocabulary import COUNTRIES

GRADE_LABELS = {
    "us_official": "US official",
    "local_official": "local official",
    "media_only": "media only",
    "claim_only": "claimant only",
}


def shown(result: CoverageResult) -> pd.DataFrame:
    """Return the daily data of the upper panel: date, running count of coded incidents by grade, official bounds."""
    p = result.parameters
    days = pd.date_range(p.window_start, p.window_end)
    frame = pd.DataFrame({"date": days})
    for grade in GRADES:
        here = result.incidents.loc[result.incidents["confirmation"] == grade, "date"]
        frame[grade] = here.value_counts().reindex(days, fill_value=0).cumsum().to_numpy()
    base = result.series.at(days[0] - pd.Timedelta(days=1))[0]
    known = [result.series.at(day) for day in days]
    covered = days <= result.series.last_day
    frame["official"] = np.where(covered, [value - base for value, _, _ in known], np.nan)
    frame["official_low"] = np.where(covered, [low - base for _, low, _ in known], np.nan)
    frame["official_high"] = np.where(covered, [high - base for _, _, high in known], np.nan)
    return frame


def _running(axes: Axes, result: CoverageResult, layout: style.Layout) -> None:
    frame = shown(result)
    x = [style.on_axis(day) for day in frame["date"]]
    below = np.zeros(len(frame))
    labels = []
    for grade in GRADES:
        top = below + frame[grade].to_numpy(float)
        colour = style.CONFIRMATION_COLOURS[grade]
        axes.fill_between(x, below, top, step="post", color=colour, linewidth=0, alpha=0.85)
        if top[-1] > below[-1]:
            words = GRADE_LABELS[grade]
            count = int(top[-1] - below[-1])
            labels.append(((below[-1] + top[-1]) / 2, f"{words} {count}", colour))
        below = top
    points = [p for p in result.series.points if p.rows and frame["date"].min() <= p.day <= frame["date"].max()]
    base = result.series.at(frame["date"].min() - pd.Timedelta(days=1))[0]
    finite = [min(p.high, p.value * 1.5 + 5) - base for p in points]
    axes.vlines([style.on_axis(p.day) for p in points], [p.low - base for p in points], finite,
                color=style.ACCENT, linewidth=1.0, alpha=0.55)  # fmt: skip
    axes.plot([style.on_axis(p.day) for p in points], [p.value - base for p in points], "o", color=style.ACCENT,
              markersize=layout.choose(3.4, 2.8), markeredgewidth=0, zorder=5)  # fmt: skip
    days = frame["date"]
    odd = [item for item in result.series.aside if days.min() <= item.day <= days.max() and item.value > base]
    hollow = {"markerfacecolor": style.PAPER, "markeredgewidth": 0.9, "markersize": layout.choose(4.2, 3.4)}
    x_odd, y_odd = [style.on_axis(item.day) for item in odd], [item.value - base for item in odd]
    axes.plot(x_odd, y_odd, "o", color=style.ACCENT, zorder=6, **hollow)
    if points:
        last = points[-1]
        axes.annotate(
            f"officials: {last.value - base}", (style.on_axis(last.day), last.value - base),
            xytext=layout.choose((0, -9), (26, -22)), textcoords="offset points",
            color=style.readable(style.ACCENT), ha=layout.choose("center", "right"), va="top", fontweight="bold",
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.0, "alpha": 0.85}, zorder=6,
        )  # fmt: skip
    top = max(float(below[-1]) if len(below) else 0.0, max((p.value - base for p in points), default=0), 4)
    axes.set_ylim(0, top * 1.06)
    axes.grid(axis="y")
    end_labels(axes, labels, size=layout.small)


def _share_panel(axes: Axes, result: CoverageResult, code: str, layout: style.Layout) -> None:
    table = result.periods[result.periods["country"] == code]
    colour = style.COUNTRY_COLOURS.get(code, style.MUTED)
    for row in each(table):
        left, right = style.on_axis(row.start), style.on_axis(row.end + pd.Timedelta(days=1))
        middle = (left + right) / 2
        if pd.isna(row.share_low):
            continue
        axes.fill_between([left, right], row.share_low, row.share_high, color=colour, alpha=0.45, linewidth=0)
        axes.plot([left, right], [row.share_low, row.share_low], color=colour, linewidth=1.6, solid_capstyle="butt")
        axes.plot([middle, middle], [row.ci_low, row.share_low], color=colour, linewidth=0.8)
        axes.plot([right, right], [0, 1.01], color=style.PAPER, linewidth=1.2, zorder=3)
        if right - left > layout.choose(5, 13):
            least, most = int(row.us_official), int(row.coded)
            shown_text = f"{f'{least}–{most}' if least != most else most}\nof {int(row.official)}"
            axes.text(middle, 1.04, shown_text, ha="center", va="bottom", fontsize=layout.small,
                      color=style.INK, linespacing=0.95, zorder=4)  # fmt: skip
    axes.set_ylim(0, 1.55)
    axes.spines["left"].set_bounds(0, 1)
    axes.yaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel(COUNTRIES.get(code, "all"), color=style.readable(colour), fontweight="bold")
    axes.grid(axis="y")


def draw(result: CoverageResult, layout: style.Layout) -> Figure:
    """Draw the running totals over what is coded by grade, and below, by country, the bounds of the share covered."""
    codes: list[str] = [code for code in ("IQ", "SY") if code in result.parameters.countries] or ["all"]
    heights = [layout.choose(2.2, 2.1), *[layout.choose(0.95, 0.95)] * len(codes)]
    figure, every = plt.subplots(
        len(heights), 1, figsize=(layout.width, sum(heights) + 0.7), sharex=True, height_ratios=heights, squeeze=False
    )
    axes = every[:, 0]
    _running(axes[0], result, layout)
    for place, code in zip(axes[1:], codes, strict=True):
        _share_panel(place, result, code, layout)
    for place in axes:
        style.time_axis(place, result.parameters)
        style.pause_band(place, result.parameters, None if place is axes[0] else "")
    for place in axes[:-1]:
        place.tick_params(axis="x", which="both", labelbottom=False)
    room = layout.width * layout.choose(0.78, 0.62)
    axes[1].set_title(
        wrap(figure, KEY, room, fontsize=layout.small), color=style.MUTED, fontsize=layout.small, loc="left"
    )
    style.headline(figure, title(result), SUBTITLE, source(result), layout)
    return figure


#: How to read the panels of shares.
KEY = (
    "Share of officials’ count that is coded: thick line, confirmed by a US official (thin: 95% interval, lower part); "
    "top of the bar, all that is coded. Above: incidents coded, of the attacks counted"
)

SUBTITLE = (
    "Attacks so far: US officials’ running total (red, with bounds; hollow: totals that contradict it) and "
    "coded incidents by who confirms them"
)


def source(result: CoverageResult) -> str:
    """Return the source line: what is coded, and the statements behind the totals."""
    rows = len({row for item in result.series.statements for row in item.rows})
    origin = f"Officials’ totals: {_many(len(result.series.statements), 'statement')} in {_many(rows, 'coded row')}."
    return style.source_line(result.parameters, len(result.incidents), origin)


def _many(count: int, one: str) -> str:
    """Return a count in figures with its noun."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def title(result: CoverageResult) -> str:
    """Return the finding: how many attacks were counted, how many coded, how many of these a US official confirms."""
    part = result.overall
    if not part.official:
        coded = len(result.incidents)
        if not coded:
            return "Officials’ totals and the coded record show no attack in these days"
        return f"Officials’ totals show no attack in these days, in which {coded} {'is' if coded == 1 else 'are'} coded"
    what = {
        "us_official": "that a US official confirmed",
        "local_official": "that an official confirmed",
        "media": "told by more than the claimant",
    }.get(result.parameters.confirmed_by, "")
    counted = "1 attack" if part.official == 1 else f"{part.official} attacks"
    verb = "is" if part.coded == 1 else "are"
    text = f"Officials counted {counted}; {part.coded} {what} {verb} coded".replace("  ", " ")
    if result.parameters.confirmed_by == "us_official":
        return text
    if part.coded < 2:
        return text + (", confirmed by a US official" if part.confirmed else "")
    before, after = result.shares["before"], result.shares["after"]
    known = before.low is not None and after.low is not None and min(before.official, after.official) >= 10
    if known and abs((after.low or 0.0) - (before.low or 0.0)) > 0.1:
        shares = f"{before.low:.0%} of the count before the pause, {after.low:.0%} after it"
        return f"{text}. A US official confirmed {part.confirmed} of them: {shares}"
    return f"{text}, {part.confirmed or 'none'} of them confirmed by a US official"


def alt(result: CoverageResult) -> str:
    """Return the figure in words."""
    part = result.overall
    if not part.official:
        return f"{title(result)}."
    parts = []
    for code in result.parameters.countries:
        one = result.shares[code]
        if one.low is not None and one.high is not None:
            least, most = f"{one.low:.0%}", f"{one.high:.0%}"
            covered = most if least == most else f"between {least} and {most}"
            parts.append(f"{COUNTRIES[code]} {one.official} counted, {one.coded} coded, {covered} covered")
    return f"{title(result)}." + (f" By country: {'; '.join(parts)}." if parts else "")


def save(result: CoverageResult, folder: str | Path) -> Image:
    """Write the figure ``coverage`` to `folder`; return it at full width."""
    p = result.parameters
    return style.save(
        lambda layout: draw(result, layout),
        "coverage",
        title=title(result),
        alt=alt(result),
        source=source(result),
        data=result.periods.drop(columns=["rows"]),
        folder=folder,
        view={
            "from": p.window_start.isoformat(), "to": p.window_end.isoformat(), "country": ",".join(p.countries),
        },
    )  # fmt: skip
