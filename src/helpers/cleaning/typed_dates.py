"""Days as people type them, read only where they can be one day alone."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from itertools import product

from dateutil import parser

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?$")
_NUMBERS = re.compile(r"\d{1,2}\s*[-/. ]\s*\d{1,2}\s*[-/. ]\s*(?:\d{2}|\d{4})\.?$")
_DAY, _MONTH = r"\d{1,2}(?:st|nd|rd|th)?", r"[A-Za-z]{3,9}\.?"
_WORDS = re.compile(
    rf"(?:[A-Za-z]+\.?,?\s+)?(?:{_DAY}[\s.-]*(?:of\s+)?{_MONTH}|{_MONTH}[\s-]*{_DAY})[\s.,-]+(?:\d{{2}}|\d{{4}})$"
)
_FILL = (datetime(2001, 1, 1), datetime(2002, 2, 2))


def ascii_digits(text: str) -> str:
    """Return `text` with digits of other scripts as 0 to 9."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text)


def readings(text: str) -> set[date]:
    """Return every day that `text` could mean: one where it is clear, several where it is not, none where it is no day.

    >>> sorted(str(day) for day in readings("03/04/2024"))
    ['2024-03-04', '2024-04-03']
    >>> readings("20 Jan 2024") == readings("20/01/2024") == {date(2024, 1, 20)}
    True
    """
    typed = ascii_digits(text).strip()
    iso = _ISO.fullmatch(typed)
    if iso:
        try:
            return {date(*(int(part) for part in iso.groups()))}
        except ValueError:
            return set()
    numbers = _NUMBERS.fullmatch(typed) is not None
    if not numbers and not _WORDS.fullmatch(typed):
        return set()
    found = set()
    # A month's name leaves no doubt which number is the year: it comes last.
    for day_first, year_first in product((True, False), (True, False) if numbers else (False,)):
        days = set()
        for fill in _FILL:
            try:
                days.add(parser.parse(typed, default=fill, dayfirst=day_first, yearfirst=year_first).date())
            except (ValueError, OverflowError):
                continue
        if len(days) == 1:
            found |= days
    return found
