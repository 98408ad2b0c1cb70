"""Weapons and places: each statistic against a known answer, then the whole on made-up and real incidents."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

from helpers import tables
from helpers.analysis import places, trend, weapons, weapons_facts
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Facts
from helpers.parameters import Parameters

QUICK = Parameters(resamples=99)


def incident(number: int, day: str, **more: object) -> dict[str, object]:
    weapon = more.pop("weapon", "one_way_drone")
    return {
        "incident_id": f"i-{number:03}",
        "date": pd.Timestamp(day),
        "date_precision": "day",
        "country": "IQ",
        "site_id": "al-asad",
        "site_name": "Ain al-Asad Air Base",
        "latitude": 33.785556,
        "longitude": 42.441111,
        "place_precision": 1,
        "weapons": weapon,
        "top_weapon": weapon,
        "us_killed": None,
        "us_injured_best": None,
        "n_sources": 2,
        "confirmation": "us_official",
        **more,
    }


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(incident(0, "2023-10-18")))
    return frame.assign(date=pd.to_datetime(frame["date"]))


def spread(kinds: list[str], start: str = "2023-10-18", **more: object) -> pd.DataFrame:
    """Return one attack a day with the weapons of `kinds` in turn."""
    days = pd.date_range(start, periods=len(kinds))
    return table(
        [incident(n, str(day), weapon=kind, **more) for n, (day, kind) in enumerate(zip(days, kinds, strict=True))]
    )


@cache
def clean() -> dict[str, pd.DataFrame]:
    names = ("incidents", "reports", "sources", "sites", "forces", "other_counts")
    return {name: tables.read(name) for name in names}


def whole(
    incidents: pd.DataFrame | None = None, p: Parameters = QUICK, **other: pd.DataFrame
) -> weapons_facts.Escalation:
    """Return what notebook 03 finds."""
    given = {**clean(), **other}
    rows = given["incidents"] if incidents is None else incidents
    found = weapons.analyse(rows, p, given["reports"], given["sources"])
    readings = trend.readings(found.prepared, found.parameters)
    climb = trend.climb(found.prepared, found.parameters)
    return weapons_facts.Escalation(found, climb, readings, places.analyse(found.prepared, found.parameters, given))


# --- the rank correlation ---------------------------------------------------------------------------------------------


def test_the_correlation_is_that_of_scipy_with_ties() -> None:
    random = np.random.default_rng(1)
    days, ranks = random.integers(0, 60, 300), random.integers(0, 4, 300)
    found = trend.trend(days, ranks, days // 7, resamples=9, seed=1)
    assert found[0] == pytest.approx(stats.kendalltau(days, ranks).statistic)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=4, max_size=40), st.integers(1, 9))
def test_weeks_drawn_stand_for_their_pairs(pairs: list[tuple[int, int]], size: int) -> None:
    """The sums by weeks are those of all pairs of attacks, counted one by one."""
    days, ranks = (np.array(part) for part in zip(*pairs, strict=True))
    weeks = np.unique(days // size, return_inverse=True)[1]
    member = (weeks == np.arange(weeks.max() + 1)[:, None]).astype(float)
    later, above = np.sign(days[:, None] - days), np.sign(ranks[:, None] - ranks)
    for mine, every in zip(trend.between_weeks(days, ranks, weeks), (later * above, later**2, above**2), strict=True):
        assert mine == pytest.approx(member @ every @ member.T)


def test_a_climb_lies_above_zero_and_bursts_widen_its_interval() -> None:
    days = np.arange(130)
    assert trend.trend(days, days // 50, days // 7, resamples=499, seed=2)[1] > 0
    runs = np.repeat(np.random.default_rng(3).integers(0, 2, 10), 13)  # thirteen days alike, then thirteen more
    alone, together = (trend.trend(days, runs, days // size, resamples=499, seed=2) for size in (1, 13))
    assert together[2] - together[1] > 2 * (alone[2] - alone[1])


@pytest.mark.parametrize("window", [136, 3_000])
def test_a_hundred_times_the_attacks_take_no_table_of_pairs(window: int) -> None:
    random = np.random.default_rng(4)
    days = random.integers(0, window, 25_000)
    import tracemalloc

    tracemalloc.start()
    found = trend.trend(days, random.integers(0, 5, len(days)), days // 7, resamples=199, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0] == pytest.approx(0, abs=0.02)
    assert peak < 30e6


# --- record highs, shares, missiles -----------------------------------------------------------------------------------


def test_a_day_counts_by_its_heaviest_weapon_and_an_equal_one_is_no_new_high() -> None:
    rows = [
        incident(1, "2023-10-18"),
        incident(2, "2023-10-19"),
        incident(3, "2023-10-19", weapon="rocket", n_sources=2),
        incident(4, "2023-10-19", weapon="rocket", n_sources=9),
        incident(5, "2023-10-20", weapon="unknown"),
        incident(6, "2023-10-21", weapon="ballistic_missile"),
        incident(7, "2023-12-21", weapon="ballistic_missile"),
        incident(8, "2023-12-22", weapon="close_range_ballistic_missile"),
    ]
    found = weapons.records(weapons.prepare(table(rows), QUICK))
    assert found["incident_id"].tolist() == ["i-001", "i-004", "i-006"]


def test_shares_have_wilsons_interval_from_ten_attacks_on() -> None:
    low, high = stats.binomtest(3, 10).proportion_ci(method="wilson")
    assert weapons.share(3, 10) == pytest.approx((0.3, low, high))
    few = weapons.share(1, 3)
    assert few.value == pytest.approx(1 / 3)
    assert few[1:] == (None, None)
    assert weapons.share(0, 0).value is None


def test_as_many_missiles_as_are_needed_show_a_larger_share_and_one_fewer_does_not() -> None:
    def found(late: int) -> weapons.Grew:
        kinds = ["one_way_drone"] * 44 + ["ballistic_missile"] * late + ["rocket"] * (60 - late)
        rows = weapons.prepare(spread(kinds), QUICK)
        return weapons.grew(rows, rows["missile"], QUICK)

    wanted = found(0).needed
    assert wanted is not None
    assert [found(count).finding for count in (wanted - 1, wanted)] == [NOT_SHOWN, SHOWN]
    few = weapons.prepare(spread(["rocket"] * 30), QUICK)
    assert weapons.grew(few, few["missile"], QUICK).finding == CANNOT  # too few after the pause


def test_the_widest_count_takes_what_one_source_calls_a_missile_of_any_kind() -> None:
    names = {"i-001": "ballistic_missile", "i-002": "missile_unspecified", "i-003": "rocket"}
    rows = table([incident(n, f"2023-11-0{n}", weapon="rocket") for n in (1, 2, 3)])
    reports = clean()["reports"].head(3).assign(incident_id=list(names), weapons=list(names.values()))
    found = weapons.analyse(rows, QUICK, reports, clean()["sources"]).grew
    assert {name: one.before[0] for name, one in found.items()} == {
        "stated": (), "no_kind": (), "any_source": ("i-001", "i-002"),
    }  # fmt: skip


def test_missiles_of_no_stated_kind_add_up() -> None:
    facts, prepared = weapons_facts.facts(whole()), whole().weapons.prepared
    ids = set(facts["weapons.unspecified"].incidents)
    assert ids == set(prepared.loc[prepared["blank"], "incident_id"])
    assert not ids & set(facts["weapons.unspecified.outvoted"].incidents)
    parts = ("alone", "beside", "outvoted")
    assert sum(facts[f"weapons.unspecified.{part}"].value for part in parts) == facts["weapons.unspecified.any"].value  # type: ignore[misc]


def test_each_source_of_a_missile_attack_is_counted_for_what_it_names() -> None:
    found = whole().weapons
    reports = clean()["reports"]
    for attack in found.missiles["incident_id"]:
        mine = reports[reports["incident_id"] == attack]
        for weapon, rows in found.said[found.said["incident_id"] == attack].groupby("weapon"):
            naming = mine[mine["weapons"].map(lambda cell, weapon=weapon: weapon in cell.split(";"))]
            assert rows["sources"].sum() == naming["source_id"].nunique()


# --- the regression ---------------------------------------------------------------------------------------------------


def test_the_odds_are_those_of_a_logistic_regression_with_country() -> None:
    selected = whole().weapons.prepared
    frame = selected[selected["rung"].notna() & (selected["country"] != "JO")]  # one drone alone
    months = (frame["date"] - pd.Timestamp(QUICK.window_start)).dt.days / (365.25 / 12)
    design = np.column_stack([months, frame["country"] == "IQ", frame["country"] == "SY"]).astype(float)
    fit = Logit((frame["rung"] >= 2).to_numpy(float), design).fit(disp=0)
    found = trend.climb(selected, QUICK)
    assert found.value == pytest.approx(np.exp(fit.params[0]), rel=1e-6)
    assert found.low < found.value < found.high  # type: ignore[operator]


def test_a_climb_and_a_fall_are_found_and_chance_is_not() -> None:
    random = np.random.default_rng(6)
    chances = np.linspace(0.1, 0.9, 130)
    rise = spread(["rocket" if random.random() < chance else "one_way_drone" for chance in chances])
    found = trend.climb(rise, QUICK)
    assert (found.finding, found.fell) == (SHOWN, NOT_SHOWN)
    fall = rise.assign(date=rise["date"].to_numpy()[::-1])
    found = trend.climb(fall, QUICK)
    assert (found.finding, found.fell) == (NOT_SHOWN, SHOWN)
    level = spread(["rocket", "one_way_drone"] * 65)
    assert trend.climb(level, QUICK).finding == NOT_SHOWN


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["one_way_drone"] * 60 + ["rocket"] * 60, (SHOWN, NOT_SHOWN)),
        (["rocket"] * 60 + ["one_way_drone"] * 60, (NOT_SHOWN, SHOWN)),
        (["rocket"] * 19, (CANNOT, CANNOT)),
        (["rocket", "one_way_drone"] * 20, (CANNOT, CANNOT)),  # six weeks
        (["rocket"] * 126 + ["one_way_drone"] * 4, (CANNOT, CANNOT)),
        ([], (CANNOT, CANNOT)),
    ],
)
def test_one_sort_after_the_other_and_too_few(kinds: list[str], expected: tuple[str, str]) -> None:
    found = trend.climb(spread(kinds), QUICK)
    assert (found.finding, found.fell) == expected
    assert found.value is None


# --- places -----------------------------------------------------------------------------------------------------------


def test_attacks_without_a_named_place_are_no_place() -> None:
    nowhere = {"site_id": "unspecified-iraq", "site_name": "Iraq", "latitude": None, "place_precision": 3}
    found = whole(table([incident(1, "2023-10-18"), incident(2, "2023-10-19", **nowhere)])).places
    assert found.named["site_id"].tolist() == ["al-asad"]
    assert found.nowhere["incident_id"].tolist() == ["i-002"]
    assert found.sites.set_index("site_id")["mapped"].to_dict()["unspecified-iraq"] is False


def test_the_observatorys_bases_add_up_to_its_total() -> None:
    counted = whole().places.counted
    assert counted is not None
    sites = whole().places.sites
    assert sites["observatory"].sum() == sum(counted.at.values())
    assert sites["to_day"].sum() == len(counted.record)
    assert (sites.loc[sites["country"] != "SY", "to_day"] == 0).all()


def test_the_observatory_is_not_set_beside_days_or_countries_it_does_not_count() -> None:
    for p in (
        Parameters(countries=("IQ",)),
        Parameters(window_start="2023-11-01"),
        Parameters(window_end="2023-10-20"),
    ):
        assert whole(p=p.model_copy(update={"resamples": 99})).places.counted is None


# --- the whole --------------------------------------------------------------------------------------------------------

EDGES = {
    "no incident": [],
    "one": [incident(1, "2023-10-18")],
    "one day": [incident(n, "2023-10-18", weapon=w) for n, w in enumerate(["rocket", "one_way_drone", "rocket"])],
    "no weapon": [incident(n, f"2023-11-{n + 1:02}", weapon="unknown") for n in range(5)],
    "all in the pause": [incident(n, f"2023-11-2{n + 4}", weapon="rocket") for n in range(5)],
    "only missiles": [incident(n, f"2023-12-0{n + 1}", weapon="ballistic_missile") for n in range(4)],
}


@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_edge_cases_give_facts_and_no_finding(rows: list[dict[str, object]]) -> None:
    facts = weapons_facts.facts(whole(table(rows)))
    assert facts["weapons.climb"].value == CANNOT
    assert {fact.value for name, fact in facts.items() if name.endswith(".grew")} == {CANNOT}
    assert facts["weapons.readings"].value == 0


SETTINGS: list[dict[str, Any]] = [
    {"countries": ["JO"]},
    {"confirmed_by": "us_official"},
    {"window_start": "2024-02-29"},
    {"window_end": "2023-11-20"},
    {"window_start": "2023-11-24", "window_end": "2023-11-30"},
    {"window_start": "2020-01-01", "window_end": "2020-02-01"},
    {"pause_start": "2024-03-01", "pause_end": "2024-03-05"},
    {"pause_start": "2023-10-01", "pause_end": "2024-03-05"},
]


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_any_parameters_give_facts(given: dict[str, Any]) -> None:
    facts = weapons_facts.facts(whole(p=Parameters(**given, resamples=99)))
    for name, fact in facts.items():
        if fact.unit == "incidents" and fact.incidents:
            assert len(set(fact.incidents)) == fact.value, name


def test_shuffled_rows_give_the_same_facts() -> None:
    def mixed(name: str, seed: int) -> pd.DataFrame:
        return clean()[name].sample(frac=1, random_state=seed)

    one = weapons_facts.facts(whole())
    other = weapons_facts.facts(whole(mixed("incidents", 3), reports=mixed("reports", 4), sources=mixed("sources", 5)))
    assert texts(one) == texts(other)


def texts(facts: Facts) -> dict[str, str]:
    return {name: fact.text for name, fact in facts.items()}


@pytest.mark.parametrize("kept", [lambda f: f["country"] == "SY", lambda f: f["confirmation"] == "us_official"])
def test_filters_reach_the_analysis(kept: Callable[[pd.DataFrame], pd.Series]) -> None:
    rows = clean()["incidents"]
    mine = rows[kept(rows)]
    given = {"countries": ["SY"]} if set(mine["country"]) == {"SY"} else {"confirmed_by": "us_official"}
    filtered = whole(p=Parameters(**given, resamples=99))
    assert filtered.climb == trend.climb(mine, QUICK)
    assert filtered.climb != whole().climb
