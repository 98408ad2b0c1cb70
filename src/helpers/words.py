"""Words that text, figures and notebooks share: numbers, nouns, lists, days.

A whole number up to twelve is spelled out in running text; above, it stands in figures with thousands separators.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

SPELLED = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


def number(value: float, none: str = "no") -> str:
    """Return a whole number as running text prints it: in words up to twelve, `none` for zero.

    >>> number(0), number(3), number(1234)
    ('no', 'three', '1,234')
    """
    whole = int(value)
    if whole == 0:
        return none
    return SPELLED[whole] if 0 < whole < len(SPELLED) else f"{whole:,}"


def plural(noun: str) -> str:
    """Return the plural of an English `noun`: its last word is changed.

    >>> plural("US strike"), plural("country"), plural("day"), plural("press")
    ('US strikes', 'countries', 'days', 'presses')
    """
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def amount(value: float, noun: str) -> str:
    """Return a count with its noun: "no attacks", "one attack", "14 attacks"."""
    return f"{number(value)} {noun if value == 1 else plural(noun)}"


def times(value: float) -> str:
    """Return how often: "never", "once", "twice", "three times"."""
    whole = int(value)
    return {0: "never", 1: "once", 2: "twice"}.get(whole, f"{number(whole)} times")


def listing(words: Iterable[str], final: str = "and") -> str:
    """Return `words` as a list in a sentence: "a", "a and b", "a, b and c"."""
    items = list(words)
    return f" {final} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def capital(text: str) -> str:
    """Return `text` with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


def day_text(day: date | str, year: bool = True) -> str:
    """Return a day as the brief prints it: "24 November 2023", or without its year; `day` may be ISO text."""
    known = date.fromisoformat(str(day)[:10])
    return f"{known.day} {known:%B %Y}" if year else f"{known.day} {known:%B}"


def short_day(day: date, year: bool = False) -> str:
    """Return a day as an axis or a label prints it: "21 Nov", or with its year."""
    return f"{day.day} {day:%b %Y}" if year else f"{day.day} {day:%b}"


def signed(value: float) -> str:
    """Return a number that may be negative, with two decimals, a true minus sign and no minus before zero."""
    text = f"{value:.2f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")
