"""Statements from the press, each judged by the record without the source that makes it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.analysis.evidence import Evidence, without
from helpers.analysis.strikes import within_coding
from helpers.analysis.verdict import VERDICTS, Verdict
from helpers.analysis.verdicts import METHODS as METHODS
from helpers.analysis.verdicts import verdict_of
from helpers.facts import Facts, printed
from helpers.parameters import Parameters
from helpers.tables import each

TABLE_COLUMNS = [
    "claim_id",
    "statement",
    "source_id",
    "family",
    "kind",
    "comparator",
    "value",
    "verdict",
    "measured",
    "low",
    "high",
    "reason",
    "incidents",
    "rows",
]


@dataclass(frozen=True)
class ClaimsResult:
    """The verdicts: `table` has one row a claim (columns `TABLE_COLUMNS`, in the order of the sheet)."""

    parameters: Parameters
    table: pd.DataFrame


def analyse_claims(
    claims: pd.DataFrame,
    incidents: pd.DataFrame,
    reports: pd.DataFrame,
    counts: pd.DataFrame,
    responses: pd.DataFrame,
    sources: pd.DataFrame,
    parameters: Parameters,
) -> ClaimsResult:
    """Judge every row of `claims`; all tables are clean ones, `reports` with incident_id and family."""
    parameters = within_coding(parameters, incidents)
    families = sources.set_index("source_id")["family"]
    shared: dict[str, Evidence] = {}
    rows = []
    text_columns = ["country", "site_id", "weapons", "claimed_by"]
    filled = claims.assign(**{name: claims[name].fillna("").astype(str) for name in text_columns})
    for claim in each(filled):
        family = str(families.get(claim.source_id, claim.source_id))
        if family not in shared:
            shared[family] = without(
                family,
                incidents=incidents,
                reports=reports,
                counts=counts,
                responses=responses,
                sources=sources,
                parameters=parameters,
            )
        found = verdict_of(claim, shared[family])
        rows.append(
            {
                "claim_id": claim.claim_id,
                "statement": claim.statement,
                "source_id": claim.source_id,
                "family": family,
                "kind": claim.kind,
                "comparator": claim.comparator,
                "value": claim.value,
                **_cells(found),
            }
        )
    return ClaimsResult(parameters, pd.DataFrame(rows, columns=TABLE_COLUMNS))


def _cells(found: Verdict) -> dict[str, object]:
    return {
        "verdict": found.verdict,
        "measured": found.measured,
        "low": found.low,
        "high": found.high,
        "reason": found.reason,
        "incidents": ";".join(found.incidents),
        "rows": ";".join(found.rows),
    }


def _rows(cell: str) -> dict[str, list[str]]:
    """Return ``table:id;...`` as table -> ids."""
    behind: dict[str, list[str]] = {}
    for part in filter(None, cell.split(";")):
        table, row = part.split(":", 1)
        behind.setdefault(table, []).append(row)
    return behind


def record(facts: Facts, result: ClaimsResult) -> None:
    """Add the facts ``claims.*``: counts by verdict, and each claim's verdict, value, bounds and reason."""
    table = result.table
    facts.add("claims.total", len(table), unit="claims", rows={"claims": table["claim_id"]})
    facts.add(
        "claims.sources",
        int(table["source_id"].nunique()),
        unit="sources",
        rows={"sources": sorted(set(table["source_id"]))},
    )
    for verdict in VERDICTS:
        here = table[table["verdict"] == verdict]
        name = verdict.replace(" ", "_")
        facts.add(f"claims.{name}", len(here), unit="claims", rows={"claims": here["claim_id"]})
        facts.add(f"claims.{name}.list", ", ".join(here["claim_id"]), unit="text", rows={"claims": here["claim_id"]})
    for row in each(table):
        name = "claims." + row.claim_id.replace("-", "_")
        behind = {"claims": [row.claim_id], **_rows(row.rows)}
        ids = [part for part in row.incidents.split(";") if part]
        facts.add(f"{name}.verdict", row.verdict, unit="text", incidents=ids, rows=behind, note=row.reason)
        facts.add(f"{name}.reason", row.reason, unit="text", incidents=ids, rows=behind)
        facts.add(
            f"{name}.statement",
            row.statement,
            unit="text",
            rows={"claims": [row.claim_id]},
            note=f"source {row.source_id}",
        )
        for end in ("measured", "low", "high"):
            value = getattr(row, end)
            value = None if isinstance(value, float) and pd.isna(value) else value
            facts.add(f"{name}.{end}", value, unit=_unit(row.kind, value), incidents=ids, rows=behind)


def _unit(kind: str, value: object) -> str:
    if isinstance(value, str):
        return "date"
    return {"claimed_share": "share", "rate_lower": "ratio", "rate_higher": "ratio"}.get(kind, "count")


def shown(value: object, kind: str) -> str:
    """Return a claimed or measured value as the brief prints it."""
    if isinstance(value, str) and len(value) == 10 and value[4] == "-":
        return printed(value, "date")
    number = float(value)  # type: ignore[arg-type]
    unit = _unit(kind, number)
    return printed(int(number), unit) if unit == "count" and number.is_integer() else printed(number, unit)
