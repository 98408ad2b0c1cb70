"""The facts of notebook 03: weapons (``weapons.*``) and places (``places.*``), each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.analysis.places import Places, short
from helpers.analysis.trend import ATTACKS, EACH, WEEKS, Climb
from helpers.analysis.weapons import Part, Weapons, share
from helpers.facts import Facts, Row, counted, interval, record
from helpers.tables import each
from helpers.vocabulary import CONFIRMATION, COUNTRIES, missiles, split, weapons
from helpers.words import listing, signed

#: So many missile attacks are told of one by one, so many of the places most attacked.
TOLD, TOP = 3, 2
#: A window of more months than this is told by stretch alone.
MONTHS = 12


@dataclass(frozen=True)
class Escalation:
    """What notebook 03 found: of weapons, of their trend and its readings (`trend.readings`), of places."""

    weapons: Weapons
    climb: Climb
    readings: pd.DataFrame
    places: Places

    @property
    def attacks(self) -> pd.DataFrame:
        """The attacks that count."""
        return self.weapons.prepared

    @property
    def named(self) -> pd.DataFrame:
        """Those of which a weapon is named."""
        return self.attacks[self.attacks["rung"].notna()]

    def of(self, column: str, *codes: str) -> pd.DataFrame:
        """Return the attacks with one of `codes` in `column`."""
        return self.attacks[self.attacks[column].isin(codes)]


ROWS = [
    counted("weapons.attacks", lambda f: f.attacks, "attacks that count"),
    counted("weapons.named", lambda f: f.named, "attacks of which a weapon is named"),
    counted("weapons.unnamed", lambda f: f.attacks[f.attacks["rung"].isna() & ~f.attacks["blank"]],
              "attacks of which no weapon is named"),
    counted("weapons.missiles", lambda f: f.weapons.missiles, "attacks with a missile of a stated kind"),
    Row("weapons.missiles.first", "date", lambda f: f.weapons.missiles["date"].iloc[0],
        lambda f: f.weapons.missiles["incident_id"].head(1), when=lambda f: len(f.weapons.missiles)),
    Row("weapons.missiles.last", "date", lambda f: f.weapons.missiles["date"].iloc[-1],
        lambda f: f.weapons.missiles["incident_id"].tail(1), when=lambda f: len(f.weapons.missiles)),
    counted("weapons.unspecified", lambda f: f.of("no_kind", "alone", "beside").sort_values("incident_id"),
              "attacks with a missile of a kind that nobody gives"),
    counted("weapons.unspecified.alone", lambda f: f.of("no_kind", "alone"), "no other weapon is named of them"),
    counted("weapons.unspecified.beside", lambda f: f.of("no_kind", "beside"), "with another weapon beside it"),
    counted("weapons.unspecified.outvoted", lambda f: f.of("no_kind", "outvoted"),
              "some source says so, others outvote it"),
    counted("weapons.unspecified.any", lambda f: pd.concat([
        f.of("no_kind", "alone", "beside").sort_values("incident_id"), f.of("no_kind", "outvoted")]),
              "any source says so"),
    Row("weapons.climb", "finding", lambda f: f.climb.finding, lambda f: f.named["incident_id"],
        note="odds of a rocket or heavier weapon a month, country held, weeks kept together"),
    Row("weapons.fell", "finding", lambda f: f.climb.fell, lambda f: f.named["incident_id"]),
    *interval("weapons.odds", "ratio", lambda f: f.climb, incidents=lambda f: f.named["incident_id"],
              note="odds of a rocket or heavier weapon over those a month earlier, country held, weeks kept together"),
    Row("weapons.least.attacks", "incidents", lambda _: ATTACKS),
    Row("weapons.least.weeks", "weeks", lambda _: WEEKS),
    Row("weapons.least.each", "incidents", lambda _: EACH),
    Row("weapons.missile.stated.needed", "incidents", lambda f: f.weapons.grew["stated"].needed,
        note="so many after the pause would have shown a larger share than before it"),
    Row("weapons.readings", "readings", lambda f: len(f.readings), note="readings of the record that can be judged"),
    Row("weapons.readings.above", "readings", lambda f: (f.readings["tau_b"] > 0).sum(),
        note="the rank correlation lies above zero"),
    Row("weapons.readings.clear", "readings", lambda f: (f.readings["low"] > 0).sum(),
        note="its interval lies wholly above zero"),
    Row("places.sites", "places", lambda f: len(f.places.named), note="named places", incidents=lambda f: [
        i for site in f.places.named["site_id"] for i in f.attacks.loc[f.attacks["site_id"] == site, "incident_id"]]),
    Row("places.killed", "people", lambda f: f.places.sites["us_killed"].sum(), note="US and coalition members"),
    counted("places.unnamed", lambda f: f.places.nowhere, "attacks of which no site is named"),
]  # fmt: skip


def facts(found: Escalation) -> Facts:
    """Return the facts of `found`."""
    known = record(ROWS, found)
    for add in (_records, _missiles, _lighter, _shares, _grew, _readings, _sites, _observatory):
        add(known, found)
    return known


def _records(known: Facts, f: Escalation) -> None:
    arms, records = weapons(f.weapons.parameters.reference_dir), f.weapons.records
    known.add("weapons.records", len(records), unit="weapons", incidents=records["incident_id"])
    for place, high in enumerate(each(records), 1):
        cells = {"date": high.date, "weapon": arms[high.weapon].label, "site": high.site_name, "sources": high.sources,
                 "confirmed_by": CONFIRMATION[high.confirmation]}  # fmt: skip
        known.add_each(f"weapons.records.{place}", cells, "sources", incidents=[high.incident_id])
    for place, code in enumerate(f.named["top_weapon"].value_counts().index, 1):
        mine = f.of("top_weapon", code)["incident_id"]
        known.add(f"weapons.top.{place}.weapon", arms[code].plural, unit="text")
        known.add(f"weapons.top.{place}.attacks", len(mine), unit="incidents", incidents=mine,
                  note="attacks of which it is the heaviest weapon")  # fmt: skip


def _missiles(known: Facts, f: Escalation) -> None:
    arms, lines = weapons(f.weapons.parameters.reference_dir), 0
    kinds = f.weapons.missiles["weapon"].unique()
    if len(kinds) == 1:
        known.add("weapons.missiles.kind", arms[kinds[0]].plural, unit="text", note="all are of this kind")
    for place, attack in enumerate(each(f.weapons.missiles.head(TOLD)), 1):
        behind = [attack.incident_id]
        known.add_each(f"weapons.missiles.{place}", {"date": attack.date, "site": attack.site_name}, incidents=behind)
        mine = f.weapons.said[f.weapons.said["incident_id"] == attack.incident_id]
        totals = mine.groupby("weapon")["sources"].sum().sort_values(ascending=False, kind="stable")
        for code, count in totals.items():
            lines, rows = lines + 1, mine[mine["weapon"] == code].sort_values("sources", ascending=False)
            line = f"weapons.said.{lines}"
            by_kind = ", ".join(f"{row.kind} {row.sources}" for row in each(rows))
            known.add(f"{line}.date", attack.date, unit="date", incidents=behind)
            known.add_each(line, {"weapon": arms[str(code)].label, "kinds": by_kind})
            known.add(f"{line}.sources", count, unit="sources", incidents=behind,
                      rows={"reports": sorted(_reports(rows))},
                      note="sources that name it; one that names two weapons counts for both")  # fmt: skip


def _reports(said: pd.DataFrame) -> list[str]:
    return [report for cell in said["reports"] for report in split(cell)]


def _lighter(known: Facts, f: Escalation) -> None:
    """Add, of the heaviest record high where it is a missile, how many of its sources name a lighter missile."""
    stated, said, told = missiles(f.weapons.parameters.reference_dir), f.weapons.said, f.weapons.missiles
    for high in each(f.weapons.records.tail(1)):
        lighter = stated[: stated.index(high.weapon)] if high.weapon in stated else ()
        mine = said[(said["incident_id"] == high.incident_id) & said["weapon"].isin(lighter)]
        later = told[(told["date"] > high.date) & ~told["weapon"].isin(lighter)]
        if high.weapon in stated and len(later):
            rows = {"reports": _reports(mine)}
            known.add("weapons.missiles.lighter", mine["sources"].sum(), unit="sources", rows=rows)
            known.add("weapons.missiles.lighter_day", high.date, unit="date", incidents=[high.incident_id])
            known.add("weapons.missiles.next_day", later["date"].iloc[0], unit="date")


def _part(known: Facts, name: str, part: Part) -> None:
    ids = part.rows["incident_id"]
    hits, media = (ids[part.rows[column]] for column in ("rocket_up", "media"))
    known.add(f"{name}.words", part.words, unit="text")
    known.add(f"{name}.of", len(ids), unit="incidents", incidents=ids)
    known.add(f"{name}.rocket_up.count", len(hits), unit="incidents", incidents=hits)
    known.add(f"{name}.media", len(media), unit="incidents", incidents=media, note="by media or claimant alone")
    record(interval(f"{name}.rocket_up", "share", lambda found: found, incidents=lambda _: hits),
           share(len(hits), len(ids)), known)  # fmt: skip


def _shares(known: Facts, f: Escalation) -> None:
    for key, part in f.weapons.stretches.items():
        _part(known, f"weapons.share.{key}", part)
    if "since_stop" in f.weapons.stretches:
        where = sorted(set(f.weapons.stretches["since_stop"].rows["country"]))
        known.add("weapons.share.since_stop.where", listing(COUNTRIES[code] for code in where), unit="text")
    for place, part in enumerate(f.weapons.months.values() if len(f.weapons.months) <= MONTHS else (), 1):
        _part(known, f"weapons.month.{place}", part)


def _grew(known: Facts, f: Escalation) -> None:
    for key, grew in f.weapons.grew.items():
        name = f"weapons.missile.{key}"
        known.add(f"{name}.grew", grew.finding, unit="finding", incidents=grew.before[0] + grew.after[0],
                  note="whether missiles are a larger share of attacks after the pause than before it")  # fmt: skip
        for side, (hits, ids) in (("before", grew.before), ("after", grew.after)):
            known.add(f"{name}.{side}", len(hits), unit="incidents", incidents=hits)
            known.add(f"{name}.{side}_of", len(ids), unit="incidents", incidents=ids)


def _readings(known: Facts, f: Escalation) -> None:
    for place, label in enumerate(f.readings.loc[f.readings["low"] > 0, "label"], 1):
        known.add(f"weapons.readings.clear.{place}.label", label, unit="text")
    for row in each(f.readings[f.readings["reading"] == "plain"]):
        for end, value in (("", row.tau_b), (".low", row.low), (".high", row.high)):
            known.add(f"weapons.tau{end}", value, unit="correlation", text=signed(value),
                      note="Kendall’s tau-b of day and weapon, weeks kept together")  # fmt: skip


def _sites(known: Facts, f: Escalation) -> None:
    counts = f.places.named["attacks"]
    beyond = counts.iloc[TOP] if len(counts) > TOP else 0  # of places as often attacked none is singled out
    for place, row in enumerate(each(f.places.named[counts > beyond].head(TOP)), 1):
        known.add(f"places.top.{place}.name", short(row.name), unit="text")
        known.add(f"places.top.{place}.attacks", row.attacks, unit="incidents",
                  incidents=f.of("site_id", row.site_id)["incident_id"])  # fmt: skip
    here = {code: f.of("country", code)["incident_id"] for code in f.weapons.parameters.countries}
    for code, ids in here.items():
        known.add(f"places.{code}.attacks", len(ids), unit="incidents", incidents=ids)
        known.add(f"places.{code}.name", COUNTRIES[code], unit="text")
    troops = f.places.troops["personnel"].round().astype(int)
    for there in each(f.places.troops):
        known.add(f"places.{there.Index}.troops", troops[there.Index], unit="people",
                  rows={"sources": split(there.sources)},
                  note="US personnel stationed, median of the statements")  # fmt: skip
    pair = ("SY", "IQ")
    if set(pair) <= set(troops.index) and all(len(here[code]) >= ATTACKS for code in pair):
        syria, iraq = (len(here[code]) / troops[code] for code in pair)
        known.add("places.syria_to_iraq", syria / iraq, unit="ratio", incidents=[*here["SY"], *here["IQ"]],
                  note="attacks for each soldier stationed, Syria over Iraq")  # fmt: skip


def _observatory(known: Facts, f: Escalation) -> None:
    counted = f.places.counted
    if counted is not None:
        behind = {"other_counts": counted.rows}
        known.add("places.observatory.day", counted.day, unit="date", rows=behind)
        known.add("places.observatory.total", sum(counted.at.values()), unit="attacks", rows=behind)
        known.add("places.observatory.record", len(counted.record), unit="incidents", incidents=counted.record)
