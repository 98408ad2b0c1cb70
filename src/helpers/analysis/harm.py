"""Who was hurt: the toll of the attacks on record beside officials' own, and the attacks that mattered most.

Officials gave running totals of injured that no list of attacks adds up to: reports of single attacks are seldom
amended when more injuries are found. The two are therefore set side by side, day by day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.analysis.places import short
from helpers.analysis.totals import Series, counted_since, country_columns, series
from helpers.facts import Facts, Row, counted, record
from helpers.parameters import Parameters
from helpers.stretches import within_coding
from helpers.tables import each, select
from helpers.vocabulary import CONFIRMATION, split, weapons
from helpers.words import listing, short_day

#: How many attacks the list of the most consequential holds.
WORST = 12

#: How a value of a field is told, also where it was not chosen.
TOLD = {
    "us_killed": "{} killed", "us_injured": "{} injured", "partner_killed": "{} of partner forces killed",
    "partner_injured": "{} of partner forces injured", "date": "on {}", "weapons": "{}", "site_id": "at {}",
}  # fmt: skip

US = ("us_killed", "us_injured")
PEOPLE = (*US, "partner_killed", "partner_injured")
WORST_COLUMNS = ["date", "site_name", "weapons", *PEOPLE, "confirmation",
                 "also_told", "killed_told", "killed_reports", "incident_id"]  # fmt: skip


@dataclass(frozen=True)
class Harm:
    """What `analyse_harm` finds.

    Attributes
    ----------
    parameters: those of the run. incidents: the attacks that they count, with whole numbers of people as floats.
    comparable: whether officials' totals count the same days and countries.
    toll: one row a day on which officials' total rose in the window: day, officials, record, record_low, record_high
        (injured in attacks up to that day, over those with a number), attacks (how many those are), rows (count_ids).
    worst: the attacks that mattered most, columns `WORST_COLUMNS`, the gravest first; killed_told is the most killed
        that any report tells beyond the number chosen, killed_reports the reports that do.
    events: context of kind casualty_event.
    sources: source_id -> outlet.
    """

    parameters: Parameters
    incidents: pd.DataFrame
    comparable: bool
    toll: pd.DataFrame
    worst: pd.DataFrame
    events: pd.DataFrame
    sources: pd.Series

    @property
    def numbered(self) -> pd.DataFrame:
        """The attacks for which a number of injured is chosen, none included."""
        return self.incidents[self.incidents["us_injured_best"].notna()]

    @property
    def hurt(self) -> pd.DataFrame:
        """The attacks in which US or coalition personnel were killed or injured, by the numbers chosen."""
        return self.incidents[self.incidents[["us_killed", "us_injured_best"]].fillna(0).sum(axis=1) > 0]

    @property
    def claimed(self) -> pd.DataFrame:
        """The attacks in which reports tell of more killed than is chosen."""
        return self.worst[self.worst["killed_told"] > 0]

    @property
    def months(self) -> pd.DataFrame:
        """The last row of the toll in each month."""
        last = ~self.toll["day"].dt.to_period("M").duplicated(keep="last")
        return self.toll[last] if self.last is not None else self.toll[:0]

    @property
    def last(self) -> pd.Series | None:
        """The last row of the toll where it counts what this run counts: all countries, from the first day on."""
        return self.toll.iloc[-1] if len(self.toll) and self.comparable else None

    @property
    def behind(self) -> dict[str, list[str]]:
        """The rows behind the last total of officials that this run can be set beside."""
        return {} if self.last is None else {"official_counts": split(self.last["rows"])}

    @property
    def low(self) -> float:
        """Injured by the lowest reports, over the attacks that have a number."""
        return float(self.numbered["us_injured_low"].sum())

    @property
    def high(self) -> float:
        """Injured by the highest reports over the same attacks, or officials' own total where that is greater."""
        high = float(self.numbered["us_injured_high"].sum())
        return high if self.last is None else max(high, float(self.last["officials"]))


NUMBERS = ["us_killed", "us_injured_best", "us_injured_low", "us_injured_high", "partner_killed", "partner_injured"]


def analyse_harm(incidents: pd.DataFrame, parameters: Parameters, more: dict[str, pd.DataFrame]) -> Harm:
    """Return the toll; `more` are the clean tables official_counts, conflicts, context, sources, sites by name."""
    parameters = within_coding(parameters, incidents)
    chosen = select(incidents, parameters)
    chosen = chosen.assign(**{name: chosen[name].astype("Float64").astype(float) for name in NUMBERS})
    counts, context = more["official_counts"], more["context"]
    chain = officials(counts, more["sources"], parameters)
    worst = consequential(chosen, more["conflicts"], more["sites"], parameters)
    events, outlets = context[context["kind"] == "casualty_event"], more["sources"].set_index("source_id")["outlet"]
    toll = _toll(chain, chosen, parameters)
    return Harm(parameters, chosen, comparable(chain, parameters), toll, worst, events, outlets)


def deadliest(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the attack of `incidents` in which most US personnel were killed: one row, or none."""
    killed = incidents[incidents["us_killed"].astype("Float64").fillna(0) > 0]
    return killed.sort_values("us_killed", ascending=False, kind="stable").head(1)


def officials(counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters) -> Series:
    """Return officials' running total of US injured as a chain, from the clean official counts and sources."""
    given = counts[counts["us_injured"].notna()]
    families = sources.set_index("source_id")["family"]
    return series(given.assign(total=given["us_injured"]), families, since=counted_since(counts, parameters))


def comparable(chain: Series, parameters: Parameters) -> bool:
    """Return whether a run counts what officials count: all countries, from their first day on."""
    return set(parameters.countries) == set(country_columns()) and parameters.window_start <= chain.since


def officials_total(counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters) -> float | None:
    """Return officials' last total of injured in the window; None where a run counts other days or countries."""
    chain = officials(counts, sources, parameters)
    value = chain.at(parameters.window_end)[0]
    return float(value) if comparable(chain, parameters) and value else None


def _toll(chain: Series, chosen: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return officials' total of injured on each day that it rose beside that of the attacks on record by then."""
    first, last = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end)
    known = chosen[chosen["us_injured_best"].notna()]
    found = []
    for point in chain.points[1:]:
        if first <= point.day <= last:
            by_then = known[known["date"] <= point.day]
            sums = [int(by_then[f"us_injured_{end}"].sum()) for end in ("best", "low", "high")]
            found.append((point.day, point.value, *sums, len(by_then), ";".join(point.rows)))
    columns = ["day", "officials", "record", "record_low", "record_high", "attacks", "rows"]
    return pd.DataFrame(found, columns=columns).astype({"day": "datetime64[ns]"})


def consequential(
    chosen: pd.DataFrame, conflicts: pd.DataFrame, sites: pd.DataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Return the attacks in which most people were killed or injured, or were killed by what some report says."""
    told = conflicts[(conflicts["field"] == "us_killed") & conflicts["incident_id"].isin(chosen["incident_id"])]
    told = told.assign(killed=pd.to_numeric(told["other"], errors="coerce")).sort_values("killed")
    told = told.drop_duplicates("incident_id", keep="last").set_index("incident_id")
    frame = chosen.assign(
        us_injured=chosen["us_injured_best"],
        killed_told=(chosen["incident_id"].map(told["killed"]).astype(float)).fillna(0),
        killed_reports=chosen["incident_id"].map(told["reports"]).fillna(""),
    )
    frame["killed_told"] = frame["killed_told"].where(frame["killed_told"] > frame["us_killed"].fillna(0), 0)
    order = ["us_killed", "partner_killed", "killed_told", "us_injured", "us_injured_high", "partner_injured"]
    ranked = frame.assign(**{name: frame[name].fillna(0) for name in order}).sort_values(
        [*order, "date", "incident_id"], ascending=[False] * len(order) + [True, True]
    )
    kept = frame.loc[ranked.index[(ranked[order] > 0).any(axis=1)][:WORST]]
    others = _also_told(conflicts[conflicts["incident_id"].isin(kept["incident_id"])], sites, parameters)
    kept = kept.assign(also_told=[others.get(incident, "") for incident in kept["incident_id"]])
    return kept[WORST_COLUMNS].reset_index(drop=True)


def _also_told(conflicts: pd.DataFrame, sites: pd.DataFrame, parameters: Parameters) -> dict[str, str]:
    """Return incident_id -> the values that reports give and that were not chosen, with how many origins give them."""
    arms, places = weapons(parameters.reference_dir), sites.set_index("site_id")["name"]
    found: dict[str, list[str]] = {}
    for field, words in TOLD.items():
        for row in each(conflicts[conflicts["field"] == field]):
            value = str(row.other)
            if field == "date":
                value = short_day(pd.Timestamp(value))
            elif field == "weapons":
                value = arms[value].label if value in arms else value
            elif field == "site_id":
                value = short(str(places.get(value, value)))
            found.setdefault(row.incident_id, []).append(f"{words.format(value)} ({row.n_other})")
    return {incident: "; ".join(parts) for incident, parts in found.items()}


def hurt_words(row: Any, people: Sequence[str] = PEOPLE) -> str:
    """Return who of `people` was hurt in one of the worst attacks: "3 killed, 47 injured"."""
    parts = [TOLD[name].format(int(getattr(row, name))) for name in people if getattr(row, name) > 0]
    return ", ".join(parts) or ("number not established" if pd.isna(row.us_injured) else "nobody")


def consequential_table(result: Harm) -> pd.DataFrame:
    """Return the list of the most consequential attacks as it is written for readers."""
    worst = result.worst
    return pd.DataFrame({
        "date": worst["date"], "site": worst["site_name"], "weapons": worst["weapons"],
        "hurt": [hurt_words(row) for row in each(worst)], "confirmed_by": worst["confirmation"],
        "also_told": worst["also_told"], "incident_id": worst["incident_id"],
    })  # fmt: skip


def total(column: str) -> Row:
    """Return the row of how many people the numbers chosen name in `column`."""
    name = column.removeprefix("us_").removesuffix("_best")
    return Row(f"harm.{name}", "people", lambda r: r.incidents[column].sum().astype(int),
               lambda r: r.incidents.loc[r.incidents[column] > 0, "incident_id"])  # fmt: skip


def official(name: str, unit: str, column: str) -> Row:
    """Return the row of what officials last said of the injured in the window (None where this run counts else)."""
    note = "US officials' running total; undefined where this run leaves out days or countries that they count"
    return Row(f"harm.official.{name}", unit, lambda r: None if r.last is None else r.last[column],
               rows=lambda r: r.behind, note=note)  # fmt: skip


ROWS = [
    *map(total, ("us_killed", "us_injured_best", "partner_killed", "partner_injured")),
    Row("harm.injured.low", "people", lambda r: int(r.low), lambda r: r.hurt["incident_id"],
        note="sum of the lowest numbers of the attacks that have one"),
    Row("harm.injured.high", "people", lambda r: int(r.high), lambda r: r.hurt["incident_id"], lambda r: r.behind,
        note="sum of the highest numbers of the same attacks, or officials' total where that is greater"),
    counted("harm.attacks", lambda r: r.hurt),
    counted("harm.silent", lambda r: r.incidents[r.incidents["us_injured_best"].isna()],
            "no number of injured is chosen"),
    official("injured", "people", "officials"), official("injured_day", "date", "day"),
    official("record", "people", "record"),
]  # fmt: skip


def facts(result: Harm) -> Facts:
    """Return the facts ``harm.*``: the toll, the worst attacks one by one, and officials' total by month."""
    known, arms = record(ROWS, result), weapons(result.parameters.reference_dir)
    for one in each(deadliest(result.incidents)):
        cells = {"killed": int(one.us_killed), "date": one.date, "site": one.site_name}
        known.add_each("harm.deadliest", cells, "people", incidents=[one.incident_id])
    for place, row in enumerate(each(result.worst), 1):
        named = listing(arms[code].label if code in arms else code for code in split(row.weapons))
        cells = {
            "date": row.date,
            "site": row.site_name,
            "weapon": named,
            "hurt": hurt_words(row),
            "confirmed_by": CONFIRMATION[row.confirmation],
            "also_told": row.also_told or "no other account",
        }
        known.add_each(f"harm.worst.{place}", cells, incidents=[row.incident_id])
    for place, row in enumerate(each(result.months), 1):
        hurt = result.numbered[(result.numbered["date"] <= row.day) & (result.numbered["us_injured_best"] > 0)]
        cells = {"day": row.day, "officials": row.officials}
        known.add_each(f"harm.toll.{place}", cells, "people", rows={"official_counts": split(row.rows)})
        known.add(f"harm.toll.{place}.record", row.record, unit="people", incidents=hurt["incident_id"])
    for place, row in enumerate(each(result.claimed), 1):
        _claim(known, f"harm.claimed.{place}", row, result)
    return known


def _claim(known: Facts, name: str, row: Any, result: Harm) -> None:
    """Add the facts of an attack in which reports tell of more killed than is chosen."""
    ids, reports = [row.incident_id], split(row.killed_reports)
    outlets = dict.fromkeys(result.sources.get(report.rsplit("/", 1)[0]) for report in reports)
    behind: dict[str, Any] = {"incidents": ids, "rows": {"reports": reports}}
    known.add_each(name, {"date": row.date, "site": row.site_name}, incidents=ids)
    known.add_each(name, {"killed": int(row.killed_told), "by": listing(map(str, outlets))}, "people", **behind)
    near = result.events[(result.events["start"] - row.date).abs() <= pd.Timedelta(days=2)]
    for event in each(near.sort_values(["start", "source_id"]).head(1)):
        known.add(f"{name}.event", event.label, unit="text", rows={"context": [event.context_id]})
