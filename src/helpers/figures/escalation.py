"""Figures of the mix of weapons: week by week, and its trend under each reading of the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.analysis.escalation import EscalationResult, Reading
from helpers.analysis.escalation_tables import readings_table
from helpers.facts import printed
from helpers.figures import style
from helpers.figures.labels import colour_key
from helpers.figures.ladder import verdict
from helpers.figures.style import INK, MUTED, PAPER, Layout
from helpers.figures.words import capital, joined, many, number, short_day, signed
from helpers.parameters import Parameters
from helpers.vocabulary import Weapon, weapons

# --- the weekly mix ---------------------------------------------------------------------------------------------------


LEVEL = "Neither drones nor rockets led"


def weekly_title(result: EscalationResult) -> str:
    """Return what the weeks show of drones against rockets."""
    table = result.by_week
    busy = table[table.sum(axis=1) > 0]
    if busy.empty:
        return "No incident in the record for these days, places and confirmations"
    led = int((busy["one_way_drone"] > busy["rocket"]).sum())
    behind = int((busy["one_way_drone"] < busy["rocket"]).sum())
    if len(busy) == 1:
        which = "Drones outnumbered rockets" if led else "Rockets outnumbered drones" if behind else LEVEL
        return f"{which} in the one week with incidents: {verdict(result)}"
    words = f"of {many(len(busy), 'week')} with incidents: {verdict(result)}"
    if not led and not behind:
        return f"{LEVEL} in any {words}"
    if led >= behind:
        return f"Drones outnumbered rockets in {number(led)} {words}"
    return f"Rockets outnumbered drones in {number(behind)} {words}"


def _stacked(result: EscalationResult, parameters: Parameters) -> list[str]:
    """Return the weapons that occur, from the bottom of the stack: the ladder, then what stands below or beside it."""
    known = weapons(parameters.reference_dir)
    codes = [code for code in known if result.by_week[code].sum()]
    return sorted(codes, key=lambda code: not known[code].rung)


def draw_weekly(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw the incidents of each week by highest weapon, stacked along the ladder."""
    known = weapons(parameters.reference_dir)
    used = _stacked(result, parameters)
    figure, axes = plt.subplots(figsize=(layout.width, layout.choose(3.0, 2.9)))
    edges = [style.on_axis(week) for week in result.by_week.index]
    edges.append(edges[-1] + 7)
    if used:
        long = result.by_week[used].reset_index().melt("week", var_name="weapon", value_name="incidents")
        sns.histplot(
            x=[style.on_axis(week) + 3.5 for week in long["week"]], weights=long["incidents"], hue=long["weapon"],
            hue_order=used[::-1], palette={code: known[code].colour for code in used}, multiple="stack", bins=edges,
            alpha=1, edgecolor=PAPER, linewidth=0.6, legend=False, ax=axes,
        )  # fmt: skip
    totals = result.by_week.sum(axis=1)
    by_code = [(code, int(result.by_week[code].sum())) for code in used]
    end = style.on_axis(parameters.window_end) + 1
    for left, count in zip(edges[:-1], totals, strict=True):
        axes.annotate(str(count), ((left + min(left + 7, end)) / 2, count), xytext=(0, 1.5), ha="center", va="bottom",
                      textcoords="offset points", fontsize=layout.small, color=MUTED)  # fmt: skip
    style.time_axis(axes, parameters)
    style.pause_band(axes, parameters)
    axes.set_ylim(0, max(1.0, float(totals.max())) * 1.14)
    axes.set(xlabel="", ylabel="")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    entries = [(f"{_noun(known[code], total)} {total}", known[code].colour) for code, total in by_code]
    colour_key(axes, entries, lift=layout.choose(1.9, 2.9) * layout.font, size=layout.font)
    style.headline(
        figure, weekly_title(result), "Incidents a week by highest weapon; weeks count from the window’s first day",
        style.source_line(parameters, len(result.incidents)), layout,
    )  # fmt: skip
    return figure


def _noun(weapon: Weapon, count: int) -> str:
    return weapon.label if count == 1 else weapon.plural


def weekly_alt(result: EscalationResult, parameters: Parameters) -> str:
    """Return the weekly mix in words, with its numbers."""
    known = weapons(parameters.reference_dir)
    totals = result.by_week.sum(axis=1)
    if not totals.sum():
        return f"{weekly_title(result)}."
    counts = [(int(result.by_week[code].sum()), weapon) for code, weapon in known.items()]
    listed = [f"{count} {_noun(weapon, count)}" for count, weapon in sorted(counts, key=lambda pair: -pair[0]) if count]
    busiest = short_day(pd.Timestamp(str(totals.idxmax())))
    most = f" Most in the week from {busiest}: {totals.max()}." if len(totals) > 1 else ""
    return f"{weekly_title(result)}. Bars of incidents a week, in all by highest weapon {joined(listed)}.{most}"


def weekly(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``weapons-weekly`` in `folder` and return it."""
    return style.save(
        lambda layout: draw_weekly(result, parameters, layout),
        "weapons-weekly",
        title=weekly_title(result),
        alt=weekly_alt(result, parameters),
        source=style.source_line(parameters, len(result.incidents)),
        data=result.by_week.reset_index(),
        folder=folder,
        view=style.view(parameters),
    )


# --- the trend under each reading -------------------------------------------------------------------------------------


def readings_title(result: EscalationResult) -> str:
    """Return in how many readings of the record the weapons climb."""
    tested = [reading for reading in result.readings if reading.trend.tau is not None]
    if not tested:
        return "The record holds too little to test for a climb"
    rising = [reading for reading in tested if reading.trend.direction == "rise"]
    falling = [reading for reading in tested if reading.trend.direction == "fall"]
    if not rising and not falling:
        late = [r for r in tested if r.timing.p_late is not None and r.timing.p_late < 0.05]
        start = f"No climb is shown in any of {many(len(tested), 'reading')} of the record"
        if late and all(reading.key.endswith("_ballistic_missile") for reading in late):
            return f"{start}; missiles come late only if unnamed ones were ballistic"
        return f"{start}; the missiles come late in {number(len(late))}" if late else start
    if len(rising) == len(tested):
        return f"The weapons climb, in each of {many(len(tested), 'reading')} of the record"
    words = [f"a climb in {len(rising)}"] if rising else []
    words += [f"a descent in {len(falling)}"] if falling else []
    return f"Of {many(len(tested), 'reading')} of the record, {joined(words)} show{'s' if len(words) == 1 else ''}"


def draw_readings(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw tau-b with its interval, and how likely chance places the missiles as late, for each reading."""
    tested = [reading for reading in result.readings if reading.trend.tau is not None]
    line = layout.choose(0.27, 0.42)
    figure, axes = plt.subplots(figsize=(layout.width, line * max(len(tested), 1) + layout.choose(0.85, 0.95)))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    reach = 0.25
    for place, reading in enumerate(tested):
        _reading(axes, -place, reading, layout)
        ends = (reading.trend.low, reading.trend.high, reading.trend.tau)
        reach = max([reach, *(abs(end) for end in ends if end is not None)])
    axes.set_xlim(-reach * 1.08, reach * 1.08)
    axes.set_ylim(-max(len(tested), 1) + 0.4, layout.choose(0.6, 0.75))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(layout.choose(7, 5), steps=[1, 2, 5, 10]))
    axes.set_xlabel("← steps down      climbs →", fontsize=layout.font)
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    above |= {"fontsize": layout.small + 0.5, "color": MUTED}
    axes.annotate(layout.choose("reading (incidents)", "reading (incidents; missiles, p)"), (0, 1), xytext=(-6, 0),
                  ha=layout.choose("right", "left"), **above)  # fmt: skip
    axes.annotate("tau-b", (1, 1), xytext=(4, 0), ha="left", **above)
    if not layout.narrow:
        axes.annotate("missiles as late\nby chance", (1, 1), xytext=(44, 0), ha="left", **above)
    source = style.source_line(parameters, len(result.incidents))
    style.headline(figure, readings_title(result), READINGS_SUBTITLE, source, layout)
    return figure


READINGS_SUBTITLE = (
    "Rank correlation of an incident’s day with the rung of its highest weapon (Kendall’s tau-b) and 95% interval, "
    "weeks resampled; and the chance that as many missiles, placed at random, come as late"
)


def _reading(axes: Axes, y: float, reading: Reading, layout: Layout) -> None:
    estimate, timing = reading.trend, reading.timing
    assert estimate.tau is not None
    colour = INK if estimate.direction == "none" else style.ACCENT
    weight = "bold" if reading.key == "plain" else "normal"
    if estimate.low is not None and estimate.high is not None:
        axes.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt")
    axes.plot([estimate.tau], [y], "o", color=colour, markersize=4.5)
    chance = "no missile" if timing.p_late is None else f"{printed(timing.p_late, 'probability')} ({timing.k})"
    shade = style.ACCENT if timing.p_late is not None and timing.p_late < 0.05 else MUTED
    place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "va": "center"}
    name = capital(reading.label)
    if layout.narrow:
        missiles = "no missile" if timing.p_late is None else f"{timing.k}, {printed(timing.p_late, 'probability')}"
        words = f"{name} ({estimate.n}; {missiles})"
        axes.annotate(words, (0, y + 0.36), xytext=(0, 0), ha="left", fontsize=layout.small + 0.3,
                              fontweight=weight, color=INK if shade == MUTED else shade, **place,
                      bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6})  # fmt: skip
    else:
        axes.annotate(f"{name} ({estimate.n})", (0, y), xytext=(-6, 0), ha="right", fontweight=weight, **place)
        axes.annotate(chance, (1, y), xytext=(44, 0), ha="left", color=shade, **place)
    axes.annotate(signed(estimate.tau), (1, y), xytext=(4, 0), ha="left", color=colour, **place)


def readings_alt(result: EscalationResult) -> str:
    """Return the estimates in words."""
    words = []
    for reading in result.readings:
        estimate = reading.trend
        if estimate.tau is None:
            continue
        interval = (
            f" ({signed(estimate.low)} to {signed(estimate.high)})"
            if estimate.low is not None and estimate.high is not None
            else ""
        )
        words.append(f"{reading.label}, {many(estimate.n, 'incident')}: {signed(estimate.tau)}{interval}")
    if not words:
        return f"{readings_title(result)}: {many(len(result.incidents), 'incident')}."
    return f"{readings_title(result)}. Kendall’s tau-b with 95% interval by reading: {'; '.join(words)}."


def readings(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``escalation-readings`` in `folder` and return it."""
    return style.save(
        lambda layout: draw_readings(result, parameters, layout),
        "escalation-readings",
        title=readings_title(result),
        alt=readings_alt(result),
        source=style.source_line(parameters, len(result.incidents)),
        data=readings_table(result),
        folder=folder,
        view=style.view(parameters),
    )
