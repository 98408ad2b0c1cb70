"""The brief's words stay true under any parameters: each kind of sentence is checked by an oracle of its own."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import statements
from briefs import KNOWN, Brief, known, made, settings_for
from conftest import ROOT
from oracle import Record

from helpers.parameters import Parameters

#: Sets tried in every test run; the others of `KNOWN`, and random ones, stand with the soak tests.
FEW = ("default", "jordan", "us_officials", "three_weeks", "one_missile")
#: Kinds met by every run over all sets, gathered on the way.
MET: set[str] = set()


@cache
def brief(name: str) -> Brief:
    """Return the brief of a known set, made once."""
    return made(known(name))


def faults(one: Brief, settings: dict[str, Any]) -> list[str]:
    """Return what the text and the figures' words of a brief state wrongly."""
    record = Record(settings)
    found = statements.wrong(one.text, record, MET) + statements.unsaid(one.text, record)
    for name, words in one.figures.items():
        told = "\n".join(words.values())
        found += [f"figure {name}: {fault}" for fault in statements.wrong(told, record, MET)]
    return found


def tried(seeds: range) -> None:
    found = []
    for seed in seeds:
        settings = settings_for(seed)
        try:
            found += [f"seed {seed}: {fault}" for fault in faults(made(settings), settings)]
        except Exception as error:
            raise AssertionError(f"seed {seed}, {Parameters(**settings).differing()}") from error
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", FEW)
def test_the_brief_says_what_the_data_says(name: str) -> None:
    assert faults(brief(name), known(name)) == []


def test_words_stay_true_under_a_few_random_parameters() -> None:
    tried(range(12))


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(KNOWN) - set(FEW)))
def test_sets_that_once_gave_false_sentences_give_none(name: str) -> None:
    assert faults(brief(name), known(name)) == []


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_words_stay_true_under_three_hundred_random_parameters(part: int) -> None:
    tried(range(1000 + 30 * part, 1030 + 30 * part))


def test_every_kind_of_sentence_is_met() -> None:
    """A kind that nothing matches checks nothing: its pattern no longer fits the prose."""
    for name in FEW:
        faults(brief(name), known(name))
    assert {one.name for one in statements.KINDS if not one.never} - MET == set()


def test_another_run_says_at_its_head_what_differs() -> None:
    usual = brief("default").facts
    settings = {**known("default"), "countries": ["IQ"], "confirmed_by": "us_official"}
    text = made(settings, usual).text
    assert "This is not the default brief" in text
    assert re.search(r"countries \| Iraq \| Iraq, Syria and Jordan", text)
    assert re.search(r"confirmed by \| us official \| anyone", text)
    assert "This is not the default brief" not in made({**known("default"), "resamples": 9999}).text


def test_the_prose_types_no_number_and_calls_no_text_safe() -> None:
    for path in [*(ROOT / "report/sections").glob("*.md"), ROOT / "report/brief.md", ROOT / "report/figures.md"]:
        source = path.read_text(encoding="utf-8")
        prose = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<#.*?#>|\{#[^}]*\}|`[^`]*`|\{[:.][^}]*\}", "", source, flags=re.DOTALL)
        assert re.findall(r"\d+", prose) == [], path.name
        assert "safe" not in re.findall(r"\|\s*(\w+)", source), path.name
        assert not re.search(r"[A-Za-z]'[a-z]|\"\w", prose), f"straight quotes in {path.name}"
