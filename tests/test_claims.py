"""Verdicts on press statements, on made-up records."""

from __future__ import annotations

import math
from typing import ClassVar

import pandas as pd
import pytest

from helpers import tables
from helpers.analysis import claims, evidence
from helpers.analysis.evidence import Said
from helpers.parameters import Parameters

REPORT = {
    "incident_id": "i1", "family": "AP", "source_id": "ap-1", "weapons": "one_way_drone", "confirmation": "us_official",
    "us_injured_low": pd.NA, "us_injured_high": pd.NA, "partner_injured": pd.NA, "munitions_low": pd.NA,
    "munitions_high": pd.NA, "claimed_by": "",
}  # fmt: skip
INCIDENT = {
    "incident_id": "i1", "date": "2023-11-20", "country": "IQ", "site_id": "al-asad", "confirmation": "us_official",
}  # fmt: skip


class Record:
    """A made-up record that claims are judged by."""

    def __init__(self) -> None:
        self.incidents: list[dict[str, object]] = []
        self.reports: list[dict[str, object]] = []
        self.counts: list[dict[str, object]] = []
        self.strikes: list[dict[str, object]] = []
        self.families: dict[str, str] = {"own-1": "Own"}

    def incident(self, name: str, day: str, *reports: dict[str, object], **fields: object) -> Record:
        self.incidents.append({**INCIDENT, "incident_id": name, "date": day, **fields})
        for report in reports or ({},):
            row = {**REPORT, "incident_id": name, **report}
            row["report_id"] = f"r{len(self.reports)}"
            row["source_id"] = row.get("source_id") or row["family"]
            self.reports.append(row)
        return self

    def total(self, source: str, day: str, relation: str = "exact", **values: int) -> Record:
        self.families.setdefault(source, source)
        row = {"count_id": f"c{len(self.counts)}", "source_id": source, "as_of": day, "stated_on": day,
               "relation": relation, "speaker": "x"}  # fmt: skip
        row |= {column: values.get(column, pd.NA) for column in ("total", "iraq", "syria", "jordan", "us_injured")}
        self.counts.append(row)
        return self

    def strike(self, name: str, day: str, country: str, *sources: str) -> Record:
        for source in sources:
            self.families.setdefault(source, source)
        self.strikes.append({"response_id": name, "date": day, "country": country, "sources": ";".join(sources)})
        return self

    def judge(self, parameters: Parameters | None = None, **claim: object) -> pd.Series:
        row = {"claim_id": "c-1", "source_id": "own-1", "statement": "So it was.", "country": "", "site_id": "",
               "weapons": "", "claimed_by": "", "start": "2023-10-17", "end": "2023-12-31", "note": "",
               **claim}  # fmt: skip
        frame = pd.DataFrame([row])
        frame[["start", "end"]] = frame[["start", "end"]].apply(pd.to_datetime)
        result = claims.analyse_claims({"claims": frame, **self.tables()}, parameters or Parameters())
        return result.iloc[0]

    def tables(self) -> dict[str, pd.DataFrame]:
        incidents = pd.DataFrame(self.incidents, columns=[*INCIDENT, "date_earliest", "date_latest"])
        for column in ("date", "date_earliest", "date_latest"):
            incidents[column] = pd.to_datetime(incidents[column])
        reports = pd.DataFrame(self.reports, columns=[*REPORT, "report_id"])
        for column in [name for name in REPORT if name.endswith(("low", "high", "injured"))]:
            reports[column] = reports[column].astype("Int64")
        columns = ["count_id", "source_id", "as_of", "stated_on", "total", "iraq", "syria", "jordan", "us_injured",
                   "relation", "speaker"]  # fmt: skip
        counts = pd.DataFrame(self.counts, columns=columns)
        for column in ("as_of", "stated_on"):
            counts[column] = pd.to_datetime(counts[column])
        for column in ("total", "iraq", "syria", "jordan", "us_injured"):
            counts[column] = counts[column].astype("Int64")
        strikes = pd.DataFrame(self.strikes, columns=["response_id", "date", "country", "sources"])
        strikes["date"] = pd.to_datetime(strikes["date"])
        sources = pd.DataFrame({"source_id": list(self.families), "family": list(self.families.values())})
        return {"incidents": incidents, "reports": reports, "official_counts": counts, "responses": strikes,
                "sources": sources}  # fmt: skip


OWN = {"family": "Own"}
ON_THE_DAY = {"kind": "incident_count", "country": "IQ", "start": "2023-11-20", "end": "2023-11-20"}


@pytest.mark.parametrize(
    ("low", "high", "comparator", "value", "expected"),
    [
        (3, 3, "equals", 3, "supported"),
        (3, 4, "equals", 3, "mixed"),
        (4, 5, "equals", 3, "contradicted"),
        (63, 69, "approximately", 66, "supported"),
        (60, 69, "approximately", 66, "mixed"),
        (50, 60, "approximately", 66, "contradicted"),
        (2, math.inf, "at_least", 2, "supported"),
        (1, 2, "at_least", 2, "mixed"),
        (0, 1, "at_least", 2, "contradicted"),
        (0.1, 0.9, "less_than", 1, "supported"),
        (0.1, 1.0, "less_than", 1, "mixed"),
        (1.0, 2.0, "less_than", 1, "contradicted"),
        (0.5, 0.6, "more_than", 0.5, "mixed"),
        (0.51, 0.6, "more_than", 0.5, "supported"),
        (0.2, 0.5, "more_than", 0.5, "contradicted"),
    ],
)
def test_bounds_against_each_comparator(low, high, comparator, value, expected):
    assert evidence.judge(low, high, comparator, value) == expected


def test_origins_that_differ():
    eights = [Said(8, 8, ())] * 3
    nought = Said(0, 0, ())
    assert evidence.agree([*eights, nought], "equals", 8) == ("supported", 3)
    assert evidence.agree([*eights[:2], nought], "equals", 8)[0] == "mixed"
    assert evidence.agree([nought], "equals", 8)[0] == "contradicted"
    # nobody says it outright
    assert evidence.agree([Said(2, math.inf, ())], "equals", 8)[0] == "mixed"


class TestIncidentCount:
    def test_supported_by_another_source(self):
        found = Record().incident("i1", "2023-11-20").judge(**ON_THE_DAY, comparator="at_least", value="1")
        assert (found.verdict, found.incidents) == ("supported", "i1")

    def test_never_by_its_own_source_or_a_reprint_of_it(self):
        record = Record().incident("i1", "2023-11-20", OWN, {**OWN, "source_id": "own-reprint"})
        assert record.judge(**ON_THE_DAY, comparator="at_least", value="1").verdict == "not testable"

    def test_a_day_in_doubt_is_mixed(self):
        record = Record().incident("i1", "2023-11-20", date_earliest="2023-11-18", date_latest="2023-11-20")
        assert record.judge(**ON_THE_DAY, comparator="at_least", value="1").verdict == "mixed"

    def test_contradicted(self):
        record = Record().incident("i1", "2023-11-20")
        assert record.judge(**ON_THE_DAY, comparator="equals", value="0").verdict == "contradicted"

    def test_silence_alone_bears_nothing_out_but_totals_that_stand_still_do(self):
        claim = {"kind": "incident_count", "start": "2023-11-20", "end": "2023-11-20", "comparator": "equals",
                 "value": "0"}  # fmt: skip
        silent = Record().incident("i1", "2023-11-25")
        found = silent.judge(**claim)
        assert found.verdict == "not testable"
        assert "silence decides nothing" in found.reason
        still = silent.total("A", "2023-11-19", total=61)
        assert still.judge(**claim).verdict == "not testable"  # one end alone
        still.total("A", "2023-11-20", total=61)
        assert still.judge(**claim).verdict == "not testable"  # one origin may repeat an old figure
        still.total("B", "2023-11-20", total=61)
        assert still.judge(**claim).verdict == "supported"
        assert still.judge(**{**claim, "site_id": "al-asad"}).verdict == "not testable"  # totals know no site
        risen = Record().incident("i1", "2023-11-25").total("A", "2023-11-19", total=61)
        assert risen.total("A", "2023-11-20", total=64).judge(**claim).verdict == "mixed"

    def test_days_before_the_record(self):
        found = (
            Record()
            .incident("i1", "2023-11-20")
            .judge(**{**ON_THE_DAY, "start": "2023-10-10", "end": "2023-10-20"}, comparator="at_least", value="1")
        )
        assert found.verdict == "not testable"
        assert "10 to 16 October 2023" in found.reason

    def test_weapon_named_by_others_decides(self):
        claim = {**ON_THE_DAY, "weapons": "rocket", "comparator": "at_least", "value": "1"}
        rocket, drone = {"family": "AP", "weapons": "rocket"}, {"family": "AFP", "weapons": "one_way_drone"}
        other = {"family": "CNN", "weapons": "one_way_drone"}
        assert Record().incident("i1", "2023-11-20", rocket).judge(**claim).verdict == "supported"
        assert Record().incident("i1", "2023-11-20", rocket, drone, other).judge(**claim).verdict == "mixed"
        wide = {"family": "AP", "weapons": "missile_unspecified"}
        assert Record().incident("i1", "2023-11-20", wide).judge(**claim).verdict == "mixed"
        own = {**OWN, "weapons": "rocket"}
        assert Record().incident("i1", "2023-11-20", own, drone).judge(**claim).verdict == "not testable"

    def test_the_press_spoke_of_all_attacks_whatever_a_run_counts(self):
        record = Record().incident("i1", "2023-11-20", {"family": "AP"}, confirmation="media_only")
        strict = Parameters(confirmed_by="us_official")
        assert record.judge(strict, **ON_THE_DAY, comparator="at_least", value="1").verdict == "supported"


class TestNumbersTold:
    CLAIM: ClassVar[dict[str, str]] = {**ON_THE_DAY, "kind": "incident_injured", "comparator": "equals", "value": "8"}

    @pytest.mark.parametrize(("told", "expected"), [([8, 8], "supported"), ([8, 0], "mixed"), ([0, 2], "contradicted")])
    def test_origin_by_origin(self, told, expected):
        reports = [{"family": f"f{n}", "us_injured_low": k, "us_injured_high": k} for n, k in enumerate(told)]
        assert Record().incident("i1", "2023-11-20", *reports).judge(**self.CLAIM).verdict == expected

    def test_blank_column_is_named(self):
        found = Record().incident("i1", "2023-11-20").judge(**self.CLAIM)
        assert found.verdict == "not testable"
        assert "us_injured_low" in found.reason

    def test_own_number_does_not_count(self):
        own = {**OWN, "us_injured_low": 8, "us_injured_high": 8}
        other = {"family": "AP", "us_injured_low": 2, "us_injured_high": 2}
        assert Record().incident("i1", "2023-11-20", own, other).judge(**self.CLAIM).verdict == "contradicted"

    def test_partners_and_munitions(self):
        report = {"family": "AP", "partner_injured": 1, "munitions_low": 3, "munitions_high": 3}
        record = Record().incident("i1", "2023-11-20", report)
        for kind, value in (("incident_partner_injured", "1"), ("incident_munitions", "3")):
            assert record.judge(**{**self.CLAIM, "kind": kind, "value": value}).verdict == "supported"


class TestFirstIncident:
    CLAIM: ClassVar[dict[str, str]] = {
        "kind": "first_incident", "country": "IQ", "weapons": "ballistic_missile", "comparator": "equals",
        "value": "2023-11-20", "end": "2023-11-20",
    }  # fmt: skip
    BALLISTIC: ClassVar[dict[str, str]] = {"family": "AP", "weapons": "ballistic_missile"}

    def test_supported_contradicted_and_mixed(self):
        record = Record().incident("i2", "2023-11-20", self.BALLISTIC)
        assert record.judge(**self.CLAIM).verdict == "supported"
        maybe = {"family": "AP", "weapons": "missile_unspecified"}
        assert record.incident("i1", "2023-11-02", maybe).judge(**self.CLAIM).verdict == "mixed"
        found = record.incident("i0", "2023-11-01", self.BALLISTIC).judge(**self.CLAIM)
        assert (found.verdict, found.incidents) == ("contradicted", "i0")

    def test_days_before_the_record_leave_it_open(self):
        record = Record().incident("i2", "2023-11-20", self.BALLISTIC)
        assert record.judge(**{**self.CLAIM, "start": "2023-10-07"}).verdict == "not testable"


class TestTotals:
    CLAIM: ClassVar[dict[str, str]] = {
        "kind": "official_total",
        "end": "2023-11-21",
        "comparator": "approximately",
        "value": "66",
    }

    def test_supported_contradicted_mixed_and_silent(self):
        assert Record().total("a", "2023-11-21", total=66).judge(**self.CLAIM).verdict == "supported"
        assert Record().total("a", "2023-11-21", total=50).judge(**self.CLAIM).verdict == "contradicted"
        both = Record().total("a", "2023-11-21", total=66).total("b", "2023-11-21", total=50)
        assert both.judge(**self.CLAIM).verdict == "mixed"
        assert Record().judge(**self.CLAIM).verdict == "not testable"

    def test_own_origin_is_left_out(self):
        record = Record().total("own-1", "2023-11-21", total=66)
        assert record.judge(**self.CLAIM).verdict == "not testable"

    def test_totals_around_the_day_bound_it(self):
        record = Record().total("a", "2023-11-18", total=65).total("b", "2023-11-24", total=67)
        assert record.judge(**self.CLAIM).verdict == "supported"
        wide = Record().total("a", "2023-11-18", total=40).total("b", "2023-11-24", total=90)
        assert wide.judge(**self.CLAIM).verdict == "mixed"

    def test_at_least_is_supported_by_a_later_lower_bound(self):
        record = Record().total("a", "2023-11-20", "at_least", total=70)
        assert record.judge(**{**self.CLAIM, "comparator": "at_least"}).verdict == "supported"

    def test_country_column_and_injured(self):
        record = Record().total("a", "2023-11-21", total=66, iraq=32, syria=34, us_injured=62)
        assert (
            record.judge(**{**self.CLAIM, "country": "IQ", "comparator": "equals", "value": "32"}).verdict
            == "supported"
        )
        injured = {**self.CLAIM, "kind": "official_injured", "value": "62"}
        assert record.judge(**injured).verdict == "supported"
        assert record.judge(**{**injured, "value": "20"}).verdict == "contradicted"
        assert Record().total("a", "2023-11-21", total=66).judge(**injured).verdict == "not testable"


class TestStrikes:
    CLAIM: ClassVar[dict[str, str]] = {"kind": "response_count", "country": "SY", "comparator": "equals", "value": "1"}

    def test_counts(self):
        record = Record().strike("s1", "2023-11-01", "SY", "a", "b", "c")
        assert record.judge(**self.CLAIM).verdict == "supported"
        assert record.strike("s2", "2023-11-09", "IQ;SY", "a").judge(**self.CLAIM).verdict == "mixed"
        assert record.judge(**{**self.CLAIM, "comparator": "at_least", "value": "9"}).verdict == "contradicted"

    def test_own_strike_does_not_count(self):
        record = Record().strike("s1", "2023-11-01", "SY", "own-1")
        assert record.judge(**self.CLAIM).verdict == "not testable"

    def test_first(self):
        claim = {**self.CLAIM, "kind": "first_response", "value": "2023-11-01"}
        record = Record().strike("s1", "2023-11-01", "SY", "a")
        assert record.judge(**claim).verdict == "supported"
        assert record.strike("s0", "2023-10-27", "SY", "a").judge(**claim).verdict == "contradicted"
        assert Record().judge(**claim).verdict == "not testable"


class TestShares:
    CLAIM: ClassVar[dict[str, str]] = {
        "kind": "claimed_share",
        "claimed_by": "g",
        "comparator": "more_than",
        "value": "0.5",
    }

    @pytest.mark.parametrize(
        ("claimed", "every", "expected"), [(40, 40, "supported"), (2, 40, "contradicted"), (11, 20, "mixed")]
    )
    def test_interval_decides(self, claimed, every, expected):
        record = Record()
        for n in range(every):
            record.incident(f"i{n}", "2023-11-20", {"family": "AP", "claimed_by": "g" if n < claimed else "none"})
        found = record.judge(**self.CLAIM)
        assert found.verdict == expected
        assert 0 <= found.low < claimed / every + 1e-9 <= found.high + 1e-9

    def test_blank_column_is_named(self):
        assert "claimed_by" in Record().incident("i1", "2023-11-20").judge(**self.CLAIM).reason


class TestRates:
    LOWER: ClassVar[dict[str, str]] = {
        "kind": "rate_lower",
        "start": "2023-11-24",
        "end": "2023-12-01",
        "comparator": "less_than",
        "value": "1",
    }
    HIGHER: ClassVar[dict[str, str]] = {
        "kind": "rate_higher",
        "start": "2023-12-02",
        "end": "2023-12-08",
        "comparator": "more_than",
        "value": "1",
    }

    @staticmethod
    def daily(*stretches: tuple[str, str, int]) -> Record:
        record = Record()
        for start, end, a_day in stretches:
            for day in pd.date_range(start, end):
                for n in range(a_day):
                    record.incident(f"{day:%m%d}-{n}", f"{day:%Y-%m-%d}")
        return record

    def test_each_verdict(self):
        lull = self.daily(("2023-10-17", "2023-11-23", 3))
        assert lull.judge(**self.LOWER).verdict == "supported"
        steady = self.daily(("2023-10-17", "2023-12-31", 1))
        assert steady.judge(**self.LOWER).verdict == "mixed"
        peak = self.daily(("2023-10-17", "2023-11-23", 1), ("2023-11-24", "2023-12-01", 9))
        assert peak.judge(**self.LOWER).verdict == "contradicted"
        assert Record().judge(**self.LOWER).verdict == "not testable"

    def test_renewal_is_measured_against_the_pause(self):
        record = self.daily(("2023-10-17", "2023-11-23", 1), ("2023-12-02", "2023-12-08", 3))
        found = record.judge(**self.HIGHER)
        assert found.verdict == "supported"
        assert found.low > 1
        assert pd.isna(found.high)


def test_a_run_of_one_country_tests_no_statement_about_all():
    record = Record().incident("i1", "2023-11-20")
    claim = {**ON_THE_DAY, "country": "", "comparator": "at_least", "value": "1"}
    found = record.judge(Parameters(countries="IQ"), **claim)
    assert found.verdict == "not testable"
    assert "Syria and Jordan" in found.reason


def test_a_total_of_all_is_not_judged_in_a_run_of_one_country():
    record = Record().total("a", "2023-11-21", total=66)
    claim = {"kind": "official_total", "end": "2023-11-21", "comparator": "at_least", "value": "60"}
    assert record.judge(**claim).verdict == "supported"
    assert record.judge(Parameters(countries="JO"), **claim).verdict == "not testable"


def test_a_verdict_says_what_was_tested_and_what_was_not():
    record = Record().strike("s1", "2023-12-03", "IQ", "a", "b", "c")
    found = record.judge(
        claim_id="strike-kirkuk", kind="response_count", country="IQ", start="2023-12-03", end="2023-12-03",
        comparator="at_least", value="1",
    )  # fmt: skip
    assert found.verdict == "supported"
    assert found.tested == "at least one US strike in Iraq on 3 December 2023"
    assert "five were killed" in found.untested


NAMES = ("claims", "incidents", "reports", "official_counts", "responses", "sources")


@pytest.fixture(scope="module")
def record_tables() -> dict[str, pd.DataFrame]:
    return {name: tables.read(name) for name in NAMES}


def test_no_row_of_a_claims_own_family_decides_it(record_tables):
    sources = record_tables["sources"].set_index("source_id")["family"]
    for family in {sources[source] for source in record_tables["claims"]["source_id"]}:
        left = evidence.without(family, record_tables, Parameters())
        assert family not in set(left.reports["family"])
        assert family not in set(left.counts["source_id"].map(sources))
        assert set(left.incidents["incident_id"]) == set(left.reports["incident_id"])


def test_shuffled_rows_give_the_same_verdicts(record_tables):
    one = claims.analyse_claims(record_tables, Parameters())
    mixed = {name: frame.sample(frac=1, random_state=8) for name, frame in record_tables.items()}
    other = claims.analyse_claims(mixed, Parameters())
    columns = ["claim_id", "verdict", "measured", "low", "high", "reason"]
    both = [result[columns].sort_values("claim_id", ignore_index=True) for result in (one, other)]
    pd.testing.assert_frame_equal(*both)
    assert set(one["verdict"]) <= set(evidence.VERDICTS)
    assert set(record_tables["claims"]["kind"]) <= set(claims.KINDS)


def test_facts_say_what_the_table_says(record_tables):
    result = claims.analyse_claims(record_tables, Parameters())
    facts = claims.facts(result)
    for place, row in enumerate(result.to_dict("records"), 1):
        assert facts[f"claims.{place}.verdict"].value == row["verdict"]
        assert row["claim_id"] in facts[f"claims.{place}.verdict"].rows["claims"]
    told = [facts[f"claims.{name.replace(' ', '_')}"].value for name in evidence.VERDICTS]
    assert sum(told) == facts["claims.total"].value == len(result)


def test_what_is_not_tested_is_of_statements_that_are_coded(record_tables):
    assert set(claims.untested(Parameters())) <= set(record_tables["claims"]["claim_id"])
