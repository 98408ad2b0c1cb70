"""The figure of the second stop: attacks by week, country and who confirms them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.pause_v1 import PauseResult
from helpers.analysis.pause_v1_facts import number
from helpers.figures import style
from helpers.figures.labels import colour_key
from helpers.figures.words import many, short_day
from helpers.vocabulary import CONFIRMATION, COUNTRIES


def weekly(incidents: pd.DataFrame, result: PauseResult) -> pd.DataFrame:
    """Return attacks by week (its first day; one begins with the second stop), country and confirmation."""
    start = pd.Timestamp(result.parameters.stop_start)
    week = start + (incidents["date"] - start).dt.days // 7 * pd.Timedelta(days=7)
    counts = incidents.assign(week=week).groupby(["week", "country", "confirmation"]).size()
    return counts.rename("attacks").reset_index()


def draw_stop(result: PauseResult, weeks: pd.DataFrame, layout: style.Layout) -> Figure:
    """Draw attacks by week for each country, stacked by who confirms them."""
    codes = [code for code in ("IQ", "SY", "JO") if code in result.parameters.countries]
    shown = [code for code in codes if len(weeks[weeks["country"] == code]) > 1] or codes[:1]
    figure, every = plt.subplots(
        len(shown),
        1,
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(layout.width, 0.5 + layout.choose(1.45, 1.35) * len(shown)),
    )
    totals = weeks[weeks["country"].isin(shown)].groupby(["week", "country"])["attacks"].sum()
    highest = int(totals.max()) if len(totals) else 0
    for axes, code in zip(every[:, 0], shown, strict=True):
        base: dict[pd.Timestamp, int] = {}
        for word, colour in style.CONFIRMATION_COLOURS.items():
            part = weeks[(weeks["country"] == code) & (weeks["confirmation"] == word)]
            bottoms = [base.get(week, 0) for week in part["week"]]
            lefts = [style.on_axis(week) + 0.4 for week in part["week"]]
            axes.bar(lefts, part["attacks"], 6.2, bottoms, align="edge", color=colour, linewidth=0, zorder=2)
            base |= {w: b + n for w, b, n in zip(part["week"], bottoms, part["attacks"], strict=True)}
        style.time_axis(axes, result.parameters)
        style.pause_band(axes, result.parameters, "")
        if result.stops["all"].since.days:
            axes.axvline(
                style.on_axis(result.parameters.stop_start), color=style.INK, linewidth=0.9, linestyle=(0, (3, 2))
            )
        axes.text(0.008, 0.96, COUNTRIES[code], transform=axes.transAxes, va="top", fontweight="bold")
        axes.grid(axis="y")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.set_ylim(0, max(4, highest * 1.08))
    if not len(weeks):
        every[0, 0].text(0.5, 0.5, "no attack in this selection", transform=every[0, 0].transAxes, ha="center")
    said = set(weeks["confirmation"])
    shades = {word: colour for word, colour in style.CONFIRMATION_COLOURS.items() if word in said}
    colour_key(every[0, 0], [(CONFIRMATION[word], colour) for word, colour in shades.items()], size=layout.font)
    p, marks = result.parameters, []
    if style.pause_shown(p):
        marks.append(f"band: {style.pause_name(p)}")
    if result.stops["all"].since.days:
        marks.append(f"dashed: {short_day(p.stop_start)}")
    subtitle = "; ".join([f"Attacks by week{', and who confirms them' if len(weeks) else ''}", *marks])
    source = style.source_line(result.parameters, int(result.days["attacks"].sum()))
    style.headline(figure, stop_title(result), subtitle, source, layout)
    return figure


def stop_title(result: PauseResult) -> str:
    """Return in which countries attacks went on after the second stop, and who says so."""
    stops, since = result.stops, result.stops["all"].since
    day = style.day_text(result.parameters.stop_start)
    if not since.days or not result.stops["all"].before.days:
        return f"The days counted do not lie on both sides of {day}"
    if not since.count:
        return f"No attack on record from {day}"
    countries = [code for code in result.parameters.countries if stops[code.lower()].before.count]
    ended = [COUNTRIES[code] for code in countries if not stops[code.lower()].since.count and code != "JO"]
    official, unofficial = stops["us_official"].since.count, since.count - stops["us_official"].since.count
    lead = f"From {day} none in {' or '.join(ended)}; " if ended else f"From {day} "
    rest = f"{many(since.count, 'attack')} on record" + (" elsewhere" if ended else "")
    if not unofficial:
        return f"{lead}{rest}, {'' if official == 1 else 'all '}confirmed by a US official"
    if not official:
        return f"{lead}{rest}, {'not' if unofficial == 1 else 'none'} confirmed by a US official"
    return f"{lead}{rest}, {official:,} confirmed by a US official and {unofficial:,} not"


def stop_alt(result: PauseResult) -> str:
    """Return the figure in words."""
    parts = []
    for code in result.parameters.countries:
        stop = result.stops[code.lower()]
        told = [f"{number(stop.before.value)} a day before"] if stop.before.days else []
        if stop.since.days:
            told.append(f"{many(stop.since.count, 'attack')} in {many(stop.since.days, 'day')} since")
        if told:
            parts.append(f"{COUNTRIES[code]} {', '.join(told)}")
    if not parts:
        return f"{stop_title(result)}."
    return f"{stop_title(result)}. Bars of attacks by week and who confirms them: {'; '.join(parts)}."
