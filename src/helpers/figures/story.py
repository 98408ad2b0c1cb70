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
from helpers.analysis.strikes import strikes_in
from helpers.analysis.weapons import naming, rungs
from helpers.facts import SHOWN, Fact
from helpers.figures import style, timeline
from helpers.figures.labels import colour_key
from helpers.figures.text import HALO, extent
from helpers.parameters import Parameters
from helpers.tables import each
from helpers.vocabulary import Weapon, weapons
from helpers.words import capital, short_day

#: Inches that the highest bar takes.
BARS = 1.5


#: Words for missiles of several stated kinds together, and the colour of missiles.
STATED, MISSILE = "Missiles of a stated kind", "#d55e00"


def kind(weapon: Weapon) -> tuple[str, str]:
    """Return under which words and in which colour the figure shows `weapon`."""
    if weapon.group == "missile":
        return STATED, MISSILE
    if weapon.group in ("drone", "rocket", "mortar", "unspecified"):
        return capital(weapon.plural), weapon.colour
    return "Other, or not said", "#b8b8b8"


def weekly(incidents: pd.DataFrame, p: Parameters) -> pd.DataFrame:
    """Return attacks by week (`timeline.weeks`) and kind of heaviest weapon: a row a week, a column a kind.

    An attack with a missile of a kind that nobody gives is one of these, unless it was made with a missile of a stated
    kind too. Where all missiles are of one stated kind, its column bears that kind's name.
    """
    arms, vague = weapons(p.reference_dir), rungs(p.reference_dir).unspecified
    named = incidents["top_weapon"].map(lambda code: kind(arms[code])[0])
    missile = incidents["top_weapon"].map(lambda code: arms[code].group == "missile").astype(bool)
    for code in vague[:1]:
        named = named.mask(naming(incidents["weapons"], vague) & ~missile, kind(arms[code])[0])
    counts = timeline.by_week(incidents["date"], named, p)
    kinds = list(dict.fromkeys(kind(weapon)[0] for weapon in arms.values()))
    shown = counts[[name for name in sorted(kinds, key=lambda name: name.startswith("Other")) if name in counts]]
    one = set(incidents["top_weapon"][missile])
    return shown.rename(columns={STATED: capital(arms[one.pop()].plural)} if len(one) == 1 else {})


def events(facts: Mapping[str, Fact], incidents: pd.DataFrame, layout: style.Layout) -> list[tuple[pd.Timestamp, str]]:
    """Return day and words of what the figure names: missiles, the deadliest attack, what was announced and counted."""
    ids = facts["weapons.missiles"].incidents[:3] if "weapons.missiles" in facts else ()
    missiles = incidents[incidents["incident_id"].isin(ids)]
    found = [(row.date, "missile" if layout.narrow else f"missile at {short(row.site_name)}") for row in each(missiles)]
    worst = each(deadliest(incidents))
    found += [(row.date, f"{short(row.site_name)}: {int(row.us_killed)} killed") for row in worst]
    announced = facts.get("events.suspended")
    if announced is not None and announced.value:
        group = facts.get("events.suspended.group")
        found.append((pd.Timestamp(str(announced.value)), f"{group.value if group else 'a group'} suspends"))
    if not layout.narrow and (last := facts.get("stop.officials.none_from")) is not None and last.value:
        found.append((pd.Timestamp(str(last.value)), "officials count none after it"))
    first, last_day = incidents["date"].min(), incidents["date"].max()
    return sorted((day, words) for day, words in found if first <= day <= last_day)


def expected(facts: Mapping[str, Fact], p: Parameters) -> Fact | None:
    """Return the attacks to be expected in the pause, where it is a week of the axis and fewer are shown in it."""
    found, fall, days = (facts.get(f"pause.coded.{name}") for name in ("expected", "fall", "days"))
    shown = fall is not None and fall.value == SHOWN and days is not None and days.value == 7
    return found if shown and (p.pause_end - p.pause_start).days == 7 else None


def draw(
    table: pd.DataFrame,
    named: list[tuple[pd.Timestamp, str]],
    strikes: list[pd.Timestamp],
    wanted: Fact | None,
    p: Parameters,
    layout: style.Layout,
) -> Figure:
    """Draw the weeks as stacked bars, what happened above them, US strikes below; in outline what was `wanted` in the
    pause."""
    figure, (axes, strip) = plt.subplots(
        2, 1, figsize=(layout.width, 2.75), height_ratios=(1, 0.09), gridspec_kw={"hspace": 0}
    )
    colours = dict(map(kind, weapons(p.reference_dir).values()))
    shown = [(str(name), colours.get(str(name), MISSILE)) for name in table]
    base, lefts, widths = timeline.week_bars(axes, table, [colour for _, colour in shown], p)
    top = max(float(base.max()), 4.0)
    for left, width, total in zip(lefts, widths, base, strict=True):
        if total and width > (4 if layout.narrow else 2):
            place = left + width / 2, total + top * 0.012
            axes.text(*place, f"{total}", ha="center", va="bottom", fontsize=layout.small)
    if wanted is not None and isinstance(wanted.value, float | int):
        left = timeline.on_axis(p.pause_start)
        axes.bar(left + 0.4, wanted.value, 6.2, align="edge", fill=False, edgecolor=style.INK, linewidth=0.7, zorder=3)
        axes.text(left + 0.4, wanted.value + top * 0.012, f"about {wanted.text}\nexpected", va="bottom",
                  fontsize=layout.small, linespacing=1.0, gid=HALO, zorder=4)  # fmt: skip
    timeline.time_axis(axes, p, named=False)
    timeline.pause_band(axes, p)
    _names(figure, axes, named, base, p, layout)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    strip.yaxis.set_visible(False)
    strip.set_ylim(0, 1)
    strip.spines["left"].set_visible(False)
    timeline.time_axis(strip, p)
    timeline.pause_band(strip, p, "")
    marks = [timeline.on_axis(day) + 0.5 for day in strikes]
    strip.plot(marks, [0.5] * len(marks), "v", color=style.ACCENT, markersize=layout.choose(5, 4), markeredgewidth=0)
    lift = layout.choose(15, 27) if timeline.pause_shown(p) else 4
    key = [*shown, *([("US strikes", style.ACCENT, "▼")] if strikes else [])]
    colour_key(axes, key, size=layout.font, lift=lift)
    return figure


def _names(
    figure: Figure,
    axes: Axes,
    named: list[tuple[pd.Timestamp, str]],
    base: pd.Series,
    p: Parameters,
    layout: style.Layout,
) -> None:
    """Write what happened in rows above the bars, each beside a line to its day, words over no others and no line.

    Words run to the right of their line, or to its left where they would cross the pause, a later line or the edge.
    """
    low, high = axes.get_xlim()
    per_inch = (high - low) / (layout.width * 0.97)
    gap, band = 0.04 * per_inch, timeline.on_axis(p.pause_start)
    sides: dict[bool, list[tuple[pd.Timestamp, float, float, float, str]]] = {False: [], True: []}
    for day, words in reversed(named):
        text, x = f"{short_day(day)}: {words}", timeline.on_axis(day) + 0.5
        width = extent(text, layout.font)[0] * per_inch
        leftward = x + gap + width > high or (x < band < x + gap + width and x - gap - width > low)
        high = x if x + gap + width > high else high
        sides[leftward].append((day, x, x - gap - width if leftward else x + gap, width, text))
    rows: list[list[tuple[float, float, float]]] = []
    placed = []
    for day, x, left, width, text in [*sides[False], *reversed(sides[True])]:
        start, end = left - gap, left + width + gap
        fits = [
            all(end < a or start > b for a, b, _ in row)
            and not any(a <= x <= b for below in rows[:place] for a, b, _ in below)
            and not any(start <= other <= end for above in rows[place + 1 :] for _, _, other in above)
            for place, row in enumerate([*rows, []])
        ]
        place = fits.index(True) if True in fits else len(rows)
        rows += [[]] * (place == len(rows))
        rows[place] = [*rows[place], (start, end, x)]
        placed.append((day, x, left, text, place))
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
    incidents: pd.DataFrame,
    responses: pd.DataFrame,
    p: Parameters,
    facts: Mapping[str, Fact],
    folder: str | Path,
) -> Any:
    """Write the figure ``story`` of the `incidents` that `p` counts, and the table `responses`, to `folder`; return it
    at full width."""
    table, strikes = weekly(incidents, p), sorted(set(strikes_in(responses, p)["date"]))

    def drawn(layout: style.Layout) -> Figure:
        return draw(table, events(facts, incidents, layout), strikes, expected(facts, p), p, layout)

    return style.save("story", drawn, table.reset_index(), p, facts, folder)
