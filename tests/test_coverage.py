"""Officials' totals as one rising count, and what is coded against it."""

from __future__ import annotations

from itertools import combinations, pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import tables
from helpers.analysis import counters, coverage, totals
from helpers.parameters import Parameters
from helpers.stretches import NAMES
from helpers.vocabulary import COUNTRIES

COUNT_COLUMNS = [
    "count_id",
    "source_id",
    "as_of",
    "stated_on",
    "total",
    "iraq",
    "syria",
    "jordan",
    "relation",
    "speaker",
]


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Rows (source_id, as_of, total, iraq, syria, relation) as official_counts."""
    made = [
        (f"c{i}", source, pd.Timestamp(day), pd.NaT, total, iraq, syria, pd.NA, relation, "someone")
        for i, (source, day, total, iraq, syria, relation) in enumerate(rows)
    ]
    frame = pd.DataFrame(made, columns=COUNT_COLUMNS)
    for column in ("total", "iraq", "syria", "jordan"):
        frame[column] = frame[column].astype("Int64")
    return frame


def families(*names: str) -> pd.Series:
    return pd.Series({name: name for name in names})


def incidents(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Rows (date, country, confirmation) as incidents dated to the day."""
    made = [(f"{day}-{n}", pd.Timestamp(day), country, grade) for n, (day, country, grade) in enumerate(rows)]
    frame = pd.DataFrame(made, columns=["incident_id", "date", "country", "confirmation"])
    return frame.assign(date_earliest=frame["date"], date_latest=frame["date"])


def test_reprints_of_one_total_are_one_statement_and_weigh_by_origin():
    frame = counts(*[(f"s{i}", "2023-11-01", 20, None, None, "exact") for i in range(4)])
    kin = pd.Series({"s0": "AP", "s1": "AP", "s2": "AP", "s3": "AFP"})
    (one,) = totals.statements(frame, kin)
    assert one.families == ("AFP", "AP")
    assert one.rows == ("c0", "c1", "c2", "c3")


def test_relation_of_a_statement_is_that_of_most_origins():
    frame = counts(
        ("a", "2023-11-01", 20, None, None, "exact"),
        ("b", "2023-11-01", 20, None, None, "at_least"),
        ("c", "2023-11-01", 20, None, None, "at_least"),
    )
    (one,) = totals.statements(frame, families("a", "b", "c"))
    assert (one.relation, one.low, one.high) == ("at_least", 20, float("inf"))


@pytest.mark.parametrize(("relation", "low", "high"), [("exact", 66, 66), ("approximately", 63, 69)])
def test_bounds_follow_the_codebook(relation, low, high):
    assert totals.bounds_of(66, relation) == (low, high)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(1, 4)), min_size=1, max_size=7))
def test_chain_is_as_heavy_as_the_best_of_all_subsets(drawn):
    start = pd.Timestamp("2023-11-01")
    items = [
        totals.Statement(start + pd.Timedelta(days=day), value, "exact", value, value, (), ("f",) * weight, False)
        for day, value, weight in sorted(set(drawn))
    ]
    best = max(
        sum(item.weight for item in subset)
        for size in range(1, len(items) + 1)
        for subset in combinations(items, size)
        if all(a.value <= b.value for a, b in pairwise(subset))
    )
    assert sum(items[i].weight for i in totals.heaviest_chain(items)) == pytest.approx(best)


def test_a_total_that_later_ones_contradict_is_set_aside_and_told():
    frame = counts(
        ("a", "2023-11-01", 20, None, None, "exact"),
        ("b", "2023-11-05", 50, None, None, "exact"),
        ("c", "2023-11-09", 30, None, None, "exact"),
        ("d", "2023-11-12", 34, None, None, "exact"),
    )
    chain = totals.series(frame, families(*"abcd"))
    assert [point.value for point in chain.points] == [0, 20, 30, 34]
    assert [item.value for item in chain.aside] == [50]
    clashes = totals.contradictions(frame, families(*"abcd"))
    assert list(clashes["kind"]) == ["falls"]
    assert clashes.loc[0, "rows"] == "c1"
    assert clashes.loc[0, "against"] == "c2"


def test_two_totals_for_one_day_and_wrong_sums_are_told():
    frame = counts(
        ("a", "2023-11-01", 20, 12, 9, "exact"),
        ("b", "2023-11-01", 23, 14, 9, "exact"),
    )
    clashes = totals.contradictions(frame, families("a", "b"))
    assert sorted(clashes["kind"]) == ["same_day", "sum"]
    assert "12 + 9 is 21, not 20" in set(clashes["text"])


def test_a_lower_at_least_is_no_contradiction():
    frame = counts(
        ("a", "2023-11-01", 20, None, None, "exact"),
        ("b", "2023-11-02", 18, None, None, "at_least"),
    )
    assert totals.contradictions(frame, families("a", "b")).empty


def test_bounds_between_statements():
    frame = counts(
        ("a", "2023-11-01", 20, None, None, "exact"),
        ("b", "2023-11-05", 30, None, None, "at_least"),
        ("c", "2023-11-09", 40, None, None, "exact"),
    )
    chain = totals.series(frame, families(*"abc"))
    assert chain.at("2023-11-05") == (30, 30, 40)
    assert chain.between("2023-11-02", "2023-11-05") == (10, 10, 20)
    assert chain.between("2023-11-06", "2023-11-09") == (10, 0, 10)


def test_totals_of_one_day_give_the_likelier_or_the_higher_and_a_repeat_by_two_origins_holds_the_count():
    frame = counts(
        ("a", "2023-11-01", 39, None, None, "exact"),
        ("b", "2023-11-01", 40, None, None, "exact"),
        ("c", "2023-11-09", 40, None, None, "exact"),
        ("d", "2023-11-09", 40, None, None, "exact"),
        ("e", "2023-11-20", 50, None, None, "exact"),
        ("f", "2023-11-15", 40, None, None, "exact"),
    )
    chain = totals.series(frame, families(*"abcdef"))
    assert chain.at("2023-11-01") == (40, 40, 40)
    assert chain.between("2023-11-02", "2023-11-09") == (0, 0, 0)
    # one origin's repeat on 15 November may be an old figure: it holds nothing
    assert chain.between("2023-11-10", "2023-11-15") == (0, 0, 10)


def test_the_observatorys_running_total_leaves_out_a_months_count():
    rows = [("o1", "2023-11-18", "2023-10-19", "", 40), ("o2", "2023-11-30", "2023-11-01", "", 29),
            ("o3", "2023-11-30", None, "", 45), ("o4", "2023-11-30", "2023-10-19", "conoco", 8)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["other_id", "as_of", "since", "site_id", "total"]).assign(
        counter="sohr", country="SY", relation="exact", stated_on=pd.NaT, source_id=lambda f: f["other_id"]
    )
    frame["as_of"], frame["since"] = pd.to_datetime(frame["as_of"]), pd.to_datetime(frame["since"])
    series = totals.observatory(frame, families("o1", "o2", "o3", "o4"))
    assert [(point.value, point.rows) for point in series.points] == [(0, ()), (40, ("o1",)), (45, ("o3",))]
    assert [point.value for point in totals.observatory(frame, families("o4"), "conoco").points] == [0, 8]


def made(parameters: Parameters | None = None, shuffle: bool = False) -> coverage.CoverageResult:
    frame = counts(
        ("a", "2023-10-27", 24, 14, 10, "exact"),
        ("b", "2023-11-23", 60, 30, 30, "exact"),
        ("c", "2023-11-30", 61, 30, 31, "exact"),
        ("d", "2024-01-28", 110, 50, 60, "exact"),
    )
    rows = (
        [("2023-10-20", "IQ", "us_official")] * 7
        + [("2023-10-21", "SY", "media_only")] * 20
        + [("2023-11-10", "SY", "us_official")] * 10
        + [("2023-11-10", "IQ", "claim_only")] * 4
        + [("2023-11-26", "SY", "us_official")]
        + [("2023-12-20", "SY", "local_official")] * 29
        + [("2024-02-10", "SY", "media_only")] * 3
    )
    found = incidents(*rows)
    sources = pd.DataFrame({"source_id": list("abcd"), "family": list("abcd")})
    if shuffle:
        found = found.sample(frac=1, random_state=3)
        frame = frame.sample(frac=1, random_state=3)
    return coverage.analyse_coverage(found, frame, sources, parameters or Parameters())


def values(result: coverage.CoverageResult) -> dict[str, object]:
    return {name: fact.value for name, fact in coverage.facts(result).items()}


def test_the_share_lies_between_what_an_official_confirms_and_what_is_on_record():
    found = made().covers
    for name, counted, least, most in (("before", 60, 17 / 60, 41 / 60), ("pause", 1, 1.0, 1.0)):
        one = found[name]
        assert (one.counted.best, one.share(one.confirmed), one.share(one.coded)) == (counted, least, most)
    assert found["between"].ratio == (29 / 49, 29 / 49)
    assert "since_stop" not in found  # no total covers a day of it
    assert found["iraq"].counted.best == 50


def test_an_interval_holds_the_attacks_of_its_own_days():
    table = made().intervals
    assert table["official"].tolist() == [24, 36, 1, 49]
    assert table["coded"].tolist() == [27, 14, 1, 29]
    assert table.loc[1, ["us_official", "claim_only"]].tolist() == [10, 4]


def test_order_of_rows_changes_nothing():
    one, other = made(), made(shuffle=True)
    pd.testing.assert_frame_equal(one.intervals, other.intervals)
    pd.testing.assert_frame_equal(one.contradictions, other.contradictions)
    assert values(one) == values(other)


EDGES = {
    "one country": {"countries": "IQ"},
    "Jordan alone": {"countries": "JO"},
    "single day": {"window_start": "2023-11-10", "window_end": "2023-11-10"},
    "after the totals": {"window_start": "2024-02-01"},
    "US officials alone": {"confirmed_by": "us_official"},
    "before everything": {"window_start": "2023-01-01", "window_end": "2023-02-01"},
}


@pytest.mark.parametrize("change", EDGES.values(), ids=EDGES)
def test_edges_give_bounds_in_order(change):
    for one in made(Parameters(**change)).covers.values():
        assert 0 <= one.counted.low <= one.counted.best <= one.counted.high
        assert not one.counted.best or 0 <= one.share(one.confirmed) <= one.share(one.coded) <= 1


def test_contradictions_are_those_of_the_countries_and_days_that_count():
    names = ("incidents", "official_counts", "sources")
    given = [tables.read(name) for name in names]
    every = coverage.analyse_coverage(*given, Parameters()).contradictions
    jordan = coverage.analyse_coverage(*given, Parameters(countries=("JO",))).contradictions
    early = coverage.analyse_coverage(*given, Parameters(window_end="2023-11-15")).contradictions
    assert len(jordan) < len(early) < len(every)
    assert every.loc[every["kind"] == "sum", "text"].str.contains("43 [+] 41 is 84, not 78").any()
    assert every.loc[every["kind"] == "falls", "text"].str.contains("134 by 31 December 2023").any()


def counted(**changes: object) -> counters.CountersResult:
    names = ("incidents", "official_counts", "other_counts", "sources")
    return counters.count_all(*(tables.read(name) for name in names), Parameters(**changes))


def test_every_counter_stands_beside_this_record_for_the_same_days():
    found = counted()
    tallies = {key: tally.text for key, tally in found.tallies.items()}
    assert tallies["before", "all", "officials"] == "73"
    assert tallies["before", "SY", "sohr"] == "40 to 45"  # 40 on 18 November, 45 at its end
    assert tallies["2024-02", "SY", "sohr"] == "15"  # its own count of the month
    assert (tallies["pause", "all", "record"], tallies["pause", "all", "officials"]) == ("1", "1")
    assert tallies["since_stop", "all", "officials"].endswith("(to 13 February)")
    others = {(one.counter, str(one.first)): (one.text, record.best) for one, record in found.periods}
    assert others["acled", "2024-02-01"][0] == "17"
    assert others["acled", "2024-01-01"][0] == "about 80"


def test_the_table_holds_the_observatorys_bases_which_add_up_to_its_total():
    table = counters.table(counted())
    bases = table[~table["place"].isin(["all", *COUNTRIES])]
    theirs, ours = (bases[bases["counter"] == name].set_index("place") for name in ("sohr", "record"))
    sheet = tables.read("other_counts").set_index("other_id")["total"]
    given = theirs[theirs["rows"] != ""]
    assert (given["best"] == sheet.loc[given["rows"]].to_numpy()).all()
    whole = tables.read("other_counts").query("counter == 'sohr' and site_id == ''")
    assert given["best"].sum() in set(whole.loc[whole["as_of"].dt.date == given["last"].iloc[0], "total"])
    sites = tables.read("incidents").query("country == 'SY' and '2023-10-19' <= date <= @given['last'].iloc[0]")
    assert ours["best"].to_dict() == {site: int((sites["site_id"] == site).sum()) for site in ours.index}


def test_stretches_share_out_the_record_and_months_do_too():
    found = counted()
    whole = len(found.incidents)
    for names in (NAMES, [part for part in found.parts if part not in NAMES]):
        assert sum(found.tallies[part, "all", "record"].best for part in names) == whole


def test_counters_part_most_where_the_two_ranges_surely_differ_most():
    most, least = counted().widest
    assert (most.part, most.counter, least.counter) == ("since_stop", "record", "officials")
    assert most.low > least.high
    assert counted(countries=("JO",)).widest is None


@pytest.mark.parametrize("change", EDGES.values(), ids=EDGES)
def test_a_selection_without_a_counter_has_none(change):
    found = counted(**change)
    assert {key[2] for key in found.tallies} <= {"record", "officials", "sohr"}
    assert all(0 <= tally.low <= tally.best <= tally.high for tally in found.tallies.values())
    assert len(counters.facts(found)) > 0
    assert not counters.daily(found)["total"].isna().any()
