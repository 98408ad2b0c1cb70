"""The ladder over time: every incident on the rung of its highest weapon, the brief's first figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.analysis.escalation import EscalationResult
from helpers.figures import style
from helpers.figures.style import INK, MUTED, PAPER, Layout, readable
from helpers.figures.words import capital, joined, many, number, people, short_day, signed, times
from helpers.parameters import Parameters
from helpers.vocabulary import Weapon, weapons

#: Confirmation codes that count as an official's word.
OFFICIAL = ("us_official", "local_official")
#: A row with more incidents than this has no room beside its dots: what is said of one stands above them.
CROWDED = 8
#: Missile incidents up to which each is told one by one.
TOLD = 6


def common_weapons(result: EscalationResult, parameters: Parameters) -> list[Weapon]:
    """Return the weapons below the missiles that make up most incidents, both before and after the pause."""
    known = weapons(parameters.reference_dir)
    table = result.by_period
    total = int(table.to_numpy().sum())
    return [
        weapon
        for code, weapon in known.items()
        if weapon.rung is not None
        and weapon.rung < result.missile_rung
        and int(table[code].sum()) >= max(2, 0.05 * total)
        and int(table[code].loc["before"]) > 0
        and int(table[code].loc["after"]) > 0
    ]


def verdict(result: EscalationResult) -> str:
    """Return in a clause what the tests show of a climb, as coded."""
    plain = result.plain
    if plain.trend.tau is None:
        return "too few to test for a climb"
    if plain.trend.direction == "rise":
        return "the weapons climb over time"
    if plain.trend.direction == "fall":
        return "the weapons step down over time"
    if plain.timing.p_late is not None and plain.timing.k >= 3 and plain.timing.p_late < 0.05:
        return "the missiles come late, the rest shows no climb"
    return "no climb is shown"


def ladder_title(result: EscalationResult, parameters: Parameters) -> str:
    """Return the finding that the ladder shows, true under any parameters."""
    if result.incidents.empty:
        return "No incident in the record for these days, places and confirmations"
    commons = [weapon.plural for weapon in common_weapons(result, parameters)]
    missiles = len(result.missile_ids)
    total = capital(many(len(result.incidents), "incident"))
    first = f"{capital(joined(commons))} throughout" if commons else total
    if missiles == 0 and not commons:
        without = "without" if len(result.incidents) == 1 else "none with"
        return f"{first}, {without} a ballistic or cruise missile: {verdict(result)}"
    if missiles == 0:
        return f"{first}, ballistic or cruise missiles never: {verdict(result)}"
    kinds = sorted({str(code) for code in _missile_rows(result)["top_weapon"]})
    cruise, ballistic = any("cruise" in kind for kind in kinds), any("ballistic" in kind for kind in kinds)
    named = (
        "ballistic or cruise missiles"
        if cruise and ballistic
        else "cruise missiles"
        if cruise
        else "ballistic missiles"
    )
    return f"{first}, {named} {times(missiles)}: {verdict(result)}"


def _missile_rows(result: EscalationResult) -> pd.DataFrame:
    return result.incidents[result.incidents["incident_id"].isin(result.missile_ids)]


def power_sentence(result: EscalationResult) -> str:
    """Return what so few missile incidents could show at all."""
    timing = result.plain.timing
    if timing.k == 0:
        return ""
    if timing.power is None:
        return f"With {many(timing.k, 'missile incident')} the order cannot be tested."
    return (
        f"{capital(many(timing.k, 'missile incident'))} can show little: a test would notice a doubling of their share "
        f"{round(100 * timing.power)} times in 100."
    )


def _callouts(result: EscalationResult) -> dict[str, str]:
    """Return incident -> what to say of it: each missile (if few) and the deadliest incident."""
    found: dict[str, str] = {}
    rows = _missile_rows(result)
    for incident in rows.to_dict("records") if len(rows) <= TOLD else ():
        text = _told(incident)
        kinds = {
            code: sources
            for code, sources in result.said.get(str(incident["incident_id"]), {}).items()
            if code in ("close_range_ballistic_missile", "ballistic_missile", "cruise_missile")
        }
        if len(kinds) > 1:
            words = {code: code.removesuffix("_missile").replace("_range_ballistic", "-range") for code in kinds}
            most = sorted(kinds, key=lambda code: (-kinds[code], code))
            said = [f"{number(kinds[code])}{' sources say' * (code == most[0])} {words[code]}" for code in most]
            text += "\n" + ", ".join(said)
        found[str(incident["incident_id"])] = text
    killed = result.incidents["us_killed"].astype("Float64").fillna(0).to_numpy(float)
    if len(killed) and killed.max() > 0:
        worst = result.incidents.iloc[[int(np.argmax(killed))]].to_dict("records")[0]
        found.setdefault(str(worst["incident_id"]), f"deadliest: {_told(worst)}")
    return found


def _told(incident: dict[Any, Any]) -> str:
    """Return day, place and people hurt: "28 Jan, Tower 22: 3 killed, 47 injured"."""
    harmed = people(incident["us_killed"], incident["us_injured_best"])
    place = str(incident["site_name"]).split(" (")[0]
    return f"{short_day(incident['date'])}, {place}{f': {harmed}' if harmed else ''}"


def _rows(result: EscalationResult, parameters: Parameters) -> list[tuple[tuple[str, ...], str]]:
    """Return the rows of the ladder from the top: weapon codes and label; what has no rung stands below."""
    known = weapons(parameters.reference_dir)
    by_rung: dict[int, list[Weapon]] = {}
    for weapon in known.values():
        if weapon.rung is not None:
            by_rung.setdefault(weapon.rung, []).append(weapon)
    rows = []
    for rung in sorted(by_rung, reverse=True):
        codes = tuple(weapon.code for weapon in by_rung[rung])
        if rung > 0 or result.by_period[list(codes)].to_numpy().sum():
            rows.append((codes, capital(" or ".join(weapon.label for weapon in by_rung[rung]))))
    off = [w for w in known.values() if w.rung is None and result.by_period[w.code].sum()]
    return rows + [((weapon.code,), capital(weapon.label)) for weapon in off]


@dataclass(frozen=True)
class Row:
    """One rung as drawn: codes, label, its incidents, colour, and from its `top` (inches) its `head` and `height`."""

    codes: tuple[str, ...]
    label: str
    incidents: pd.DataFrame
    colour: str
    head: float
    height: float
    crowded: bool


def _measured(
    result: EscalationResult, calls: dict[str, str], parameters: Parameters, layout: Layout, step: float
) -> list[Row]:
    """Return the rows with the room they need: dots `step` inches apart, stacked by day, and what is said of some."""
    known = weapons(parameters.reference_dir)
    line = layout.font * 1.25 / 72
    measured = []
    for codes, label in _rows(result, parameters):
        mine = result.incidents[result.incidents["top_weapon"].isin(codes)]
        stack = int(mine.groupby("date").size().max()) if len(mine) else 0
        crowded = len(mine) > CROWDED
        said = [calls[incident] for incident in mine["incident_id"] if incident in calls]
        lines = max((text.count("\n") + 1 for text in said), default=0)
        head = (line * (lines + 0.4) if crowded and said else 0.0) + (line * 1.15 if layout.narrow else 0.0)
        least = layout.choose(0.33, 0.12 if len(mine) else 0.0)
        body = max(stack * step + 0.12, 0.0 if crowded else line * lines + 0.05, least)
        measured.append(Row(codes, label, mine, known[codes[-1]].colour, head, head + body, crowded))
    return measured


def draw_ladder(result: EscalationResult, parameters: Parameters, layout: Layout) -> Figure:
    """Draw every incident on the rung of its highest weapon, against time."""
    known = weapons(parameters.reference_dir)
    dot = layout.choose(4.0, 3.1)  # diameter, points
    calls = _callouts(result)
    rows = _measured(result, calls, parameters, layout, (dot + 0.35) / 72)
    total = sum(row.height for row in rows) + 0.14
    figure, axes = plt.subplots(figsize=(layout.width, total + 0.62))
    axes.set_ylim(0, total)
    style.time_axis(axes, parameters)
    style.pause_band(axes, parameters)
    top, divided = total, False
    for row in rows:
        if known[row.codes[0]].rung is None and not divided:
            top -= 0.07
            axes.axhline(top, color=MUTED, linewidth=0.7)
            divided = True
        axes.axhline(top - row.height, color=style.GRID, linewidth=0.7, zorder=0.5)
        _label(axes, row, top, layout, _named_alone(result, row))
        _dots(axes, calls, row, top, dot, parameters, layout)
        top -= row.height
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    title, source = ladder_title(result, parameters), ladder_source(result, parameters)
    style.headline(figure, title, ladder_subtitle(result), source, layout)
    return figure


def _named_alone(result: EscalationResult, row: Row) -> str:
    """Return what to say in an empty row of a weapon that single sources name but no incident was settled on."""
    for use in result.first:
        if use.weapon in row.codes and row.incidents.empty and use.earliest_day is not None:
            return f"named by some source (first for {short_day(use.earliest_day)}), outweighed by others"
    return ""


def _label(axes: Axes, row: Row, top: float, layout: Layout, note: str) -> None:
    """Write the row's name, how many incidents it has, and its first day."""
    mine = row.incidents
    word = "on" if len(mine) == 1 else "first"
    count = f"{len(mine)}, {word} {short_day(mine['date'].iloc[0])}" if len(mine) else "none"
    across = axes.get_yaxis_transform()
    bold: dict[str, Any] = {"fontsize": layout.font, "fontweight": "bold"}
    plain: dict[str, Any] = {"fontsize": layout.small + 0.5, "color": MUTED}
    if layout.narrow:
        axes.text(0.004, top - 0.03, row.label, transform=across, va="top", color=readable(row.colour), **bold)
        count = "none; some source names one" if note else count
        axes.text(0.998, top - 0.03, count, transform=across, va="top", ha="right", **plain)
        return
    middle = top - row.head - (row.height - row.head) / 2
    line = layout.font * 1.25 / 72
    place: dict[str, Any] = {"xycoords": across, "textcoords": "offset points", "xytext": (-6, 0), "va": "center"}
    axes.annotate(row.label, (0, middle + line * 0.46), ha="right", color=readable(row.colour), **place, **bold)
    axes.annotate(count, (0, middle - line * 0.5), ha="right", **place, **plain)
    if note:
        axes.annotate(note, (0, middle), ha="left", **{**place, "xytext": (4, 0)}, **plain)


def _dots(
    axes: Axes, calls: dict[str, str], row: Row, top: float, dot: float, parameters: Parameters, layout: Layout
) -> None:
    """Draw the row's incidents as dots stacked by day, filled where an official confirms, and say what is to say."""
    mine = row.incidents
    if mine.empty:
        return
    known = weapons(parameters.reference_dir)
    middle = top - row.head - (row.height - row.head) / 2
    place = mine.groupby("date").cumcount()
    size = mine.groupby("date")["date"].transform("size")
    y = (middle + (place - (size - 1) / 2) * (dot + 0.35) / 72).to_numpy(float)
    x = np.array([style.on_axis(day) + 0.5 for day in mine["date"]])
    shades = [known[code].colour for code in mine["top_weapon"]]
    sure = mine["confirmation"].isin(OFFICIAL)
    face = [shade if filled else PAPER for shade, filled in zip(shades, sure, strict=True)]
    axes.scatter(x, y, s=dot**2, c=face, edgecolors=shades, linewidths=0.75, zorder=3, clip_on=False)
    low, high = axes.get_xlim()
    for incident, left, up in zip(mine["incident_id"], x, y, strict=True):
        if incident not in calls:
            continue
        beyond = (left - low) / (high - low) > layout.choose(0.55, 0.45)
        said: dict[str, Any] = {"ha": "right" if beyond else "left", "fontsize": layout.small + 0.5, "color": INK}
        if row.crowded:
            axes.scatter([left], [up], s=(dot + 3.2) ** 2, facecolors="none", edgecolors=INK, linewidths=0.8, zorder=4)
            axes.annotate(
                calls[incident], (left, up), xytext=(left, top - (layout.narrow * layout.font * 1.4 / 72) - 0.02),
                textcoords="data", va="top", zorder=5, **said,
                arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkA": 0, "shrinkB": dot / 2 + 1.6,
                            "relpos": (1 if beyond else 0, 0)},
            )  # fmt: skip
        else:
            axes.annotate(
                calls[incident], (left, up), xytext=(-6 if beyond else 6, 0), textcoords="offset points",
                va="center", zorder=5, linespacing=1.05, **said,
            )  # fmt: skip


def ladder_subtitle(result: EscalationResult) -> str:
    """Return how to read the ladder, and what its few missiles can show."""
    how = "Each dot is one incident, on the rung of its highest weapon; filled: a US or local official confirms it."
    return f"{how} {power_sentence(result)}".strip()


def ladder_source(result: EscalationResult, parameters: Parameters) -> str:
    """Return the source line, with the missiles of a kind not said."""
    unnamed = len(result.doubtful)
    which = "it" if len(result.incidents) == 1 else f"{unnamed} of them"
    kinds = f"For {which} some source says “missile” without its kind, which may mean a rocket." if unnamed else ""
    return style.source_line(parameters, len(result.incidents), kinds)


def ladder_alt(result: EscalationResult, parameters: Parameters) -> str:
    """Return the ladder in words, with its numbers."""
    known = weapons(parameters.reference_dir)
    if result.incidents.empty:
        return f"{ladder_title(result, parameters)}."
    total = many(len(result.incidents), "incident")
    rungs = []
    for codes, label in _rows(result, parameters):
        mine = result.incidents[result.incidents["top_weapon"].isin(codes)]
        off = " (off the ladder)" if known[codes[0]].rung is None else ""
        rungs.append(f"{label.lower()}{off} {f'{len(mine)} ({_span(mine)})' if len(mine) else 'none'}")
    parts = [f"{ladder_title(result, parameters)}. Timeline of {total} by highest weapon: {', '.join(rungs)}."]
    plain = result.plain.trend
    if plain.tau is not None:
        interval = (
            f", 95% interval {signed(plain.low)} to {signed(plain.high)}"
            if plain.low is not None and plain.high is not None
            else ""
        )
        parts.append(f"Rank correlation of rung with time (Kendall’s tau-b) {signed(plain.tau)}{interval}.")
    return " ".join(parts)


def _span(rows: pd.DataFrame) -> str:
    first, last = rows["date"].iloc[0], rows["date"].iloc[-1]
    if first == last:
        return short_day(first)
    return f"{short_day(first)} to {short_day(last)}"


def ladder(result: EscalationResult, parameters: Parameters, folder: str | Path) -> Image:
    """Save the figure ``ladder`` in `folder` and return it."""
    columns = ["incident_id", "date", "country", "site_name", "top_weapon", "rung", "confirmation", "us_killed"]
    return style.save(
        lambda layout: draw_ladder(result, parameters, layout),
        "ladder",
        title=ladder_title(result, parameters),
        alt=ladder_alt(result, parameters),
        source=ladder_source(result, parameters),
        data=result.incidents[[*columns, "us_injured_best"]],
        folder=folder,
        view=style.view(parameters),
    )
