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

from helpers.analysis import multiverse
from helpers.analysis.headlines import CONTRASTS, HEADLINES, Estimate, Headline, Sample
from helpers.analysis.ladder import UNSPECIFIED
from helpers.analysis.multiverse import CHOICES, Set, daily_hashes, parameters_for
from helpers.analysis.pause import daily_counts
from helpers.analysis.rates import FEWEST_BLOCKS, Array, Mask, block_intervals, block_sums, conditional_ratio
from helpers.analysis.references import article
from helpers.facts import Facts
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.vocabulary import split, weapons

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

#: An option breaks a finding if, with that option, the share in which it holds is lower by this much than over all.
BREAKS_BY = 0.1


@dataclass(frozen=True)
class RobustnessResult:
    """Every specification and, for each headline, what they come to.

    `specifications` has the columns `COLUMNS` (options blank where a choice does not bear on the headline; `holds`
    True, False, or None where it cannot be judged), by headline and with the brief's own first. `summary` has one row a
    headline: specifications, judged, holding, share (of those judged), lowest, median, highest, own. `by_option` has
    headline, choice, option, judged, share.
    """

    parameters: Parameters
    specifications: pd.DataFrame
    summary: pd.DataFrame
    by_option: pd.DataFrame


def _options(headline: Headline, parameters: Parameters, choice: str) -> list[str]:
    return multiverse.options(parameters)[choice] if choice in headline.uses else [""]


def _row(headline: str, chosen: Mapping[str, str], count: int, found: Estimate) -> dict[str, object]:
    estimate = {"estimate": found.value, "low": found.low, "high": found.high, "p": found.p, "holds": found.holds}
    uses = HEADLINES[headline].uses
    return {"headline": headline, **{c: chosen.get(c, "") if c in uses else "" for c in CHOICES},
            "incidents": count, **estimate}  # fmt: skip


def _defaults(chosen: Mapping[str, str]) -> dict[str, str]:
    return {choice: next(iter(words)) for choice, words in CHOICES.items()} | dict(chosen)


def _widened(mask: Mask, mine: Parameters, base: Parameters) -> Mask:
    """Return a `mask` of the window of `mine` as one of the days of `base`, whose window is at least as wide."""
    offset = (mine.window_start - base.window_start).days
    wide = np.zeros((base.window_end - base.window_start).days + 1, dtype=bool)
    wide[offset : offset + len(mask)] = mask
    return wide


def ratio_curve(
    name: str, sets: list[Set], parameters: Parameters, responses: pd.DataFrame | None = None
) -> list[dict[str, object]]:
    """Return every different specification of a headline that compares two sets of days, all sets at once."""
    headline = HEADLINES[name]
    counts = np.array([daily_counts(s.incidents["date"], parameters) for s in sets])
    numbers = np.array([daily_hashes(s.incidents, parameters) for s in sets])
    seen: set[tuple[int, int, str]] = set()
    rows = []
    bounds = [b for b in _options(headline, parameters, "bounds") if b != "truce"]
    windows = multiverse.options(parameters)["window"]
    for bound, against, window in product(bounds, _options(headline, parameters, "against"), windows):
        members = [i for i, s in enumerate(sets) if s.options["window"] == window]
        mine = parameters_for(parameters, {"bounds": bound or "given", "window": window})
        sides = CONTRASTS[name](mine, against or "outside", responses)
        inside, outside, spread = (
            _widened(side, mine, parameters) for side in (sides.inside, sides.outside, sides.spread)
        )
        within, without = (numbers[:, side].sum(axis=1, dtype=np.uint64) for side in (inside, outside))
        for estimator in [e for e in CHOICES["estimator"] if e != "blocks" or name == "pause"]:
            chosen = []
            for i in members:
                # days from 07:00 to 07:00 belong to the ceasefire's own days alone
                if sets[i].options.get("bounds") == "truce" and (bound != "given" or "bounds" not in headline.uses):
                    continue
                key = (int(within[i]), int(without[i]), estimator)
                if key not in seen:
                    seen.add(key)
                    chosen.append(i)
            found = _estimates(counts[chosen], inside, outside, spread, estimator, sides.above)
            for i, estimate in zip(chosen, found, strict=True):
                options = {"bounds": bound, **sets[i].options, "against": against, "estimator": estimator}
                rows.append(_row(name, _defaults(options), len(sets[i].incidents), estimate))
    return rows


def _estimates(
    counts: np.ndarray, inside: Mask, outside: Mask, spread: Mask, estimator: str, above: bool
) -> list[Estimate]:
    """Return the ratio of each row of daily `counts`, as `helpers.analysis.headlines` has it for one."""
    days, days0 = int(inside.sum()), int(outside.sum())
    a, b = counts[:, inside].sum(axis=1), counts[:, outside].sum(axis=1)
    nothing = Estimate(None, None, None, None, note="nothing to compare")
    if not days or not days0 or not len(counts):
        return [nothing] * len(counts)
    if estimator == "blocks":
        low, high, p, known = _blocks(counts, a, outside, days, days0)
    else:
        daily = counts[:, spread]
        with np.errstate(all="ignore"):
            index = daily.var(axis=1, ddof=1) / daily.mean(axis=1) if daily.shape[1] > 1 else np.ones(len(a))
        shrink = np.maximum(1.0, np.nan_to_num(index, nan=1.0)) if estimator == "scaled" else np.ones(len(a))
        low, high, p = conditional_ratio(a / shrink, days, b / shrink, days0)
        known = a + b > 0
    with np.errstate(all="ignore"):
        value = (a / days) / (b / days0)
    return [
        Estimate(
            float(value[i]) if b[i] else None,
            float(low[i]),
            float(high[i]) if np.isfinite(high[i]) else None,
            bool(low[i] > 1 if above else high[i] < 1),
            float(p[i]),
        )
        if known[i]
        else nothing
        for i in range(len(a))
    ]


def _blocks(
    counts: np.ndarray, inside: np.ndarray, outside: Mask, days: int, days0: int
) -> tuple[Array, Array, Array, Mask]:
    """Return low, high, p and which rows have enough blocks, as `rates.block_ratio` has them for one."""
    sums = np.array([block_sums(row, outside, days) for row in counts])
    known = (sums.sum(axis=1) > 0) & (sums.shape[1] >= FEWEST_BLOCKS)
    low, high, p = (np.full(len(counts), np.nan) for _ in range(3))
    if known.any():
        kept = sums[known]
        values = np.arange(kept.max() + 1)
        shares = np.stack([np.bincount(row, minlength=len(values)) / kept.shape[1] for row in kept])
        spread = np.sqrt(kept.var(axis=1) * days / days0) / kept.mean(axis=1)
        totals = np.broadcast_to(values.astype(float), shares.shape)
        low[known], high[known], p[known] = block_intervals(inside[known], totals, shares, spread, steps=18)
    return low, high, p, np.asarray(known, dtype=bool)


def missile_rungs(incidents: pd.DataFrame, reading: str, reference_dir: str) -> pd.Series | None:
    """Return incident_id -> rung with missiles of a kind not said taken as `reading`; None as coded."""
    if reading == "coded":
        return None
    unnamed = incidents["weapons"].map(lambda cell: UNSPECIFIED in split(cell)).to_numpy(dtype=bool)
    rung = weapons(reference_dir)[reading].rung
    coded = incidents["top_weapon"].map({code: w.rung for code, w in weapons(reference_dir).items()}).astype(float)
    taken = coded[unnamed].fillna(-1).clip(lower=float(rung or 0))
    return pd.Series(taken.to_numpy(), index=incidents.loc[unnamed, "incident_id"])


def other_curves(sets: list[Set], parameters: Parameters, given: Mapping[str, object]) -> list[dict[str, object]]:
    """Return every different specification of the other headlines; `given` are the tables for `Sample`."""
    rows: list[dict[str, object]] = []
    for name, headline in HEADLINES.items():
        if name in CONTRASTS:
            continue
        seen: set[tuple[object, ...]] = set()
        data = sets if "who" in headline.uses else [sets[0]]
        countries = [""] if "who" in headline.uses else _options(headline, parameters, "countries")
        estimators = [e for e in _options(headline, parameters, "estimator") if e != "blocks"]
        choices = (_options(headline, parameters, "missiles"), _options(headline, parameters, "bounds"), countries)
        for part, missiles, bounds, country, estimator in product(data, *choices, estimators):
            truce = part.options.get("bounds") == "truce"
            if (truce and bounds not in ("", "given")) or bounds == "truce":
                continue
            chosen = {"bounds": bounds or "given"} | {k: v for k, v in part.options.items() if k != "bounds"}
            chosen |= {"countries": country} if country else {}
            mine = parameters_for(parameters, chosen)
            rungs = missile_rungs(part.incidents, missiles, parameters.reference_dir) if missiles else None
            if missiles and missiles != "coded" and (rungs is None or not len(rungs)):
                continue
            key = (part.key, missiles, estimator, _pause_key(part, mine) if bounds else 0, country)
            if key in seen:
                continue
            seen.add(key)
            sample = Sample(part.incidents, mine, None, rungs, estimator=estimator or "scaled", **given)  # type: ignore[arg-type]
            options = chosen | {"missiles": missiles, "estimator": estimator}
            options |= {"bounds": "truce"} if truce else {}
            count = len(part.incidents) if "who" in headline.uses else 0
            rows.append(_row(name, _defaults(options), count, headline.estimate(sample)))
    return rows


def _pause_key(part: Set, mine: Parameters) -> object:
    """Return what tells which incidents lie before, in and after the pause; for totals the pause's days themselves."""
    days = part.incidents["date"]
    start, end = pd.Timestamp(mine.pause_start), pd.Timestamp(mine.pause_end)
    return int((days < start).sum()), int((days < end).sum()), mine.pause_start, mine.pause_end


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
    more = tables or {}
    names = ("reports", "decisions", "suspects", "sites", "sources")
    variants = multiverse.ruled(incidents, *(more.get(name) for name in names))
    sets = multiverse.sets(variants, parameters)
    sources = more.get("sources")
    given = {
        "responses": more.get("responses"),
        "official_counts": more.get("official_counts"),
        "families": None if sources is None else sources.set_index("source_id")["family"],
    }
    rows = [row for name in CONTRASTS for row in ratio_curve(name, sets, parameters, more.get("responses"))]
    rows += other_curves(sets, parameters, given)
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
        rows.append(
            (name, len(part), len(judged), int(judged.sum()), judged.mean() if len(judged) else None, *spread, own)
        )
    columns = ["headline", "specifications", "judged", "holding", "share", "lowest", "median", "highest", "own"]
    return pd.DataFrame(rows, columns=columns)


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
        for key in ("specifications", "judged", "holding"):
            facts.add(f"{base}.{key}", int(row[key]), unit="count")
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
