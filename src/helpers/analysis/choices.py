"""Each headline again, with one choice of the analyst's changed at a time.

Who must confirm, which countries, which rulings, which day, what a missile of no stated kind is, where the pause
begins, which days count: for each a table says what comes out, and whether it could have come out as a finding at all.
Every change keeps all others as the brief has them. A choice that leaves too little to show anything is no
counter-evidence: it cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis import trend
from helpers.analysis.harm import officials_total
from helpers.analysis.pause import on_record
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Facts, finding, printed
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import within_coding
from helpers.tables import each, select
from helpers.vocabulary import COUNTRIES, split, unstated

Tables = Mapping[str, pd.DataFrame]

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


def pause(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return attacks a day in the pause over those on the days compared (see `helpers.analysis.pause`)."""
    found = on_record(incidents, parameters, "pause")
    return Estimate(found.ratio.value, found.ratio.low, found.ratio.high, found.fall)


def stop(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return attacks a day since the second stop over those on all days before it but the pause."""
    found = on_record(incidents, parameters, "since_stop")
    return Estimate(found.ratio.value, found.ratio.low, found.ratio.high, found.fall)


def climb(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return the odds a month that an attack's heaviest weapon is a rocket or more (`helpers.analysis.trend`)."""
    found = trend.climb(incidents, parameters)
    return Estimate(found.value, found.low, found.high, found.finding)


def toll(incidents: pd.DataFrame, parameters: Parameters, tables: Tables) -> Estimate:
    """Return the people whom the attacks on record name as injured, and as `high` officials' own total of them.

    The finding is whether officials counted more; there is none where they count other days or countries.
    """
    injured = incidents["us_injured_best"].dropna()
    officials = officials_total(tables["official_counts"], tables["sources"], parameters)
    shows = None if officials is None or injured.empty else bool(injured.sum() < officials)
    return Estimate(float(injured.sum()), None, officials, finding(shows))


#: The headlines: attacks were rarer in the pause, and since the second stop; weapons grew heavier; officials counted
#: more injured than the attacks on record name. Each is made from the incidents that count, parameters and tables.
HEADLINES = {"pause": pause, "stop": stop, "climb": climb, "toll": toll}


ALL = tuple(HEADLINES)


class Choice(NamedTuple):
    """One change: its `group`, its `words`, which `headlines` it bears on, and what it changes.

    `incidents` gives the incidents of the clean tables, changed or as they are; `parameters` are those that differ.
    """

    group: str
    words: str
    headlines: tuple[str, ...] = ALL
    incidents: Callable[[Tables], pd.DataFrame] = itemgetter("incidents")
    parameters: Mapping[str, object] = {}


def sure_days(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the incidents whose day all reports agree on."""
    sure = (incidents["date_precision"] == "day") & (incidents["date_earliest"] == incidents["date_latest"])
    return incidents[sure]


def dated(incidents: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Return the incidents dated by the ``earliest`` or ``latest`` report, or by days from 07:00 on (``truce``)."""
    if rule == "truce":
        early = incidents["time_local"].map(lambda time: time == "dawn" or (":" in str(time) and time < TRUCE_HOUR))
        return incidents.assign(date=incidents["date"] - pd.to_timedelta(early.astype(int), unit="D"))
    return incidents.assign(date=incidents[f"date_{rule}"].fillna(incidents["date"]))


def missiles_as(incidents: pd.DataFrame, code: str, parameters: Parameters) -> pd.DataFrame:
    """Return the incidents with the weapon `code` where a missile of no stated kind is the heaviest."""
    unnamed = incidents["top_weapon"].isin(list(unstated(parameters.reference_dir)))
    return incidents.assign(top_weapon=incidents["top_weapon"].mask(unnamed, code))


def ruled(tables: Tables, rulings: str) -> pd.DataFrame:
    """Return the incidents under the `rulings` ``without_unsure`` or ``only_sure``."""
    incidents, others = tables["incidents"], tables["incidents_other_rulings"]
    others = others[others["rulings"] == rulings]
    replaced = others["replaces"].map(split).explode()
    return pd.concat(
        [incidents[~incidents["incident_id"].isin(replaced)], others[incidents.columns]], ignore_index=True
    )


def choices(parameters: Parameters) -> dict[str, Choice]:
    """Return key -> the changes that a run with these `parameters` leaves open, the brief's own choice first."""
    p, day, fortnight = parameters, timedelta(days=1), timedelta(days=14)
    order, by_day = list(CONFIRMATIONS), ("pause", "stop", "climb")
    found = {"own": Choice("As in the brief", "as the brief counts")}

    def add(key: str, *words: Any, **changed: object) -> None:
        found[key] = Choice(*words)._replace(parameters=changed)

    for code, words in (
        ("media", "without attacks that the claimant alone reports"),
        ("local_official", "confirmed by a US or local official"),
        ("us_official", "confirmed by a US official"),
    ):
        if order.index(code) < order.index(p.confirmed_by):
            add(code, "Who confirms", words, confirmed_by=code)
    for code in p.countries if len(p.countries) > 1 else ():
        add(code.lower(), "Country", f"{COUNTRIES[code]} alone", countries=(code,))
    add("likely", "Rulings on duplicates", "without the unsure", ALL, lambda t: ruled(t, "without_unsure"))
    add("sure", "Rulings on duplicates", "only the sure", ALL, lambda t: ruled(t, "only_sure"))
    for rule in ("earliest", "latest"):
        add(rule, "Day of an attack", f"{rule} reported", by_day, lambda t, rule=rule: dated(t["incidents"], rule))
    add("certain", "Day of an attack", "only attacks whose day is sure", by_day, lambda t: sure_days(t["incidents"]))
    add("ballistic", "Missiles of no stated kind", "as ballistic", ("climb",),
        lambda t: missiles_as(t["incidents"], "ballistic_missile", p))  # fmt: skip
    if CEASEFIRE[0] <= p.pause_start and p.pause_end <= CEASEFIRE[1]:
        for key, words, start, end in (
            ("later", "a day later at the start", p.pause_start + day, p.pause_end),
            ("sooner", "a day less at the end", p.pause_start, p.pause_end - day),
            ("lapse", "with the day on which it lapsed", p.pause_start, p.pause_end + day),
        ):
            if CEASEFIRE[0] <= start < end <= CEASEFIRE[1]:
                add(key, "Days of the pause", words, ("pause",), pause_start=start, pause_end=end)
        add("truce", "Days of the pause", "from 07:00 to 07:00", ("pause",), lambda t: dated(t["incidents"], "truce"))
    if p.window_end - p.window_start >= LONG:
        add("late", "Days counted", "first two weeks left out", by_day, window_start=p.window_start + fortnight)
        add("early", "Days counted", "last two weeks left out", by_day, window_end=p.window_end - fortnight)
    return found


#: Columns of the table of choices; `incidents` is how many attacks count.
COLUMNS = ["headline", "choice", "group", "words", "estimate", "low", "high", "finding", "incidents"]


def analyse_choices(tables: Tables, parameters: Parameters) -> pd.DataFrame:
    """Return every headline under every single change: a row a headline and choice, columns `COLUMNS`.

    They stand by headline and with the brief's own choice first. `tables` holds the clean tables incidents,
    incidents_other_rulings, official_counts and sources.
    """
    parameters = within_coding(parameters, tables["incidents"])
    rows = []
    for key, choice in choices(parameters).items():
        mine = parameters.model_copy(update=dict(choice.parameters))
        counted = select(choice.incidents(tables), mine)
        for headline in choice.headlines:
            estimate = HEADLINES[headline](counted, mine, tables)
            rows.append((headline, key, choice.group, choice.words, *estimate, len(counted)))
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"estimate": float, "low": float, "high": float})
    return table.sort_values("headline", key=lambda n: n.map([*HEADLINES].index), kind="stable")


def cell(row: Any) -> str:
    """Return an estimate as the table prints it: "0.070 (0.0018 to 0.49)", or that it cannot be judged."""
    value, low, high = (None if pd.isna(end) else float(end) for end in (row.estimate, row.low, row.high))
    if row.headline == "toll":
        return f"{int(row.estimate):,}" if high is None else f"{int(row.estimate):,} of officials’ {int(high):,}"
    if row.finding == CANNOT:
        return "cannot be judged"
    limits = "no limit" if high is None else printed(high, "ratio")
    return f"{printed(value, 'ratio')} ({printed(low, 'ratio')} to {limits})"


def facts(table: pd.DataFrame) -> Facts:
    """Return the facts ``choices.*``: each choice with each headline under it, and how many changes show a headline."""
    known = Facts()
    for place, (key, rows) in enumerate(table.groupby("choice", sort=False), 1):
        first, under = rows.iloc[0], {row.headline: row for row in each(rows)}
        words = first["group"] if key == "own" else f"{first['group']}: {first['words']}"
        known.add(f"choices.{place}.words", words, unit="text")
        for headline in HEADLINES:
            row = under.get(headline)
            known.add(f"choices.{place}.{headline}", row and row.estimate, text=cell(row) if row else "–",
                      unit="people" if headline == "toll" else "ratio")  # fmt: skip
    for name, rows in table[table["choice"] != "own"].groupby("headline"):
        shown, judged = (int(rows["finding"].isin(which).sum()) for which in ((SHOWN,), (SHOWN, NOT_SHOWN)))
        known.add_each(f"choices.{name}", {"shown": shown, "judged": judged})
    return known
