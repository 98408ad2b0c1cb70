"""The facts of notebook 03: every number of the escalation result that the brief may print, with what it rests on."""

from __future__ import annotations

import pandas as pd

from helpers.analysis.escalation import EscalationResult
from helpers.analysis.ladder import PERIODS
from helpers.analysis.ordered import HalvesTest, TimingTest, TrendEstimate
from helpers.analysis.outcomes import Comparison, Ranked, Share, Toll
from helpers.analysis.power import TrendPower, adjusted
from helpers.facts import Facts
from helpers.vocabulary import weapons

TOPIC = "escalation"
#: Level below which a p-value counts as showing something.
ALPHA = 0.05


def record(facts: Facts, result: EscalationResult) -> Facts:
    """Add all facts of `result` to `facts`, under names that begin with ``escalation.``; return them."""
    _ladder(facts, result)
    for reading in result.readings:
        _trend(facts, f"trend.{reading.key}", reading.trend)
        _timing(facts, f"timing.{reading.key}", reading.timing, reading.top)
        weeks = reading.weeks.p_permuted if reading.weeks.p_permuted is not None else reading.weeks.p
        _add(facts, f"timing.{reading.key}.p_weeks", weeks, "probability", incidents=reading.top,
             note="two-sided, whole weeks in random order: `p_late` takes incidents as independent")  # fmt: skip
    _power(facts, result.trend_power)
    _verdicts(facts, result)
    for name, test, rung in (
        ("missiles", result.missile_halves, result.missile_rung),
        ("rockets", result.rocket_halves, result.rocket_rung),
    ):
        chosen = result.incidents[result.incidents["rung"] >= rung]
        second = chosen["day"] >= result.middle
        ids = tuple(chosen.loc[~second, "incident_id"]), tuple(chosen.loc[second, "incident_id"])
        _halves(facts, f"halves.{name}", test, ids)
    _comparisons(facts, result)
    _ranked(facts, "harm.munitions", result.munitions)
    _ranked(facts, "harm.injured", result.injured)
    for period, toll in result.tolls.items():
        _toll(facts, "harm.toll" + ("" if period == "all" else f".{period}"), toll)
    _worst(facts, result)
    _places(facts, result)
    return facts


def _add(facts: Facts, name: str, value: object, unit: str, **more: object) -> None:
    facts.add(f"{TOPIC}.{name}", value, unit=unit, **more)  # type: ignore[arg-type]


def _ladder(facts: Facts, result: EscalationResult) -> None:
    frame = result.incidents
    _add(facts, "incidents", len(frame), "incidents", incidents=frame["incident_id"])
    on = frame[frame["rung"].notna()]
    _add(facts, "with_rung", len(on), "incidents", incidents=on["incident_id"])
    off = frame[frame["rung"].isna()]
    _add(facts, "without_rung", len(off), "incidents", incidents=off["incident_id"],
         note="weapon not said, or a missile of a kind not said")  # fmt: skip
    for period in PERIODS:
        mine = frame[frame["period"] == period]
        _add(facts, f"incidents.{period}", len(mine), "incidents", incidents=mine["incident_id"])
    for use in result.first:
        _add(facts, f"any.{use.weapon}", len(use.incidents), "incidents", incidents=use.incidents,
             note="incidents whose reconciled weapons hold it, alone or with others")  # fmt: skip
        top = frame[frame["top_weapon"] == use.weapon]
        _add(facts, f"top.{use.weapon}", len(top), "incidents", incidents=top["incident_id"],
             note="incidents of which it is the highest weapon")  # fmt: skip
        _add(facts, f"share.{use.weapon}", len(top) / len(frame) if len(frame) else None, "share",
             incidents=top["incident_id"], note="share of all incidents, as highest weapon")  # fmt: skip
        for period in PERIODS:
            mine = top[top["period"] == period]
            total = int((frame["period"] == period).sum())
            _add(facts, f"top.{use.weapon}.{period}", len(mine), "incidents", incidents=mine["incident_id"])
            _add(facts, f"share.{use.weapon}.{period}", len(mine) / total if total else None, "share",
                 incidents=mine["incident_id"])  # fmt: skip
        behind = [use.incident] if use.incident else []
        _add(facts, f"first.{use.weapon}.date", use.day, "date", incidents=behind)
        _add(facts, f"first.{use.weapon}.after", use.after if use.day else None, "incidents", incidents=behind,
             note="incidents on earlier days")  # fmt: skip
        _add(facts, f"first.{use.weapon}.site", _site(frame, use.incident), "text", incidents=behind)
        _add(facts, f"first.{use.weapon}.sources", use.sources, "sources", incidents=behind)
        _add(facts, f"first.{use.weapon}.sources_saying", use.sources_saying, "sources", incidents=behind,
             note="sources on that incident that name this weapon")  # fmt: skip
        earlier = [use.earliest_incident] if use.earliest_incident else []
        _add(facts, f"first.{use.weapon}.named_earlier", use.earliest_day is not None, "truth", incidents=earlier)
        _add(facts, f"first.{use.weapon}.earliest_named", use.earliest_day, "date", incidents=earlier,
             note="first day for which a single source names it, if earlier than the first reconciled use")  # fmt: skip
    for incident, said in result.said.items():
        for code, number in said.items():
            _add(facts, f"said.{incident}.{code}", number, "sources", incidents=[incident])


def _site(frame: pd.DataFrame, incident: str | None) -> str | None:
    return None if incident is None else str(frame.loc[frame["incident_id"] == incident, "site_name"].iloc[0])


def _trend(facts: Facts, name: str, estimate: TrendEstimate) -> None:
    few = "" if estimate.tau is not None else "needs two days and two rungs"
    _add(facts, f"{name}.n", estimate.n, "incidents")
    _add(facts, f"{name}.weeks", estimate.blocks, "weeks")
    for part in ("tau", "low", "high"):
        _add(
            facts,
            f"{name}.{part}",
            getattr(estimate, part),
            "correlation",
            text=_two(getattr(estimate, part)),
            note=few,
        )
    _add(facts, f"{name}.p", estimate.p_permuted if estimate.p_permuted is not None else estimate.p, "probability",
         note=few or "two-sided, weeks in random order")  # fmt: skip
    _add(facts, f"{name}.p_incidents", estimate.p_incidents, "probability",
         note="two-sided, each incident taken as independent")  # fmt: skip
    _add(facts, f"{name}.direction", estimate.direction, "text")


def _two(value: float | None) -> str:
    if value is None:
        return "undefined"
    text = f"{value:.2f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def _timing(facts: Facts, name: str, timing: TimingTest, top: tuple[str, ...]) -> None:
    none = "" if timing.k else "no incident carries a ballistic or cruise missile"
    _add(facts, f"{name}.k", timing.k, "incidents", incidents=top)
    for part, unit, note in (
        ("first", "share", "position of the first in the order of incidents, 0 start to 1 end"),
        ("mean", "share", "mean position"),
        ("p_first", "probability", "chance that the first of as many placed at random comes as late"),
        ("p_late", "probability", "chance that as many placed at random come as late on the whole, one-sided"),
        ("p_two_sided", "probability", "as far from the middle, either way"),
        ("smallest_p", "probability", "the smallest one-sided p that as many could give"),
        ("power", "share", "chance that the one-sided test at 5 in 100 would notice a doubling of their share"),
    ):
        _add(facts, f"{name}.{part}", getattr(timing, part), unit, incidents=top, note=none or note)
    shown = timing.p_late is not None and timing.p_late < ALPHA
    _add(facts, f"{name}.late_shown", shown, "truth", incidents=top, note=none)


def _verdicts(facts: Facts, result: EscalationResult) -> None:
    plain = result.plain
    tested = [reading for reading in result.readings if reading.trend.tau is not None]
    rising = [reading for reading in tested if reading.trend.direction == "rise"]
    falling = [reading for reading in tested if reading.trend.direction == "fall"]
    timed = [reading for reading in result.readings if reading.timing.k]
    late = [reading for reading in timed if (reading.timing.p_late or 1) < ALPHA]
    _add(facts, "climb_shown", plain.trend.direction == "rise", "truth",
         note="tau-b above zero, its interval without zero, and p below 0.05, weeks kept together")  # fmt: skip
    _add(facts, "descent_shown", plain.trend.direction == "fall", "truth")
    _add(facts, "late_shown", plain.timing.p_late is not None and plain.timing.p_late < ALPHA, "truth")
    _add(facts, "readings", len(tested), "readings", note="readings of the record in which the trend can be tested")
    _add(facts, "readings_rising", len(rising), "readings", text=str(len(rising)),
         note="; ".join(reading.label for reading in rising))  # fmt: skip
    _add(facts, "readings_falling", len(falling), "readings", note="; ".join(reading.label for reading in falling))
    _add(facts, "readings_with_missiles", len(timed), "readings")
    _add(facts, "readings_late", len(late), "readings", note="; ".join(reading.label for reading in late))
    only = bool(late) and all(reading.key.endswith("_ballistic_missile") for reading in late)
    _add(facts, "late_only_if_unnamed_ballistic", only, "truth",
         note="missiles come late only where missiles of a kind not said are taken as ballistic")  # fmt: skip
    _add(facts, "calendar_first", result.calendar_first, "probability", incidents=result.missile_ids,
         note="chance that the first of as many, each on any day of the window, falls as late")  # fmt: skip
    _add(facts, "unsettled", len(result.unsettled), "incidents", incidents=result.unsettled,
         note="reconciled weapons hold a missile of a kind not said")  # fmt: skip
    _add(facts, "doubtful", len(result.doubtful), "incidents", incidents=result.doubtful,
         note="at least one source says missile without its kind")  # fmt: skip
    _add(facts, "capture_known", result.capture, "truth", note="whether incidents could be weighted by capture")
    busy = result.by_week[result.by_week.sum(axis=1) > 0]
    for name, count in (
        ("weeks_with_incidents", len(busy)),
        ("weeks_drones_led", int((busy["one_way_drone"] > busy["rocket"]).sum())),
        ("weeks_rockets_led", int((busy["one_way_drone"] < busy["rocket"]).sum())),
    ):
        _add(facts, name, count, "weeks")


def _halves(facts: Facts, name: str, test: HalvesTest, ids: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    few = "; no split of so few could reach that" if test.power == 0 else ""
    for part, count, total, mine in (("first", test.k1, test.n1, ids[0]), ("second", test.k2, test.n2, ids[1])):
        _add(
            facts, f"{name}.{part}", count, "incidents", incidents=mine, note="with a rung, in this half of the window"
        )
        _add(facts, f"{name}.{part}_of", total, "incidents", note="incidents with a rung in this half of the window")
    for part in ("p", "p_rise"):
        _add(facts, f"{name}.{part}", getattr(test, part), "probability", note="Fisher's exact test")
    _add(facts, f"{name}.power", test.power, "share",
         note=f"chance that the one-sided test at 5 in 100 would show a doubling of the share{few}")  # fmt: skip
    _add(facts, f"{name}.needed", test.needed, "incidents",
         note="such incidents needed among as many for that chance to reach 80 in 100")  # fmt: skip


def _share(facts: Facts, name: str, share: Share) -> None:
    _add(facts, f"{name}.hits", share.hits, "incidents", incidents=share.incidents)
    _add(facts, f"{name}.known", share.known, "incidents", incidents=share.known_incidents)
    _add(facts, f"{name}.unknown", share.unknown, "incidents", incidents=share.unknown_incidents)
    for part in ("value", "low", "high", "least", "most"):
        text = name if part == "value" else f"{name}.{part}"
        note = "if all the unknown were not, or were" if part in ("least", "most") else "among the known"
        _add(facts, text, getattr(share, part), "share", incidents=share.incidents, note=note)


def _comparison(facts: Facts, name: str, part: Comparison) -> None:
    for period in PERIODS:
        _share(facts, f"{name}.{period}", getattr(part, period))
    for key in ("difference", "low", "high", "least", "most"):
        value = getattr(part, key)
        shown = "undefined" if value is None else f"{100 * value:+.0f} points".replace("-", "−")
        _add(facts, f"{name}.change" + ("" if key == "difference" else f".{key}"), value, "difference of shares",
             text=shown, note="after less before the pause")  # fmt: skip
    _add(facts, f"{name}.change.p", part.p, "probability", note="Fisher's exact test, incidents as independent")
    _add(facts, f"{name}.change.shown", part.shown, "truth",
         note="interval of the difference and trend by weeks both leave out zero")  # fmt: skip
    _trend(facts, f"{name}.trend", part.trend)


def _comparisons(facts: Facts, result: EscalationResult) -> None:
    allowing = adjusted(result.comparisons)
    for name, part in result.comparisons.items():
        _comparison(facts, name, part)
        p = allowing.get(name)
        _add(facts, f"{name}.change.p_adjusted", p, "probability",
             note=f"of difference or trend, the larger, allowing for {len(allowing)} comparisons")  # fmt: skip
        _add(facts, f"{name}.change.shown_adjusted", part.shown and p is not None and p < ALPHA, "truth",
             note="shown, also when all comparisons are allowed for")  # fmt: skip
    shown = [name for name, part in result.comparisons.items() if part.shown]
    _add(facts, "comparisons", len(allowing), "comparisons", note="of the days before the pause with those after it")
    _add(
        facts, "comparisons.shown", len(shown), "comparisons", note="taken one by one: " + (", ".join(shown) or "none")
    )


def _power(facts: Facts, power: TrendPower) -> None:
    for part, unit, note in (
        ("detectable", "correlation", "smallest tau-b that the test would show four times in five"),
        ("doubling", "correlation", "tau-b if the share of rockets and above had doubled between the halves"),
        ("power", "share", "chance that the trend test would show such a doubling, weeks kept together"),
    ):
        value = getattr(power, part)
        text = _two(value) if unit == "correlation" else None
        _add(facts, f"trend.plain.{part}", value, unit, text=text, note=note)


def _ranked(facts: Facts, name: str, part: Ranked) -> None:
    _add(facts, f"{name}.known", part.known_before + part.known_after, "incidents", note="before and after the pause")
    _add(facts, f"{name}.unknown", part.unknown, "incidents")
    _add(facts, f"{name}.median.before", part.median_before, "number", digits=2, text=_plain(part.median_before))
    _add(facts, f"{name}.median.after", part.median_after, "number", text=_plain(part.median_after))
    _add(facts, f"{name}.superiority", part.superiority, "share",
         note="chance that an incident after has more than one before, ties half; 50% is no difference")  # fmt: skip
    _add(facts, f"{name}.p", part.p, "probability", note="Mann-Whitney, incidents as independent")
    _add(facts, f"{name}.largest", part.largest, "text", incidents=[part.largest] if part.largest else [])
    _trend(facts, f"{name}.trend", part.trend)


def _plain(value: float | None) -> str:
    return "undefined" if value is None else f"{value:g}"


def _toll(facts: Facts, name: str, toll: Toll) -> None:
    for part in ("us_killed", "us_injured_best", "us_injured_low", "us_injured_high"):
        _add(facts, f"{name}.{part}", getattr(toll, part), "people", incidents=toll.incidents)
    for part in ("partner_killed", "partner_injured"):
        _add(facts, f"{name}.{part}", getattr(toll, part), "people", incidents=toll.partner_incidents)
    _add(facts, f"{name}.us_harmed", toll.us_harmed, "people", incidents=toll.incidents)
    _add(facts, f"{name}.incidents", len(toll.incidents), "incidents", incidents=toll.incidents)
    _add(facts, f"{name}.known", toll.known, "incidents", note="incidents with a number of injured, none included")
    _add(facts, f"{name}.unknown", toll.n - toll.known, "incidents")


def _worst(facts: Facts, result: EscalationResult) -> None:
    frame = result.incidents
    hurt = frame["us_killed"].astype("Float64").fillna(0) + frame["us_injured_best"].astype("Float64").fillna(0)
    order = frame.assign(hurt=hurt.astype(int)).sort_values(["hurt", "incident_id"], ascending=[False, True])
    total = int(hurt.sum())
    for place, row in enumerate(order[order["hurt"] > 0].head(3).to_dict("records"), start=1):
        name, mine = f"harm.worst.{place}", [row["incident_id"]]
        _add(facts, f"{name}.date", row["date"].date(), "date", incidents=mine)
        _add(facts, f"{name}.site", row["site_name"], "text", incidents=mine)
        _add(facts, f"{name}.weapon", weapons()[row["top_weapon"]].label, "text", incidents=mine)
        _add(
            facts, f"{name}.killed", 0 if pd.isna(row["us_killed"]) else int(row["us_killed"]), "people", incidents=mine
        )
        injured = 0 if pd.isna(row["us_injured_best"]) else int(row["us_injured_best"])
        _add(facts, f"{name}.injured", injured, "people", incidents=mine)
        _add(facts, f"{name}.hurt", row["hurt"], "people", incidents=mine)
    two = order.head(2)
    _add(facts, "harm.worst_two.hurt", int(two["hurt"].sum()), "people", incidents=two["incident_id"])
    _add(facts, "harm.worst_two.share", int(two["hurt"].sum()) / total if total else None, "share",
         incidents=two["incident_id"], note="of US and coalition killed and injured, best estimates")  # fmt: skip
    missiles = order[order["incident_id"].isin(result.missile_ids)]
    _add(facts, "harm.missiles.hurt", int(missiles["hurt"].sum()), "people", incidents=missiles["incident_id"])
    _add(facts, "harm.missiles.share", int(missiles["hurt"].sum()) / total if total else None, "share",
         incidents=missiles["incident_id"])  # fmt: skip
    damage = frame[frame["damage"] == "major"]
    _add(facts, "harm.major_damage", len(damage), "incidents", incidents=damage["incident_id"])


def _places(facts: Facts, result: EscalationResult) -> None:
    sites = result.sites
    total = len(result.incidents)
    _add(facts, "places.sites", len(sites), "places")
    missing = result.incidents[result.incidents["site_id"].isin(set(sites.loc[~sites["mapped"], "site_id"]))]
    _add(facts, "places.not_mapped", len(missing), "incidents", incidents=missing["incident_id"],
         note="no site named: place precision 3")  # fmt: skip
    for place, row in enumerate(sites.head(5).to_dict("records"), start=1):
        mine = result.incidents[
            (result.incidents["site_id"] == row["site_id"]) & (result.incidents["site_name"] == row["name"])
        ]["incident_id"]
        _add(facts, f"places.top.{place}.name", row["name"], "text", incidents=mine)
        _add(facts, f"places.top.{place}.incidents", row["incidents"], "incidents", incidents=mine)
        _add(facts, f"places.top.{place}.share", row["incidents"] / total, "share", incidents=mine)
    for part in result.countries:
        name = f"places.{part.country}"
        _add(facts, f"{name}.incidents", len(part.incidents), "incidents", incidents=part.incidents)
        _add(facts, f"{name}.share", len(part.incidents) / total if total else None, "share", incidents=part.incidents)
        for period in PERIODS:
            mine = result.incidents[
                (result.incidents["country"] == part.country) & (result.incidents["period"] == period)
            ]
            _add(facts, f"{name}.{period}", len(mine), "incidents", incidents=mine["incident_id"])
        troops = part.stationed
        why = "" if troops else "no statement of troops stationed there is coded"
        rows = {"forces": troops.sources} if troops else {}
        _add(facts, f"{name}.personnel", round(troops.personnel) if troops else None, "people", rows=rows, note=why)
        for key in ("per_thousand", "low", "high"):
            text = f"{name}.per_thousand" + ("" if key == "per_thousand" else f".{key}")
            _add(facts, text, getattr(part, key), "per thousand troops", digits=3, incidents=part.incidents, rows=rows,
                 note=why or "over the window; the interval allows for attacks that cluster")  # fmt: skip
    ratio = result.syria_to_iraq
    for key in ("value", "low", "high", "p"):
        _add(facts, "places.syria_to_iraq" + ("" if key == "value" else f".{key}"),
             getattr(ratio, key) if ratio else None, "probability" if key == "p" else "ratio",
             note="attacks for each soldier stationed, Syria over Iraq; clustering allowed for")  # fmt: skip
