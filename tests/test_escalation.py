"""Escalation: each statistic against a known answer, then the analysis on made-up and real incidents."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import tables
from helpers.analysis import harm, ladder, places
from helpers.analysis.escalation import METHODS, analyse_escalation
from helpers.analysis.escalation_facts import record
from helpers.analysis.escalation_tables import comparisons_table, write_tables
from helpers.analysis.ordered import halves, power_of_doubling, rank_sums, top_timing, trend
from helpers.facts import Facts
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
        "munitions_best": None,
        "intercepted": "unknown",
        "damage": "unknown",
        "us_killed": None,
        "us_injured_best": None,
        "us_injured_low": None,
        "us_injured_high": None,
        "partner_killed": None,
        "partner_injured": None,
        "confirmation": "us_official",
        **more,
    }


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(incident(0, "2023-10-18")))
    return frame.assign(date=pd.to_datetime(frame["date"]))


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return tables.read("incidents")


# --- trend ------------------------------------------------------------------------------------------------------------


def test_tau_is_that_of_scipy_with_ties() -> None:
    random = np.random.default_rng(1)
    days, rungs = random.integers(0, 60, 120), random.integers(0, 4, 120)
    found = trend(rungs, days)
    expected = stats.kendalltau(days, rungs)
    assert found.tau == pytest.approx(expected.statistic)
    assert found.p_incidents == pytest.approx(expected.pvalue)


def test_one_incident_a_block_gives_kendalls_own_variance() -> None:
    # Without ties and with blocks of one day the normal test is Kendall's: S / sqrt(n(n-1)(2n+5)/18).
    days = np.arange(40)
    rungs = np.random.default_rng(2).permutation(40)
    surplus = sum(np.sign(rungs[j] - rungs[i]) for i, j in combinations(range(40), 2))
    expected = 2 * stats.norm.sf(abs(surplus) / np.sqrt(40 * 39 * 85 / 18))
    assert trend(rungs, days, block=1).p == pytest.approx(expected)


def test_drawn_p_comes_near_the_exact_share_of_all_orders_of_blocks() -> None:
    blocks = [[1, 1], [2], [1, 2, 2], [2, 2], [3]]
    days = np.concatenate([[7 * b] * len(rungs) for b, rungs in enumerate(blocks)])
    rungs = np.concatenate(blocks)

    def surplus(order: tuple[int, ...]) -> float:
        return sum(
            np.sign(later - earlier)
            for i, j in combinations(range(5), 2)
            for earlier in blocks[order[i]]
            for later in blocks[order[j]]
        )

    from itertools import permutations

    every = [abs(surplus(order)) for order in permutations(range(5))]
    exact = np.mean([value >= abs(surplus((0, 1, 2, 3, 4))) for value in every])
    assert trend(rungs, days, resamples=9999, seed=3).p_permuted == pytest.approx(exact, abs=0.02)


def test_whole_blocks_alike_are_no_evidence() -> None:
    # Forty incidents in two weeks, all rockets in the second: two blocks can come in two orders only.
    days, rungs = np.repeat([0, 7], 20), np.repeat([1, 2], 20)
    found = trend(rungs, days, resamples=199)
    assert found.tau == pytest.approx(1.0)
    assert found.p_permuted == pytest.approx(1.0)
    assert found.p_incidents is not None
    assert found.p_incidents < 1e-6
    assert found.direction == "none"


def test_a_climb_and_a_descent_are_found() -> None:
    days = np.arange(130)
    assert trend(days // 50, days, resamples=499).direction == "rise"
    assert trend(-(days // 50), days, resamples=499).direction == "fall"


def test_weights_count_as_repetitions() -> None:
    days, rungs, weights = np.array([0, 8, 16, 30]), np.array([1, 2, 1, 3]), np.array([1, 3, 2, 1])
    weighted = trend(rungs, days, weights)
    repeated = trend(np.repeat(rungs, weights), np.repeat(days, weights))
    assert weighted.tau == pytest.approx(repeated.tau)
    assert weighted.p == pytest.approx(repeated.p)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), min_size=1, max_size=40), st.randoms())
def test_order_of_rows_changes_nothing(rows: list[tuple[int, int]], random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (trend([r for _, r in part], [d for d, _ in part], resamples=99, seed=5) for part in (rows, shuffled))
    assert one == pytest.approx(other) if one.tau is None else one.tau == pytest.approx(other.tau)
    assert one.p_permuted == other.p_permuted
    assert one.low == pytest.approx(other.low)


@pytest.mark.parametrize("rows", [([], []), ([1], [3]), ([1, 2], [3, 3]), ([2, 2], [3, 9]), ([np.nan, 1], [1, 2])])
def test_too_little_gives_no_tau(rows: tuple[list[float], list[float]]) -> None:
    found = trend(*rows, resamples=99)
    assert found.tau is None
    assert found.direction == "none"


# --- timing of the top rungs ------------------------------------------------------------------------------------------


def test_rank_sums_are_wilcoxons_table() -> None:
    # Wilcoxon's (1945) distribution for 3 of 7: P(sum <= 6) = 1/35, P(sum <= 7) = 2/35, P(sum <= 8) = 4/35.
    sums, chances = rank_sums(np.arange(1.0, 8.0), 3)
    assert np.cumsum(chances)[:3] * 35 == pytest.approx([1, 2, 4])
    assert sums[0] == 6


@pytest.mark.parametrize("k", [1, 2, 4])
def test_timing_agrees_with_every_placement_one_by_one(k: int) -> None:
    days = np.array([0, 0, 1, 2, 2, 2, 5, 6, 8, 8, 9])
    top = np.isin(np.arange(11), [3, 6, 8, 9][:k])
    ranks = stats.rankdata(days)
    every = [(min(days[list(c)]), ranks[list(c)].sum()) for c in combinations(range(11), k)]
    found = top_timing(top, days)
    assert found.p_first == pytest.approx(np.mean([first >= days[top].min() for first, _ in every]))
    assert found.p_late == pytest.approx(np.mean([total >= ranks[top].sum() - 1e-9 for _, total in every]))
    most = max(total for _, total in every)
    assert found.smallest_p == pytest.approx(np.mean([total >= most - 1e-9 for _, total in every]))


def test_timing_agrees_with_scipys_permutation_test() -> None:
    days = np.arange(30)
    top = np.isin(days, [18, 29])
    expected = stats.permutation_test(
        (days[top], days[~top]), lambda x, y: np.sum(x), alternative="greater", n_resamples=np.inf
    )
    assert top_timing(top, days).p_late == pytest.approx(expected.pvalue)


def test_two_events_have_little_power_and_many_have_more() -> None:
    days = np.arange(200)
    two, twenty = (top_timing(np.isin(days, np.linspace(60, 199, k).astype(int)), days).power for k in (2, 20))
    assert two is not None
    assert twenty is not None
    assert 0.05 < two < 0.15
    assert twenty > 0.3


def test_power_is_what_simulation_says() -> None:
    days, k = np.arange(60), 4
    top = np.isin(days, [10, 30, 40, 50])
    random = np.random.default_rng(7)
    weights = np.where(days >= 29.5, 2.0, 1.0)
    ranks = stats.rankdata(days)
    null = np.array([ranks[random.permutation(60)[:k]].sum() for _ in range(20000)])
    critical = np.quantile(null, 0.95)
    # A choice counts by the product of its weights: draw with replacement, keep draws without repetition.
    drawn = random.choice(60, size=(40000, k), p=weights / weights.sum())
    drawn = drawn[[len(set(row)) == k for row in drawn]]
    assert top_timing(top, days).power == pytest.approx(float((ranks[drawn].sum(axis=1) > critical).mean()), abs=0.02)


def test_normal_approximation_comes_near_the_exact_distribution() -> None:
    days = np.arange(120)
    random = np.random.default_rng(4)
    top = np.isin(days, random.choice(120, 25, replace=False))
    expected = stats.mannwhitneyu(days[top], days[~top], alternative="greater", method="asymptotic")
    assert top_timing(top, days).p_late == pytest.approx(expected.pvalue, abs=0.01)


def test_weights_shift_the_chance_of_coming_late() -> None:
    days, top = np.arange(10), np.arange(10) == 8
    assert top_timing(top, days).p_late == pytest.approx(0.2)
    assert top_timing(top, days, np.where(days >= 8, 4.0, 1.0)).p_late == pytest.approx(0.5)


def test_no_top_or_only_top_is_not_tested() -> None:
    assert top_timing([False, False], [1, 2]).p_late is None
    assert top_timing([True, True], [1, 2]).p_late is None
    assert top_timing([], []).k == 0


# --- halves -----------------------------------------------------------------------------------------------------------


def test_halves_is_fishers_tea() -> None:
    # Fisher's tea-tasting lady, three of four right: one-sided p = 17/70.
    top = [True] * 3 + [False] + [False] * 3 + [True]
    second = [True] * 4 + [False] * 4
    found = halves(top, second)
    assert found.p_rise == pytest.approx(17 / 70)
    assert found.p == pytest.approx(34 / 70)


def test_power_of_doubling_by_simulation() -> None:
    n1, n2, k = 60, 60, 30
    random = np.random.default_rng(6)
    first, hits, draws = k / (n1 + 2 * n2), 0, 0
    while draws < 1500:
        one, two = random.binomial(n1, first, 5000), random.binomial(n2, 2 * first, 5000)
        for a, b in zip(one[one + two == k], two[one + two == k], strict=True):
            draws += 1
            hits += stats.hypergeom.sf(b - 1, n1 + n2, k, n2) <= 0.05 + 1e-12
            del a
    assert power_of_doubling(k, n1, n2) == pytest.approx(hits / draws, abs=0.04)


def test_power_has_bounds() -> None:
    assert power_of_doubling(2, 100, 100) == 0.0
    assert power_of_doubling(0, 10, 10) is None
    assert power_of_doubling(18, 10, 10) is None


# --- harm -------------------------------------------------------------------------------------------------------------


def test_share_has_wilsons_interval_and_bounds() -> None:
    # Newcombe (1998), Table I: 81 of 263, Wilson score interval 0.2553 to 0.3662.
    hit = pd.Series([1.0] * 81 + [0.0] * 182 + [np.nan] * 37)
    found = harm.share(hit, pd.Series(range(300)).astype(str))
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert (found.least, found.most) == (pytest.approx(81 / 300), pytest.approx(118 / 300))


def test_difference_has_newcombes_interval() -> None:
    # Newcombe (1998), Table II, contrast 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    rows = [incident(n, "2023-12-10") for n in range(70)] + [incident(70 + n, "2023-11-01") for n in range(80)]
    prepared = ladder.prepare(table(rows), QUICK)
    hit = pd.Series([1.0] * 56 + [0.0] * 14 + [1.0] * 48 + [0.0] * 32)
    found = harm.compare(prepared, hit, "x")
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_toll_counts_blanks_as_nothing_and_keeps_the_range() -> None:
    rows = [
        incident(1, "2023-10-18", us_injured_best=4, us_injured_low=0, us_injured_high=5),
        incident(2, "2023-10-19", us_killed=1),
        incident(3, "2023-10-20", us_injured_best=0, us_injured_low=0, us_injured_high=0, partner_killed=2),
        incident(4, "2023-10-21"),
    ]
    found = harm.toll(table(rows))
    assert (found.us_killed, found.us_injured_best, found.us_injured_low, found.us_injured_high) == (1, 4, 0, 5)
    assert (found.known, found.n) == (2, 4)
    assert found.incidents == ("i-001", "i-002")
    assert found.partner_incidents == ("i-003",)


def test_casualties_are_unknown_where_nobody_says() -> None:
    rows = [
        incident(1, "2023-10-18", us_injured_best=0),
        incident(2, "2023-10-19", us_killed=1),
        incident(3, "2023-10-20"),
    ]
    found = harm.outcome(table(rows), "casualties")
    assert found.iloc[:2].tolist() == [0.0, 1.0]
    assert np.isnan(found.iloc[2])


# --- the ladder -------------------------------------------------------------------------------------------------------


def test_first_use_counts_all_weapons_and_names_sources_that_disagree() -> None:
    rows = [
        incident(1, "2023-10-18"),
        incident(2, "2023-11-21", weapon="close_range_ballistic_missile"),
        incident(3, "2024-01-20", weapons="rocket;ballistic_missile", top_weapon="ballistic_missile"),
    ]
    reports = pd.DataFrame(
        {
            "source_id": ["a", "b", "c", "d"],
            "incident_id": ["i-002", "i-002", "i-003", "i-001"],
            "weapons": [
                "ballistic_missile",
                "close_range_ballistic_missile",
                "ballistic_missile",
                "missile_unspecified",
            ],
        }
    )
    result = analyse_escalation(table(rows), QUICK, reports=reports)
    first = {use.weapon: use for use in result.first}
    assert first["rocket"].incident == "i-003"
    assert first["ballistic_missile"].day == date(2024, 1, 20)
    assert first["ballistic_missile"].earliest_day == date(2023, 11, 21)
    assert first["close_range_ballistic_missile"].sources == 2
    assert first["close_range_ballistic_missile"].sources_saying == 1
    assert result.missile_ids == ("i-002", "i-003")
    assert result.said["i-002"] == {"ballistic_missile": 1, "close_range_ballistic_missile": 1}
    assert result.doubtful == ("i-001",)


def test_unnamed_missiles_are_bounds_not_guesses() -> None:
    rows = [incident(n, f"2023-11-{n + 1:02}") for n in range(10)]
    rows.append(incident(90, "2024-02-10", weapon="missile_unspecified"))
    result = analyse_escalation(table(rows), QUICK)
    by_key = {reading.key: reading for reading in result.readings}
    assert by_key["plain"].trend.n == 10
    assert by_key["plain"].timing.k == 0
    assert by_key["unsettled_rocket"].timing.k == 0
    assert by_key["unsettled_rocket"].trend.n == 11
    assert by_key["unsettled_ballistic_missile"].timing.p_late == pytest.approx(1 / 11)


def test_capture_weights_are_used_or_their_absence_said() -> None:
    rows = [incident(n, f"2023-11-{n + 1:02}", weapon="rocket" if n > 5 else "one_way_drone") for n in range(12)]
    capture = pd.DataFrame({"incident_id": [f"i-{n:03}" for n in range(12)], "capture": 0.5, "weight": [1.0, 3.0] * 6})
    assert not analyse_escalation(table(rows), QUICK).capture
    result = analyse_escalation(table(rows), QUICK, capture=capture)
    assert result.capture
    assert "capture" in {reading.key for reading in result.readings}


# --- places -----------------------------------------------------------------------------------------------------------


def test_rate_per_thousand_is_undefined_without_troops() -> None:
    rows = [incident(1, "2023-10-18"), incident(2, "2024-01-28", country="JO", site_id="tower-22")]
    forces = pd.DataFrame({"source_id": ["a", "b"], "country": ["IQ", "IQ"], "personnel": [2000, 3000]})
    result = analyse_escalation(table(rows), QUICK, forces=forces)
    iraq, _, jordan = result.countries
    assert iraq.per_thousand == pytest.approx(1 / 2.5)
    assert jordan.per_thousand is None
    assert result.syria_to_iraq is None
    facts = record(Facts(), result)
    assert facts["escalation.places.JO.per_thousand"].text == "undefined"
    assert facts["escalation.places.JO.per_thousand"].note


def test_rate_has_garwoods_interval_where_attacks_do_not_cluster() -> None:
    # Ten attacks ten days apart: no clustering, so Garwood's (1936) limits for ten, 4.795 to 18.390, per 2.5 thousand.
    rows = [incident(n, str(pd.Timestamp("2023-10-20") + pd.Timedelta(days=10 * n))) for n in range(10)]
    forces = pd.DataFrame({"source_id": ["a"], "country": ["IQ"], "personnel": [2500]})
    iraq = analyse_escalation(table(rows), QUICK, forces=forces).countries[0]
    assert (iraq.low, iraq.high) == (pytest.approx(4.795 / 2.5, abs=1e-3), pytest.approx(18.390 / 2.5, abs=1e-3))


def test_places_known_as_country_only_are_not_mapped() -> None:
    rows = [
        incident(1, "2023-10-18"),
        incident(2, "2023-10-19", site_id="unspecified-iraq", site_name="Iraq", latitude=None, place_precision=3),
    ]
    sites = places.sites_table(ladder.prepare(table(rows), QUICK), QUICK)
    assert sites.set_index("site_id")["mapped"].to_dict() == {"al-asad": True, "unspecified-iraq": False}


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
def test_edge_cases_give_facts(rows: list[dict[str, object]], tmp_path: object) -> None:
    result = analyse_escalation(table(rows), QUICK)
    facts = record(Facts(), result)
    assert facts["escalation.incidents"].value == len(rows)
    assert facts["escalation.climb_shown"].value is False
    assert facts["escalation.trend.plain.direction"].value == "none"
    for path in write_tables(result, str(tmp_path)):
        assert path.read_text(encoding="utf-8").strip()


def test_shuffled_rows_give_the_same_facts(real: pd.DataFrame) -> None:
    forces, reports = tables.read("forces"), tables.read("reports")
    one = record(Facts(), analyse_escalation(real, QUICK, reports=reports, forces=forces))
    mixed = analyse_escalation(
        real.sample(frac=1, random_state=3), QUICK, reports=reports.sample(frac=1, random_state=4), forces=forces
    )
    other = record(Facts(), mixed)
    assert list(one) == list(other)
    assert [name for name in one if one[name].text != other[name].text] == []


def test_filters_reach_the_analysis(real: pd.DataFrame) -> None:
    every = analyse_escalation(real, QUICK)
    iraq = analyse_escalation(real, Parameters(countries=("IQ",), resamples=99))
    official = analyse_escalation(real, Parameters(confirmed_by="us_official", resamples=99))
    assert set(iraq.incidents["country"]) == {"IQ"}
    assert set(official.incidents["confirmation"]) == {"us_official"}
    assert len({every.plain.trend.tau, iraq.plain.trend.tau, official.plain.trend.tau}) == 3


def test_facts_hold_the_incidents_behind_them(real: pd.DataFrame) -> None:
    facts = record(Facts(), analyse_escalation(real, QUICK, reports=tables.read("reports")))
    for name, fact in facts.items():
        if fact.unit == "incidents" and fact.incidents and not name.endswith(".after"):
            assert len(fact.incidents) == fact.value, name


def test_methods_are_complete() -> None:
    for item in METHODS.values():
        assert item["title"]
        assert item["author"]
        assert item["issued"]["date-parts"][0][0] > 1900


def test_comparisons_are_told_with_their_number(real: pd.DataFrame) -> None:
    result = analyse_escalation(real, Parameters(resamples=99))
    table = comparisons_table(result)
    assert list(table["share of"]) == list(result.comparisons)
    known = table.dropna(subset=["p allowing for all"])
    assert (known["p allowing for all"] >= known[["p", "p by weeks"]].max(axis=1) - 1e-12).all()
