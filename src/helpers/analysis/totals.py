"""The running totals that US officials gave, as one rising count with bounds.

Each statement says how many attacks officials had counted since 17 October up to a day. Statements are reprinted, some
repeat an old total, some contradict each other. Here they become a chain: the largest set of statements, weighed by how
many independent origins carry them, that one rising count can have produced. What does not fit is listed, not smoothed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from helpers.analysis.references import article
from helpers.parameters import Parameters

METHODS = {
    "fredman1975": article(
        "Fredman, Michael L.",
        1975,
        "On computing the length of longest increasing subsequences",
        "Discrete Mathematics",
        "11",
        "29-35",
    ),
}

#: The day from which officials counted in the codebook's days, on which its coding begins too.
COUNTED_SINCE: date = Parameters().window_start

#: "Approximately" is within five in a hundred (codebook, claims.csv).
NEAR = 0.05

#: Country code -> the column of official_counts with its total.
COLUMNS = {"IQ": "iraq", "SY": "syria", "JO": "jordan"}

DAY = pd.Timedelta(days=1)


def bounds_of(value: float, relation: str) -> tuple[float, float]:
    """Return the least and greatest count that a total of `value` allows, given its relation."""
    if relation == "at_least":
        return value, math.inf
    if relation == "approximately":
        return math.ceil(value * (1 - NEAR)), math.floor(value * (1 + NEAR))
    return value, value


@dataclass(frozen=True)
class Statement:
    """One statement: all rows that give one total for one day.

    Attributes
    ----------
    day: the day that the total runs to; value: the total; relation: the one that most origins give.
    low, high: least and greatest count it allows (high may be infinite).
    rows: count_ids; families: the independent origins among them; named: whether a speaker is named by any.
    """

    day: pd.Timestamp
    value: int
    relation: str
    low: float
    high: float
    rows: tuple[str, ...]
    families: tuple[str, ...]
    named: bool

    @property
    def weight(self) -> float:
        """Independent origins; half a one more where a speaker is named."""
        return len(self.families) + (0.5 if self.named else 0.0)


@dataclass(frozen=True)
class Point:
    """The count by the end of a day: `value` (what most origins say), `low`, `high`, and the rows behind it."""

    day: pd.Timestamp
    value: int
    low: float
    high: float
    rows: tuple[str, ...]
    families: tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """One running total (all countries or some) as a chain of points, with what does not fit it.

    `points` rise in day, never fall in value, and begin with zero on the day before counting began.
    `repeats` give a total that an earlier day has already (an old figure or a day without attack: which, the text
    seldom tells), `aside` contradict the chain or add nothing to it.
    """

    countries: tuple[str, ...]
    points: tuple[Point, ...]
    statements: tuple[Statement, ...]
    repeats: tuple[Statement, ...] = field(default=())
    aside: tuple[Statement, ...] = field(default=())

    @property
    def rows(self) -> tuple[str, ...]:
        """count_ids behind the chain, in order of day."""
        return tuple(row for point in self.points for row in point.rows)

    def at(self, day: pd.Timestamp | date) -> tuple[int, float, float]:
        """Return what is known of the count by the end of `day`: the last total given, and its bounds.

        The count cannot be less than any total before, nor more than any total given later.
        """
        when = pd.Timestamp(day)
        before = [point for point in self.points if point.day <= when]
        after = [point.high for point in self.points if point.day >= when]
        value = before[-1].value if before else 0
        low = max((point.low for point in before), default=0.0)
        return value, low, max(low, min(after, default=math.inf))

    def between(self, start: pd.Timestamp | date, end: pd.Timestamp | date) -> tuple[int, float, float]:
        """Return the attacks counted from `start` to `end` (both included): best, low, high (may be infinite)."""
        best0, low0, high0 = self.at(pd.Timestamp(start) - DAY)
        best1, low1, high1 = self.at(end)
        return best1 - best0, max(0.0, low1 - high0), high1 - low0

    @property
    def since(self) -> date:
        """The day from which the totals count."""
        first: date = (self.points[0].day + DAY).date()
        return first

    @property
    def last_day(self) -> pd.Timestamp:
        """The day of the last total in the chain."""
        return self.points[-1].day


def counted_since(counts: pd.DataFrame, parameters: Parameters) -> date:
    """Return the day from which the totals in `counts` (official_counts) count: `COUNTED_SINCE` as coded.

    Totals of which the first lies outside the codebook's days are of another record; no column says since when they
    count, and they are taken to count from the window's first day.
    """
    days, usual = _days(counts).dropna(), Parameters()
    if days.empty or usual.window_start <= days.min().date() <= usual.window_end:
        return COUNTED_SINCE
    return parameters.window_start


def _days(counts: pd.DataFrame) -> pd.Series:
    """Return the day of each row of `counts`: that which the total runs to, else that on which it was stated."""
    return counts["as_of"].fillna(counts["stated_on"]) if "stated_on" in counts else counts["as_of"]


def values(counts: pd.DataFrame, countries: Sequence[str] = ("IQ", "SY", "JO")) -> pd.Series:
    """Return the running total of `countries` that each row of `counts` gives (blank where it gives none).

    All three countries are the column `total`; else the columns of the countries are summed. A row that names Iraq and
    Syria alone has none for Jordan, where officials counted one attack, on 28 January.
    """
    if set(countries) == set(COLUMNS):
        return counts["total"].astype("Float64")
    parts = counts[[COLUMNS[code] for code in countries]].astype("Float64")
    if len(countries) > 1 and "JO" in countries:
        parts["jordan"] = parts["jordan"].fillna(0)
    return parts.sum(axis=1, min_count=len(countries)).astype("Float64")


def statements(
    counts: pd.DataFrame, families: pd.Series, countries: Sequence[str] = ("IQ", "SY", "JO")
) -> tuple[Statement, ...]:
    """Return one `Statement` for each day and total of `counts`, by day and total.

    `counts` needs count_id, source_id, as_of, total, iraq, syria, jordan, relation, speaker; `families` maps source_id
    to the origin that counts once. A row without a day takes the day it was stated on; without either it is left out.
    """
    frame = counts.assign(
        value=values(counts, countries),
        day=_days(counts),
        family=counts["source_id"].map(families).fillna(counts["source_id"]),
        named=counts["speaker"].fillna("").astype(str).str.strip() != "",
    )
    frame = frame[frame["value"].notna() & frame["day"].notna()].sort_values(["day", "value", "count_id"])
    found = []
    rows = zip(*(frame[c].tolist() for c in ("day", "value", "relation", "family", "count_id", "named")), strict=True)
    for (day, value), group in groupby(rows, key=itemgetter(0, 1)):
        _, _, relations, families_told, ids, named = zip(*group, strict=True)
        votes: dict[str, set[str]] = {}
        for word, family in zip(relations, families_told, strict=True):
            votes.setdefault(word, set()).add(family)
        # on a tie the weaker word: it claims less
        order = {"exact": 0, "approximately": 1, "at_least": 2}
        relation = max(sorted(votes), key=lambda word: (len(votes[word]), order.get(word, 0)))
        low, high = bounds_of(float(value), relation)
        families_told = tuple(sorted(set(families_told)))
        found.append(Statement(day, int(value), relation, low, high, ids, families_told, any(named)))
    return tuple(found)


def heaviest_chain(items: Sequence[Statement]) -> list[int]:
    """Return the indices of the heaviest subsequence of `items` (by day, then value) in which no value falls.

    The weighted form of the longest increasing subsequence (Fredman 1975). Of equally heavy chains the one with the
    lower last total is taken, so that no doubtful total raises the count.
    """
    best: list[float] = []
    back: list[int] = []
    for place, item in enumerate(items):
        weight, before = 0.0, -1
        for earlier in range(place):
            if items[earlier].value <= item.value and best[earlier] > weight + 1e-9:
                weight, before = best[earlier], earlier
        best.append(weight + item.weight)
        back.append(before)
    if not best:
        return []
    top = max(best)
    place = min((i for i in range(len(items)) if best[i] > top - 1e-9), key=lambda i: (items[i].value, i))
    chain = []
    while place >= 0:
        chain.append(place)
        place = back[place]
    return chain[::-1]


def series(
    counts: pd.DataFrame,
    families: pd.Series,
    countries: Iterable[str] = ("IQ", "SY", "JO"),
    whole: Mapping[str, int] | None = None,
    *,
    since: date = COUNTED_SINCE,
) -> Series:
    """Return the running total of `countries` as a chain of points, from `counts` and the origin of each source.

    The chain begins with zero on the day before `since`, or before its first total where that is earlier.

    `whole` gives, for a country's series, the total of all countries in each row (count_id): where that has risen since
    the last point, the same figure again is no old one, but means a stretch without attack there.
    """
    wholes = whole or {}

    def reach(rows: Iterable[str]) -> int:
        return max((wholes.get(row, 0) for row in rows), default=0)

    places = tuple(countries)
    every = statements(counts, families, places)
    kept = heaviest_chain(every)
    chain = [every[i] for i in kept]
    aside = tuple(item for i, item in enumerate(every) if i not in set(kept))
    start = min([pd.Timestamp(since), *(item.day for item in chain[:1])]) - DAY
    points = [Point(start, 0, 0.0, 0.0, (), ())]
    repeats: list[Statement] = []
    for day in sorted({item.day for item in chain}):
        today = [item for item in chain if item.day == day]
        new = [
            item for item in today
            if item.value > points[-1].value
            or (item.value == points[-1].value and reach(item.rows) > reach(points[-1].rows) > 0)
        ]  # fmt: skip
        repeats += [item for item in today if item not in new]
        if not new:
            continue
        likeliest = max(new, key=lambda item: (item.weight, -item.value))
        points.append(
            Point(
                day, likeliest.value, min(item.low for item in new), max(item.high for item in new),
                tuple(row for item in new for row in item.rows),
                tuple(sorted({name for item in new for name in item.families})),
            )
        )  # fmt: skip
    return Series(places, tuple(_tightened(points)), every, tuple(repeats), aside)


def _tightened(points: list[Point]) -> list[Point]:
    """Return `points` with bounds that rise: no low below an earlier one, no high above a later one."""
    lows = np.maximum.accumulate([point.low for point in points])
    highs = np.minimum.accumulate([point.high for point in points][::-1])[::-1]
    return [
        Point(p.day, p.value, min(float(low), p.value), max(float(high), p.value), p.rows, p.families)
        for p, low, high in zip(points, lows, highs, strict=True)
    ]


CONTRADICTION_COLUMNS = ["kind", "day", "totals", "rows", "against", "text"]


def contradictions(counts: pd.DataFrame, families: pd.Series) -> pd.DataFrame:
    """Return every contradiction among the totals, one row each: kind, day, totals, rows, against (count_ids), text.

    `falls`: a total above one given for a later day, both as their relation allows. `same_day`: several totals for one
    day (some officials spoke before that day's attacks, some after). `sum`: countries that do not add up to the total.
    """
    every = statements(counts, families)
    found: list[tuple[str, pd.Timestamp, str, str, str, str]] = []
    for item in every:
        later = [other for other in every if other.day > item.day and other.high < item.low]
        if later:
            text = f"{item.value} by {_day(item.day)}, yet {_listed(later)}"
            found.append(("falls", item.day, _totals([item, *later]), _ids([item]), _ids(later), text))
    for day in sorted({item.day for item in every}):
        today = [item for item in every if item.day == day]
        if len(today) > 1:
            most = max(today, key=lambda item: (item.weight, -item.value))
            rest = [item for item in today if item is not most]
            text = f"for {_day(day)} {_of(most)}, also " + ", ".join(_of(item) for item in rest)
            found.append(("same_day", day, _totals(today), _ids(rest), _ids([most]), text))
    for row in counts.to_dict("records"):
        if not _adds_up(row):
            parts = [row[column] for column in COLUMNS.values() if not pd.isna(row[column])]
            text = f"{' + '.join(str(part) for part in parts)} is {sum(parts)}, not {row['total']}"
            found.append(("sum", row["as_of"], f"{row['total']}", row["count_id"], "", text))
    table = pd.DataFrame(found, columns=CONTRADICTION_COLUMNS)
    return table.sort_values(["day", "kind", "rows"], ignore_index=True)


def _adds_up(row: dict[Any, Any]) -> bool:
    """Return whether a row's countries make up its total, or do not say; one attack may be left for Jordan."""
    if pd.isna(row["total"]) or pd.isna(row["iraq"]) or pd.isna(row["syria"]):
        return True
    rest = row["total"] - row["iraq"] - row["syria"]
    # officials counted one attack in Jordan, and some name it in the total alone
    return bool(rest == row["jordan"]) if not pd.isna(row["jordan"]) else rest in (0, 1)


def by_country(counts: pd.DataFrame, families: pd.Series, *, since: date = COUNTED_SINCE) -> dict[str, Series]:
    """Return the running total of each country as a `Series`.

    Rows whose countries do not add up to their total, or whose total contradicts the chain of totals, are left out.
    Where the total of a day is known and that of one country is fixed by what was said before and after, the other
    country's follows.
    """
    total = series(counts, families, since=since)
    aside = {row for item in total.aside for row in item.rows}
    fits = counts.apply(lambda row: _adds_up(row.to_dict()), axis=1) if len(counts) else pd.Series(dtype=bool)
    sound = counts[fits.astype(bool) & ~counts["count_id"].isin(aside)]
    known_totals = sound[sound["total"].notna()]
    whole = {str(row): int(value) for row, value in zip(known_totals["count_id"], known_totals["total"], strict=True)}
    found = {code: series(sound, families, (code,), whole, since=since) for code in COLUMNS}
    for code, other in (("SY", "IQ"), ("IQ", "SY")):
        known = {point.day for point in found[code].points}
        derived = []
        for point in total.points[1:]:
            value, low, high = found[other].at(point.day)
            later = [p.value for p in found[other].points if p.day >= point.day]
            if point.day in known or not later or later[0] != value:
                continue
            jordan = found["JO"].at(point.day)[0]
            rest = point.value - value - jordan, point.low - high - jordan, point.high - low - jordan
            derived.append(Point(point.day, *rest, point.rows, point.families))
        found[code] = _merged(found[code], derived)
    return found


def _merged(one: Series, derived: list[Point]) -> Series:
    """Return `one` with those `derived` points that its own bounds allow and that raise the count."""
    points = list(one.points)
    for point in derived:
        before = max((p.value for p in points if p.day < point.day), default=0)
        after = min((p.value for p in points if p.day > point.day), default=math.inf)
        if before < point.value <= after:
            points = sorted([*points, point], key=lambda p: p.day)
    return replace(one, points=tuple(_tightened(points)))


def _day(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%B %Y}"


def _of(item: Statement) -> str:
    return f"{item.value} ({len(item.families)} origin{'s' if len(item.families) != 1 else ''})"


def _totals(items: Iterable[Statement]) -> str:
    return ";".join(str(item.value) for item in items)


def _ids(items: Iterable[Statement]) -> str:
    return ";".join(row for item in items for row in item.rows)


def _listed(items: Sequence[Statement]) -> str:
    first = min(items, key=lambda item: item.value)
    more = f" (and {len(items) - 1} more such)" if len(items) > 1 else ""
    return f"{first.value} by {_day(first.day)}{more}"
