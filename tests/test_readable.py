"""What a notebook shows of a table can be read: words for codes and fields, days, rounded numbers."""

from __future__ import annotations

import html
import re

import pandas as pd
import pytest

from helpers.readable import cell, readable, words


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.09551986475063397, "ratio", "0.096"),
        (1.3369592721543537, "ratio", "1.3"),
        (0.4021, "share", "40%"),
        (-0.003, "share", "0%"),
        (-0.113, "share", "-11%"),
        (float("inf"), "ratio", "no limit"),
        (float("nan"), "ratio", ""),
        (None, "ratio", ""),
        (pd.NA, "ratio", ""),
        (True, "ratio", "yes"),
        (4662, "ratio", "4,662"),
        (pd.Timestamp("2023-11-24"), "ratio", "24 November 2023"),
        ("2023-11-24", "ratio", "24 November 2023"),
        ("2023-11-24-al-asad-1", "ratio", "2023-11-24-al-asad-1"),
        ("rocket;IQ", "ratio", "Rakete, Irak"),
        ("rocket (4);mortar (2)", "ratio", "Rakete (4), mortar (2)"),
        ("count-004;count-022", "ratio", "count-004, count-022"),
        ("Drones; rockets, and more", "ratio", "Drones; rockets, and more"),
    ],
)
def test_a_cell_is_shown_in_words(value: object, unit: str, shown: str) -> None:
    assert cell(value, {"rocket": "Rakete", "IQ": "Irak"}, unit) == shown


def test_a_table_is_headed_and_filled_in_words() -> None:
    frame = pd.DataFrame(
        {
            "country": ["IQ", "SY"],
            "top_weapon": ["one_way_drone", "unknown"],
            "intercepted": ["all", "unknown"],
            "us_official": [9.0, None],
            "share": [0.25, -0.5],
            "field": ["us_killed", "munitions"],
        },
        index=[4, 9],
    )
    shown = words(frame)
    assert shown.to_dict("list") == {
        "country": ["Iraq", "Syria"],
        "top weapon": ["one-way drone", "weapon not said"],
        "intercepted": ["all", "unknown"],
        "confirmed by a US official": ["9", ""],
        "share": ["25%", "-50%"],
        "field": ["us killed", "munitions"],
    }
    assert "country" in words(frame.set_index("country")).columns
    page = readable(frame).to_html()
    assert not re.search(r"IQ|one_way|<th[^>]*>4<", page)


def test_no_sentence_is_cut() -> None:
    sentence = "officials' totals contradict each other " * 9
    assert sentence in html.unescape(readable(pd.DataFrame({"text": [sentence]})).to_html())


def test_markup_in_a_sheet_stays_text_in_a_notebook() -> None:
    page = readable(pd.DataFrame({"<b>target</b>": ["<script>alert(1)</script>"]})).to_html()
    assert "<script" not in page
    assert "<b>" not in page
