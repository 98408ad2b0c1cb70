"""What the explorer's page is made of: its views and addresses, people hurt, officials' totals, colours and links."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import tables
from helpers.explorer import official, page, payload, selection
from helpers.explorer.selection import View
from helpers.parameters import CONFIRMATIONS, Parameters

CLEAN = "data/clean"


@pytest.fixture(scope="module")
def clean() -> dict[str, pd.DataFrame]:
    return {name: tables.read(name, CLEAN) for name in ("incidents", "reports", "sources")}


def test_the_first_view_is_what_the_parameters_count(clean: dict[str, pd.DataFrame]) -> None:
    incidents = clean["incidents"]
    text = selection.search_text(incidents, clean["reports"], clean["sources"])
    for values in (
        {},
        {"countries": "IQ,JO", "confirmed_by": "local_official"},
        {"window_start": "2023-12-01", "window_end": "2024-01-15", "confirmed_by": "us_official"},
    ):
        parameters = Parameters(**values)
        view = selection.default_view(parameters, set(incidents["confirmation"]))
        assert selection.select(incidents, view, text).equals(tables.select(incidents, parameters))
    assert selection.default_view(Parameters(), {"denied"}).confirmation == CONFIRMATIONS["anyone"]


codes = st.lists(st.sampled_from(["IQ", "SY", "al-asad", "rocket"]), unique=True).map(tuple)


@given(codes, codes, codes, st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30))
def test_an_address_reads_back(
    country: tuple[str, ...], site: tuple[str, ...], weapon: tuple[str, ...], q: str
) -> None:
    view = View("2023-10-17", "2024-02-29", country=country, site=site, weapon=weapon, q=q)
    assert View.read(view.address(), View("2000-01-01", "2000-01-02", q="other")) == view


def test_an_address_leaves_the_rest_as_usual() -> None:
    usual = View("2023-10-17", "2024-02-29", country=("IQ",))
    assert View.read("weapon=rocket", usual) == View("2023-10-17", "2024-02-29", country=("IQ",), weapon=("rocket",))
    assert View.read("country=", usual).country == ()


def test_people_hurt_are_told_apart() -> None:
    frame = pd.DataFrame(
        {
            "us_killed": [1, 0, None, None, 0],
            "us_injured_best": [20, 3, None, 0, None],
            "partner_killed": [None, None, None, None, 2],
            "partner_injured": [None, None, None, None, None],
        },
        dtype="Int64",
    )
    assert selection.harm(frame).tolist() == ["killed", "injured", "unsaid", "none", "killed"]


def test_totals_that_contradict_are_told_apart() -> None:
    told = [("a", "2023-11-06", 38, "exact"), ("b", "2023-11-06", 38, "exact"), ("c", "2023-11-07", 30, "exact")]
    told.append(("d", "2023-11-09", 46, "at_least"))
    frame = pd.DataFrame(told, columns=["source_id", "as_of", "total", "relation"])
    frame = frame.assign(as_of=pd.to_datetime(frame["as_of"]), count_id=frame["source_id"], speaker="", us_injured=None)
    frame["total"] = frame["total"].astype("Int64")
    for column in ("iraq", "syria", "jordan"):
        frame[column] = pd.array([pd.NA] * len(frame), dtype="Int64")
    found = official.totals(frame, pd.DataFrame({"source_id": list("abcd"), "family": list("abcd")}))
    assert [(r["day"], r["total"], r["relation"]) for r in found["chain"] if not r["country"]] == [
        ("2023-11-06", 38, "exact"),
        ("2023-11-09", 46, "at_least"),
    ]
    assert [(r["day"], r["total"]) for r in found["aside"]] == [("2023-11-07", 30)]


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_colours_can_be_seen_on_a_dark_screen(colour: str) -> None:
    dark = page.on_dark(colour)
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if max(parts) - min(parts) > 90:
        assert page.contrast(dark, page.DARK_PAPER) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert page.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert page.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://a.org/x?y=1", True), ("http://a.org", True), ("javascript:alert(1)", False), ("", False),
     ("//a.org", False), ("data:text/html,x", False), ("https:///x", False), ("http://[::1", False)],
)  # fmt: skip
def test_only_web_addresses_are_linked(url: str, kept: bool) -> None:
    assert payload.safe_url(url) == (url if kept else "")
