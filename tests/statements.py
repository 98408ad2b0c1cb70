"""The kinds of sentence that a brief makes, each with what makes it true of a record.

A kind is a pattern over the words as rendered and a rule: wherever the words match, the rule must hold of the record
that `oracle` works out from the CSV files alone. Text, titles and alt texts of figures go through the same kinds. A
kind that never applies to any of the tried sets is a fault of this file (test_prose holds it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import oracle
from oracle import Record

SPELLED = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
WORDS = {word: n for n, word in enumerate(SPELLED)} | {"none": 0, "zero": 0}
NUMBER = rf"((?i:{'|'.join(sorted(WORDS, key=len, reverse=True))})|\d[\d,]*)(?![\d.,]*\d|%)"
VALUE = r"([−-]?\d[\d,]*(?:\.\d+)?|under 0\.001)"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAY = rf"(\d{{1,2}} (?:{'|'.join(MONTHS)})(?: \d{{4}})?)"
TO = rf"{VALUE} to {VALUE}"


def number(text: str) -> int:
    """Return a count as it is printed."""
    return WORDS[text.lower()] if text.lower() in WORDS else int(text.replace(",", ""))


def value(text: str) -> float:
    """Return a ratio or rate as it is printed."""
    return 0.0 if text.startswith("under") else float(text.replace("−", "-").replace(",", ""))


def day(text: str) -> date:
    """Return a day as it is printed; without a year, the day of the campaign."""
    parts = text.split()
    month = MONTHS.index(parts[1]) + 1
    return date(int(parts[2]) if len(parts) > 2 else 2023 if month >= 10 else 2024, month, int(parts[0]))


def near(text: str, expected: float) -> bool:
    """Return whether `text`, rounded as it is printed, stands for `expected`."""
    places = len(text.split(".")[1]) if "." in text else 0
    return abs(value(text) - expected) <= 0.5001 * 10**-places or abs(value(text) / (expected or 1) - 1) < 0.05


@dataclass(frozen=True)
class Said:
    """One place where the words match a kind: the match, its sentence and its paragraph, and all that was rendered."""

    match: re.Match[str]
    sentence: str
    paragraph: str
    text: str

    def __getitem__(self, place: int) -> str:
        return self.match[place] or ""


Rule = Callable[[Record, Said], bool]


@dataclass(frozen=True)
class Kind:
    """A kind of sentence: its name, how it is recognised, and what must hold."""

    name: str
    pattern: re.Pattern[str]
    rule: Rule
    #: Whether a place that matches is wrong whatever the record holds.
    never: bool = False


KINDS: list[Kind] = []


def kind(name: str, pattern: str) -> Callable[[Rule], Rule]:
    """Add the kind of sentences that `pattern` recognises; the function below it says what makes them true."""

    def add(rule: Rule) -> Rule:
        KINDS.append(Kind(name, re.compile(pattern), rule))
        return rule

    return add


def never(name: str, pattern: str) -> None:
    """Add words that are wrong under any parameters."""
    KINDS.append(Kind(name, re.compile(pattern), lambda record, said: False, never=True))


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph (or a row of a table as one)."""
    return re.split(r"(?<=[.?!][\s)”])(?=[A-Z“(])", paragraph)


def wrong(text: str, record: Record, applied: set[str] | None = None) -> list[str]:
    """Return each place of `text` that is not true of `record`; `applied` gathers the kinds that were met."""
    faults = []
    for paragraph in text.splitlines():
        for sentence in sentences(paragraph):
            for one in KINDS:
                for match in one.pattern.finditer(sentence):
                    if applied is not None:
                        applied.add(one.name)
                    if not one.rule(record, Said(match, sentence, paragraph, text)):
                        faults.append(f"{one.name}: {match[0]!r} in {sentence[:260]!r}")
    return faults


# -- kinds that hang on no section -----------------------------------------------------------------------------------


@kind(
    "a part is no more than its whole",
    rf"{NUMBER} of (?:the |these |those |its |all |about )*{NUMBER}\b(?! \w+ber 2023)",
)
def _part(record: Record, said: Said) -> bool:
    return number(said[1]) <= number(said[2])


@kind("a share is no more than all", r"(\d+(?:\.\d+)?)%")
def _share(record: Record, said: Said) -> bool:
    return float(said[1]) <= 100


@kind(
    "a total was told for that day",
    rf"(?:stood at|total (?:of|was|stood at)|totals? (?:came|rose) to) {NUMBER} (?:on|by) {DAY}",
)
def _total(record: Record, said: Said) -> bool:
    return oracle.any_total(day(said[2]), number(said[1]))


@kind("a number expected is at least one", rf"where (?:about |some )?{VALUE} (?:would|were|was|attacks?)")
def _expected(record: Record, said: Said) -> bool:
    return value(said[1]) >= 1


@kind("a span of days has its length", rf"{NUMBER} days \((\d+) to {DAY}\)")
def _span(record: Record, said: Said) -> bool:
    last = day(said[3])
    return number(said[1]) == last.day - int(said[2]) + 1


@kind("an interval holds its estimate", rf"{VALUE} \((?:95% interval )?{TO}\)")
def _holds(record: Record, said: Said) -> bool:
    low, estimate, high = value(said[2]), value(said[1]), value(said[3])
    return low <= estimate <= high or low > high  # two other numbers in parentheses


@kind("a rate that fell is lower", rf"{VALUE} (?:attacks )?a day,? (?:against|compared with|from|where|and) {VALUE}")
def _lower(record: Record, said: Said) -> bool:
    now, then = value(said[1]), value(said[2])
    if re.search(r"\b(rarer|fewer|fell|lower|less often)\b", said.sentence):
        return now <= then or "not shown" in said.sentence
    return now >= then if re.search(r"\b(rose|more often|higher|commoner)\b", said.sentence) else True


@kind("an interval goes with the words", rf"\bratio (?:of )?{VALUE}[,;]? \(?(?:95% interval )?{TO}")
def _words(record: Record, said: Said) -> bool:
    low, high = value(said[2]), value(said[3])
    if re.search(r"not shown|cannot|does not (exclude|settle|leave out)", said.sentence):
        return low <= 1 <= high
    if re.search(r"\b(rarer|fewer|fell|lower)\b", said.sentence):
        return high < 1
    return not re.search(r"\b(rose|commoner|more often)\b", said.sentence) or low > 1


@kind("what went on goes on to the end", r"did not end|went on to the end|went on until the end")
def _went_on(record: Record, said: Said) -> bool:
    return bool(len(record)) and record.frame["day"].max() >= record.days[-1] - timedelta(days=7)


@kind(
    "what was said of all is not put to one country",
    r"[Aa]ttacks on US and coalition forces in ([A-Z]\w+(?:,? (?:and )?[A-Z]\w+)*) were said",
)
def _said_of_all(record: Record, said: Said) -> bool:
    return all(name in said[1] for name in ("Iraq", "Syria"))


@kind(
    "several have what is theirs",
    r"\b[Oo]ne (?:attack|missile|strike|report|total)\b[^.,;:()]*\b(?:their|they|them|both|all of them|each of them)\b",
)
def _theirs(record: Record, said: Said) -> bool:
    return bool(re.search(r"officials|sources|groups|reports|forces", said[0]))


@kind(
    "what follows has something before it",
    r"^(?:- )?(?:Nor|Neither|The same|So do|So does|These|Those|Both|Of these|They|It|That|Its|Their)\b",
)
def _follows(record: Record, said: Said) -> bool:
    return not said.paragraph.startswith(said.sentence)


@kind(
    "no test without ten stretches beside each other", r"moving blocks|stretch(?:es)? of (?:that|its|the same) length"
)
def _ten(record: Record, said: Said) -> bool:
    about_method = "Künsch" in said.paragraph or "method" in said.paragraph.lower() or "where" in said.sentence.lower()
    return about_method or record.disjoint("pause", "to_stop") >= 10


never("chance proves nothing", r"no more (?:of a change )?than chance|chance would give|by chance alone")
never("none is named", r"(?<![\w’])(?:nan|NaT|NaN|undefined|inf|null)\b|(?<=[a-z,(=] )(?:None|True|False)\b")
never("what is left of the template", r"\{\{|\}\}|\{%|%\}|<#|#>|[\ue000-\uf8ff]")
never("nothing in parentheses", r"\(\s*\)|\[\s*\]|\(,|\( ")
never("stops and commas", r", ,|,\.|;\.|\.\.(?!\.)|:\.|: \.|\s,|\s\.(?!\d)|\s;|;\s*;|\?\.|,,")
never("two spaces", r"\S  +\S")
never("a word twice", r"\b(?!that\b|had\b)([a-z]+) \1\b")
NOUNS = (
    "attacks|days|strikes|statements|sources|reports|totals|changes|weeks|incidents|members|readings|people|countries|"
    "bases|places|months|missiles|drones|rockets|choices|counters|claims|languages|intervals|stretches"
)
ONE = "attack|day|strike|statement|source|report|total|change|week|incident|member|reading|country|base|place|month"
MANY = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
never("one has no plural", rf"(?<![.,\d–-])(?<!than )(?<!of )\b(?:[Oo]ne|1) (?:{NOUNS})\b(?!’)")
never("several have one", rf"(?<![.,\d])\b(?:{MANY}|\d\d+) (?:{ONE})\b(?![-’a-z]| (?:of|window|total|record|count))")
never("article", r"\b[Aa] (?:one\b|[aeio]\w+ attack)|\b[Aa]n (?:one|US|two|three)\b")
never("one are", rf"\b[Oo]ne (?:are|were|have|rest|contradict)\b|\b(?:{MANY}) (?:is|was|has)\b")
never("a list of nothing", r"(?:most often on|by country:|namely|these are:?) ?[.;]|\band\s*[.,;]|^- *$")


# -- what must be said -----------------------------------------------------------------------------------------------


def unsaid(text: str, record: Record) -> list[str]:
    """Return what a reader must be told under any parameters and is not."""
    if not len(record):
        return [] if re.search(r"No attack is (?:on record|recorded)", text) else ["no attack, and it is not said"]
    return []
