"""Statements from the press, each judged by the record without the source that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import pandas as pd

from helpers.analysis.evidence import without
from helpers.analysis.verdicts import KINDS, VERDICTS, verdict_of, wanted, when
from helpers.facts import Facts
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


def analyse_claims(tables: Mapping[str, pd.DataFrame], parameters: Parameters) -> pd.DataFrame:
    """Return the verdict on every statement of the clean table claims, in its order (columns `TABLE_COLUMNS`).

    `tables` holds claims, incidents, reports (with incident_id and family), official_counts, responses and sources.
    """
    claims, incidents = tables["claims"], tables["incidents"]
    parameters = within_coding(parameters, incidents)
    sites = dict(zip(incidents["site_id"], incidents.get("site_name", incidents["site_id"]), strict=True))
    parts, known = untested(parameters), cache(lambda family: without(family, tables, parameters))
    families = claims["source_id"].map(tables["sources"].set_index("source_id")["family"]).fillna(claims["source_id"])
    text = {name: claims[name].fillna("").astype(str) for name in ("country", "site_id", "weapons", "claimed_by")}
    rows = []
    for claim in each(claims.assign(**text, family=families)):
        row = {name: getattr(claim, name) for name in TABLE_COLUMNS[:4]}
        row |= {"tested": tested(claim, sites, parameters.reference_dir), "untested": parts.get(claim.claim_id, "")}
        row |= asdict(verdict_of(claim, known(claim.family)))
        rows.append(row | {name: ";".join(row[name]) for name in ("incidents", "rows")})
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


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


def facts(table: pd.DataFrame) -> Facts:
    """Return the facts ``claims.*``: how many statements, of which verdict, and each of them."""
    found = Facts()
    found.add("claims.total", len(table), unit="claims", rows={"claims": table["claim_id"]})
    sources = sorted(set(table["source_id"]))
    found.add("claims.sources", len(sources), unit="sources", rows={"sources": sources})
    for verdict in VERDICTS:
        ids = table.loc[table["verdict"] == verdict, "claim_id"]
        found.add(f"claims.{verdict.replace(' ', '_')}", len(ids), unit="claims", rows={"claims": ids})
    for place, row in enumerate(table.to_dict("records"), 1):
        statement = {"claims": [row["claim_id"]]}
        behind = {"claims": [row["claim_id"]]}
        for kind, name in (part.split(":", 1) for part in split(row["rows"])):
            behind.setdefault(kind, []).append(name)
        found.add(f"claims.{place}.source", row["source_id"], unit="text")
        said = {key: row[key] for key in ("statement", "tested", "untested") if row[key] or key == "tested"}
        found.add_each(f"claims.{place}", said, rows=statement)
        decided, incidents = {key: row[key] for key in ("verdict", "reason")}, split(row["incidents"])
        found.add_each(f"claims.{place}", decided, incidents=incidents, rows=behind)
    return found
