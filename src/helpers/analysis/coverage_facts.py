"""The facts of the coverage: ``coverage.*``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from helpers.analysis import coverage
from helpers.facts import Facts
from helpers.parameters import CONFIRMATIONS
from helpers.tables import each
from helpers.vocabulary import CONFIRMATION, COUNTRIES


def _rows(cells: Iterable[str]) -> dict[str, list[str]]:
    """Return the count_ids of several cells as the rows of a fact, each once, in order."""
    found = dict.fromkeys(row for cell in cells for row in str(cell).split(";") if row)
    return {"official_counts": list(found)}


def _share(facts: Facts, name: str, part: coverage.Share, ids: Iterable[str], rows: dict[str, list[str]]) -> None:
    """Add what is known of one share: counts, bounds and the outer interval."""
    known = list(ids)
    note = "" if part.official else "officials give no total for these days"
    facts.add(f"{name}.official", part.official, unit="attacks", rows=rows, note=note)
    facts.add(f"{name}.coded", part.coded, unit="incidents", incidents=known)
    facts.add(f"{name}.us_confirmed", part.confirmed, unit="incidents", incidents=known)
    facts.add(f"{name}.low", part.low, unit="share", incidents=known, rows=rows, note=note or "US-confirmed alone")
    facts.add(f"{name}.high", part.high, unit="share", incidents=known, rows=rows, note=note or "all that is coded")
    facts.add(f"{name}.ci_low", part.ci_low, unit="share", note=note)
    facts.add(f"{name}.ci_high", part.ci_high, unit="share", note=note)
    facts.add(f"{name}.ratio", part.ratio, unit="ratio", note=note or "coded incidents for each attack counted")


def record(facts: Facts, result: coverage.CoverageResult) -> None:
    """Add the facts ``coverage.*`` of `result`."""
    table = result.periods
    whole = table[table["country"] == "all"]
    incidents = result.incidents
    chain = result.series
    _official(facts, result)
    ids = incidents["incident_id"].tolist()
    facts.add("coverage.incidents", len(incidents), unit="incidents", incidents=ids)
    inside = _within(incidents, whole)
    facts.add(
        "coverage.in_totals",
        len(inside),
        unit="incidents",
        incidents=inside["incident_id"],
        note="incidents on days that the official totals cover",
    )
    outside = incidents[~incidents["incident_id"].isin(inside["incident_id"])]
    facts.add("coverage.outside_totals", len(outside), unit="incidents", incidents=outside["incident_id"])
    rows = _rows(whole["rows"])
    _share(facts, "coverage.share", result.overall, inside["incident_id"], rows)
    for name, part in result.shares.items():
        place = table[table["country"] == name] if name in COUNTRIES else whole
        if name not in COUNTRIES:
            place = whole[coverage.in_stretch(whole, result.parameters) == name]
        here = _within(incidents if name not in COUNTRIES else incidents[incidents["country"] == name], place)
        label = {"IQ": "iraq", "SY": "syria", "JO": "jordan"}.get(name, name)
        _share(facts, f"coverage.{label}", part, here["incident_id"], _rows(place["rows"]))
        facts.add(f"coverage.{label}.from", place["start"].min() if len(place) else None, unit="date")
        facts.add(f"coverage.{label}.to", place["end"].max() if len(place) else None, unit="date")
    for filter_name in CONFIRMATIONS:
        part = coverage.capture_under(result, filter_name)
        for stretch, one in {"": part, **_by_stretch(result, filter_name)}.items():
            name = f"coverage.under.{filter_name}{'.' if stretch else ''}{stretch}"
            facts.add(
                name,
                one.ratio,
                unit="ratio",
                digits=2,
                note="coded incidents with this confirmation for each attack that officials counted",
            )
            facts.add(f"{name}.coded", one.coded, unit="incidents")
    _uneven(facts, result, inside)
    facts.add("coverage.last_total_day", chain.last_day, unit="date")


def _within(incidents: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    if periods.empty:
        return incidents.iloc[:0]
    mask = pd.Series(False, index=incidents.index)
    for row in each(periods):
        mask |= incidents["date"].between(row.start, row.end)
    return incidents[mask]


def _by_stretch(result: coverage.CoverageResult, confirmed_by: str) -> dict[str, coverage.Share]:
    """Return the share covered under a filter on confirmation, in each stretch (none where it has no period)."""
    known = coverage.spans(result)
    never = pd.Timestamp.max, pd.Timestamp.min
    return {
        name: coverage.capture_under(
            result, confirmed_by, start=known.get(name, never)[0], end=known.get(name, never)[1]
        )
        for name in ("before", "pause", "after", "stop")
    }


def _official(facts: Facts, result: coverage.CoverageResult) -> None:
    """Add what officials said: totals, chain, contradictions."""
    chain, clashes = result.series, result.contradictions
    points = chain.points[1:]
    facts.add(
        "coverage.statements",
        len(chain.statements),
        unit="statements",
        rows=_rows(row for item in chain.statements for row in item.rows),
        note="a day and a total; reprints and repeats of the same day's total are one",
    )
    rows_in = [row for item in chain.statements for row in item.rows]
    facts.add("coverage.statement_rows", len(rows_in), unit="rows", rows=_rows(rows_in))
    facts.add("coverage.points", len(points), unit="statements", rows=_rows(chain.rows))
    facts.add(
        "coverage.repeats",
        len(chain.repeats),
        unit="statements",
        rows=_rows(row for item in chain.repeats for row in item.rows),
    )
    facts.add(
        "coverage.aside",
        len(chain.aside),
        unit="statements",
        rows=_rows(row for item in chain.aside for row in item.rows),
        note="totals that contradict the chain, or lower bounds that add nothing to it",
    )
    facts.add("coverage.counted_since", chain.since, unit="date")
    for label, series in {
        "total": chain,
        **{name: result.by_country[code] for code, name in (("IQ", "iraq"), ("SY", "syria"), ("JO", "jordan"))},
    }.items():
        last = series.points[-1]
        facts.add(
            f"coverage.last_{label}", last.value, unit="attacks", rows=_rows(last.rows), note=f"by {last.day:%Y-%m-%d}"
        )
        facts.add(f"coverage.last_{label}.day", last.day if last.rows else None, unit="date", rows=_rows(last.rows))
    pause = (result.parameters.pause_start, result.parameters.pause_end - pd.Timedelta(days=1))
    best, low, high = chain.between(*pause)
    facts.add(
        "coverage.pause_official",
        best,
        unit="attacks",
        rows=_rows(chain.rows),
        note="by the last totals before the pause began and ended",
    )
    facts.add("coverage.pause_official.low", low, unit="attacks")
    facts.add("coverage.pause_official.high", high, unit="attacks")
    for kind in ("falls", "same_day", "sum"):
        here = clashes[clashes["kind"] == kind]
        facts.add(
            f"coverage.contradictions.{kind}",
            len(here),
            unit="contradictions",
            rows=_rows([*here["rows"], *here["against"]]),
        )
        listed = "; ".join(here["text"])
        facts.add(
            f"coverage.contradictions.{kind}.text",
            listed,
            unit="text",
            text=listed or "none",
            rows=_rows([*here["rows"], *here["against"]]),
        )
    facts.add(
        "coverage.contradictions",
        len(clashes),
        unit="contradictions",
        rows=_rows([*clashes["rows"], *clashes["against"]]),
    )


def _uneven(facts: Facts, result: coverage.CoverageResult, inside: pd.DataFrame) -> None:
    """Add what uneven coverage does: to the ratio of rates, to the countries' shares, to each stretch."""
    facts.add(
        "coverage.even_p",
        result.uneven,
        unit="probability",
        note="chi-squared test that coded incidents are spread over periods as officials' counts are",
    )
    ratios = {name: part.ratio for name, part in result.shares.items()}
    for name, (top, bottom) in {
        "pause_before": ("pause", "before"),
        "after_before": ("after", "before"),
        "stop_after": ("stop", "after"),
    }.items():
        one, other = ratios.get(top), ratios.get(bottom)
        bias = one / other if one is not None and other else None
        facts.add(
            f"coverage.bias.{name}",
            bias,
            unit="ratio",
            note=f"a ratio of coded rates, {top} over {bottom}, is this many times the officials' ratio",
        )
        own = result.shares[top].low, result.shares[bottom].low
        sure = own[0] / own[1] if own[0] is not None and own[1] else None
        facts.add(
            f"coverage.bias.{name}.us_confirmed",
            sure,
            unit="ratio",
            note="the same where only incidents that a US official confirms are counted",
        )
    low = coverage.uncovered(result)
    for end, place in (("lowest", 0), ("highest", -1)):
        cell = low.iloc[[place]].to_dict("records") if len(low) else []
        row: dict[str, Any] = {str(key): value for key, value in cell[0].items()} if cell else {}
        country = COUNTRIES[row["country"]] if row else None
        facts.add(f"coverage.{end}.ratio", row.get("ratio"), unit="ratio", rows=_rows([row.get("rows", "")]))
        facts.add(f"coverage.{end}.country", country, unit="text")
        facts.add(f"coverage.{end}.from", row.get("start"), unit="date")
        facts.add(f"coverage.{end}.to", row.get("end"), unit="date")
        facts.add(f"coverage.{end}.coded", row.get("coded"), unit="incidents")
        facts.add(f"coverage.{end}.official", row.get("official"), unit="attacks")
    weights = coverage.capture_for(inside, result)
    facts.add("coverage.weights.sum", float(weights["weight"].sum()), unit="attacks", digits=3)
    facts.add("coverage.weights.low", float(weights["weight"].min()) if len(weights) else None, unit="ratio")
    facts.add("coverage.weights.high", float(weights["weight"].max()) if len(weights) else None, unit="ratio")
    table = result.periods[result.periods["coded"] > 0]
    clipped = table[table["weight"] != table["weight_unclipped"]]
    limits = f"weights kept in 1/{coverage.CLIP:g} to {coverage.CLIP:g}"
    facts.add("coverage.weights.clipped", len(clipped), unit="periods", note=limits)
    share = inside["country"].eq("IQ").mean() if len(inside) else None
    shown = result.by_country["IQ"].points[-1]
    both = shown.value + result.by_country["SY"].at(shown.day)[0]
    facts.add("coverage.iraq_share.coded", share, unit="share", incidents=inside["incident_id"])
    facts.add(
        "coverage.iraq_share.official", shown.value / both if both else None, unit="share", rows=_rows(shown.rows)
    )
    for grade in coverage.GRADES:
        here = inside[inside["confirmation"] == grade]
        facts.add(
            f"coverage.grade.{grade}",
            len(here),
            unit="incidents",
            incidents=here["incident_id"],
            note=CONFIRMATION[grade],
        )
