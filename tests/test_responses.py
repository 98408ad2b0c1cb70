"""Attacks around US strikes: the event study, its bootstrap and its placebo days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.analysis import responses, responses_facts
from helpers.analysis import strikes as strikes_room
from helpers.facts import Facts
from helpers.figures import responses as figures
from helpers.parameters import Parameters

FEW = {"resamples": 499}


def attacks(daily: list[int], start: str = "2023-10-17", country: str = "SY") -> pd.DataFrame:
    """As many incidents a day as `daily` says, from `start` on."""
    days = [pd.Timestamp(start) + pd.Timedelta(days=place) for place, count in enumerate(daily) for _ in range(count)]
    frame = pd.DataFrame({"incident_id": [f"i{n}" for n in range(len(days))], "date": pd.to_datetime(days)})
    return frame.assign(country=country, confirmation="us_official")


def strikes(*rows: tuple[str | None, str, str]) -> pd.DataFrame:
    """Rows (date, country, kind) as the responses."""
    frame = pd.DataFrame(rows, columns=["date", "country", "kind"])
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.assign(
        response_id=[f"r{n}" for n in range(len(frame))], place="there", target="depot", n_sources=3, n_independent=3
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=3, max_size=30), st.data())
def test_windows_agree_with_counting_day_by_day(counts, data):
    days = np.array(sorted(data.draw(st.sets(st.integers(0, len(counts) - 1), min_size=1, max_size=4))))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts))))
    reach = data.draw(st.integers(1, 8))
    sums, lengths = responses.windows(np.array(counts, float), days, reach, allowed)
    for row, day in enumerate(days):
        before = [d for d in range(day - reach, day) if 0 <= d < len(counts) and allowed[d]]
        after = [d for d in range(day + 1, day + reach + 1) if d < len(counts) and allowed[d]]
        assert list(sums[row]) == [sum(counts[d] for d in before), sum(counts[d] for d in after)]
        assert list(lengths[row]) == [len(before), len(after)]


def test_ratio_of_a_worked_example():
    # 14 attacks in 7 days before, 7 in 7 after
    frame = attacks([2] * 7 + [5] + [1] * 7 + [0] * 120)
    result = responses.analyse_responses(frame, strikes(("2023-10-24", "SY", "retaliatory")), Parameters(**FEW))
    assert (result.main.before, result.main.after) == (14, 7)
    assert result.main.ratio == pytest.approx(0.5)
    assert list(result.profile.loc[result.profile["lag"].isin([-1, 0, 1]), "rate"]) == [2, 5, 1]


def test_several_strikes_of_a_day_are_one_strike_day():
    rows = strikes(("2023-11-12", "SY", "retaliatory"), ("2023-11-12", "SY", "retaliatory"))
    result = responses.analyse_responses(attacks([1] * 136), rows, Parameters(**FEW))
    assert len(result.strikes) == 2
    assert result.main.days == ("2023-11-12",)


def test_episodes_join_strikes_whose_windows_overlap():
    assert list(responses.episodes(np.array([0, 3, 10, 18, 19]), 7)) == [0, 0, 0, 1, 1]


def test_shift_test_agrees_with_shifting_by_hand():
    rng = np.random.default_rng(4)
    counts, days = rng.poisson(2, 60).astype(float), np.array([10, 13, 40])
    ratios = []
    for shift in range(60):
        moved = np.roll(counts, -shift)
        around = [(moved[(day - 7 + k) % 60], moved[(day + 1 + k) % 60]) for day in days for k in range(7)]
        before, after = np.array(around).sum(axis=0)
        ratios.append(after / before)
    expected = min(1.0, 2 * min(np.mean(np.array(ratios) <= ratios[0]), np.mean(np.array(ratios) >= ratios[0])))
    assert responses.shift_test(counts, days) == pytest.approx(expected)


def test_placebo_days_match_on_the_attacks_before_and_are_no_strike_days():
    rng = np.random.default_rng(2)
    counts = rng.poisson(2, 136).astype(float)
    days = np.array([20, 50, 90])
    ok = np.ones(136, dtype=bool)
    options, caliper = responses.matches(counts, days, 7, ok)
    for day, option in zip(days, options, strict=True):
        assert len(option) >= responses.CANDIDATES
        assert not set(option) & set(days)
        seen = counts[day - 7 : day].sum()
        assert all(abs(counts[other - 7 : other].sum() - seen) <= caliper for other in option)


def test_regression_to_the_mean_is_not_taken_for_a_change():
    """Strikes put after each burst of a series that knows no strikes: the plain ratio falls, the placebo's too."""
    rng = np.random.default_rng(11)
    shown = 0
    for _ in range(12):
        counts = rng.poisson(1.7, 136)
        week = np.convolve(counts, np.ones(7), "valid")
        days = np.unique(np.argsort(week)[-6:] + 7).clip(8, 127)
        dates = [
            (str((pd.Timestamp("2023-10-17") + pd.Timedelta(days=int(d))).date()), "SY", "retaliatory") for d in days
        ]
        result = responses.study(counts.astype(float), strikes_room.positions(
            pd.to_datetime(pd.Series([d for d, _, _ in dates])), Parameters()), Parameters(**FEW))  # fmt: skip
        assert (result.ratio or 9) < 0.95
        assert (result.placebo or 9) < 1.05
        shown += responses_facts.shown(result)
    assert shown <= 6


def test_a_real_fall_is_shown():
    rng = np.random.default_rng(5)
    counts = rng.poisson(3, 136)
    for day in (20, 45, 70, 95, 120):
        counts[day + 1 : day + 8] = [0, day % 2, 0, 0, 0, 0, 1]
    rows = strikes(*[(str((pd.Timestamp("2023-10-17") + pd.Timedelta(days=d)).date()), "SY", "retaliatory")
                     for d in (20, 45, 70, 95, 120)])  # fmt: skip
    result = responses.analyse_responses(attacks(counts.tolist()), rows, Parameters(**FEW))
    assert responses_facts.shown(result.main)
    assert (result.main.high or 9) < 0.5
    assert "fewer" in figures.title(result)


def test_same_seed_gives_the_same_and_order_changes_nothing():
    rng = np.random.default_rng(7)
    frame = attacks(rng.poisson(2, 136).tolist())
    rows = strikes(*[(day, "SY", "retaliatory") for day in ("2023-11-01", "2023-11-20", "2023-12-10", "2024-01-05")])
    one = responses.analyse_responses(frame, rows, Parameters(**FEW))
    other = responses.analyse_responses(
        frame.sample(frac=1, random_state=1), rows.sample(frac=1, random_state=1), Parameters(**FEW)
    )
    assert one.main == other.main
    pd.testing.assert_frame_equal(one.profile, other.profile)
    assert one.main.low is not None


def test_two_countries_in_one_row_count_in_both_and_undated_are_told():
    rows = strikes(("2024-02-02", "IQ;SY", "retaliatory"), (None, "SY", "retaliatory"))
    result = responses.analyse_responses(attacks([1] * 136), rows, Parameters(**FEW))
    assert set(result.first) == {"IQ", "SY"}
    assert result.undated == ("r1",)


EDGES = {
    "no strikes": ({}, strikes()),
    "no attacks": ({"countries": "JO"}, strikes(("2023-11-01", "JO", "retaliatory"))),
    "single day": ({"window_start": "2023-11-01", "window_end": "2023-11-01"}, strikes(("2023-11-01", "SY", ""))),
    "one country": ({"countries": "IQ"}, strikes(("2023-11-01", "SY", "retaliatory"))),
    "claimant filter": ({"confirmed_by": "us_official"}, strikes(("2023-11-01", "SY", "self_defence"))),
    "short window": ({"window_start": "2023-11-01", "window_end": "2023-11-10"}, strikes(("2023-11-05", "SY", "x"))),
}


@pytest.mark.parametrize(("change", "rows"), EDGES.values(), ids=EDGES)
def test_edges_give_a_whole_result(change, rows, tmp_path):
    parameters = Parameters(**FEW, **change)
    result = responses.analyse_responses(attacks([1, 0, 2, 1] * 30), rows, parameters, pd.Series(dtype=float))
    facts = Facts()
    responses_facts.record(facts, result)
    usual = Facts()
    plain = responses.analyse_responses(attacks([1] * 136), strikes(("2023-11-01", "SY", "retaliatory")),
                                        Parameters(**FEW), pd.Series(dtype=float))  # fmt: skip
    responses_facts.record(usual, plain)
    assert set(facts) == set(usual)
    assert figures.title(result).strip()
    assert figures.alt(result).strip()


def test_figure_is_drawn_without_strikes(tmp_path):
    result = responses.analyse_responses(attacks([1] * 10), strikes(), Parameters(**FEW))
    figures.save(result, tmp_path)
    assert (tmp_path / "responses-narrow.svg").exists()
