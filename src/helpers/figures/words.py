"""Words that titles and alt texts share: counts, lists, days, people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

_TIMES = {1: "once", 2: "twice"}
_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def number(count: int) -> str:
    """Return a whole number as prose prints it: in words up to twelve, then in figures."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"


def many(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: "one week", "14 weeks"."""
    return f"{number(count)} {one if count == 1 else several or f'{one}s'}"


def times(count: int) -> str:
    """Return how often: "once", "twice", "three times"."""
    return _TIMES.get(count, f"{number(count)} times")


def joined(parts: Sequence[str]) -> str:
    """Return a list as prose: "drones, rockets and mortars"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def capital(text: str) -> str:
    """Return `text` with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


def signed(value: float, digits: int = 2) -> str:
    """Return a number that may be negative, with a true minus sign and no minus before zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def short_day(day: date) -> str:
    """Return a day without its year: "21 Nov"."""
    return f"{day.day} {day:%b}"


def people(killed: Any, injured: Any) -> str:
    """Return who was hurt: "3 killed, 47 injured"; empty where neither number is known or both are zero."""
    parts = []
    for value, word in ((killed, "killed"), (injured, "injured")):
        if not pd.isna(value) and int(value) > 0:
            parts.append(f"{int(value)} {word}")
    return ", ".join(parts)
