"""A finding is decided once, and every fact is read: text, figures and facts of one brief agree."""

from __future__ import annotations

import re

import pytest
from briefs import brief
from conftest import ROOT

from helpers.facts import CANNOT, NOT_SHOWN, SHOWN

SETS = ("default", "jordan", "one_missile")  # those that test_prose makes as well


@pytest.mark.parametrize("name", SETS)
def test_a_finding_is_shown_where_its_interval_leaves_out_no_difference_and_nowhere_else(name: str) -> None:
    facts = brief(name).facts
    found = {one: fact.value for one, fact in facts.items() if fact.unit == "finding"}
    assert set(found.values()) <= {SHOWN, NOT_SHOWN, CANNOT}
    falls = [one for one in found if one.endswith(".fall") and f"{one.removesuffix('fall')}ratio.high" in facts]
    assert falls
    for one in falls:
        high = facts[f"{one.removesuffix('fall')}ratio.high"].value
        assert (found[one] == SHOWN) <= (high is not None and high < 1), one
        assert (found[one] == NOT_SHOWN) <= (high is None or high >= 1), one


@pytest.mark.parametrize("name", SETS)
def test_text_and_figures_say_the_same_of_the_pause_and_of_the_weapons(name: str) -> None:
    one = brief(name)
    titles = " ".join(f"{words.get('title', '')} {words.get('alt', '')}" for words in one.figures.values())
    told = f"{one.text}\n{titles}"
    if one.facts["pause.coded.fall"].value != SHOWN:
        assert not re.search(
            r"[Aa]ttacks (?:all but stopped|were rarer) in (?:the Gaza ceasefire|the pause)[.:;]", told
        )
    if one.facts["weapons.climb"].value != SHOWN:
        assert not re.search(r"weapons (?:grew heavier|climbed)\.", told)
    assert "came later in the order" not in told


def test_one_missile_has_one_finding_and_no_plural() -> None:
    one = brief("one_missile")
    assert one.facts["weapons.missiles"].value == 1
    assert "one attack with ballistic missiles is on record" in one.text
    assert "One attack on record was made with a missile" in one.text


def test_numbers_are_put_into_words_in_one_place() -> None:
    lists = [
        path.name
        for path in (ROOT / "src/helpers").rglob("*.py")
        if re.search(r"[\"']seven[\"'],? *[\"']eight", path.read_text(encoding="utf-8"))
    ]
    assert lists == ["words.py"]


def test_no_printed_range_of_the_injured_leaves_out_officials_total() -> None:
    facts = brief("default").facts
    low, high = (facts[f"harm.injured.{end}"].value for end in ("low", "high"))
    assert low <= facts["harm.injured"].value <= facts["harm.official.injured"].value <= high  # type: ignore[operator]


def family(name: str) -> str:
    """Return a fact's name with its numbers as N: the rows of one list are one fact."""
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "N", name)


def test_every_fact_is_read() -> None:
    every = {family(name) for one in SETS for name in brief(one).facts}
    read = {family(name) for one in SETS for name in brief(one).read}
    files = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "report").rglob("*.md")]
    told = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert sorted(name for name in every - read if name not in told) == []
