"""The officials' running totals as the explorer shows them beside its own counts."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: Where a running total stands, by the country that a view is confined to ("" for all).
COLUMNS = {"": "total", "IQ": "iraq", "SY": "syria", "JO": "jordan"}


def totals(official_counts: pd.DataFrame, columns: dict[str, str] = COLUMNS) -> list[dict[str, Any]]:
    """Return one record for each day and column to which a running total was given, in order of day.

    Statements about one day often contradict each other. The one most often given is taken (of equally frequent
    ones the largest), and all others are told beside it. Keys: ``day``, ``country``, ``total``, ``relation``
    (``exact`` if any source gives that total without "at least" or "about"), ``others``, ``sources``.
    """
    records = []
    for country, column in columns.items():
        given = official_counts.dropna(subset=[column, "as_of"])
        for day, rows in given.groupby("as_of"):
            frequency = rows[column].astype(int).value_counts()
            total = max(frequency.index, key=lambda number: (frequency[number], number))
            saying = rows[rows[column] == total]
            relations = set(saying["relation"])
            relation = next(r for r in ("exact", "at_least", "approximately") if r in relations)
            records.append(
                {
                    "day": pd.Timestamp(str(day)).strftime("%Y-%m-%d"),
                    "country": country,
                    "total": int(total),
                    "relation": relation,
                    "others": sorted(int(number) for number in frequency.index if number != total),
                    "sources": list(dict.fromkeys(saying["source_id"])),
                }
            )
    return sorted(records, key=lambda record: (record["day"], record["country"]))
