"""What a view of the explorer selects: the state that its address holds, and what it says of people hurt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from urllib.parse import quote

import pandas as pd

from helpers import vocabulary
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import NAMES, Stretches, span_text
from helpers.words import capital

#: What reports say of the people at the place; an incident is in exactly one of them.
HARM = {
    "killed": "someone killed",
    "injured": "injured, no one killed",
    "none": "no one hurt, by reports",
    "unsaid": "not said",
}

#: Columns that hold people hurt.
PEOPLE = ("us_killed", "us_injured_best", "partner_killed", "partner_injured")


@dataclass(frozen=True)
class View:
    """One state of the explorer: days (both included), lists (empty: all) and the words searched for.

    Within a list any value fits; between the lists all must. `q` looks for places; with `sources` it looks also in what
    sources say and how they are called.
    """

    start: str
    end: str
    country: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    weapon: tuple[str, ...] = ()
    confirmation: tuple[str, ...] = ()
    harm: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    q: str = ""
    sources: str = ""

    def values(self) -> dict[str, str | list[str]]:
        """Return the state under the names that the address uses (`from` and `to` for the days)."""
        names = {"start": "from", "end": "to"}
        plain = {names.get(part.name, part.name): getattr(self, part.name) for part in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    def address(self) -> str:
        """Return the part of the page's address after ``#``, without what is empty."""
        joined = {name: ",".join(v) if isinstance(v, list) else v for name, v in self.values().items()}
        return "&".join(f"{name}={quote(value, safe=',')}" for name, value in joined.items() if value)


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
        country=() if set(countries) == set(vocabulary.countries(parameters.reference_dir)) else countries,
        confirmation=() if set(confirmations) <= set(counted) else counted,
    )


def stories(parameters: Parameters, confirmations: Iterable[str] = ()) -> dict[str, tuple[str, View]]:
    """Return name -> words and view of what the brief's findings are about: each stretch, missiles, people hurt.

    The words name what is shown and claim nothing of it, so that they hold under all `parameters`. The names of the
    stretches are those of `helpers.stretches`.
    """
    usual = default_view(parameters, confirmations)
    found: dict[str, tuple[str, View]] = {"all": ("the whole window", usual)}
    for name in NAMES:
        stretch = Stretches(parameters)[name]
        if stretch.first and stretch.last:
            words = "the pause" if name == "pause" else stretch.words
            days = span_text(stretch.first, stretch.last)
            view = replace(usual, start=stretch.first.isoformat(), end=stretch.last.isoformat())
            found[name] = (f"{words} ({days})" if name == "pause" else words, view)
    missiles = vocabulary.missiles(parameters.reference_dir)
    found["missiles"] = ("missiles of a stated kind", replace(usual, weapon=missiles))
    found["harm"] = ("people killed or injured", replace(usual, harm=("killed", "injured")))
    found["officials"] = ("confirmed by a US official", replace(usual, confirmation=("us_official",)))
    return {name: (capital(words), view) for name, (words, view) in found.items()}


def harm(incidents: pd.DataFrame) -> pd.Series[str]:
    """Return the `HARM` code of each incident, from the columns `PEOPLE`; a blank number says nothing."""
    people = incidents[list(PEOPLE)].apply(pd.to_numeric).astype("Float64")
    killed = people[["us_killed", "partner_killed"]].gt(0).fillna(False).any(axis=1)
    injured = people[["us_injured_best", "partner_injured"]].gt(0).fillna(False).any(axis=1)
    said = people.notna().any(axis=1)
    code = pd.Series("unsaid", index=incidents.index, dtype="object")
    return code.mask(said, "none").mask(injured, "injured").mask(killed, "killed")
