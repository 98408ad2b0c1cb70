"""The pause and the second stop, each in every series that counts attacks, on the same days.

The pause is set against `to_stop`: every day before the second stop but the pause itself, since from the second stop on
another level holds. The attacks that a US official confirms are set against the days before the pause alone, as
officials confirmed fewer single attacks later. Where ten stretches as long as the pause fit side by side into the days
compared, the interval comes from moving blocks (`rates.Blocks`); else, and for running totals, from the likelihood of
counts over intervals (`rates.Likelihood`), which stands beside the blocks as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import pandas as pd

from helpers.analysis import rates, totals
from helpers.analysis.counters import Beside, of_record, of_totals
from helpers.analysis.events import Event, add_events, find_events
from helpers.analysis.rates import Blocks, Interval, Likelihood, Ratio
from helpers.facts import LOWER, UPPER, Facts, finding
from helpers.parameters import Parameters
from helpers.stretches import Stretch, Stretches, within_coding
from helpers.tables import select
from helpers.vocabulary import CONFIRMATION, split, weapons
from helpers.words import listing

#: Fewest attacks on the days compared with which a fall is judged at all.
FEWEST_ATTACKS = 5
#: Attacks of the pause, at the most, that are told one by one.
TOLD = 3

#: Series -> what it counts, in the words of the table.
SERIES = {
    "coded": "attacks on record",
    "officials": "US officials’ running totals",
    "us_official": "attacks that a US official confirms",
    "sohr": "the Syrian Observatory’s running totals",
    "syria": "attacks on record in Syria",
    "iraq": "attacks on record in Iraq",
}
COUNTRY_SERIES = {"syria": "SY", "iraq": "IQ"}
TABLES = {"officials": "official_counts", "sohr": "other_counts"}

DAILY, TOTALS = "likelihood of daily counts", "likelihood of running totals"

#: Days compared, in the words of the table.
WORDS = {"to_stop": "before the second stop", "before": "before the pause"}
COLUMNS = ["series", "during", "days", "expected", "ratio", "low", "high", "largest_showing", "can_show", "method"]

#: What is told of a series in a stretch beside the finding and the ratio; of some more, of one less.
COUNTED = ("during", "days", "expected")
MORE = {
    "pause.coded": (*COUNTED, "largest_showing", "before", "before_days"),
    "pause.officials": (*COUNTED, "largest_showing", "first", "last"),
    "pause.sohr": (*COUNTED, "largest_showing", "first", "last"),
    "pause.contradicted": ("last",),
    "stop.coded": (*COUNTED, "before", "before_days", "first"),
    "stop.sohr": (*COUNTED, "first", "last"),
}
#: What is told -> its unit, where that is not attacks, and its note.
UNITS = {
    "days": ("days", ""), "first": ("date", ""), "last": ("date", ""), "before_days": ("days", "days compared"),
    "before": ("attacks", "attacks on the days compared"), "expected": ("attacks", "at the rate of the days compared"),
    "largest_showing": ("attacks", "would still show a fall"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One series in one stretch against the days compared.

    Attributes
    ----------
    compared: the name of the stretch compared with.
    during, days: attacks in the stretch (for running totals: between the totals that enclose it) and its days.
    first, last: the first and last of these days.
    before, before_days: attacks and days of the comparison.
    way: how the two are compared.
    incidents, rows: what it rests on: incident ids; ids of rows of `table`.
    """

    compared: str
    during: int
    days: int
    first: date | None
    last: date | None
    before: int
    before_days: int
    way: rates.Way
    incidents: tuple[str, ...] = ()
    table: str = ""
    rows: tuple[str, ...] = ()

    @cached_property
    def ratio(self) -> Ratio:
        """The rate a day in the stretch over that of the days compared."""
        return self.way.ratio()

    @cached_property
    def largest_showing(self) -> int | None:
        """The largest count in the stretch with which the interval would lie below one; None if none would."""
        return rates.largest_showing(self.way)

    @property
    def expected(self) -> float | None:
        """Attacks that the days of the stretch would hold at the rate of the days compared."""
        return self.before / self.before_days * self.days if self.before_days else None

    @cached_property
    def fall(self) -> str:
        """The finding: whether attacks were rarer in the stretch than on the days compared."""
        shows = None if self.ratio.value is None or self.before < FEWEST_ATTACKS else self.ratio.below_one
        return finding(shows, bool(shows) or self.way.shows(0))


@dataclass(frozen=True, kw_only=True)
class PauseResult:
    """What the record says of the pause and of the second stop.

    `pause` and `stop` hold a `Comparison` a series; `likelihood` is the coded series by the likelihood, beside its
    blocks; `lapse` is `pause` with the day added on which the ceasefire lapsed; `attacks` are those that count.
    `contradicted` is a higher total that officials gave for the end of the pause, and what would follow from it; `base`
    what the Observatory counted at the base of the one attack in the pause, between its totals around the pause.
    """

    parameters: Parameters
    attacks: pd.DataFrame
    pause: Mapping[str, Comparison]
    likelihood: Ratio
    stop: Mapping[str, Comparison]
    lapse: Mapping[str, Comparison]
    events: dict[str, Event]
    contradicted: tuple[int, Comparison] | None
    base: Beside | None


def on_record(chosen: pd.DataFrame, parameters: Parameters, stretch: str, *, confirmed: bool = False) -> Comparison:
    """Compare the attacks `chosen` in a stretch, by name, with those on the days before the second stop.

    Where those alone count that a US official `confirmed`, the pause is compared with the days before it.
    """
    cut, confirmed = Stretches(parameters), confirmed or parameters.confirmed_by == "us_official"
    here, compared = cut[stretch], cut["before" if confirmed and stretch == "pause" else "to_stop"]
    counts, days = cut.daily(chosen["date"]), (here.mask, compared.mask)
    many = len(here) and len(compared) // len(here) >= rates.FEWEST_BLOCKS
    return Comparison(
        compared=compared.name, during=int(counts[here.mask].sum()), days=len(here), first=here.first, last=here.last,
        before=int(counts[compared.mask].sum()), before_days=len(compared),
        way=Blocks(counts, *days) if many else Likelihood(rates.daily(counts, *days), DAILY),
        incidents=tuple(here.select(chosen)["incident_id"]),
    )  # fmt: skip


def _points(series: totals.Series, end: pd.Timestamp) -> dict[pd.Timestamp, tuple[int, tuple[str, ...]]]:
    """Return day -> (total, rows) of the totals up to the day `end`.

    A later total that is no higher than the last of them says that nothing was counted in between: it stands for the
    day `end` as well.
    """
    told = {point.day: (point.value, point.rows) for point in (*series.repeats, *series.points)}
    found = {day: point for day, point in sorted(told.items()) if day <= end}
    later = told.get(min((day for day in told if day > end), default=end))
    if found and later and later[0] <= found[max(found)][0]:
        found[end] = (found[max(found)][0], later[1])
    return found


def by_totals(
    series: totals.Series, table: str, stretch: Stretch, compared: Stretch, *, count: int | None = None
) -> Comparison:
    """Compare one `stretch` with the days `compared` by a running total: attacks between each two of its totals.

    The totals that enclose the stretch are the last before it and the first on its last day or later (where there is
    none, the last of all). An interval that reaches into days of neither stretch is left out. `count` takes the place
    of the attacks between the enclosing totals.
    """
    points = _points(series, stretch.days.append(compared.days).max())
    days, end = sorted(points), pd.Timestamp.max
    first, last = (stretch.days[0], stretch.days[-1]) if len(stretch) else (end, end)
    opening = max((day for day in days if day < first), default=first)
    closing = min((day for day in days if day >= last), default=max(days, default=first))
    enclosed = opening < closing and len(stretch) > 0
    if enclosed:
        days = [day for day in days if day <= opening or day >= closing]
    found = []
    for start, end in pairwise(days):
        between = pd.date_range(start + pd.Timedelta(days=1), end)
        inside, outside = int(between.isin(stretch.days).sum()), int(between.isin(compared.days).sum())
        if inside + outside == len(between):
            taken = count if inside and count is not None else points[end][0] - points[start][0]
            found.append(Interval(float(taken), float(outside), float(inside)))
    intervals = rates.joined(found)
    inner, outer = ([one for one in intervals if bool(one.inside) == within] for within in (True, False))
    return Comparison(
        compared=compared.name,
        during=int(sum(one.count for one in inner)),
        days=int(sum(one.inside + one.outside for one in inner)),
        first=(opening + pd.Timedelta(days=1)).date() if enclosed else None,
        last=closing.date() if enclosed else None,
        before=int(sum(one.count for one in outer)),
        before_days=int(sum(one.outside for one in outer)),
        way=Likelihood(intervals, TOTALS),
        table=table,
        rows=(*points[opening][1], *points[closing][1]) if enclosed and inner else (),
    )


def compare(
    chosen: pd.DataFrame, running: Mapping[str, totals.Series], parameters: Parameters, stretch: str
) -> dict[str, Comparison]:
    """Return series -> comparison of a stretch, by name, with the days before the second stop.

    `chosen` are the incidents that the run selects, `running` the totals of `running`. A series that would only repeat
    the attacks on record is left out.
    """
    cut, found = Stretches(parameters), {}
    official = chosen["confirmation"] == "us_official"
    parts = {"coded": chosen} | ({"us_official": chosen[official]} if parameters.confirmed_by != "us_official" else {})
    if len(parameters.countries) > 1:
        parts |= {name: chosen[chosen["country"] == code] for name, code in COUNTRY_SERIES.items()
                  if code in parameters.countries}  # fmt: skip
    for name in SERIES:
        if name in running:
            found[name] = by_totals(running[name], TABLES[name], cut[stretch], cut["to_stop"])
        elif name in parts:
            found[name] = on_record(parts[name], parameters, stretch, confirmed=name == "us_official")
    return found


def running(
    official_counts: pd.DataFrame, other_counts: pd.DataFrame, families: pd.Series, parameters: Parameters
) -> dict[str, totals.Series]:
    """Return series -> the running totals that count the countries of `parameters`."""
    found = {"officials": totals.officials(official_counts, families, parameters)["all"]}
    if "SY" in parameters.countries:
        found["sohr"] = totals.observatory(other_counts, families)
    return {name: series for name, series in found.items() if len(series.points) > 1}


def _contradicted(
    series: totals.Series | None, known: Comparison | None, cut: Stretches
) -> tuple[int, Comparison] | None:
    """Return the highest total that officials gave for the day on which the pause closes, and what would follow.

    None where no total of that day is above the one of the chain.
    """
    if series is None or known is None or not known.first or not known.last or not known.days:
        return None
    opening = series.at(known.first - timedelta(days=1))[0]
    most = max((item.value for item in series.statements if item.day == pd.Timestamp(known.last)), default=0)
    if most <= opening + known.during:
        return None
    return most, by_totals(series, known.table, cut["pause"], cut["to_stop"], count=most - opening)


def _base(
    inside: pd.DataFrame, chosen: pd.DataFrame, other_counts: pd.DataFrame, families: pd.Series, sohr: Comparison | None
) -> Beside | None:
    """Return what the Observatory counted at the base of the one attack `inside` the pause, or None.

    It is known where totals of that base were given on the days of the totals around the pause.
    """
    if len(inside) != 1 or inside["country"].iloc[0] != "SY" or sohr is None or not sohr.last:
        return None
    site, days = str(inside["site_id"].iloc[0]), pd.date_range(sohr.first or sohr.last, sohr.last)
    counted = of_totals("sohr", totals.observatory(other_counts, families, site), site, "pause", days)
    if counted is None or counted.low < counted.high or counted.until:
        return None
    return Beside(counted, of_record(chosen, site, "pause", days))


def analyse_pause(
    incidents: pd.DataFrame,
    official_counts: pd.DataFrame,
    other_counts: pd.DataFrame,
    sources: pd.DataFrame,
    context: pd.DataFrame,
    parameters: Parameters,
) -> PauseResult:
    """Return what the clean tables say of the pause and of the second stop (see `PauseResult`)."""
    p = within_coding(parameters, incidents)
    cut, chosen, families = Stretches(p), select(incidents, p), sources.set_index("source_id")["family"]
    counters = running(official_counts, other_counts, families, p)
    pause, inside = compare(chosen, counters, p, "pause"), cut["pause"].select(chosen)
    longer = p.model_copy(update={"pause_end": p.pause_end + timedelta(days=1)})
    days = rates.daily(cut.daily(chosen["date"]), cut["pause"].mask, cut[pause["coded"].compared].mask)
    return PauseResult(
        parameters=p,
        attacks=chosen,
        pause=pause,
        likelihood=Likelihood(days, DAILY).ratio(),
        stop=compare(chosen, counters, p, "since_stop"),
        lapse=compare(chosen, counters, longer, "pause"),
        events=find_events(context, p.reference_dir),
        contradicted=_contradicted(counters.get("officials"), pause.get("officials"), cut),
        base=_base(inside, chosen, other_counts, families, pause.get("sohr")),
    )


def table(comparisons: Mapping[str, Comparison]) -> pd.DataFrame:
    """Return comparisons, a row a series, as in ``report/tables/pause.csv`` (columns `COLUMNS`)."""
    rows = [
        (name, one.during, one.days, one.expected, one.ratio.value, one.ratio.low, one.ratio.high, one.largest_showing,
         one.largest_showing is not None, f"{one.ratio.method}, against the days {WORDS[one.compared]}")
        for name, one in comparisons.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS).astype({"largest_showing": "Int64"})


def _compared(facts: Facts, name: str, one: Comparison) -> None:
    """Add the facts of one series in one stretch (``pause.coded``): counts, days, ratio, and the finding."""
    behind: dict[str, Any] = {"incidents": one.incidents, "rows": {one.table: one.rows} if one.table else {}}
    for key in MORE.get(name, (*COUNTED, "largest_showing") if name.startswith("pause.") else COUNTED):
        unit, note = UNITS.get(key, ("attacks", ""))
        facts.add(f"{name}.{key}", getattr(one, key), unit=unit, note=note, **(behind if key == "during" else {}))
    facts.add(f"{name}.fall", one.fall, unit="finding", **behind)
    _ratio(facts, f"{name}.ratio", one.ratio, **behind)


def _ratio(facts: Facts, name: str, ratio: Ratio, **behind: Any) -> None:
    facts.add(name, ratio.value, unit="ratio", **behind)
    facts.add(f"{name}.low", ratio.low, unit="ratio", note=LOWER)
    facts.add(f"{name}.high", ratio.high, unit="ratio", note=UPPER)


def _one_by_one(facts: Facts, name: str, attacks: pd.DataFrame, *wanted: str) -> None:
    """Add of the first `TOLD` of `attacks` the `wanted` of day, place, weapon and who confirms it."""
    for place, row in enumerate(attacks.head(TOLD).to_dict("records"), 1):
        arms = listing(weapons()[code].plural for code in split(row["weapons"]) if code in weapons())
        values = {"date": row["date"].date(), "site": row["site_name"], "weapon": arms,
                  "confirmed": CONFIRMATION[row["confirmation"]]}  # fmt: skip
        told = {key: values[key] for key in wanted}
        facts.add_each(f"{name}.{place}", told, unit="text", incidents=[row["incident_id"]])


def facts(result: PauseResult) -> Facts:
    """Return the facts ``pause.*``, ``stop.*``, ``lapse.*``, and the events that belong to them."""
    found, p, coded, attacks = Facts(), result.parameters, result.pause["coded"], result.attacks
    since, first = result.events.get("none_since"), result.events.get("first_since")
    on_lapse = attacks[attacks["date"] == pd.Timestamp(p.pause_end)]
    later = attacks[attacks["date"] > pd.Timestamp(since.day)] if since else attacks[:0]
    for stretch, comparisons in (("pause", result.pause), ("stop", result.stop), ("lapse", result.lapse)):
        for series, one in comparisons.items():
            _compared(found, f"{stretch}.{series}", one)
    found.add("pause.coded.method", coded.ratio.method, unit="text")
    _ratio(found, "pause.likelihood", result.likelihood)
    if result.contradicted:
        found.add("pause.contradicted.total", result.contradicted[0], unit="attacks")
        _compared(found, "pause.contradicted", result.contradicted[1])
    if result.base:
        counted, record = result.base
        found.add("pause.base.sohr", counted.best, unit="attacks", rows={counted.table: counted.rows})
        found.add("pause.base.record", record.best, unit="incidents", incidents=record.incidents)
    missed = None if coded.expected is None else max(0, round(coded.expected) - coded.during)
    found.add("pause.missed", missed, unit="attacks",
              note="beside those on record, for the pause to be as the days compared")  # fmt: skip
    found.add("lapse.attacks", len(on_lapse), unit="incidents", incidents=on_lapse["incident_id"])
    found.add("stop.later", len(later), unit="incidents", incidents=later["incident_id"],
              note="attacks on record after the last that officials count")  # fmt: skip
    for grade in ("media_only", "us_official"):
        found.add(f"stop.later.{grade}", int((later["confirmation"] == grade).sum()), unit="incidents")
    _one_by_one(found, "pause.inside", Stretches(p)["pause"].select(attacks), "date", "site", "weapon", "confirmed")
    _one_by_one(found, "lapse.on", on_lapse, "site")
    if since and p.stop_start <= since.day <= p.window_end and {"IQ", "SY"} <= set(p.countries):
        # officials say that there was no attack between these days
        found.add("stop.officials.none_from", since.day, unit="date", rows={"context": since.rows},
                  note="day of the last attack, by US officials")  # fmt: skip
        if first and first.last:
            found.add("stop.officials.none_until", first.last, unit="date", rows={"context": first.rows},
                      note="day of the next attack, by US officials")  # fmt: skip
    add_events(found, result.events, "slower", "suspended", "continued")
    return found
