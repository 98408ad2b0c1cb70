"""The figures of robustness: the specification curve of the pause, and where each headline breaks."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from helpers.analysis.headlines import HEADLINES
from helpers.analysis.multiverse import CHOICE_LABELS, CHOICES
from helpers.analysis.robustness import RobustnessResult
from helpers.figures import style, words

HOLDS = "#0072b2"
BROKEN = "#d55e00"

#: Short names of the headlines for columns.
SHORT = {
    "pause": "fewer in\nthe pause",
    "pause_official": "the same,\nofficial totals",
    "resumed": "attacks\nresumed",
    "stop": "fewer since\nthe stop",
    "rising": "weapons\nrise",
    "missiles_late": "missiles\ncome late",
    "missiles_before": "missile before\nthe pause",
    "after_strikes": "fewer after\nUS strikes",
    "harm": "harm in\nthree attacks",
}

#: At most so many specifications are drawn; of more, evenly spaced ones along the curve (the facts count them all).
DRAWN = 600


def curve(result: RobustnessResult) -> pd.DataFrame:
    """Return the specifications of the pause that can be judged, by estimate, then upper end."""
    table = result.specifications
    kept = table[(table["headline"] == "pause") & table["holds"].notna() & table["estimate"].notna()]
    return kept.sort_values(["estimate", "high", "low"], kind="stable", ignore_index=True)


def draw_curve(result: RobustnessResult, layout: style.Layout) -> Figure:
    """Draw the estimates in order with their intervals, and under them which options each takes."""
    whole = curve(result)
    own = None
    if len(whole):
        first = result.specifications[result.specifications["headline"] == "pause"].iloc[0]
        same = (whole[list(CHOICES)] == first[list(CHOICES)]).all(axis=1).to_numpy()
        own = int(np.flatnonzero(same)[0]) if same.any() else None
    spaced = np.linspace(0, max(len(whole) - 1, 0), min(DRAWN, len(whole)))
    places = np.unique(spaced.round().astype(int))
    table = whole.iloc[places]
    choices = [c for c in CHOICES if c in HEADLINES["pause"].uses]
    present = {c: [o for o in CHOICES[c] if (whole[c] == o).any()] for c in choices}
    shown = [(c, o) for c in choices for o in present[c] if len(present[c]) > 1]
    height = 2.0 + 0.155 * (len(shown) + len(choices) * 0.6)
    figure, (axes, board) = plt.subplots(
        2, 1, sharex=True, figsize=(layout.width, height), height_ratios=(1.9, max(1.0, height - 2.0))
    )
    x, colours = np.array(places, dtype=float), np.where(table["holds"].astype(bool), HOLDS, BROKEN)
    axes.vlines(
        x, table["low"].clip(lower=0.005), table["high"].fillna(20).clip(upper=20), colors=colours, lw=0.5, alpha=0.28
    )
    axes.scatter(x, table["estimate"].clip(lower=0.005), c=colours, s=3, linewidth=0, zorder=3)
    axes.axhline(1, color=style.INK, linewidth=0.8, zorder=2)
    if own is not None:
        value = max(float(whole["estimate"].iloc[own]), 0.005)
        axes.plot(own, value, "o", color=style.INK, markersize=5, zorder=5)
        axes.annotate(
            "this brief", (own, value), xytext=(4, -11), textcoords="offset points", fontweight="bold", zorder=6
        )
    axes.set_yscale("log")
    axes.set_ylim(0.005, 20)
    axes.yaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel("ratio" if layout.narrow else "ratio, pause to other days")
    axes.text(1, 1.08, "no difference", transform=axes.get_yaxis_transform(), ha="right", va="bottom",
              color=style.MUTED,
              fontsize=layout.small, bbox={"fc": style.PAPER, "alpha": 0.8, "lw": 0, "pad": 0.5})  # fmt: skip
    row, labels, ticks = 0.0, [], []
    for choice in choices:
        mine = [o for c, o in shown if c == choice]
        if not mine:
            continue
        board.text(-0.015, row, CHOICE_LABELS[choice], transform=board.get_yaxis_transform(), ha="right", va="center",
                   fontweight="bold", fontsize=layout.small)  # fmt: skip
        row += 0.95
        for option in mine:
            taken = (table[choice] == option).to_numpy()
            board.vlines(x[taken], row - 0.36, row + 0.36, colors=colours[taken], lw=0.55, alpha=0.75)
            labels.append(CHOICES[choice][option])
            ticks.append(row)
            row += 1.0
        row += 0.25
    board.set(ylim=(row, -0.7), yticks=ticks)
    board.set_yticklabels(labels, fontsize=layout.small, color=style.INK)
    board.tick_params(axis="both", length=0)
    board.set_xticks([])
    for plot in (axes, board):
        plot.spines["left"].set_visible(plot is axes)
        plot.spines["bottom"].set_visible(False)
        plot.tick_params(axis="x", length=0, labelbottom=False)
    axes.set_xlim(-0.01 * max(len(whole), 1), 1.01 * max(len(whole), 1))
    subtitle = (
        "Each line is one way to count, in order of its ratio, with its 95% interval; below, the options it takes"
    )
    style.headline(figure, curve_title(result), subtitle, _source(result), layout)
    return figure


def _source(result: RobustnessResult) -> str:
    first = result.specifications[result.specifications["headline"] == "pause"]
    return style.source_line(result.parameters, int(first["incidents"].iloc[0]) if len(first) else 0)


def curve_title(result: RobustnessResult) -> str:
    """Return in how many ways of counting the fall in the pause is shown, and whether it ever turns round."""
    whole = curve(result)
    if not len(whole):
        return "The pause cannot be compared in any way of counting"
    below, holding = int((whole["estimate"] < 1).sum()), int(whole["holds"].sum())
    every = f"all {len(whole):,}" if below == len(whole) else f"{below:,} of {len(whole):,}"
    shown = "all" if holding == len(whole) else f"{holding:,}" if holding else "none"
    return f"Attacks are rarer in the pause in {every} ways of counting; in {shown} the interval excludes no change"


def curve_alt(result: RobustnessResult) -> str:
    """Return the figure in words."""
    whole = curve(result)
    if not len(whole):
        return "Specification curve without a specification."
    worst = result.by_option[result.by_option["headline"] == "pause"].sort_values("share").head(3).to_dict("records")
    told = "; ".join(f"{CHOICES[str(r['choice'])][str(r['option'])]} {float(r['share']):.0%}" for r in worst)
    return (
        f"Specification curve of {len(whole):,} ways of counting: the ratio runs from {whole['estimate'].min():.2g} to "
        f"{whole['estimate'].max():.2g}, median {whole['estimate'].median():.2g}. {curve_title(result)}. It is shown "
        f"least often with: {told}."
    )


def draw_headlines(result: RobustnessResult, layout: style.Layout) -> Figure:
    """Draw for each headline (across) and each option (down) the share of specifications in which it holds."""
    summary, options = result.summary, result.by_option
    names = [str(n) for n in summary["headline"] if (options["headline"] == n).any()]
    rows = [(c, o) for c in CHOICES for o in CHOICES[c] if ((options["choice"] == c) & (options["option"] == o)).any()]
    grid = np.full((len(rows) + 1, len(names)), np.nan)
    share = summary.set_index("headline")["share"]
    lookup = {(r["headline"], r["choice"], r["option"]): r["share"] for r in options.to_dict("records")}
    for j, name in enumerate(names):
        grid[0, j] = float(share[name])
        for i, (choice, option) in enumerate(rows):
            grid[i + 1, j] = lookup.get((name, choice, option), np.nan)
    figure, axes = plt.subplots(figsize=(layout.width, 0.75 + 0.172 * (len(rows) + 1) + 0.09 * len(CHOICES)))
    tops, y, last = [0.0], 1.35, None
    for choice, _ in rows:
        y += 0.5 if last not in (None, choice) else 0.0
        tops.append(y)
        last, y = choice, y + 1.0
    palette = plt.get_cmap("BrBG")
    for i, top in enumerate(tops):
        for j in range(len(names)):
            value = grid[i, j]
            if np.isnan(value):
                continue
            colour = palette(0.12 + 0.76 * value)
            axes.add_patch(plt.Rectangle((j + 0.03, top + 0.04), 0.94, 0.92, color=colour, linewidth=0))  # type: ignore[attr-defined]
            dark = value < 0.15 or value > 0.85
            axes.text(j + 0.5, top + 0.52, f"{value * 100:.0f}", ha="center", va="center", fontsize=layout.small,
                      color=style.PAPER if dark else style.INK, fontweight="bold" if i == 0 else "normal")  # fmt: skip
    axes.set(xlim=(0, len(names)), ylim=(y + 0.1, -0.1))
    axes.set_yticks([top + 0.5 for top in tops])
    axes.set_yticklabels(["all ways of counting", *(CHOICES[c][o] for c, o in rows)], fontsize=layout.small)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.xaxis.tick_top()
    axes.set_xticks([j + 0.5 for j in range(len(names))])
    axes.set_xticklabels(
        [SHORT[n].replace("\n", " ") if layout.narrow else SHORT[n] for n in names], fontsize=layout.small,
        color=style.INK,
        rotation=layout.choose(0, 90), va="bottom", linespacing=1.0,
    )  # fmt: skip
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    subtitle = "Per cent of specifications in which each finding holds, over all and with each option alone"
    style.headline(figure, headlines_title(result), subtitle, _source(result), layout)
    return figure


def number(count: int, nought: str = "no") -> str:
    """Return a whole number in words up to twelve, none as `nought`."""
    return words.number(count) if count else nought


def headlines_title(result: RobustnessResult) -> str:
    """Return how many headlines hold in nearly all, in some and in hardly any of the ways of counting."""
    shares = result.summary["share"].dropna().astype(float)
    if not len(shares):
        return "No finding can be judged in any way of counting"
    many, few = int((shares >= 0.9).sum()), int((shares <= 0.1).sum())
    return (
        f"Of {number(len(shares))} findings {number(many, 'none')} hold in nine of ten ways of counting or more, "
        f"{number(few, 'none')} in one of ten or fewer; {number(len(shares) - many - few, 'none')} depend on choices"
    )


def headlines_alt(result: RobustnessResult) -> str:
    """Return the figure in words."""
    rows = result.summary[result.summary["share"].notna()].to_dict("records")
    parts = [f"{HEADLINES[str(r['headline'])].statement}: {float(r['share']):.0%} of {r['judged']:,}" for r in rows]
    return f"Table of shares. {'; '.join(parts)}. {headlines_title(result)}."


def save(result: RobustnessResult, folder: str | Path) -> dict[str, Figure]:
    """Write the figures ``specifications`` and ``robustness`` to `folder`; return them at full width."""
    return {
        "specifications": style.save(
            lambda layout: draw_curve(result, layout), "specifications", title=curve_title(result),
            alt=curve_alt(result), source=_source(result), data=curve(result), folder=folder,
        ),
        "robustness": style.save(
            lambda layout: draw_headlines(result, layout), "robustness", title=headlines_title(result),
            alt=headlines_alt(result), source=_source(result), data=result.by_option, folder=folder,
        ),
    }  # fmt: skip
