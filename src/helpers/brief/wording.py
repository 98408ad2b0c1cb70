"""Words around numbers for the template: singular and plural, numbers as words, lists, days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from helpers.facts import Fact

#: Numbers that running text spells out.
SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Phrase:
    """Parts that are printed one after the other: text, facts (each a link to its evidence), citations, phrases."""

    parts: tuple[Any, ...]

    def __bool__(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True)
class Printed:
    """A fact under other words than its own text."""

    fact: Fact
    text: str


def _irregular(singular: str) -> str:
    if singular.endswith(("s", "x", "ch", "sh")):
        return singular + "es"
    if singular.endswith("y") and singular[-2] not in "aeiou":
        return singular[:-1] + "ies"
    return singular + "s"


def number(fact: Fact, spell: bool = True, capital: bool = False) -> Printed:
    """Return the count `fact` as running text prints it: below ten in words, a capital at the start of a sentence."""
    text = fact.text
    if spell and isinstance(fact.value, int) and 0 <= fact.value < len(SPELLED):
        text = SPELLED[fact.value] if fact.value else "none"
    return Printed(fact, text[:1].upper() + text[1:] if capital else text)


def count(fact: Fact, singular: str, plural: str | None = None, capital: bool = False) -> Phrase:
    """Return the count `fact` with its noun: "no attacks", "one attack", "12 attacks".

    >>> count(Fact("a", 1, "incidents", "1"), "attack").parts[1]
    ' attack'
    """
    shown = number(fact, capital=capital)
    if fact.value == 0:
        shown = Printed(fact, "No" if capital else "no")
    noun = singular if fact.value == 1 else (plural or _irregular(singular))
    return Phrase((shown, f" {noun}"))


def amount(value: int, singular: str, plural: str | None = None, capital: bool = False) -> str:
    """Return a plain number that is no fact (a count of rows just printed) with its noun."""
    text = SPELLED[value] if 0 <= value < len(SPELLED) else f"{value:,}"
    noun = singular if value == 1 else (plural or _irregular(singular))
    return f"{text[:1].upper() + text[1:] if capital else text} {noun}"


def choose(fact: Fact | int, one: str, many: str) -> str:
    """Return `one` for exactly one, else `many`: ``choose(F["x"], "was", "were")``."""
    return one if (fact.value if isinstance(fact, Fact) else fact) == 1 else many


def listing(parts: Sequence[str | Fact | Printed | Phrase], final: str = "and") -> Phrase:
    """Return `parts` as a list in a sentence: "a", "a and b", "a, b and c"."""
    result: list[str | Fact | Printed | Phrase] = []
    for place, part in enumerate(parts):
        if place:
            result.append(f" {final} " if place == len(parts) - 1 else ", ")
        result.append(part)
    return Phrase(tuple(result))


def day(value: date | str | None, year: bool = True) -> str:
    """Return a date as the brief prints it: 24 November 2023; nothing for a blank."""
    if value is None or value != value or value == "":
        return ""
    known = date.fromisoformat(str(value)[:10])
    return f"{known.day} {known:%B %Y}" if year else f"{known.day} {known:%B}"


def joined(words: Iterable[str], final: str = "and") -> str:
    """Return `words` as a list in a sentence, as plain text."""
    items = list(words)
    return f" {final} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
