"""Running totals that a counter gave, as one rising count with bounds.

Each statement says how many attacks had been counted since a first day up to a day. Statements are reprinted, some
repeat an old total, some contradict each other. Here they become a chain: the largest set of statements, weighed by how
many independent origins carry them, that one rising count can have produced (a weighted longest increasing subsequence;
Fredman 1975). What does not fit is listed, not smoothed. US officials gave such totals, and so did the Syrian
Observatory for Human Rights.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd

from helpers import vocabulary
from helpers.parameters import Parameters
from helpers.stretches import runs
from helpers.words import amount, day_text

#: The day from which officials counted in the codebook's days, on which its coding begins too.
COUNTED_SINCE: date = Parameters().window_start

#: "Approximately" is within five in a hundred (codebook, claims.csv).
NEAR = 0.05

#: Origins that have to repeat an exact total on a later day before it counts as news and not as an old figure.
REPEATED = 2

#: What relations may be, the one that claims least first.
WEAKER = ("at_least", "approximately", "exact")

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
class Series:
    """One running total (all countries or some) as a chain of points, with what does not fit it.

    `points` rise in day and value, and begin with zero on the day before counting began. `repeats` give a total that an
    earlier day has already: an old figure, or days without attack; the text seldom says which. `aside` contradict the
    chain or add nothing to it. `statements` are all of these, by day and total.
    """

    points: tuple[Statement, ...]
    statements: tuple[Statement, ...]
    repeats: tuple[Statement, ...]
    aside: tuple[Statement, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Ids of the rows behind the chain, in order of day."""
        return tuple(row for point in self.points for row in point.rows)

    @cached_property
    def told(self) -> tuple[Statement, ...]:
        """The points, and a later day on which `REPEATED` origins or more give the same exact total, in order of day.

        Such a repeat says that no attack was counted in between.
        """
        known = {point.day for point in self.points}
        sure = (item for item in self.repeats if item.relation == "exact" and len(item.families) >= REPEATED)
        return tuple(sorted([*self.points, *(s for s in sure if s.day not in known)], key=lambda point: point.day))

    def _until(self, day: pd.Timestamp) -> int:
        """Return how many of the totals are of `day` or earlier."""
        return bisect_right(self.told, day, key=lambda point: point.day)

    def at(self, day: pd.Timestamp | date) -> tuple[int, float, float]:
        """Return what is known of the count by the end of `day`: the last total given, and its bounds.

        The count cannot be less than any total before, nor more than any total given later.
        """
        when = pd.Timestamp(day)
        place = self._until(when)
        if not place:
            return 0, 0.0, 0.0
        last = self.told[place - 1]
        following = last if last.day == when else self.told[place] if place < len(self.told) else None
        return last.value, last.low, max(last.low, following.high if following else math.inf)

    def between(self, start: pd.Timestamp | date, end: pd.Timestamp | date) -> tuple[int, float, float]:
        """Return the attacks counted from `start` to `end` (both included): best, low, high (may be infinite)."""
        best0, low0, high0 = self.at(pd.Timestamp(start) - DAY)
        best1, low1, high1 = self.at(end)
        return best1 - best0, max(0.0, low1 - high0), high1 - low0

    def covered(self, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return those of `days` from the first that the totals count to the last for which one is given."""
        return days[(days > self.points[0].day) & (days <= self.told[-1].day)]

    def over(self, days: Iterable[date]) -> tuple[int, float, float, tuple[str, ...]]:
        """Return the attacks counted on `days` (best, low, high) and the ids of the totals around them."""
        spans = runs(days)
        best, low, high = np.sum([self.between(*span) for span in spans], axis=0).tolist()
        rows: dict[str, None] = {}
        for edge in (edge for start, end in spans for edge in (pd.Timestamp(start) - DAY, pd.Timestamp(end))):
            place = self._until(edge)
            around = self.told[max(place - 1, 0) : place + 1]
            exact = [point for point in around if point.day == edge]
            rows |= dict.fromkeys(row for point in exact or around for row in point.rows)
        return int(best), low, high, tuple(rows)

    @property
    def since(self) -> date:
        """The day from which the totals count."""
        first: date = (self.points[0].day + DAY).date()
        return first


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
    return counts["as_of"].fillna(counts["stated_on"])


def origin_of(rows: pd.DataFrame, families: pd.Series) -> pd.Series:
    """Return the origin that counts once of the source of each of `rows`: its family, else the source itself."""
    known = rows["source_id"].map(families)
    return known.where(known.notna(), rows["source_id"])


def country_columns() -> dict[str, str]:
    """Return country code -> the column of official_counts with its total."""
    return {code: country.column for code, country in vocabulary.countries().items() if country.column}


def whole(countries: Collection[str]) -> bool:
    """Return whether `countries` are all that officials' totals name; none named is all."""
    return not countries or set(countries) >= set(country_columns())


def values(counts: pd.DataFrame, countries: Collection[str] = ()) -> pd.Series:
    """Return the running total of `countries`, by default all, that each row of `counts` gives (blank: it gives none).

    All the countries that officials' totals name are the column `total`; else the columns of the countries are summed.
    A row that names Iraq and Syria alone has none for Jordan, where officials counted one attack, on 28 January.
    """
    if whole(countries):
        return counts["total"].astype("Float64")
    parts = counts[[column for code, column in country_columns().items() if code in countries]].astype("Float64")
    if "jordan" in parts and len(parts.columns) > 1:
        parts["jordan"] = parts["jordan"].fillna(0)
    return parts.sum(axis=1, min_count=max(1, len(parts.columns))).astype("Float64")


def statements(counts: pd.DataFrame, families: pd.Series, countries: Collection[str] = ()) -> tuple[Statement, ...]:
    """Return one `Statement` for each day and total of `counts`, by day and total.

    `counts` needs count_id, source_id, as_of, stated_on, total, relation, speaker and the columns of the countries;
    `families` maps source_id to the origin that counts once. A row without a day takes the day it was stated on;
    without either it is left out.
    """
    frame = pd.DataFrame({
        "day": _days(counts), "value": values(counts, countries), "relation": counts["relation"],
        "family": origin_of(counts, families), "count_id": counts["count_id"],
        "named": counts["speaker"].fillna("").astype(str).str.strip() != "",
    }).dropna(subset=["day", "value"]).sort_values(["day", "value", "count_id"])  # fmt: skip
    found = []
    for (day, value), group in groupby(zip(*(frame[c].tolist() for c in frame), strict=True), key=itemgetter(0, 1)):
        _, _, relations, origins, ids, named = zip(*group, strict=True)
        votes = Counter(word for word, _ in set(zip(relations, origins, strict=True)))
        relation = max(WEAKER, key=lambda word: votes[word])  # on a tie the weaker word: it claims less
        low, high = bounds_of(float(value), relation)
        found.append(Statement(day, int(value), relation, low, high, ids, tuple(sorted(set(origins))), any(named)))
    return tuple(found)


def heaviest_chain(items: Sequence[Statement]) -> list[int]:
    """Return the indices of the heaviest subsequence of `items` (by day, then value) in which no value falls.

    The weighted form of the longest increasing subsequence (Fredman 1975). Of equally heavy chains the one with the
    lower last total is taken, so that no doubtful total raises the count.
    """
    back: list[int] = []
    front: list[tuple[int, float, int]] = []  # value, weight of the best chain that ends there, its place: both rise
    for place, item in enumerate(items):
        at = bisect_right(front, item.value, key=itemgetter(0))
        weight, before = (front[at - 1][1], front[at - 1][2]) if at else (0.0, -1)
        weight += item.weight
        back.append(before)
        gone = at
        while gone < len(front) and front[gone][1] <= weight + 1e-9:
            gone += 1
        at -= bool(at and front[at - 1][0] == item.value)
        front[at:gone] = [(item.value, weight, place)]
    place = front[-1][2] if front else -1
    chain = []
    while place >= 0:
        chain.append(place)
        place = back[place]
    return chain[::-1]


def series(
    counts: pd.DataFrame, families: pd.Series, countries: Collection[str] = (), *, since: date = COUNTED_SINCE
) -> Series:
    """Return the running total of `countries` as a chain of points, from `counts` and the origin of each source.

    The chain begins with zero on the day before `since`, or before its first total where that is earlier.
    """
    every = statements(counts, families, countries)
    kept = heaviest_chain(every)
    chain = [every[i] for i in kept]
    start = min([pd.Timestamp(since), *(item.day for item in chain[:1])]) - DAY
    points, repeats = [Statement(start, 0, "exact", 0.0, 0.0, (), (), False)], []
    for _, group in groupby(chain, key=lambda item: item.day):
        today = list(group)
        new = [item for item in today if item.value > points[-1].value]
        repeats += [item for item in today if item not in new]
        if new:
            told = max(new, key=lambda item: (item.weight, item.value))
            points.append(replace(told, high=max(item.high for item in new)))
    aside = (item for i, item in enumerate(every) if i not in set(kept))
    return Series(tuple(_tightened(points)), every, tuple(repeats), tuple(aside))


def _tightened(points: list[Statement]) -> list[Statement]:
    """Return `points` with bounds that rise: no low below an earlier one, no high above a later one."""
    lows = np.maximum.accumulate([point.low for point in points])
    highs = np.minimum.accumulate([point.high for point in points][::-1])[::-1]
    return [
        replace(p, low=min(float(low), p.value), high=max(float(high), p.value))
        for p, low, high in zip(points, lows, highs, strict=True)
    ]


def by_country(counts: pd.DataFrame, families: pd.Series, *, since: date = COUNTED_SINCE) -> dict[str, Series]:
    """Return the running total of each country as a `Series`.

    Rows whose countries do not add up to their total, or whose total contradicts the chain of totals, are left out.
    """
    aside = {row for item in series(counts, families, since=since).aside for row in item.rows}
    sound = counts[_adds_up(counts) & ~counts["count_id"].isin(aside)]
    return {code: series(sound, families, (code,), since=since) for code in vocabulary.countries()}


def officials(counts: pd.DataFrame, families: pd.Series, parameters: Parameters) -> dict[str, Series]:
    """Return US officials' running total of ``all`` the countries of `parameters`, and that of each, by code."""
    since, countries = counted_since(counts, parameters), parameters.countries
    split = by_country(counts, families, since=since)
    alone = split[countries[0]] if len(countries) == 1 else None
    return {"all": alone or series(counts, families, countries, since=since), **split}


def observatory(other_counts: pd.DataFrame, families: pd.Series, site: str = "") -> Series:
    """Return the running total of the Syrian Observatory (`site`: that of one base) as a `Series` of Syria.

    `other_counts` is the clean table. Its first day is the earliest from which any of the totals counts; a total that
    says no first day is taken to run from there, one that counts from a later day (a month's) is no running total.
    """
    mine = other_counts[other_counts["counter"] == "sohr"]
    since = mine["since"].min()
    mine = mine[(mine["since"].isna() | (mine["since"] == since)) & mine["country"].fillna("SY").eq("SY")]
    here = mine[mine["site_id"].fillna("") == site].assign(count_id=mine["other_id"], speaker="the Observatory")
    return series(here, families, since=COUNTED_SINCE if pd.isna(since) else since.date())


def contradictions(counts: pd.DataFrame, families: pd.Series, countries: Collection[str] = ()) -> pd.DataFrame:
    """Return the contradictions among the totals of `countries`, a row each: kind, day, rows, against (ids), text.

    `falls`: a total above one given for a later day, both as their relation allows. `same_day`: several totals for one
    day (some officials spoke before that day's attacks, some after). `sum`: countries that do not add up to the total.
    """
    found: list[tuple[str, pd.Timestamp, str, str, str]] = []
    least: Statement | None = None  # of the later days, the total with the lowest upper bound
    for day, group in groupby(reversed(statements(counts, families, countries)), key=lambda item: item.day):
        today = list(group)[::-1]
        for item in today:
            if least is not None and least.high < item.low:
                text = f"{item.value} by {day_text(item.day)}, yet {least.value} by {day_text(least.day)}"
                found.append(("falls", day, ";".join(item.rows), ";".join(least.rows), text))
        if len(today) > 1:
            most = max(today, key=lambda item: (item.weight, -item.value))
            rest = [item for item in today if item is not most]
            of = {item: f"{item.value} ({amount(len(item.families), 'origin')})" for item in today}
            text = f"for {day_text(day)} {of[most]}, also {', '.join(of[item] for item in rest)}"
            ids = ";".join(row for item in rest for row in item.rows)
            found.append(("same_day", day, ids, ";".join(most.rows), text))
        least = min([*([least] if least else []), *today], key=lambda item: item.high)
    if whole(countries):
        for row in counts[~_adds_up(counts)].to_dict("records"):
            parts = [row[column] for column in country_columns().values() if not pd.isna(row[column])]
            text = f"{' + '.join(map(str, parts))} is {sum(parts)}, not {row['total']}"
            found.append(("sum", row["as_of"], row["count_id"], "", text))
    columns = ["kind", "day", "rows", "against", "text"]
    return pd.DataFrame(found, columns=columns).sort_values(["day", "kind", "rows"], ignore_index=True)


def _adds_up(counts: pd.DataFrame) -> pd.Series:
    """Return whether the countries of each row make up its total, or do not say.

    Officials counted one attack in Jordan, and some name it in the total alone: one may be left over.
    """
    rest, jordan = counts["total"] - counts["iraq"] - counts["syria"], counts["jordan"]
    fits = rest.isna() | (rest == jordan) | (jordan.isna() & rest.isin([0, 1]))
    return fits.astype("boolean").fillna(False).astype(bool)
