"""The pause on made-up records whose answer is known, and at the edges."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.analysis import changepoints, dating, pause, pause_facts
from helpers.analysis.official import official_pause
from helpers.facts import Facts
from helpers.figures import pause as figures
from helpers.figures import stop as stop_figure
from helpers.parameters import Parameters

P = Parameters()
DAYS = pd.date_range(P.window_start, P.window_end)


def incidents(days: list[str], **columns: object) -> pd.DataFrame:
    """Return made-up incidents, one for each of `days`."""
    when = pd.to_datetime(pd.Series(days, dtype="datetime64[ns]"))
    frame = pd.DataFrame({"incident_id": [f"i-{n}" for n in range(len(days))], "date": when})
    usual: dict[str, object] = {
        "date_earliest": when, "date_latest": when, "time_local": None, "country": "IQ", "confirmation": "us_official",
        "site_name": "a base", "weapons": "rocket", "top_weapon": "rocket", "n_independent": 2, "date_precision": "day",
    }  # fmt: skip
    return frame.assign(**{**usual, **columns})


def counts(rows: list[tuple[str, int, str]]) -> pd.DataFrame:
    """Return made-up official totals: day, total, relation."""
    frame = pd.DataFrame(rows, columns=["as_of", "total", "relation"])
    return frame.assign(
        count_id=[f"c-{n}" for n in range(len(rows))], source_id=[f"s-{n}" for n in range(len(rows))],
        as_of=pd.to_datetime(frame["as_of"]), stated_on=pd.NaT, iraq=pd.NA, syria=pd.NA, jordan=pd.NA, speaker="x",
        total=frame["total"].astype("Int64"),
    )  # fmt: skip


TOTALS = counts([("2023-11-23", 70, "exact"), ("2023-11-30", 71, "exact"), ("2024-02-13", 170, "exact")])
STEADY = [
    day.isoformat()[:10] for day in DAYS for _ in range(2) if not date(2023, 11, 24) <= day.date() < date(2023, 12, 1)
]


def told(frame: pd.DataFrame, parameters: Parameters = P) -> tuple[pause.PauseResult, Facts]:
    """Analyse, record and title: all that a run does."""
    result = pause.analyse_pause(frame, TOTALS, parameters)
    facts = pause_facts.record(Facts(), result)
    titles = (figures.rates_title, figures.placebo_title, figures.changes_title, stop_figure.stop_title)
    alts = (figures.rates_alt, figures.placebo_alt, figures.changes_alt, stop_figure.stop_alt)
    assert all(text(result).strip() for text in (*titles, *alts))
    return result, facts


def test_a_clear_pause_is_told_as_one() -> None:
    result, facts = told(incidents([*STEADY, "2023-11-28"]))
    assert facts["pause.during_count"].value == 1
    assert facts["pause.ratio"].value == pytest.approx((1 / 7) / 2)
    assert facts["pause.ratio_below_one"].value is True
    assert facts["pause.during_count"].incidents == (f"i-{len(STEADY)}",)
    assert figures.rates_title(result).startswith("One attack in the Gaza ceasefire’s seven days")
    assert facts["placebo.as_few"].value == 0
    assert result.changes.changes == (date(2023, 11, 24), date(2023, 12, 1))
    assert facts["changepoints.clustered_start_offset"].value == 0


def test_no_change_is_told_as_none() -> None:
    result, facts = told(incidents([day.isoformat()[:10] for day in DAYS]))
    assert facts["pause.ratio"].value == pytest.approx(1)
    assert facts["pause.ratio_below_one"].value is False
    assert "no change shown" in figures.rates_title(result)
    assert facts["changepoints.clustered_count"].value == 0


def test_no_incident_at_all() -> None:
    result, facts = told(incidents([]))
    assert facts["pause.ratio"].value is None
    assert facts["pause.inside_list"].value == "none"
    assert figures.rates_title(result) == "No attack in this selection"


def test_every_incident_in_the_pause() -> None:
    result, facts = told(incidents(["2023-11-25"] * 5))
    assert facts["pause.outside_count"].value == 0
    assert facts["pause.against_outside.exact_high"].value is None
    assert facts["pause.ratio_below_one"].value is False
    assert "fall" not in figures.rates_title(result)


@pytest.mark.parametrize(
    "changed",
    [
        {"window_start": date(2023, 12, 5)},
        {"window_start": date(2023, 11, 24), "window_end": date(2023, 11, 30)},
        {"window_start": date(2023, 11, 2), "window_end": date(2023, 11, 2)},
        {"stop_start": date(2023, 11, 1)},
        {"countries": ("JO",)},
        {"pause_start": date(2023, 10, 17), "pause_end": date(2023, 10, 20)},
    ],
)
def test_edges_of_the_window(changed: dict[str, object]) -> None:
    result, facts = told(incidents([*STEADY, "2023-11-28"]), P.model_copy(update=changed))
    if not result.periods["during"].rate.days:
        assert facts["pause.in_window"].value is False
        assert "lies outside" in figures.rates_title(result) or "No attack" in figures.rates_title(result)


def test_days_outside_the_coding_are_unknown_not_quiet() -> None:
    """A window that begins before the first coded day, or ends after the last, is no longer baseline."""
    wide = Parameters(window_start=date(2023, 9, 1), window_end=date(2024, 6, 1))
    frame = incidents([*STEADY, "2023-11-28"])
    here, there = told(frame)[1], told(frame, wide)[1]
    assert {name: fact.value for name, fact in here.items()} == {name: fact.value for name, fact in there.items()}


def test_capture_is_what_was_coded_for_each_attack_counted() -> None:
    """Cells of 4 coded for 2 counted and of 2 for 4: six coded for six counted, not the mean of 2 and 0.5."""
    days = ["2023-10-20"] * 4 + ["2023-10-25"] * 2
    frame = incidents(days)
    capture = pd.DataFrame({"incident_id": frame["incident_id"], "capture": [2.0] * 4 + [0.5] * 2, "weight": 1.0})
    result = pause.analyse_pause(frame, TOTALS, P, capture=capture)
    assert result.capture["before"] == pytest.approx(1.0)


def test_shuffled_rows_change_nothing() -> None:
    frame = incidents([*STEADY, "2023-11-28"])
    _, plain = told(frame)
    _, mixed = told(frame.sample(frac=1, random_state=1))
    assert dict(plain) == dict(mixed)


def test_totals_bracket_the_pause_and_keep_contradictions() -> None:
    told_of = [("2023-11-23", 70), ("2023-11-23", 70), ("2023-11-23", 66)]
    told_of += [("2023-11-30", 71), ("2023-11-30", 71), ("2023-11-30", 78)]
    found = official_pause(counts([(day, total, "exact") for day, total in told_of]), P)
    assert (found.inside, found.low, found.high, found.days) == (1, 1, 12, 7)
    assert sorted(total.total for total in found.contradicting) == [66, 78]


def test_totals_that_do_not_enclose_the_pause_say_nothing() -> None:
    found = official_pause(TOTALS, P.model_copy(update={"window_start": date(2023, 12, 5)}))
    assert found.inside is None
    assert found.ratio.value is None


def test_dating_by_washington_moves_the_early_hours() -> None:
    frame = incidents(["2023-11-24"] * 4, time_local=["03:00", "09:00", None, "dawn"])
    days = dating.possible_days(frame, "washington")
    eve, day = pd.Timestamp(2023, 11, 23), pd.Timestamp(2023, 11, 24)
    assert days["best"].tolist() == [eve, day, day, eve]
    assert days["early"].tolist() == [eve, day, eve, eve]


def test_doubts_of_dating_bound_the_count() -> None:
    frame = incidents([*STEADY, "2023-11-28", "2023-12-01"])
    frame.loc[len(STEADY) + 1, "date_earliest"] = pd.Timestamp(2023, 11, 29)
    frame.loc[len(STEADY), "date_earliest"] = pd.Timestamp(2023, 11, 23)
    bounds = next(d for d in pause.analyse_pause(frame, TOTALS, P).datings if d.rule == "bounds")
    assert (bounds.fewest, bounds.best, bounds.most) == (0, 1, 2)


def test_weights_move_the_ratio() -> None:
    frame = incidents([*STEADY, "2023-11-28"])
    weights = pd.Series(1.0, index=frame["incident_id"])
    weights.iloc[-1] = 3.0
    plain, weighted = pause.pause_ratio(frame, P), pause.pause_ratio(frame, P, weights)
    assert plain.value is not None
    assert weighted.value == pytest.approx(3 * plain.value)


def test_bayesian_blocks_find_a_change_where_it_is() -> None:
    series = np.r_[np.full(40, 5), np.zeros(20, int), np.full(40, 5)]
    assert changepoints.bayesian_changes(series, 5.0) == [40, 60]
    assert changepoints.bayesian_changes(np.full(30, 2), 5.0) == []


def test_change_points_raise_a_false_alarm_as_often_as_they_should() -> None:
    penalty = changepoints.calibrated_penalty(60, 90, 1.0, 5)
    drawn = np.random.default_rng(8).poisson(1.5, (300, 60))
    alarms = np.mean([bool(changepoints.bayesian_changes(series, penalty)) for series in drawn])
    assert 0.01 < alarms < 0.11


def test_facts_name_rows_that_exist() -> None:
    _, facts = told(incidents([*STEADY, "2023-11-28"]))
    known = set(TOTALS["count_id"])
    assert all(set(fact.rows.get("official_counts", [])) <= known for fact in facts.values())


def test_rates_stand_beside_what_was_coded_and_the_weighted_headline_beside_the_plain() -> None:
    frame = incidents([*STEADY, "2023-11-28"])
    capture = pd.DataFrame({"incident_id": frame["incident_id"], "capture": 0.5, "weight": 2.0})
    result = pause.analyse_pause(frame, TOTALS, P, capture=capture)
    rates = pause_facts.rates_table(result).set_index("stretch")
    assert rates.loc["during", "attacks"] == 1
    assert (rates["coded for each counted"].dropna() == 0.5).all()
    methods = pause_facts.methods_table(result)
    plain, weighted = (
        methods[methods["interval"] == name].iloc[0] for name in ("blocks", "blocks, weighted by capture")
    )
    assert weighted["ratio"] == plain["ratio"]  # equal weights move nothing
