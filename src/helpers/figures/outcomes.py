"""Figures of what the attacks did: people hurt, and interception, damage and munitions as far as they are known."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter
from matplotlib.transforms import Bbox

from helpers.analysis.escalation import EscalationResult
from helpers.analysis.harm import Comparison, outcome, share
from helpers.figures import style
from helpers.figures.labels import around
from helpers.figures.style import ACCENT, GRID, INK, MUTED, PAPER, Layout
from helpers.figures.words import capital, joined, many, people, short_day
from helpers.parameters import Parameters

#: Colour of Iraqi, Syrian and Jordanian people hurt.
PARTNERS = "#0072b2"
#: How many of the worst incidents are named in the figure.
NAMED = 3

WORDS = {"casualties": "US or coalition casualties", "intercepted": "intercepted, all or some", "damaged": "damage"}
NOUNS = {"casualties": "casualties", "intercepted": "interception", "damaged": "damage"}


def _hurt(result: EscalationResult) -> pd.DataFrame:
    """Return the incidents with the numbers of people hurt as plain numbers (0 where blank)."""
    frame = result.incidents.copy()
    for column in ("us_killed", "us_injured_low", "us_injured_high", "partner_killed", "partner_injured"):
        frame[column] = frame[column].astype("Float64").fillna(0).astype(int)
    frame["known"] = frame["us_injured_best"].notna()
    frame["us_injured"] = frame["us_injured_best"].astype("Float64").fillna(0).astype(int)
    frame["us_hurt"] = frame["us_killed"] + frame["us_injured"]
    frame["partner_hurt"] = frame["partner_killed"] + frame["partner_injured"]
    return frame


def harm_title(result: EscalationResult) -> str:
    """Return how the people hurt are spread over the incidents."""
    toll = result.tolls["all"]
    if toll.n == 0:
        return "No incident in the record for these days, places and confirmations"
    if toll.us_harmed == 0:
        return "No US or coalition member is recorded as killed or injured"
    hurt = _hurt(result)["us_hurt"].sort_values(ascending=False)
    few = min(2, int((hurt > 0).sum()))
    held = int(hurt.head(few).sum())
    which = f"{capital(many(few, 'incident'))} account{'s' if few == 1 else ''} for"
    all_of = f"all {toll.us_harmed}" if held == toll.us_harmed else f"{held} of the {toll.us_harmed}"
    return f"{which} {all_of} US and coalition members recorded as killed or injured"


def draw_harm(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw the people hurt in each incident against time, with the range that sources give."""
    frame = _hurt(result)
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(3.3, 3.4)))
    style.time_axis(axes, parameters)
    style.pause_band(axes, parameters)
    x = np.array([style.on_axis(day) + 0.5 for day in frame["date"]], dtype=float)
    ours, theirs = (frame["us_hurt"] > 0).to_numpy(), (frame["partner_hurt"] > 0).to_numpy()
    zero = (frame["known"] & ~ours).to_numpy()
    high = float(max([8, *(frame["us_killed"] + frame["us_injured_high"]), *frame["partner_hurt"]]))
    axes.set_ylim(-high * 0.17, high * 1.12)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    axes.vlines(x[ours], 0, frame.loc[ours, "us_hurt"], color=ACCENT, linewidth=1.1, zorder=2)
    killed = frame["us_killed"]
    axes.vlines(x[ours], (killed + frame["us_injured_low"])[ours], (killed + frame["us_injured_high"])[ours],
                color=ACCENT, linewidth=4.5, alpha=0.28, zorder=1)  # fmt: skip
    axes.scatter(x[ours], frame.loc[ours, "us_hurt"], s=20, color=ACCENT, zorder=3)
    axes.scatter(x[theirs], frame.loc[theirs, "partner_hurt"], s=20, color=PARTNERS, marker="s", zorder=3)
    axes.vlines(x[theirs], 0, frame.loc[theirs, "partner_hurt"], color=PARTNERS, linewidth=1.1, zorder=2)
    for mask, place, colour in ((zero, -0.055, INK), ((~frame["known"] & ~ours).to_numpy(), -0.125, "#b0b4b8")):
        axes.scatter(x[mask], np.full(int(mask.sum()), place * high), s=20, marker="|", color=colour, linewidths=0.8)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_yticks([tick for tick in MaxNLocator(5, integer=True).tick_values(0, high) if 0 <= tick <= high * 1.1])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")
    subtitle = (
        "People killed and injured in each incident: US and coalition (red; the broad bar spans the sources’ numbers), "
        "Iraqi, Syrian and Jordanian (blue squares). Ticks below: "
        f"{many(int(zero.sum()), 'incident')} that hurt no US or coalition member (dark), "
        f"{int((~frame['known'] & ~ours).sum())} where it is not known (grey)"
    )
    style.headline(figure, harm_title(result), subtitle, harm_source(result, parameters), layout)
    figure.draw_without_rendering()
    _name_worst(axes, frame, layout)
    return figure


def _name_worst(axes: Axes, frame: pd.DataFrame, layout: Layout) -> None:
    """Name the incidents that hurt most people beside their marks. Call it when the layout is final."""
    told = []
    for column, killed, injured, most in (
        ("us_hurt", "us_killed", "us_injured", NAMED),
        ("partner_hurt", "partner_killed", "partner_injured", 1),
    ):
        worst = frame[frame[column] > 0].nlargest(most, column, keep="first")
        told += [(row, int(row[column]), row[killed], row[injured]) for row in worst.to_dict("records")]
    told.sort(key=lambda entry: -entry[1])
    texts = [
        f"{short_day(row['date'])}, {str(row['site_name']).split(' (')[0].split(' / ')[0]}:\n{people(dead, wounded)}"
        for row, _, dead, wounded in told
    ]
    if layout.narrow:  # near the right edge there is room for a column of words only
        late = axes.get_xlim()[0] + 0.8 * (axes.get_xlim()[1] - axes.get_xlim()[0])
        texts = [
            re.sub(r"(?<=[^\W\d]) |(?<=,) ", "\n", text) if style.on_axis(row["date"]) > late else text
            for text, (row, *_) in zip(texts, told, strict=True)
        ]
    stems = [
        Bbox(axes.transData.transform([(style.on_axis(day) + 0.4, 0), (style.on_axis(day) + 0.6, hurt)]))
        for column in ("us_hurt", "partner_hurt")
        for day, hurt in zip(frame["date"], frame[column], strict=True)
        if hurt
    ]
    points = [(style.on_axis(row["date"]) + 0.5, float(hurt)) for row, hurt, _, _ in told]
    if points:
        below = Bbox(axes.transData.transform([(axes.get_xlim()[0], axes.get_ylim()[0]), (axes.get_xlim()[1], 0)]))
        around(axes, points, texts, [3.0] * len(points), avoid=[*stems, below], size=layout.small + 0.5)


def harm_source(result: EscalationResult, parameters: Parameters) -> str:
    """Return the source line with how many incidents have a number."""
    toll = result.tolls["all"]
    known = f"A number of US and coalition injured, or that there were none, is known for {toll.known or 'none'}."
    return style.source_line(parameters, toll.n, known if toll.n else "")


def harm_alt(result: EscalationResult) -> str:
    """Return the people hurt in words."""
    toll = result.tolls["all"]
    if not toll.us_harmed and not toll.partner_killed and not toll.partner_injured:
        known = f"; the number is known for {toll.known} of {toll.n}." if toll.n else "."
        return harm_title(result) + known
    worst = _hurt(result).nlargest(NAMED, "us_hurt", keep="first")
    named = [
        f"{short_day(row['date'])}, {row['site_name']}: {people(row['us_killed'], row['us_injured'])}"
        for row in worst.to_dict("records")
        if row["us_hurt"]
    ]
    partners = people(toll.partner_killed, toll.partner_injured)
    low, high = toll.us_injured_low, toll.us_injured_high
    between = f" (sources between {low} and {high})" if low != high else ""
    told = [f"US and coalition {toll.us_killed} killed, {toll.us_injured_best} injured{between}"] if named else []
    told += [f"Iraqi, Syrian and Jordanian {partners}"] if partners else []
    return f"{harm_title(result)}. In all: {'; '.join(told)}; the number is known for {toll.known} of {toll.n}." + (
        f" Most hurt: {'; '.join(named)}." if len(named) > 1 else ""
    )


def harm(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``harm`` in `folder` and return it."""
    columns = ["incident_id", "date", "country", "site_name", "us_killed", "us_injured_best", "us_injured_low"]
    columns += ["us_injured_high", "partner_killed", "partner_injured"]
    return style.save(
        lambda layout: draw_harm(result, parameters, layout),
        "harm",
        title=harm_title(result),
        alt=harm_alt(result),
        source=harm_source(result, parameters),
        data=result.incidents[columns],
        folder=folder,
        view=style.view(parameters),
    )


# --- interception, damage, casualties, munitions ----------------------------------------------------------------------


def outcomes_title(result: EscalationResult) -> str:
    """Return which outcomes changed, and for how many incidents they are known."""
    if result.incidents.empty:
        return "No incident in the record for these days, places and confirmations"
    changed = [
        f"{NOUNS[name]} {'rose' if (part.difference or 0) > 0 else 'fell'}"
        for name, part in result.outcomes.items()
        if part.shown
    ]
    known = max(part.before.known + part.during.known + part.after.known for part in result.outcomes.values())
    one = len(result.incidents) == 1
    share_known = (
        "known for the one incident" if one else f"known for at most {known} of {len(result.incidents)} incidents"
    )
    if not known:
        return f"{capital(joined(list(NOUNS.values())))} are not known for any of these incidents"
    if all(part.low is None for part in result.outcomes.values()):
        return f"Outcomes before and after the pause cannot be compared; they are {share_known}"
    if not changed:
        return f"No change in {joined(list(NOUNS.values())).replace(' and ', ' or ')} is shown; they are {share_known}"
    return f"After the pause {joined(changed)}; outcomes are {share_known}"


def monthly(result: EscalationResult, name: str) -> pd.DataFrame:
    """Return the share of outcome `name` by month: month, start, end, hits, known, unknown, value, low, high."""
    hit = outcome(result.incidents, name)
    months = result.incidents["date"].dt.to_period("M")
    rows = []
    for month in sorted(months.unique()):
        mine = months == month
        part = share(hit[mine], result.incidents.loc[mine, "incident_id"])
        rows.append(
            {"outcome": name, "month": str(month), "hits": part.hits, "known": part.known, "unknown": part.unknown,
             "value": part.value, "low": part.low, "high": part.high}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", "month", "hits", "known", "unknown", "value", "low", "high"])


def draw_outcomes(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw monthly shares of each outcome among the known, and the munitions of each incident, against time."""
    shape = layout.choose((2, 2), (4, 1))
    figure, grid = plt.subplots(*shape, figsize=(layout.width, layout.choose(4.4, 7.6)), sharex=True, squeeze=False)
    panels = list(grid.flat)
    for axes, name in zip(panels, result.outcomes, strict=False):
        _share_panel(axes, result, parameters, name, layout)
    _munitions_panel(panels[-1], result, parameters, layout)
    for axes in panels:
        style.time_axis(axes, parameters)
        style.pause_band(axes, parameters, "")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y")
    subtitle = (
        "By month, share of the incidents where it is known, with 95% interval; below, for how many of all it is known"
    )
    if style.pause_shown(parameters):
        subtitle += f"; shaded: {style.pause_name(parameters)}"
    source = style.source_line(parameters, len(result.incidents))
    style.headline(figure, outcomes_title(result), subtitle, source, layout)
    return figure


def _share_panel(axes: Axes, result: EscalationResult, parameters: Parameters, name: str, layout: Layout) -> None:
    """Draw the monthly share of one outcome, with the counts beneath and the comparison above."""
    table = monthly(result, name)
    start, end = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end) + pd.Timedelta(days=1)
    for row in table.to_dict("records"):
        first = pd.Timestamp(f"{row['month']}-01")
        left, right = max(first, start), min(first + pd.DateOffset(months=1), end)
        x = style.on_axis(left + (right - left) / 2)
        if row["known"]:
            axes.vlines(x, row["low"], row["high"], color=INK, linewidth=1.2)
            axes.plot([x], [row["value"]], "o", color=INK, markersize=4.5)
        axes.annotate(f"{row['known']} of {row['known'] + row['unknown']}", (x, -0.02), xytext=(0, -2), ha="center",
                      va="top", textcoords="offset points", fontsize=layout.small, color=MUTED)  # fmt: skip
    axes.set_ylim(-0.17, 1.02)
    axes.set_yticks([0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title(f"{capital(WORDS[name])}\n{_compared(result.outcomes[name])}", fontsize=layout.font, color=INK)


def _compared(part: Comparison) -> str:
    """Return the comparison before and after in one line."""
    if part.before.value is None or part.after.value is None or part.low is None or part.high is None:
        return "not known on both sides of the pause"
    low, high = (f"{100 * value:+.0f}".replace("-", "−") for value in (part.low, part.high))
    return f"{part.before.value:.0%} before, {part.after.value:.0%} after ({low} to {high} points)"


def _munitions_panel(axes: Axes, result: EscalationResult, parameters: Parameters, layout: Layout) -> None:
    """Draw the munitions of each incident, best estimate, on a logarithmic scale."""
    frame = result.incidents[result.incidents["munitions_best"].notna()]
    values = frame["munitions_best"].astype(float)
    values, days = values[values > 0], [style.on_axis(day) + 0.5 for day in frame["date"][values > 0]]
    axes.scatter(days, values, s=11, facecolors=PAPER, edgecolors=INK, linewidths=0.7)
    axes.set_yscale("log")
    top = max([10.0, *values])
    axes.set_ylim(0.7, top * 1.4)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500) if tick <= top * 1.2]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    part = result.munitions
    known = f"known for {part.known_before + part.known_after} of {part.known_before + part.known_after + part.unknown}"
    medians = (
        f"median {part.median_before:g} before, {part.median_after:g} after; {known}"
        if part.median_before is not None and part.median_after is not None
        else "not known on both sides of the pause"
    )
    axes.set_title(f"Munitions in an incident\n{medians}", fontsize=layout.font, color=INK)
    axes.set_facecolor("none")
    axes.grid(axis="y", color=GRID)


def outcomes_alt(result: EscalationResult) -> str:
    """Return the outcomes in words."""
    parts = [
        f"{WORDS[name]} {_compared(part)}, known for {part.before.known} and {part.after.known}"
        for name, part in result.outcomes.items()
        if part.low is not None
    ]
    munitions = result.munitions
    if munitions.median_before is not None and munitions.median_after is not None:
        parts.append(f"munitions median {munitions.median_before:g} before, {munitions.median_after:g} after")
    return f"{outcomes_title(result)}." + (f" Before and after the pause: {'; '.join(parts)}." if parts else "")


def outcomes(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``outcomes`` in `folder` and return it."""
    return style.save(
        lambda layout: draw_outcomes(result, parameters, layout),
        "outcomes",
        title=outcomes_title(result),
        alt=outcomes_alt(result),
        source=style.source_line(parameters, len(result.incidents)),
        data=pd.concat([monthly(result, name) for name in result.outcomes], ignore_index=True),
        folder=folder,
        view=style.view(parameters),
    )
