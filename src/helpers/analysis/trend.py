"""Did heavier weapons grow commoner? One regression a reader can use, and a rank correlation under many readings.

Pairs are counted from tables of days by rungs and of weeks by rungs, so the work grows with the days and not with the
pairs of attacks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from helpers.analysis.weapons import prepare, rungs
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import Stretches
from helpers.vocabulary import COUNTRIES, of_group, split, weapons
from helpers.words import day_text

Array = npt.NDArray[np.float64]

#: A trend is judged from so many attacks with a named weapon, in so many weeks, and so many with a rocket or above and
#: below: intervals that keep weeks together are too short with fewer (Cameron and Miller 2015, J. Hum. Resour. 50:317).
ATTACKS, WEEKS, EACH = 20, 10, 5
MONTH = 365.25 / 12


@dataclass(frozen=True)
class Climb:
    """Whether rockets and heavier weapons grew commoner: how many times the odds of one are those a month before.

    `value`, `low`, `high`: odds a month with its 95% interval; None where it cannot be judged, or where every attack of
    one sort came before every one of the other. `fell` is the finding that they grew rarer. `n` attacks with a named
    weapon in `weeks`, `above` of them with a rocket or above.
    """

    finding: str
    n: int
    weeks: int
    above: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    fell: str = NOT_SHOWN


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
    above = (frame["rung"] >= rungs(parameters.reference_dir).rocket).astype(float)
    size = (len(frame), frame["week"].nunique(), int(above.sum()))
    mixed = above.groupby(frame["country"]).transform("nunique") > 1  # a country of one kind alone says nothing of time
    frame, above = frame[mixed], above[mixed]
    if not judged(len(frame), frame["week"].nunique(), int(above.sum())):
        return Climb(CANNOT, *size, fell=CANNOT)
    late, early = frame["date"][above == 1], frame["date"][above == 0]
    if late.min() >= early.max() or late.max() <= early.min():
        rose = bool(late.min() >= early.max())
        return Climb(SHOWN if rose else NOT_SHOWN, *size, fell=NOT_SHOWN if rose else SHOWN)
    months = (frame["date"] - pd.Timestamp(parameters.window_start)).dt.days / MONTH
    columns = [months, *((frame["country"] == code) for code in sorted(frame["country"].unique()))]
    model = GLM(above.to_numpy(), np.column_stack(columns).astype(float), family=Binomial())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(frame["week"])[0]})
    value, (low, high) = float(np.exp(fit.params[0])), (float(x) for x in np.exp(fit.conf_int()[0]))
    return Climb(SHOWN if low > 1 else NOT_SHOWN, *size, value, low, high, SHOWN if high < 1 else NOT_SHOWN)


@dataclass(frozen=True)
class Trend:
    """Kendall's tau-b between day and rung with its 95% interval; None where it cannot be told from so few attacks."""

    n: int
    weeks: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def trend(days: npt.ArrayLike, ranks: npt.ArrayLike, weeks: npt.ArrayLike, *, resamples: int, seed: int) -> Trend:
    """Return tau-b (Kendall 1945, Biometrika 33:239) of `ranks` on `days`, and its interval over resampled `weeks`.

    The interval is the percentile interval of weeks drawn with replacement (Künsch 1989, Ann. Stat. 17:1217): a week
    drawn twice stands beside itself, its days tied with their own.
    """
    d, r, w = np.asarray(days), np.asarray(ranks), np.unique(np.asarray(weeks), return_inverse=True)[1]
    if len(r) == 0 or (r == r[0]).all() or (d == d[0]).all():
        return Trend(len(r), len(np.unique(w)))
    concordant, timed, ranked = _between(d, r, w)
    count = len(concordant)
    whole = np.ones((1, count))
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    with np.errstate(invalid="ignore", divide="ignore"):
        value, taus = (_taus(times.astype(float), concordant, timed, ranked) for times in (whole, drawn))
    low, high = np.nanquantile(taus, [0.025, 0.975])
    return Trend(len(r), count, float(value[0]), float(low), float(high))


def _taus(times: Array, *sums: Array) -> Array:
    """Return tau-b of each row of `times`, how often each week stands in a draw."""
    top, left, right = (((times @ part) * times).sum(axis=1) for part in sums)
    return np.asarray(top / np.sqrt(left * right))


def _between(
    days: npt.NDArray[np.generic], ranks: npt.NDArray[np.generic], weeks: npt.NDArray[np.generic]
) -> tuple[Array, Array, Array]:
    """Return for each two weeks the surplus of concordant pairs, the pairs not tied in time, those not tied in rank.

    Ordered pairs, so that both halves of each table count.
    """
    day, rank = (np.unique(part, return_inverse=True)[1] for part in (days, ranks))
    by_day = np.zeros((day.max() + 1, rank.max() + 1))
    np.add.at(by_day, (day, rank), 1)
    week_of = np.zeros(len(by_day), int)
    week_of[day] = weeks
    by_week = np.zeros((week_of.max() + 1, by_day.shape[1]))
    np.add.at(by_week, week_of, by_day)
    above = np.sign(np.subtract.outer(np.arange(by_day.shape[1]), np.arange(by_day.shape[1])))
    rising = by_week @ above.T @ by_week.T  # at [a, b]: how much higher b stands than a
    order = np.sign(np.subtract.outer(np.arange(len(by_week)), np.arange(len(by_week))))
    concordant = rising * order.T
    sizes = by_week.sum(axis=1)
    timed = np.outer(sizes, sizes)
    ranked = timed - by_week @ by_week.T
    earlier = np.zeros_like(by_week)
    inside = np.zeros(len(by_week))
    for place, row in enumerate(by_day):  # days in order: each against the earlier ones of its week
        week = week_of[place]
        inside[week] += 2 * earlier[week] @ above.T @ row
        earlier[week] += row
    tied = np.bincount(week_of, by_day.sum(axis=1) ** 2)
    concordant[np.diag_indices_from(concordant)] = inside
    timed[np.diag_indices_from(timed)] -= tied
    return concordant, timed, ranked


@dataclass(frozen=True)
class Reading:
    """The rank correlation under one way to read the record; `missiles` attacks then count as with a missile."""

    key: str
    label: str
    trend: Trend
    missiles: int

    @property
    def above(self) -> bool:
        """Whether the correlation lies above zero."""
        return self.trend.value is not None and self.trend.value > 0

    @property
    def shown(self) -> bool:
        """Whether its interval lies wholly above zero."""
        return self.trend.low is not None and self.trend.low > 0


def ways(prepared: pd.DataFrame, reports: pd.DataFrame, parameters: Parameters) -> dict[str, tuple[str, pd.Series]]:
    """Return key -> words and rungs (NaN: left out) of the readings that a reader could have made, as coded first."""
    marks, rung = rungs(parameters.reference_dir), prepared["rung"]
    missile = set(marks.missiles) | set(marks.unspecified)
    naming = np.array([bool(missile & set(split(cell))) for cell in reports["weapons"]], bool)
    called = prepared["incident_id"].isin(reports.loc[naming, "incident_id"])
    last = Stretches(parameters)["since_stop"].first
    found = {"plain": ("as coded", rung)}
    for key, doubtful, words in (
        ("blank", prepared["blank"], "missiles of no stated kind counted as {}"),
        ("called", called, "all that any source calls a missile counted as {}"),
    ):
        for lowest, what in ((marks.rocket, "rockets"), (marks.missile, "missiles")):
            taken = rung.where(~doubtful, rung.fillna(-1).clip(lower=lowest))
            found[f"{key}_{what}"] = (words.format(what), taken)
    found["alike"] = ("drones and rockets counted alike", rung.where(rung.isna() | (rung >= marks.missile), 0.0))
    found["drones_above"] = ("drones counted above rockets", _swapped(rung, parameters))
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


def _swapped(rung: pd.Series, parameters: Parameters) -> pd.Series:
    """Return the rungs with drones set just above rockets."""
    known = weapons(parameters.reference_dir)
    drones = [known[code].rung for code in of_group("drone", parameters.reference_dir)]
    return rung.where(~rung.isin(drones), rungs(parameters.reference_dir).rocket + 0.5)


def readings(prepared: pd.DataFrame, reports: pd.DataFrame, parameters: Parameters) -> tuple[Reading, ...]:
    """Return the rank correlation under each of the `ways`; those with too few attacks to judge are left out."""
    marks = rungs(parameters.reference_dir)
    found = []
    for key, (label, taken) in ways(prepared, reports, parameters).items():
        kept = taken.notna()
        mine, rows = taken[kept], prepared[kept]
        missiles = int((mine >= marks.missile).sum())
        commonest = int(mine.value_counts().max()) if len(mine) else 0
        if judged(len(mine), rows["week"].nunique(), commonest):
            drawn = trend(rows["date"], mine, rows["week"], resamples=parameters.resamples, seed=parameters.seed)
            found.append(Reading(key, label, drawn, missiles))
    return tuple(found)


def readings_table(found: tuple[Reading, ...]) -> pd.DataFrame:
    """Return one row a reading: attacks, weeks, tau-b with its interval, attacks that then count as with a missile."""
    return pd.DataFrame(
        [
            {
                "reading": r.key, "label": r.label, "attacks": r.trend.n, "weeks": r.trend.weeks,
                "tau_b": r.trend.value, "low": r.trend.low, "high": r.trend.high, "missiles": r.missiles,
            }
            for r in found
        ],
        columns=["reading", "label", "attacks", "weeks", "tau_b", "low", "high", "missiles"],
    )  # fmt: skip
