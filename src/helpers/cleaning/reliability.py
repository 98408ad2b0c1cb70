"""How far two coders who read the same sources agree: Krippendorff's alpha by field, and which incidents both find.

The second coding has no ids in common with the first, so rows of one source are paired by assignment. The pairs that
judge a field are made without that field: otherwise agreement would be found because it was looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from rapidfuzz.fuzz import token_set_ratio
from scipy.optimize import linear_sum_assignment

from helpers.cleaning.agreement import PRECISIONS, Counts, Floats, Level, alpha, distance_of, interval, resampled, share
from helpers.facts import Facts
from helpers.vocabulary import split

Aspect = Literal["value", "given", "exact", "found"]

#: Rows further apart than this many days are no pair: the codebook takes a report dated "within three days".
NEAREST_DAYS = 3

#: Fewer pairs than this, or pairs from fewer sources, give no alpha: the interval would mean nothing.
FEWEST_PAIRS, FEWEST_SOURCES = 10, 5

#: Krippendorff's customary limits (Content Analysis, 2nd ed., 2004, p. 241): reliable; for tentative conclusions only.
RELIABLE, TENTATIVE = 0.8, 0.667

#: Fields of free words, which are not codes: no alpha is asked of them.
FREE_TEXT = ("place_as_reported", "weapon_as_reported", "note")

_DATES = frozenset({"date", "date_earliest", "date_latest"})
_PLACE = frozenset({"site_id", "country"})
_MUNITIONS = frozenset({"munitions_low", "munitions_high"})
_INJURED = frozenset({"us_injured_low", "us_injured_high"})

#: Fields that tell apart the rows which site and day leave undecided, and the words that are compared by likeness.
_TELLING = (
    "time_local",
    "target_type",
    "weapons",
    "munitions_low",
    "munitions_high",
    "intercepted",
    "us_killed",
    "us_injured_low",
    "us_injured_high",
    "partner_killed",
    "partner_injured",
    "damage",
    "claimed_by",
    "confirmation",
)
_WORDS = ("place_as_reported", "weapon_as_reported")


_NOTHING = (float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Measure:
    """What is measured: a `field`, its value or whether one is `given`, at a `level` of measurement.

    A day is measured twice: as a day in time, where one day off hardly counts against a record of months, and as the
    `exact` day, where it counts in full. `unseen` are the fields that the pairing may not use, since they say the same
    as the field itself.
    """

    field: str
    level: Level
    aspect: Aspect = "value"
    unseen: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The measure's name: the field's, with ``_given`` or ``_exact`` where that is the question."""
        return self.field if self.aspect == "value" else f"{self.field}_{self.aspect}"


def _number(field: str, family: frozenset[str]) -> tuple[Measure, Measure]:
    """Return the measures of a number that may be blank: whether one is given, and its value where both give one."""
    return Measure(field, "nominal", "given", family), Measure(field, "ratio", "value", family)


MEASURES: tuple[Measure, ...] = (
    Measure("date", "nominal", "exact", _DATES | {"date_precision"}),
    Measure("date", "interval", unseen=_DATES | {"date_precision"}),
    Measure("date_precision", "ordinal", unseen=frozenset({"date_precision", "date_earliest", "date_latest"})),
    Measure("date_earliest", "interval", unseen=_DATES | {"date_precision"}),
    Measure("date_latest", "interval", unseen=_DATES | {"date_precision"}),
    Measure("time_local", "nominal"),
    Measure("site_id", "nominal", unseen=_PLACE),
    Measure("country", "nominal", unseen=_PLACE),
    Measure("target_type", "nominal"),
    Measure("weapons", "MASI"),
    *_number("munitions_low", _MUNITIONS),
    *_number("munitions_high", _MUNITIONS),
    Measure("intercepted", "nominal"),
    *_number("us_killed", frozenset({"us_killed"})),
    *_number("us_injured_low", _INJURED),
    *_number("us_injured_high", _INJURED),
    *_number("partner_killed", frozenset({"partner_killed"})),
    *_number("partner_injured", frozenset({"partner_injured"})),
    Measure("damage", "nominal"),
    Measure("claimed_by", "nominal"),
    Measure("attributed_to", "nominal", "given"),
    Measure("confirmation", "nominal"),
)


@dataclass(frozen=True)
class ReliabilityResult:
    """Agreement of the two codings.

    Attributes
    ----------
    table: one row a measure: `measure, field, aspect, level, n_pairs, n_sources, agreement, agreement_low,
        agreement_high, alpha, alpha_low, alpha_high, n_certain, alpha_certain, reason`. The three rows of the field
        ``incident`` say how often the coders found the same incidents; they have shares and no alpha.
    pairs: the pairs behind it: `measure, source_id, report_id, second_row, first, second, distance, certain`;
        `second_row` is the row of second_coding.csv as a spreadsheet numbers it.
    resamples, seed: of the bootstrap over sources.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    resamples: int
    seed: int


def measure(
    reports: pd.DataFrame, second_coding: pd.DataFrame, stretches: pd.DataFrame, *, seed: int, resamples: int
) -> ReliabilityResult:
    """Compare the two codings of the sources in `second_coding`, within the `stretches` that the first coding read.

    Takes the sheets as coded (columns as in the codebook, text, blanks empty or missing), before any ruling is applied.
    Rows of one source are paired one to one at the least cost: the same site, at most three days apart, the nearest
    day, then likeness of the other codes and of the source's words, then the order in which each coder listed them;
    less whatever the measure may not see. Alpha is Krippendorff's (Computing Krippendorff's Alpha-Reliability, 2011),
    for sets of weapons with the distance MASI (Passonneau, LREC 2006). The interval is the 95 % percentile interval of
    `resamples` bootstrap samples of *sources*, since rows of one source are read by one eye on one day.
    """
    first, second = _prepared(reports), _prepared(second_coding)
    sources = sorted(set(second["source_id"]))
    first, second = (_within(frame[frame["source_id"].isin(sources)], stretches) for frame in (first, second))
    weights = np.random.default_rng(seed).multinomial(len(sources), np.full(len(sources), 1 / len(sources)), resamples)
    rows, kept = _incident_rows(first, second, sources, weights), []
    for one in MEASURES:
        pairs = _pairs(first, second, one)
        rows.append(_measured(one, pairs, sources, weights))
        kept.append(pairs.assign(measure=one.name))
    rows += [_row(field, field, "value", "text", reason="free words, not a code") for field in FREE_TEXT]
    columns = ["measure", "source_id", "report_id", "second_row", "first", "second", "distance", "certain"]
    return ReliabilityResult(pd.DataFrame(rows), pd.concat(kept, ignore_index=True)[columns], resamples, seed)


def _prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a sheet as text with blanks empty, with a spreadsheet's row number, and each coder's order in `order`."""
    text = frame.map(
        lambda cell: "" if pd.isna(cell) else cell.isoformat()[:10] if hasattr(cell, "isoformat") else str(cell)
    )
    text["second_row"] = np.arange(len(text)) + 2
    numbered = text["report_id"].str.extract(r"/(\d+)$")[0] if "report_id" in text else text["second_row"]
    text["order"] = pd.to_numeric(numbered, errors="coerce").fillna(0).astype(int)
    if "report_id" not in text:
        text["report_id"] = ""
    text["day"] = pd.to_datetime(text["date"], format="%Y-%m-%d", errors="coerce")
    return text.sort_values(["source_id", "order"], kind="stable", ignore_index=True)


def _within(frame: pd.DataFrame, stretches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows dated within a stretch of their source; a source without a stretch keeps them all."""
    spans = stretches.assign(start=pd.to_datetime(stretches["start"]), end=pd.to_datetime(stretches["end"]))
    numbered = frame.reset_index(drop=True).assign(row=np.arange(len(frame)))
    beside = numbered[["row", "source_id", "day"]].merge(spans, on="source_id")
    inside = beside.loc[beside["day"].between(beside["start"], beside["end"]), "row"]
    free = ~numbered["source_id"].isin(spans["source_id"])
    return numbered[numbered["row"].isin(inside) | free].drop(columns="row").reset_index(drop=True)


def match(first: pd.DataFrame, second: pd.DataFrame, unseen: frozenset[str]) -> list[tuple[int, int, bool]]:
    """Pair the rows of one source coded twice, without the fields in `unseen`; return (row, row, certain) by position.

    A pair is certain when neither row could have had another partner.
    """
    if first.empty or second.empty:
        return []
    gap = np.abs(first["day"].to_numpy()[:, None] - second["day"].to_numpy()[None, :]) / np.timedelta64(1, "D")
    possible = np.full(gap.shape, True)
    if "date" not in unseen:
        possible &= gap <= NEAREST_DAYS
    if "site_id" not in unseen:
        possible &= first["site_id"].to_numpy()[:, None] == second["site_id"].to_numpy()[None, :]
    cost = np.where(possible, 0.0, 1e6)
    if "date" not in unseen:
        cost += 100 * np.nan_to_num(gap, nan=NEAREST_DAYS + 1)
    cost += _unlikeness(first, second, unseen)
    cost += 0.001 * np.abs(np.arange(len(first))[:, None] - np.arange(len(second))[None, :])
    alone = (possible.sum(axis=1)[:, None] == 1) & (possible.sum(axis=0)[None, :] == 1)
    paired = zip(*linear_sum_assignment(cost), strict=True)
    return [(int(i), int(j), bool(alone[i, j])) for i, j in paired if possible[i, j]]


def _unlikeness(first: pd.DataFrame, second: pd.DataFrame, unseen: frozenset[str]) -> Floats:
    """Return how many telling fields differ between each two rows; words count by how far they differ (0 to 1)."""
    total = np.zeros((len(first), len(second)))
    for field in _TELLING:
        if field not in unseen:
            total += first[field].to_numpy()[:, None] != second[field].to_numpy()[None, :]
    for field in _WORDS:
        likeness = [[token_set_ratio(one, other) for other in second[field]] for one in first[field]]
        total += 1 - np.array(likeness) / 100
    return total


def _matched(first: pd.DataFrame, second: pd.DataFrame, unseen: frozenset[str]) -> pd.DataFrame:
    """Return the pairs of all sources: `left`, `right` (index in `first`, `second`), `source_id`, `certain`."""
    rights = dict(iter(second.groupby("source_id", sort=True)))
    rows = []
    for source, left in first.groupby("source_id", sort=True):
        right = rights.get(source, second.iloc[:0])
        rows += [(source, left.index[i], right.index[j], sure) for i, j, sure in match(left, right, unseen)]
    return pd.DataFrame(rows, columns=["source_id", "left", "right", "certain"])


def _pairs(first: pd.DataFrame, second: pd.DataFrame, one: Measure) -> pd.DataFrame:
    """Return the pairs that judge `one`, with both values as compared and their distance (0 where they agree)."""
    pairs = _matched(first, second, one.unseen | {one.field})
    values = [frame.loc[pairs[side], one.field].to_numpy() for frame, side in ((first, "left"), (second, "right"))]
    a, b = ([_value(cell, one) for cell in column] for column in values)
    pairs = pairs.assign(
        first=pd.Series(a, dtype=object),
        second=pd.Series(b, dtype=object),
        report_id=first.loc[pairs["left"], "report_id"].to_numpy(),
        second_row=second.loc[pairs["right"], "second_row"].to_numpy(),
    )
    if one.aspect == "value" and one.level in ("interval", "ratio"):
        pairs = pairs[(pairs["first"] != "") & (pairs["second"] != "")]
    if one.level == "ordinal":
        pairs = pairs[pairs["first"].isin(PRECISIONS) & pairs["second"].isin(PRECISIONS)]
    distance = distance_of(one.level)
    pairs["distance"] = [distance(x, y) for x, y in zip(pairs["first"], pairs["second"], strict=True)]
    return pairs.reset_index(drop=True)


def _value(cell: str, one: Measure) -> str:
    """Return a cell as compared: given or not; weapons in order; the groups named under ``other:`` as one."""
    if one.aspect == "given":
        return "given" if cell else "not given"
    if one.level == "MASI":
        return ";".join(sorted(split(cell)))
    return "other" if one.field == "claimed_by" and cell.startswith("other:") else cell


def _measured(one: Measure, pairs: pd.DataFrame, sources: list[str], weights: Counts) -> dict[str, Any]:
    """Return the row of the table for `one`."""
    n, n_sources = len(pairs), pairs["source_id"].nunique()
    equal = (pairs["first"] == pairs["second"]).to_numpy()
    agreement = share(equal, pairs["source_id"], sources, weights)
    point = low = high = sure = float("nan")
    certain = pairs[pairs["certain"]]
    values = set(pairs["first"]) | set(pairs["second"])
    reason = ""
    if n < FEWEST_PAIRS or n_sources < FEWEST_SOURCES:
        given = " in which both coders give one" if one.level in ("interval", "ratio") and one.aspect == "value" else ""
        reason = f"{n} pairs from {n_sources} sources{given}: at least {FEWEST_PAIRS} from {FEWEST_SOURCES} are wanted"
    elif len(values) == 1:
        reason = f"no variation: both coders say {values.pop() or 'nothing'!r} in every pair"
    else:
        point = alpha(list(pairs["first"]), list(pairs["second"]), one.level)
        draws = resampled(pairs, one.level, sources, weights)
        low, high = interval(draws)
        if np.isnan(low):
            reason = "no interval: more than one resample in twenty has no variation"
        if len(certain) >= FEWEST_PAIRS:
            sure = alpha(list(certain["first"]), list(certain["second"]), one.level)
    if n and equal.all() and not reason:
        reason = "no disagreement: how rare one is, a sample of this size cannot say"
    return _row(
        one.name,
        one.field,
        one.aspect,
        one.level,
        n_pairs=n,
        n_sources=n_sources,
        agreement=agreement,
        alpha=(point, low, high),
        n_certain=len(certain),
        alpha_certain=sure,
        reason=reason,
    )


def _row(
    name: str,
    field: str,
    aspect: Aspect,
    level: str,
    *,
    n_pairs: int = 0,
    n_sources: int = 0,
    agreement: tuple[float, float, float] = _NOTHING,
    alpha: tuple[float, float, float] = _NOTHING,
    n_certain: int = 0,
    alpha_certain: float = float("nan"),
    reason: str = "",
) -> dict[str, Any]:
    """Return a row of the table; `agreement` and `alpha` each with their interval's bounds."""
    return {
        "measure": name,
        "field": field,
        "aspect": aspect,
        "level": level,
        "n_pairs": n_pairs,
        "n_sources": n_sources,
        **dict(zip(("agreement", "agreement_low", "agreement_high"), agreement, strict=True)),
        **dict(zip(("alpha", "alpha_low", "alpha_high"), alpha, strict=True)),
        "n_certain": n_certain,
        "alpha_certain": alpha_certain,
        "reason": reason,
    }


def _incident_rows(
    first: pd.DataFrame, second: pd.DataFrame, sources: list[str], weights: Counts
) -> list[dict[str, Any]]:
    """Return how often both coders found the same incident: at the same site within three days, in one source.

    Three shares: of the first coding's rows those that the second has too, the reverse, and both together (twice the
    pairs by all rows: F1; Hripcsak and Rothschild, JAMIA 2005, show why there is no kappa where nobody codes what is
    absent).
    """
    pairs = _matched(first, second, frozenset())
    rows = []
    sides = {"first": first.index.isin(pairs["left"]), "second": second.index.isin(pairs["right"])}
    owners = {"first": first["source_id"], "second": second["source_id"]}
    found = {
        "first_found": (sides["first"], owners["first"]),
        "second_found": (sides["second"], owners["second"]),
        "both_found": (np.concatenate(list(sides.values())), pd.concat(list(owners.values()))),
    }
    for name, (hits, owner) in found.items():
        rows.append(
            _row(
                f"incident_{name}",
                "incident",
                "found",
                "share",
                n_pairs=len(hits),
                n_sources=owner.nunique(),
                agreement=share(hits, owner, sources, weights),
                n_certain=int(pairs["certain"].sum()),
                reason="a share of the rows, not an alpha",
            )
        )
    return rows


def record(facts: Facts, result: ReliabilityResult) -> None:
    """Add the facts ``reliability.*``: alpha, its interval and the agreement of each measure, and what they come to."""
    for row in result.table.to_dict("records"):
        name, behind = f"reliability.{row['measure']}", {"reliability": [row["measure"]]}
        note = row["reason"]
        if row["level"] == "text":
            continue
        facts.add(f"{name}.agreement", row["agreement"], unit="share", rows=behind)
        if row["aspect"] == "found":
            facts.add(f"{name}.low", row["agreement_low"], unit="share", rows=behind)
            facts.add(f"{name}.high", row["agreement_high"], unit="share", rows=behind)
            facts.add(f"{name}.rows", int(row["n_pairs"]), unit="reports", rows=behind)
            continue
        facts.add(f"{name}.pairs", int(row["n_pairs"]), unit="pairs", rows=behind)
        for part, column in (("alpha", "alpha"), ("low", "alpha_low"), ("high", "alpha_high")):
            value = None if pd.isna(row[column]) else row[column]
            text = None if value is None else f"{value:.2f}"
            facts.add(f"{name}.{part}", value, unit="alpha", text=text, rows=behind, note=note)
    _record_summary(facts, result)


def _record_summary(facts: Facts, result: ReliabilityResult) -> None:
    table = result.table
    defined = table[table["alpha"].notna()].sort_values(["alpha", "measure"], kind="stable")
    facts.add("reliability.sources", int(table["n_sources"].max()), unit="sources")
    facts.add("reliability.measured", len(defined), unit="measures", rows={"reliability": defined["measure"]})
    undefined = table[table["alpha"].isna() & ~table["level"].isin(["share", "text"])]
    facts.add("reliability.undefined", len(undefined), unit="measures", rows={"reliability": undefined["measure"]})
    for name, part in (
        ("reliable", defined[defined["alpha"] >= RELIABLE]),
        ("tentative", defined[(defined["alpha"] < RELIABLE) & (defined["alpha"] >= TENTATIVE)]),
        ("unreliable", defined[defined["alpha"] < TENTATIVE]),
    ):
        facts.add(f"reliability.{name}", len(part), unit="measures", rows={"reliability": part["measure"]})
    for name, place in (("lowest", 0), ("highest", -1)):
        value = None if defined.empty else str(defined["measure"].iloc[place])
        facts.add(f"reliability.{name}", value, unit="text")
