"""Who was hurt: the toll on record beside officials' own, and the attacks that mattered most."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers import tables
from helpers.analysis import harm
from helpers.analysis.harm import analyse_harm
from helpers.facts import Facts
from helpers.figures import responses as figures
from helpers.parameters import Parameters

NAMES = ("official_counts", "conflicts", "context", "sources", "sites")


@pytest.fixture(scope="module")
def clean() -> dict[str, pd.DataFrame]:
    return {name: tables.read(name) for name in ("incidents", *NAMES)}


def facts_of(clean: dict[str, pd.DataFrame], **given: object) -> tuple[harm.Harm, Facts]:
    result = analyse_harm(clean["incidents"], Parameters(**given), clean)
    return result, harm.facts(result)


def test_low_best_and_high_are_sums_over_the_same_attacks(clean):
    result, _ = facts_of(clean)
    known = clean["incidents"][clean["incidents"]["us_injured_best"].notna()]
    assert result.low == known["us_injured_low"].sum()
    last = result.toll.iloc[-1]
    assert (last["record"], last["record_high"]) == (known["us_injured_best"].sum(), known["us_injured_high"].sum())
    silent = clean["incidents"]["us_injured_best"].isna()
    with_range = clean["incidents"].assign(us_injured_high=clean["incidents"]["us_injured_high"].mask(silent, 7))
    other = analyse_harm(with_range, Parameters(), clean)
    assert (other.low, other.high) == (result.low, result.high), "a number not chosen is in the range"


@pytest.mark.parametrize("end", ["2023-11-21", "2023-12-07", "2024-01-28", "2024-02-07", "2024-02-29"])
def test_no_printed_range_leaves_out_what_officials_counted_of_the_same(clean, end):
    _, facts = facts_of(clean, window_end=end)
    official = facts["harm.official.injured"].value
    assert official, "officials gave a total by each of these days"
    assert facts["harm.injured.low"].value <= official <= facts["harm.injured.high"].value
    assert facts["harm.injured.low"].value <= facts["harm.injured"].value <= facts["harm.injured.high"].value
    given = clean["official_counts"].dropna(subset="us_injured").set_index("count_id")
    rows = facts["harm.official.injured"].rows["official_counts"]
    assert rows
    assert (given.loc[rows, "us_injured"] == official).any()
    assert (given.loc[rows, "as_of"] <= pd.Timestamp(end)).all()


@pytest.mark.parametrize("given", [{"countries": ("SY",)}, {"window_start": "2023-11-16"}, {"countries": ("JO",)}])
def test_officials_total_is_not_set_beside_other_days_or_countries(clean, given):
    _, facts = facts_of(clean, **given)
    assert facts["harm.official.injured"].value is None
    assert not [name for name in facts if name.startswith("harm.toll.")]


def test_deaths_that_some_report_names_are_listed_and_not_counted(clean):
    result, facts = facts_of(clean)
    named = {facts[f"harm.claimed.{n}.date"].value: facts[f"harm.claimed.{n}.killed"].value for n in (1, 2)}
    assert named == {"2023-10-19": 1, "2023-11-13": 4}
    assert facts["harm.killed"].value == 3
    assert set(result.claimed["incident_id"]) <= set(result.worst["incident_id"])
    assert facts["harm.claimed.2.event"].rows["context"]


def test_the_worst_attacks_hold_all_that_hurt_most(clean):
    result, facts = facts_of(clean)
    assert len(result.worst) == harm.WORST
    best = clean["incidents"]["us_injured_best"].fillna(0)
    left_out = clean["incidents"][~clean["incidents"]["incident_id"].isin(result.worst["incident_id"])]
    assert best[left_out.index].max() <= 1
    assert not left_out["us_killed"].fillna(0).any()
    assert facts["harm.deadliest.site"].value == "Tower 22"


def test_an_empty_selection_has_a_whole_result(clean, tmp_path):
    result, facts = facts_of(clean, window_start="2025-01-01", window_end="2025-02-01")
    assert facts["harm.attacks"].value == 0
    assert facts["harm.official.injured"].value is None
    figures.save_harm(result, facts, tmp_path)
    assert (tmp_path / "harm.svg").exists()
