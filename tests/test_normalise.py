"""Normalising: what people type becomes the codebook's form, nothing is guessed, each change is logged."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import REFERENCE, real, report

from helpers.cleaning.normalise import bare, families, loose, normalise, read_houses, read_spellings, readings
from helpers.cleaning.schemas import CODED, TEXT

REPORTS = CODED["reports"]
SPELLINGS = read_spellings(REFERENCE, real("sites"))


def frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame([{name: row.get(name, "") for name in REPORTS.column_names} for row in rows])
    table.index = pd.RangeIndex(2, len(rows) + 2)
    return table.astype(TEXT)


def normal(**cells: str) -> tuple[pd.Series, pd.DataFrame]:
    after, log = normalise(frame([report(1, **cells)]), REPORTS, SPELLINGS)
    return after.iloc[0], log


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("20/01/2024", "2024-01-20"),
        ("01/20/2024", "2024-01-20"),
        ("20.1.2024", "2024-01-20"),
        ("20 Jan 2024", "2024-01-20"),
        ("Jan 20, 2024", "2024-01-20"),
        ("20-Jan-24", "2024-01-20"),
        ("Saturday, 20 January 2024", "2024-01-20"),
        ("20th of January 2024", "2024-01-20"),
        ("2024/1/20", "2024-01-20"),
        ("2024-01-20 00:00:00", "2024-01-20"),
        ("05/05/2024", "2024-05-05"),
        ("٢٠/٠١/٢٠٢٤", "2024-01-20"),
    ],
)
def test_a_day_as_people_type_it_is_read(typed: str, day: str) -> None:
    row, log = normal(date=typed)
    assert row["date"] == day
    assert log[["row", "column", "before", "after", "rule"]].to_numpy().tolist() == [
        [2, "date", typed, day, "date as typed"]
    ]


@pytest.mark.parametrize(
    "typed",
    ["03/04/2024", "01/02/24", "24-01-20", "Jan 2024", "20 January", "45311", "2024-13-01", "31/02/2024", "Tuesday",
     "2024-01-20 05:00", "20/01", "last week", "1/1", "99/99/9999"],
)  # fmt: skip
def test_what_could_be_two_days_or_none_stays_as_typed(typed: str) -> None:
    row, _ = normal(date=typed)
    assert row["date"] == typed


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_a_day_in_numbers_is_read_only_when_one_order_fits(day: date) -> None:
    found = readings(f"{day.day:02d}/{day.month:02d}/{day.year}")
    assert day in found
    assert (len(found) == 1) == (day.day > 12 or day.day == day.month)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_days(text: str) -> None:
    assert all(isinstance(day, date) for day in readings(text))


@pytest.mark.parametrize(
    ("column", "typed", "kept"),
    [
        ("weapons", "Drones", "one_way_drone"),
        ("weapons", "One-way drone", "one_way_drone"),
        ("weapons", "katyusha rockets + mortar shells", "rocket;mortar"),
        ("weapons", "rocket; one_way_drone", "rocket;one_way_drone"),
        ("weapons", "طائرات مسيرة", "one_way_drone"),
        ("weapons", "صواريخ", "missile_unspecified"),
        ("weapons", "дроны, ракеты", "one_way_drone;missile_unspecified"),
        ("weapons", "short-range ballistic missile", "ballistic_missile"),
        ("weapons", "Close-Range Ballistic Missile", "close_range_ballistic_missile"),
        ("site_id", "Ain al-Asad Air Base", "al-asad"),
        ("site_id", "عين الأسد", "al-asad"),
        ("site_id", "Эль-Омар", "green-village"),
        ("site_id", "MSS Euphrates", "conoco"),
        ("site_id", "AL-TANF", "al-tanf"),
        ("country", "Syria", "SY"),
        ("country", "iq", "IQ"),
        ("confirmation", "US official", "us_official"),
        ("date_precision", "Day", "day"),
        ("time_local", "6:05", "06:05"),
        ("time_local", "18:30:00", "18:30"),
        ("time_local", "Dawn", "dawn"),
        ("munitions_low", "2.0", "2"),
        ("munitions_low", "٣", "3"),
        ("claimed_by", "Islamic Resistance in Iraq", "islamic_resistance_in_iraq"),
        ("note", " two\u00a0 spaces\u200b ", "two spaces"),
    ],
)
def test_spellings_become_codes(column: str, typed: str, kept: str) -> None:
    row, log = normal(**{column: typed})
    assert row[column] == kept
    assert set(log["column"]) == {column}
    assert log["before"].iloc[0] == typed
    assert log["after"].iloc[-1] == kept


@pytest.mark.parametrize(
    "spelling",
    ["a second base", "an oil facility", "Iraq", "Syria", "Kurdistan Region", "Harir base near Erbil airport"],
)
def test_a_spelling_that_names_no_one_site_never_assigns_one(spelling: str) -> None:
    row, _ = normal(site_id=spelling)
    assert row["site_id"] == spelling
    assert loose(spelling) not in SPELLINGS.sites


def test_a_spelling_that_two_sites_share_assigns_none() -> None:
    sites = real("sites")
    sites.loc[sites["site_id"] == "conoco", "aliases"] += "|Twin base"
    sites.loc[sites["site_id"] == "al-tanf", "aliases"] += "|twin-base"
    assert "twin base" not in read_spellings(REFERENCE, sites).sites


def test_the_real_sheets_change_little_and_normalising_again_changes_nothing() -> None:
    table = real("reports").astype(TEXT)
    once, log = normalise(table, REPORTS, SPELLINGS)
    again, second = normalise(once, REPORTS, SPELLINGS)
    assert 0 < len(log) < 20
    assert second.empty
    assert again.equals(once)


CELL = st.sampled_from(
    [
        "",
        " ",
        "Drones",
        "rocket;;mortar",
        "20/01/2024",
        "3/4/2024",
        "Ain al-Asad",
        "iraq",
        "2.0",
        "x  y",
        "\u200b",
        "DAY",
    ]
) | st.text(max_size=12)


@given(st.lists(st.dictionaries(st.sampled_from(REPORTS.column_names), CELL, max_size=8), min_size=1, max_size=12))
@settings(max_examples=8)
def test_normalising_twice_is_normalising_once_and_the_log_leads_from_one_to_the_other(
    rows: list[dict[str, str]],
) -> None:
    before = frame([report(1) | cells for cells in rows])
    after, log = normalise(before, REPORTS, SPELLINGS)
    assert normalise(after, REPORTS, SPELLINGS)[1].empty
    replayed = before.copy()
    for change in log.itertuples():
        assert replayed.loc[change.row, change.column] == change.before
        replayed.loc[change.row, change.column] = change.after
    assert replayed.equals(after)


def test_outlets_of_one_house_are_one_family() -> None:
    rows = [
        ("Kurdistan 24", ""), ("Kurdistan24", ""), ("Kurdistan 24 (Arabic)", ""), ("GFATF (reprint)", "Kurdistan 24"),
        ("The Times of Israel", ""), ("Times of Israel", ""),
        ("A paper", "AFP, AP"), ("Another", "AFP"),
        ("RIA", ""), ("Sputnik Arabic", ""), ("IPE Club copy of Sputnik", "Sputnik"),
        ("Lone paper", "agencies"), ("Lone paper", ""),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["outlet", "original_outlet"])
    found = list(families(table, read_houses(REFERENCE)))
    assert found[:4] == ["Kurdistan 24"] * 4
    assert found[4] == found[5]
    assert found[6] == found[7] == "AFP"
    assert found[8] == found[9] == found[10] == "Sputnik"
    assert found[11] == found[12] == "Lone paper"


@given(st.text(max_size=20))
def test_the_bare_form_of_a_name_is_bare_already(name: str) -> None:
    assert bare(bare(name)) == bare(name)
