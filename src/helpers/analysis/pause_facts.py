"""The facts of the pause and of the second stop: ``pause.*``, ``stop.*`` and the events that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from helpers.analysis.counters import fixed
from helpers.analysis.events import add_events
from helpers.analysis.pause import SERIES, Comparison, PauseResult
from helpers.facts import Facts, Row, interval, record
from helpers.vocabulary import CONFIRMATION, split, weapons
from helpers.words import listing

Part = Callable[[PauseResult], Comparison | None]

#: Attacks of the pause, at the most, that are told one by one.
TOLD = 3
#: Events of which this notebook gives the day.
EVENTS = ("slower", "suspended", "continued")


#: What is told of every comparison; of all attacks on record, and of running totals in their own days; of the pause.
ALWAYS = ("during", "days", "expected", "fall", "ratio", "ratio.low", "ratio.high")
MORE = {"pause.coded": ("before", "before_days"), "stop.coded": ("before", "before_days", "first"),
        "pause.officials": ("first", "last"), "pause.sohr": ("first", "last"), "stop.sohr": ("first", "last"),
        "pause.contradicted": ("last",)}  # fmt: skip


def comparison(name: str, part: Part) -> list[Row]:
    """Return the rows of one series in one stretch (``pause.coded``): counts, days, ratio, and the finding."""

    def known(result: PauseResult) -> bool:
        return part(result) is not None

    def get(field: Callable[[Comparison], Any]) -> Callable[[PauseResult], Any]:
        def got(result: PauseResult) -> Any:
            found = part(result)
            return None if found is None else field(found)

        return got

    def behind(result: PauseResult) -> dict[str, tuple[str, ...]]:
        found = part(result)
        return {found.table: found.rows} if found is not None and found.table else {}

    common: dict[str, Any] = {"incidents": get(lambda c: c.incidents), "rows": behind}
    rows = [
        Row(f"{name}.during", "attacks", get(lambda c: c.during), **common),
        Row(f"{name}.days", "days", get(lambda c: c.days)),
        Row(f"{name}.first", "date", get(lambda c: c.first)),
        Row(f"{name}.last", "date", get(lambda c: c.last)),
        Row(f"{name}.before", "attacks", get(lambda c: c.before), note="attacks on the days compared"),
        Row(f"{name}.before_days", "days", get(lambda c: c.days_before), note="days compared"),
        Row(f"{name}.expected", "attacks", get(lambda c: c.expected), note="at the rate of the days compared"),
        Row(f"{name}.largest_showing", "attacks", get(lambda c: c.largest_showing), note="would still show a fall"),
        Row(f"{name}.fall", "finding", get(lambda c: c.fall), **common),
        *interval(f"{name}.ratio", "ratio", get(lambda c: c.ratio), **common),
    ]
    stretch, series = name.split(".")
    wanted = {*ALWAYS, *MORE.get(name, ())}
    if series == "contradicted":
        wanted -= {"during", "days", "expected"}
    elif stretch == "pause":
        wanted |= {"largest_showing"}
    return [replace(row, when=known) for row in rows if row.name.removeprefix(f"{name}.") in wanted]


def missed(result: PauseResult) -> int | None:
    """Return how many attacks the pause would have to hold beside those on record to be as the days compared."""
    coded = result.pause["coded"]
    return None if coded.expected is None else max(0, round(coded.expected) - coded.during)


def told(name: str, frame: pd.DataFrame, *wanted: str) -> list[Row]:
    """Return the rows of the first `TOLD` attacks of `frame`: the `wanted` of day, place, weapon, confirmation."""
    found = []
    for place, row in enumerate(frame.head(TOLD).to_dict("records"), 1):
        arms = listing(weapons()[code].plural for code in split(row["weapons"]) if code in weapons())
        values = {
            "date": (row["date"].date(), "date"), "site": (row["site_name"], "text"), "weapon": (arms, "text"),
            "confirmed": (CONFIRMATION[row["confirmation"]], "text"),
        }  # fmt: skip
        found += [
            fixed(f"{name}.{place}.{key}", *value, [row["incident_id"]])
            for key, value in values.items()
            if key in wanted
        ]
    return found


def counted_none(result: PauseResult) -> list[Row]:
    """Return the days between which US officials say that there was no attack, where these lie in the window."""
    since, first = result.events.get("none_since"), result.events.get("first_since")
    p = result.parameters
    if since is None or not p.stop_start <= since.day <= p.window_end or not {"IQ", "SY"} <= set(p.countries):
        return []
    rows = [fixed("stop.officials.none_from", since.day, "date", rows={"context": since.rows},
                  note="day of the last attack, by US officials")]  # fmt: skip
    if first is not None and first.last is not None:
        rows.append(fixed("stop.officials.none_until", first.last, "date", rows={"context": first.rows},
                          note="day of the next attack, by US officials"))  # fmt: skip
    return rows


def _by(word: str) -> Callable[[PauseResult], int]:
    return lambda result: int((result.later["confirmation"] == word).sum())


ROWS = [
    *(row for name in SERIES for row in comparison(f"pause.{name}", lambda r, n=name: r.pause.get(n))),  # type: ignore[misc]
    *(row for name in SERIES for row in comparison(f"stop.{name}", lambda r, n=name: r.stop.get(n))),  # type: ignore[misc]
    *(row for name in SERIES for row in comparison(f"lapse.{name}", lambda r, n=name: r.lapse.get(n))),  # type: ignore[misc]
    *comparison("pause.contradicted", lambda r: r.contradicted[1] if r.contradicted else None),
    Row("pause.contradicted.total", "attacks", lambda r: r.contradicted[0], when=lambda r: r.contradicted is not None),
    Row("pause.coded.method", "text", lambda r: r.pause["coded"].ratio.method),
    *interval("pause.likelihood", "ratio", lambda r: r.likelihood),
    Row(
        "pause.base.sohr",
        "attacks",
        lambda r: r.base.observatory,
        rows=lambda r: {"other_counts": r.base.rows},
        when=lambda r: r.base is not None,
    ),
    Row(
        "pause.base.record",
        "incidents",
        lambda r: len(r.base.incidents),
        lambda r: r.base.incidents,
        when=lambda r: r.base is not None,
    ),
    Row("pause.missed", "attacks", missed, note="beside those on record, for the pause to be as the days compared"),
    Row("lapse.attacks", "incidents", lambda r: len(r.on_lapse), incidents=lambda r: tuple(r.on_lapse["incident_id"])),
    Row(
        "stop.later",
        "incidents",
        lambda r: len(r.later),
        incidents=lambda r: tuple(r.later["incident_id"]),
        note="attacks on record after the last that officials count",
    ),
    Row("stop.later.media_only", "incidents", _by("media_only")),
    Row("stop.later.us_official", "incidents", _by("us_official")),
]


def facts(result: PauseResult) -> Facts:
    """Return the facts of `result`."""
    rows = [
        *ROWS,
        *told("pause.inside", result.inside, "date", "site", "weapon", "confirmed"),
        *told("lapse.on", result.on_lapse, "site"),
        *counted_none(result),
    ]
    found = record(rows, result)
    add_events(found, dict(result.events), *EVENTS)
    return found
