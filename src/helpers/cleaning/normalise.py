"""What people type brought to the codebook's forms, each change logged: spaces, case, dates, spellings.

Nothing is guessed: a date that could be two days, or a spelling that names no single site, stays as typed and is then a
fault. All work is done once for each distinct cell of a column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.cleaning.reading import TEXT
from helpers.cleaning.schemas import Column, Sheet
from helpers.cleaning.schemas_coded import CLAIMANTS
from helpers.cleaning.typed_dates import ascii_digits, readings
from helpers.paths import resolve
from helpers.vocabulary import country_code, weapons

LOG = ("file", "row", "column", "before", "after", "rule")

#: Signs without width, which ride along when text is copied: zero-width spaces and joiners' marks, byte order marks.
_UNSEEN = "\u200b\u2060\ufeff\u00ad"
_SPACES = re.compile(r"\s+")
_WIDE = "\x0b\x0c\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LOOSE = rf"^\s|\s$|\s\s|[\t\r\n{_WIDE}{_UNSEEN}]"


@dataclass(frozen=True)
class Spellings:
    """The alias tables: loose spelling -> site, weapon, claimant."""

    sites: dict[str, str]
    weapons: dict[str, str]
    claimants: dict[str, str]


def loose(text: str) -> str:
    """Return what spellings share: one script form, lower case, hyphens and underscores as spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _SPACES.sub(" ", re.sub(r"[-_‐‑–—]", " ", plain)).strip()


def read_spellings(reference_dir: str | Path, sites: pd.DataFrame) -> Spellings:
    """Return the alias tables of `reference_dir` with the gazetteer's own aliases.

    Read are places.csv, weapon_spellings.csv and claimants.csv. A spelling that two sites share, or that places.csv
    lists without a site, names no site.
    """
    folder = resolve(reference_dir)
    named: dict[str, set[str]] = {}
    for site, name, aliases in zip(sites["site_id"], sites["name"], sites["aliases"], strict=True):
        for spelling in (site, name, *aliases.split("|")):
            if loose(spelling):
                named.setdefault(loose(spelling), set()).add(site)
    places = pd.read_csv(folder / "places.csv", dtype=str, keep_default_na=False)
    for spelling, site in zip(places["spelling"], places["site_id"], strict=True):
        named[loose(spelling)] = {site} if site else set()
    listed = pd.read_csv(folder / "weapon_spellings.csv", dtype=str, keep_default_na=False)
    arms = {loose(code): code for code in weapons()}
    arms |= {loose(spelling): code for spelling, code in zip(listed["spelling"], listed["code"], strict=True)}
    groups = pd.read_csv(folder / "claimants.csv", dtype=str, keep_default_na=False)
    claimants = {loose(code): code for code in CLAIMANTS}
    claimants |= {loose(name): code for name, code in zip(groups["spelling"], groups["claimed_by"], strict=True)}
    known = set(sites["site_id"])
    clear = {spelling: min(found) for spelling, found in named.items() if len(found) == 1 and found <= known}
    return Spellings(clear, arms, claimants)


def normalise(frame: pd.DataFrame, sheet: Sheet, spellings: Spellings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `frame` (text, indexed by spreadsheet row) in the codebook's forms, and the log of what changed."""
    if frame.empty:
        return frame, pd.DataFrame(columns=list(LOG))
    out, logs = {}, []
    for column in sheet.columns:
        before = frame[column.name]
        after = before
        for rule, change, concerns in _rules(column, spellings):
            changed, rows = _apply(after, change, concerns)
            if rows is not None:
                logs.append(_log(f"{sheet.name}.csv", column.name, after[rows], changed[rows], rule))
                after = changed
        out[column.name] = after
    log = pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=list(LOG))
    result = pd.DataFrame(out, index=frame.index, copy=False)
    result.attrs = frame.attrs
    return result, log


Change = Callable[[str], str]
Concerns = Callable[[pd.Series], pd.Series]


def _rules(column: Column, spellings: Spellings) -> list[tuple[str, Change, Concerns]]:
    """Return the rules for a column in order: name, what it does to a cell, which cells it may concern."""
    rules: list[tuple[str, Change, Concerns]] = [("spaces", _tidy, _untidy)]
    if column.type == "date":
        rules.append(("date as typed", _day, lambda cells: ~cells.str.fullmatch("(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?")))
    elif column.type == "integer":
        rules.append(("number as typed", _whole, lambda cells: ~cells.str.fullmatch("[0-9]*")))
    elif column.type == "number":
        rules.append(("number as typed", ascii_digits, lambda cells: ~cells.str.fullmatch("[0-9.-]*")))
    elif column.name == "time_local":
        rules.append(("hour as typed", _hour, lambda cells: ~cells.str.fullmatch(f"(?:{column.pattern})?")))
    elif column.name == "weapons":
        known = _cells_of(column)
        rules.append(("weapon's spelling", lambda cell: _weapons(cell, spellings.weapons), lambda cells: ~known(cells)))
    elif column.name == "claimed_by":
        names = spellings.claimants
        rules.append(
            (
                "claimant's spelling",
                lambda cell: names.get(loose(cell), cell),
                lambda cells: ~cells.isin(["", *CLAIMANTS]),
            )
        )
    elif column.name == "country":
        known = _cells_of(column)
        rules.append(("country's name", _country, lambda cells: ~known(cells)))
    elif column.name == "site_id":
        codes = {"", "other", *spellings.sites.values()}
        rules.append(("place's spelling", lambda cell: _site(cell, spellings.sites), lambda cells: ~cells.isin(codes)))
    elif column.vocabulary:
        known = _cells_of(column)
        words = column.vocabulary
        rules.append(("case", lambda cell: _word(cell, words, column.separator), lambda cells: ~known(cells)))
    elif column.name in ("incident_key", "response_key", "into", "language"):
        rules.append(("case", str.lower, lambda cells: cells.str.contains("[A-Z]", regex=True)))
    return rules


def _apply(cells: pd.Series, change: Change, concerns: Concerns) -> tuple[pd.Series, pd.Series | None]:
    """Return the cells with `change` done to those that it concerns, and which changed (None if none did)."""
    rows = concerns(cells).astype(bool)
    if not rows.any():
        return cells, None
    known = cells[rows].unique()
    map_to = {cell: change(cell) for cell in known}
    moved = {cell: new for cell, new in map_to.items() if cell != new}
    if not moved:
        return cells, None
    rows &= cells.isin(list(moved))
    changed = cells.copy()
    changed[rows] = cells[rows].map(moved).astype(TEXT)
    return changed, rows


def _log(file: str, column: str, before: pd.Series, after: pd.Series, rule: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": file,
            "row": before.index.to_numpy(),
            "column": column,
            "before": before.to_numpy(),
            "after": after.to_numpy(),
            "rule": rule,
        }
    )


def _untidy(cells: pd.Series) -> pd.Series:
    return cells.str.contains(_LOOSE, regex=True)


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


def _country(cell: str) -> str:
    return ";".join(country_code(part) or part.strip() for part in re.split(r"[;,/]", cell))


def _site(cell: str, sites: dict[str, str]) -> str:
    plain = loose(cell)
    return "other" if plain == "other" else sites.get(plain, cell)


def _weapons(cell: str, arms: dict[str, str]) -> str:
    parts = [part for part in re.split(r"[;,+/|،؛]", cell) if part.strip()]
    return ";".join(arms.get(loose(part), part.strip()) for part in parts)


def _word(cell: str, words: tuple[str, ...], separator: str) -> str:
    known = {loose(word): word for word in words}
    parts = cell.split(separator) if separator else [cell]
    return separator.join(known.get(loose(part), part) for part in parts)


def _cells_of(column: Column) -> Concerns:
    """Return a test for cells that hold words of the vocabulary alone."""
    one = "(?:" + "|".join(map(re.escape, column.vocabulary)) + ")"
    pattern = f"(?:{one}(?:{re.escape(column.separator)}{one})*)?" if column.separator else f"(?:{one})?"
    return lambda cells: cells.str.fullmatch(pattern)
