"""The specification curve: vectorised as the headlines are one by one, each set of incidents counted once."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from helpers.analysis import multiverse, robustness
from helpers.analysis.headlines import HEADLINES, Sample
from helpers.facts import Facts
from helpers.figures import robustness as figures
from helpers.parameters import Parameters
from helpers.tables import select

P = Parameters()


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    """A made-up record of 150 attacks with one in the pause, some of doubtful day, of all confirmations."""
    generator = np.random.default_rng(4)
    days = pd.date_range(P.window_start, P.window_end)
    calm = days[(days < pd.Timestamp(P.pause_start)) | (days >= pd.Timestamp(P.pause_end))]
    date = pd.Series([*generator.choice(calm, 149), np.datetime64(P.pause_start + timedelta(days=3))])
    doubt = pd.to_timedelta((generator.integers(0, 3, 150) == 0).astype(int), unit="D")
    pick = generator.choice
    weapon = pick(["one_way_drone", "rocket", "ballistic_missile"], 150, p=[0.6, 0.38, 0.02])
    return pd.DataFrame({
        "incident_id": [f"i-{n}" for n in range(150)], "date": date, "date_earliest": date - doubt, "date_latest": date,
        "date_precision": "day", "time_local": pick(["dawn", "evening", None], 150), "country": pick(["IQ", "SY"], 150),
        "confirmation": pick(["us_official", "local_official", "media_only", "claim_only"], 150), "weapons": weapon,
        "top_weapon": weapon, "us_killed": 0, "us_injured_best": generator.integers(0, 3, 150),
        "us_injured_low": 0, "us_injured_high": 4,
    })  # fmt: skip


@pytest.fixture(scope="module")
def result(incidents: pd.DataFrame) -> robustness.RobustnessResult:
    return robustness.analyse_robustness(incidents, P)


def test_there_are_at_least_500_and_none_is_counted_twice(result: robustness.RobustnessResult) -> None:
    pause = result.specifications[result.specifications["headline"] == "pause"]
    assert len(pause) >= 500
    assert not pause.duplicated(list(multiverse.CHOICES)).any()


def test_the_curve_is_what_each_headline_gives_alone(
    result: robustness.RobustnessResult, incidents: pd.DataFrame
) -> None:
    """Vectorised estimates equal those of the registry for a sample of specifications."""
    table = result.specifications
    rows = table[table["headline"].isin(["pause", "stop", "resumed"])].sample(40, random_state=2)
    for row in rows.to_dict("records"):
        chosen = {choice: row[choice] or next(iter(options)) for choice, options in multiverse.CHOICES.items()}
        mine = multiverse.parameters_for(P, chosen)
        frame = multiverse.dated(incidents, "truce" if chosen["bounds"] == "truce" else chosen["dating"])
        kept = select(frame, mine)
        sample = Sample(kept, mine, estimator=chosen["estimator"], against=chosen["against"])
        alone = HEADLINES[row["headline"]].estimate(sample)
        assert len(kept) == row["incidents"]
        assert (np.nan if alone.value is None else alone.value) == pytest.approx(row["estimate"], nan_ok=True)
        if alone.high is not None:
            assert alone.high == pytest.approx(row["high"], rel=1e-2)


def test_the_first_specification_is_the_briefs_own(result: robustness.RobustnessResult) -> None:
    first = result.specifications.groupby("headline", sort=False).first()
    for name, headline in HEADLINES.items():
        if name not in first.index:
            continue
        for choice, options in multiverse.CHOICES.items():
            if choice in headline.uses and first.loc[name, choice]:
                usual = list(options) if name == "pause" or choice != "estimator" else ["scaled"]
                assert first.loc[name, choice] == usual[0], (name, choice)


def test_same_incidents_have_the_same_number_and_others_not(incidents: pd.DataFrame) -> None:
    mixed = incidents.sample(frac=1, random_state=1)
    assert multiverse.hashes(incidents).sum(dtype=np.uint64) == multiverse.hashes(mixed).sum(dtype=np.uint64)
    moved = incidents.assign(date=incidents["date"] + pd.to_timedelta((incidents.index == 0).astype(int), unit="D"))
    assert multiverse.hashes(incidents).sum(dtype=np.uint64) != multiverse.hashes(moved).sum(dtype=np.uint64)


def test_facts_and_titles_say_what_the_table_says(result: robustness.RobustnessResult) -> None:
    facts = robustness.record(Facts(), result)
    pause = result.specifications[result.specifications["headline"] == "pause"]
    assert facts["robustness.pause.share"].value == pytest.approx(pause["holds"].dropna().astype(float).mean())
    assert facts["robustness.specifications"].value == len(result.specifications)
    assert f"{len(figures.curve(result)):,} ways of counting" in figures.curve_title(result)


def test_no_incidents_give_no_finding(incidents: pd.DataFrame) -> None:
    empty = robustness.analyse_robustness(incidents.iloc[:0], P)
    assert empty.specifications["holds"].isna().all()
    robustness.record(Facts(), empty)
    assert "cannot be compared" in figures.curve_title(empty)
    assert figures.headlines_title(empty)
