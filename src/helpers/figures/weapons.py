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
from helpers.figures import style
from helpers.figures.labels import colour_key, halo
from helpers.figures.style import GRID, INK, MUTED, Layout, on_axis, readable
from helpers.figures.text import extent
from helpers.tables import each
from helpers.vocabulary import of_group, weapons
from helpers.words import capital, short_day

#: Colours of the kinds of source, firmest darkest; who claims an attack stands apart.
TONES = dict(
    zip(dict.fromkeys(KINDS.values()), (INK, "#4a5560", "#8a949e", "#b9c0c7", "#d9c58b", "#b2182b"), strict=True)
)
#: Inches that one attack takes in a row; so many missile attacks are told by source.
UNIT, TOLD = 0.052, 2
#: The row of what is neither drone, rocket nor missile.
OTHER = "other"


def weekly(found: Weapons) -> pd.DataFrame:
    """Return attacks by week (`style.weeks`) and weapon, a column a weapon on record, missiles first, then downwards.

    A missile of a kind that nobody gives has a column of its own, also where it stands beside another weapon. What is
    lighter than a drone, or not named, is `OTHER`.
    """
    p, prepared = found.parameters, found.prepared
    known, marks, weeks = weapons(p.reference_dir), rungs(p.reference_dir), style.weeks(p)
    week = pd.Series(weeks[weeks.searchsorted(prepared["date"], side="right") - 1], prepared.index, name="week")
    lowest = min((known[code].rung or 0 for code in of_group("drone", p.reference_dir)), default=marks.rocket)
    own = (prepared["rung"] >= lowest) | prepared["top_weapon"].isin(marks.unspecified)
    counts = pd.crosstab(week, prepared["top_weapon"].where(own, OTHER))
    for code in marks.unspecified[:1]:
        blank = week[prepared["blank"]].value_counts()
        if len(blank):
            counts[code] = blank.reindex(counts.index, fill_value=0)
    ladder = sorted((code for code in known if (known[code].rung or 0) >= lowest), key=lambda c: -(known[c].rung or 0))
    order = [
        *(c for c in ladder if c in marks.missiles),
        *marks.unspecified,
        *(c for c in ladder if c not in marks.missiles),
    ]
    columns = [code for code in [*order, OTHER] if code in counts]
    return counts.reindex(index=weeks, columns=columns, fill_value=0).rename_axis("week")


def draw(table: pd.DataFrame, found: Weapons, layout: Layout) -> Figure:
    """Draw the weeks, a row a weapon on one scale; below, the sources of the first missile attacks by what they say."""
    told = each(found.missiles.head(TOLD))
    heights = [max(int(table[code].max()), 1) + 0.5 for code in table] or [4.5]
    lines = [max(found.said.loc[found.said["incident_id"] == a.incident_id, "weapon"].nunique(), 1) for a in told]
    panels = lines if layout.narrow else [max(lines)] if lines else []
    below = [0.2 * count for count in panels]
    rows = [height * UNIT for height in heights]
    if below:
        below = [0.03, *below]  # the key of the kinds of source stands above them
    size = sum(rows) + sum(below) + 0.22 * len(rows) + 0.3 * len(below) + 0.6
    figure = plt.figure(figsize=(layout.width, size))
    across = 1 if layout.narrow else max(len(told), 1)
    grid = figure.add_gridspec(len(rows) + len(below), across, height_ratios=[*rows, *below])
    first: Axes | None = None
    for place, height in enumerate(heights):
        axes = figure.add_subplot(grid[place, :], sharex=first)
        first = first or axes
        axes.set_ylim(0, height)
        _row(axes, table.iloc[:, place : place + 1], found, layout, first=place == 0, last=place == len(heights) - 1)
    for place, attack in enumerate(told, len(rows) + 1):
        at = grid[place, 0] if layout.narrow else grid[len(rows) + 1, place - len(rows) - 1]
        _sources(figure.add_subplot(at), attack, found, layout, layout.width / across)
    if told:
        key = figure.add_subplot(grid[len(rows), :])
        key.set_axis_off()
        colour_key(key, [(k, TONES[k]) for k in TONES if k in set(found.said["kind"])], size=layout.small, lift=0)
    return figure


def _row(axes: Axes, table: pd.DataFrame, found: Weapons, layout: Layout, first: bool, last: bool) -> None:
    """Draw the weeks of one weapon, its name and number above."""
    p = found.parameters
    style.time_axis(axes, p)
    style.pause_band(axes, p, None if first and not layout.narrow else "")
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", which="both", length=0, labelbottom=last)
    axes.axhline(0, color=MUTED if last else GRID, linewidth=0.7, zorder=1)
    for code in table:
        known = weapons(p.reference_dir).get(str(code))
        colour, words = (known.colour, known.plural) if known else (style.MUTED, "other weapons, or none named")
        left, right = axes.get_xlim()
        starts = [max(on_axis(week), left) for week in table.index]
        widths = [min(on_axis(week) + 7, right) - start for week, start in zip(table.index, starts, strict=True)]
        axes.bar([start + 0.4 for start in starts], table[code], [max(width - 0.8, 0.3) for width in widths],
                 align="edge", color=colour, zorder=2)  # fmt: skip
        title = f"{capital(words)}: {table[code].sum()}"
        axes.set_title(title, fontsize=layout.font, color=readable(colour), pad=2)
        for attack in each(found.missiles.head(TOLD)):
            if attack.weapon == code:
                _name(axes, attack, layout)


def _name(axes: Axes, attack: Any, layout: Layout) -> None:
    """Write day and place of a missile attack beside its bar."""
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    left, right = axes.get_xlim()
    words = short_day(attack.date) if layout.narrow else f"{short_day(attack.date)}, {short(attack.site_name)}"
    room = (extent(figure, words, fontsize=layout.font)[0] + 0.2) * (right - left) / (layout.width * 0.95)
    x = on_axis(attack.date)
    before = x + 7 + room > right
    label = axes.text(x - 7 if before else x + 7, 0.75, words, ha="right" if before else "left", va="center",
                      fontsize=layout.font, color=INK, zorder=5)  # fmt: skip
    label.set_in_layout(False)
    halo(label)


def _sources(axes: Axes, attack: Any, found: Weapons, layout: Layout, width: float) -> None:
    """Draw how many sources of one attack name which weapon, by kind of source."""
    mine = found.said[found.said["incident_id"] == attack.incident_id]
    counts = mine.pivot_table(index="weapon", columns="kind", values="sources", aggfunc="sum", fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    widest = max(int(counts.sum(axis=1).max()) if len(counts) else 1, 1)
    labels = [weapons(found.parameters.reference_dir)[str(code)].label for code in counts.index]
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    taken = max((extent(figure, label, fontsize=layout.font)[0] for label in labels), default=0.0) + 0.1
    room = max(width - taken - 0.45, 0.5)  # the longest bar and its number
    axes.set(
        xlim=(-taken / room * widest, (1 + 0.3 / room) * widest),
        ylim=(max(len(counts), 1) - 0.4, -0.6),
        xticks=[],
        yticks=[],
    )
    axes.spines[["left", "bottom"]].set_visible(False)
    base = pd.Series(0, counts.index)
    for kind in [kind for kind in TONES if kind in counts]:
        axes.barh(range(len(counts)), counts[kind], 0.7, base, color=TONES[kind], zorder=2)
        base += counts[kind]
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": layout.font}
    for place, (label, total) in enumerate(zip(labels, base, strict=True)):
        for words in (
            axes.annotate(f"{total}", (total, place), xytext=(3, 0), **beside),
            axes.annotate(label, (0, place), xytext=(-4, 0), ha="right", **beside),
        ):
            words.set_in_layout(False)
    title = f"{short_day(attack.date)}: what {attack.sources} sources say"
    axes.set_title(title, fontsize=layout.font, color=INK, pad=3)


def save(found: Weapons, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``weapons`` to `folder` and return it."""
    table, p = weekly(found), found.parameters
    data = table.reset_index()
    return style.save("weapons", lambda layout: draw(table, found, layout), data, p, facts, folder, style.view(p))
