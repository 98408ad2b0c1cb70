"""US strikes beside attacks: what is listed, what is compared, and what the record could show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.analysis import strikes
from helpers.analysis.strikes import REACH, after_over_before, analyse_strikes
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN
from helpers.figures import responses as figures
from helpers.parameters import Parameters

P = Parameters()
DAYS = pd.date_range(P.window_start, P.window_end)


def attacks(counts, **fields):
    """Return incidents with so many attacks on each day of the window."""
    days = np.repeat(DAYS[: len(counts)], counts)
    frame = pd.DataFrame({"incident_id": [f"i{n}" for n in range(len(days))], "date": days})
    given = {"country": "IQ", "confirmation": "us_official", "us_killed": pd.NA, **fields}
    return frame.assign(**given).astype({"us_killed": "Int64"})


def struck(*days, **fields):
    """Return strikes on the days at those places of the window, each told by three origins."""
    rows = [
        {"response_id": f"s{n}", "date": DAYS[day], "country": "IQ", "place": "a place", "kind": "retaliatory",
         "target": "a target", "killed_best": pd.NA, "killed_low": pd.NA, "killed_high": pd.NA, "killed_side": "",
         "n_independent": 3, "sources": "a;b;c", **fields}
        for n, day in enumerate(days)
    ]  # fmt: skip
    columns = list(rows[0]) if rows else [*strikes_columns()]
    return pd.DataFrame(rows, columns=columns).astype({"date": "datetime64[ns]", "killed_best": "Int64"})


def strikes_columns():
    return ["response_id", "date", "country", "place", "kind", "target", "killed_best", "killed_low", "killed_high",
            "killed_side", "n_independent", "sources"]  # fmt: skip


@given(st.lists(st.integers(0, 9), min_size=20, max_size=40), st.data())
def test_the_ratio_agrees_with_counting_day_by_day(counts, data):
    n = len(counts)
    days = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=6)))
    before = [counts[d] for s in days for d in range(s - REACH, s) if d >= 0]
    after = [counts[d] for s in days for d in range(s + 1, s + REACH + 1) if d < n]
    found = after_over_before([counts], np.isin(np.arange(n), days))[0, 0]
    if not before or not sum(before):
        assert np.isnan(found)
    else:
        assert found == pytest.approx((np.mean(after) if after else 0.0) / np.mean(before))


def test_too_little_prints_no_test():
    for incidents, responses in (
        (attacks([1] * 136), struck(10, 20)),  # two strike days
        (attacks([1] * 10), struck(10, 30, 50, 70, 90)),  # ten attacks
        (attacks([]), struck()),
    ):
        result = analyse_strikes(incidents, responses, P)
        assert (result.effect, result.ratio, result.halving) == (CANNOT, None, None)
        assert strikes.facts(result)["strikes.power"].value is None


def test_where_hardly_a_quiet_day_is_left_nothing_can_be_shown():
    rng = np.random.default_rng(1)
    result = analyse_strikes(attacks(rng.poisson(1.5, 136)), struck(*range(4, 132, 6)), P)
    assert result.days["after"].mean() > 0.9
    assert result.halving < strikes.POWER
    assert result.effect == CANNOT


def test_a_real_fall_is_shown_and_none_is_not():
    rng = np.random.default_rng(2)
    steady = rng.poisson(6, 136)
    days = (20, 45, 70, 95, 120)
    fell = steady.copy()
    for day in days:
        fell[day + 1 : day + REACH + 1] //= 5
    assert analyse_strikes(attacks(fell), struck(*days), P).effect == SHOWN
    found = analyse_strikes(attacks(steady), struck(*days), P)
    assert found.halving >= strikes.POWER
    assert found.effect == NOT_SHOWN


def test_a_fall_that_is_less_than_on_other_days_is_not_told_as_a_rise():
    result = analyse_strikes(attacks([1] * 136), struck(10, 40, 70, 100, 125), P)
    for ratio, low, high, expected in ((0.9, 1.1, 1.4, NOT_SHOWN), (1.2, 1.1, 1.4, SHOWN), (0.7, 0.6, 0.9, SHOWN)):
        found = replace(result, ratio=ratio, low=low, high=high, halving=0.95)
        assert found.effect == expected


def test_the_same_seed_gives_the_same_and_the_order_of_rows_changes_nothing():
    incidents, responses = attacks(np.random.default_rng(3).poisson(2, 136)), struck(10, 30, 50, 70, 90)
    one = analyse_strikes(incidents, responses, P)
    other = analyse_strikes(incidents.sample(frac=1, random_state=1), responses.sample(frac=1, random_state=1), P)
    assert (one.ratio, one.low, one.high, one.halving) == (other.ratio, other.low, other.high, other.halving)
    pd.testing.assert_frame_equal(one.strikes, other.strikes)


def test_a_strike_on_two_countries_counts_in_both_and_one_source_is_told_apart():
    responses = pd.concat([struck(10, country="IQ;SY"), struck(20, country="SY", n_independent=1)], ignore_index=True)
    for countries, reported, sure in ((("IQ",), 1, 1), (("SY",), 2, 1), (("JO",), 0, 0)):
        result = analyse_strikes(attacks([1] * 30), responses, Parameters(countries=countries))
        facts = strikes.facts(result)
        assert (facts["strikes.reported"].value, facts["strikes.two_sources"].value) == (reported, sure)


def test_the_next_strike_after_the_deadliest_attack():
    incidents = attacks([1] * 60)
    incidents.loc[30, "us_killed"] = 3
    result = analyse_strikes(incidents, struck(10, 33, 40), P)
    assert strikes.facts(result)["strikes.next.date"].value == f"{DAYS[33]:%Y-%m-%d}"
    assert "strikes.next.date" not in strikes.facts(analyse_strikes(incidents, struck(10), P))


@pytest.mark.parametrize("days", [(), (10, 33)])
def test_the_figure_is_drawn(days, tmp_path):
    result = analyse_strikes(attacks([1] * 60), struck(*days), P)
    figures.save_strikes(result, strikes.facts(result), tmp_path)
    assert (tmp_path / "strikes.svg").stat().st_size > 1000
