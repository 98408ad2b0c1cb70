"""Robustness: every headline finding under every reasonable choice, as a specification curve.

After Simonsohn, Simmons and Nelson (2020), with the sets of incidents from `helpers.analysis.multiverse`. A
specification counts once: another that leads to the same incidents on the same sides and the same estimator is not
counted. Specifications share most of their data: the share in which a finding holds is no probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.analysis import curves, multiverse
from helpers.analysis.headlines import HEADLINES
from helpers.analysis.multiverse import CHOICES
from helpers.analysis.references import article
from helpers.analysis.strikes import within_coding
from helpers.facts import Facts, printed
from helpers.parameters import Parameters
from helpers.paths import resolve

METHODS = {
    "simonsohn2020": article(
        "Simonsohn, Uri; Simmons, Joseph P.; Nelson, Leif D.",
        2020,
        "Specification curve analysis",
        "Nature Human Behaviour",
        "4",
        "1208-1214",
    ),
    "steegen2016": article(
        "Steegen, Sara; Tuerlinckx, Francis; Gelman, Andrew; Vanpaemel, Wolf",
        2016,
        "Increasing transparency through a multiverse analysis",
        "Perspectives on Psychological Science",
        "11",
        "702-712",
    ),
}

COLUMNS = ["headline", *CHOICES, "incidents", "estimate", "low", "high", "p", "holds"]

#: What the counts of specifications mean, as notes beside their facts.
NOTES = {
    "holding": "the interval, not the estimate alone, bears the finding out",
    "sided": "the estimate is on the side that the finding says, whatever its interval",
    "alone": "that differ from the brief's own in one choice alone, and can be judged",
    "alone_sided": "of these, with the estimate on the side that the finding says",
    "alone_holding": "of these, with the interval bearing the finding out",
    "alone_turns": "single changes from the brief's own choices that turn the finding over, with the estimate",
}

#: An option breaks a finding if, with that option, the share in which it holds is lower by this much than over all.
BREAKS_BY = 0.1


@dataclass(frozen=True)
class RobustnessResult:
    """Every specification and, for each headline, what they come to.

    `specifications` has the columns `COLUMNS` (options blank where a choice does not bear on the headline; `holds`
    True, False, or None where it cannot be judged), by headline and with the brief's own first. `summary` has one row a
    headline: specifications, judged, holding, share (of those judged), lowest, median, highest, own; sided and
    direction (how many, and what share, have an estimate on the side that the headline says, whatever the interval);
    alone, alone_sided and alone_holding (of the specifications that differ from the brief's own in one choice).
    `by_option` has headline, choice, option, judged, share.
    """

    parameters: Parameters
    specifications: pd.DataFrame
    summary: pd.DataFrame
    by_option: pd.DataFrame


def analyse_robustness(
    incidents: pd.DataFrame,
    parameters: Parameters,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> RobustnessResult:
    """Return every headline under every choice.

    `incidents` is the clean table; `tables` holds others by name: reports, decisions, suspects, sites and sources (to
    make incidents under other rulings), responses and official_counts. What is missing leaves its choice or headline
    out.
    """
    parameters, more = within_coding(parameters, incidents), tables or {}
    names = ("reports", "decisions", "suspects", "sites", "sources")
    variants = multiverse.ruled(incidents, *(more.get(name) for name in names))
    sets = multiverse.sets(variants, parameters)
    sources = more.get("sources")
    given = {
        "responses": more.get("responses"),
        "official_counts": more.get("official_counts"),
        "families": None if sources is None else sources.set_index("source_id")["family"],
    }
    rows = curves.every(sets, parameters, given, more.get("responses"))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table[["estimate", "low", "high", "p"]] = table[["estimate", "low", "high", "p"]].astype(float)
    table["holds"] = table["holds"].astype("boolean")
    return RobustnessResult(parameters, table, summarise(table), by_option(table))


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a headline from the specifications, in the registry's order (see `RobustnessResult`)."""
    rows = []
    for name in HEADLINES:
        part = table[table["headline"] == name]
        judged, estimates = part["holds"].dropna(), part["estimate"].dropna()
        spread = (estimates.min(), estimates.median(), estimates.max()) if len(estimates) else (None, None, None)
        own = part["holds"].iloc[0] if len(part) else pd.NA
        sided = _sided(part)
        near = alone(part)
        rows.append((
            name, len(part), len(judged), int(judged.sum()), judged.mean() if len(judged) else None, *spread, own,
            int(sided.sum()), float(sided.mean()) if len(sided) else None, len(near), int(_sided(near).sum()),
            int(near["holds"].sum()),
        ))  # fmt: skip
    columns = ["headline", "specifications", "judged", "holding", "share", "lowest", "median", "highest", "own",
               "sided", "direction", "alone", "alone_sided", "alone_holding"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _sided(part: pd.DataFrame) -> pd.Series:
    """Return, of the specifications of one headline that can be judged, which estimates lie on the side it says."""
    judged = part[part["holds"].notna()]
    if not len(judged):
        return pd.Series(dtype=bool)
    headline = HEADLINES[str(judged["headline"].iloc[0])]
    estimates = judged["estimate"]
    return estimates > headline.null if headline.above else estimates < headline.null


def alone(part: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications of one headline that can be judged and differ from its first in one choice alone."""
    chosen = part[list(CHOICES)].fillna("")
    differing = (chosen != (chosen.iloc[0] if len(chosen) else "")).sum(axis=1)
    return part[(differing == 1) & part["holds"].notna()]


def by_option(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each headline and each option of each choice the specifications judged and the share that hold."""
    rows = []
    for name, choice in product(HEADLINES, CHOICES):
        part = table[(table["headline"] == name) & table["holds"].notna()]
        for option in CHOICES[choice]:
            mine = part.loc[part[choice] == option, "holds"]
            if len(mine):
                rows.append((name, choice, option, len(mine), float(mine.mean())))
    return pd.DataFrame(rows, columns=["headline", "choice", "option", "judged", "share"])


def breaking(result: RobustnessResult, headline: str) -> pd.DataFrame:
    """Return the options under which a finding holds clearly less often than over all, the worst first."""
    row = result.summary[result.summary["headline"] == headline]
    shares = row["share"].dropna().astype(float)
    part = result.by_option[result.by_option["headline"] == headline]
    if shares.empty:
        return part.iloc[0:0]
    worse = part[part["share"] <= float(shares.iloc[0]) - BREAKS_BY]
    return worse.sort_values(["share", "choice", "option"], ignore_index=True)


def record(facts: Facts, result: RobustnessResult) -> Facts:
    """Add ``robustness.*``: of each headline the specifications, the share that hold, the range, what breaks it."""
    total = len(result.specifications)
    facts.add("robustness.specifications", total, unit="count", note="different in incidents or estimator")
    facts.add("robustness.choices", len(CHOICES), unit="count")
    for row in result.summary.to_dict("records"):
        name = str(row["headline"])
        headline, base = HEADLINES[name], f"robustness.{row['headline']}"
        facts.add(f"{base}.statement", headline.statement, unit="text", note=f"holds if {headline.holds_if}")
        facts.add(f"{base}.holds_if", headline.holds_if, unit="text")
        for key in ("specifications", "judged", "holding", "sided", "alone", "alone_sided", "alone_holding"):
            facts.add(f"{base}.{key}", int(row[key]), unit="count", note=NOTES.get(key, ""))
        direction = None if pd.isna(row["direction"]) else float(row["direction"])
        facts.add(f"{base}.direction", direction, unit="share", note=NOTES["sided"])
        facts.add(f"{base}.alone_turns", _turned(result, name), unit="text", note=NOTES["alone_turns"])
        share = None if row["share"] is None or pd.isna(row["share"]) else float(row["share"])
        facts.add(f"{base}.share", share, unit="share", note="of the specifications that can be judged; no probability")
        for key in ("lowest", "median", "highest"):
            facts.add(f"{base}.{key}", None if pd.isna(row[key]) else float(row[key]), unit="ratio")
        facts.add(
            f"{base}.own", None if pd.isna(row["own"]) else bool(row["own"]), unit="text", note="as the brief counts"
        )
        worst = breaking(result, name)
        shown = "; ".join(
            f"{CHOICES[str(r['choice'])][str(r['option'])]} (holds in {float(r['share']):.0%})"
            for r in worst.to_dict("records")
        )
        facts.add(
            f"{base}.breaks", shown or "none", unit="text", note="options under which it holds clearly less often"
        )
        facts.add(f"{base}.breaks_count", len(worst), unit="count")
        for row2 in result.by_option[result.by_option["headline"] == name].to_dict("records"):
            facts.add(f"{base}.by_{row2['choice']}_{row2['option']}", float(row2["share"]), unit="share")
    return facts


def _turned(result: RobustnessResult, headline: str) -> str:
    """Return the single options that turn a finding over, in words and with their estimates."""
    part = result.specifications[result.specifications["headline"] == headline]
    if not len(part) or pd.isna(part["holds"].iloc[0]):
        return "none"
    own, near = part.iloc[0], alone(part)
    told = []
    for row in near[near["holds"] != own["holds"]].to_dict("records"):
        words = [CHOICES[choice][row[choice]] for choice in CHOICES if row[choice] != own[choice] and row[choice]]
        told.append(f"{words[0]} ({printed(None if np.isnan(row['estimate']) else row['estimate'], 'ratio')})")
    return "; ".join(told) or "none"


def choices_table(parameters: Parameters) -> pd.DataFrame:
    """Return the choices with the options that apply under `parameters`, for the notebook."""
    rows = [
        (multiverse.CHOICE_LABELS[choice], "; ".join(CHOICES[choice][option] for option in open_to))
        for choice, open_to in multiverse.options(parameters).items()
    ]
    return pd.DataFrame(rows, columns=["choice", "options, the brief's own first"])


def write_table(result: RobustnessResult, report_dir: str | Path) -> Path:
    """Write every specification to ``tables/specifications.csv`` in `report_dir`; return the path."""
    path = resolve(report_dir) / "tables/specifications.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    result.specifications.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")
    return path
