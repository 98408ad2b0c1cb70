"""The figures of the pause: rates, every other week, and change points found blind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.pause_v1 import PauseResult, Period
from helpers.analysis.pause_v1_facts import number, span
from helpers.figures import style
from helpers.figures.labels import halo
from helpers.figures.stop import draw_stop, stop_alt, stop_title, weekly
from helpers.figures.words import capital, many, short_day
from helpers.figures.words import number as number_word

BAR = "#c3c8ce"
DAY = pd.Timedelta(days=1)
Draw = Callable[[PauseResult, style.Layout], Figure]
Tell = Callable[[PauseResult], str]


def _empty(figure: Figure, axes: Axes, result: PauseResult) -> None:
    if not int(result.days["attacks"].sum()):
        axes.text(0.5, 0.5, "no attack in this selection", transform=axes.transAxes, ha="center", color=style.MUTED)


def _daily_bars(axes: Axes, result: PauseResult, inside: str) -> None:
    days = [style.on_axis(day) for day in result.days["date"]]
    within = result.days["date"].dt.date.between(*_pause_days(result))
    colours = np.where(within, inside, BAR)
    axes.bar(days, result.days["attacks"], width=0.85, align="edge", color=colours, linewidth=0, zorder=1)
    style.time_axis(axes, result.parameters)
    axes.set_ylim(0, max(4, int(result.days["attacks"].max())) * 1.3)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _pause_days(result: PauseResult) -> tuple[date, date]:
    p = result.parameters
    return p.pause_start, (pd.Timestamp(p.pause_end) - DAY).date()


def _stretches(result: PauseResult) -> list[Period]:
    """Return the periods shown, in order: before, during, after the pause up to the stop, and since."""
    names = ("before", "during", "resumed", "stopped")
    shown = [result.periods[name] for name in names if result.periods[name].rate.days]
    return sorted(shown, key=lambda period: period.first or date.min)


def draw_rates(result: PauseResult, layout: style.Layout) -> Figure:
    """Draw each day's attacks as bars and, over them, each period's rate with its exact interval."""
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(3.0, 2.9)))
    _daily_bars(axes, result, style.ACCENT)
    style.pause_band(axes, result.parameters)
    _empty(figure, axes, result)
    for period in _stretches(result):
        rate = period.rate
        if period.first is None or period.last is None or rate.value is None or rate.low is None or rate.high is None:
            continue
        left, right = style.on_axis(period.first), style.on_axis(period.last) + 1
        colour = style.ACCENT if period.name == "during" else style.INK
        axes.fill_between([left, right], rate.low, rate.high, color=colour, alpha=0.16, linewidth=0, zorder=2)
        axes.plot([left, right], [rate.value] * 2, color=colour, linewidth=2.2, solid_capstyle="butt", zorder=3)
    _name_rates(axes, result, layout)
    if result.stops["all"].since.days:
        stop = style.on_axis(result.parameters.stop_start)
        axes.axvline(stop, color=style.MUTED, linewidth=0.8, linestyle=(0, (3, 2)), zorder=2)
    axes.set_ylabel("attacks a day" if not layout.narrow else "")
    style.headline(figure, rates_title(result), rates_subtitle(result), source(result), layout)
    return figure


def _name_rates(axes: Axes, result: PauseResult, layout: style.Layout) -> None:
    """Write each period's rate above it; beside it where it is short, a step lower if a neighbour's stands near."""
    low, high = axes.get_xlim()
    top, whole = axes.get_ylim()[1], high - low
    shown = [period for period in _stretches(result) if period.first and period.last and period.rate.value is not None]
    roomy = {period.name: period.rate.days > layout.choose(0.12, 0.2) * whole for period in shown}
    middles = []
    for period in shown:
        if roomy[period.name] and period.first and period.last:
            middles.append((style.on_axis(period.first) + style.on_axis(period.last) + 1) / 2)
    for period in shown:
        rate = period.rate
        assert period.first is not None
        assert period.last is not None
        left, right = style.on_axis(period.first), style.on_axis(period.last) + 1
        text = f"{number(rate.value)} a day"
        if not layout.narrow and rate.high is not None:
            text += f"\n({number(rate.low)} to {number(rate.high)})"
        place, side, height = (left + right) / 2, "center", 0.98
        if not roomy[period.name]:
            late = right > low + 0.8 * whole
            place, side = (left - 0.01 * whole, "right") if late else (right + 0.01 * whole, "left")
            if any(abs(middle - place) < layout.choose(0.24, 0.36) * whole for middle in middles):
                text, height = text.split("\n")[0], layout.choose(0.82, 0.87)
        colour = style.ACCENT if period.name == "during" else style.INK
        label = axes.text(place, height * top, text, ha=side, va="top", color=colour, fontweight="bold",
                          fontsize=layout.font, linespacing=1.15, zorder=4)  # fmt: skip
        halo(label)


def rates_title(result: PauseResult) -> str:
    """Return what the rates say of the pause, true for whatever was counted."""
    name, during = style.pause_name(result.parameters), result.periods["during"].rate
    ratio, expected = result.comparisons["outside"].blocks, result.comparisons["outside"].against.value
    if not int(result.days["attacks"].sum()):
        return "No attack in this selection"
    if not during.days:
        return f"The {name} lies outside the days counted"
    if expected is None:
        return f"Only the {name} itself is counted: nothing to compare it with"
    usual = expected * during.days
    seen = f"{capital(many(during.count, 'attack'))} in the {name}’s {many(during.days, 'day')}"
    told = f"{seen}, where the rate of all other days gives {number(usual)}"
    if ratio.value is None or ratio.high is None:
        return f"{told}: too little to compare"
    if ratio.below_one:
        return f"{told}: a fall, even allowing for clustering"
    if ratio.above_one:
        return f"{told}: more, not fewer"
    return f"{told}: no change shown"


def rates_subtitle(result: PauseResult) -> str:
    """Return what the marks are."""
    stop = f"; dashed: {short_day(result.parameters.stop_start)}, second stop" if result.stops["all"].since.days else ""
    return (
        f"Attacks on each day (bars), and the rate of each period with its exact 95% interval (lines and shading){stop}"
    )


def rates_alt(result: PauseResult) -> str:
    """Return the figure in words."""
    parts = [
        f"{style.span_text(period.first, period.last)}: {many(period.rate.count, 'attack')} in "
        f"{many(period.rate.days, 'day')}, {number(period.rate.value)} a day "
        f"({span(period.rate.low, period.rate.high)})"
        for period in _stretches(result)
        if period.first and period.last
    ]
    ratio = result.comparisons["outside"].blocks
    told = ""
    if ratio.value is not None:
        open_above = "no upper limit" if ratio.low in (0, None) else span(ratio.low, None)
        interval = open_above if ratio.high is None else span(ratio.low, ratio.high)
        name = style.pause_name(result.parameters)
        told = f" Ratio of the {name} to all other days: {number(ratio.value)}, 95% interval allowing for clustering: "
        told += f"{interval}."
    listed = f" Attacks a day, with exact 95% intervals: {'; '.join(parts)}." if parts else ""
    return f"{rates_title(result)}.{listed}{told}"


def source(result: PauseResult) -> str:
    """Return the source line."""
    return style.source_line(result.parameters, int(result.days["attacks"].sum()))


def draw_placebo(result: PauseResult, layout: style.Layout) -> Figure:
    """Draw the attacks in every stretch as long as the pause, by its first day; those as quiet stand out."""
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(2.6, 2.6)))
    placebo, inside = result.placebo, result.periods["during"].rate.count
    style.time_axis(axes, result.parameters)
    style.pause_band(axes, result.parameters)
    if placebo.counts:
        days, counts = [style.on_axis(day) for day in placebo.starts], np.array(placebo.counts)
        start = style.on_axis(max(result.parameters.pause_start, result.parameters.window_start))
        axes.step(
            [*days, days[-1] + 1], [*counts, counts[-1]], where="post", color=style.MUTED, linewidth=1.2, zorder=2
        )
        axes.fill_between([*days, days[-1] + 1], [*counts, counts[-1]], step="post", color=BAR, alpha=0.45, linewidth=0)
        axes.axhline(inside, color=style.ACCENT, linewidth=0.9, linestyle=(0, (3, 2)), zorder=3)
        apart = np.abs(np.array(days) - start) >= placebo.length
        few = (counts <= inside) & apart
        axes.plot(np.array(days)[few] + 0.5, counts[few], "o", color=style.ACCENT, markersize=layout.choose(5, 4),
                  markerfacecolor="white", zorder=4)  # fmt: skip
        axes.plot(start + 0.5, inside, "o", color=style.ACCENT, markersize=layout.choose(6, 5), zorder=5)
        axes.set_ylim(-0.03 * counts.max() - 0.3, max(5, counts.max() * 1.2))
    _empty(figure, axes, result)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    subtitle = f"Attacks in every stretch of {many(placebo.length, 'day')}, by its first day. Filled circle: the "
    subtitle += f"{style.pause_name(result.parameters)} ({inside})"
    if placebo.others:
        subtitle += "; dashed: as many; open circles: stretches as quiet, or quieter"
    style.headline(figure, placebo_title(result), subtitle if placebo.length else "", source(result), layout)
    return figure


def placebo_title(result: PauseResult) -> str:
    """Return how many other stretches were as quiet as the pause, with and without the days of the second stop."""
    every, early = result.placebo, result.placebo_before_stop
    name, stop = style.pause_name(result.parameters), result.parameters.stop_start
    if not every.length:
        return f"The {name} lies outside the days counted"
    if not every.others:
        return f"The days counted hold no other stretch as long as the {name}"
    few = (
        f"{every.as_few:,} of {every.others:,} other stretches"
        if every.as_few
        else f"None of {every.others:,} other stretches"
    )
    text = f"{few} of {many(every.length, 'day')} had as few attacks as the {name} or fewer"
    if early.others in (0, every.others) or not every.as_few:
        return text
    lead = "none" if not early.as_few else f"{early.as_few:,} of {early.others:,}"
    return f"{text}, {lead} before {style.day_text(stop)}"


def placebo_alt(result: PauseResult) -> str:
    """Return the figure in words."""
    every = result.placebo
    if not every.counts:
        return f"{placebo_title(result)}."
    name, inside = style.pause_name(result.parameters), result.periods["during"].rate.count
    if not every.others:
        return f"{placebo_title(result)}; it has {many(inside, 'attack')}."
    fit = f"only {number_word(every.disjoint)} {'fits' if every.disjoint == 1 else 'fit'} side by side"
    return (
        f"{placebo_title(result)}. Step chart of the attacks in each stretch, from {min(every.counts)} to "
        f"{max(every.counts)}; the {name} has {inside}. Stretches overlap: {fit}."
    )


def draw_changes(result: PauseResult, layout: style.Layout) -> Figure:
    """Draw each day's attacks, and under them the change points that each method finds."""
    found = result.changes
    figure, (axes, rows) = plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(layout.width, layout.choose(3.5, 3.7)),
        height_ratios=layout.choose((1.7, 1.2), (1.5, 1.4)),
    )
    _daily_bars(axes, result, BAR)
    for plot in (axes, rows):
        style.pause_band(plot, result.parameters, None if plot is axes else "")
    _empty(figure, axes, result)
    kinds: list[tuple[str, Sequence[date], str]] = [
        ("Bayesian Blocks, days independent", found.plain, "#0072b2"),
        ("Bayesian Blocks, clustering allowed for", found.changes, style.INK),
        ("PELT, a second opinion", found.second, "#d55e00"),
    ]
    for row, (label, days, colour) in enumerate(kinds):
        height = 2 - row
        rows.axhline(height - 0.15, color=style.GRID, linewidth=0.8, zorder=1)
        rows.text(
            0, height + 0.28, label, transform=rows.get_yaxis_transform(), va="center", color=style.readable(colour)
        )
        if not days:
            rows.text(0.5, height - 0.15, "no change found", transform=rows.get_yaxis_transform(), ha="center",
                      va="center", color=style.MUTED, backgroundcolor="white")  # fmt: skip
        places = [style.on_axis(day) for day in days]
        room = layout.choose(0.07, 0.15) * len(result.days)
        for place, day, before, after in zip(places, days, [-np.inf, *places], [*places[1:], np.inf], strict=False):
            rows.plot(place, height - 0.15, "|", color=colour, markersize=11, markeredgewidth=2.2, zorder=3)
            axes.axvline(place, color=colour, linewidth=0.7, alpha=0.5, zorder=0)
            side = 1 if after - place > room else -1
            if side > 0 or place - before > room:
                rows.annotate(
                    short_day(day), (place, height - 0.15), xytext=(4 * side, 0), textcoords="offset points",
                    va="center", ha="left" if side > 0 else "right", color=style.readable(colour),
                    fontsize=layout.small + 0.5, zorder=4,
                )  # fmt: skip
    rows.set(ylim=(-0.55, 2.6), yticks=[])
    rows.spines["left"].set_visible(False)
    style.headline(
        figure,
        changes_title(result),
        "Attacks a day, and below, the days on which each search puts a lasting change of the rate",
        source(result),
        layout,
    )
    return figure


def _found(result: PauseResult, days: Sequence[date]) -> bool:
    """Return whether `days` have a change within two days of the pause's start, and one within two of its end."""
    p = result.parameters
    return all(any(abs((day - end).days) <= 2 for day in days) for end in (p.pause_start, p.pause_end))


def changes_title(result: PauseResult) -> str:
    """Return whether a search that knows no dates finds the pause."""
    found, name = result.changes, style.pause_name(result.parameters)
    if not int(result.days["attacks"].sum()):
        return "No attack in this selection: no rate that could change"
    if not result.periods["during"].rate.days:
        return f"The {name} lies outside the days counted"
    if _found(result, found.changes):
        return f"A search that knows no dates finds the {name}, even allowing for clustering"
    if _found(result, found.plain):
        return f"A search that knows no dates finds the {name}, but only if attacks are taken as independent"
    p = result.parameters
    for end, other, day in (("start", "end", p.pause_start), ("end", "start", p.pause_end)):
        if any(abs((change - day).days) <= 2 for change in found.changes or found.plain):
            return f"A search that knows no dates finds the {end} of the {name}, not its {other}"
    if found.plain:
        return f"A search that knows no dates finds changes, but not the {name}"
    return "A search that knows no dates finds no change of the rate"


def changes_alt(result: PauseResult) -> str:
    """Return the figure in words."""
    found = result.changes
    named = {
        "taking days as independent": found.plain,
        "allowing for clustering": found.changes,
        "by PELT": found.second,
    }
    parts = [f"{kind}: {', '.join(style.day_text(day) for day in days) or 'none'}" for kind, days in named.items()]
    if not int(result.days["attacks"].sum()):
        return f"{changes_title(result)}."
    return f"{changes_title(result)}. Changes of the daily rate found {'; '.join(parts)}."


def save(result: PauseResult, incidents: pd.DataFrame, folder: str | Path) -> dict[str, Image]:
    """Write the figures ``pause``, ``placebo``, ``changepoints`` and ``stop`` to `folder`; return them at full width.

    `incidents` are those that count (`helpers.tables.select`).
    """
    p = result.parameters
    view = {"from": p.window_start.isoformat(), "to": p.window_end.isoformat(), "country": ",".join(p.countries)}
    weeks, placebo = weekly(incidents, result), result.placebo
    found = {"clustered": result.changes.changes, "independent": result.changes.plain, "pelt": result.changes.second}
    changes = pd.DataFrame([(k, day) for k, days in found.items() for day in days], columns=["search", "date"])
    windows = pd.DataFrame({"start": pd.to_datetime(list(placebo.starts)), "attacks": placebo.counts})
    made: dict[str, tuple[Draw, Tell, Tell, pd.DataFrame]] = {
        "pause": (draw_rates, rates_title, rates_alt, result.days),
        "placebo": (draw_placebo, placebo_title, placebo_alt, windows),
        "changepoints": (draw_changes, changes_title, changes_alt, changes),
        "stop": (lambda r, layout: draw_stop(r, weeks, layout), stop_title, stop_alt, weeks),
    }
    return {name: _save(name, result, folder, view, *parts) for name, parts in made.items()}


def _save(
    name: str,
    result: PauseResult,
    folder: str | Path,
    view: dict[str, str],
    draw: Draw,
    title: Tell,
    alt: Tell,
    data: pd.DataFrame,
) -> Image:
    return style.save(
        lambda layout: draw(result, layout),
        name,
        title=title(result),
        alt=alt(result),
        source=source(result),
        data=data,
        folder=folder,
        view=view,
    )
