"""A record of other days than the codebook's is analysed on its own days."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT

from helpers.analysis import (
    claims,
    coverage,
    harm,
    places,
    strikes,
    totals,
    trend,
    weapons,
    weapons_facts,
)
from helpers.cleaning.pipeline import clean
from helpers.cleaning.publish import title
from helpers.facts import Facts
from helpers.parameters import Parameters
from helpers.stretches import within_coding

#: Whole weeks, so that weeks hold the same days, and far enough that no day is one of the codebook's.
LATER = timedelta(days=364)
DAYS = ("window_start", "window_end", "pause_start", "pause_end", "stop_start")
ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?!\d)")
WORDS = re.compile(r"\b(\d{1,2} [A-Z][a-z]+ \d{4})\b")


def moved(text: str, by: timedelta) -> str:
    """Return `text` with each day in it, as the sheets or as the brief write days, moved."""
    moved_iso = ISO.sub(lambda found: (date.fromisoformat(found[1]) + by).isoformat(), text)

    def in_words(found: re.Match[str]) -> str:
        day = pd.to_datetime(found[1], format="%d %B %Y", errors="coerce")
        return found[1] if pd.isna(day) else f"{(day + by).day} {day + by:%B %Y}"

    return WORDS.sub(in_words, moved_iso)


def later(source: Path, target: Path) -> Path:
    """Copy a folder of sheets with every day, also those in keys, moved; sources keep their ids."""
    shutil.copytree(source, target)
    named = [
        "date",
        "date_earliest",
        "date_latest",
        "published",
        "as_of",
        "since",
        "stated_on",
        "start",
        "end",
        "value",
    ]
    keys = ["incident_key", "into", "response_key"]
    for path in target.glob("*.csv"):
        sheet = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in set(sheet.columns) & {*named, *keys}:
            sheet[column] = sheet[column].map(lambda cell: moved(cell, LATER))
        sheet.to_csv(path, index=False)
    return target


def facts_of(record: dict[str, pd.DataFrame], parameters: Parameters) -> dict[str, Any]:
    """Return the values of the facts of notebooks 02, 03, 05 and 07."""
    incidents = record["incidents"]
    counts, sources = record["official_counts"], record["sources"]
    found = coverage.analyse_coverage(incidents, counts, sources, parameters)
    found_weapons = weapons.analyse(incidents, parameters, record["reports"], sources)
    p, prepared = found_weapons.parameters, found_weapons.prepared
    escalation = weapons_facts.Escalation(
        found_weapons,
        trend.climb(prepared, p),
        trend.readings(prepared, p),
        places.analyse(prepared, p, record),
    )
    made = (
        coverage.facts(found),
        weapons_facts.facts(escalation),
        harm.facts(harm.analyse_harm(incidents, parameters, record)),
        strikes.facts(strikes.analyse_strikes(incidents, record["responses"], parameters)),
        claims.facts(claims.analyse_claims(record, parameters)),
    )
    facts = Facts(fact for facts in made for fact in facts.values())
    # ids, and days in words that need not name their month or year
    words = (".source", ".tested", ".reason", ".also_told", ".span")
    # whole weeks later the months hold other days
    months = "weapons.month."
    return {n: fact.value for n, fact in facts.items() if not n.endswith(words) and not n.startswith(months)}


@pytest.mark.soak
def test_the_same_record_a_year_later_gives_the_same_facts_a_year_later(tmp_path: Path) -> None:
    usual = Parameters(resamples=99)
    given = {name: getattr(usual, name) + LATER for name in DAYS}
    before = facts_of(clean(ROOT / "data/coded", ROOT / "data/reference").tables, usual)
    own = clean(later(ROOT / "data/coded", tmp_path / "coded"), later(ROOT / "data/reference", tmp_path / "reference"))
    after = facts_of(own.tables, usual.model_copy(update=given))
    back = {
        moved(name, -LATER): moved(value, -LATER) if isinstance(value, str) else value for name, value in after.items()
    }
    assert set(back) == set(before)
    assert {name for name in before if back[name] != before[name]} == set()


def at(*days: str) -> pd.DataFrame:
    return pd.DataFrame({"date": pd.to_datetime(list(days))})


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [
        (["2023-11-02", "2024-02-01"], date(2023, 10, 17), date(2024, 2, 29)),
        (["2023-11-02", "2024-03-09"], date(2023, 10, 17), date(2024, 4, 30)),
        (["2023-09-30", "2024-02-01"], date(2023, 9, 1), date(2024, 2, 29)),
        (["2023-09-30", "2024-03-09"], date(2023, 9, 1), date(2024, 4, 30)),
        ([], date(2023, 10, 17), date(2024, 2, 29)),
    ],
)
def test_a_window_reaches_beyond_the_codebook_only_where_incidents_do(days: list[str], start: date, end: date) -> None:
    wide = Parameters(window_start=date(2023, 9, 1), window_end=date(2024, 4, 30))
    cut = within_coding(wide, at(*days))
    assert (cut.window_start, cut.window_end) == (start, end)


def test_totals_of_other_days_count_from_the_window_and_the_codebook_s_from_its_own_first_day() -> None:
    window = Parameters(window_start=date(2024, 10, 15), window_end=date(2025, 2, 27))
    own, coded = (
        pd.DataFrame({"as_of": pd.to_datetime([day, None]), "stated_on": pd.to_datetime([None, "2025-01-02"])})
        for day in ("2024-10-22", "2023-10-24")
    )
    assert totals.counted_since(own, window) == date(2024, 10, 15)
    assert totals.counted_since(coded, window) == totals.COUNTED_SINCE == date(2023, 10, 17)


def test_a_record_is_called_by_its_own_months() -> None:
    assert title(at("2025-02-01", "2024-10-16")["date"]).endswith("Jordan, October 2024 to February 2025")
    assert title(at()["date"]).endswith("Jordan")
