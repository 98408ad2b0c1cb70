"""The specification curves: every headline under every choice, all sets of incidents of a headline at once.

Each gives the rows of ``specifications`` of `helpers.analysis.robustness`, by headline and with the brief's own first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.analysis import headlines, multiverse
from helpers.analysis.headlines import CONTRASTS, HEADLINES, LADDER, Estimate, Headline, Sample
from helpers.analysis.ladder import UNSPECIFIED, missile_rung
from helpers.analysis.multiverse import CHOICES, Set, parameters_for
from helpers.analysis.rates import FEWEST_BLOCKS, Array, Counts, Mask, block_intervals, block_sums, conditional_ratio
from helpers.parameters import Parameters
from helpers.vocabulary import split, weapons

Row = dict[str, object]


def _options(headline: Headline, parameters: Parameters, choice: str) -> list[str]:
    return multiverse.options(parameters)[choice] if choice in headline.uses else [""]


def _row(headline: str, chosen: Mapping[str, str], count: int, found: Estimate) -> Row:
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


def _by_day(sets: list[Set], parameters: Parameters) -> tuple[Counts, npt.NDArray[np.uint64]]:
    """Return incidents, and the sums of their numbers, by set and day of the window: equal sums, equal incidents."""
    days = (parameters.window_end - parameters.window_start).days + 1
    counts, sums = np.zeros((len(sets), days), dtype=np.int64), np.zeros((len(sets), days), dtype=np.uint64)
    for row, part in enumerate(sets):
        day = part.incidents["date"].to_numpy(dtype="datetime64[D]") - np.datetime64(parameters.window_start)
        counts[row] = np.bincount(day.astype(np.int64), minlength=days)
        np.add.at(sums[row], day.astype(np.int64), part.numbers)
    return counts, sums


def ratios(sets: list[Set], parameters: Parameters, responses: pd.DataFrame | None = None) -> list[Row]:
    """Return every different specification of the headlines that compare two sets of days."""
    counts, sums = _by_day(sets, parameters)
    return [row for name in CONTRASTS for row in _ratio(name, sets, counts, sums, parameters, responses)]


def _ratio(
    name: str,
    sets: list[Set],
    counts: Counts,
    sums: npt.NDArray[np.uint64],
    parameters: Parameters,
    responses: pd.DataFrame | None,
) -> list[Row]:
    headline = HEADLINES[name]
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
        within, without = (sums[:, side].sum(axis=1, dtype=np.uint64) for side in (inside, outside))
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


def _readings(incidents: pd.DataFrame, rung: Array, readings: list[str], reference_dir: str) -> dict[str, Array]:
    """Return reading -> rungs with missiles of a kind not said taken as it says; only ``coded`` if there are none."""
    unnamed = np.array([_unnamed(cell) for cell in incidents["weapons"].tolist()], dtype=bool)
    found = {"coded": rung}
    for reading in readings if unnamed.any() else ():
        if reading != "coded":
            taken = np.maximum(np.nan_to_num(rung, nan=-1.0), float(weapons(reference_dir)[reading].rung or 0))
            found[reading] = np.where(unnamed, taken, rung)
    return found


@cache
def _unnamed(cell: object) -> bool:
    return UNSPECIFIED in split(cell)


def ladder(sets: list[Set], parameters: Parameters) -> list[Row]:
    """Return every different specification of the headlines of the ladder."""
    folder = parameters.reference_dir
    missile, readings = missile_rung(folder), multiverse.options(parameters)["missiles"]
    found: dict[str, list[Row]] = {name: [] for name in LADDER}
    for part in sets:
        if part.options.get("bounds") == "truce":  # without bounds, only another dating under the name of the best
            continue
        base = headlines.climb(part.incidents, part.parameters)
        for reading, rung in _readings(part.incidents, base.rung, readings, folder).items():
            climb = replace(base, rung=rung).on_ladder()
            options = _defaults({"bounds": "given", **part.options, "missiles": reading, "estimator": ""})
            for name, estimate in LADDER.items():
                found[name].append(_row(name, options, len(part.incidents), estimate(climb, missile)))
    return [row for rows in found.values() for row in rows]


def others(sets: list[Set], parameters: Parameters, given: Mapping[str, object]) -> list[Row]:
    """Return every different specification of the other headlines; `given` are the tables for `Sample`."""
    rows: list[Row] = []
    for name, headline in HEADLINES.items():
        if name in CONTRASTS or name in LADDER:
            continue
        # totals know nothing of who confirms, only of countries
        totals = "who" not in headline.uses
        data, countries = ([sets[0]], _options(headline, parameters, "countries")) if totals else (sets, [""])
        estimators = [e for e in _options(headline, parameters, "estimator") if e != "blocks"]
        seen: set[tuple[object, ...]] = set()
        choices = (_options(headline, parameters, "bounds"), countries, estimators)
        for part, bounds, country, estimator in product(data, *choices):
            truce = part.options.get("bounds") == "truce"
            # without bounds, such days would only be another dating under the name of the best
            if (truce and bounds != "given") or bounds == "truce":
                continue
            chosen = {"bounds": bounds or "given"} | {k: v for k, v in part.options.items() if k != "bounds"}
            chosen |= {"countries": country} if country else {}
            mine = parameters_for(parameters, chosen)
            key = (part.key, estimator, _pause_key(part, mine) if bounds else 0, country)
            if key in seen:
                continue
            seen.add(key)
            sample = Sample(part.incidents, mine, estimator=estimator or "scaled", **given)  # type: ignore[arg-type]
            options = _defaults(chosen | {"estimator": estimator} | ({"bounds": "truce"} if truce else {}))
            rows.append(_row(name, options, 0 if totals else len(part.incidents), headline.estimate(sample)))
    return rows


def _pause_key(part: Set, mine: Parameters) -> object:
    """Return what tells which incidents lie before, in and after the pause; for totals the pause's days themselves."""
    days = part.incidents["date"]
    start, end = pd.Timestamp(mine.pause_start), pd.Timestamp(mine.pause_end)
    return int((days < start).sum()), int((days < end).sum()), mine.pause_start, mine.pause_end


def every(
    sets: list[Set], parameters: Parameters, given: Mapping[str, object], responses: pd.DataFrame | None
) -> list[Row]:
    """Return every different specification of every headline; `given` are the tables for `Sample`."""
    rows = ratios(sets, parameters, responses) + ladder(sets, parameters) + others(sets, parameters, given)
    order = [*CONTRASTS, *(name for name in HEADLINES if name not in CONTRASTS)]
    return sorted(rows, key=lambda row: order.index(str(row["headline"])))
