"""The codebook's words, with the order, labels and colours under which the brief prints them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from helpers.paths import resolve

COUNTRIES = {"IQ": "Iraq", "SY": "Syria", "JO": "Jordan"}

#: Confirmation codes, strongest first, with the words for them.
CONFIRMATION = {
    "us_official": "a US official",
    "local_official": "a local official",
    "media_only": "media only",
    "claim_only": "the claimant alone",
    "denied": "denied",
}


@dataclass(frozen=True)
class Weapon:
    """One weapon of the codebook: its code, rung on the ladder (None off it), words and colour."""

    code: str
    rung: int | None
    label: str
    plural: str
    colour: str


@cache
def weapons(reference_dir: str = "data/reference") -> dict[str, Weapon]:
    """Return code -> `Weapon` in the order of ``weapons.csv``: the ladder from the ground up, then what has no rung."""
    with (resolve(reference_dir) / "weapons.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = (
        Weapon(row["code"], int(row["rung"]) if row["rung"] else None, row["label"], row["plural"], row["colour"])
        for row in rows
    )
    return {weapon.code: weapon for weapon in known}


def split(cell: object) -> list[str]:
    """Return the parts of a cell that holds several values joined by ``;`` (none for a blank or missing cell)."""
    return [part for part in str(cell).split(";") if part] if isinstance(cell, str) else []


def top_weapon(codes: list[str], reference_dir: str = "data/reference") -> str:
    """Return the weapon of `codes` on the highest rung; where none has a rung, missile_unspecified before unknown."""
    known = weapons(reference_dir)
    rank = {code: (weapon.rung if weapon.rung is not None else -1) for code, weapon in known.items()}
    if not codes:
        return "unknown"
    order = list(known)
    ranked = [code for code in codes if known[code].rung is not None]
    pool = ranked or [code for code in codes if code == "missile_unspecified"] or ["unknown"]
    return max(pool, key=lambda code: (rank[code], -order.index(code)))
