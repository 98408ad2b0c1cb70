"""Dated events that the text tells of, as rows of ``context``: ``events.csv`` of the reference says which rows.

The groups' own announcements, what officials said of a lull, Tower 22: each is a day and the rows that give it. An
event of which the sheets hold no row is not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from helpers.facts import Facts
from helpers.paths import resolve


@dataclass(frozen=True)
class Event:
    """One event: its first `day`, the `sources` that tell of it and their `rows` (context_id), in order."""

    day: date
    last: date | None
    sources: tuple[str, ...]
    rows: tuple[str, ...]


def find_events(context: pd.DataFrame, reference_dir: str | Path) -> dict[str, Event]:
    """Return name -> event for those of ``events.csv`` (event, source_id, start) that `context` has a row of.

    `context` needs the columns context_id, source_id, start and end.
    """
    named = pd.read_csv(resolve(reference_dir) / "events.csv", parse_dates=["start"])
    found = named.merge(context, on=["source_id", "start"]).sort_values(["event", "source_id"])
    events = {}
    for name, rows in found.groupby("event"):
        ends = rows["end"].dropna()
        events[str(name)] = Event(
            rows["start"].min().date(),
            ends.max().date() if len(ends) else None,
            tuple(rows["source_id"]),
            tuple(rows["context_id"]),
        )
    return events


def add_events(facts: Facts, events: dict[str, Event], *names: str) -> None:
    """Add the fact ``events.NAME``, its day with the rows behind it, for each of `names` that is known."""
    for name in names:
        if name in events:
            facts.add(f"events.{name}", events[name].day, unit="date", rows={"context": events[name].rows})
