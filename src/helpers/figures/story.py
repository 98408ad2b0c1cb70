"""The figure of the first page: attacks a week by weapon, the ceasefire, US strikes and the events a reader knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.analysis.harm import deadliest
from helpers.analysis.places import short
from helpers.facts import Fact
from helpers.figures import style
from helpers.figures.labels import colour_key, of
from helpers.figures.svg import HALO
from helpers.figures.text import extent
from helpers.parameters import Parameters
from helpers.tables import each
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
    arms = weapons(p.reference_dir)
    counts = style.by_week(incidents["date"], incidents["top_weapon"].map(lambda code: kind(arms[code])[0]), p)
    kinds = list(dict.fromkeys(kind(weapon)[0] for weapon in arms.values()))
    return counts[[name for name in sorted(kinds, key=lambda name: name.startswith("Other")) if name in counts]]


def events(facts: Mapping[str, Fact], incidents: pd.DataFrame, narrow: bool) -> list[tuple[pd.Timestamp, str]]:
    """Return day and words of what the figure names: missiles, the deadliest attack, what the groups announced."""
    ids = facts["weapons.missiles"].incidents[:3] if "weapons.missiles" in facts else ()
    missiles = incidents[incidents["incident_id"].isin(ids)]
    found = [(row.date, "missile" if narrow else f"missile at {short(row.site_name)}") for row in each(missiles)]
    worst = each(deadliest(incidents))
    found += [(row.date, f"{short(row.site_name)}: {int(row.us_killed)} killed") for row in worst]
    if "events.suspended" in facts and facts["events.suspended"].value:
        found.append((pd.Timestamp(str(facts["events.suspended"].value)), "groups suspend"))
    first, last = incidents["date"].min(), incidents["date"].max()
    return sorted((day, words) for day, words in found if first <= day <= last)


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
    colours = dict(map(kind, weapons(p.reference_dir).values()))
    shown = [(str(name), colours[str(name)]) for name in table]
    base, lefts, widths = style.week_bars(axes, table, [colour for _, colour in shown], p)
    top = max(float(base.max()), 4.0)
    for left, width, total in zip(lefts, widths, base, strict=True):
        if total and width > (4 if layout.narrow else 2):
            place = left + width / 2, total + top * 0.012
            axes.text(*place, f"{total}", ha="center", va="bottom", fontsize=layout.small)
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
    key = [*shown, *([("US strikes (▼)", style.ACCENT)] if strikes else [])]
    colour_key(axes, key, size=layout.font, lift=lift)
    return figure


def _names(axes: Axes, named: list[tuple[pd.Timestamp, str]], base: pd.Series, layout: style.Layout) -> None:
    """Write what happened in rows above the bars, each beside a line to its day, no two over each other."""
    figure = of(axes)
    low, high = axes.get_xlim()
    per_inch = (high - low) / (layout.width * 0.97)
    gap = 0.04 * per_inch
    rightward: list[tuple[pd.Timestamp, float, float, str]] = []
    leftward: list[tuple[pd.Timestamp, float, float, str]] = []
    for day, words in reversed(named):
        text = f"{short_day(day)}: {words}"
        x, width = style.on_axis(day) + 0.5, extent(figure, text, fontsize=layout.font)[0] * per_inch
        if x + gap + width < high:
            rightward.append((day, x, width, text))
        else:
            leftward.insert(0, (day, x, width, text))
            high = x  # no words of an earlier day across its line
    rows: list[list[tuple[float, float]]] = []
    placed = []
    # The last day lowest where words run to the right of their line, highest where to the left: lines cross no words.
    for place, (day, x, width, text) in enumerate([*rightward, *leftward]):
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
        axes.plot([x, x], [total + 1.1 * step, y + 0.4 * step], color=style.MUTED, linewidth=0.7, zorder=1)
        axes.text(left, y, text, va="center", fontsize=layout.font, zorder=5, gid=HALO)
    axes.set_ylim(0, top + (len(rows) + 0.1) * step)


def save(
    incidents: pd.DataFrame, responses: pd.DataFrame, p: Parameters, facts: Mapping[str, Fact], folder: str | Path
) -> Any:
    """Write the figure ``story`` of the `incidents` that `p` counts to `folder`; return it at full width."""
    table = weekly(incidents, p)
    inside = responses["date"].between(pd.Timestamp(p.window_start), pd.Timestamp(p.window_end))
    strikes = sorted(set(responses[inside & responses["country"].isin(p.countries)]["date"]))
    return style.save(
        "story", lambda layout: draw(table, events(facts, incidents, layout.narrow), strikes, p, layout),
        table.reset_index(), p, facts, folder,
    )  # fmt: skip
