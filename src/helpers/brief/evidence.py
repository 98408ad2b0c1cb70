"""What each printed number rests on: the incidents and rows behind it, listed once for each fact that is printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from helpers.brief.plain import LONGEST, anchor, clean
from helpers.brief.references import safe_address
from helpers.brief.wording import amount, day
from helpers.facts import Fact
from helpers.vocabulary import COUNTRIES

#: Column that identifies the rows of a table, and the words for one row and several.
TABLES: dict[str, tuple[str, str, str]] = {
    "official_counts": ("count_id", "running total", "running totals"),
    "responses": ("response_id", "US strike", "US strikes"),
    "claims": ("claim_id", "statement", "statements"),
    "sources": ("source_id", "source", "sources"),
    "reports": ("report_id", "report", "reports"),
    "context": ("context_id", "event", "events"),
}


@dataclass(frozen=True)
class Row:
    """One row behind a fact that is no incident: its words, and the address of its source if known."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class Entry:
    """What one fact rests on."""

    fact: Fact
    numbers: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def identifier(self) -> str:
        """The anchor of this entry."""
        return f"evidence-{anchor(self.fact.name)}"

    @property
    def ranges(self) -> str:
        """The numbers of the incidents in the appendix, runs drawn together: "1–4, 9"."""
        return ", ".join(f"{a}–{b}" if b > a else f"{a}" for a, b in runs(self.numbers))


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return `numbers` as runs (first, last) of neighbours.

    >>> runs([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


class Evidence:
    """Collects the facts that a document prints; `link` gives the anchor to which a printed number leads."""

    def __init__(self, numbers: Mapping[str, int], tables: Mapping[str, pd.DataFrame]) -> None:
        self._numbers = numbers
        self._tables = tables
        self._entries: dict[str, Entry | None] = {}

    def link(self, fact: Fact) -> str | None:
        """Return the anchor for `fact` and keep it for the list; None where nothing is known behind it."""
        if fact.name not in self._entries:
            self._entries[fact.name] = self._entry(fact)
        entry = self._entries[fact.name]
        return entry.identifier if entry else None

    def entries(self) -> list[Entry]:
        """Return what the facts printed so far rest on, in the order of their printing."""
        return [entry for entry in self._entries.values() if entry]

    def _entry(self, fact: Fact) -> Entry | None:
        numbers = tuple(sorted({self._numbers[i] for i in fact.incidents if i in self._numbers}))
        rows = tuple((table, self._rows(table, ids)) for table, ids in sorted(fact.rows.items()) if ids)
        shown = replace(fact, text=clean(fact.text, LONGEST), note=clean(fact.note))
        return Entry(shown, numbers, rows) if numbers or rows or shown.note else None

    def _rows(self, table: str, identifiers: Sequence[str]) -> tuple[Row, ...]:
        key = TABLES.get(table, ("", "", ""))[0]
        frame = self._tables.get(table)
        if frame is None or key not in frame.columns:
            return tuple(Row(clean(identifier)) for identifier in identifiers)
        known = {str(row[key]): row for row in frame[frame[key].isin(set(identifiers))].to_dict("records")}
        found = []
        for identifier in identifiers:
            row = known.get(identifier)
            text = describe(table, row) if row else clean(identifier)
            first = str(row.get("source_id") or row.get("sources") or "").split(";")[0] if row else ""
            found.append(Row(text, self._addresses.get(first, "")))
        return tuple(found)

    @cached_property
    def _addresses(self) -> dict[str, str]:
        frame = self._tables.get("sources")
        if frame is None:
            return {}
        return {str(a): safe_address(b) for a, b in zip(frame["source_id"], frame["url"], strict=True)}


def describe(table: str, row: Mapping[object, object]) -> str:
    """Return one row of `table` in words."""
    date = {name: day(str(row[name])) for name in ("as_of", "date", "start", "published") if known(row.get(name))}
    if table == "official_counts":
        counts = [
            f"{label} {int(str(row[name]))}"
            for name, label in (("total", "in all"), *((c.lower(), n) for c, n in COUNTRIES.items()))
            if known(row.get(name))
        ]
        speaker = clean(row.get("speaker"), 80)
        return f"to {date.get('as_of', 'a day not said')}: {', '.join(counts)}{f' ({speaker})' if speaker else ''}"
    if table == "responses":
        return f"{date.get('date', 'day not said')}, {clean(row.get('place'), 80) or 'place not said'}"
    if table == "claims":
        return clean(row.get("statement"), 200)
    if table == "sources":
        return f"{clean(row.get('outlet'), 80)}, {date.get('published', 'undated')}"
    if table == "context":
        return f"{date.get('start', '')}: {clean(row.get('label'), 120)}"
    return clean(next(iter(row.values())), 120)


def known(value: object) -> bool:
    """Return whether `value` is neither blank nor missing."""
    return value is not None and value is not pd.NaT and not pd.isna(value) and value != ""  # type: ignore[call-overload]


def summary(table: str, rows: Sequence[Row], shown: int) -> str:
    """Return `rows` in words: all if at most `shown`, else how many, with the first and the last."""
    _, one, many = TABLES.get(table, ("", f"row of {table}", f"rows of {table}"))
    head = amount(len(rows), one, many)
    if len(rows) <= shown:
        return f"{head}: {'; '.join(row.text for row in rows)}"
    return f"{head}, from “{rows[0].text}” to “{rows[-1].text}”"
