"""The pause by officials' running totals alone, as `helpers.analysis.totals` chains them.

A total says how many attacks there had been up to a day, so that two totals bound the attacks between them. Where
statements contradict each other the chain decides, and the range over all statements of the same days stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from helpers.analysis import totals
from helpers.analysis.rates import Rate, Ratio, exact_ratio, poisson_rate, scaled_ratio
from helpers.parameters import Parameters


@dataclass(frozen=True)
class Total:
    """One total as told: attacks up to and with the day `as_of`, how many independent sources give it, and its rows."""

    as_of: date
    total: int
    support: int
    rows: tuple[str, ...]


@dataclass(frozen=True)
class OfficialPause:
    """What the totals say of the pause.

    `opening` and `closing` are the last total before the pause and the first of its last day or later. `inside` is the
    difference, `low` and `high` its range over all totals told for these two days and `days` the days between (None
    where no totals enclose the pause). `certain` is the least that must lie in the pause itself. `contradicting` are
    the other totals of these two days, `off_chain` all that fit no non-decreasing series, `chain` those that do.
    `counted_since` is the day from which the totals count. `since_stop` counts from the last total before the second
    stop to the last of the window, `after_stop` are all told since then, on the chain or off it.
    """

    opening: Total | None
    closing: Total | None
    days: int
    inside: int | None
    low: int | None
    high: int | None
    certain: int | None
    outside: Rate
    ratio: Ratio
    exact: Ratio
    index: float | None
    contradicting: tuple[Total, ...]
    off_chain: tuple[Total, ...]
    chain: tuple[Total, ...]
    counted_since: date
    stop_opening: Total | None
    stop_closing: Total | None
    since_stop: int | None
    since_stop_days: int
    after_stop: tuple[Total, ...]


def _told(statements: Sequence[totals.Statement]) -> list[Total]:
    return [Total(s.day.date(), s.value, len(s.families), s.rows) for s in statements]


def _chain(series: totals.Series) -> list[Total]:
    """Return the chain with the totals that only repeat an earlier one: one total a day, by day."""
    points = [Total(p.day.date(), p.value, len(p.families), p.rows) for p in series.points]
    days = {total.as_of for total in points}
    again = {total.as_of: total for total in _told(series.repeats) if total.as_of not in days}
    return sorted([*points, *again.values()], key=lambda total: total.as_of)


def _last(chain: Sequence[Total], day: date) -> Total | None:
    return next((total for total in reversed(chain) if total.as_of <= day), None)


def _first(chain: Sequence[Total], day: date) -> Total | None:
    return next((total for total in chain if total.as_of >= day), None)


def _index(chain: Sequence[Total], skip: tuple[date, date]) -> float | None:
    """Return variance over mean of the increments, each against its days, those that touch `skip` left out."""
    pairs = [
        (b.total - a.total, (b.as_of - a.as_of).days)
        for a, b in pairwise(chain)
        if b.as_of < skip[0] or a.as_of >= skip[1]
    ]
    events, days = sum(n for n, _ in pairs), sum(d for _, d in pairs)
    if len(pairs) < 2 or not events:
        return None
    rate = events / days
    return sum((n - rate * d) ** 2 / (rate * d) for n, d in pairs) / (len(pairs) - 1)


def official_pause(
    official_counts: pd.DataFrame, parameters: Parameters, families: pd.Series | None = None
) -> OfficialPause:
    """Return what the running totals alone say of the pause (see `OfficialPause`).

    `official_counts` is the clean table, `families` maps source_id to the origin that counts once.
    """
    if families is None:
        families = pd.Series(dtype=str)
    since = totals.counted_since(official_counts, parameters)
    series = totals.series(official_counts, families, parameters.countries, since=since)
    everything, whole = _told(series.statements), _chain(series)
    told = [total for total in everything if total.as_of <= parameters.window_end]
    chain = [total for total in whole if total.as_of <= parameters.window_end]
    if not chain:
        chain = whole[:1]
    eve, final = parameters.pause_start - timedelta(days=1), parameters.pause_end - timedelta(days=1)
    enclosed = parameters.window_start <= parameters.pause_start and final <= parameters.window_end
    opening, closing = (_last(chain, eve), _first(chain, final)) if enclosed else (None, None)
    start, last = _last(chain, parameters.window_start - timedelta(days=1)), chain[-1]
    stop_opening = _last(chain, parameters.stop_start - timedelta(days=1))
    late = stop_opening is not None and last.as_of > stop_opening.as_of and last.as_of >= parameters.stop_start
    stop_closing = last if late else None
    contradicting: tuple[Total, ...] = ()
    days, inside, low, high, certain = 0, None, None, None, None
    ratio = exact = Ratio(None, None, None, None, "scaled", "no totals enclose the pause")
    outside, index = poisson_rate(0, 0), None
    if opening and closing:
        days, inside = (closing.as_of - opening.as_of).days, closing.total - opening.total
        at = {
            day: [total for total in told if total.as_of == day] or [opening] for day in (opening.as_of, closing.as_of)
        }
        first, second = (sorted(total.total for total in at[day]) for day in (opening.as_of, closing.as_of))
        low, high = max(0, second[0] - first[-1]), max(0, second[-1] - first[0])
        ends = {(total.as_of, total.total) for total in (opening, closing)}
        contradicting = tuple(t for day in at.values() for t in day if (t.as_of, t.total) not in ends)
        within = [total for total in chain if eve <= total.as_of <= final]
        certain = within[-1].total - within[0].total if within else 0
        start = start or whole[0]
        count0 = opening.total - start.total + last.total - closing.total
        days0 = (opening.as_of - start.as_of).days + (last.as_of - closing.as_of).days
        index = _index([t for t in chain if t.as_of >= start.as_of], (parameters.pause_start, closing.as_of))
        outside = poisson_rate(count0, days0)
        ratio = scaled_ratio(inside, days, count0, days0, index)
        exact = exact_ratio(inside, days, count0, days0)
    return OfficialPause(
        opening,
        closing,
        days,
        inside,
        low,
        high,
        certain,
        outside,
        ratio,
        exact,
        index,
        contradicting,
        tuple(t for t in told if (t.as_of, t.total) not in {(c.as_of, c.total) for c in chain}),
        tuple(chain[1:]),
        series.since,
        stop_opening if late else None,
        stop_closing,
        stop_closing.total - stop_opening.total if stop_closing and stop_opening else None,
        (stop_closing.as_of - stop_opening.as_of).days if stop_closing and stop_opening else 0,
        tuple(total for total in everything if total.as_of >= parameters.stop_start),
    )
