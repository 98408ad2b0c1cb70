"""The appendix: every incident in words, with who confirms it and its sources, numbered by date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.brief.evidence import known
from helpers.brief.plain import anchor, clean
from helpers.brief.references import safe_address
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons

#: Kinds of source in the order in which the print names them.
KINDS = ("official", "wire", "national_media", "local_media", "claimant_media", "analyst", "encyclopedia")


@dataclass(frozen=True)
class Source:
    """A source as the appendix and the register name it."""

    identifier: str
    outlet: str
    title: str
    address: str
    published: str
    language: str
    kind: str
    original: str


@dataclass(frozen=True)
class Incident:
    """One incident as the appendix prints it; `number` counts by date."""

    number: int
    identifier: str
    day: str
    place: str
    country: str
    weapon: str
    harm: str
    confirmed: str
    claimed: str
    sources: tuple[Source, ...]


def register(sources: pd.DataFrame) -> dict[str, Source]:
    """Return source id -> `Source` for the table of sources, in its order."""
    return {str(row["source_id"]): _source(row) for row in sources.to_dict("records")}


def incidents(selected: pd.DataFrame, sources: Mapping[str, Source]) -> list[Incident]:
    """Return the `selected` incidents (clean table) as the appendix prints them, numbered by date and id."""
    ordered = selected.sort_values(["date", "incident_id"])
    return [_incident(number, row, sources) for number, row in enumerate(ordered.to_dict("records"), 1)]


def _source(row: Mapping[Any, Any]) -> Source:
    published = row.get("published")
    return Source(
        str(row["source_id"]),
        clean(row.get("outlet")) or "unnamed outlet",
        clean(row.get("title")) or "untitled page",
        safe_address(row.get("url")),
        short_day(published) if known(published) else "undated",
        clean(row.get("language")),
        clean(row.get("kind")),
        clean(row.get("original_outlet")),
    )


def _incident(number: int, row: Mapping[Any, Any], sources: Mapping[str, Source]) -> Incident:
    cited = [sources[i] for i in split(row.get("sources")) if i in sources]
    rank = {kind: place for place, kind in enumerate(KINDS)}
    cited.sort(key=lambda source: (rank.get(source.kind, len(rank)), source.published, source.identifier))
    known_weapons = weapons()
    used = [known_weapons[code].plural if code in known_weapons else clean(code) for code in split(row["weapons"])]
    claimed = [group(name) for name in split(row.get("claimed_by")) if name != "none"]
    return Incident(
        number,
        str(row["incident_id"]),
        when(row),
        clean(row.get("site_name")) or "place not said",
        COUNTRIES.get(row["country"], clean(row["country"])),
        ", ".join(used) or "not said",
        harm(row),
        CONFIRMATION.get(row["confirmation"], clean(row["confirmation"])),
        ", ".join(claimed),
        tuple(cited),
    )


def short_day(day: Any) -> str:
    """Return a day in short: 18 Oct 2023."""
    stamp = pd.Timestamp(day)
    return f"{stamp.day} {stamp:%b %Y}"


def when(row: Mapping[Any, Any]) -> str:
    """Return the day of an incident with what is known of its precision: "18 Oct 2023", "18 to 20 Oct 2023"."""
    best = short_day(row["date"])
    precision = row.get("date_precision")
    first, last = row.get("date_earliest", ""), row.get("date_latest", "")
    if precision == "range" and known(first) and known(last) and first != last:
        start, end = pd.Timestamp(str(first)), pd.Timestamp(str(last))
        head = f"{start.day}" if (start.year, start.month) == (end.year, end.month) else f"{start.day} {start:%b}"
        return f"{head} to {short_day(end)}"
    return f"about {best}" if precision == "approximate" else best


def group(code: str) -> str:
    """Return the words for a group's code: "Islamic Resistance in Iraq"."""
    text = clean(code.removeprefix("other:").replace("_", " ") if not code.startswith("other:") else code[6:], 80)
    small = {"in", "al", "of", "the"}
    if code.startswith("other:"):
        return text
    return "-".join(" ".join(w if w in small else w.capitalize() for w in part.split(" ")) for part in text.split("-"))


def _number(value: Any) -> int | None:
    return int(value) if known(value) else None


def harm(row: Mapping[Any, Any]) -> str:
    """Return who was hurt, in words; what no source says is left out, "not said" if none says anything."""
    parts: list[str] = []
    killed, injured = _number(row.get("us_killed")), _number(row.get("us_injured_best"))
    low, high = _number(row.get("us_injured_low")), _number(row.get("us_injured_high"))
    if killed:
        parts.append(f"{killed} US killed")
    spread = f"{low}–{high}" if low is not None and high is not None and low != high else ""
    if injured or (high and injured is not None):
        parts.append(f"{injured} US injured{f' ({spread})' if spread else ''}")
    elif high:  # told of by others alone
        parts.append(f"{spread or high} US injured by some reports, not established")
    for column, words in (("partner_killed", "partners killed"), ("partner_injured", "partners injured")):
        number = _number(row.get(column))
        if number:
            parts.append(f"{number} {words.replace('partners', 'partner') if number == 1 else words}")
    if parts:
        return "; ".join(parts)
    return "no US casualties" if injured == 0 or killed == 0 else "not said"


def anchors(rows: Iterable[Incident]) -> dict[str, str]:
    """Return incident id -> its anchor."""
    return {row.identifier: f"incident-{anchor(row.identifier)}" for row in rows}
