"""Statements from the press, each judged by the record without the source that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from helpers.analysis.evidence import Evidence, without
from helpers.analysis.verdicts import KINDS, VERDICTS, verdict_of, wanted, when
from helpers.facts import Row
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.stretches import within_coding
from helpers.tables import each
from helpers.vocabulary import COUNTRIES, split, weapons
from helpers.words import day_text, listing

TABLE_COLUMNS = [
    "claim_id", "statement", "source_id", "kind", "tested", "untested", "verdict", "reason", "measured", "low", "high",
    "incidents", "rows",
]  # fmt: skip


@dataclass(frozen=True)
class Claims:
    """The verdicts: `table` has one row a statement (columns `TABLE_COLUMNS`), in the order of the sheet."""

    parameters: Parameters
    table: pd.DataFrame


def analyse_claims(tables: Mapping[str, pd.DataFrame], parameters: Parameters) -> Claims:
    """Judge every statement of the clean table claims.

    `tables` holds claims, incidents, reports (with incident_id and family), official_counts, responses and sources.
    """
    claims, incidents = tables["claims"], tables["incidents"]
    parameters = within_coding(parameters, incidents)
    families = tables["sources"].set_index("source_id")["family"]
    sites = dict(zip(incidents["site_id"], incidents.get("site_name", incidents["site_id"]), strict=True))
    parts = untested(parameters)
    known: dict[str, Evidence] = {}
    rows = []
    text = ["country", "site_id", "weapons", "claimed_by"]
    for claim in each(claims.assign(**{name: claims[name].fillna("").astype(str) for name in text})):
        family = str(families.get(claim.source_id, claim.source_id))
        if family not in known:
            known[family] = without(family, tables, parameters)
        row = {name: getattr(claim, name) for name in ("claim_id", "statement", "source_id", "kind")}
        row["tested"] = tested(claim, sites, parameters.reference_dir)
        row["untested"] = parts.get(claim.claim_id, "")
        row |= asdict(verdict_of(claim, known[family]))
        rows.append(row | {name: ";".join(row[name]) for name in ("incidents", "rows")})
    return Claims(parameters, pd.DataFrame(rows, columns=TABLE_COLUMNS))


def tested(claim: Any, sites: dict[str, str], reference_dir: str) -> str:
    """Return in words what of `claim` is tested: "at least one attack at Tower 22 on 28 January 2024"."""
    if claim.kind not in KINDS:
        return "nothing"
    arms, codes = weapons(reference_dir), split(claim.weapons)
    place = f" in {COUNTRIES[claim.country]}" if claim.country else ""
    words = {
        "place": place, "where": f" at {sites.get(claim.site_id, claim.site_id)}" if claim.site_id else place,
        "armed": f" with a {listing((arms[code].label for code in codes if code in arms), 'or')}" if codes else "",
        "when": when(claim), "end": day_text(claim.end.date()),
    }  # fmt: skip
    if claim.kind.startswith("first_"):
        words["value"] = day_text(claim.value)
    else:
        nouns = {"attacks": "attack", "munitions": "munition", "strikes": "US strike", "number": ""}
        words |= {
            name: wanted(claim, noun) for name, noun in nouns.items() if f"{{{name}}}" in KINDS[claim.kind].tested
        }
    return KINDS[claim.kind].tested.format(**words)


def untested(parameters: Parameters) -> dict[str, str]:
    """Return claim_id -> what the statement says beyond what its kind can test (``claims_untested.csv``)."""
    path = resolve(parameters.reference_dir) / "claims_untested.csv"
    frame = pd.read_csv(path, dtype=str)
    return dict(zip(frame["claim_id"], frame["untested"], strict=True))


def _behind(row: Any) -> dict[str, list[str]]:
    """Return the rows behind a verdict, table -> ids; its statement is one of them."""
    behind: dict[str, list[str]] = {"claims": [row["claim_id"]]}
    for part in split(row["rows"]):
        table, name = part.split(":", 1)
        behind.setdefault(table, []).append(name)
    return behind


def _claim(place: int) -> list[Row]:
    def row(result: Claims) -> Any:
        return result.table.iloc[place]

    def statement(result: Claims) -> dict[str, list[str]]:
        return {"claims": [row(result)["claim_id"]]}

    def ids(result: Claims) -> list[str]:
        return split(row(result)["incidents"])

    name = f"claims.{place + 1}"
    return [
        Row(f"{name}.statement", "text", lambda r: row(r)["statement"], rows=statement),
        Row(f"{name}.source", "text", lambda r: row(r)["source_id"]),
        Row(f"{name}.tested", "text", lambda r: row(r)["tested"], rows=statement),
        Row(f"{name}.untested", "text", lambda r: row(r)["untested"], rows=statement,
            when=lambda r: bool(row(r)["untested"])),
        Row(f"{name}.verdict", "text", lambda r: row(r)["verdict"], ids, lambda r: _behind(row(r))),
        Row(f"{name}.reason", "text", lambda r: row(r)["reason"], ids, lambda r: _behind(row(r))),
    ]  # fmt: skip


def rows(result: Claims) -> list[Row]:
    """Return the facts ``claims.*`` as rows: how many statements, of which verdict, and each of them."""

    def of(verdict: str) -> Row:
        def ids(result: Claims) -> list[str]:
            return list(result.table.loc[result.table["verdict"] == verdict, "claim_id"])

        name = f"claims.{verdict.replace(' ', '_')}"
        return Row(name, "claims", lambda r: len(ids(r)), rows=lambda r: {"claims": ids(r)})

    return [
        Row("claims.total", "claims", lambda r: len(r.table), rows=lambda r: {"claims": list(r.table["claim_id"])}),
        Row("claims.sources", "sources", lambda r: int(r.table["source_id"].nunique()),
            rows=lambda r: {"sources": sorted(set(r.table["source_id"]))}),
        *(of(verdict) for verdict in VERDICTS),
        *(row for place in range(len(result.table)) for row in _claim(place)),
    ]  # fmt: skip
