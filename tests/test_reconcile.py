"""Reconciling: known small cases for each rule."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import KEY, REFERENCE, Cases, decide, real_clean, report, source, write

from helpers.cleaning import pipeline
from helpers.cleaning.votes import Said, choose_weapons, lower_median, tally
from helpers.vocabulary import split
from helpers.vocabulary import weapons as ladder

CASES = Cases()


def armed(*cells: str, official: str = "", same: bool = False) -> tuple[str, dict[str, int]]:
    """Return the weapons of one incident whose reports say `cells`, and what speaks against them, with the origins.

    `official` holds a 1 for each official report; with `same`, all have one origin.
    """
    weights = [2 if official[place : place + 1] == "1" else 1 for place in range(len(cells))]
    choice = choose_weapons((cell, 0 if same else place, weights[place]) for place, cell in enumerate(cells))
    return (choice.value, dict(choice.others)) if choice else ("unknown", {})


@pytest.mark.parametrize(
    ("cells", "official", "wanted"),
    [
        (["one_way_drone"], "", "one_way_drone"),
        (["unknown", "one_way_drone"], "", "one_way_drone"),
        (["unknown"], "", "unknown"),
        # the majority, not the highest that anyone names
        (["one_way_drone", "one_way_drone", "ballistic_missile"], "", "one_way_drone"),
        (["rocket", "rocket", "one_way_drone"], "", "rocket"),
        # a tie goes down the ladder
        (["one_way_drone", "rocket"], "", "one_way_drone"),
        # an official weighs two
        (["one_way_drone", "rocket"], "01", "rocket"),
        # a mixed salvo that others tell in part
        (["one_way_drone;rocket", "one_way_drone", "rocket"], "", "one_way_drone;rocket"),
        (["one_way_drone;rocket", "one_way_drone", "one_way_drone"], "", "one_way_drone;rocket"),
        (["one_way_drone;rocket", "one_way_drone", "one_way_drone", "one_way_drone"], "", "one_way_drone"),
        # "missile" yields to what others name, and stands alone where nobody does
        (["missile_unspecified", "missile_unspecified", "rocket"], "", "rocket"),
        (["missile_unspecified", "ballistic_missile"], "", "ballistic_missile"),
        (["missile_unspecified", "unknown"], "", "missile_unspecified"),
        (["missile_unspecified", "one_way_drone"], "", "one_way_drone"),
        (["missile_unspecified", "missile_unspecified", "one_way_drone"], "", "missile_unspecified"),
        # two names for one missile
        (["ballistic_missile", "close_range_ballistic_missile"], "", "close_range_ballistic_missile"),
        (["ballistic_missile"] * 2 + ["close_range_ballistic_missile"], "", "ballistic_missile"),
        (["ballistic_missile", "close_range_ballistic_missile", "rocket"], "", "close_range_ballistic_missile"),
        (
            ["ballistic_missile;close_range_ballistic_missile"] * 2,
            "",
            "close_range_ballistic_missile;ballistic_missile",
        ),
    ],
)
def test_the_weapon_of_an_incident(cells: list[str], official: str, wanted: str) -> None:
    assert armed(*cells, official=official)[0] == wanted


def test_reprints_have_one_voice() -> None:
    assert armed("rocket", "rocket", "rocket", same=True)[0] == "rocket"
    value, others = armed("ballistic_missile", "one_way_drone", "one_way_drone")
    assert value == "one_way_drone"
    assert others == {"ballistic_missile": 1}


KINDS = st.lists(st.sampled_from(list(ladder())), min_size=1, max_size=3, unique=True).map(";".join)


@given(st.lists(KINDS, min_size=1, max_size=7), st.integers(2, 4))
@settings(deadline=None)
def test_being_reported_more_often_in_the_same_words_changes_no_weapon(cells: list[str], times: int) -> None:
    assert armed(*cells)[0] == armed(*(cells * times))[0]


@given(st.lists(KINDS, min_size=1, max_size=7), st.randoms())
@settings(deadline=None)
def test_the_weapon_is_one_that_was_named_whatever_the_order(cells: list[str], random: Random) -> None:
    value, _ = armed(*cells)
    assert set(split(value)) <= {kind for cell in cells for kind in split(cell)} | {"unknown"}
    assert armed(*random.sample(cells, len(cells)))[0] == value


def test_the_two_ballistic_incidents_of_the_record() -> None:
    table = real_clean().tables["incidents"].set_index("incident_id")
    assert table.loc["2023-11-21-al-asad-1", "weapons"] == "ballistic_missile"
    assert str(table.loc["2023-11-21-al-asad-1", "date"])[:10] == "2023-11-21"
    assert table.loc["2024-01-20-al-asad-1", "top_weapon"] == "ballistic_missile"
    named = {"close_range_ballistic_missile", "ballistic_missile", "cruise_missile"}
    assert sorted(table.index[table["top_weapon"].isin(named)]) == ["2023-11-21-al-asad-1", "2024-01-20-al-asad-1"]


WASHINGTON = [report(n, date="2024-01-04") for n in (1, 2)]
VAGUE = {"date_precision": "range", "date_earliest": "2024-01-03", "date_latest": "2024-01-04"}
MOST_SAY = CASES.add([*WASHINGTON, report(3)])
TIMED = CASES.add([*WASHINGTON, report(3, time_local="03:30")])
FIXED = CASES.add([*(report(n, date="2024-01-04", **VAGUE) for n in (1, 2)), report(3)])


def test_a_clock_time_decides_the_day_then_reports_that_fix_it() -> None:
    assert str(CASES.incident(MOST_SAY)["date"])[:10] == "2024-01-04"
    assert str(CASES.incident(TIMED)["date"])[:10] == "2024-01-05"
    row = CASES.incident(FIXED)
    assert (str(row["date"])[:10], row["date_precision"], row["date_code"]) == ("2024-01-05", "day", 1)


RANGES = CASES.add([
    report(1, date="2024-01-04", date_precision="range", date_earliest="2024-01-02", date_latest="2024-01-05"),
    report(2, date="2024-01-04", date_precision="range", date_earliest="2024-01-04", date_latest="2024-01-07"),
])  # fmt: skip


def test_a_day_that_only_ranges_give_is_bounded_by_what_all_allow() -> None:
    row = CASES.incident(RANGES)
    assert [str(row[name])[:10] for name in ("date", "date_earliest", "date_latest")] == [
        "2024-01-04",
        "2024-01-04",
        "2024-01-05",
    ]
    assert (row["date_precision"], row["date_code"], row["ucdp_date_prec"]) == ("range", 2, 2)


EQUAL = CASES.add([report(1, date="2024-01-04"), report(2)])


def test_days_that_are_equally_told_go_by_the_key_and_are_a_range() -> None:
    row = CASES.incident(EQUAL)
    assert str(row["date"])[:10] == KEY[:10]
    assert row["date_precision"] == "range"
    assert str(row["date_earliest"])[:10] == "2024-01-04"


SAID = [
    ("a", "2024-01-06", "0", "us_official"),
    ("b", "2024-01-09", "4", "us_official"),
    ("c", "2024-01-12", "9", "media_only"),
    ("d", "2024-01-05", "25", "claim_only"),
]
DEAD = {"us_official": "0", "media_only": "3", "claim_only": "3"}
HURT = CASES.add(
    [
        report(1, name, us_injured_low=n, us_injured_high=n, us_killed=DEAD[who], confirmation=who)
        for name, _, n, who in SAID
    ],
    [source(name, published=day) for name, day, _, _ in SAID],
)


def test_casualties_are_the_latest_official_figure_with_low_and_high_beside() -> None:
    row = CASES.incident(HURT)
    assert (row["us_injured_best"], row["us_injured_low"], row["us_injured_high"]) == (4, 0, 4)
    assert row["us_killed"] == 0
    assert pd.isna(row["partner_killed"])


def test_a_first_guess_in_one_outlet_is_a_disagreement_and_no_bound_of_what_officials_counted() -> None:
    tables = real_clean().tables
    wounded = tables["incidents"].set_index("incident_id").loc["2023-10-19-al-tanf-1"]
    assert (wounded["us_injured_best"], wounded["us_injured_low"], wounded["us_injured_high"]) == (20, 20, 20)
    told = tables["conflicts"].query("incident_id == '2023-10-19-al-tanf-1' and field == 'us_injured'")
    assert list(told["other"]) == ["2"]
    numbers = tables["incidents"][["us_injured_best", "us_injured_low", "us_injured_high"]].notna()
    assert numbers.nunique(axis=1).eq(1).all(), "low, best and high are summed over the same incidents"


EXACT = [report(n, munitions_low=number, munitions_high=number) for n, number in ((2, "5"), (3, "7"), (4, "20"))]
MUNITIONS = CASES.add([report(1, munitions_low="2"), *EXACT])


def test_munitions_are_the_median_of_exact_figures_and_several_is_a_lower_bound() -> None:
    row = CASES.incident(MUNITIONS)
    assert (row["munitions_best"], row["munitions_low"], row["munitions_high"]) == (7, 2, 20)
    assert sorted(CASES.conflicts(MUNITIONS, "munitions")["other"]) == ["20", "5"]


DENIED = CASES.add([report(1, confirmation="claim_only", claimed_by="none"), report(2, confirmation="denied")])
DENIED_ALONE = CASES.add([report(1, confirmation="denied")])


def test_a_denial_never_confirms_and_is_told() -> None:
    assert CASES.incident(DENIED)["confirmation"] == "claim_only"
    (told,) = CASES.conflicts(DENIED, "confirmation")[["chosen", "other", "reports"]].to_numpy().tolist()
    assert told[:2] == ["claim_only", "denied"]
    assert CASES.named(told[2]) == "outlet-2"
    assert CASES.incident(DENIED_ALONE)["confirmation"] == "denied"


WIRED = CASES.add(
    [*(report(n) for n in (1, 2, 3)), report(4, confirmation="us_official")],
    [source(f"outlet-{n}", original_outlet="AFP") for n in (1, 2, 3)],
)


def test_the_strongest_confirmation_counts_and_reprints_are_one_origin() -> None:
    row = CASES.incident(WIRED)
    assert (row["confirmation"], row["n_reports"], row["n_sources"], row["n_independent"]) == ("us_official", 4, 4, 2)


NOWHERE = [report(n, site_id="unspecified-iraq", claimed_by="none") for n in (1, 2)]
NAMED = CASES.add([*NOWHERE, report(3, claimed_by="kataib_hezbollah")])
UNNAMED = CASES.add(NOWHERE)


def test_a_named_site_comes_before_none_and_a_named_claimant_before_nobody() -> None:
    row = CASES.incident(NAMED)
    assert (row["site_id"], row["place_precision"], row["claimed_by"]) == ("al-asad", 1, "kataib_hezbollah")
    nowhere = CASES.incident(UNNAMED)
    assert (nowhere["site_id"], nowhere["place_precision"], nowhere["ucdp_where_prec"]) == ("unspecified-iraq", 3, 6)
    assert pd.isna(nowhere["latitude"])


OUTSIDE = CASES.add([report(1, site_id="other", place_as_reported="Taji", country="IQ")])


def test_a_place_outside_the_gazetteer_is_called_as_reported() -> None:
    row = CASES.incident(OUTSIDE)
    assert (row["site_name"], row["country"], row["place_precision"]) == ("Taji", "IQ", 3)


OTHER = "2024-01-06-al-asad-1"


def test_rulings_move_reports_and_say_how_many_and_merges_in_a_chain_end_in_one_incident(tmp_path: Path) -> None:
    rows = [report(1), report(2, key=OTHER, date="2024-01-06"), report(3, key="2024-01-07-al-asad-1"), report(4)]
    chain = [f"2023-12-0{day}-al-asad-1" for day in (1, 2, 3)]
    rows += [report(number, key=key, date=key[:10]) for number, key in enumerate(chain, 5)]
    rulings = [
        decide(1, "merge", incident_key=OTHER, into=KEY),
        decide(2, "set_aside", incident_key="2024-01-07-al-asad-1"),
        decide(3, "relink", report_id="outlet-4/4", into="2024-01-09-al-asad-1"),
        decide(4, "redate", incident_key=OTHER, value="2024-01-06"),
        decide(5, "resite", incident_key="2024-01-09-al-asad-1", value="al-tanf"),
        decide(6, "correct", report_id="outlet-1/1", field="weapons", value="mortar"),
        decide(7, "merge", incident_key=chain[0], into=chain[1]),
        decide(8, "merge", incident_key=chain[1], into=chain[2]),
    ]
    tables = pipeline.clean(write(tmp_path, rows, rulings), REFERENCE).tables
    table = tables["incidents"].set_index("incident_id")
    assert sorted(table.index) == [chain[2], KEY, "2024-01-09-al-asad-1"]
    assert (str(table.loc[KEY, "date"])[:10], table.loc[KEY, "n_reports"]) == ("2024-01-06", 2)
    assert table.loc["2024-01-09-al-asad-1", ["site_id", "country"]].tolist() == ["al-tanf", "SY"]
    assert tables["set_aside"][["report_id", "decision_id"]].to_numpy().tolist() == [["outlet-3/3", "d-2"]]
    counts = tables["decisions"].set_index("decision_id")["reports"].to_dict()
    assert {name: counts[name] for name in list(counts)[:6]} == {
        "d-1": 1, "d-2": 1, "d-3": 1, "d-4": 2, "d-5": 1, "d-6": 1,
    }  # fmt: skip
    assert tables["reports"].set_index("report_id").loc["outlet-1/1", "weapons"] == "mortar"
    assert tables["cleaning_log"]["rule"].tolist() == ["ruling d-6"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=9))
@settings(deadline=None)
def test_the_weighted_lower_median_is_the_plain_one_of_the_repeated_values(pairs: list[tuple[int, int]]) -> None:
    said = [Said(value, place, weight) for place, (value, weight) in enumerate(pairs)]
    long = sorted(value for value, weight in pairs for _ in range(weight))
    assert lower_median(said) == long[(len(long) - 1) // 2]


def test_an_origin_counts_once_for_a_value_with_its_strongest_weight() -> None:
    assert tally([Said("a", 1, 1), Said("a", 1, 2), Said("a", 2, 1)]) == {"a": (3, 2)}


def test_us_casualties_told_by_others_alone_are_not_taken_where_a_us_official_confirms_the_attack() -> None:
    tables = real_clean().tables
    chosen = tables["reconciled"].set_index(["incident_id", "field"])
    death = chosen.loc[("2023-10-19-al-tanf-1", "us_killed")]
    assert (death["value"], death["high"], death["n_said"]) == ("", "", 1)
    told = tables["conflicts"].set_index(["incident_id", "field"]).loc[[("2023-10-19-al-tanf-1", "us_killed")]]
    assert list(told["reports"]) == ["jinsa-2023-10-23-natsec-brief/3"]
    assert chosen.loc[("2024-01-28-tower-22-1", "us_killed"), "value"] == "3"


QUOTED = {"confirmation": "us_official"}
WEAK, FIRM = source("a", kind="analyst"), source("b", kind="wire")
LONE = CASES.add([report(1, "a", **QUOTED), report(2, "b")], [WEAK, FIRM])
BOTH = CASES.add([report(1, "a", **QUOTED), report(2, "b", **QUOTED)], [WEAK, FIRM])
SEVERAL = CASES.add([report(1, "a", **QUOTED), report(2, "c", **QUOTED)], [WEAK, source("c", kind="local_media")])
REPRINT = source("a", kind="analyst", original_outlet="b")
ORIGIN = CASES.add([report(1, "a", **QUOTED), report(2, "b")], [REPRINT, FIRM])


def test_a_us_official_quoted_by_one_outlet_that_is_none_of_the_firm_kinds_is_second_hand() -> None:
    lone = CASES.incident(LONE)
    assert lone["second_hand"]
    assert CASES.named(lone["sources"]) == "b;a", "wires stand before analysts"
    assert not CASES.incident(BOTH)["second_hand"]
    assert not CASES.incident(SEVERAL)["second_hand"], "two origins are no second hand"
    assert not CASES.incident(ORIGIN)["second_hand"], "the origin is a wire, whoever reprints it"
