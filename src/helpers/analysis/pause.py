"""The pause and the second stop, each in every series that counts attacks, on the same days.

The pause is set against `to_stop`: every day before the second stop but the pause itself, since from the second stop on
another level holds. The attacks that a US official confirms are set against the days before the pause alone, as
officials confirmed fewer single attacks later. Where ten stretches as long as the pause fit side by side into the days
compared, the interval comes from moving blocks (`rates.block_ratio`); else, and for running totals, from the likelihood
of `helpers.analysis.likelihood`, which stands beside the blocks as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from helpers.analysis import totals
from helpers.analysis.events import Event, find_events
from helpers.analysis.likelihood import Interval, daily, interval_ratio, joined
from helpers.analysis.likelihood import largest_showing as largest_by_likelihood
from helpers.analysis.rates import FEWEST_BLOCKS, Ratio, block_ratio, largest_in_blocks
from helpers.facts import finding
from helpers.parameters import Parameters
from helpers.stretches import Stretch, Stretches, within_coding
from helpers.tables import select

#: Fewest attacks on the days compared with which a fall is judged at all.
FEWEST_ATTACKS = 5

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

DAILY, TOTALS = "likelihood of daily counts", "likelihood of running totals"

#: Days compared, in the words of the table.
WORDS = {"to_stop": "before the second stop", "before": "before the pause"}
COLUMNS = ["series", "during", "days", "expected", "ratio", "low", "high", "largest_showing", "can_show", "method"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One series in one stretch against the days compared.

    Attributes
    ----------
    name: the series; compared: the name of the stretch compared with.
    during, days: attacks in the stretch (for running totals: between the totals that enclose it) and its days.
    before, days_before: attacks and days of the comparison.
    expected: attacks that those `days` would hold at the rate of the days compared.
    ratio: the rate a day in the stretch over that of the days compared.
    largest_showing: the largest count in the stretch with which the interval would lie below one; None if none would.
    incidents, rows: what it rests on: incident ids; ids of rows of `table`.
    """

    name: str
    compared: str
    during: int
    days: int
    before: int
    days_before: int
    ratio: Ratio
    largest_showing: int | None
    incidents: tuple[str, ...] = ()
    table: str = ""
    rows: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None

    @property
    def rate(self) -> float | None:
        """Attacks a day on the days compared."""
        return self.before / self.days_before if self.days_before else None

    @property
    def expected(self) -> float | None:
        """Attacks that the days of the stretch would hold at that rate."""
        return None if self.rate is None else self.rate * self.days

    @property
    def can_show(self) -> bool:
        """Whether the fewest attacks possible would have shown a fall."""
        return self.largest_showing is not None

    @property
    def fall(self) -> str:
        """The finding: whether attacks were rarer in the stretch than on the days compared."""
        shows = None if self.ratio.value is None or self.before < FEWEST_ATTACKS else self.ratio.below_one
        return finding(shows, self.can_show)


@dataclass(frozen=True, kw_only=True)
class PauseResult:
    """What the record says of the pause and of the second stop; see the parts.

    `pause` and `stop` hold a `Comparison` a series; `likelihood` is the coded series by the likelihood, beside its
    blocks; `lapse` is `pause` with the day added on which the ceasefire lapsed; `inside` are the attacks of the pause,
    `on_lapse` those of that day, `later` those on record after the last that officials count. `contradicted` is a
    higher total that officials gave for the end of the pause, and what would follow from it; `base` what the
    Observatory counted at the base of the one attack in the pause.
    """

    parameters: Parameters
    stretches: Stretches
    days: pd.DataFrame
    chosen: pd.DataFrame
    pause: Mapping[str, Comparison]
    likelihood: Ratio
    stop: Mapping[str, Comparison]
    lapse: Mapping[str, Comparison]
    inside: pd.DataFrame
    on_lapse: pd.DataFrame
    later: pd.DataFrame
    events: Mapping[str, Event]
    contradicted: tuple[int, Comparison] | None
    base: Base | None


@dataclass(frozen=True)
class Base:
    """What the Observatory counted at one base between the totals around the pause, and the attacks on record there."""

    observatory: int
    rows: tuple[str, ...]
    incidents: tuple[str, ...]


def by_days(name: str, incidents: pd.DataFrame, stretch: Stretch, compared: Stretch, cut: Stretches) -> Comparison:
    """Compare the attacks on record of one `stretch` with those of the days `compared`."""
    counts = cut.daily(incidents["date"])
    during, before = int(counts[stretch.mask].sum()), int(counts[compared.mask].sum())
    if len(stretch) and len(compared) // len(stretch) >= FEWEST_BLOCKS:
        ratio = block_ratio(counts, stretch.mask, compared.mask)
        largest = largest_in_blocks(counts, stretch.mask, compared.mask)
    else:
        intervals = daily(counts, stretch.mask, compared.mask)
        ratio, largest = interval_ratio(intervals, DAILY), largest_by_likelihood(intervals)
    return Comparison(
        name=name, compared=compared.name, during=during, days=len(stretch), before=before, days_before=len(compared),
        ratio=ratio, largest_showing=largest, incidents=tuple(stretch.select(incidents)["incident_id"]),
        first=stretch.first, last=stretch.last,
    )  # fmt: skip


def _points(series: totals.Series, last: date) -> dict[pd.Timestamp, tuple[int, tuple[str, ...]]]:
    """Return day -> (total, rows) of the totals up to the day `last`.

    A later total that is no higher than the last of them says that nothing was counted in between: it stands for the
    day `last` as well.
    """
    end = pd.Timestamp(last)
    told = [*series.repeats, *series.points]
    every = sorted({point.day: (point.value, point.rows) for point in told}.items())
    found = {day: point for day, point in every if day <= end}
    later = next((point for day, point in every if day > end), None)
    if found and later and later[0] <= found[max(found)][0]:
        found[end] = (found[max(found)][0], later[1])
    return found


def by_totals(
    name: str, series: totals.Series, table: str, stretch: Stretch, compared: Stretch, *, count: int | None = None
) -> Comparison:
    """Compare one `stretch` with the days `compared` by a running total: attacks between each two of its totals.

    The totals that enclose the stretch are the last before it and the first on its last day or later (where there is
    none, the last of all). An interval that reaches into days of neither stretch is left out. `count` takes the place
    of the attacks between the enclosing totals.
    """
    points = _points(series, series_end(stretch, compared))
    days = sorted(points)
    first, last = pd.Timestamp(stretch.first or date.max), pd.Timestamp(stretch.last or date.max)
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
    intervals = joined(found)
    inner = [one for one in intervals if one.inside]
    outer = [one for one in intervals if not one.inside]
    return Comparison(
        name=name,
        compared=compared.name,
        during=int(sum(one.count for one in inner)),
        days=int(sum(one.inside + one.outside for one in inner)),
        before=int(sum(one.count for one in outer)),
        days_before=int(sum(one.outside for one in outer)),
        ratio=interval_ratio(intervals, TOTALS),
        largest_showing=largest_by_likelihood(intervals),
        table=table,
        rows=(*points[opening][1], *points[closing][1]) if enclosed and inner else (),
        first=(opening + pd.Timedelta(days=1)).date() if enclosed else None,
        last=closing.date() if enclosed else None,
    )


def series_end(*stretches: Stretch) -> date:
    """Return the last day of any of the `stretches`."""
    return max((stretch.last for stretch in stretches if stretch.last), default=date.min)


@dataclass(frozen=True)
class Record:
    """What counts attacks: the incidents that the run selects, and the running totals by series."""

    chosen: pd.DataFrame
    running: Mapping[str, tuple[str, totals.Series]]

    def compare(self, parameters: Parameters, stretch: str) -> dict[str, Comparison]:
        """Return series -> comparison of a stretch, by name, with the days before the second stop."""
        cut = Stretches(parameters)
        found = {}
        for name in SERIES:
            usual = "before" if "us_official" in (name, parameters.confirmed_by) else "to_stop"
            here, compared = cut[stretch], cut["to_stop" if stretch == "since_stop" or name in self.running else usual]
            if name in self.running:
                table, series = self.running[name]
                found[name] = by_totals(name, series, table, here, compared)
            elif (part := self._part(name, parameters)) is not None:
                found[name] = by_days(name, part, here, compared, cut)
        return found

    def _part(self, name: str, parameters: Parameters) -> pd.DataFrame | None:
        """Return the incidents of one series; None where it would only repeat the coded series."""
        if name == "coded":
            return self.chosen
        if name == "us_official":
            known = self.chosen[self.chosen["confirmation"] == "us_official"]
            return known if parameters.confirmed_by != "us_official" else None
        code = COUNTRY_SERIES.get(name)
        alone = len(parameters.countries) == 1 or code not in parameters.countries
        return None if alone else self.chosen[self.chosen["country"] == code]


def running(
    official_counts: pd.DataFrame, other_counts: pd.DataFrame, families: pd.Series, parameters: Parameters
) -> dict[str, tuple[str, totals.Series]]:
    """Return series -> table and chain of the running totals that count the countries of `parameters`."""
    since = totals.counted_since(official_counts, parameters)
    series = totals.series(official_counts, families, parameters.countries, since=since)
    found = {"officials": ("official_counts", series)} if len(series.points) > 1 else {}
    sohr = totals.observatory(other_counts, families)
    seen = "SY" in parameters.countries and len(sohr.points) > 1
    return found | ({"sohr": ("other_counts", sohr)} if seen else {})


def _contradicted(record: Record, comparison: Comparison | None, cut: Stretches) -> tuple[int, Comparison] | None:
    """Return the highest total that officials gave for the day on which the pause closes, and what would follow.

    None where no total of that day is above the one of the chain.
    """
    if comparison is None or not comparison.days or comparison.first is None or comparison.last is None:
        return None
    series = record.running["officials"][1]
    day = pd.Timestamp(comparison.last)
    opening = series.at(comparison.first - timedelta(days=1))[0]
    most = max((item.value for item in series.statements if item.day == day), default=0)
    if most <= opening + comparison.during:
        return None
    stretches = (cut["pause"], cut["to_stop"])
    return most, by_totals("officials", series, "official_counts", *stretches, count=most - opening)


def _base(
    inside: pd.DataFrame, chosen: pd.DataFrame, other_counts: pd.DataFrame, families: pd.Series, sohr: Comparison | None
) -> Base | None:
    """Return what the Observatory counted at the base of the one attack `inside` the pause, or None.

    It is known where totals of that base were given on the days of the totals around the pause.
    """
    if len(inside) != 1 or inside["country"].iloc[0] != "SY" or sohr is None or sohr.first is None or sohr.last is None:
        return None
    site = str(inside["site_id"].iloc[0])
    series = totals.observatory(other_counts, families, site)
    rise, low, high = series.between(sohr.first, sohr.last)
    here = chosen["date"].between(pd.Timestamp(sohr.first), pd.Timestamp(sohr.last)) & (chosen["site_id"] == site)
    if low != high:
        return None
    return Base(rise, series.enclosing(sohr.first, sohr.last), tuple(chosen.loc[here, "incident_id"]))


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
    cut, chosen = Stretches(p), select(incidents, p)
    families = sources.set_index("source_id")["family"]
    record = Record(chosen, running(official_counts, other_counts, families, p))
    pause = record.compare(p, "pause")
    longer = p.model_copy(update={"pause_end": p.pause_end + timedelta(days=1)})
    counts = cut.daily(chosen["date"])
    events = find_events(context, p.reference_dir)
    last_counted = events["none_since"].day if "none_since" in events else None
    after = chosen["date"] > pd.Timestamp(last_counted or date.max)
    return PauseResult(
        parameters=p,
        stretches=cut,
        days=pd.DataFrame({"date": cut.days, "attacks": counts}),
        chosen=chosen,
        pause=pause,
        likelihood=interval_ratio(daily(counts, cut["pause"].mask, cut[pause["coded"].compared].mask), DAILY),
        stop=record.compare(p, "since_stop"),
        lapse=record.compare(longer, "pause"),
        inside=cut["pause"].select(chosen),
        on_lapse=chosen[chosen["date"] == pd.Timestamp(p.pause_end)],
        later=chosen[after],
        events=events,
        contradicted=_contradicted(record, pause.get("officials"), cut),
        base=_base(cut["pause"].select(chosen), chosen, other_counts, families, pause.get("sohr")),
    )


def table(comparisons: Mapping[str, Comparison]) -> pd.DataFrame:
    """Return comparisons as the rows of ``report/tables/pause.csv``.

    Columns: series, during, days, expected, ratio, low, high, largest_showing, can_show, method.
    """
    rows = [
        {
            "series": one.name,
            "during": one.during,
            "days": one.days,
            "expected": one.expected,
            "ratio": one.ratio.value,
            "low": one.ratio.low,
            "high": one.ratio.high,
            "largest_showing": one.largest_showing,
            "can_show": one.can_show,
            "method": f"{one.ratio.method}, against the days {WORDS[one.compared]}",
        }
        for one in comparisons.values()
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"largest_showing": "Int64"})
