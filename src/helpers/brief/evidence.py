"""What stands behind the brief: incidents, their sources and rows of other tables in words, and what is cited."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.brief import nodes
from helpers.brief.nodes import Node
from helpers.brief.plain import LONGEST, anchor, clean, safe_address
from helpers.facts import Fact
from helpers.figures.wording import hint
from helpers.paths import resolve
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons
from helpers.words import capital, day_text, plural, short_day

#: Table -> the column that names its rows, and the words for one row.
TABLES = {
    "official_counts": ("count_id", "statement by US officials"),
    "other_counts": ("count_id", "count by others"),
    "responses": ("response_id", "US strike"),
    "claims": ("claim_id", "statement of the press"),
    "sources": ("source_id", "source"),
    "reports": ("report_id", "report"),
    "context": ("context_id", "event"),
}
#: Kinds of source in the order in which they are named.
KINDS = ("official", "wire", "national_media", "local_media", "claimant_media", "analyst", "encyclopedia")


@dataclass(frozen=True)
class Source:
    """A source in words; `outlet` names the original first where it is a copy: "AP, by way of KMXS radio"."""

    identifier: str
    outlet: str
    title: str
    address: str
    published: str
    language: str
    kind: str


@dataclass(frozen=True)
class Incident:
    """One incident in words; `number` counts by date."""

    number: int
    identifier: str
    month: str
    day: str
    place: str
    country: str
    weapon: str
    harm: str
    confirmed: str
    claimed: str
    sources: tuple[Source, ...]

    @property
    def anchor(self) -> str:
        """The anchor of this incident."""
        return f"incident-{anchor(self.identifier)}"


def register(sources: pd.DataFrame) -> dict[str, Source]:
    """Return source id -> `Source` for the table of sources, in its order."""
    return {str(row["source_id"]): _source(row) for row in sources.to_dict("records")}


def incidents(selected: pd.DataFrame, sources: Mapping[str, Source]) -> list[Incident]:
    """Return the `selected` incidents (clean table) in words, numbered by date and id."""
    ordered = selected.sort_values(["date", "incident_id"])
    return [_incident(number, row, sources) for number, row in enumerate(ordered.to_dict("records"), 1)]


def known(value: object) -> bool:
    """Return whether `value` is neither blank nor missing."""
    return bool(pd.notna(value)) and value != ""  # type: ignore[call-overload]


def _source(row: Mapping[Any, Any]) -> Source:
    outlet, original = clean(row.get("outlet")) or "unnamed outlet", clean(row.get("original_outlet"))
    return Source(
        str(row["source_id"]),
        f"{original}, by way of {outlet}" if original and original != outlet else outlet,
        clean(row.get("title")) or "untitled page",
        safe_address(row.get("url")),
        short_day(row["published"], year=True) if known(row.get("published")) else "undated",
        clean(row.get("language")),
        clean(row.get("kind")),
    )


def _incident(number: int, row: Mapping[Any, Any], sources: Mapping[str, Source]) -> Incident:
    cited = [sources[i] for i in split(row.get("sources")) if i in sources]
    rank = {kind: place for place, kind in enumerate(KINDS)}
    cited.sort(key=lambda source: (rank.get(source.kind, len(rank)), source.published, source.identifier))
    arms = weapons()
    used = [arms[code].plural if code in arms else clean(code) for code in split(row["weapons"])]
    claimed = [group(name) for name in split(row.get("claimed_by")) if name != "none"]
    return Incident(
        number,
        str(row["incident_id"]),
        f"{pd.Timestamp(row['date']):%B %Y}",
        when(row),
        clean(row.get("site_name")) or "place not said",
        COUNTRIES.get(row["country"], clean(row["country"])),
        ", ".join(used) or "not said",
        harm(row),
        CONFIRMATION.get(row["confirmation"], clean(row["confirmation"])),
        ", ".join(claimed),
        tuple(cited),
    )


def when(row: Mapping[Any, Any]) -> str:
    """Return the day of an incident with what is known of its precision: "18 Oct 2023", "18 to 20 Oct 2023"."""
    best = short_day(row["date"], year=True)
    precision = row.get("date_precision")
    first, last = row.get("date_earliest", ""), row.get("date_latest", "")
    if precision == "range" and known(first) and known(last) and first != last:
        start, end = pd.Timestamp(str(first)), pd.Timestamp(str(last))
        head = f"{start.day}" if (start.year, start.month) == (end.year, end.month) else short_day(start)
        return f"{head} to {short_day(end, year=True)}"
    return f"about {best}" if precision == "approximate" else best


def group(code: str) -> str:
    """Return the words for a group's code: "Islamic Resistance in Iraq"."""
    if code.startswith("other:"):
        return clean(code[6:], 80)
    small = {"in", "al", "of", "the"}
    parts = clean(code.replace("_", " "), 80).split("-")
    return "-".join(" ".join(w if w in small else w.capitalize() for w in part.split(" ")) for part in parts)


def harm(row: Mapping[Any, Any]) -> str:
    """Return who was hurt, in words; what no source says is left out, "not said" if none says anything."""
    parts: list[str] = []
    numbers = {name: int(row[name]) for name in row if known(row[name]) and str(name).startswith(("us_", "partner_"))}
    killed, injured = numbers.get("us_killed"), numbers.get("us_injured_best")
    low, high = numbers.get("us_injured_low"), numbers.get("us_injured_high")
    if killed:
        parts.append(f"{killed} US killed")
    spread = f"{low}–{high}" if low is not None and high is not None and low != high else ""
    if injured or (high and injured is not None):
        parts.append(f"{injured} US injured{f' ({spread})' if spread else ''}")
    elif high:  # told of by others alone
        parts.append(f"{spread or high} US injured by some reports, not established")
    for column, words in (("partner_killed", "killed"), ("partner_injured", "injured")):
        if number := numbers.get(column):
            parts.append(f"{number} {'partner' if number == 1 else 'partners'} {words}")
    if parts:
        return "; ".join(parts)
    return "no US casualties" if injured == 0 or killed == 0 else "not said"


class Evidence:
    """Collects the facts that a document prints; `link` gives the anchor to which a printed number leads."""

    def __init__(self, rows: Sequence[Incident], sources: Mapping[str, Source], tables: Mapping[str, pd.DataFrame]):
        self._numbers = {row.identifier: row.number for row in rows}
        self._incidents, self._sources = rows, sources
        self._tables = tables
        self._printed: dict[str, Fact] = {}
        self._told: dict[str, dict[str, Mapping[Any, Any]]] = {}

    def link(self, fact: Fact) -> str | None:
        """Return the anchor for `fact` and keep it; None where nothing is known behind it."""
        if not (fact.note or fact.rows or any(i in self._numbers for i in fact.incidents)):
            return None
        self._printed[fact.name] = fact
        return f"fact-{anchor(fact.name)}"

    def data(self) -> dict[str, Any]:
        """Return what the page needs to show what each printed fact rests on, by anchor, incident and source."""
        places = {identifier: place for place, identifier in enumerate(self._sources)}
        return {
            "facts": {f"fact-{anchor(name)}": self._entry(fact) for name, fact in self._printed.items()},
            "incidents": [
                [row.anchor, row.day, row.place, row.country, row.weapon, row.harm, row.confirmed, row.claimed,
                 [places[source.identifier] for source in row.sources], row.month]
                for row in self._incidents
            ],
            "sources": [
                [source.outlet, source.title, source.address, source.published, source.language]
                for source in self._sources.values()
            ],
        }  # fmt: skip

    def _entry(self, fact: Fact) -> list[Any]:
        """Return a fact's text, its note, the numbers of its incidents, and its rows of other tables."""
        numbers = sorted({self._numbers[i] for i in fact.incidents if i in self._numbers})
        rows = []
        for table, ids in sorted(fact.rows.items()):
            if ids:
                one = TABLES.get(table, ("", f"row of {table}"))[1]
                head = f"{len(ids):,} {one if len(ids) == 1 else _plural(one)}"
                rows.append([head, self._rows(table, ids)])
        return [clean(fact.text, LONGEST), capital(clean(fact.note)), numbers, rows]

    def _rows(self, table: str, identifiers: Sequence[str]) -> list[list[str]]:
        """Return the rows of `table` with these ids in words, each with its source's name and address."""
        if table not in self._told:
            frame, key = self._tables.get(table, pd.DataFrame()), TABLES.get(table, ("",))[0]
            rows = frame.to_dict("records") if key in frame.columns else []
            self._told[table] = {str(row[key]): row for row in rows}
        found = []
        for identifier in identifiers:
            row = self._told[table].get(identifier, {})
            source = self._sources.get(str(row.get("source_id") or row.get("sources") or "").split(";")[0])
            text = describe(table, row) if row else clean(identifier)
            by = f", {source.outlet}" if source and table != "sources" else ""
            found.append([text + by, source.address if source else ""])
        return found


def _plural(words: str) -> str:
    """Return the plural of words of which the noun comes before "by" or "of": "counts by others"."""
    head, space, rest = next((words.partition(mark) for mark in (" by ", " of ") if mark in words), (words, "", ""))
    return plural(head) + space + rest


def describe(table: str, row: Mapping[Any, Any]) -> str:
    """Return one row of `table` in words."""
    date = {name: day_text(str(row[name])) for name in ("as_of", "date", "start", "published") if known(row.get(name))}
    if table in ("official_counts", "other_counts"):
        columns = (("total", "in all"), *((code.lower(), name) for code, name in COUNTRIES.items()))
        said = [f"{int(row[name])} {label}" for name, label in columns if known(row.get(name))]
        if known(row.get("us_injured")):
            said.append(f"{int(row['us_injured'])} injured")
        speaker = clean(row.get("speaker") or row.get("counter"), 80)
        return f"to {date.get('as_of', 'a day not said')}: {', '.join(said)}{f' ({speaker})' if speaker else ''}"
    if table == "responses":
        return f"{date.get('date', 'day not said')}, {clean(row.get('place'), 80) or 'place not said'}"
    if table == "claims":
        return f"“{clean(row.get('statement'), 200)}”"
    if table == "sources":
        return f"{clean(row.get('outlet'), 80)}, {date.get('published', 'undated')}"
    if table == "context":
        return f"{date.get('start', '')}: {clean(row.get('label'), 120)}"
    return clean(next(iter(row.values())), 120)


def bibliography() -> dict[str, dict[str, Any]]:
    """Return id -> CSL item of every paper that can be cited: those of ``report/references.json`` (CSL JSON)."""
    items: list[dict[str, Any]] = json.loads(resolve("report/references.json").read_text(encoding="utf-8"))
    return {str(item["id"]): item for item in items}


@dataclass(frozen=True)
class Cited:
    """A citation of sources or papers, in parentheses."""

    identifiers: tuple[str, ...]

    def inlines(self, form: str) -> list[Node]:
        """Return the citation, or nothing where nothing is cited."""
        return [{"t": "Space"}, nodes.citation(self.identifiers)] if self.identifiers else []


class References:
    """All that can be cited: `cite` gives a citation, `metadata` the references that were cited."""

    def __init__(self, sources: pd.DataFrame, papers: Mapping[str, Mapping[str, Any]]) -> None:
        self._sources = {str(row["source_id"]): row for row in sources.to_dict("records")}
        self._papers = papers
        self._cited: dict[str, Node] = {}

    def cite(self, *identifiers: str) -> Cited:
        """Return a citation; a space goes before it. An id of nothing known is an error (ValueError)."""
        keys = []
        for identifier in identifiers:
            if identifier in self._papers:
                item = _paper(self._papers[identifier])
            elif identifier in self._sources:
                item = _press(self._sources[identifier])
            else:
                near = hint(identifier, [*self._papers, *self._sources])
                raise ValueError(f"no source or paper is named {identifier!r}{near}")
            key = anchor(identifier)
            self._cited[key] = nodes.meta({"id": key, **item})
            keys.append(key)
        return Cited(tuple(dict.fromkeys(keys)))

    def metadata(self) -> Node:
        """Return the cited references, for the document's metadata."""
        return {"t": "MetaList", "c": [self._cited[key] for key in sorted(self._cited)]}


def _verbatim(text: str, language: str = "") -> tuple[Node, ...]:
    """Return `text` as nodes whose capitals citeproc leaves alone."""
    others = {"dir": "auto", **({"lang": language} if language.isalpha() and language != "en" else {})}
    return ({"t": "Span", "c": [["", ["nocase"], list(map(list, others.items()))], nodes.words(text)]},)


def _press(row: Mapping[Any, Any]) -> dict[str, Any]:
    published = row.get("published")
    item: dict[str, Any] = {
        "type": "article-newspaper",
        "title": _verbatim(clean(row["title"], LONGEST) or "untitled page", clean(row.get("language"))),
        "container-title": _verbatim(clean(row["outlet"], LONGEST) or "unnamed outlet"),
        "URL": safe_address(row.get("url")),
    }
    if published is not None and published == published and published is not pd.NaT:
        day = pd.Timestamp(published)
        item["issued"] = {"date-parts": [[str(day.year), str(day.month), str(day.day)]]}
    if clean(row.get("original_outlet")):
        item["publisher"] = _verbatim(clean(row["original_outlet"], LONGEST))
    return {key: value for key, value in item.items() if value}


def _paper(item: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(item)
    made.pop("id", None)
    made["title"] = _verbatim(clean(item["title"]))
    return made
