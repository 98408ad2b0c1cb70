"""The figure of the first page: attacks a week by weapon, the ceasefire, US strikes and the events a reader knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.facts import Fact
from helpers.figures import style
from helpers.figures.labels import colour_key, halo
from helpers.figures.text import extent
from helpers.parameters import Parameters
from helpers.vocabulary import Weapon, weapons
from helpers.words import capital, short_day

#: Inches that the highest bar takes.
BARS = 1.5


def kind(weapon: Weapon) -> tuple[str, str]:
    """Return under which words and in which colour the figure shows `weapon`."""
    if weapon.group == "missile":
        return "Missiles of a stated kind", "#d55e00"
    if weapon.group in ("drone", "rocket", "mortar", "unspecified"):
        return capital(weapon.plural), weapon.colour
    return "Other, or not said", "#b8b8b8"


def weekly(incidents: pd.DataFrame, p: Parameters) -> pd.DataFrame:
    """Return attacks by week (`style.weeks`) and kind of heaviest weapon: a row a week, a column a kind."""
    weeks, arms = style.weeks(p), weapons(p.reference_dir)
    week = weeks[weeks.searchsorted(incidents["date"], side="right") - 1]
    kinds = incidents["top_weapon"].map(lambda code: kind(arms[code])[0])
    counts = pd.crosstab(pd.Series(week, incidents.index, name="week"), kinds)
    used = [name for name in dict.fromkeys(kind(weapon)[0] for weapon in arms.values()) if name in counts]
    used.sort(key=lambda name: name.startswith("Other"))
    return counts.reindex(index=weeks, columns=used, fill_value=0).rename_axis("week")


def events(facts: Mapping[str, Fact], incidents: pd.DataFrame, narrow: bool) -> list[tuple[pd.Timestamp, str]]:
    """Return day and words of what the figure names: missiles, the deadliest attack, what the groups announced."""
    found: list[tuple[pd.Timestamp, str]] = []
    rows = {str(row["incident_id"]): row for row in incidents.to_dict("records")}
    missiles = facts["weapons.missiles"].incidents if "weapons.missiles" in facts else ()
    for identifier in missiles[:3]:
        row = rows[identifier]
        site = f" at {_place(row['site_name'])}" if not narrow else ""
        found.append((row["date"], f"missile{site}"))
    worst = incidents[incidents["us_killed"].fillna(0) > 0].sort_values("us_killed", ascending=False, kind="stable")
    for row in worst.head(1).to_dict("records"):
        found.append((row["date"], f"{_place(row['site_name'])}: {int(row['us_killed'])} killed"))
    if "events.suspended" in facts and facts["events.suspended"].value:
        found.append((pd.Timestamp(str(facts["events.suspended"].value)), "groups suspend"))
    first, last = incidents["date"].min(), incidents["date"].max()
    return sorted((day, words) for day, words in found if first <= day <= last)


def _place(name: object) -> str:
    """Return a place's short name: "Ain al-Asad" of "Ain al-Asad Air Base"."""
    return re.sub(r" \(.*\)$| Air Base$", "", str(name))


def draw(
    table: pd.DataFrame,
    named: list[tuple[pd.Timestamp, str]],
    strikes: list[pd.Timestamp],
    p: Parameters,
    layout: style.Layout,
) -> Figure:
    """Draw the weeks as stacked bars, what happened above them, US strikes below."""
    figure, (axes, strip) = plt.subplots(
        2, 1, sharex=True, figsize=(layout.width, 2.75), height_ratios=(1, 0.09), gridspec_kw={"hspace": 0}
    )
    start, end = style.on_axis(p.window_start), style.on_axis(p.window_end) + 1
    lefts = [max(style.on_axis(week), start) for week in table.index]
    widths = [min(style.on_axis(week) + 7, end) - left for week, left in zip(table.index, lefts, strict=True)]
    base = pd.Series(0, table.index)
    colours = dict(map(kind, weapons(p.reference_dir).values()))
    for name in map(str, table):
        inner = [max(width - 0.8, 0.3) for width in widths]
        axes.bar([left + 0.4 for left in lefts], table[name], inner, base, align="edge", color=colours[name], zorder=2)
        base += table[name]
    top = max(float(base.max()), 4.0)
    for left, width, total in zip(lefts, widths, base, strict=True):
        if total and width > (4 if layout.narrow else 2):
            axes.text(
                left + width / 2, total + top * 0.012, f"{total}", ha="center", va="bottom", fontsize=layout.small
            )
    style.time_axis(axes, p)
    style.pause_band(axes, p)
    _names(axes, named, base, layout)
    axes.set(yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", which="both", length=0)
    strip.set(ylim=(0, 1), yticks=[])
    strip.spines["left"].set_visible(False)
    style.time_axis(strip, p)
    style.pause_band(strip, p, "")
    marks = [style.on_axis(day) + 0.5 for day in strikes]
    strip.plot(marks, [0.5] * len(marks), "v", color=style.ACCENT, markersize=layout.choose(5, 4), markeredgewidth=0)
    lift = layout.choose(15, 27) if style.pause_shown(p) else 4
    strike = [("US strikes (▼)", style.ACCENT)] if strikes else []
    colour_key(axes, [*((name, colours[name]) for name in map(str, table)), *strike], size=layout.font, lift=lift)
    return figure


def _names(axes: Axes, named: list[tuple[pd.Timestamp, str]], base: pd.Series, layout: style.Layout) -> None:
    """Write what happened in rows above the bars, each beside a line to its day, no two over each other."""
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    low, high = axes.get_xlim()
    per_inch = (high - low) / (layout.width * 0.97)
    gap = 0.04 * per_inch
    rightward: list[tuple[pd.Timestamp, float, float, str]] = []
    leftward: list[tuple[pd.Timestamp, float, float, str]] = []
    for day, words in named:
        text = f"{short_day(day)}: {words}"
        x, width = style.on_axis(day) + 0.5, extent(figure, text, fontsize=layout.font)[0] * per_inch
        (rightward if x + gap + width < high else leftward).append((day, x, width, text))
    rows: list[list[tuple[float, float]]] = []
    placed = []
    # The last day lowest where words run to the right of their line, highest where to the left: lines cross no words.
    for place, (day, x, width, text) in enumerate([*reversed(rightward), *leftward]):
        left = x + gap if place < len(rightward) else x - gap - width
        room = (left - 2 * gap, left + width + 2 * gap)
        free = range(0 if place < len(rightward) else len(rows), len(rows))
        row = next((n for n in free if all(room[1] < a or room[0] > b for a, b in rows[n])), len(rows))
        rows[row : row + 1] = [[*(rows[row] if row < len(rows) else []), room]]
        placed.append((day, x, left, text, row))
    line = layout.font * 1.35 / 72
    figure.set_size_inches(layout.width, BARS + len(rows) * line + layout.choose(1.05, 1.5))
    top = max(float(base.max()), 4.0) * 1.12
    step = top * line / BARS
    for day, x, left, text, row in placed:
        y = top + (row + 0.5) * step
        total = float(base[base.index <= day].iloc[-1])
        axes.plot([x, x], [total + 0.9 * step, y + 0.4 * step], color=style.MUTED, linewidth=0.7, zorder=1)
        halo(axes.text(left, y, text, va="center", fontsize=layout.font, zorder=5, color=style.INK))
    axes.set_ylim(0, top + (len(rows) + 0.1) * step)


def save(
    incidents: pd.DataFrame, responses: pd.DataFrame, p: Parameters, facts: Mapping[str, Fact], folder: str | Path
) -> Any:
    """Write the figure ``story`` of the `incidents` that `p` counts to `folder`; return it at full width."""
    table = weekly(incidents, p)
    inside = responses["date"].between(pd.Timestamp(p.window_start), pd.Timestamp(p.window_end))
    strikes = sorted(set(responses[inside & responses["country"].isin(p.countries)]["date"]))
    return style.save(
        "story",
        lambda layout: draw(table, events(facts, incidents, layout.narrow), strikes, p, layout),
        table.reset_index(),
        p,
        facts,
        folder,
        style.view(p),
    )
