"""What a view of the explorer selects: the state that its address holds, and the incidents that fit it.

The page does the same in the browser; this is its definition, by which the page is tested and widgets select.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, quote

import pandas as pd

from helpers import vocabulary
from helpers.parameters import CONFIRMATIONS, Parameters

#: What was told of the people at the place, an incident in exactly one of them.
HARM = {
    "killed": "somebody killed",
    "injured": "injured, nobody killed",
    "none": "said to have hurt nobody",
    "unsaid": "not said",
}

#: Columns that hold people hurt.
PEOPLE = ("us_killed", "us_injured_best", "partner_killed", "partner_injured")


@dataclass(frozen=True)
class View:
    """One state of the explorer: days (both included), lists (empty = all) and the words searched for.

    Within a list any value fits; between the lists all must.
    """

    start: str
    end: str
    country: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    weapon: tuple[str, ...] = ()
    confirmation: tuple[str, ...] = ()
    harm: tuple[str, ...] = ()
    q: str = ""

    def values(self) -> dict[str, str | list[str]]:
        """Return the state under the names that the address uses (`from` and `to` for the days)."""
        names = {"start": "from", "end": "to"}
        plain = {names.get(part.name, part.name): getattr(self, part.name) for part in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    def address(self) -> str:
        """Return the part of the address after ``#``."""
        joined = {name: ",".join(v) if isinstance(v, list) else v for name, v in self.values().items()}
        return "&".join(f"{name}={quote(value, safe=',')}" for name, value in joined.items())

    @classmethod
    def read(cls, address: str, usual: View) -> View:
        """Return the view that an `address` (after ``#``) names; what it leaves out is as in `usual`."""
        given = dict(parse_qsl(address, keep_blank_values=True))
        values: dict[str, str | tuple[str, ...]] = {}
        for part in fields(cls):
            name = {"start": "from", "end": "to"}.get(part.name, part.name)
            text = given.get(name)
            if text is None or (name in ("from", "to") and not text):
                values[part.name] = getattr(usual, part.name)
            elif name in ("from", "to", "q"):
                values[part.name] = text
            else:
                values[part.name] = tuple(code for code in text.split(",") if code)
        return cls(**values)  # type: ignore[arg-type]


def default_view(parameters: Parameters, confirmations: Iterable[str] = ()) -> View:
    """Return the view that shows what `parameters` count.

    A list that would leave nothing out stays empty: countries where all count, and confirmation where every code in
    `confirmations` (those in the data) counts.
    """
    counted = CONFIRMATIONS[parameters.confirmed_by]
    countries = tuple(parameters.countries)
    return View(
        start=parameters.window_start.isoformat(),
        end=parameters.window_end.isoformat(),
        country=() if set(countries) == set(vocabulary.COUNTRIES) else countries,
        confirmation=() if set(confirmations) <= set(counted) else counted,
    )


def harm(incidents: pd.DataFrame) -> pd.Series[str]:
    """Return the `HARM` code of each incident, from the columns `PEOPLE`; a blank number says nothing."""
    people = incidents[list(PEOPLE)].apply(pd.to_numeric).astype("Float64")
    killed = people[["us_killed", "partner_killed"]].gt(0).fillna(False).any(axis=1)
    injured = people[["us_injured_best", "partner_injured"]].gt(0).fillna(False).any(axis=1)
    said = people.notna().any(axis=1)
    code = pd.Series("unsaid", index=incidents.index, dtype="object")
    return code.mask(said, "none").mask(injured, "injured").mask(killed, "killed")


def folded(text: str) -> str:
    """Return `text` as the search compares it: without case, accents and doubled spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.lower().split())


def search_text(incidents: pd.DataFrame, reports: pd.DataFrame, sources: pd.DataFrame) -> pd.Series[str]:
    """Return for each incident the folded text in which the search box looks.

    That is its id, place, country, weapons, claimant, confirmation, and of each report the source's id, outlet and
    title, the place and weapon as reported, and the coder's note.
    """
    words = {code: weapon.label for code, weapon in vocabulary.weapons().items()}
    said = reports.merge(sources[["source_id", "outlet", "title"]], on="source_id", how="left")
    columns = ["source_id", "outlet", "title", "place_as_reported", "weapon_as_reported", "note"]
    lines = said[columns].fillna("").astype(str).agg(" ".join, axis=1)
    joined = lines.groupby(said["incident_id"]).agg(" ".join)
    own = incidents[["incident_id", "site_name", "admin1", "claimed_by", "attributed_to"]].fillna("").astype(str)
    text = own.agg(" ".join, axis=1)
    text += " " + incidents["country"].map(vocabulary.COUNTRIES).fillna("")
    text += " " + incidents["confirmation"].map(vocabulary.CONFIRMATION).fillna("")
    text += " " + incidents["weapons"].map(lambda cell: ", ".join(words.get(c, c) for c in vocabulary.split(cell)))
    text += " " + incidents["incident_id"].map(joined).fillna("")
    return text.str.replace("_", " ", regex=False).map(folded)


def select(incidents: pd.DataFrame, view: View, text: pd.Series[str]) -> pd.DataFrame:
    """Return the `incidents` that fit `view`, by date and id; `text` is what `search_text` gave for them."""
    day = incidents["date"].dt.strftime("%Y-%m-%d")
    fits = day.between(view.start, view.end)
    for column, wanted in (("country", view.country), ("site_id", view.site), ("confirmation", view.confirmation)):
        if wanted:
            fits &= incidents[column].isin(wanted)
    if view.weapon:
        fits &= incidents["weapons"].map(lambda cell: bool(set(vocabulary.split(cell)) & set(view.weapon)))
    if view.harm:
        fits &= harm(incidents).isin(view.harm)
    for word in folded(view.q).split():
        fits &= text.str.contains(word, regex=False)
    chosen: pd.DataFrame = incidents[fits].sort_values(["date", "incident_id"], ignore_index=True)
    return chosen
