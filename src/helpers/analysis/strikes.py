"""US strikes: the list of them beside the attacks, and whether this record could show that attacks changed after them.

Strikes follow attacks and follow each other: hardly a day is free of a strike in the week before. So the question asked
first is not what changed, but what change the record could show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.analysis.harm import deadliest
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Facts, Row, finding, printed, record
from helpers.parameters import Parameters
from helpers.stretches import Stretches, within_coding
from helpers.tables import each, select
from helpers.vocabulary import split

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
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
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    halving: float | None = None
    quarter: float | None = None

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
    def next_after_deadliest(self) -> pd.DataFrame:
        """The first strike of two sources after the attack that killed most US personnel: one row, or none."""
        days = deadliest(self.incidents)["date"]
        return self.two_sources[self.two_sources["date"] > days.iloc[0]].head(1) if len(days) else self.strikes.head(0)


def strikes_in(responses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the strikes with a day in the window on a country that counts (`IQ;SY` is in both), by day and id."""
    where = [bool(set(split(cell)) & set(parameters.countries)) or not split(cell) for cell in responses["country"]]
    when = responses["date"].between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))
    return responses[np.array(where, dtype=bool) & when].sort_values(["date", "response_id"], ignore_index=True)


def after_over_before(counts: npt.ArrayLike, struck: Mask) -> Floats:
    """Return attacks a day in the weeks after strike days over those in the weeks before, for each row of `counts`.

    `counts` has shape (series, days); `struck`: which of the days are strike days. The first column of the result is
    that of these days, the others those of the same days shifted by every number of days, round the end of the window;
    NaN where no attack lies before. An attack between two strikes counts for both.
    """
    n, days = len(struck), np.arange(len(struck))
    sums = np.pad(np.cumsum(counts, axis=1, dtype=float), ((0, 0), (1, 0)))
    shifted = struck[(days[:, None] - days) % n].astype(float)  # at [day, shift]: whether a shifted strike falls there

    def rate(first: Ints, end: Ints) -> Floats:
        first, end = first.clip(0, n), end.clip(0, n)
        return np.asarray(((sums[:, end] - sums[:, first]) @ shifted) / np.maximum((end - first) @ shifted, 1))

    before, after = rate(days - REACH, days), rate(days + 1, days + REACH + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, after / before, np.nan)


def power(counts: Ints, struck: Mask, after: Mask, keep: float, seed: int) -> float:
    """Return how often the comparison notices that attacks on the days `after` strikes were thinned to `keep`."""
    rng = np.random.default_rng(seed)
    thinned = np.where(after, rng.binomial(counts, keep, (DRAWS, len(counts))), counts)
    ratios = after_over_before(thinned, struck)
    return float((ratios[:, 0] < np.nanquantile(ratios[:, 1:], 0.025, axis=1)).mean())


def analyse_strikes(incidents: pd.DataFrame, responses: pd.DataFrame, parameters: Parameters) -> Strikes:
    """Return attacks beside US strikes, from the clean tables of both, and what change the record could show."""
    parameters = within_coding(parameters, incidents)
    chosen, strikes, stretches = select(incidents, parameters), strikes_in(responses, parameters), Stretches(parameters)
    counts, struck_on = stretches.daily(chosen["date"]), stretches.daily(strikes["date"])
    hit = struck_on > 0
    after = np.zeros_like(hit)
    for day in np.flatnonzero(hit):
        after[day + 1 : day + REACH + 1] = True
    days = pd.DataFrame({"date": stretches.days, "attacks": counts, "strikes": struck_on, "after": after})
    enough = {"strike days": hit.sum(), "days": len(counts), "attacks": counts.sum()}
    if any(enough[name] < least for name, least in FEWEST.items()):
        return Strikes(parameters, chosen, strikes, days)
    own, *shifted = after_over_before(counts[None, :], hit)[0]
    # a ratio is set against those of the shifted days: what is left of it lies between these two
    low, high = (float(own / np.nanquantile(shifted, tail)) for tail in (0.975, 0.025))
    chances = [power(counts, hit, after, keep, parameters.seed) for keep in (0.5, 0.75)]
    return Strikes(parameters, chosen, strikes, days, float(own), low, high, *chances)


def strikes_table(result: Strikes) -> pd.DataFrame:
    """Return the list of strikes as it is written for readers."""
    columns = ["date", "country", "place", "kind", "target", "killed_best", "killed_low", "killed_high", "killed_side"]
    return result.strikes[[*columns, "n_independent", "response_id", "sources"]]


AFTER = f"strikes on the {REACH} days before; the strike's own day does not count"
THINNED = f"share of {DRAWS} seeded draws in which attacks thinned on all days within a week after strikes stand out"


def _chance(value: float | None) -> str:
    """Return a share of draws as it is printed: none of them is not never."""
    return printed(value if value is None else max(value, 1 / DRAWS), "share")


def _ids(strikes: pd.DataFrame) -> dict[str, list[str]]:
    return {"responses": list(strikes["response_id"])}


ROWS = [
    Row("strikes.reported", "count", lambda r: len(r.strikes), rows=lambda r: _ids(r.strikes)),
    Row("strikes.two_sources", "count", lambda r: len(r.two_sources), rows=lambda r: _ids(r.two_sources),
        note="told by two or more independent origins"),
    Row("strikes.share_after", "share", lambda r: float(r.days["after"].mean()), note=AFTER),
    Row("strikes.power", "share", lambda r: r.halving, note=f"attacks halved: {THINNED}",
        text=lambda r: _chance(r.halving)),
    Row("strikes.power_quarter", "share", lambda r: r.quarter, note=f"attacks down by a quarter: {THINNED}",
        text=lambda r: _chance(r.quarter)),
    Row("strikes.effect", "finding", lambda r: r.effect,
        note=f"cannot be shown where a halving would be noticed with a chance below {POWER:.0%}, or with "
        "fewer than " + ", ".join(f"{least} {name}" for name, least in FEWEST.items())),
    Row("strikes.ratio", "ratio", lambda r: r.ratio, when=lambda r: r.effect in (SHOWN, NOT_SHOWN),
        note="attacks a day in the weeks after strike days over those in the weeks before"),
]  # fmt: skip


def facts(result: Strikes) -> Facts:
    """Return the facts ``strikes.*``: also each strike that two sources tell of, the first after the deadliest attack,
    and that of which most origins tell since the second stop."""
    known = record(ROWS, result)
    following = result.next_after_deadliest
    for strike in each(following):
        known.add_each("strikes.next", {"date": strike.date, "target": strike.target}, rows=_ids(following))
    since = result.two_sources[result.two_sources["date"] >= pd.Timestamp(result.parameters.stop_start)]
    since = since[(since["target"].fillna("") != "") & (since["place"].fillna("") != "")]
    most = since.sort_values("n_independent", ascending=False, kind="stable").head(1)
    for strike in each(most):
        cells = {"date": strike.date, "place": strike.place, "target": strike.target, "sources": strike.n_independent}
        known.add_each("strikes.since_stop", cells, rows=_ids(most))
    for place, strike in enumerate(each(result.two_sources), 1):
        cells = {
            "date": strike.date, "place": strike.place or "place not said", "sources": strike.n_independent,
            "target": strike.target or "target not said",
        }  # fmt: skip
        name, behind = f"strikes.{place}", {"responses": [strike.response_id]}
        known.add_each(name, cells, rows=behind)
        killed = "not said" if pd.isna(strike.killed_best) else f"{strike.killed_best:,}"
        known.add(f"{name}.killed", killed, unit="text", rows=behind, note="best estimate of people killed")
    return known
