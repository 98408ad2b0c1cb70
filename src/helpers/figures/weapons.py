"""Attacks by weapon, a row a weapon, and what the sources of each missile attack say it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.analysis.places import short
from helpers.analysis.weapons import KINDS, Weapons, rungs
from helpers.facts import Fact
from helpers.figures import style, timeline
from helpers.figures.labels import colour_key
from helpers.figures.style import GRID, INK, MUTED, Layout, readable
from helpers.figures.text import extent
from helpers.tables import each
from helpers.vocabulary import of_group, weapons
from helpers.words import capital, short_day

#: Colours of the kinds of source, firmest darkest; who claims an attack stands apart.
TONES = dict(
    zip(dict.fromkeys(KINDS.values()), (INK, "#4a5560", "#8a949e", "#b9c0c7", "#d9c58b", "#b2182b"), strict=True)
)
#: Inches that one attack takes in a row; so many missile attacks are told by source.
UNIT, TOLD = 0.044, 2
#: The row of what is neither drone, rocket nor missile.
OTHER = "other"


def weekly(found: Weapons) -> pd.DataFrame:
    """Return attacks by week and weapon, a column a weapon on record, missiles first, then downwards.

    A missile of a kind that nobody gives has a column of its own, also where it stands beside another weapon. What is
    lighter than a drone, or not named, is `OTHER`.
    """
    p, prepared = found.parameters, found.prepared
    known, marks = weapons(p.reference_dir), rungs(p.reference_dir)
    rung = {code: weapon.rung or 0 for code, weapon in known.items()}
    lowest = min((rung[code] for code in of_group("drone", p.reference_dir)), default=marks.rocket)
    own = (prepared["rung"] >= lowest) | prepared["top_weapon"].isin(marks.unspecified)
    counts = timeline.by_week(prepared["date"], prepared["top_weapon"].where(own, OTHER), p)
    if prepared["blank"].any():
        blank = prepared.loc[prepared["blank"], "date"]
        counts[marks.unspecified[0]] = timeline.by_week(blank, pd.Series("blank", blank.index), p)["blank"]
    ladder = sorted((code for code in known if rung[code] >= lowest), key=lambda code: -rung[code])
    order = dict.fromkeys([*(c for c in ladder if c in marks.missiles), *marks.unspecified, *ladder, OTHER])
    return counts[[code for code in order if code in counts]]


def draw(table: pd.DataFrame, found: Weapons, layout: Layout) -> Figure:
    """Draw the weeks, a row a weapon on one scale; below, the sources of the first missile attacks by what they say."""
    told = each(found.missiles.head(TOLD))
    heights = [max(int(table[code].max()), 1) + 0.5 for code in table] or [4.5]
    lines = [max(found.said.loc[found.said["incident_id"] == a.incident_id, "weapon"].nunique(), 1) for a in told]
    panels = lines if layout.narrow else [max(lines)] if lines else []
    below = [0.03, *(0.2 * count for count in panels)] if told else []  # the key of the sources stands above them
    rows = [height * UNIT for height in heights]
    size = sum(rows) + sum(below) + 0.22 * len(rows) + 0.3 * len(below) + 0.6
    figure = plt.figure(figsize=(layout.width, size))
    across = 1 if layout.narrow else max(len(told), 1)
    grid = figure.add_gridspec(len(rows) + len(below), across, height_ratios=[*rows, *below])
    bare = next((place for place, code in enumerate(table) if code not in set(found.missiles["weapon"])), 0)
    for place, height in enumerate(heights):
        axes = figure.add_subplot(grid[place, :])
        axes.set_ylim(0, height)
        _row(axes, table.iloc[:, place : place + 1], found, layout, label=place == bare, last=place == len(heights) - 1)
    for place, attack in enumerate(told, len(rows) + 1):
        at = grid[place, 0] if layout.narrow else grid[len(rows) + 1, place - len(rows) - 1]
        _sources(figure.add_subplot(at), attack, found, layout, layout.width / across)
    if told:
        key = figure.add_subplot(grid[len(rows), :])
        key.set_axis_off()
        colour_key(key, [(k, TONES[k]) for k in TONES if k in set(found.said["kind"])], size=layout.small, lift=0)
    return figure


def _row(axes: Axes, table: pd.DataFrame, found: Weapons, layout: Layout, label: bool, last: bool) -> None:
    """Draw the weeks of one weapon, its name and number above, and of missiles the days."""
    p = found.parameters
    timeline.time_axis(axes, p, named=last)
    timeline.pause_band(axes, p, None if label and not layout.narrow else "")
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", which="both", length=0)
    axes.axhline(0, color=MUTED if last else GRID, linewidth=0.7, zorder=1)
    for code in table:
        known = weapons(p.reference_dir).get(str(code))
        colour, words = (known.colour, known.plural) if known else (MUTED, "other weapons, or none named")
        timeline.week_bars(axes, table, [colour], p)
        told = each(found.missiles[found.missiles["weapon"] == code])
        days = [short_day(a.date) if layout.narrow else f"{short_day(a.date)} {short(a.site_name)}" for a in told]
        when = f" ({', '.join(days)})" if 0 < len(days) <= TOLD else ""
        title = f"{capital(words)}: {table[code].sum()}{when}"
        axes.set_title(title, fontsize=layout.font, color=readable(colour), pad=2)


def _sources(axes: Axes, attack: Any, found: Weapons, layout: Layout, width: float) -> None:
    """Draw how many sources of one attack name which weapon, by kind of source."""
    mine = found.said[found.said["incident_id"] == attack.incident_id]
    counts = mine.pivot_table(index="weapon", columns="kind", values="sources", aggfunc="sum", fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    widest = max(int(counts.sum(axis=1).max()) if len(counts) else 1, 1)
    labels = [weapons(found.parameters.reference_dir)[str(code)].label for code in counts.index]
    taken = max((extent(label, layout.font)[0] for label in labels), default=0.0) + 0.1
    room = max(width - taken - 0.45, 0.5)  # the longest bar and its number
    axes.set(
        xlim=(-taken / room * widest, (1 + 0.3 / room) * widest),
        ylim=(max(len(counts), 1) - 0.4, -0.6),
    )
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    base = pd.Series(0, counts.index)
    for kind in [kind for kind in TONES if kind in counts]:
        axes.barh(range(len(counts)), counts[kind], 0.7, base, color=TONES[kind], zorder=2)
        base += counts[kind]
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center", "in_layout": False}
    for place, (label, total) in enumerate(zip(labels, base, strict=True)):
        axes.annotate(f"{total}", (total, place), xytext=(3, 0), **beside)
        axes.annotate(label, (0, place), xytext=(-4, 0), ha="right", **beside)
    title = f"{short_day(attack.date)}: what {attack.sources} sources say"
    axes.set_title(title, fontsize=layout.font, color=INK, pad=3)


def save(found: Weapons, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``weapons`` to `folder` and return it."""
    table, p = weekly(found), found.parameters
    return style.save("weapons", lambda layout: draw(table, found, layout), table.reset_index(), p, facts, folder)
