"""The officials' running totals beside the explorer's own counts, from the chain of the coverage analysis."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from helpers.analysis import totals as chains


def _relation(value: float, low: float, high: float) -> str:
    if math.isinf(high):
        return "at_least"
    return "exact" if low == value == high else "approximately"


def totals(official_counts: pd.DataFrame, sources: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return ``chain`` and ``aside``: what officials counted, and the statements that contradict it.

    `helpers.analysis.totals` makes the chain, for all countries (``country`` is "") and for each. A record of the chain
    has ``day, country, total, relation`` (exact, at_least, approximately); one that is aside, likewise, is of all
    countries. Both are in order of day.
    """
    families = sources.set_index("source_id")["family"] if "family" in sources else pd.Series(dtype=str)
    whole = chains.series(official_counts, families)
    scopes = {"": whole, **chains.by_country(official_counts, families)}
    chain = [
        {
            "day": point.day.strftime("%Y-%m-%d"),
            "country": country,
            "total": int(point.value),
            "relation": _relation(point.value, point.low, point.high),
        }
        for country, series in scopes.items()
        for point in series.points[1:]
    ]
    aside = [
        {"day": item.day.strftime("%Y-%m-%d"), "country": "", "total": item.value, "relation": item.relation}
        for item in whole.aside
    ]
    return {
        "chain": sorted(chain, key=lambda record: (record["day"], record["country"])),
        "aside": sorted(aside, key=lambda record: (record["day"], record["total"])),
    }
