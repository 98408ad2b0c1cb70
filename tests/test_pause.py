"""The pause and the second stop on made-up records whose answer is known, on the record itself, and at the edges."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from helpers import tables
from helpers.analysis import pause
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Facts
from helpers.parameters import Parameters

P = Parameters()
DAYS = pd.date_range(P.window_start, P.window_end)
SOURCES = pd.DataFrame({"source_id": [f"s-{n}" for n in range(40)], "family": [f"s-{n}" for n in range(40)]})
CONTEXT = pd.DataFrame({"context_id": [], "source_id": [], "start": pd.to_datetime([]), "end": pd.to_datetime([])})


def incidents(days: list[str], **columns: object) -> pd.DataFrame:
    """Return made-up incidents, one for each of `days`."""
    when = pd.to_datetime(pd.Series(days, dtype="datetime64[ns]"))
    usual: dict[str, object] = {
        "country": "IQ", "confirmation": "us_official", "site_id": "al-asad", "site_name": "a base",
        "weapons": "rocket", "n_independent": 2,
    }  # fmt: skip
    frame = pd.DataFrame({"incident_id": [f"i-{n}" for n in range(len(days))], "date": when})
    return frame.assign(**{**usual, **columns})


def officials(rows: list[tuple[str, int]]) -> pd.DataFrame:
    """Return made-up official totals: day, total."""
    frame = pd.DataFrame(rows, columns=["as_of", "total"])
    return frame.assign(
        count_id=[f"c-{n}" for n in range(len(rows))], source_id=[f"s-{n}" for n in range(len(rows))],
        as_of=pd.to_datetime(frame["as_of"]), stated_on=pd.NaT, iraq=pd.NA, syria=pd.NA, jordan=pd.NA, speaker="x",
        relation="exact", total=frame["total"].astype("Int64"),
    )  # fmt: skip


def observed(rows: list[tuple[str, int]]) -> pd.DataFrame:
    """Return made-up totals of the Observatory: day, total."""
    frame = pd.DataFrame(rows, columns=["as_of", "total"])
    return frame.assign(
        other_id=[f"o-{n}" for n in range(len(rows))], source_id=[f"s-{n}" for n in range(len(rows))], counter="sohr",
        as_of=pd.to_datetime(frame["as_of"]), since=pd.Timestamp("2023-10-19"), stated_on=pd.NaT, unit="attacks",
        country="SY", site_id="", relation="exact",
    )  # fmt: skip


#: Two attacks a day outside the pause, by every counter, and one in it.
STEADY = [str(day.date()) for day in DAYS for _ in range(2) if not "2023-11-24" <= str(day.date()) < "2023-12-01"]
TOTALS = [
    (str(day.date()), 2 * (day - DAYS[0]).days + 2) for day in pd.date_range("2023-10-24", "2023-11-23", freq="6D")
]
AFTER = [
    (str(day.date()), TOTALS[-1][1] + 1 + 14 * n)
    for n, day in enumerate(pd.date_range("2023-11-30", "2024-01-25", freq="7D"))
]


def analysed(
    frame: pd.DataFrame,
    totals: list[tuple[str, int]] | None = None,
    sohr: list[tuple[str, int]] | None = None,
    **change: object,
) -> tuple[pause.PauseResult, Facts]:
    result = pause.analyse_pause(
        frame, officials(totals or []), observed(sohr or []), SOURCES, CONTEXT, P.model_copy(update=change)
    )
    return result, pause.facts(result)


def test_a_clear_pause_is_shown_and_so_is_what_would_undo_it() -> None:
    _, facts = analysed(incidents([*STEADY, "2023-11-28"]))
    assert (facts["pause.coded.during"].value, facts["pause.coded.days"].value) == (1, 7)
    assert facts["pause.coded.expected"].value == pytest.approx(14)
    assert facts["pause.coded.ratio"].value == pytest.approx(1 / 14)
    assert facts["pause.coded.fall"].value == SHOWN
    assert facts["pause.missed"].value == 13


def test_no_change_is_not_shown_and_could_have_been() -> None:
    days = [str(day.date()) for day in DAYS for _ in range(2)]
    _, facts = analysed(incidents(days))
    assert facts["pause.coded.fall"].value == facts["stop.coded.fall"].value == NOT_SHOWN
    assert facts["pause.coded.largest_showing"].value is not None


def test_the_pause_is_not_compared_with_the_days_of_the_second_stop() -> None:
    before = [str(day.date()) for day in DAYS if day < pd.Timestamp(P.stop_start)]
    _, facts = analysed(incidents(before))
    assert facts["pause.coded.ratio"].value == pytest.approx(1)  # the empty days since the stop are not in it


def test_few_attacks_cannot_show_a_fall_whatever_the_pause_held() -> None:
    _, facts = analysed(incidents(["2023-10-20", "2023-11-05", "2024-01-10"]))
    assert facts["pause.coded.fall"].value == CANNOT
    assert facts["pause.coded.largest_showing"].value is None


def test_largest_showing_is_the_edge_of_the_finding() -> None:
    _, facts = analysed(incidents([*STEADY, "2023-11-28"]))
    most = facts["pause.coded.largest_showing"].value
    for extra, finding in ((most, SHOWN), (most + 1, NOT_SHOWN)):
        _, changed = analysed(incidents([*STEADY, *["2023-11-28"] * extra]))
        assert changed["pause.coded.fall"].value == finding


def test_running_totals_show_the_pause_by_themselves_and_a_contradiction_is_followed_up() -> None:
    totals = [*TOTALS, *AFTER, ("2023-11-30", AFTER[0][1] + 20)]
    _, facts = analysed(incidents(STEADY), totals=totals)
    assert facts["pause.officials.during"].value == 1
    assert facts["pause.officials.fall"].value == SHOWN
    assert facts["pause.contradicted.total"].value == AFTER[0][1] + 20
    assert facts["pause.contradicted.fall"].value == NOT_SHOWN


def test_the_observatorys_days_are_those_between_its_totals() -> None:
    result, _ = analysed(incidents(STEADY), sohr=[*TOTALS[:-1], *AFTER])
    row = result.pause["sohr"]
    assert (row.first, row.last) == (date.fromisoformat(TOTALS[-2][0]).replace(day=18), date(2023, 11, 30))


def test_us_officials_confirmations_are_set_against_the_days_before_alone() -> None:
    late = incidents(STEADY).assign(
        confirmation=lambda f: ["us_official" if d < pd.Timestamp("2023-12-01") else "media_only" for d in f["date"]]
    )
    result, _ = analysed(late)
    assert result.pause["us_official"].compared == "before"
    assert result.pause["us_official"].before_days == 38


EDGES: dict[str, dict[str, object]] = {
    "pause before the window": {"window_start": date(2023, 12, 5)},
    "half the pause": {"window_start": date(2023, 11, 27)},
    "one day": {"window_start": date(2023, 11, 29), "window_end": date(2023, 11, 29)},
    "window before the stop": {"window_end": date(2024, 1, 15)},
    "a pause of one day": {"pause_end": date(2023, 11, 25)},
    "a pause after the stop": {"pause_start": date(2024, 2, 10), "pause_end": date(2024, 2, 17)},
    "Jordan alone": {"countries": ("JO",)},
    "US officials alone": {"confirmed_by": "us_official"},
    "no day coded": {"window_start": date(2025, 1, 1), "window_end": date(2025, 2, 1)},
}


@pytest.mark.parametrize("change", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("days", [STEADY, []], ids=["steady", "empty"])
def test_edges_give_findings_and_no_exception(change: dict[str, object], days: list[str]) -> None:
    result, facts = analysed(incidents(days), totals=[*TOTALS, *AFTER], sohr=TOTALS, **change)
    assert {facts[f"pause.{name}.fall"].value for name in result.pause} <= {SHOWN, NOT_SHOWN, CANNOT}
    shown = pause.table(result.pause)
    assert list(shown.columns) == pause.COLUMNS
    assert not (shown["ratio"] < 0).any()


def test_days_outside_the_coding_are_unknown_not_quiet() -> None:
    wide = {"window_start": date(2023, 9, 1), "window_end": date(2024, 6, 1)}
    here, there = (analysed(incidents([*STEADY, "2023-11-28"]), **change)[1] for change in ({}, wide))
    assert {name: fact.value for name, fact in here.items()} == {name: fact.value for name, fact in there.items()}


def test_shuffled_rows_change_nothing() -> None:
    frame = incidents([*STEADY, "2023-11-28"])
    assert dict(analysed(frame)[1]) == dict(analysed(frame.sample(frac=1, random_state=1))[1])


def test_the_record_itself() -> None:
    names = ("incidents", "official_counts", "other_counts", "sources", "context")
    result = pause.analyse_pause(*(tables.read(name) for name in names), P)
    shown = pause.table(result.pause).set_index("series")
    assert list(shown.index) == list(pause.SERIES)
    assert shown.loc["coded", ["during", "days"]].tolist() == [1, 7]
    assert shown.loc["coded", "high"] < 0.6
    assert shown.loc["officials", "high"] < 0.8
    facts = pause.facts(result)
    known = {name: set(tables.read(name)[key]) for name, key in
             (("incidents", "incident_id"), ("official_counts", "count_id"), ("other_counts", "other_id"),
              ("context", "context_id"))}  # fmt: skip
    for fact in facts.values():
        assert set(fact.incidents) <= known["incidents"]
        assert all(set(ids) <= known[table] for table, ids in fact.rows.items())
