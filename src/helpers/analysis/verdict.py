"""A verdict, and the rules that turn bounds or the words of several origins into one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.analysis.evidence import Said
from helpers.analysis.totals import NEAR
from helpers.facts import printed
from helpers.parameters import Parameters

VERDICTS = ("supported", "contradicted", "mixed", "not testable")

#: Where origins give different numbers: the share that must agree for a claim to be supported; so few, contradicted.
AGREE, DISAGREE = 0.75, 0.25

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Verdict:
    """A verdict with what it rests on.

    `measured` is the best value (a number or an ISO day), `low` and `high` its bounds or interval, `reason` one
    sentence, `incidents` the ids that decide it, `rows` other rows as ``table:id``.
    """

    verdict: str
    reason: str
    measured: float | str | None = None
    low: float | str | None = None
    high: float | str | None = None
    incidents: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


WORDS = {
    "equals": "exactly",
    "approximately": "about",
    "at_least": "at least",
    "less_than": "less than",
    "more_than": "more than",
}


def judge(low: float, high: float, comparator: str, value: float) -> str:
    """Return the verdict when the truth lies from `low` to `high` (both included) and is claimed to compare to `value`.

    supported if all of the range fits, contradicted if none of it does, else mixed. Raises KeyError on a comparator
    that the codebook does not know.
    """
    limits = {
        "equals": (value, value),
        "approximately": (value * (1 - NEAR), value * (1 + NEAR)),
        "at_least": (value, math.inf),
        "less_than": (-math.inf, math.nextafter(value, -math.inf)),
        "more_than": (math.nextafter(value, math.inf), math.inf),
    }
    least, most = limits[comparator]
    if least <= low and high <= most:
        return "supported"
    return "contradicted" if high < least or low > most else "mixed"


def agree(said: Iterable[Said], comparator: str, value: float) -> tuple[str, int, int]:
    """Return the verdict of several origins, how many allow the claim, and how many there are.

    An origin allows a claim if its range does. At least three quarters, one of them without doubt, support it; at most
    one quarter contradict it.
    """
    verdicts = [judge(one.low, one.high, comparator, value) for one in said]
    allow = sum(verdict != "contradicted" for verdict in verdicts)
    share = allow / len(verdicts)
    if share >= AGREE and "supported" in verdicts:
        return "supported", allow, len(verdicts)
    return ("contradicted" if share <= DISAGREE else "mixed"), allow, len(verdicts)


def usual(said: list[Said]) -> float:
    """Return the value that most origins give, the greater of equals; of open ranges alone, the least."""
    exact = pd.Series([one.low for one in said if one.low == one.high])
    return float(exact.mode().iloc[-1]) if len(exact) else float(min(one.low for one in said))


def wanted(claim: Any) -> str:
    """Return what a claim about a whole number says: ``at least 78``."""
    return f"{WORDS[claim.comparator]} {int(float(claim.value)):,}"


def many(count: float, word: str, plural: str = "") -> str:
    """Return ``1 attack``, ``3 attacks``."""
    return f"{printed(int(count), 'count')} {word if count == 1 else plural or word + 's'}"


def day_text(day: pd.Timestamp) -> str:
    """Return a day as the brief prints it."""
    return printed(day.date().isoformat(), "date")


def span_text(claim: Any) -> str:
    """Return the days of a claim in words."""
    if claim.start == claim.end:
        return f"on {day_text(claim.start)}"
    return f"from {day_text(claim.start)} to {day_text(claim.end)}"


def missing_days(claim: Any, parameters: Parameters) -> str:
    """Return, in words, the days of a claim outside the coded window of `parameters`; blank if none."""
    first, last = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end)
    parts = []
    if claim.start < first:
        parts.append((claim.start, min(claim.end, first - DAY)))
    if claim.end > last:
        parts.append((max(claim.start, last + DAY), claim.end))
    return " and ".join(day_text(a) if a == b else f"{day_text(a)} to {day_text(b)}" for a, b in parts)
