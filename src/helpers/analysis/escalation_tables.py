"""The tables of notebook 03: shown there, printed in the brief, and written to ``report/tables``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.analysis.escalation import EscalationResult
from helpers.analysis.power import adjusted
from helpers.paths import resolve
from helpers.tables import FIGURES, for_spreadsheet
from helpers.vocabulary import COUNTRIES


def read_capture(report_dir: str | Path) -> pd.DataFrame | None:
    """Return ``tables/capture.csv`` of 02_coverage (incident_id, capture, weight), or None where it is absent."""
    path = resolve(report_dir) / "tables" / "capture.csv"
    return pd.read_csv(path) if path.exists() else None


def first_table(result: EscalationResult) -> pd.DataFrame:
    """Return the first use of each weapon, one row a weapon, from the highest rung down."""
    rows = [
        {
            "weapon": use.weapon,
            "rung": use.rung,
            "first": use.day,
            "incident_id": use.incident,
            "incidents_before": use.after if use.day else None,
            "incidents": len(use.incidents),
            "sources": use.sources,
            "sources_saying": use.sources_saying,
            "earliest_named": use.earliest_day,
            "earliest_incident": use.earliest_incident,
        }
        for use in reversed(result.first)
    ]
    whole = dict.fromkeys(("rung", "incidents_before", "sources", "sources_saying"), "Int64")
    return pd.DataFrame(rows).astype(whole)


def power_table(result: EscalationResult) -> pd.DataFrame:
    """Return for missiles, and for rockets or anything above, what each test could show."""
    rows = []
    for name, half, timing in (
        ("ballistic or cruise missile", result.missile_halves, result.plain.timing),
        ("rocket or above", result.rocket_halves, None),
    ):
        rows.append(
            {
                "weapon": name,
                "incidents": half.k1 + half.k2,
                "first half": f"{half.k1} of {half.n1}",
                "second half": f"{half.k2} of {half.n2}",
                "p (Fisher)": half.p,
                "power to show a doubling": half.power,
                "incidents needed": half.needed,
                "p (as late by chance)": timing.p_late if timing else None,
                "smallest such p": timing.smallest_p if timing else None,
                "power of that test": timing.power if timing else None,
                "power of the trend test": None if timing else result.trend_power.power,
            }
        )
    return pd.DataFrame(rows).astype({"incidents needed": "Int64"})


def countries_table(result: EscalationResult) -> pd.DataFrame:
    """Return the attacks in each country, the troops said to be stationed there, and attacks for each thousand."""
    return pd.DataFrame(
        [
            {
                "country": COUNTRIES[part.country],
                "incidents": len(part.incidents),
                "before": part.before,
                "during": part.during,
                "after": part.after,
                "troops stated": part.stationed.personnel if part.stationed else None,
                "per thousand": part.per_thousand,
                "low": part.low,
                "high": part.high,
            }
            for part in result.countries
        ]
    )


def readings_table(result: EscalationResult) -> pd.DataFrame:
    """Return the tests under each reading, one row a reading."""
    return pd.DataFrame(
        [
            {
                "reading": r.key, "label": r.label, "incidents": r.trend.n, "weeks": r.trend.blocks,
                "tau_b": r.trend.tau,
                "low": r.trend.low, "high": r.trend.high, "p": r.trend.p_permuted, "p_incidents": r.trend.p_incidents,
                "missiles": r.timing.k, "p_first_as_late": r.timing.p_first, "p_rank_sum_late": r.timing.p_late,
                "p_late_by_weeks": r.weeks.p_permuted if r.weeks.p_permuted is not None else r.weeks.p,
                "smallest_p": r.timing.smallest_p, "power_of_doubling": r.timing.power,
            }
            for r in result.readings
        ]
    )  # fmt: skip


def comparisons_table(result: EscalationResult) -> pd.DataFrame:
    """Return every comparison of the days before the pause with those after it, with its p-values."""
    allowing = adjusted(result.comparisons)
    rows = [
        (name, part.before.value, part.after.value, part.difference, part.low, part.high, part.p,
         part.trend.p_permuted if part.trend.p_permuted is not None else part.trend.p, allowing.get(name))
        for name, part in result.comparisons.items()
    ]  # fmt: skip
    columns = ["share of", "before", "after", "change", "low", "high", "p", "p by weeks", "p allowing for all"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], "float64"))


def write_tables(result: EscalationResult, folder: str | Path) -> list[Path]:
    """Write the tables that the brief prints to `folder` (``report/tables``) as CSV; return their paths."""
    target = resolve(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in (
        ("escalation_readings", readings_table(result)),
        ("first_uses", first_table(result)),
        ("weapons_by_period", result.by_period.reset_index()),
        ("sites", result.sites),
        ("countries", countries_table(result)),
    ):
        path = target / f"{name}.csv"
        frame.map(for_spreadsheet).to_csv(
            path, index=False, lineterminator="\n", date_format="%Y-%m-%d", float_format=FIGURES
        )
        written.append(path)
    return written
