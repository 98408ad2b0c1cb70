"""Days on which an attack may have been, under several rules of dating."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.vocabulary import countries

#: Hours of the day (from, to, in hours after midnight) that a word for the time allows; any other word allows all.
HOURS = {"dawn": (3, 7), "morning": (6, 12), "afternoon": (12, 18), "evening": (17, 24)}

WASHINGTON = "America/New_York"

#: Hour at which the ceasefire of 24 November began and ended, local time.
TRUCE_HOUR = 7

#: Rules of dating, see `possible_days`.
RULES = ("local", "bounds", "reports", "washington", "truce")


@cache
def _hours_behind(day: date, country: str) -> int:
    noon = datetime(day.year, day.month, day.day, 12)
    offsets = [noon.replace(tzinfo=ZoneInfo(zone)).utcoffset() for zone in (countries()[country].zone, WASHINGTON)]
    here, there = (offset or timedelta() for offset in offsets)
    return int((here - there).total_seconds() // 3600)


def _hours(time_local: object) -> tuple[float, float]:
    """Return the first and last hour that `time_local` allows (equal for a clock time)."""
    if isinstance(time_local, str) and ":" in time_local:
        hour, minute = time_local.split(":")[:2]
        return int(hour) + int(minute) / 60, int(hour) + int(minute) / 60
    low, high = HOURS.get(str(time_local), (0, 24))
    return float(low), high - 1 / 60


def possible_days(incidents: pd.DataFrame, rule: str, reports: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the earliest, best and latest day of each incident under a `rule` of dating, as three columns.

    ``local``: the best day alone. ``bounds``: the first and last day that the reports behind its date allow.
    ``reports``: the first and last day that any of its `reports` gives. ``washington``: the day it was in Washington.
    ``truce``: days that run from 07:00 to 07:00, as the ceasefire did. An attack before that hour belongs to the day
    before; where the hour is not known both days are possible, and the local one counts as best.
    """
    day = incidents["date"]
    if rule == "bounds":
        return pd.DataFrame({"early": incidents["date_earliest"], "best": day, "late": incidents["date_latest"]})
    if rule == "reports" and reports is not None:
        told = reports.dropna(subset=["incident_id"]).groupby("incident_id")["date"].agg(["min", "max"])
        early, late = (incidents["incident_id"].map(told[end]).fillna(day) for end in ("min", "max"))
        return pd.DataFrame({"early": early.where(early < day, day), "best": day, "late": late.where(late > day, day)})
    if rule == "local" or not len(incidents):
        return pd.DataFrame({"early": day, "best": day, "late": day})
    hours = [_hours(time) for time in incidents["time_local"]]
    shift = (
        [TRUCE_HOUR] * len(incidents)
        if rule == "truce"
        else [_hours_behind(d.date(), c) for d, c in zip(day, incidents["country"], strict=True)]
    )
    first = pd.to_timedelta([-int(low < s) for (low, _), s in zip(hours, shift, strict=True)], unit="D")
    last = pd.to_timedelta([-int(high < s) for (_, high), s in zip(hours, shift, strict=True)], unit="D")
    return pd.DataFrame({"early": day + first, "best": day + last, "late": day + last})
