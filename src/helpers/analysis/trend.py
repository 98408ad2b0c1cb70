"""Did heavier weapons grow commoner? One regression a reader can use, and a rank correlation under many readings.

Pairs are counted from a table of days by rungs, so the work grows with the pairs of days and not of attacks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from helpers.analysis.weapons import prepare, rungs
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, finding
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import Stretches
from helpers.vocabulary import COUNTRIES, of_group, weapons
from helpers.words import day_text

Array = npt.NDArray[np.float64]

#: A trend is judged from so many attacks with a named weapon, in so many weeks, and so many with a rocket or above and
#: below: intervals that keep weeks together are too short with fewer (Cameron and Miller 2015, J. Hum. Resour. 50:317).
ATTACKS, WEEKS, EACH = 20, 10, 5
MONTH = 365.25 / 12


class Climb(NamedTuple):
    """Whether rockets and heavier weapons grew commoner (`finding`) or rarer (`fell`): how many times the odds of one
    are those a month before (`value`, from `low` to `high` at 95%).

    These are None where it cannot be judged, or where every attack of one sort came before every one of the other.
    """

    finding: str
    fell: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


def judged(n: int, weeks: int, above: int) -> bool:
    """Return whether so many attacks, in so many weeks, so many with a rocket or above, can show a trend."""
    return n >= ATTACKS and weeks >= WEEKS and min(above, n - above) >= EACH


def climb(selected: pd.DataFrame, parameters: Parameters) -> Climb:
    """Return how the odds of a rocket or above change in a month, country held, weeks kept together.

    Logistic regression of the attacks with a named weapon on months since the window's start and country, covariance
    clustered by week (Liang and Zeger 1986, Biometrika 73:13). `selected` needs the columns date, country, top_weapon
    and weapons. Shown if the interval lies above one.
    """
    frame = prepare(selected, parameters)
    frame = frame[frame["rung"].notna()]
    above = frame["rocket_up"].astype(float)
    mixed = above.groupby(frame["country"]).transform("nunique") > 1  # a country of one kind alone says nothing of time
    frame, above = frame[mixed], above[mixed]
    if not judged(len(frame), frame["week"].nunique(), int(above.sum())):
        return Climb(CANNOT, CANNOT)
    late, early = frame["date"][above == 1], frame["date"][above == 0]
    if late.min() >= early.max():
        return Climb(SHOWN, NOT_SHOWN)
    if late.max() <= early.min():
        return Climb(NOT_SHOWN, SHOWN)
    months = (frame["date"] - pd.Timestamp(parameters.window_start)).dt.days / MONTH
    columns = [months, *((frame["country"] == code) for code in sorted(frame["country"].unique()))]
    model = GLM(above.to_numpy(), np.column_stack(columns).astype(float), family=Binomial())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(frame["week"])[0]})
    value, low, high = (float(np.exp(x)) for x in (fit.params[0], *fit.conf_int()[0]))
    return Climb(finding(low > 1), finding(high < 1), value, low, high)


def trend(
    days: npt.ArrayLike, ranks: npt.ArrayLike, weeks: npt.ArrayLike, *, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Return tau-b (Kendall 1945, Biometrika 33:239) of `ranks` on `days`, and its 95% interval over resampled `weeks`.

    The interval is the percentile interval of weeks drawn with replacement (Künsch 1989, Ann. Stat. 17:1217): a week
    drawn twice stands beside itself, its days tied with their own.
    """
    d, r, w = np.asarray(days), np.asarray(ranks), np.unique(np.asarray(weeks), return_inverse=True)[1]
    sums = between_weeks(d, r, w)
    count = len(sums[0])

    def taus(times: Array) -> Array:
        """Return tau-b of each row of `times`, how often each week stands in a draw."""
        top, left, right = (((times @ part) * times).sum(axis=1) for part in sums)
        return np.asarray(top / np.sqrt(left * right))

    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = np.nanquantile(taus(drawn.astype(float)), [0.025, 0.975])
        return float(taus(np.ones((1, count)))[0]), float(low), float(high)


def between_weeks(
    days: npt.NDArray[Any], ranks: npt.NDArray[Any], weeks: npt.NDArray[np.int64]
) -> tuple[Array, Array, Array]:
    """Return for each two weeks the surplus of concordant pairs, the pairs not tied in time, those not tied in rank.

    Ordered pairs, so that both halves of each table count. `weeks` are numbered in time, each with days of its own.
    """
    day, rank = (np.unique(part, return_inverse=True)[1] for part in (days, ranks))
    by_day = np.zeros((day.max() + 1, rank.max() + 1))
    np.add.at(by_day, (day, rank), 1)
    starts = np.unique(weeks[np.argsort(day, kind="stable")], return_index=True)[1]
    firsts = np.sort(day, kind="stable")[starts]
    by_week = np.add.reduceat(by_day, firsts)
    later, above = (_order(n) for n in by_week.shape)
    surplus = by_week @ above @ by_week.T * later
    size = by_week.sum(axis=1)
    timed = np.outer(size, size)
    for week, part in enumerate(np.split(by_day, firsts[1:])):  # within a week its days decide
        surplus[week, week] = (part @ above @ part.T * _order(len(part))).sum()
        timed[week, week] -= (part.sum(axis=1) ** 2).sum()
    return surplus, timed, np.outer(size, size) - by_week @ by_week.T


def _order(n: int) -> Array:
    """Return at [a, b] whether a comes after b (1), before it (-1), or is b (0)."""
    return np.sign(np.subtract.outer(np.arange(n), np.arange(n))).astype(float)


def ways(prepared: pd.DataFrame, parameters: Parameters) -> dict[str, tuple[str, pd.Series]]:
    """Return key -> words and rungs (NaN: left out) of the readings that a reader could have made, as coded first."""
    marks, rung = rungs(parameters.reference_dir), prepared["rung"]
    arms = weapons(parameters.reference_dir)
    drones = [arms[code].rung for code in of_group("drone", parameters.reference_dir)]
    last = Stretches(parameters)["since_stop"].first
    found = {"plain": ("as coded", rung)}
    for key, doubtful, words in (
        ("blank", prepared["blank"], "missiles of no stated kind counted as {}"),
        ("called", prepared["called"], "all that any source calls a missile counted as {}"),
    ):
        for lowest, what in ((marks.rocket, "rockets"), (marks.missile, "missiles")):
            taken = rung.where(~doubtful, rung.fillna(-1).clip(lower=lowest))
            found[f"{key}_{what}"] = (words.format(what), taken)
    found["alike"] = ("drones and rockets counted alike", rung.where(rung.isna() | (rung >= marks.missile), 0.0))
    found["drones_above"] = ("drones counted above rockets", rung.mask(rung.isin(drones), marks.rocket + 0.5))
    found["mix"] = ("without the attacks with missiles", rung.where(rung < marks.missile))
    for code in parameters.countries if len(parameters.countries) > 1 else ():
        found[code] = (f"{COUNTRIES[code]} alone", rung.where(prepared["country"] == code))
    graded = {"us_official": "US officials’ word alone", "media": "claims alone left out"}
    for grade, words in graded.items():
        kept = prepared["confirmation"].isin(CONFIRMATIONS[grade])
        if not kept.all():
            found[grade] = (words, rung.where(kept))
    found["dated"] = ("attacks of a certain day alone", rung.where(prepared["date_precision"] == "day"))
    if last is not None:
        found["to_stop"] = (f"days before {day_text(last)} alone", rung.where(prepared["stretch"] != "since_stop"))
    return found


def readings(prepared: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the rank correlation under each of the `ways`; those with too few attacks to judge are left out.

    One row a reading, as coded first: reading (its key), label, attacks, weeks, tau_b with its interval (low, high),
    and missiles, the attacks that then count as with one.
    """
    lowest, found = rungs(parameters.reference_dir).missile, []
    for key, (label, taken) in ways(prepared, parameters).items():
        mine, rows = taken.dropna(), prepared[taken.notna()]
        weeks = rows["week"].nunique()
        if judged(len(mine), weeks, int(mine.value_counts().max()) if len(mine) else 0):
            tau = trend(rows["date"], mine, rows["week"], resamples=parameters.resamples, seed=parameters.seed)
            found.append((key, label, len(mine), weeks, *tau, int((mine >= lowest).sum())))
    columns = ["reading", "label", "attacks", "weeks", "tau_b", "low", "high", "missiles"]
    return pd.DataFrame(found, columns=columns)
