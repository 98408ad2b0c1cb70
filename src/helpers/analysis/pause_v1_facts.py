"""The facts of the pause: every number of a `PauseResult` by name, with the incidents or rows behind it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from helpers.analysis import changepoints
from helpers.analysis.official import Total
from helpers.analysis.pause_v1 import PauseResult, Placebo
from helpers.analysis.rates import LEVEL, Rate, Ratio
from helpers.facts import Facts, printed
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons

#: What each method of a ratio allows for, as a note beside its facts.
METHOD_NOTES = {
    "blocks": "moving blocks as long as the pause; allows for clustering within days and across them",
    "scaled": "conditional test on counts divided by their dispersion; allows for the spread of daily counts",
    "negative binomial": "negative binomial regression, profile likelihood; allows for the spread of daily counts",
    "exact": "exact conditional test; takes attacks as independent of each other",
    "weighted": "each incident counted by the inverse of its capture; weights taken as known",
}


def number(value: float | None) -> str:
    """Return a ratio or rate as the brief prints it; what is under a thousandth as that."""
    return "under 0.001" if value is not None and 0 < value < 0.001 else printed(value, "ratio", 2)


def span(low: float | None, high: float | None) -> str:
    """Return an interval in words: ``0.002 to 0.78``, or ``at least 0.3`` without an upper bound."""
    if low is None:
        return "undefined"
    if high is None:
        return "no bound either way" if low == 0 else f"at least {number(low)}"
    return f"{number(low)} to {number(high)}"


def record_rate(facts: Facts, name: str, rate: Rate, incidents: Iterable[str] = ()) -> None:
    """Add `name`_count, _days, _rate, _rate_low, _rate_high and _rate_interval."""
    facts.add(f"{name}_count", rate.count, unit="incidents", incidents=incidents)
    facts.add(f"{name}_days", rate.days, unit="days")
    facts.add(f"{name}_rate", rate.value, unit="per day", incidents=incidents)
    facts.add(f"{name}_rate_low", rate.low, unit="per day")
    facts.add(f"{name}_rate_high", rate.high, unit="per day", note=f"exact interval, {LEVEL:.0%}")
    facts.add(f"{name}_rate_interval", span(rate.low, rate.high), unit="text")


def record_ratio(
    facts: Facts, name: str, ratio: Ratio, incidents: Iterable[str] = (), rows: dict[str, list[str]] | None = None
) -> None:
    """Add `name`, its _low, _high, _interval, _p, and _below_one: whether the whole interval lies below one."""
    note = "; ".join(part for part in (METHOD_NOTES[ratio.method], ratio.note) if part)
    facts.add(name, ratio.value, unit="ratio", incidents=incidents, rows=rows, note=note)
    facts.add(f"{name}_low", ratio.low, unit="ratio", text=number(ratio.low), note=note)
    facts.add(f"{name}_high", ratio.high, unit="ratio", note=note)
    facts.add(f"{name}_interval", span(ratio.low, ratio.high), unit="text", note=note)
    facts.add(f"{name}_p", ratio.p, unit="probability", note=note)
    facts.add(f"{name}_below_one", ratio.below_one, unit="text", note=note)


def _total(facts: Facts, name: str, total: Total | None) -> None:
    rows = {"official_counts": list(total.rows)} if total else None
    facts.add(name, total.total if total else None, unit="incidents", rows=rows)
    facts.add(f"{name}_as_of", total.as_of if total else None, unit="date", rows=rows)
    facts.add(f"{name}_sources", total.support if total else 0, unit="count")


def listed(totals: Iterable[Total]) -> str:
    """Return totals in words: ``70 by 23 November 2023; 78 by 30 November 2023``; ``none`` without one."""
    return "; ".join(f"{t.total} by {printed(t.as_of.isoformat(), 'date')}" for t in totals) or "none"


def _rows(totals: Iterable[Total]) -> dict[str, list[str]]:
    return {"official_counts": [row for total in totals for row in total.rows]}


def _describe(row: pd.Series) -> str:
    """Return one incident in words: day or bounds, place, weapons, who confirms it, how many independent sources."""
    first, last, day = (
        printed(row[name].date().isoformat(), "date") for name in ("date_earliest", "date_latest", "date")
    )
    known = weapons()
    arms = " and ".join(known[code].plural for code in split(row["weapons"])) or "weapon not said"
    when = day if first == last else f"{day} (reports allow {first} to {last})"
    return (
        f"{when}, {row['site_name']} ({COUNTRIES[row['country']]}), {arms}, confirmed by "
        f"{CONFIRMATION[row['confirmation']]}, independent sources: {row['n_independent']}"
    )


def record(facts: Facts, result: PauseResult) -> Facts:
    """Add every fact of `result` to `facts` and return them."""
    p, during = result.parameters, result.periods["during"]
    facts.add("pause.start", p.pause_start, unit="date")
    facts.add("pause.end", p.pause_end, unit="date", note="this day is no longer in the pause")
    facts.add("pause.in_window", during.rate.days > 0, unit="text")
    facts.add("pause.whole_in_window", during.rate.days == (p.pause_end - p.pause_start).days, unit="text")
    facts.add("pause.level", LEVEL, unit="share", note="of every interval")
    facts.add("pause.baseline_days", max(0, (result.official.counted_since - p.window_start).days), unit="days",
              note="days before officials began to count: without them no rate before the campaign")  # fmt: skip
    for name, period in result.periods.items():
        record_rate(facts, f"pause.{name}", period.rate, period.incidents)
        facts.add(f"pause.{name}_first", period.first, unit="date")
        facts.add(f"pause.{name}_last", period.last, unit="date")
        facts.add(f"pause.{name}_capture", result.capture.get(name), unit="ratio",
                  note="incidents coded for each attack that officials counted; may pass one")  # fmt: skip
    everything = [*during.incidents, *result.periods["outside"].incidents]
    record_ratio(facts, "pause.ratio", result.comparisons["outside"].blocks, everything)
    expected = result.comparisons["outside"].against.value
    expected = None if expected is None else expected * during.rate.days
    facts.add(
        "pause.expected", expected, unit="incidents", note="attacks in as many days at the rate of all other days"
    )
    _inside(facts, result)
    _confirmed(facts, result)
    for name, comparison in result.comparisons.items():
        base = f"pause.against_{name}"
        record_rate(facts, base, comparison.against)
        for method in ("blocks", "scaled", "negative_binomial", "exact"):
            record_ratio(facts, f"{base}.{method}", getattr(comparison, method))
        facts.add(
            f"{base}.dispersion", comparison.dispersion.index, unit="ratio", note="variance over mean of daily counts"
        )
        facts.add(f"{base}.dispersion_p", comparison.dispersion.p, unit="probability", note="one is a Poisson series")
        facts.add(
            f"{base}.block_dispersion", comparison.block_index, unit="ratio", note="variance over mean, whole blocks"
        )
        facts.add(f"{base}.largest_telling", comparison.largest_telling, unit="incidents",
                  note="most attacks in the pause with an interval still below one; undefined: none")  # fmt: skip
        for truth, power in comparison.power.items():
            facts.add(f"{base}.power_{round(truth * 100)}", power, unit="share",
                      note=f"chance to show a fall if the true ratio is {truth}")  # fmt: skip
    record_ratio(facts, "pause.resumption", result.resumption, result.periods["resumed"].incidents)
    facts.add("pause.weighted_available", result.weighted is not None, unit="text")
    if result.weighted is not None:
        record_ratio(facts, "pause.weighted", result.weighted)
    _official(facts, result)
    _placebo(facts, "placebo", result.placebo)
    _placebo(facts, "placebo.before_stop", result.placebo_before_stop)
    for dating in result.datings:
        base = f"pause.dating_{dating.rule}"
        facts.add(f"{base}_fewest", dating.fewest, unit="incidents")
        facts.add(f"{base}_best", dating.best, unit="incidents")
        facts.add(f"{base}_most", dating.most, unit="incidents")
        facts.add(f"{base}_uncertain", len(dating.uncertain), unit="incidents", incidents=dating.uncertain)
        record_ratio(facts, f"{base}_ratio", dating.ratio)
        record_ratio(facts, f"{base}_ratio_most", dating.ratio_most)
    holds = [d.ratio_most.below_one for d in result.datings]
    facts.add(
        "pause.dating_all_below_one", all(holds), unit="text", note="ratio below one under every rule, doubts inside"
    )
    _changes(facts, result)
    _stops(facts, result)
    return facts


def _inside(facts: Facts, result: PauseResult) -> None:
    """Add the attacks inside the pause, each told by itself."""
    inside = result.inside
    facts.add("pause.inside_list", "; ".join(_describe(row) for _, row in inside.iterrows()) or "none", unit="text",
              incidents=inside["incident_id"])  # fmt: skip
    official = inside[inside["confirmation"] == "us_official"]["incident_id"]
    facts.add("pause.inside_us_official", len(official), unit="incidents", incidents=official)
    unclear = inside[inside["date_earliest"] < inside["date_latest"]]["incident_id"]
    facts.add("pause.inside_date_unclear", len(unclear), unit="incidents", incidents=unclear)
    told_apart = [incident for incident, days in result.told.items() if len(days) > 1]
    facts.add("pause.inside_date_disputed", len(told_apart), unit="incidents", incidents=told_apart,
              note="reports give more than one day")  # fmt: skip
    for n, (_, row) in enumerate(inside.head(3).iterrows(), start=1):
        days = result.told.get(row["incident_id"], {})
        told = "; ".join(f"{printed(d.isoformat(), 'date')}: {len(ids)}" for d, ids in days.items()) or "not known"
        rows = {"reports": [report for ids in days.values() for report in ids]}
        facts.add(f"pause.inside_{n}_told", told, unit="text", rows=rows,
                  note="day and number of reports that give it")  # fmt: skip
        values = {
            "date": (row["date"].date(), "date"),
            "earliest": (min(days, default=row["date_earliest"].date()), "date"),
            "latest": (max(days, default=row["date_latest"].date()), "date"),
            "site": (row["site_name"], "text"),
            "country": (COUNTRIES[row["country"]], "text"),
            "weapons": (" and ".join(weapons()[w].plural for w in split(row["weapons"])), "text"),
            "confirmed_by": (CONFIRMATION[row["confirmation"]], "text"),
            "independent": (row["n_independent"], "count"),
        }
        for key, (value, unit) in values.items():
            facts.add(f"pause.inside_{n}_{key}", value, unit=unit, incidents=[row["incident_id"]])


def _confirmed(facts: Facts, result: PauseResult) -> None:
    """Add the pause by the incidents alone that a US official confirms."""
    inside = result.inside[result.inside["confirmation"] == "us_official"]["incident_id"]
    every = result.confirmed_incidents
    facts.add("pause.us_official.during_count", len(inside), unit="incidents", incidents=inside)
    facts.add("pause.us_official.count", len(every), unit="incidents", incidents=every,
              note="attacks of the window that a US official confirms")  # fmt: skip
    record_ratio(facts, "pause.us_official.ratio", result.confirmed.blocks, every)
    record_ratio(facts, "pause.us_official.exact", result.confirmed.exact)


def _official(facts: Facts, result: PauseResult) -> None:
    """Add what officials' totals alone say of the pause and of the second stop."""
    o, rows = result.official, _rows(t for t in (result.official.opening, result.official.closing) if t)
    facts.add("pause.official_available", o.inside is not None, unit="text", note="totals enclose the pause")
    _total(facts, "pause.official_opening", o.opening)
    _total(facts, "pause.official_closing", o.closing)
    facts.add("pause.official_days", o.days, unit="days", rows=rows, note="between the two totals")
    facts.add("pause.official_inside", o.inside, unit="incidents", rows=rows)
    facts.add("pause.official_inside_low", o.low, unit="incidents", note="over all totals told for the two days")
    facts.add("pause.official_inside_high", o.high, unit="incidents", note="over all totals told for the two days")
    facts.add("pause.official_certain", o.certain, unit="incidents", note="least that lies within the pause itself")
    facts.add("pause.official_contradicting", len(o.contradicting), unit="count", rows=_rows(o.contradicting))
    facts.add("pause.official_contradicting_list", listed(o.contradicting), unit="text", rows=_rows(o.contradicting))
    facts.add("pause.official_off_chain", len(o.off_chain), unit="count", rows=_rows(o.off_chain),
              note="totals that fit no non-decreasing series with the rest")  # fmt: skip
    facts.add("pause.official_totals", len(o.chain) + len(o.off_chain), unit="count", note="different totals, by day")
    record_rate(facts, "pause.official_outside", o.outside)
    record_ratio(facts, "pause.official_ratio", o.ratio, rows=_rows(o.chain))
    record_ratio(facts, "pause.official_exact", o.exact, rows=_rows(o.chain))
    facts.add("pause.official_dispersion", o.index, unit="ratio", note="of the increments between totals")
    _total(facts, "stop.official_opening", o.stop_opening)
    _total(facts, "stop.official_closing", o.stop_closing)
    facts.add("stop.official_since", o.since_stop, unit="incidents", note="by totals that contradict none before")
    facts.add("stop.official_days", o.since_stop_days, unit="days")
    facts.add("stop.official_list", listed(o.after_stop), unit="text", rows=_rows(o.after_stop), note="all told since")


def _placebo(facts: Facts, base: str, placebo: Placebo) -> None:
    note = "stretches overlap: this describes and tests nothing"
    facts.add(f"{base}.length", placebo.length, unit="days")
    facts.add(
        f"{base}.windows", placebo.others, unit="count", note="stretches of that length that do not touch the pause"
    )
    facts.add(f"{base}.as_few", placebo.as_few, unit="count", note=note)
    facts.add(f"{base}.share", placebo.share, unit="share", note=note)
    facts.add(f"{base}.disjoint", placebo.disjoint, unit="count", note="stretches that fit side by side")
    facts.add(f"{base}.first_as_few", placebo.first_as_few, unit="date", note="first day of the first one as quiet")


def _changes(facts: Facts, result: PauseResult) -> None:
    found, p = result.changes, result.parameters
    facts.add(
        "changepoints.false_alarm", changepoints.FALSE_ALARM, unit="share", note="chance of any in a steady series"
    )
    facts.add("changepoints.dispersion", found.index, unit="ratio", note="from successive differences")
    kinds = {"clustered": found.changes, "independent": found.plain, "pelt": found.second}
    for kind, days in kinds.items():
        facts.add(f"changepoints.{kind}_count", len(days), unit="count")
        shown = "; ".join(printed(day.isoformat(), "date") for day in days) or "none"
        facts.add(f"changepoints.{kind}_dates", shown, unit="text", note="first day of each new rate")
        for name, day in {"start": p.pause_start, "end": p.pause_end, "stop": p.stop_start}.items():
            near = changepoints.nearest(days, day)
            facts.add(f"changepoints.{kind}_{name}_date", near[0] if near else None, unit="date")
            facts.add(f"changepoints.{kind}_{name}_offset", near[1] if near else None, unit="days",
                      note="days after the date the brief names; negative: before")  # fmt: skip


def _stops(facts: Facts, result: PauseResult) -> None:
    facts.add("stop.start", result.parameters.stop_start, unit="date")
    facts.add("stop.in_window", result.stops["all"].since.days > 0, unit="text")
    for group, stop in result.stops.items():
        facts.add(f"stop.{group}.last", stop.last, unit="date", note="last attack of this group in the window")
        if "." in group:
            facts.add(f"stop.{group}.before_count", stop.before.count, unit="incidents")
            facts.add(f"stop.{group}.since_count", stop.since.count, unit="incidents", incidents=stop.incidents)
            continue
        record_rate(facts, f"stop.{group}.before", stop.before)
        record_rate(facts, f"stop.{group}.since", stop.since, stop.incidents)
        record_ratio(facts, f"stop.{group}.ratio", stop.ratio, stop.incidents)
        record_ratio(facts, f"stop.{group}.exact", stop.exact, stop.incidents)


def rates_table(result: PauseResult) -> pd.DataFrame:
    """Return for each stretch its days, attacks, rate with interval, and what was coded for each attack counted."""
    rows = [
        (name, period.first, period.last, rate.days, rate.count, rate.value, rate.low, rate.high,
         result.capture.get(name))
        for name, period in result.periods.items() for rate in [period.rate]
    ]  # fmt: skip
    columns = ["stretch", "from", "to", "days", "attacks", "a day", "low", "high", "coded for each counted"]
    whole = dict.fromkeys(columns[5:], "float64")
    return pd.DataFrame(rows, columns=columns).astype(whole)


def methods_table(result: PauseResult) -> pd.DataFrame:
    """Return the ratio of the pause to other days by each method and comparison, for the notebook."""
    rows = []
    for name, comparison in result.comparisons.items():
        for ratio in (comparison.blocks, comparison.scaled, comparison.negative_binomial, comparison.exact):
            rows.append((name, ratio.method, ratio.value, ratio.low, ratio.high, ratio.p, ratio.note))
        if name == "outside" and result.weighted is not None:
            w = result.weighted
            rows.append((name, "blocks, weighted by capture", w.value, w.low, w.high, w.p, w.note))
    return pd.DataFrame(rows, columns=["compared with", "interval", "ratio", "low", "high", "p", "note"])


def dating_table(result: PauseResult) -> pd.DataFrame:
    """Return the attacks in the pause under each rule of dating, and the ratio's upper end with every doubt inside."""
    rows = [(d.rule, d.fewest, d.best, d.most, d.ratio.value, d.ratio_most.high) for d in result.datings]
    return pd.DataFrame(rows, columns=["rule", "fewest", "best", "most", "ratio", "highest"])


def official_table(result: PauseResult) -> pd.DataFrame:
    """Return what officials' totals alone say of the pause, one line each."""
    o = result.official
    told = {
        "total before": listed(filter(None, [o.opening])),
        "total after": listed(filter(None, [o.closing])),
        "attacks between": printed(o.inside, "count"),
        "over all totals told": "undefined" if o.inside is None else f"{o.low} to {o.high}",
        "ratio to other days": printed(o.ratio.value, "ratio"),
        "interval, clustering allowed for": span(o.ratio.low, o.ratio.high),
        "interval, exact": span(o.exact.low, o.exact.high),
    }
    return pd.DataFrame({"what": told.keys(), "value": told.values()})
