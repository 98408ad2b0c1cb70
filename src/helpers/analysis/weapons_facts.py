"""The facts of notebook 03: weapons (``weapons.*``) and places (``places.*``), each with what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.analysis.places import Places, short
from helpers.analysis.trend import ATTACKS, EACH, WEEKS, Climb, Reading
from helpers.analysis.weapons import Part, Weapons
from helpers.facts import Facts, Row, interval, record
from helpers.tables import each
from helpers.vocabulary import CONFIRMATION, COUNTRIES, missiles, weapons
from helpers.words import listing, signed

#: So many missile attacks are told of one by one, so many of the places most attacked.
TOLD, TOP = 3, 2
#: A window of more months than this is told by stretch alone.
MONTHS = 12


@dataclass(frozen=True)
class Escalation:
    """What notebook 03 found: of weapons, of their trend and its readings, of places."""

    weapons: Weapons
    climb: Climb
    readings: tuple[Reading, ...]
    places: Places


def facts(found: Escalation) -> Facts:
    """Return the facts of `found`."""
    numbered = (_records, _missiles, _lighter, _shares, _grew, _readings, _sites, _observatory)
    return record([*ROWS, *(row for part in numbered for row in part(found))], found)


def _ids(get: Callable[[Escalation], Iterable[str]], name: str, note: str = "") -> Row:
    """Return the row of a count of incidents, those that `get` gives."""
    return Row(name, "incidents", lambda f: len(tuple(get(f))), incidents=get, note=note)


def _known(
    name: str,
    unit: str,
    value: Any,
    incidents: Iterable[str] = (),
    rows: Mapping[str, Iterable[str]] | None = None,
    note: str = "",
) -> Row:
    """Return the row of a value that is there already, with what is behind it."""
    return Row(name, unit, lambda f: value, lambda f: incidents, lambda f: rows or {}, note)


def _is(value: Any) -> Callable[[Escalation], Any]:
    return lambda f: value


def _named(f: Escalation) -> Iterable[str]:
    frame = f.weapons.prepared
    return tuple(frame.loc[frame["rung"].notna(), "incident_id"])


def _silent(f: Escalation) -> Iterable[str]:
    frame = f.weapons.prepared
    return tuple(frame.loc[frame["rung"].isna() & ~frame["blank"], "incident_id"])


def _missile_ids(f: Escalation) -> tuple[str, ...]:
    return tuple(attack.incident for attack in f.weapons.missiles)


ROWS = [
    _ids(lambda f: f.weapons.prepared["incident_id"], "weapons.attacks", "attacks that count"),
    _ids(_named, "weapons.named", "attacks of which a weapon is named"),
    _ids(_silent, "weapons.unnamed", "attacks of which no weapon is named"),
    _ids(_missile_ids, "weapons.missiles", "attacks with a missile of a stated kind"),
    Row("weapons.missiles.first", "date", lambda f: f.weapons.missiles[0].day, when=lambda f: bool(f.weapons.missiles),
        incidents=lambda f: _missile_ids(f)[:1]),
    Row("weapons.missiles.last", "date", lambda f: f.weapons.missiles[-1].day, when=lambda f: bool(f.weapons.missiles),
        incidents=lambda f: _missile_ids(f)[-1:]),
    _ids(lambda f: f.weapons.blank.ids, "weapons.unspecified", "attacks with a missile of a kind that nobody gives"),
    _ids(lambda f: f.weapons.blank.alone, "weapons.unspecified.alone", "no other weapon is named of them"),
    _ids(lambda f: f.weapons.blank.beside, "weapons.unspecified.beside", "with another weapon beside it"),
    _ids(lambda f: f.weapons.blank.outvoted, "weapons.unspecified.outvoted", "some source says so, others outvote it"),
    _ids(lambda f: f.weapons.blank.ids + f.weapons.blank.outvoted, "weapons.unspecified.any", "any source says so"),
    Row("weapons.climb", "finding", lambda f: f.climb.finding, incidents=_named,
        note="odds of a rocket or heavier weapon a month, country held, weeks kept together"),
    Row("weapons.fell", "finding", lambda f: f.climb.fell, incidents=_named),
    *interval("weapons.odds", "ratio", lambda f: f.climb, incidents=_named,
              note="odds of a rocket or heavier weapon over those a month earlier, country held, weeks kept together"),
    *(_known(f"weapons.least.{name}", unit, value) for name, unit, value in (
        ("attacks", "incidents", ATTACKS), ("weeks", "weeks", WEEKS), ("each", "incidents", EACH))),
    Row("places.sites", "places", lambda f: len(f.places.named), note="named places",
        incidents=lambda f: tuple(i for site in f.places.named["site_id"] for i in f.places.ids[site])),
    Row("places.killed", "people", lambda f: int(f.places.sites["us_killed"].sum()), note="US and coalition members"),
    _ids(lambda f: f.places.nowhere, "places.unnamed", "attacks of which no site is named"),
]  # fmt: skip


def _records(f: Escalation) -> Iterator[Row]:
    known, prepared = weapons(f.weapons.parameters.reference_dir), f.weapons.prepared
    yield _known(
        "weapons.records", "weapons", len(f.weapons.records), incidents=[a.incident for a in f.weapons.records]
    )
    for place, attack in enumerate(f.weapons.records, 1):
        name, behind = f"weapons.records.{place}", [attack.incident]
        yield _known(f"{name}.date", "date", attack.day, incidents=behind)
        yield _known(f"{name}.weapon", "text", known[attack.weapon].label, incidents=behind)
        yield _known(f"{name}.site", "text", attack.site, incidents=behind)
        yield _known(f"{name}.sources", "sources", attack.sources, incidents=behind)
        yield _known(f"{name}.confirmed_by", "text", CONFIRMATION[attack.confirmation], incidents=behind)
    tops = prepared.loc[prepared["rung"].notna(), "top_weapon"].value_counts()
    for place, (code, count) in enumerate(tops.items(), 1):
        ids = prepared.loc[prepared["top_weapon"] == code, "incident_id"]
        yield _known(f"weapons.top.{place}.weapon", "text", known[str(code)].plural)
        yield _known(f"weapons.top.{place}.attacks", "incidents", int(count), incidents=ids,
                     note="attacks of which it is the heaviest weapon")  # fmt: skip


def _missiles(f: Escalation) -> Iterator[Row]:
    known, said = weapons(f.weapons.parameters.reference_dir), f.weapons.said
    lines = 0
    for place, attack in enumerate(f.weapons.missiles[:TOLD], 1):
        name, behind = f"weapons.missiles.{place}", [attack.incident]
        yield _known(f"{name}.date", "date", attack.day, incidents=behind)
        yield _known(f"{name}.site", "text", attack.site, incidents=behind)
        mine = said[said["incident_id"] == attack.incident]
        totals = mine.groupby("weapon")["sources"].sum().sort_values(ascending=False, kind="stable")
        for code, count in totals.items():
            lines += 1
            rows = mine[mine["weapon"] == code]
            reports = sorted(report for cell in rows["reports"] for report in cell.split(";"))
            kinds = ", ".join(f"{row.kind} {row.sources}" for row in each(rows.sort_values("sources", ascending=False)))
            line = f"weapons.said.{lines}"
            yield _known(f"{line}.date", "date", attack.day, incidents=behind)
            yield _known(f"{line}.weapon", "text", known[str(code)].label)
            yield _known(f"{line}.sources", "sources", int(count), incidents=behind, rows={"reports": reports},
                         note="sources that name it; one that names two weapons counts for both")  # fmt: skip
            yield _known(f"{line}.kinds", "text", kinds)


def _lighter(f: Escalation) -> Iterator[Row]:
    """Yield, of the heaviest record high where it is a missile, how many of its sources name a lighter missile."""
    known = weapons(f.weapons.parameters.reference_dir)
    stated = missiles(f.weapons.parameters.reference_dir)
    if not f.weapons.records or f.weapons.records[-1].weapon not in stated:
        return
    high, said = f.weapons.records[-1], f.weapons.said
    rung = known[high.weapon].rung or 0
    lighter = [code for code in stated if (known[code].rung or 0) < rung]
    mine = said[(said["incident_id"] == high.incident) & said["weapon"].isin(lighter)]
    later = [a.day for a in f.weapons.missiles if a.day > high.day and (known[a.weapon].rung or 0) >= rung]
    if later:
        reports = [report for cell in mine["reports"] for report in cell.split(";")]
        yield _known("weapons.missiles.lighter", "sources", int(mine["sources"].sum()), rows={"reports": reports})
        yield _known("weapons.missiles.lighter_day", "date", high.day, incidents=[high.incident])
        yield _known("weapons.missiles.next_day", "date", later[0])


def _part(name: str, part: Part) -> Iterator[Row]:
    share = part.rocket_up
    yield _known(f"{name}.words", "text", part.words)
    yield _known(f"{name}.of", "incidents", len(share.of), incidents=share.of)
    yield _known(f"{name}.rocket_up.count", "incidents", len(share.hits), incidents=share.hits)
    yield from interval(f"{name}.rocket_up", "share", _is(share), incidents=_is(share.hits), digits=0)
    yield _known(f"{name}.media", "incidents", len(part.media), incidents=part.media, note="by media or claimant alone")


def _shares(f: Escalation) -> Iterator[Row]:
    for key, part in f.weapons.stretches.items():
        yield from _part(f"weapons.share.{key}", part)
    if "since_stop" in f.weapons.stretches:
        where = listing(COUNTRIES[code] for code in f.weapons.stretches["since_stop"].where)
        yield _known("weapons.share.since_stop.where", "text", where)
    for place, part in enumerate(f.weapons.months if len(f.weapons.months) <= MONTHS else (), 1):
        yield from _part(f"weapons.month.{place}", part)


def _grew(f: Escalation) -> Iterator[Row]:
    for key, grew in f.weapons.grew.items():
        name = f"weapons.missile.{key}"
        yield _known(f"{name}.grew", "finding", grew.finding, incidents=grew.before.hits + grew.after.hits,
                     note="whether missiles are a larger share of attacks after the pause than before it")  # fmt: skip
        for side, share in (("before", grew.before), ("after", grew.after)):
            yield _known(f"{name}.{side}", "incidents", len(share.hits), incidents=share.hits)
            yield _known(f"{name}.{side}_of", "incidents", len(share.of), incidents=share.of)
    yield _known("weapons.missile.stated.needed", "incidents", f.weapons.grew["stated"].needed,
                 note="so many after the pause would have shown a larger share than before it")  # fmt: skip


def _readings(f: Escalation) -> Iterator[Row]:
    above, clear = [r for r in f.readings if r.above], [r for r in f.readings if r.shown]
    yield _known("weapons.readings", "readings", len(f.readings), note="readings of the record that can be judged")
    yield _known("weapons.readings.above", "readings", len(above), note="the rank correlation lies above zero")
    yield _known("weapons.readings.clear", "readings", len(clear), note="its interval lies wholly above zero")
    for place, reading in enumerate(clear, 1):
        yield _known(f"weapons.readings.clear.{place}.label", "text", reading.label)
    for reading in f.readings[:1] if f.readings and f.readings[0].key == "plain" else ():
        for end, value in (("", reading.trend.value), (".low", reading.trend.low), (".high", reading.trend.high)):
            note = "Kendall’s tau-b of day and weapon, weeks kept together"
            yield Row(f"weapons.tau{end}", "correlation", _is(value), note=note, text=_is(signed(value or 0.0)))


def _sites(f: Escalation) -> Iterator[Row]:
    counts = f.places.named["attacks"]
    beyond = counts.iloc[TOP] if len(counts) > TOP else 0  # of places as often attacked none is singled out
    for place, row in enumerate(each(f.places.named[counts > beyond].head(TOP)), 1):
        yield _known(f"places.top.{place}.name", "text", short(row.name))
        yield _known(f"places.top.{place}.attacks", "incidents", row.attacks, incidents=f.places.ids[row.site_id])
    for code, ids in f.places.countries.items():
        yield _known(f"places.{code}.attacks", "incidents", len(ids), incidents=ids)
        yield _known(f"places.{code}.name", "text", COUNTRIES[code])
    troops, per = f.places.troops, {}
    for code, there in troops.items():
        yield _known(f"places.{code}.troops", "people", there.personnel, rows={"sources": there.sources},
                     note="US personnel stationed, median of the statements")  # fmt: skip
        per[code] = len(f.places.countries[code]) / there.personnel
    if {"SY", "IQ"} <= per.keys() and min(len(f.places.countries[code]) for code in ("SY", "IQ")) >= ATTACKS:
        both = f.places.countries["SY"] + f.places.countries["IQ"]
        yield _known("places.syria_to_iraq", "ratio", per["SY"] / per["IQ"], incidents=both,
                     note="attacks for each soldier stationed, Syria over Iraq")  # fmt: skip


def _observatory(f: Escalation) -> Iterator[Row]:
    counted = f.places.counted
    if counted is not None:
        behind = {"other_counts": counted.rows}
        yield _known("places.observatory.day", "date", counted.day, rows=behind)
        yield _known("places.observatory.total", "attacks", counted.total, rows=behind)
        yield _known("places.observatory.record", "incidents", len(counted.record), incidents=counted.record)
