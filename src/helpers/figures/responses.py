"""The figures of the responses: strikes over the days' attacks, and the event study with its placebo band."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.responses import ResponsesResult
from helpers.analysis.responses_facts import shown
from helpers.analysis.strikes import REACH
from helpers.facts import printed
from helpers.figures import style
from helpers.figures.text import wrap
from helpers.figures.words import capital, many

BARS = "#9aa0a6"
PLACEBO = "#dfe6ee"
KINDS = {"retaliatory": ("v", "retaliatory"), "self_defence": ("o", "self-defence"), "preemptive": ("s", "pre-emptive")}


def _timeline(axes: Axes, result: ResponsesResult, layout: style.Layout) -> None:
    counts = result.counts
    axes.bar([style.on_axis(day) + 0.5 for day in counts.index], counts, width=0.9, color=BARS, linewidth=0)
    top = max(float(counts.max()) if len(counts) else 0.0, 4.0)
    for kind, (marker, _) in KINDS.items():
        here = result.strikes[result.strikes["kind"].fillna("") == kind]
        days = sorted(set(here["date"]))
        height = top * 1.14 if kind == "retaliatory" else top * 1.27
        axes.plot([style.on_axis(day) + 0.5 for day in days], [height] * len(days), marker, color=style.ACCENT,
                  markersize=layout.choose(5, 4), linestyle="none", markeredgewidth=0, clip_on=False)  # fmt: skip
        for day in days:
            axes.axvline(style.on_axis(day) + 0.5, color=style.ACCENT, linewidth=0.5, alpha=0.35, zorder=0)
    axes.set_ylim(0, top * 1.36)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.grid(axis="y")
    style.time_axis(axes, result.parameters)
    style.pause_band(axes, result.parameters)


def _profile(axes: Axes, result: ResponsesResult, layout: style.Layout) -> None:
    table = result.profile.astype(float)
    if table.empty:
        axes.text(0.5, 0.5, "no US strike in these days", transform=axes.transAxes, ha="center", color=style.MUTED)
        axes.set(xticks=[], yticks=[])
        return
    lag = table["lag"]
    known = table["placebo_low"].notna()
    axes.fill_between(lag[known], table["placebo_low"][known], table["placebo_high"][known], color=PLACEBO, linewidth=0)
    axes.plot(lag[known], table["placebo"][known], color="#6b7f99", linewidth=1.1, linestyle=(0, (4, 2)))
    around = lag.between(-0.5, 0.5)
    axes.vlines(lag, table["low"], table["high"], color=style.INK, linewidth=0.9, alpha=0.7)
    axes.plot(lag, table["rate"], color=style.INK, linewidth=1.2, alpha=0.5)
    axes.plot(lag[~around], table["rate"][~around], "o", color=style.INK, markersize=4)
    axes.plot(lag[around], table["rate"][around], "D", color=style.ACCENT, markersize=5.5)
    axes.axvline(0, color=style.ACCENT, linewidth=0.7, alpha=0.5, zorder=0)
    ceiling = float(np.nanmax(table[["rate", "high", "placebo_high"]].to_numpy())) * 1.28
    axes.set(xlim=(-REACH - 0.6, REACH + 0.6), ylim=(0, max(ceiling, 1.0)))
    axes.set_xticks(range(-REACH, REACH + 1, 1 if not layout.narrow else 7))
    labels = [f"{value:+d}".replace("-", "−") if value else "strike" for value in axes.get_xticks().astype(int)]
    axes.set_xticklabels(labels)
    main = result.main
    for side, rate, n in ((-4, main.before, main.days_before), (4, main.after, main.days_after)):
        if n:
            words = f"{'before' if side < 0 else 'after'}: {printed(rate / n, 'per day')} a day"
            axes.text(side, 0.97, words, transform=axes.get_xaxis_transform(), ha="center", va="top", fontweight="bold")
    axes.set_xlabel(f"days before and after a day with a US strike ({len(main.days)} such days)"
                    if not layout.narrow else "days from a strike day")  # fmt: skip
    axes.grid(axis="y")


def draw(result: ResponsesResult, layout: style.Layout) -> Figure:
    """Draw strikes over the attacks of each day, and under it the mean attacks a day around strike days."""
    heights = [layout.choose(1.7, 1.7), layout.choose(2.2, 2.1)]
    figure, axes = plt.subplots(2, 1, figsize=(layout.width, sum(heights) + 0.5), height_ratios=heights)
    _timeline(axes[0], result, layout)
    _profile(axes[1], result, layout)
    shaded = "; dashed and shaded: matched placebo days" if result.profile["placebo_low"].notna().any() else ""
    axes[1].set_title(
        wrap(figure, f"Attacks a day around strike days, with 95% intervals{shaded}", layout.width * 0.85),
        color=style.MUTED, fontsize=layout.font, loc="left",
    )  # fmt: skip
    style.headline(figure, title(result), subtitle(result), source(result), layout)
    return figure


def title(result: ResponsesResult) -> str:
    """Return the finding: the ratio after over before, and whether placebo days show the same."""
    main = result.main
    if not main.days:
        return "The record holds no US strike in these days and countries"
    if main.ratio is None:
        return "Too few attacks around US strikes to compare days before and after"
    change = f"{printed(main.ratio, 'ratio')} times those in the days before"
    if main.p is None or main.placebo is None:
        return (
            f"Attacks in the {REACH} days after US strikes were {change}; no other days are like them enough to compare"
        )
    other = f"{printed(main.placebo, 'ratio')} times after other days like them"
    if shown(main):
        way = "fewer" if main.ratio < main.placebo else "more"
        return f"Attacks in the {REACH} days after US strikes were {change}, {way} than the {other}"
    return f"No change is shown after US strikes: attacks were {change}, and {other}"


def subtitle(result: ResponsesResult) -> str:
    """Return what the marks mean."""
    present = [
        f"{sign}\u00a0{words}"
        for (kind, (_, words)), sign in zip(KINDS.items(), ("▼", "●", "■"), strict=True)
        if (result.strikes["kind"] == kind).any()
    ]
    return "Attacks a day (bars) and US strikes (red): " + ", ".join(present) if present else "Attacks a day"


def alt(result: ResponsesResult) -> str:
    """Return the figure in words."""
    main = result.main
    if not main.days or main.ratio is None:
        return title(result) + "."
    text = (
        f"{title(result)}. {capital(many(len(result.strikes), 'US strike'))} on {many(len(main.days), 'day')}: "
        f"{printed(main.before / main.days_before, 'per day')} attacks a day in the {REACH} days before, "
        f"{printed(main.after / main.days_after, 'per day')} in the {REACH} after: ratio {printed(main.ratio, 'ratio')}"
    )
    if main.low is not None and main.high is not None:
        text += f" (95% interval {printed(main.low, 'ratio')} to {printed(main.high, 'ratio')})"
    if main.placebo is not None and main.p is not None:
        text += (
            f"; placebo days matched on the rate before: {printed(main.placebo, 'ratio')}, "
            f"p {printed(main.p, 'probability')}"
        )
    return text + "."


def source(result: ResponsesResult) -> str:
    """Return the source line."""
    n = len(result.strikes)
    strikes = f"{capital(many(n, 'US strike'))}, likewise coded." if n else "No US strike is coded."
    return style.source_line(result.parameters, len(result.incidents), strikes)


def save(result: ResponsesResult, folder: str | Path) -> Image:
    """Write the figure ``responses`` to `folder`; return it at full width."""
    p = result.parameters
    return style.save(
        lambda layout: draw(result, layout),
        "responses",
        title=title(result),
        alt=alt(result),
        source=source(result),
        data=_data(result),
        folder=folder,
        view={"from": p.window_start.isoformat(), "to": p.window_end.isoformat(), "country": ",".join(p.countries)},
    )


def _data(result: ResponsesResult) -> pd.DataFrame:
    return result.profile.round(4) if len(result.profile) else pd.DataFrame(columns=["lag", "rate"])
