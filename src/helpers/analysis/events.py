"""Dated events that the text tells of, as rows of ``context``: ``events.csv`` of the reference says which rows.

The groups' own announcements, what officials said of a lull, Tower 22: each is a day and the rows that give it. An
event of which the sheets hold no row is not told.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers.cleaning.normalise import claimants_in
from helpers.facts import Facts
from helpers.paths import resolve


class Event(NamedTuple):
    """One event: its first `day`, its `last` where one is given, the `group` that each row names, if one, and the
    `rows` (context_id) that tell of it."""

    day: date
    last: date | None
    group: str | None
    rows: tuple[str, ...]


def find_events(context: pd.DataFrame, reference_dir: str | Path) -> dict[str, Event]:
    """Return name -> event for those of ``events.csv`` (event, source_id, start) that `context` has a row of.

    `context` needs the columns context_id, source_id, start, end and label; groups are those of ``claimants.csv``.
    """

    def group(labels: pd.Series[str]) -> str | None:
        named = set.intersection(*(claimants_in(label, reference_dir) for label in labels.fillna("")))
        return named.pop() if len(named) == 1 else None

    named = pd.read_csv(resolve(reference_dir) / "events.csv", parse_dates=["start"])
    found = named.merge(context, on=["source_id", "start"]).sort_values(["event", "source_id"])
    return {
        str(name): Event(
            rows["start"].min().date(),
            rows["end"].max().date() if rows["end"].notna().any() else None,
            group(rows["label"]),
            tuple(rows["context_id"]),
        )
        for name, rows in found.groupby("event")
    }


def add_events(facts: Facts, events: dict[str, Event], *names: str) -> None:
    """Add the day of each of `names` that is known, ``events.NAME``, and ``events.NAME.group``, who announced it."""
    for name in [name for name in names if name in events]:
        one, rows = events[name], {"context": events[name].rows}
        facts.add(f"events.{name}", one.day, unit="date", rows=rows)
        if one.group:
            note = "the group that each source of it names"
            facts.add(f"events.{name}.group", one.group, unit="text", rows=rows, note=note)
