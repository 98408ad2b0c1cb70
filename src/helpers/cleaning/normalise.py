"""What people type brought to the codebook's forms, each change logged: spaces, case, dates, spellings.

Nothing is guessed: a date that could be two days, or a spelling that names no single site, stays as typed and is then a
fault. Control characters and other signs that no text holds are taken out. All work is done once for each distinct cell
of a column.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import product
from pathlib import Path

import pandas as pd
from dateutil import parser

from helpers.cleaning.schemas import TEXT, Column, Sheet
from helpers.vocabulary import REFERENCE, country_code, reference_file, weapons

LOG = ("file", "row", "column", "before", "after", "rule")

#: Signs without width, which ride along when text is copied: zero-width spaces and joiners' marks, byte order marks.
_UNSEEN = "\u200b\u2060\ufeff\u00ad"
#: Control characters, halves of surrogate pairs, and code points that are no characters (Unicode 16, section 23.7).
_ILLEGIBLE = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef" + "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17)
)
_SPACES = re.compile(r"\s+")
_WIDE = "\x0b\x0c\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LOOSE = rf"^\s|\s$|\s\s|[\t\r\n{_WIDE}{_UNSEEN}]"


@dataclass(frozen=True)
class Spellings:
    """The alias tables: loose spelling -> site, weapon, claimant; `reference_dir` is where they stand."""

    sites: dict[str, str]
    weapons: dict[str, str]
    claimants: dict[str, str]
    reference_dir: str = REFERENCE


def loose(text: str) -> str:
    """Return what spellings share: one script form, lower case, hyphens and underscores as spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _SPACES.sub(" ", re.sub(r"[-_‐‑–—]", " ", plain)).strip()


def _aliases(name: str, column: str, reference_dir: str | Path | None) -> list[tuple[str, str]]:
    """Return the lines (spelling, `column`) of an alias table."""
    with reference_file(name, reference_dir).open(newline="", encoding="utf-8-sig") as file:
        return [(row["spelling"], row[column]) for row in csv.DictReader(file) if row["spelling"]]


def read_spellings(reference_dir: str | Path, sites: pd.DataFrame) -> Spellings:
    """Return the alias tables of `reference_dir` with the gazetteer's own aliases.

    Read are places.csv, weapon_spellings.csv and claimants.csv. A spelling that two sites share, or that places.csv
    lists without a site, names no site.
    """
    folder = str(reference_dir)
    named: dict[str, set[str]] = {}
    for site, name, aliases in zip(sites["site_id"], sites["name"], sites["aliases"], strict=True):
        for spelling in (site, name, *aliases.split("|")):
            if loose(spelling):
                named.setdefault(loose(spelling), set()).add(site)
    for spelling, site in _aliases("places.csv", "site_id", folder):
        named[loose(spelling)] = {site} if site else set()
    arms = {loose(code): code for code in weapons(folder)}
    arms |= {loose(spelling): code for spelling, code in _aliases("weapon_spellings.csv", "code", folder)}
    claimants = {loose(name): code for name, code in _aliases("claimants.csv", "claimed_by", folder)}
    claimants = {loose(code): code for code in claimants.values() if ":" not in code} | claimants
    known = set(sites["site_id"])
    clear = {spelling: min(found) for spelling, found in named.items() if len(found) == 1 and found <= known}
    return Spellings(clear, arms, claimants, folder)


def claimant_names(reference_dir: str | Path | None = None) -> dict[str, str]:
    """Return code -> name of the claimants with a code of their own: the first spelling that claimants.csv lists."""
    names: dict[str, str] = {}
    for spelling, code in _aliases("claimants.csv", "claimed_by", reference_dir):
        if ":" not in code and code != "none":
            names.setdefault(code, spelling)
    return names


def claimants_in(text: str, reference_dir: str | Path) -> set[str]:
    """Return the names of the claimants of which `text` holds a spelling of claimants.csv, letter for letter."""
    names, aliases = claimant_names(reference_dir), _aliases("claimants.csv", "claimed_by", reference_dir)
    return {names[code] for spelling, code in aliases if code in names and spelling in text}


def normalise(frame: pd.DataFrame, sheet: Sheet, spellings: Spellings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `frame` (text, indexed by spreadsheet row) in the codebook's forms, and the log of what changed."""
    if frame.empty:
        return frame, pd.DataFrame(columns=list(LOG))
    out, logs = {}, []
    for column in sheet.columns:
        cells = frame[column.name]
        for rule, change, concerned in _rules(column, spellings):
            known = (cells[cells.str.contains(concerned, regex=True)] if concerned else cells).unique()
            moved = {cell: new for cell in known if (new := change(cell)) != cell}
            if not moved:
                continue
            rows = cells.isin(list(moved))
            before, after = cells[rows], cells[rows].map(moved).astype(TEXT)
            entry = {"file": f"{sheet.name}.csv", "row": before.index, "column": column.name}
            logs.append(pd.DataFrame({**entry, "before": before.array, "after": after.array, "rule": rule}))
            cells = cells.copy()
            cells[rows] = after
        out[column.name] = cells
    log = pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=list(LOG))
    result = pd.DataFrame(out, index=frame.index, copy=False)
    result.attrs = frame.attrs
    return result, log


Change = Callable[[str], str]


def _rules(column: Column, spellings: Spellings) -> list[tuple[str, Change, str]]:
    """Return the rules for a column in order: name, what it does to a cell, pattern of the cells that it concerns."""
    by_type: dict[str, tuple[str, Change]] = {
        "date": ("date as typed", _day),
        "integer": ("number as typed", _whole),
        "number": ("number as typed", ascii_digits),
    }
    by_name: dict[str, tuple[str, Change]] = {
        "time_local": ("hour as typed", _hour),
        "weapons": ("weapon's spelling", partial(_weapons, arms=spellings.weapons, known=column.vocabulary)),
        "claimed_by": ("claimant's spelling", partial(_code, codes=spellings.claimants)),
        "country": ("country's name", partial(_country, reference_dir=spellings.reference_dir)),
        "site_id": ("place's spelling", partial(_code, codes={"other": "other"} | spellings.sites)),
        **dict.fromkeys(("incident_key", "response_key", "into", "language"), ("case", str.lower)),
    }
    special = by_type.get(column.type) or by_name.get(column.name)
    if special is None and column.vocabulary:
        special = "case", partial(_word, words=column.vocabulary, separator=column.separator)
    hygiene = [("signs that no text holds", _legible, f"[{_ILLEGIBLE}]"), ("spaces", _tidy, _LOOSE)]
    return [*hygiene, *([(*special, "")] if special else [])]


def _legible(cell: str) -> str:
    return re.sub(f"[{_ILLEGIBLE}]", "", cell)


def _tidy(cell: str) -> str:
    return _SPACES.sub(" ", cell.translate(dict.fromkeys(map(ord, _UNSEEN)))).strip()


def _day(cell: str) -> str:
    days = readings(cell)
    return days.pop().isoformat() if len(days) == 1 else cell


def _whole(cell: str) -> str:
    return re.sub(r"^([0-9]+)\.0*$", r"\1", ascii_digits(cell))


def _hour(cell: str) -> str:
    clock = re.fullmatch(r"(\d{1,2})[:.h](\d{2})(?::\d{2})?", ascii_digits(cell))
    return f"{int(clock[1]):02d}:{clock[2]}" if clock else cell.lower()


def _country(cell: str, reference_dir: str) -> str:
    return ";".join(country_code(part, reference_dir) or part.strip() for part in re.split(r"[;,/]", cell))


def _code(cell: str, codes: dict[str, str]) -> str:
    return cell if cell in codes.values() else codes.get(loose(cell), cell)


def _weapons(cell: str, arms: dict[str, str], known: tuple[str, ...]) -> str:
    parts = [part.strip() for part in re.split(r"[;,+/|،؛]", cell) if part.strip()]
    return ";".join(part if part in known else arms.get(loose(part), part) for part in parts)


def _word(cell: str, words: tuple[str, ...], separator: str) -> str:
    known = {loose(word): word for word in words}
    parts = cell.split(separator) if separator else [cell]
    return separator.join(known.get(loose(part), part) for part in parts)


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?$")
_NUMBERS = re.compile(r"\d{1,2}\s*[-/. ]\s*\d{1,2}\s*[-/. ]\s*(?:\d{2}|\d{4})\.?$")
_DAY, _MONTH = r"\d{1,2}(?:st|nd|rd|th)?", r"[A-Za-z]{3,9}\.?"
_WORDS = re.compile(
    rf"(?:[A-Za-z]+\.?,?\s+)?(?:{_DAY}[\s.-]*(?:of\s+)?{_MONTH}|{_MONTH}[\s-]*{_DAY})[\s.,-]+(?:\d{{2}}|\d{{4}})$"
)
_FILL = (datetime(2001, 1, 1), datetime(2002, 2, 2))


def ascii_digits(text: str) -> str:
    """Return `text` with digits of other scripts as 0 to 9."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text)


def readings(text: str) -> set[date]:
    """Return every day that `text` could mean: one where it is clear, several where it is not, none where it is no day.

    >>> sorted(str(day) for day in readings("03/04/2024"))
    ['2024-03-04', '2024-04-03']
    >>> readings("20 Jan 2024") == readings("20/01/2024") == {date(2024, 1, 20)}
    True
    """
    typed = ascii_digits(text).strip()
    iso = _ISO.fullmatch(typed)
    if iso:
        try:
            return {date(*(int(part) for part in iso.groups()))}
        except ValueError:
            return set()
    numbers = _NUMBERS.fullmatch(typed) is not None
    if not numbers and not _WORDS.fullmatch(typed):
        return set()
    found = set()
    # A month's name leaves no doubt which number is the year: it comes last.
    for day_first, year_first in product((True, False), (True, False) if numbers else (False,)):
        days = set()
        for fill in _FILL:
            try:
                days.add(parser.parse(typed, default=fill, dayfirst=day_first, yearfirst=year_first).date())
            except (ValueError, OverflowError):
                continue
        if len(days) == 1:
            found |= days
    return found


def bare(name: str) -> str:
    """Return what two spellings of one outlet share: lower case, without brackets, article, signs and spaces.

    >>> bare("Kurdistan24") == bare("Kurdistan 24 (Arabic)")
    True
    """
    plain = re.sub(r"\(.*?\)", " ", unicodedata.normalize("NFKC", name)).casefold().strip()
    return re.sub(r"[\W_]+", "", re.sub(r"^the\s+", "", plain)) or re.sub(r"[\W_]+", "", name.casefold())


def house(name: str) -> str:
    """Return an outlet's name without what stands in brackets (a language, a copy's place)."""
    return " ".join(re.sub(r"\(.*?\)", " ", name).split()).strip(" ,") or name


def read_houses(reference_dir: str | Path) -> dict[str, str]:
    """Return bare spelling -> family from ``outlets.csv``; a blank family means that no outlet is named."""
    return {bare(spelling): family for spelling, family in _aliases("outlets.csv", "family", reference_dir)}


def families(sources: pd.DataFrame, houses: dict[str, str]) -> pd.Series:
    """Return the family of each of `sources` (columns outlet, original_outlet), as text on the same index.

    Spellings that differ only in case, brackets, article, signs or spaces are one family, called by the spelling that
    comes first in the alphabet.
    """
    original, outlet = sources["original_outlet"], sources["outlet"]
    named = (original != "") & (original.map({name: houses.get(bare(name), name) for name in original.unique()}) != "")
    said = original.where(named, outlet)
    listed = set(houses.values())
    kin: dict[str, str] = {}
    for name in sorted(said.unique()):
        family = houses.get(bare(name)) or house(name)
        kept = kin.setdefault(bare(family), family)
        if family in listed and kept not in listed:
            kin[bare(family)] = family
    chosen = {name: kin[bare(houses.get(bare(name)) or house(name))] for name in said.unique()}
    return said.map(chosen).astype(TEXT)
