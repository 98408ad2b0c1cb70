"""The facts of the responses: ``responses.*``."""

from __future__ import annotations

import pandas as pd

from helpers.analysis.responses import VARIANTS, ResponsesResult, Study
from helpers.analysis.strikes import REACH, struck
from helpers.facts import Facts
from helpers.vocabulary import COUNTRIES


def _study(facts: Facts, name: str, one: Study, result: ResponsesResult, note: str) -> None:
    """Add what one study found; `note` says what is compared."""
    strikes = result.strikes
    ids = strikes.loc[strikes["date"].dt.strftime("%Y-%m-%d").isin(one.days), "response_id"].tolist()
    rows = {"responses": ids}
    facts.add(f"{name}.days", len(one.days), unit="days", rows=rows, note="days with a strike")
    facts.add(f"{name}.episodes", one.episodes, unit="episodes", note=f"strike days no more than {REACH} days apart")
    facts.add(f"{name}.before", one.before, unit="attacks", digits=3, note="counted once for each strike day")
    facts.add(f"{name}.after", one.after, unit="attacks", digits=3, note="counted once for each strike day")
    facts.add(f"{name}.rate_before", one.before / one.days_before if one.days_before else None, unit="per day")
    facts.add(f"{name}.rate_after", one.after / one.days_after if one.days_after else None, unit="per day")
    facts.add(f"{name}.ratio", one.ratio, unit="ratio", rows=rows, note=note)
    facts.add(f"{name}.low", one.low, unit="ratio", note="95% interval, bootstrap over episodes")
    facts.add(f"{name}.high", one.high, unit="ratio", note="95% interval, bootstrap over episodes")
    facts.add(f"{name}.placebo", one.placebo, unit="ratio", note="median over matched placebo days")
    facts.add(f"{name}.placebo_low", one.placebo_low, unit="ratio", note="95% of placebo draws")
    facts.add(f"{name}.placebo_high", one.placebo_high, unit="ratio", note="95% of placebo draws")
    facts.add(f"{name}.p", one.p, unit="probability", note="two-sided, against matched placebo days")
    facts.add(f"{name}.adjusted", one.adjusted, unit="ratio", note="ratio over the placebo days' median ratio")
    facts.add(f"{name}.shown", shown(one), unit="truth",
              note="whether the change after strikes lies outside what placebo days show (p below 0.05)")  # fmt: skip


def shown(one: Study) -> bool:
    """Return whether a study shows a change: outside the placebo draws at five in a hundred."""
    return one.p is not None and one.p < 0.05


def record(facts: Facts, result: ResponsesResult) -> None:
    """Add the facts ``responses.*`` of `result`."""
    strikes = result.strikes
    ids = strikes["response_id"].tolist()
    rows = {"responses": ids}
    facts.add(
        "responses.strikes", len(strikes), unit="strikes", rows=rows, note="strikes of a night told as one are one"
    )
    facts.add("responses.attacks", len(result.incidents), unit="incidents", incidents=result.incidents["incident_id"])
    facts.add("responses.undated", len(result.undated), unit="strikes", rows={"responses": result.undated})
    facts.add(
        "responses.first", strikes["date"].min() if len(strikes) else None, unit="date", rows={"responses": ids[:1]}
    )
    facts.add(
        "responses.last", strikes["date"].max() if len(strikes) else None, unit="date", rows={"responses": ids[-1:]}
    )
    for kind in ("retaliatory", "self_defence", "preemptive"):
        here = strikes[strikes["kind"] == kind]
        facts.add(f"responses.kind.{kind}", len(here), unit="strikes", rows={"responses": here["response_id"]})
    blank = strikes[strikes["kind"].fillna("").eq("")]
    facts.add("responses.kind.not_said", len(blank), unit="strikes", rows={"responses": blank["response_id"]})
    for code, label in (("IQ", "iraq"), ("SY", "syria"), ("JO", "jordan")):
        here = strikes[struck(strikes, code)]
        facts.add(f"responses.{label}.strikes", len(here), unit="strikes", rows={"responses": here["response_id"]})
        day, which = result.first.get(code, (None, ()))
        facts.add(f"responses.first_{label}", day, unit="date", rows={"responses": which},
                  note="" if day is not None else f"no strike in {COUNTRIES[code]} in this selection")  # fmt: skip
    sourced = strikes[strikes["n_sources"] >= 2]
    facts.add("responses.two_sources", len(sourced), unit="strikes", rows={"responses": sourced["response_id"]},
              note="strikes that at least two sources tell of")  # fmt: skip
    facts.add("responses.reach", REACH, unit="days")
    main_note = (
        f"attacks a day in the {REACH} days after strike days over the {REACH} before; the day itself left out; "
        "windows that overlap counted once for each strike day"
    )
    _study(facts, "responses.main", result.main, result, main_note)
    low, high = result.main.candidates or (None, None)
    facts.add("responses.main.candidates_low", low, unit="days", note="fewest placebo days matching a strike day")
    facts.add("responses.main.candidates_high", high, unit="days")
    facts.add("responses.main.caliper", result.main.caliper, unit="attacks",
              note="largest difference in attacks before between a strike day and its placebo days")  # fmt: skip
    facts.add("responses.main.shift_p", result.shift_p, unit="probability",
              note="two-sided, among all circular shifts of the strike days")  # fmt: skip
    for name, one in result.variants.items():
        _study(facts, f"responses.{name.lower()}", one, result, VARIANTS[name])
    tested = [one for one in result.variants.values() if one.p is not None]
    facts.add("responses.variants", len(tested), unit="variants")
    facts.add("responses.variants.shown", sum(shown(one) for one in tested), unit="variants",
              note="variants in which the change lies outside what placebo days show")  # fmt: skip
    _on_the_day(facts, result)


def _on_the_day(facts: Facts, result: ResponsesResult) -> None:
    """Add the rate on strike days themselves: strikes and attacks share days, in which order is seldom known."""
    table = result.profile[result.profile["lag"] == 0]
    row = table.iloc[0] if len(table) else pd.Series(dtype=float)
    for key, label in (("rate", "rate"), ("low", "low"), ("high", "high"), ("placebo", "placebo"),
                       ("placebo_low", "placebo_low"), ("placebo_high", "placebo_high")):  # fmt: skip
        facts.add(f"responses.same_day.{label}", row.get(key), unit="per day", note="attacks on strike days themselves")
    days = pd.to_datetime(list(result.main.days))
    here = result.incidents[result.incidents["date"].isin(days)]
    facts.add("responses.same_day.attacks", len(here), unit="incidents", incidents=here["incident_id"])
    quiet = [day for day in days if not (result.incidents["date"] == day).any()]
    facts.add("responses.same_day.without", len(quiet), unit="days", note="strike days without a coded attack")


def variants_table(result: ResponsesResult) -> pd.DataFrame:
    """Return one row a study, the main one first: strike days, rates, ratio with interval, placebo and p."""
    every = {"all strike days": result.main, **{VARIANTS[name]: one for name, one in result.variants.items()}}
    rows = {
        name: {
            "days": len(one.days), "episodes": one.episodes, "before": one.before, "after": one.after,
            "ratio": one.ratio, "low": one.low, "high": one.high, "placebo": one.placebo, "p": one.p,
        }
        for name, one in every.items()
    }  # fmt: skip
    return pd.DataFrame(rows).T.astype(float)
