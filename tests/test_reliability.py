"""Krippendorff's alpha against published examples, the pairing of two codings, and the bootstrap over sources."""

from __future__ import annotations

import json
import math
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import masi_distance
from sheets import REFERENCE, decide, report, write

from helpers.cleaning import agreement, reliability
from helpers.cleaning.pipeline import clean
from helpers.facts import record
from helpers.figures import cleaning as figures
from helpers.parameters import Parameters

SHEETS = ("reports", "second_coding", "coding_stretches")
FIELDS = pd.read_csv(ROOT / "data/coded/second_coding.csv", dtype=str, nrows=0).columns.tolist()

#: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): four observers, twelve units (section D).
FOUR_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
    [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan],
]


@pytest.fixture(scope="module")
def sheets() -> list[pd.DataFrame]:
    frames = [pd.read_csv(ROOT / f"data/coded/{name}.csv", dtype=str, keep_default_na=False) for name in SHEETS]
    return [frame.set_axis(frame.index + 2) for frame in frames]


@pytest.fixture(scope="module")
def result(sheets: list[pd.DataFrame]) -> reliability.ReliabilityResult:
    return reliability.measure(*sheets, seed=7, resamples=199)


def row(result: reliability.ReliabilityResult, measure: str) -> pd.Series:
    return result.table.set_index("measure").loc[measure]


def sheet(*rows: dict[str, object], ids: bool = False) -> pd.DataFrame:
    """Return a sheet with the given cells; all else is the same in every row."""
    usual = dict.fromkeys(FIELDS, "") | {
        "source_id": "s",
        "date_precision": "day",
        "site_id": "al-asad",
        "country": "IQ",
        "target_type": "base",
        "weapons": "rocket",
        "intercepted": "unknown",
        "damage": "unknown",
        "confirmation": "us_official",
    }
    frame = pd.DataFrame([usual | {k: str(v) for k, v in one.items()} for one in rows])
    frame.index += 2
    if ids:
        frame.insert(0, "report_id", [f"{source}/{n + 1}" for n, source in enumerate(frame["source_id"])])
    return frame


NO_STRETCHES = pd.DataFrame({"source_id": [], "start": [], "end": []}, dtype=str)


def test_the_library_gives_the_published_alphas() -> None:
    for level, published in (("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)):
        assert krippendorff.alpha(FOUR_OBSERVERS, level_of_measurement=level) == pytest.approx(published, abs=5e-4)


def test_alpha_of_the_published_two_coder_examples() -> None:
    # Krippendorff 2011, section A (binary, ten units: 0.095) and section B (nominal, twelve units: 0.692).
    one, two = list("0100000010"), list("1110010000")
    assert agreement.alpha(one, two, "nominal") == pytest.approx(0.095, abs=5e-4)
    ben, gerry = list("aabbdcccedda"), list("babbbccceddd")
    assert agreement.alpha(ben, gerry, "nominal") == pytest.approx(0.692, abs=5e-4)


def test_masi_has_the_four_steps_of_its_paper() -> None:
    # Passonneau (LREC 2006): Jaccard times 1 for equal sets, 2/3 for a subset, 1/3 for an overlap, 0 for none.
    assert agreement.masi("rocket;mortar", "mortar;rocket") == 0
    assert agreement.masi("rocket", "mortar") == 1
    assert agreement.masi("rocket;mortar", "rocket") == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert agreement.masi("a;b", "a;b;c;d") == pytest.approx(0.665, abs=2e-3)  # as the paper's rounded weights give it
    assert agreement.masi("a;b", "b;c") == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert agreement.masi("", "") == 0


def test_alpha_of_sets_is_what_nltk_finds() -> None:
    first = ["rocket", "rocket;mortar", "drone", "drone;rocket", "mortar", "drone", "rocket"]
    second = ["rocket", "rocket", "drone", "mortar;drone", "drone", "drone", "rocket;mortar"]
    triples = [
        (coder, unit, frozenset(cell.split(";")))
        for coder, cells in (("one", first), ("two", second))
        for unit, cell in enumerate(cells)
    ]
    expected = AnnotationTask(data=triples, distance=masi_distance).alpha()
    assert agreement.alpha(first, second, "MASI") == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["nominal", "ordinal", "interval", "ratio", "MASI"]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=25),
    st.integers(0, 99),
)
def test_a_resample_has_the_alpha_that_the_library_gives_for_its_pairs(
    level: agreement.Level, drawn: list[tuple[int, int, int]], seed: int
) -> None:
    words = {
        "nominal": ["a", "b", "c"],
        "ordinal": list(agreement.PRECISIONS),
        "interval": ["2023-10-17", "2023-10-18", "2023-12-01"],
        "ratio": ["0", "3", "20"],
        "MASI": ["rocket", "rocket;mortar", "drone;mortar"],
    }[level]
    pairs = pd.DataFrame([(f"s{s}", words[x], words[y]) for s, x, y in drawn], columns=["source_id", "first", "second"])
    sources = sorted(set(pairs["source_id"]))
    weights = np.random.default_rng(seed).multinomial(len(sources), np.full(len(sources), 1 / len(sources)), 3)
    found = agreement.resampled(pairs, level, sources, weights)
    for value, times in zip(found, weights, strict=True):
        repeated = pairs.loc[pairs.index.repeat(pairs["source_id"].map(dict(zip(sources, times, strict=True))))]
        expected = (
            agreement.alpha(list(repeated["first"]), list(repeated["second"]), level) if len(repeated) else math.nan
        )
        assert (math.isnan(value) and math.isnan(expected)) or value == pytest.approx(expected, abs=1e-9)


def test_rows_are_paired_by_site_and_nearest_day() -> None:
    first = sheet(
        {"date": "2023-11-01"}, {"date": "2023-11-05"}, {"date": "2023-11-05", "site_id": "victoria"}, ids=True
    )
    second = sheet({"date": "2023-11-06"}, {"date": "2023-11-02"}, {"date": "2023-11-05", "site_id": "al-harir"})
    pairs = reliability.measure(first, second, NO_STRETCHES, seed=1, resamples=99).pairs
    weapons = pairs[pairs["measure"] == "weapons"]
    assert dict(zip(weapons["report_id"], weapons["second_row"], strict=True)) == {"s/1": 3, "s/2": 2}


def test_the_day_is_judged_by_pairs_that_do_not_see_it() -> None:
    """Two attacks on one site: weapons say which is which, though the second coder swapped their days."""
    first = sheet({"date": "2023-11-01", "weapons": "rocket"}, {"date": "2023-11-09", "weapons": "mortar"}, ids=True)
    second = sheet({"date": "2023-11-01", "weapons": "mortar"}, {"date": "2023-11-09", "weapons": "rocket"})
    result = reliability.measure(first, second, NO_STRETCHES, seed=1, resamples=99)
    assert row(result, "date")["agreement"] == 0
    assert row(result, "weapons")["agreement"] == 0  # paired by day, the weapons differ: each field is judged blind
    days = result.pairs[result.pairs["measure"] == "date"]
    assert days["distance"].tolist() == [8, 8]
    assert not days["certain"].any()


def test_the_site_is_judged_by_pairs_that_do_not_see_it() -> None:
    first = sheet({"date": "2023-11-01", "site_id": "erbil-airport", "place_as_reported": "near Erbil"}, ids=True)
    second = sheet({"date": "2023-11-01", "site_id": "al-harir", "place_as_reported": "near Erbil"})
    result = reliability.measure(first, second, NO_STRETCHES, seed=1, resamples=99)
    assert row(result, "site_id")[["n_pairs", "agreement"]].tolist() == [1, 0]
    assert row(result, "weapons")["n_pairs"] == 0
    assert row(result, "incident_both_found")["agreement"] == 0


def test_only_the_stretches_are_compared() -> None:
    first = sheet({"date": "2023-11-01"}, ids=True)
    second = sheet({"date": "2023-11-01"}, {"date": "2023-12-24"}, {"date": "2023-11-08"})
    stretches = pd.DataFrame(
        {"source_id": ["s", "s"], "start": ["2023-10-30", "2023-11-02"], "end": ["2023-11-01", "2023-11-09"]}
    )
    free = row(reliability.measure(first, second, NO_STRETCHES, seed=1, resamples=99), "incident_second_found")
    held = row(reliability.measure(first, second, stretches, seed=1, resamples=99), "incident_second_found")
    assert (free["n_pairs"], free["agreement"]) == (3, pytest.approx(1 / 3))
    assert (held["n_pairs"], held["agreement"]) == (2, pytest.approx(1 / 2))


def test_a_source_of_which_the_first_coding_has_nothing_counts_against_it() -> None:
    first = sheet({"date": "2023-11-01"}, ids=True)
    second = sheet({"date": "2023-11-01"}, {"date": "2023-11-01", "source_id": "t"})
    result = reliability.measure(first, second, NO_STRETCHES, seed=1, resamples=99)
    assert row(result, "incident_second_found")["agreement"] == 0.5
    assert row(result, "incident_first_found")["agreement"] == 1


def test_too_few_pairs_or_no_variation_is_undefined_with_a_reason() -> None:
    rows = [{"date": "2023-11-01", "source_id": f"s{n}"} for n in range(12)]
    result = reliability.measure(sheet(*rows, ids=True), sheet(*rows), NO_STRETCHES, seed=1, resamples=99)
    weapons, munitions = row(result, "weapons"), row(result, "munitions_low")
    assert math.isnan(weapons["alpha"])
    assert "no variation" in weapons["reason"]
    assert weapons["agreement"] == 1
    assert math.isnan(munitions["alpha"])
    assert "0 pairs" in munitions["reason"]
    facts = record(reliability.FACTS, result)
    assert "reliability.weapons.alpha" not in facts
    assert facts["reliability.sources"].value == 12


def test_empty_sheets_give_a_table_without_numbers() -> None:
    empty = sheet({"date": "2023-11-01"}, ids=True).iloc[:0]
    result = reliability.measure(empty, empty.drop(columns="report_id"), NO_STRETCHES, seed=1, resamples=99)
    assert result.table["alpha"].isna().all()
    assert "reliability.sources" not in record(reliability.FACTS, result)


def test_the_real_coding(result: reliability.ReliabilityResult, sheets: list[pd.DataFrame]) -> None:
    table = result.table
    assert table["measure"].is_unique
    assert set(table["field"]) == {*FIELDS, "incident"} - {"source_id", "incident_key"}
    assert row(result, "incident_second_found")["n_pairs"] <= len(sheets[1])
    defined = table[table["alpha_low"].notna()]
    assert (defined["alpha_low"] <= defined["alpha"]).all()
    assert (defined["alpha"] <= defined["alpha_high"] + 1e-12).all()
    assert (table.loc[table["alpha"].isna(), "reason"] != "").all()
    pairs = result.pairs
    assert not pairs.duplicated(["measure", "report_id"]).any()
    assert not pairs.duplicated(["measure", "second_row"]).any()
    counted = pairs.groupby("measure").size()
    assert counted.to_dict() == table.set_index("measure")["n_pairs"].loc[counted.index].to_dict()


def test_the_bootstrap_depends_on_the_seed_alone(
    result: reliability.ReliabilityResult, sheets: list[pd.DataFrame]
) -> None:
    again = reliability.measure(*sheets, seed=7, resamples=199)
    pd.testing.assert_frame_equal(result.table, again.table)
    other = reliability.measure(*sheets, seed=8, resamples=199)
    assert (other.table["alpha"] == result.table["alpha"])[result.table["alpha"].notna()].all()
    assert not other.table["alpha_low"].equals(result.table["alpha_low"])


def test_the_order_of_the_first_sheet_does_not_matter(
    result: reliability.ReliabilityResult, sheets: list[pd.DataFrame]
) -> None:
    shuffled = sheets[0].sample(frac=1, random_state=3)
    again = reliability.measure(shuffled, *sheets[1:], seed=7, resamples=199)
    pd.testing.assert_frame_equal(result.table, again.table)


def test_corrections_are_left_out_before_agreement_is_measured(tmp_path: Path) -> None:
    correction = decide(1, "correct", report_id="outlet-1/1", field="weapons", value="mortar")
    folder = write(tmp_path, [report(1, date="5 Jan 2024", weapons="rocket")], [correction])
    assert clean(folder, REFERENCE).tables["reports"]["weapons"].tolist() == ["mortar"]
    reports, second, _ = reliability.codings(folder, REFERENCE)
    assert reports[["date", "weapons"]].to_numpy().tolist() == [["2024-01-05", "rocket"]]
    assert second.empty


def test_the_figure_says_what_the_numbers_say(result: reliability.ReliabilityResult, tmp_path: Path) -> None:
    facts = record(reliability.FACTS, result)
    figures.reliability(result, Parameters(), facts, tmp_path)
    beside = json.loads((tmp_path / "reliability.json").read_text())
    table = result.table[result.table["alpha"].notna()]
    assert f"{(table['alpha'] >= reliability.RELIABLE).sum()} of {len(table)}" in beside["title"]
    assert (tmp_path / "reliability-narrow.svg").stat().st_size > 10_000
    nothing = reliability.ReliabilityResult(result.table.assign(alpha=math.nan), result.pairs)
    figures.reliability(nothing, Parameters(), record(reliability.FACTS, nothing), tmp_path)
    assert "Too few" in json.loads((tmp_path / "reliability.json").read_text())["title"]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("a;b", "b;a", 0), ("", "", 0), ("a", "b", 1), ("a", "", 1), ("a;b", "a", 1 - 1 / 2 * 2 / 3),
     ("a;b", "b;c", 1 - 1 / 3 * 1 / 3), ("a;b;c", "a;b", 1 - 2 / 3 * 2 / 3)],
)  # fmt: skip
def test_masi_is_one_less_jaccard_times_monotonicity(one: str, other: str, distance: float) -> None:
    """Values worked out by hand from Passonneau (2006)."""
    assert agreement.masi(one, other) == pytest.approx(distance)
    assert agreement.masi(other, one) == pytest.approx(distance)
