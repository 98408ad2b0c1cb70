"""One choice changed at a time: what changes, what does not, and what cannot be judged."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from helpers import tables
from helpers.analysis import choices
from helpers.analysis.choices import HEADLINES, analyse_choices
from helpers.analysis.pause import on_record
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN
from helpers.figures import ratios
from helpers.parameters import Parameters

NAMES = ("incidents", "incidents_other_rulings", "sources", "official_counts")


@pytest.fixture(scope="module")
def clean() -> dict[str, pd.DataFrame]:
    return {name: tables.read(name) for name in NAMES}


@pytest.fixture(scope="module")
def result(clean) -> pd.DataFrame:
    return analyse_choices(clean, Parameters())


def row(result: pd.DataFrame, headline: str, choice: str) -> pd.Series:
    found = result[(result["headline"] == headline) & (result["choice"] == choice)]
    assert len(found) == 1
    return found.iloc[0]


def test_the_first_row_is_the_briefs_own(clean, result):
    found = on_record(clean["incidents"], Parameters(), "pause")
    own = row(result, "pause", "own")
    assert (own["estimate"], own["low"], own["high"]) == (found.ratio.value, found.ratio.low, found.ratio.high)
    assert all(part["choice"].iloc[0] == "own" for _, part in result.groupby("headline"))


def test_each_headline_has_about_a_dozen_changes_that_bear_on_it(result):
    assert all((result["headline"] == headline).sum() >= 12 for headline in ("pause", "stop", "climb"))
    assert not result.duplicated(["headline", "choice"]).any()
    assert set(result["finding"]) <= {SHOWN, NOT_SHOWN, CANNOT}


def test_no_bound_reaches_beyond_the_ceasefires_own():
    first, end = Parameters().pause_start, Parameters().pause_end + timedelta(days=1)
    for choice in choices.choices(Parameters()).values():
        mine = Parameters().model_copy(update=dict(choice.parameters))
        assert first <= mine.pause_start < mine.pause_end <= end
    other = choices.choices(Parameters(pause_start="2023-12-24", pause_end="2023-12-31"))
    assert not {"later", "sooner", "lapse", "truce"} & set(other)


def test_a_choice_that_leaves_too_little_cannot_be_judged(result):
    found = row(result, "pause", "jo")
    assert found["finding"] == CANNOT
    assert choices.cell(found) == "cannot be judged"
    assert row(result, "toll", "sy")["finding"] == CANNOT  # officials gave no total of injured for Syria


def test_facts_say_what_the_table_says(result):
    facts, changes = choices.facts(result), result[result["choice"] != "own"]
    for headline in HEADLINES:
        part = changes[changes["headline"] == headline]
        assert facts[f"choices.{headline}.shown"].value == (part["finding"] == SHOWN).sum()
        assert facts[f"choices.{headline}.judged"].value == len(part) - (part["finding"] == CANNOT).sum()


@pytest.mark.parametrize("given", [{"countries": ("JO",)}, {"window_start": "2025-01-01", "window_end": "2025-02-01"}])
def test_edges_give_a_whole_table_and_no_finding(clean, given, tmp_path):
    found = analyse_choices(clean, Parameters(**given))
    assert not (found["finding"] == SHOWN).any()
    ratios.save_choices(found, Parameters(**given), choices.facts(found), tmp_path)
    assert (tmp_path / "choices.svg").exists()
