"""The facts of the pause and of the second stop: ``pause.*``, ``stop.*`` and the events that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from helpers.analysis.events import add_events
from helpers.analysis.pause import SERIES, Comparison, PauseResult
from helpers.facts import Facts, Row, interval, record

Part = Callable[[PauseResult], Comparison | None]

#: Events of which this notebook gives the day.
EVENTS = ("slower", "lull_officials", "suspended", "none_since", "first_since")


def comparison(name: str, part: Part) -> list[Row]:
    """Return the rows of one series in one stretch: counts, days, expected, ratio, and the finding."""

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
        Row(f"{name}.rate", "per day", get(lambda c: c.rate), note="attacks a day on the days compared"),
        Row(f"{name}.expected", "attacks", get(lambda c: c.expected), note="at the rate of the days compared"),
        Row(f"{name}.largest_showing", "attacks", get(lambda c: c.largest_showing), note="would still show a fall"),
        Row(f"{name}.can_show", "yes or no", get(lambda c: c.can_show), note="whether no attack would show a fall"),
        Row(f"{name}.fall", "finding", get(lambda c: c.fall), **common),
        *interval(f"{name}.ratio", "ratio", get(lambda c: c.ratio), **common),
    ]
    return [replace(row, when=known) for row in rows]


def missed(result: PauseResult) -> int | None:
    """Return how many attacks the pause would have to hold beside those on record to be as the days compared."""
    coded = result.pause["coded"]
    return None if coded.expected is None else max(0, round(coded.expected) - coded.during)


def _by(word: str) -> Callable[[PauseResult], int]:
    return lambda result: int((result.later["confirmation"] == word).sum())


ROWS = [
    *(row for name in SERIES for row in comparison(f"pause.{name}", lambda r, n=name: r.pause.get(n))),  # type: ignore[misc]
    *(row for name in SERIES for row in comparison(f"stop.{name}", lambda r, n=name: r.stop.get(n))),  # type: ignore[misc]
    *(row for name in SERIES for row in comparison(f"lapse.{name}", lambda r, n=name: r.lapse.get(n))),  # type: ignore[misc]
    *comparison("pause.contradicted", lambda r: r.contradicted[1] if r.contradicted else None),
    Row("pause.contradicted.total", "attacks", lambda r: r.contradicted[0], when=lambda r: r.contradicted is not None),
    *interval("pause.likelihood", "ratio", lambda r: r.likelihood),
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
    Row(
        "stop.coded.last_day",
        "date",
        lambda r: None if r.chosen.empty else r.chosen["date"].max(),
        when=lambda r: len(r.chosen) > 0,
    ),
]


def facts(result: PauseResult) -> Facts:
    """Return the facts of `result`."""
    found = record(ROWS, result)
    add_events(found, dict(result.events), *EVENTS)
    return found
