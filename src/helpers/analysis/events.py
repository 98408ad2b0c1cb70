"""Dated events that the text tells of, as rows of ``context``: ``events.csv`` of the reference says which rows.

The groups' own announcements, what officials said of a lull, Tower 22: each is a day and the rows that give it. An
event of which the sheets hold no row is not told.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers.facts import Facts
from helpers.paths import resolve


class Event(NamedTuple):
    """One event: its first `day`, its `last` where one is given, and the `rows` (context_id) that tell of it."""

    day: date
    last: date | None
    rows: tuple[str, ...]


def find_events(context: pd.DataFrame, reference_dir: str | Path) -> dict[str, Event]:
    """Return name -> event for those of ``events.csv`` (event, source_id, start) that `context` has a row of.

    `context` needs the columns context_id, source_id, start and end.
    """
    named = pd.read_csv(resolve(reference_dir) / "events.csv", parse_dates=["start"])
    found = named.merge(context, on=["source_id", "start"]).sort_values(["event", "source_id"])
    return {
        str(name): Event(
            rows["start"].min().date(),
            rows["end"].max().date() if rows["end"].notna().any() else None,
            tuple(rows["context_id"]),
        )
        for name, rows in found.groupby("event")
    }


def add_events(facts: Facts, events: dict[str, Event], *names: str) -> None:
    """Add the fact ``events.NAME``, its day with the rows behind it, for each of `names` that is known."""
    for name in set(names) & set(events):
        facts.add(f"events.{name}", events[name].day, unit="date", rows={"context": events[name].rows})
