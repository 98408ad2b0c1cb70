"""Each headline again, with one choice of the analyst's changed at a time.

Who must confirm, which countries, which rulings, which day, what a missile of no stated kind is, where the pause
begins, which days count: for each a table says what comes out, and whether it could have come out as a finding at all.
Every change keeps all others as the brief has them. A choice that leaves too little to show anything is no
counter-evidence: it cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis import trend
from helpers.analysis.harm import officials_total
from helpers.analysis.pause import by_days
from helpers.cleaning import assemble
from helpers.cleaning.grade import firmest
from helpers.cleaning.rulings import link
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Row, finding, printed
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import Stretches, within_coding
from helpers.tables import select
from helpers.vocabulary import COUNTRIES, unstated

Tables = Mapping[str, pd.DataFrame]
Incidents = Callable[[pd.DataFrame, Parameters, Tables], pd.DataFrame]

#: The ceasefire's own bounds, the day on which it lapsed included: no pause that reaches beyond is a reading of it.
CEASEFIRE = (Parameters().pause_start, Parameters().pause_end + timedelta(days=1))

#: Hour at which the ceasefire began and lapsed, local time.
TRUCE_HOUR = "07:00"

#: Fewest weeks of which the window may be shortened by two at an end.
LONG = timedelta(weeks=10)


class Estimate(NamedTuple):
    """One estimate: `value` from `low` to `high` (None where undefined or unbounded), and the `finding` by it."""

    value: float | None
    low: float | None
    high: float | None
    finding: str


class Headline(NamedTuple):
    """A headline: what it says if shown, the unit of its estimate, the value of no difference, and how it is made."""

    statement: str
    unit: str
    none: float | None
    estimate: Callable[[pd.DataFrame, Parameters, Tables], Estimate]


def pause(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return attacks a day in the pause over those on the days compared (see `helpers.analysis.pause`)."""
    # officials confirmed fewer single attacks later: these are set against the days before alone
    return _stretch("pause", "before" if parameters.confirmed_by == "us_official" else "to_stop", incidents, parameters)


def stop(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return attacks a day since the second stop over those on all days before it but the pause."""
    return _stretch("since_stop", "to_stop", incidents, parameters)


def _stretch(stretch: str, compared: str, incidents: pd.DataFrame, parameters: Parameters) -> Estimate:
    cut = Stretches(parameters)
    found = by_days(select(incidents, parameters), cut[stretch], cut[compared], cut)
    return Estimate(found.ratio.value, found.ratio.low, found.ratio.high, found.fall)


def climb(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return the odds a month that an attack's heaviest weapon is a rocket or more (`helpers.analysis.trend`)."""
    found = trend.climb(select(incidents, parameters), parameters)
    return Estimate(found.value, found.low, found.high, found.finding)


def toll(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return the people whom the attacks on record name as injured, and as `high` officials' own total of them.

    The finding is whether officials counted more; there is none where they count other days or countries.
    """
    injured = select(incidents, parameters)["us_injured_best"].dropna()
    officials = officials_total(tables["official_counts"], tables["sources"], parameters)
    shows = None if officials is None or injured.empty else bool(injured.sum() < officials)
    return Estimate(float(injured.sum()), None, officials, finding(shows))


HEADLINES = {
    "pause": Headline("attacks were rarer in the pause", "ratio", 1.0, pause),
    "stop": Headline("attacks were rarer since the second stop", "ratio", 1.0, stop),
    "climb": Headline("weapons grew heavier", "ratio", 1.0, climb),
    "toll": Headline("officials counted more injured than the attacks on record name", "people", None, toll),
}


class Choice(NamedTuple):
    """One change: its `group`, its `words`, which `headlines` it bears on, and what it changes.

    `parameters` are those that differ; `incidents` makes other incidents of the clean table.
    """

    group: str
    words: str
    headlines: tuple[str, ...] = ("pause", "stop", "climb", "toll")
    parameters: Mapping[str, object] = {}
    incidents: Incidents | None = None


def sure_days(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> pd.DataFrame:
    """Return the incidents whose day all reports agree on."""
    sure = (incidents["date_precision"] == "day") & (incidents["date_earliest"] == incidents["date_latest"])
    return incidents[sure]


def other_days(rule: str) -> Incidents:
    """Return how incidents are dated: by ``earliest`` or ``latest`` report, or by days from 07:00 on (``truce``)."""

    def dated(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> pd.DataFrame:
        if rule == "truce":
            early = incidents["time_local"].map(lambda time: time == "dawn" or (":" in str(time) and time < TRUCE_HOUR))
            return incidents.assign(date=incidents["date"] - pd.to_timedelta(early.astype(int), unit="D"))
        return incidents.assign(date=incidents[f"date_{rule}"].fillna(incidents["date"]))

    return dated


def missiles_as(code: str) -> Incidents:
    """Return how an attack with a missile of no stated kind is read as one with the weapon `code`."""

    def read(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> pd.DataFrame:
        unnamed = incidents["top_weapon"].isin(list(unstated(parameters.reference_dir)))
        return incidents.assign(top_weapon=incidents["top_weapon"].mask(unnamed, code))

    return read


def ruled(kept: tuple[str, ...]) -> Incidents:
    """Return how incidents are made anew with those merges and exclusions alone whose confidence is in `kept`.

    Only incidents that such a ruling touches are made anew from their reports.
    """

    def made(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> pd.DataFrame:
        decisions, reports = tables["decisions"], tables["reports"]
        undone = decisions["action"].isin(["merge", "set_aside"]) & ~decisions["confidence"].isin(kept)
        if not undone.any():
            return incidents
        known = decisions[~undone].drop(columns="reports").fillna("")
        sources = tables["sources"].set_index("source_id")
        sources["outlet"] = sources["family"].map(firmest(sources["kind"], sources["family"]))
        columns = ("published", "kind", "outlet")
        told = reports.assign(**{name: reports["source_id"].map(sources[name]) for name in columns})
        linked = link(told, known)
        old = reports["incident_id"].fillna("")
        moved = linked.incident_id.astype(object) != old.astype(object)
        touched = set(old[moved]) | set(linked.incident_id[moved])
        here = (linked.incident_id.isin(touched) & (linked.incident_id != "")).to_numpy()
        part = told.assign(incident_id=linked.incident_id)[here]
        anew = assemble.incidents(part, tables["sites"], linked)[0]
        return pd.concat([incidents[~incidents["incident_id"].isin(touched)], anew], ignore_index=True)

    return made


def choices(parameters: Parameters) -> dict[str, Choice]:
    """Return key -> the changes that a run with these `parameters` leaves open, the brief's own choice first."""
    p, day, fortnight = parameters, timedelta(days=1), timedelta(days=14)
    order = list(CONFIRMATIONS)
    found = {"own": Choice("As in the brief", "as the brief counts")}
    for code, words in (
        ("media", "without attacks that the claimant alone reports"),
        ("local_official", "confirmed by a US or local official"),
        ("us_official", "confirmed by a US official"),
    ):
        if order.index(code) < order.index(p.confirmed_by):
            found[code] = Choice("Who confirms", words, parameters={"confirmed_by": code})
    if len(p.countries) > 1:
        for code in p.countries:
            found[code.lower()] = Choice("Country", f"{COUNTRIES[code]} alone", parameters={"countries": (code,)})
    found["likely"] = Choice("Rulings on duplicates", "without the unsure", incidents=ruled(("sure", "likely")))
    found["sure"] = Choice("Rulings on duplicates", "only the sure", incidents=ruled(("sure",)))
    dated = ("pause", "stop", "climb")
    found["earliest"] = Choice("Day of an attack", "earliest reported", dated, incidents=other_days("earliest"))
    found["latest"] = Choice("Day of an attack", "latest reported", dated, incidents=other_days("latest"))
    found["certain"] = Choice("Day of an attack", "only attacks whose day is sure", dated, incidents=sure_days)
    found["ballistic"] = Choice("Missiles of no stated kind", "as ballistic", ("climb",),
                                incidents=missiles_as("ballistic_missile"))  # fmt: skip
    if CEASEFIRE[0] <= p.pause_start and p.pause_end <= CEASEFIRE[1]:
        bounds = {
            "later": ("a day later at the start", p.pause_start + day, p.pause_end),
            "sooner": ("a day less at the end", p.pause_start, p.pause_end - day),
            "lapse": ("with the day on which it lapsed", p.pause_start, p.pause_end + day),
        }
        for key, (words, start, end) in bounds.items():
            if CEASEFIRE[0] <= start < end <= CEASEFIRE[1]:
                change = {"pause_start": start, "pause_end": end}
                found[key] = Choice("Days of the pause", words, ("pause",), parameters=change)
        found["truce"] = Choice("Days of the pause", "from 07:00 to 07:00", ("pause",), incidents=other_days("truce"))
    if p.window_end - p.window_start >= LONG:
        late, early = {"window_start": p.window_start + fortnight}, {"window_end": p.window_end - fortnight}
        found["late"] = Choice("Days counted", "first two weeks left out", dated, parameters=late)
        found["early"] = Choice("Days counted", "last two weeks left out", dated, parameters=early)
    return found


COLUMNS = ["headline", "choice", "group", "words", "estimate", "low", "high", "finding", "incidents"]


@dataclass(frozen=True)
class Choices:
    """What `analyse_choices` finds.

    `table` has one row a headline and choice (columns `COLUMNS`; `incidents` how many attacks count), by headline and
    with the brief's own choice first.
    """

    parameters: Parameters
    table: pd.DataFrame

    def of(self, headline: str) -> pd.DataFrame:
        """Return the changes for one headline, the brief's own choice left out."""
        return self.table[(self.table["headline"] == headline) & (self.table["choice"] != "own")]


def analyse_choices(tables: Tables, parameters: Parameters) -> Choices:
    """Return every headline under every single change.

    `tables` holds the clean tables incidents, reports, decisions, sites and sources (to make incidents under other
    rulings), official_counts, conflicts and context (for the toll).
    """
    parameters = within_coding(parameters, tables["incidents"])
    rows = []
    for key, choice in choices(parameters).items():
        mine = parameters.model_copy(update=dict(choice.parameters))
        incidents = tables["incidents"]
        if choice.incidents is not None:
            incidents = choice.incidents(incidents, mine, tables)
        counted = len(select(incidents, mine))
        for headline in choice.headlines:
            estimate = HEADLINES[headline].estimate(incidents, mine, tables)
            rows.append((headline, key, choice.group, choice.words, *estimate, counted))
    table = pd.DataFrame(rows, columns=COLUMNS)
    numbers = ["estimate", "low", "high"]
    table[numbers] = table[numbers].astype(float)
    order = {name: place for place, name in enumerate(HEADLINES)}
    return Choices(parameters, table.sort_values("headline", key=lambda names: names.map(order), kind="stable"))


def cell(headline: str, row: pd.Series) -> str:
    """Return an estimate as the table prints it: "0.070 (0.0018 to 0.49)", or that it cannot be judged."""
    if headline == "toll":
        officials = "" if pd.isna(row["high"]) else f" of officials’ {int(row['high']):,}"
        return f"{int(row['estimate']):,}{officials}"
    if row["finding"] == CANNOT:
        return "cannot be judged"
    low, value, high = (None if pd.isna(row[name]) else float(row[name]) for name in ("low", "estimate", "high"))
    limits = "no limit" if high is None else printed(high, "ratio")
    return f"{printed(value, 'ratio')} ({printed(low, 'ratio')} to {limits})"


def _tally(headline: str) -> list[Row]:
    """Return how many single changes show a headline, and can be judged."""

    def count(result: Choices, *findings: str) -> int:
        return int(result.of(headline)["finding"].isin(findings).sum())

    return [
        Row(f"choices.{headline}.shown", "count", lambda r: count(r, SHOWN)),
        Row(f"choices.{headline}.judged", "count", lambda r: count(r, SHOWN, NOT_SHOWN)),
    ]


def _line(place: int, key: str) -> list[Row]:
    """Return the rows of one line of the table: the choice in words, and each headline under it."""

    def row(result: Choices, headline: str) -> Any:
        table = result.table
        found = table[(table["headline"] == headline) & (table["choice"] == key)]
        return found.iloc[0] if len(found) else None

    def words(result: Choices) -> str:
        first = result.table[result.table["choice"] == key].iloc[0]
        return str(first["group"] if key == "own" else f"{first['group']}: {first['words']}")

    def value(result: Choices, headline: str) -> Any:
        found = row(result, headline)
        return None if found is None else found["estimate"]

    def text(result: Choices, headline: str) -> str:
        found = row(result, headline)
        return "–" if found is None else cell(headline, found)

    return [
        Row(f"choices.{place}.words", "text", words),
        *(
            Row(
                f"choices.{place}.{name}",
                headline.unit,
                partial(value, headline=name),
                text=partial(text, headline=name),
            )
            for name, headline in HEADLINES.items()
        ),
    ]


def rows(result: Choices) -> list[Row]:
    """Return the facts ``choices.*`` as rows: a line a choice, and of each headline how many changes show it."""
    keys = list(dict.fromkeys(result.table["choice"]))
    lines = [row for place, key in enumerate(keys, 1) for row in _line(place, key)]
    return [*lines, *(row for headline in HEADLINES for row in _tally(headline))]
