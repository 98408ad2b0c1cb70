"""US strikes: the list of them beside the attacks, and whether this record could show that attacks changed after them.

Strikes follow attacks and follow each other: hardly a day is free of a strike in the week before. So the question asked
first is not what changed, but what change the record could show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Row, finding, printed
from helpers.parameters import Parameters
from helpers.stretches import Stretches, within_coding
from helpers.tables import select
from helpers.vocabulary import split

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Days before and after a strike that are compared. Its own day is left out: the order within it is seldom known.
REACH = 7

#: Fewest strike days, days of the window and attacks from which anything is compared.
FEWEST = {"strike days": 5, "days": 56, "attacks": 20}

#: Chance of noticing that attacks halved, below which the record cannot show an effect; and draws that measure it.
POWER, DRAWS = 0.8, 999


@dataclass(frozen=True)
class Strikes:
    """What `analyse_strikes` finds.

    Attributes
    ----------
    parameters: those of the run. incidents: the attacks that they count.
    strikes: the strikes in the window on a country that counts, by day, those told by one origin alone included.
    days: one row a day of the window: date, attacks, strikes, after (whether a strike lies in the week before).
    ratio: attacks a day in the weeks after strike days over those in the weeks before (None if undefined).
    low, high: what is left of it when set against the same strike days shifted through the window, as a 95% interval.
    halving, quarter: chance that this would notice attacks halved, or down by a quarter, on all days after strikes
        (None where too few to judge).
    """

    parameters: Parameters
    incidents: pd.DataFrame
    strikes: pd.DataFrame
    days: pd.DataFrame
    ratio: float | None
    low: float | None
    high: float | None
    halving: float | None
    quarter: float | None

    @property
    def two_sources(self) -> pd.DataFrame:
        """The strikes that two or more independent origins tell of."""
        return self.strikes[self.strikes["n_independent"] >= 2]

    @property
    def effect(self) -> str:
        """The finding: whether fewer or more attacks after strikes are shown, and whether they could be."""
        if self.ratio is None or self.low is None or self.high is None or self.halving is None:
            return CANNOT
        # what the shifted days say must hold of the days themselves as well, so that no fall is told as a rise
        shows = (self.high < 1 and self.ratio < 1) or (self.low > 1 and self.ratio > 1)
        return finding(shows, self.halving >= POWER)

    @property
    def next_after_deadliest(self) -> pd.Series | None:
        """The first strike of two sources after the attack that killed most US personnel, None without either."""
        killed = self.incidents["us_killed"].astype("Float64").fillna(0).astype(float)
        if not (killed > 0).any():
            return None
        day = self.incidents["date"].iloc[int(killed.to_numpy().argmax())]
        later = self.two_sources[self.two_sources["date"] > day]
        return later.iloc[0] if len(later) else None


def strikes_in(responses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the strikes with a day in the window on a country that counts (`IQ;SY` is in both), by day and id."""
    where = [bool(set(split(cell)) & set(parameters.countries)) or not split(cell) for cell in responses["country"]]
    when = responses["date"].between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))
    return responses[np.array(where, dtype=bool) & when].sort_values(["date", "response_id"], ignore_index=True)


def struck(strikes: pd.DataFrame, code: str) -> pd.Series:
    """Return which of `strikes` hit the country `code`; `IQ;SY` is in both."""
    return strikes["country"].map(lambda cell: code in split(cell)).astype(bool)


def after_over_before(counts: Floats, positions: Ints) -> Floats:
    """Return attacks a day in the weeks after strike days over those before, for each row of `counts` and `positions`.

    `counts` has shape (series, days), `positions` (patterns, strikes); the result (series, patterns), NaN where no
    attack lies before. An attack between two strikes counts for both.
    """
    n = counts.shape[1]
    sums = np.concatenate([np.zeros((len(counts), 1)), counts.cumsum(axis=1)], axis=1)

    def rate(first: Ints, end: Ints) -> Floats:
        first, end = first.clip(0, n), end.clip(0, n)
        length = (end - first).sum(axis=1)
        return np.asarray((sums[:, end] - sums[:, first]).sum(axis=2) / np.maximum(length, 1))

    before, after = rate(positions - REACH, positions), rate(positions + 1, positions + REACH + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, after / before, np.nan)


def _shifted(positions: Ints, n: int) -> Ints:
    """Return the strike days at their place, then shifted by every number of days, round the end of the window."""
    return np.asarray((positions[None, :] + np.arange(n)[:, None]) % n)


def power(counts: Ints, positions: Ints, after: npt.NDArray[np.bool_], keep: float, seed: int) -> float:
    """Return how often the comparison notices that attacks on the days `after` strikes were thinned to `keep`."""
    rng = np.random.default_rng(seed)
    thinned = np.where(after, rng.binomial(counts, keep, (DRAWS, len(counts))), counts).astype(float)
    ratios = after_over_before(thinned, _shifted(positions, len(counts)))
    return float((ratios[:, 0] < np.nanquantile(ratios[:, 1:], 0.025, axis=1)).mean())


def analyse_strikes(incidents: pd.DataFrame, responses: pd.DataFrame, parameters: Parameters) -> Strikes:
    """Return attacks beside US strikes, from the clean tables of both, and what change the record could show."""
    parameters = within_coding(parameters, incidents)
    chosen, strikes, stretches = select(incidents, parameters), strikes_in(responses, parameters), Stretches(parameters)
    counts, struck_on = stretches.daily(chosen["date"]), stretches.daily(strikes["date"])
    positions, n = np.flatnonzero(struck_on), len(counts)
    after = np.zeros(n, dtype=bool)
    for position in positions:
        after[position + 1 : position + REACH + 1] = True
    days = pd.DataFrame({"date": stretches.days, "attacks": counts, "strikes": struck_on, "after": after})
    enough = {"strike days": len(positions), "days": n, "attacks": int(counts.sum())}
    if any(enough[name] < least for name, least in FEWEST.items()):
        return Strikes(parameters, chosen, strikes, days, None, None, None, None, None)
    own, *shifted = after_over_before(counts[None, :].astype(float), _shifted(positions, n))[0]
    # a ratio is set against those of the shifted days: what is left of it lies between these two
    low, high = (float(own / np.nanquantile(shifted, tail)) for tail in (0.975, 0.025))
    chances = [power(counts, positions, after, keep, parameters.seed) for keep in (0.5, 0.75)]
    return Strikes(parameters, chosen, strikes, days, float(own), low, high, *chances)


def strikes_table(result: Strikes) -> pd.DataFrame:
    """Return the list of strikes as it is written for readers."""
    columns = ["date", "country", "place", "kind", "target", "killed_best", "killed_low", "killed_high", "killed_side"]
    return result.strikes[[*columns, "n_independent", "response_id", "sources"]]


def _ids(strikes: pd.DataFrame) -> dict[str, list[str]]:
    return {"responses": list(strikes["response_id"])}


def _one(name: str, place: int) -> list[Row]:
    """Return the rows of the strike at `place` among those of two sources."""

    def row(result: Strikes) -> pd.Series:
        return result.two_sources.iloc[place]

    def there(result: Strikes) -> bool:
        return len(result.two_sources) > place

    def behind(result: Strikes) -> dict[str, list[str]]:
        return {"responses": [row(result)["response_id"]]}

    def killed(result: Strikes) -> str:
        best = row(result)["killed_best"]
        return "not said" if pd.isna(best) else f"{best:,}"

    return [
        Row(f"{name}.date", "date", lambda r: row(r)["date"].date(), rows=behind, when=there),
        Row(f"{name}.place", "text", lambda r: row(r)["place"] or "place not said", rows=behind, when=there),
        Row(f"{name}.target", "text", lambda r: row(r)["target"] or "target not said", rows=behind, when=there),
        Row(f"{name}.killed", "text", killed, rows=behind, when=there, note="best estimate of people killed"),
        Row(f"{name}.sources", "count", lambda r: int(row(r)["n_independent"]), rows=behind, when=there),
    ]


def rows(result: Strikes) -> list[Row]:
    """Return the facts ``strikes.*`` as rows; of each strike that two sources tell of as many as there are."""
    after = f"strikes on the {REACH} days before; the strike's own day does not count"
    thinned = (
        f"share of {DRAWS} seeded draws in which attacks thinned on all days within a week after strikes stand out"
    )
    listed = [row for place in range(len(result.two_sources)) for row in _one(f"strikes.{place + 1}", place)]
    return [
        Row("strikes.reported", "count", lambda r: len(r.strikes), rows=lambda r: _ids(r.strikes)),
        Row("strikes.two_sources", "count", lambda r: len(r.two_sources), rows=lambda r: _ids(r.two_sources),
            note="told by two or more independent origins"),
        Row("strikes.share_after", "share", lambda r: float(r.days["after"].mean()), note=after),
        Row("strikes.power", "share", lambda r: r.halving, note=f"attacks halved: {thinned}",
            text=lambda r: _chance(r.halving)),
        Row("strikes.power_quarter", "share", lambda r: r.quarter, note=f"attacks down by a quarter: {thinned}",
            text=lambda r: _chance(r.quarter)),
        Row("strikes.effect", "finding", lambda r: r.effect,
            note=f"cannot be shown where a halving would be noticed with a chance below {POWER:.0%}, or with "
            "fewer than " + ", ".join(f"{least} {name}" for name, least in FEWEST.items())),
        Row("strikes.ratio", "ratio", lambda r: r.ratio, when=lambda r: r.effect in (SHOWN, NOT_SHOWN),
            note="attacks a day in the weeks after strike days over those in the weeks before"),
        Row("strikes.next.date", "date", lambda r: r.next_after_deadliest["date"].date(),
            rows=_next_ids, when=_has_next),
        Row("strikes.next.target", "text", lambda r: r.next_after_deadliest["target"], rows=_next_ids, when=_has_next),
        *listed,
    ]  # fmt: skip


def _chance(value: float | None) -> str:
    """Return a share of draws as it is printed: none of them is not never."""
    return printed(value if value is None else max(value, 1 / DRAWS), "share")


def _has_next(result: Strikes) -> bool:
    return result.next_after_deadliest is not None


def _next_ids(result: Strikes) -> dict[str, list[str]]:
    found = result.next_after_deadliest
    return {} if found is None else {"responses": [found["response_id"]]}
