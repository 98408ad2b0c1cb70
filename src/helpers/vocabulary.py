"""The codebook's words, read from the reference folder: weapons, countries, who confirms an attack.

``weapons.csv`` and ``countries.csv`` are the only lists of weapons and countries: their order is the order in which
they are printed, and a line more is a weapon or a country more.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar

from helpers.paths import resolve

REFERENCE = "data/reference"

T = TypeVar("T")

#: Confirmation codes, strongest first, with the words for them.
CONFIRMATION = {
    "us_official": "a US official",
    "local_official": "a local official",
    "media_only": "media only",
    "claim_only": "the claimant alone",
    "denied": "denied",
}

#: Confirmation by an official, US or local.
OFFICIALS = ("us_official", "local_official")

#: Kinds of outlet in the order in which sources are listed, firmest first.
OUTLETS = ("official", "wire", "national_media", "local_media", "analyst", "claimant_media", "encyclopedia")

#: Kinds of outlet that can stand for an official's words by themselves.
FIRM_OUTLETS = ("official", "wire", "national_media")


@dataclass(frozen=True)
class Weapon:
    """One weapon of ``weapons.csv``.

    Attributes
    ----------
    code, label, plural, colour: its code, the words for one and several, and its colour in figures.
    rung: its place on the ladder, from the ground up; None off it.
    group: its class (gun, bomb, drone, rocket, mortar, missile ..., or unspecified, unknown).
    kin: a word shared by codes that reports use for one thing, which are counted together; "" for none.
    may_be: the classes that a word for no stated kind may mean.
    event, sub_event: ACLED's event type and sub-event type.
    """

    code: str
    rung: int | None
    label: str
    plural: str
    colour: str
    group: str
    kin: str = ""
    may_be: tuple[str, ...] = ()
    event: str = ""
    sub_event: str = ""


@dataclass(frozen=True)
class Country:
    """One country of ``countries.csv``.

    Attributes
    ----------
    code, name, also: two letters, the English name (ACLED's too), and other names that are taken for it.
    iso: number in ISO 3166-1; zone: time zone; colour: in figures.
    column: its column in ``official_counts.csv``.
    longitude, latitude: where a map writes the name.
    """

    code: str
    name: str
    iso: int
    zone: str
    colour: str
    column: str
    longitude: float
    latitude: float
    also: tuple[str, ...] = ()


#: The reference folder whose words this process uses where a call names none: set by `use`.
_used = REFERENCE


def use(reference_dir: str | Path) -> None:
    """Read words from `reference_dir` wherever a call names no folder: a run has one reference folder."""
    global _used
    _used = str(reference_dir)


def reference_file(name: str, reference_dir: str | Path | None = None) -> Path:
    """Return the file `name` of the reference folder, or the one that came with this library where it has none."""
    path = resolve(reference_dir or _used) / name
    return path if path.exists() else Path(__file__).resolve().parents[2] / REFERENCE / name


def _by_folder(read: Callable[[str | None], T]) -> Callable[..., T]:
    """Cache what `read` gives for each reference folder; without one it is the folder in use."""
    cached = cache(read)

    @wraps(read)
    def found(reference_dir: str | None = None) -> T:
        return cached(str(reference_dir or _used))

    return found


def _rows(name: str, reference_dir: str | None) -> list[dict[str, str]]:
    with reference_file(name, reference_dir).open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["code"]]


@_by_folder
def weapons(reference_dir: str | None = None) -> dict[str, Weapon]:
    """Return code -> `Weapon` in the order of ``weapons.csv``: the ladder from the ground up, then what has no rung."""
    return {
        row["code"]: Weapon(
            **{name: row[name] for name in ("code", "label", "plural", "colour", "kin")},
            rung=int(row["rung"]) if row["rung"] else None,
            group=row["class"],
            may_be=tuple(split(row["may_be"])),
            event=row["acled_event"],
            sub_event=row["acled_sub_event"],
        )
        for row in _rows("weapons.csv", reference_dir)
    }


@_by_folder
def countries(reference_dir: str | None = None) -> dict[str, Country]:
    """Return code -> `Country` in the order of ``countries.csv``."""
    return {
        row["code"]: Country(
            **{name: row[name] for name in ("code", "name", "zone", "colour", "column")},
            iso=int(row["iso"]),
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
            also=tuple(part for part in row["also"].split("|") if part),
        )
        for row in _rows("countries.csv", reference_dir)
    }


def country_code(text: str, reference_dir: str | None = None) -> str | None:
    """Return the code of a country given by its code or one of its names, or None.

    >>> country_code("Iraq"), country_code("sy"), country_code("Ruritania")
    ('IQ', 'SY', None)
    """
    word = text.strip().casefold()
    for code, country in countries(reference_dir).items():
        if word in {name.casefold() for name in (code, country.name, *country.also)}:
            return code
    return None


@_by_folder
def targets(reference_dir: str | None = None) -> dict[str, str]:
    """Return code -> words for what was attacked, in the order of ``targets.csv``; ``unknown`` comes last."""
    return {row["code"]: row["label"] for row in _rows("targets.csv", reference_dir)}


def of_group(group: str, reference_dir: str | None = None) -> tuple[str, ...]:
    """Return the codes of the weapons of one class, in their order."""
    return tuple(code for code, weapon in weapons(reference_dir).items() if weapon.group == group)


def missiles(reference_dir: str | None = None) -> tuple[str, ...]:
    """Return the codes that are a missile of a stated kind."""
    return of_group("missile", reference_dir)


@_by_folder
def unstated(reference_dir: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the codes for a kind not stated ("missile" alone), each with the codes that it may mean."""
    known = weapons(reference_dir)
    return {
        code: tuple(other for other, weapon in known.items() if weapon.group in vague.may_be)
        for code, vague in known.items()
        if vague.may_be
    }


@_by_folder
def kin(reference_dir: str | None = None) -> tuple[tuple[str, ...], ...]:
    """Return the groups of codes that reports use for one thing, each from the lower rung up."""
    known = weapons(reference_dir)
    names = dict.fromkeys(weapon.kin for weapon in known.values() if weapon.kin)
    return tuple(tuple(code for code, weapon in known.items() if weapon.kin == name) for name in names)


def may_mean(code: str) -> set[str]:
    """Return the other codes by which a report may mean the weapon `code`: its kin, and words for no stated kind."""
    alike = {other for group in kin() if code in group for other in group}
    return (alike | {vague for vague, meant in unstated().items() if code in meant}) - {code}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return what of `known` is most like `word`, or "" where nothing is."""
    plain = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else ""


def split(cell: object) -> list[str]:
    """Return the parts of a cell that holds several values joined by ``;`` (none for a blank or missing cell)."""
    return [part for part in str(cell).split(";") if part] if isinstance(cell, str) else []


def top_weapon(codes: list[str]) -> str:
    """Return the weapon of `codes` on the highest rung; where none has a rung, the first in the order of the file."""
    known = weapons()
    order = {code: place for place, code in enumerate(known)}
    ranked = [(rung, -order[code], code) for code in codes if (rung := known[code].rung) is not None]
    if ranked:
        return max(ranked)[2]
    return min((code for code in codes if code in order), key=order.__getitem__, default="unknown")


class _Names(Mapping[str, str]):
    """Code -> name of the countries of the reference folder in use, in their order."""

    def __getitem__(self, code: str) -> str:
        return countries()[code].name

    def __iter__(self) -> Iterator[str]:
        return iter(countries())

    def __len__(self) -> int:
        return len(countries())


COUNTRIES = _Names()
