"""What the explorer's page is made of: its views and addresses, people hurt, officials' totals, colours and links."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import tables, vocabulary
from helpers.analysis import harm
from helpers.brief.plain import safe_address
from helpers.brief.web import in_the_dark
from helpers.explorer import page, payload
from helpers.figures.style import luminance
from helpers.parameters import CONFIRMATIONS, Parameters

CLEAN = "data/clean"


def view(start: str, end: str, **more: str | list[str]) -> payload.View:
    """A view of some days, narrowed by `more`."""
    return {**payload.default_view(Parameters()), "from": start, "to": end, **more}


def test_the_first_view_is_what_the_parameters_count() -> None:
    codes = set(tables.read("incidents", CLEAN)["confirmation"])
    assert payload.default_view(Parameters(), codes) == view("2023-10-17", "2024-02-29")
    some = Parameters(window_start="2023-12-01", countries="IQ,JO", confirmed_by="local_official")
    strong = list(CONFIRMATIONS["local_official"])
    wanted = view("2023-12-01", "2024-02-29", country=["IQ", "JO"], confirmation=strong)
    assert payload.default_view(some, codes) == wanted
    assert payload.default_view(Parameters(), {"denied"})["confirmation"] == list(CONFIRMATIONS["anyone"])


def test_each_story_names_its_view() -> None:
    usual = payload.default_view(Parameters())
    found = payload.stories(Parameters(), usual)
    label, shown = found["pause"]
    assert (shown["from"], shown["to"], label) == ("2023-11-24", "2023-11-30", "The pause (24 to 30 November 2023)")
    assert found["missiles"][1] == {**usual, "weapon": list(vocabulary.missiles())}
    short = payload.stories(Parameters(window_end="2023-11-20"), usual)
    assert "pause" not in short, "a stretch without days has no view"


codes = st.lists(st.sampled_from(["IQ", "SY", "al-asad", "rocket"]), unique=True)
words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@given(codes, codes, codes, words)
def test_an_address_reads_back(country: list[str], site: list[str], weapon: list[str], q: str) -> None:
    made = view("2023-10-17", "2024-02-29", country=country, site=site, weapon=weapon, q=q)
    read = dict(parse_qsl(payload.address(made), keep_blank_values=True))
    lists = {name: ",".join(codes) for name, codes in (("country", country), ("site", site), ("weapon", weapon))}
    expected = {"from": "2023-10-17", "to": "2024-02-29", **lists, "q": q}
    assert read == {name: value for name, value in expected.items() if value}


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
    assert payload.people_hurt(frame).tolist() == ["killed", "injured", "unsaid", "none", "killed"]


def test_a_packed_table_holds_each_text_once() -> None:
    frame = pd.DataFrame({"a": ["x", "x", None, "x", "x"], "n": pd.array([1, None, 2, 3, 3], dtype="Int64")})
    assert payload.packed(frame) == {"a": {"words": ["x", None], "at": [0, 0, 1, 0, 0]}, "n": [1, None, 2, 3, 3]}


@pytest.mark.parametrize("end", ["2023-10-24", "2023-11-20", "2024-02-29"])
def test_officials_total_of_the_injured_is_that_of_the_brief(end: str) -> None:
    """A total that contradicts the others (30 on 24 October 2023, 21 the day after) is left out by both."""
    clean = {name: tables.read(name, CLEAN) for name in ("official_counts", "other_counts", "sources")}
    shown = payload.counters(clean["official_counts"], clean["other_counts"], clean["sources"], Parameters())
    last = [point["total"] for point in shown["injured"] if point["day"] <= end][-1]
    brief = harm.officials_total(clean["official_counts"], clean["sources"], Parameters(window_end=end))
    assert last == brief


def brightness(colour: str) -> float:
    return luminance(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_colours_can_be_seen_on_a_dark_screen(colour: str) -> None:
    """They have the contrast that WCAG 2.2 asks of drawings."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if max(parts) - min(parts) > 90:
        assert (brightness(in_the_dark(colour[1:])) + 0.05) / (brightness(page.DARK_PAPER) + 0.05) >= 3


def test_brightness_is_that_of_wcag() -> None:
    assert [brightness(colour) for colour in ("#000000", "#ffffff")] == pytest.approx([0, 1])
    assert brightness("#777777") == pytest.approx(1.05 / 4.48 - 0.05, abs=0.001)


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://a.org/x?y=1", True), ("http://a.org", True), ("javascript:alert(1)", False), ("", False),
     ("//a.org", False), ("data:text/html,x", False), ("https:///x", False), ("http://[::1", False)],
)  # fmt: skip
def test_only_web_addresses_are_linked(url: str, kept: bool) -> None:
    assert safe_address(url) == (url if kept else "")
