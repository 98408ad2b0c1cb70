"""Did the weapons climb? The ladder over time, its tests with their power, harm, and places: what notebook 03 shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.analysis import ladder
from helpers.analysis import outcomes as harm
from helpers.analysis import places_v1 as places
from helpers.analysis.ladder import PERIODS, FirstUse
from helpers.analysis.ordered import HalvesTest, TimingTest, TrendEstimate, halves, top_timing, trend
from helpers.analysis.outcomes import Comparison, Ranked, Toll
from helpers.analysis.places_v1 import CountryCount
from helpers.analysis.power import METHODS as POWER_METHODS
from helpers.analysis.power import TrendPower, trend_power
from helpers.analysis.rates import Ratio
from helpers.analysis.references import Reference, article
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.stretches import within_coding
from helpers.tables import select
from helpers.vocabulary import COUNTRIES, weapons

METHODS: dict[str, Reference] = {
    **POWER_METHODS,
    "kendall1938": article(
        "Kendall, Maurice G.", 1938, "A new measure of rank correlation", "Biometrika", "30", "81-93"
    ),
    "kendall1945": article(
        "Kendall, Maurice G.", 1945, "The treatment of ties in ranking problems", "Biometrika", "33", "239-251"
    ),
    "jonckheere1954": article(
        "Jonckheere, A. R.", 1954, "A distribution-free k-sample test against ordered alternatives", "Biometrika", "41",
        "133-145",
    ),
    "wilcoxon1945": article(
        "Wilcoxon, Frank", 1945, "Individual comparisons by ranking methods", "Biometrics Bulletin", "1", "80-83"
    ),
    "mann1947": article(
        "Mann, Henry B.; Whitney, Donald R.", 1947,
        "On a test of whether one of two random variables is stochastically larger than the other",
        "The Annals of Mathematical Statistics", "18", "50-60",
    ),
    "kunsch1989": article(
        "Künsch, Hans R.", 1989, "The jackknife and the bootstrap for general stationary observations",
        "The Annals of Statistics", "17", "1217-1241",
    ),
    "phipson2010": article(
        "Phipson, Belinda; Smyth, Gordon K.", 2010,
        "Permutation p-values should never be zero: calculating exact p-values when permutations are randomly drawn",
        "Statistical Applications in Genetics and Molecular Biology", "9", "Article 39",
    ),
    "fisher1935": article(
        "Fisher, Ronald A.", 1935, "The logic of inductive inference", "Journal of the Royal Statistical Society", "98",
        "39-82",
    ),
    "wilson1927": article(
        "Wilson, Edwin B.", 1927, "Probable inference, the law of succession, and statistical inference",
        "Journal of the American Statistical Association", "22", "209-212",
    ),
    "newcombe1998": article(
        "Newcombe, Robert G.", 1998,
        "Interval estimation for the difference between independent proportions: comparison of eleven methods",
        "Statistics in Medicine", "17", "873-890",
    ),
}  # fmt: skip

#: Outcomes compared before and after the pause.
OUTCOMES = ("casualties", "intercepted", "damaged")


@dataclass(frozen=True)
class Reading:
    """The trend and the timing of the missiles under one reading of the record.

    `key` names it in facts, `label` in figures; `top` holds the ids that count as ballistic or cruise missiles. `weeks`
    asks the same of their timing as `timing` does, with whole weeks kept together.
    """

    key: str
    label: str
    trend: TrendEstimate
    timing: TimingTest
    top: tuple[str, ...]
    weeks: TrendEstimate


@dataclass(frozen=True)
class EscalationResult:
    """What the record shows of escalation.

    Attributes
    ----------
    incidents: those selected, with rung, day, week and period (`ladder.prepare`).
    missile_rung: the lowest rung that is a ballistic or cruise missile.
    rocket_rung: the rung of rockets.
    middle: the day (from the window's start) with which its second half begins.
    said: for each incident with such a missile, weapon code -> number of its sources that name it.
    first: first use of each weapon, in the ladder's order.
    by_period, by_week, by_month: incidents by top weapon.
    readings: the tests, first as coded, then under each other reading.
    missile_halves, rocket_halves: missiles, and rockets or anything above, in the two halves of the window.
    trend_power: what the trend test could show, for rockets or anything above.
    calendar_first: chance that the first of as many missile incidents, each on any day of the window, came as late.
    missiles, rockets: those shares before and after the pause.
    outcomes: casualties, interception and damage; `munitions`, `injured`: numbers per incident.
    tolls: people hurt, for ``all`` and each period.
    sites, countries: where; `syria_to_iraq`: attacks per soldier stationed, Syria over Iraq.
    iraq_share: share of Iraq before and after the pause.
    unsettled, doubtful: ids whose reconciled weapons hold, or of which any report names, a missile of a kind not said.
    capture: whether the capture table was there to weight by.
    """

    incidents: pd.DataFrame
    missile_rung: int
    rocket_rung: int
    middle: float
    said: dict[str, dict[str, int]]
    first: tuple[FirstUse, ...]
    by_period: pd.DataFrame
    by_week: pd.DataFrame
    by_month: pd.DataFrame
    readings: tuple[Reading, ...]
    missile_halves: HalvesTest
    rocket_halves: HalvesTest
    trend_power: TrendPower
    calendar_first: float | None
    missiles: Comparison
    rockets: Comparison
    outcomes: dict[str, Comparison]
    munitions: Ranked
    injured: Ranked
    tolls: dict[str, Toll]
    sites: pd.DataFrame
    countries: tuple[CountryCount, ...]
    syria_to_iraq: Ratio | None
    iraq_share: Comparison
    unsettled: tuple[str, ...]
    doubtful: tuple[str, ...]
    capture: bool

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """Every comparison of the days before the pause with those after it, by its name in facts."""
        outcomes = {f"harm.{name}": part for name, part in self.outcomes.items()}
        return {"missiles": self.missiles, "rockets": self.rockets, **outcomes, "places.iraq": self.iraq_share}

    @property
    def plain(self) -> Reading:
        """The reading of the record as coded."""
        return self.readings[0]

    @property
    def missile_ids(self) -> tuple[str, ...]:
        """Ids of the incidents with a ballistic or cruise missile, by day."""
        return self.plain.top


def read(
    key: str,
    label: str,
    prepared: pd.DataFrame,
    rungs: pd.Series[float],
    missile: int,
    parameters: Parameters,
    weights: pd.Series[float] | None = None,
) -> Reading:
    """Return one `Reading` of `prepared` incidents with `rungs` (NaN: left out) and, if given, `weights`."""
    kept = rungs.notna() if weights is None else rungs.notna() & weights.notna() & (weights > 0)
    chosen, mine = prepared[kept], rungs[kept]
    counted = None if weights is None else weights[kept].to_numpy(float)
    top = mine >= missile
    return Reading(
        key,
        label,
        trend(mine, chosen["day"], counted, resamples=parameters.resamples, seed=parameters.seed),
        top_timing(top, chosen["day"], counted),
        tuple(chosen.loc[top, "incident_id"]),
        trend(top.astype(float), chosen["day"], counted, resamples=parameters.resamples, seed=parameters.seed),
    )


def readings(
    prepared: pd.DataFrame, parameters: Parameters, reports: pd.DataFrame | None, capture: pd.DataFrame | None
) -> tuple[Reading, ...]:
    """Return the tests under each reading of the record, the plain one first.

    `capture` (incident_id, weight) weights incidents by the inverse of how completely their stretch is coded.
    """
    missile = ladder.missile_rung(parameters.reference_dir)
    rung = prepared["rung"]
    found = [read("plain", "as coded", prepared, rung, missile, parameters)]
    for scope, doubtful, words in (
        ("unsettled", ladder.unsettled(prepared), "missiles of no stated kind were {}"),
        ("any_report", ladder.unsettled(prepared, reports), "so was any a source calls “missile”: {}"),
    ):
        for reading in ladder.READINGS[1:]:
            taken = ladder.read_as(prepared, doubtful, reading, parameters.reference_dir)
            label = words.format("rockets" if reading == "rocket" else "ballistic")
            found.append(read(f"{scope}_{reading}", label, prepared, taken, missile, parameters))
    one = rung.where(rung.isna(), (rung >= missile).astype(float))
    flat = read("one_rung", "drones and rockets on one rung", prepared, one * missile, missile, parameters)
    found.append(flat)
    for code in parameters.countries if len(parameters.countries) > 1 else ():
        only = rung.where(prepared["country"] == code)
        found.append(read(f"country_{code}", f"{COUNTRIES[code]} only", prepared, only, missile, parameters))
    if parameters.confirmed_by != "us_official":
        official = rung.where(prepared["confirmation"].isin(CONFIRMATIONS["us_official"]))
        found.append(read("us_official", "only what a US official confirmed", prepared, official, missile, parameters))
    dated = rung.where(prepared["date_precision"] == "day")
    found.append(read("dated", "only incidents with a certain day", prepared, dated, missile, parameters))
    if capture is not None and len(capture):
        weights = prepared["incident_id"].map(capture.set_index("incident_id")["weight"]).astype(float)
        found.append(read("capture", "weighted by how much was coded", prepared, rung, missile, parameters, weights))
    return tuple(found)


def analyse_escalation(
    incidents: pd.DataFrame,
    parameters: Parameters,
    *,
    reports: pd.DataFrame | None = None,
    forces: pd.DataFrame | None = None,
    capture: pd.DataFrame | None = None,
) -> EscalationResult:
    """Return what the clean table `incidents` shows of escalation under `parameters`.

    Parameters
    ----------
    incidents: the clean table; `tables.select` is applied here.
    reports: the clean reports, for disagreeing sources and the wide bounds; without it these are left out.
    forces: the clean table of personnel stationed; without it no rate per thousand troops is given.
    capture: table of 02_coverage (incident_id, capture, weight); without it nothing is reweighted.
    """
    parameters = within_coding(parameters, incidents)
    prepared = ladder.prepare(select(incidents, parameters), parameters)
    missile = ladder.missile_rung(parameters.reference_dir)
    rocket = weapons(parameters.reference_dir)["rocket"].rung or 0
    on = prepared[prepared["rung"].notna()]
    length = (parameters.window_end - parameters.window_start).days + 1
    second = on["day"] >= length / 2
    drawn = {"resamples": parameters.resamples, "seed": parameters.seed}
    months = pd.period_range(parameters.window_start, parameters.window_end, freq="M").astype(str).tolist()
    monthly = prepared.assign(month=prepared["date"].dt.strftime("%Y-%m"))
    found = readings(prepared, parameters, reports, capture)
    top_days = on.loc[on["rung"] >= missile, "day"]
    folder = parameters.reference_dir
    periods = {period: prepared[prepared["period"] == period] for period in PERIODS}
    return EscalationResult(
        incidents=prepared,
        missile_rung=missile,
        rocket_rung=rocket,
        middle=length / 2,
        said=ladder.naming(prepared.loc[prepared["rung"] >= missile, "incident_id"], reports),
        first=ladder.first_uses(prepared, reports, folder),
        by_period=ladder.mix(prepared, "period", list(PERIODS), folder),
        by_week=ladder.weekly_mix(prepared, parameters),
        by_month=ladder.mix(monthly, "month", months, folder),
        readings=found,
        missile_halves=halves(on["rung"] >= missile, second),
        rocket_halves=halves(on["rung"] >= rocket, second),
        trend_power=trend_power(found[0].trend, on["rung"] >= rocket, on["day"], second),
        calendar_first=((length - int(top_days.min())) / length) ** len(top_days) if len(top_days) else None,
        missiles=harm.compare(prepared, _at_least(prepared, missile), "missiles", **drawn),
        rockets=harm.compare(prepared, _at_least(prepared, rocket), "rockets", **drawn),
        outcomes={name: harm.compare(prepared, harm.outcome(prepared, name), name, **drawn) for name in OUTCOMES},
        munitions=harm.ranked(prepared, "munitions_best", **drawn),
        injured=harm.ranked(prepared, "us_injured_best", **drawn),
        tolls={"all": harm.toll(prepared), **{period: harm.toll(part) for period, part in periods.items()}},
        sites=places.sites_table(prepared, parameters),
        countries=places.countries(prepared, forces, parameters),
        syria_to_iraq=places.per_troops_ratio(prepared, forces, parameters, "SY", "IQ"),
        iraq_share=harm.compare(prepared, (prepared["country"] == "IQ").astype(float), "iraq", **drawn),
        unsettled=tuple(prepared.loc[ladder.unsettled(prepared), "incident_id"]),
        doubtful=tuple(prepared.loc[ladder.unsettled(prepared, reports), "incident_id"]),
        capture=capture is not None and len(capture) > 0,
    )


def _at_least(prepared: pd.DataFrame, rung: int) -> pd.Series[float]:
    """Return 1 or 0 for incidents at or above `rung`, NaN for those without one."""
    return pd.Series(np.where(prepared["rung"].isna(), np.nan, prepared["rung"] >= rung), index=prepared.index)
