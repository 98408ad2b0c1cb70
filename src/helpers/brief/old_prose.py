"""Words and tables of the sections that are not rewritten yet; goes with the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from helpers.brief import nodes
from helpers.brief.nodes import Node
from helpers.brief.plain import anchor, clean
from helpers.brief.references import Cited
from helpers.brief.template import Form
from helpers.facts import Fact, Facts
from helpers.figures.wording import Phrase, Printed, day, listing, number
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons
from helpers.words import SPELLED, amount
from helpers.words import listing as joined

Cell = Any


@dataclass(frozen=True)
class Grid:
    """A table: a caption, column heads, and rows of cells; a cell is text, or any value that the template can print.

    `fill` turns a cell into nodes; it is given by the document, which knows where numbers lead.
    """

    identifier: str
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    fill: Callable[[Cell, Form], list[Node]]
    widths: Sequence[float] = ()

    def blocks(self, form: Form) -> list[Node]:
        """Return the table; no rows, no table."""
        if not self.rows:
            return []
        empty: list[Any] = ["", [], []]
        default = {"t": "AlignDefault"}

        def cell(value: Cell) -> list[Any]:
            return [empty, default, 1, 1, [{"t": "Plain", "c": self.fill(value, form)}]]

        def row(values: Sequence[Cell]) -> list[Any]:
            return [empty, [cell(value) for value in values]]

        widths = self.widths if form == "typst" and self.widths else ()
        columns = [
            [default, {"t": "ColWidth", "c": widths[place]} if widths else {"t": "ColWidthDefault"}]
            for place in range(len(self.heads))
        ]
        table = {
            "t": "Table",
            "c": [
                [f"table-{anchor(self.identifier)}", [], []],
                [None, [{"t": "Plain", "c": nodes.words(self.caption)}]],
                columns,
                [empty, [row(self.heads)]],
                [[empty, 0, [], [row(values) for values in self.rows]]],
                [empty, []],
            ],
        }
        if form == "typst" and len(self.rows) <= 14:
            whole = nodes.raw_block("typst", "#block(breakable: false)["), nodes.raw_block("typst", "]")
            return [whole[0], table, whole[1]]
        return [table]


#: Fields of the coding whose reliability decides the findings, with their words.
DECIDING = (
    ("date_exact", "the exact day"),
    ("site_id", "the place"),
    ("weapons", "the weapons"),
    ("confirmation", "who confirms"),
    ("claimed_by", "who claims"),
)

#: Facts set beside those of the default run: words, value, lower and upper end of its interval.
COMPARED = (
    ("Attacks on record", "brief.incidents", "", ""),
    ("Confirmed by a US official", "brief.confirmed.us_official", "", ""),
    ("Rank correlation of weapon and day", "escalation.trend.plain.tau", "escalation.trend.plain.low",
     "escalation.trend.plain.high"),
    ("Attacks with a ballistic or cruise missile", "escalation.timing.plain.k", "", ""),
    ("Attacks in the pause", "pause.during_count", "", ""),
    ("Rate in the pause over that of all other days", "pause.ratio", "pause.ratio_low", "pause.ratio_high"),
    ("Rate since the second stop over that before", "stop.all.ratio", "stop.all.ratio_low", "stop.all.ratio_high"),
    ("Rate after US strikes over that before", "responses.main.ratio", "responses.main.low", "responses.main.high"),
    ("US and coalition killed", "escalation.harm.toll.us_killed", "", ""),
    ("US and coalition injured", "escalation.harm.toll.us_injured_best", "escalation.harm.toll.us_injured_low",
     "escalation.harm.toll.us_injured_high"),
    ("Least share of officials’ count on record", "coverage.share.low", "", ""),
)  # fmt: skip

STRETCHES = (
    ("before", "before the pause"),
    ("pause", "in the pause"),
    ("after", "after it, up to the second stop"),
    ("stop", "since the second stop"),
    ("iraq", "Iraq"),
    ("syria", "Syria"),
    ("jordan", "Jordan"),
)


class Nothing:
    """A block that prints nothing, for a figure or table that the run did not make."""

    def blocks(self, form: str) -> list[Node]:
        """Return no blocks."""
        return []

    def inlines(self, form: str) -> list[Node]:
        """Return no inlines."""
        return []

    def __bool__(self) -> bool:
        return False


class Makes(Protocol):
    """What the prose needs of the document: its tables, citations and figures."""

    def table(
        self, name: str, caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float] = ()
    ) -> Grid:
        """Return a table."""

    def figure(self, name: str) -> Any:
        """Return a figure."""


@dataclass(frozen=True)
class Prose:
    """Words and tables for the template, from the facts of one run."""

    facts: Facts
    usual: Facts | None
    parameters: Parameters
    claims: pd.DataFrame | None
    make: Makes
    cite: Callable[..., Cited]

    def names(self) -> dict[str, Any]:
        """Return everything by the name that the template uses."""
        return {
            "yes": lambda name: self.value(name) is True,
            "confirmed_words": self.confirmed_words(),
            "days_away": days_away,
            "compared": self.compared(),
            "first_uses": self.first_uses(),
            "missile_list": self.missile_list(),
            "stops_by_country": self.stops_by_country(),
            "stop_ratios": self.stop_ratios(),
            "stops_not_shown": joined((name for name, _, below in self.stop_ratios() if not below), "or"),
            "top_places": self.top_places(),
            "by_country": self.by_country(),
            "coverage_by_stretch": self.coverage_by_stretch(),
            "grades": self.grades(),
            "reliability_list": self.reliability_list(),
            "robustness_table": self.robustness_table(),
            "verdicts": self.verdicts(),
            "claims_table": self.claims_table(),
        }

    def value(self, name: str) -> Any:
        """Return the value of the fact `name`, None where it is undefined or unknown."""
        return self.facts[name].value if name in self.facts else None

    def has(self, name: str) -> bool:
        """Return whether the fact `name` is there and defined."""
        return name in self.facts and self.facts[name].value is not None

    def shown(self, name: str, blank: str = "–") -> Fact | str:
        """Return the fact `name` for a table's cell, `blank` where it is undefined."""
        return self.facts[name] if self.has(name) else blank

    def confirmed_words(self) -> str:
        """Return who must have confirmed an attack that counts."""
        words = {
            "us_official": "a US official",
            "local_official": "a US or local official",
            "media": "more than the claimant",
        }
        return words.get(self.parameters.confirmed_by, "anyone")

    def differing(self) -> Any:
        """Return a table of the parameters that differ from the default, or `Nothing`."""
        rows = [
            [name.replace("_", " "), _setting(mine), _setting(usual)]
            for name, (mine, usual) in self.parameters.differing().items()
        ]
        return (
            self.make.table("parameters", "What differs", ["Parameter", "Here", "Default"], rows) if rows else Nothing()
        )

    def compared(self) -> Any:
        """Return a table of the headline numbers here and in the default run, or `Nothing`."""
        if self.usual is None or not self.parameters.differing():
            return Nothing()
        rows: list[list[Any]] = []
        for words, name, low, high in COMPARED:
            if name == "pause.during_count" and not self.value("pause.in_window"):
                rows.append([words, "none of its days is in this window", self.usual[name].text])
            elif name in self.facts and name in self.usual:
                here = Phrase(tuple(_ranged(self.facts, name, low, high, link=True)))
                there = Phrase(tuple(_ranged(self.usual, name, low, high, link=False)))
                rows.append([words, here, there])
        heads = ["Headline", "Here", "Default run"]
        return self.make.table("compared", "The headlines here and in the default run", heads, rows)

    def first_uses(self) -> Any:
        """Return a table of each weapon's use and first day."""
        rows = []
        for code, weapon in weapons(self.parameters.reference_dir).items():
            if not self.has(f"escalation.any.{code}") or weapon.rung is None:
                continue
            base = f"escalation.first.{code}"
            place: Any = "not recorded"
            if self.has(f"{base}.date"):
                place = Phrase((self.facts[f"{base}.date"], ", ", self.facts[f"{base}.site"]))
            naming: Any = "–"
            if self.has(f"{base}.sources_saying"):
                naming = Phrase((self.facts[f"{base}.sources_saying"], " of ", self.facts[f"{base}.sources"]))
            cells = [
                self.shown(f"escalation.top.{code}.{period}") if self.value(f"pause.{period}_days") else "–"
                for period in ("before", "during", "after")
            ]
            rows.append([weapon.plural, self.facts[f"escalation.any.{code}"], *cells, place, naming])
        heads = ["Weapon", "Attacks with it", "Highest: before", "in pause", "after", "First use", "Sources naming it"]
        caption = "Each weapon: attacks with it, attacks of which it is the highest weapon, and its first use"
        return self.make.table("weapons", caption, heads, rows, (0.2, 0.1, 0.1, 0.08, 0.08, 0.29, 0.15))

    def missile_list(self) -> Phrase:
        """Return each missile attack of a stated kind: weapon, place, day, and what its sources call the weapon."""
        ladder = weapons(self.parameters.reference_dir)
        parts: list[str | Fact | Printed | Phrase] = []
        name = "escalation.timing.plain.k"
        for incident in self.facts[name].incidents if name in self.facts else ():
            said = {code: self.facts.get(f"escalation.said.{incident}.{code}") for code in ladder}
            told = sorted((f for f in said.items() if f[1] is not None), key=lambda item: -int(item[1].value or 0))  # type: ignore[union-attr]
            words = [
                Phrase(
                    (
                        number(fact, spell=True),
                        f" of its sources {'says' if fact.value == 1 else 'say'} {ladder[code].label}",
                    )
                )
                for code, fact in told[:3]
                if fact is not None
            ]
            day_fact = next((f for f in self._missile_days(incident)), None)
            head: tuple[Any, ...] = (day_fact,) if day_fact is not None else (day(incident[:10]),)
            parts.append(Phrase((*head, *((" (", listing(words), ")") if words else ()))))
        return listing(parts)

    def _missile_days(self, incident: str) -> Iterator[Phrase]:
        for code, weapon in weapons(self.parameters.reference_dir).items():
            date = self.facts.get(f"escalation.first.{code}.date")
            if date is not None and date.value is not None and incident in date.incidents:
                yield Phrase((f"a {weapon.label} at ", self.facts[f"escalation.first.{code}.site"], " on ", date))

    def stops_by_country(self) -> Phrase:
        """Return how many attacks each country has since the second stop."""
        parts: list[str | Fact | Printed | Phrase] = []
        for code in self.parameters.countries:
            since = self.facts.get(f"stop.{code.lower()}.since_count")
            if since is not None and len(self.parameters.countries) > 1:
                parts.append(Phrase((number(since), f" {'is' if since.value == 1 else 'are'} in {COUNTRIES[code]}")))
        return Phrase(("Of these, ", listing(parts), ".")) if parts else Phrase(())

    def stop_ratios(self) -> list[tuple[str, str, bool]]:
        """Return for each country its name, the fact of its ratio since the second stop, and whether that is a fall.

        A country with a single attack before the stop, or none, is left out: its ratio says nothing.
        """
        if len(self.parameters.countries) < 2:
            return []
        found = []
        for code in self.parameters.countries:
            base = f"stop.{code.lower()}"
            if self.has(f"{base}.ratio") and self.value(f"{base}.before_count") > 1:
                found.append((COUNTRIES[code], f"{base}.ratio", self.value(f"{base}.ratio_below_one") is True))
        return found

    def top_places(self) -> Phrase:
        """Return the places attacked most often."""
        parts: list[str | Fact | Printed | Phrase] = []
        for place in range(1, 5):
            name = self.facts.get(f"escalation.places.top.{place}.name")
            if name is not None:
                times = self.facts[f"escalation.places.top.{place}.incidents"]
                parts.append(Phrase((name.text, " (", times, ")")))
        return listing(parts)

    def by_country(self) -> Phrase:
        """Return the attacks of each country."""
        parts: list[str | Fact | Printed | Phrase] = []
        for code in self.parameters.countries:
            mine = self.facts.get(f"escalation.places.{code}.incidents")
            if mine is not None:
                parts.append(Phrase((number(mine), f" in {COUNTRIES[code]}")))
        if len(parts) < 2:
            return Phrase(())
        return Phrase(
            (f"{'Attacks' if self.value('brief.incidents') != 1 else 'The attack'} by country: ", listing(parts), ".")
        )

    def coverage_by_stretch(self) -> Any:
        """Return a table of officials' counts and what the record holds, by stretch of time and country."""
        rows = []
        for key, words in STRETCHES:
            base = f"coverage.{key}"
            if self.has(f"{base}.official") and self.value(f"{base}.official"):
                cells = [self.shown(f"{base}.{part}") for part in ("official", "coded", "us_confirmed", "low", "high")]
                rows.append([words, *cells])
        heads = ["Stretch or country", "Officials counted", "On record", "US official confirms", "At least", "At most"]
        caption = "What officials counted and what the record holds, on days that their totals cover"
        return self.make.table("coverage", caption, heads, rows, (0.3, 0.14, 0.14, 0.16, 0.13, 0.13))

    def grades(self) -> Any:
        """Return a table of attacks by who confirms them."""
        rows = [
            [
                words[:1].upper() + words[1:],
                self.facts[f"brief.confirmed.{code}"],
                self.shown(f"brief.confirmed_share.{code}"),
            ]
            for code, words in CONFIRMATION.items()
            if self.has(f"brief.confirmed.{code}") and self.value(f"brief.confirmed.{code}")
        ]
        return self.make.table(
            "grades", "Attacks by the strongest confirmation", ["Confirmed by", "Attacks", "Share"], rows
        )

    def reliability_list(self) -> Phrase:
        """Return alpha of the fields that decide the findings."""
        parts: list[str | Fact | Printed | Phrase] = []
        for field, words in DECIDING:
            base = f"reliability.{field}"
            if self.has(f"{base}.alpha"):
                spread: tuple[Any, ...] = ()
                if self.has(f"{base}.low") and self.has(f"{base}.high"):
                    spread = (" (", self.facts[f"{base}.low"], " to ", self.facts[f"{base}.high"], ")")
                parts.append(Phrase((self.facts[f"{base}.alpha"], f" for {words}", *spread)))
        return listing(parts) if parts else Phrase(("not defined",))

    def robustness_table(self) -> Any:
        """Return a table of each headline: whether it holds here, and in how many specifications."""
        rows = []
        for name in [n for n in self.facts if n.startswith("robustness.") and n.endswith(".statement")]:
            base = name.removesuffix(".statement")
            if not self.has(f"{base}.share"):
                continue
            own = self.facts[f"{base}.own"]
            holds = Printed(own, {True: "yes", False: "no"}.get(own.value, "cannot be judged"))  # type: ignore[arg-type]
            share = Phrase((self.facts[f"{base}.share"], " of ", self.facts[f"{base}.judged"]))
            rows.append([self.facts[name].text, holds, share, self.facts[f"{base}.holds_if"].text])
        heads = ["Headline", "Holds here", "Holds in", "It holds if"]
        caption = "Each headline under every combination of choices that can be judged"
        return self.make.table("robustness", caption, heads, rows, (0.4, 0.12, 0.16, 0.32)) if rows else Nothing()

    def verdicts(self) -> Phrase:
        """Return how many statements got each verdict."""
        words = {
            "supported": "supported",
            "contradicted": "contradicted",
            "mixed": "mixed",
            "not_testable": "not testable",
        }
        parts: list[str | Fact | Printed | Phrase] = [
            Phrase(
                (
                    number(self.facts[f"claims.{name}"]),
                    f" {'is' if self.value(f'claims.{name}') == 1 else 'are'} “{said}”",
                )
            )
            for name, said in words.items()
            if self.has(f"claims.{name}") and self.value(f"claims.{name}")
        ]
        return listing(parts)

    def claims_table(self) -> Any:
        """Return a table of the statements with their verdicts and reasons."""
        rows = []
        for row in () if self.claims is None else self.claims.to_dict("records"):
            base = f"claims.{str(row['claim_id']).replace('-', '_')}"
            if f"{base}.verdict" not in self.facts:
                continue
            verdict, reason = self.facts[f"{base}.verdict"], self.facts[f"{base}.reason"]
            rows.append([Phrase((str(row["statement"]), self.cite(str(row["source_id"])))), verdict, reason.text])
        heads = ["What the press said", "Verdict", "What the data says"]
        caption = "Statements from press reports, each judged by the record without its own source"
        return self.make.table("claims", caption, heads, rows, (0.42, 0.13, 0.45)) if rows else Nothing()


def _setting(value: object) -> str:
    if isinstance(value, list):
        return joined(COUNTRIES.get(str(item), str(item)) for item in value)
    text = str(value).replace("_", " ")
    return day(str(value)) if len(text) == 10 and text[4] == "-" else text


def _ranged(facts: Mapping[str, Fact], name: str, low: str, high: str, link: bool) -> list[Any]:
    """Return a fact with its interval as parts of a phrase; `link`: as facts, else as words."""

    def part(fact: Fact) -> Fact | str:
        return fact if link else fact.text

    fact = facts[name]
    if fact.value is None:
        return ["cannot be computed"]
    ends = [facts.get(end) for end in (low, high)]
    if not low or ends[0] is None or ends[1] is None or ends[0].value is None:
        return [part(fact)]
    if ends[1].value is None and ends[0].value == 0:
        return [part(fact), " (not bounded)"]
    upper: list[Any] = [" to ", part(ends[1])] if ends[1].value is not None else [" or more"]
    return [part(fact), " (", part(ends[0]), *upper, ")"]


def days_away(fact: Fact) -> Phrase:
    """Return how far a day lies from another: "two days after", "one day before"."""
    offset = int(fact.value or 0)
    size = Printed(fact, amount(abs(offset), "day"))
    return Phrase((size, " after" if offset > 0 else " before"))


def record(
    facts: Facts,
    incidents: pd.DataFrame,
    parameters: Parameters,
    reports: pd.DataFrame | None = None,
    specifications: pd.DataFrame | None = None,
) -> Facts:
    """Add ``brief.*`` from the clean tables `incidents` and `reports` under `parameters`; return the facts.

    `specifications` is the table that the robustness notebook hands on, its cells text.
    """
    chosen = select(incidents, parameters)
    for code in CONFIRMATION:
        mine = chosen[chosen["confirmation"] == code]["incident_id"]
        share = len(mine) / len(chosen) if len(chosen) else None
        facts.add(f"brief.confirmed_share.{code}", share, unit="share", incidents=mine)
    has_missile = [_missile(cell, parameters.reference_dir) for cell in chosen["weapons"]]
    missiles = chosen[pd.Series(has_missile, index=chosen.index, dtype=bool)]
    first = missiles["date"].min().date() if len(missiles) else None
    behind = missiles["incident_id"]
    facts.add("brief.missiles", len(missiles), unit="incidents", incidents=behind)
    facts.add("brief.missiles.first", first, unit="date", incidents=behind[:1])
    told = facts["data.conflicts.us_killed"].incidents if "data.conflicts.us_killed" in facts else ()
    disputed = chosen[chosen["incident_id"].isin(told)]["incident_id"]
    facts.add("brief.killed_disputed", len(disputed), unit="incidents", incidents=disputed,
              note="reports give different numbers of US and coalition killed")  # fmt: skip
    higher = _higher_tolls(chosen, reports)
    facts.add("brief.killed_higher", "; ".join(higher.values()) or None, unit="text", incidents=tuple(higher),
              note="reports of more US or coalition killed than the estimate counts")  # fmt: skip
    if specifications is not None and "headline" in specifications:
        ratios = specifications[specifications["headline"] == "pause"]["estimate"]
        lower = int((pd.to_numeric(ratios, errors="coerce") < 1).sum())
        facts.add("brief.pause_lower", lower, unit="specifications",
                  note="ways of counting in which the rate in the pause is below the other rate")  # fmt: skip
    return facts


def _higher_tolls(chosen: pd.DataFrame, reports: pd.DataFrame | None) -> dict[str, str]:
    """Return incident id -> words for each incident of which some report tells of more killed than is counted."""
    if reports is None or not len(chosen):
        return {}
    told: dict[str, str] = {}
    for row in chosen.sort_values(["date", "incident_id"]).to_dict("records"):
        mine = reports[(reports["incident_id"] == row["incident_id"]) & reports["us_killed"].notna()]
        counted = 0 if pd.isna(row["us_killed"]) else int(row["us_killed"])
        more = mine[mine["us_killed"] > counted]
        if not len(more):
            continue
        place = clean(row["site_name"]) or "a place not said"
        words = f"{_spelled(int(more['us_killed'].max()))} at {place} on {day(row['date'])}"
        words += f" ({_origins(more)}"
        same = mine[mine["us_killed"] == counted]
        if len(same):
            verb = "says" if len(set(same["family"])) == 1 else "say"
            words += f"; {_origins(same)} {verb} {_spelled(counted)}"
            if (same["confirmation"] == "us_official").any():
                words += ", citing US officials"
        told[str(row["incident_id"])] = words + ")"
    return told


def _origins(rows: pd.DataFrame) -> str:
    names = sorted({clean(name) for name in rows["family"].dropna()})
    return joined(names) if len(names) <= len(SPELLED) // 3 else f"{len(names)} origins"


def _spelled(value: int) -> str:
    return "none" if value == 0 else SPELLED[value] if value < len(SPELLED) else str(value)


def _missile(cell: object, reference_dir: str) -> bool:
    """Return whether a cell of weapons holds a missile of a stated kind."""
    ladder = weapons(reference_dir)
    return any(code.endswith("missile") and ladder[code].rung is not None for code in split(cell) if code in ladder)
