"""The figures of robustness: the specification curve of the pause, and where each headline breaks."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
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
DRAWN = 450


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
    low, high = table["low"].clip(lower=0.005).to_numpy(), table["high"].fillna(20).clip(upper=20).to_numpy()
    estimate = table["estimate"].clip(lower=0.005).to_numpy()
    for colour in (HOLDS, BROKEN):
        mine = colours == colour
        axes.vlines(x[mine], low[mine], high[mine], color=style.tint(colour, 0.3), lw=0.5)
        axes.scatter(x[mine], estimate[mine], color=colour, s=3, linewidth=0, zorder=3)
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
            for colour in (HOLDS, BROKEN):
                board.vlines(
                    x[taken & (colours == colour)], row - 0.36, row + 0.36, color=style.tint(colour, 0.8), lw=0.55
                )
            labels.append(option_words(result, choice, option))
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
    if not len(whole):
        for plot in (axes, board):
            plot.clear()
            plot.axis("off")
        axes.text(
            0.5, 0.5, "no way of counting gives a ratio", transform=axes.transAxes, ha="center", color=style.MUTED
        )
        figure.set_size_inches(layout.width, 1.2)
    style.headline(figure, curve_title(result), CURVE_SUBTITLE if len(whole) else "", _source(result), layout)
    return figure


CURVE_SUBTITLE = (
    "A way of counting (a specification) takes one option of each choice below: marks under a line show which. Lines, "
    "in order: its ratio of daily rates, pause to the days compared, with 95% interval; ratios of 0 stand at the foot. "
    "Blue: the interval lies below 1, attacks are shown to be rarer; orange: it does not"
)


def option_words(result: RobustnessResult, choice: str, option: str) -> str:
    """Return an option in words; a pause of other dates than the ceasefire's is not called that."""
    if (choice, option) == ("bounds", "given") and style.pause_name(result.parameters) == "pause":
        return "the pause’s own days"
    return CHOICES[choice][option]


def _source(result: RobustnessResult) -> str:
    first = result.specifications[result.specifications["headline"] == "pause"]
    return style.source_line(result.parameters, int(first["incidents"].iloc[0]) if len(first) else 0)


def curve_title(result: RobustnessResult) -> str:
    """Return in how many ways of counting the fall in the pause is shown, and whether it ever turns round."""
    whole = curve(result)
    if not len(whole):
        return "The pause cannot be compared in any way of counting"
    below, holding = int((whole["estimate"] < 1).sum()), int(whole["holds"].sum())
    name = style.pause_name(result.parameters)
    if len(whole) == 1:
        ends = "rules out that nothing changed" if holding else "does not rule out that nothing changed"
        return f"The one way of counting finds attacks {'rarer' if below else 'no rarer'} in the {name} and {ends}"
    every = f"all {len(whole):,}" if below == len(whole) else f"{below:,} of {len(whole):,}"
    shown = "all rule" if holding == len(whole) else f"{holding:,} rule" if holding > 1 else "one rules"
    shown = shown if holding else "none rules"
    return f"Attacks are rarer in the {name} in {every} ways of counting; {shown} out that nothing changed"


def curve_alt(result: RobustnessResult) -> str:
    """Return the figure in words."""
    whole = curve(result)
    if not len(whole):
        return f"{curve_title(result)}."
    worst = result.by_option[result.by_option["headline"] == "pause"].sort_values("share").head(3).to_dict("records")
    told = "; ".join(
        f"{option_words(result, str(r['choice']), str(r['option']))} {float(r['share']):.0%}" for r in worst
    )
    text = (
        f"{curve_title(result)}. The ratio of the rates runs from {whole['estimate'].min():.2g} to "
        f"{whole['estimate'].max():.2g}, median {whole['estimate'].median():.2g}."
    )
    return f"{text} Rarer attacks are shown least often with: {told}." if whole["holds"].any() else text


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
    tops, heads, y, last = [0.0], list[tuple[float, str]](), 1.1, None
    for choice, _ in rows:
        if choice != last:
            heads.append((y + 0.72, CHOICE_LABELS[choice]))
            y += 1.1
        tops.append(y)
        last, y = choice, y + 1.0
    figure, axes = plt.subplots(figsize=(layout.width, 0.75 + 0.165 * y))
    for top, words_above in heads:
        axes.text(-0.015, top, words_above, transform=axes.get_yaxis_transform(), ha="right", va="center",
                  fontweight="bold", fontsize=layout.small)  # fmt: skip
    if not names:
        axes.text(0.5, 0.5, "nothing to judge", transform=axes.transAxes, ha="center", color=style.MUTED)
    palette = plt.get_cmap("Blues")
    for i, top in enumerate(tops):
        for j in range(len(names)):
            value = grid[i, j]
            if np.isnan(value):
                continue
            colour = palette(0.04 + 0.86 * value)
            axes.add_patch(plt.Rectangle((j + 0.03, top + 0.04), 0.94, 0.92, color=colour, linewidth=0))  # type: ignore[attr-defined]
            dark = value > 0.6
            axes.text(j + 0.5, top + 0.52, f"{value * 100:.0f}", ha="center", va="center", fontsize=layout.small,
                      color=style.PAPER if dark else style.INK, fontweight="bold" if i == 0 else "normal")  # fmt: skip
    axes.set(xlim=(0, max(len(names), 1)), ylim=(y + 0.1, -0.1))
    names_down = ["all ways of counting", *(option_words(result, c, o) for c, o in rows)]
    axes.set_yticks([top + 0.5 for top in tops])
    axes.set_yticklabels(names_down, fontsize=layout.small, color=style.INK)
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
    style.headline(figure, headlines_title(result), GRID_SUBTITLE if names else "", _source(result), layout)
    return figure


GRID_SUBTITLE = (
    "Per cent of the ways of counting (specifications) in which each finding holds: over all, then over those that "
    "take the option named; the darker, the more. Blank: the finding does not depend on that choice"
)


def headlines_title(result: RobustnessResult) -> str:
    """Return how many headlines hold in nearly all, in some and in hardly any of the ways of counting."""
    shares = result.summary["share"].dropna().astype(float)
    if not len(shares):
        return "No finding can be judged in any way of counting"
    many, few = int((shares >= 0.9).sum()), int((shares <= 0.1).sum())
    rest = len(shares) - many - few
    if len(shares) == 1:
        where = "in at least nine of ten ways" if many else "in at most one of ten ways" if few else "only in some ways"
        return f"The one finding that can be judged holds {where} of counting"
    parts = [f"{_held(many, 'holds', 'hold')} in at least nine of ten ways of counting"]
    parts += [f"{_held(few, 'holds', 'hold')} in at most one of ten"] if few else []
    parts += [f"{_held(rest, 'depends', 'depend')} on choices"] if rest else []
    return f"Of {words.number(len(shares))} findings, {words.joined(parts)}"


def _held(count: int, one: str, several: str) -> str:
    return f"{words.number(count) if count else 'none'} {one if count < 2 else several}"


def headlines_alt(result: RobustnessResult) -> str:
    """Return the figure in words."""
    rows = result.summary[result.summary["share"].notna()].to_dict("records")
    parts = [f"{HEADLINES[str(r['headline'])].statement}: {float(r['share']):.0%} of {r['judged']:,}" for r in rows]
    return f"{headlines_title(result)}." + (f" Share of the ways of counting: {'; '.join(parts)}." if parts else "")


def save(result: RobustnessResult, folder: str | Path) -> dict[str, Image]:
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
