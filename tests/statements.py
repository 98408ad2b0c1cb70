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
from typing import Any

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


@kind(
    "a number expected is at least one", rf"(?:where|;(?= about)) (?:about |some )?{VALUE} (?:would|were|was|attacks?)"
)
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
    return bool(re.search(r"officials|sources|groups|reports|forces|both$", said[0]))


@kind(
    "what follows has something before it",
    r"^(?:- )?(?:Nor|Neither|The same|So do|So does|These|Those|Both|Of these|They|It|That|Its|Their)\b",
)
def _follows(record: Record, said: Said) -> bool:
    conjunction = re.match(r"(?:- )?(?:That .* (?:is|are) not|Neither .* nor )", said.sentence)
    return bool(conjunction) or not said.paragraph.startswith(said.sentence)


@kind(
    "no test without ten stretches beside each other",
    r"moving blocks|(?:every|other)[^.]* of (?:that|its|the same) length",
)
def _ten(record: Record, said: Said) -> bool:
    return "where ten" in said.sentence or max(record.disjoint("pause", name) for name in ("to_stop", "before")) >= 10


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
never(
    "several have one", rf"(?<![.,\d])\b(?:(?i:{MANY})|\d\d+) (?:{ONE})\b(?![-’a-z]| (?:of|window|total|record|count))"
)
never("article", r"\b[Aa] (?:one\b(?!-)|[aeio]\w+ attack)|\b[Aa]n (?:one|US|two|three)\b")
never("one are", rf"\b[Oo]ne (?:are|were|have|rest|contradict)\b|\b(?:{MANY}) (?:is|was|has)\b")
never("a list of nothing", r"(?:most often on|by country:|namely|these are:?) ?[.;]|\band\s*[.,;]|^- *$")


# -- the pause and the second stop -------------------------------------------------------------------------------------

ON_RECORD = rf"{NUMBER} (?:attacks? )?(?:is|are) on record in (?:the )?{NUMBER} days?"


def rates(record: Record, name: str) -> tuple[oracle.Counted, list[oracle.Counted]]:
    """Return attacks and days of a stretch, and of each set of days that it may be compared with."""
    return record.count(name), [record.count(other) for other in ("to_stop", "before")]


def stretches(record: Record) -> list[oracle.Counted]:
    """Return attacks and days of the pause, of the pause with a day more, and of the days since the second stop."""
    longer = Record(record.s | {"pause_end": (record.p1 + timedelta(days=1)).isoformat()})
    longer.frame = record.frame
    return [record.count("pause"), longer.count("pause"), record.count("since_stop")]


@kind("attacks on record in a stretch of days", rf"{ON_RECORD}|{NUMBER} in the {NUMBER} days? from {DAY} on")
def _on_record(record: Record, said: Said) -> bool:
    found = [group for group in said.match.groups() if group]
    return (number(found[0]), number(found[1])) in stretches(record)


@kind("what would be expected", rf"{ON_RECORD},? where (?:about )?{VALUE} (?:would|was|were)")
def _would(record: Record, said: Said) -> bool:
    days = number(said[2])
    others = (record.count("to_stop"), record.count("before"))
    return any(other[1] and near(said[3], other[0] / other[1] * days) for other in others)


@kind(
    "attacks missing for no fall",
    rf"[Ff]or there to (?:be|have been) no fall, (?:[a-z ]*missed )?{NUMBER} (?:attacks? )?(?:would have|in those)",
)
def _missing(record: Record, said: Said) -> bool:
    (attacks, days), others = record.count("pause"), (record.count("to_stop"), record.count("before"))
    return any(other[1] and number(said[1]) == max(0, round(other[0] / other[1] * days) - attacks) for other in others)


def falls(record: Record, name: str, frame: Any = None) -> bool | None:
    """Return whether attacks were rarer in a stretch, by intervals of the oracle's own; None where it is near.

    Officials confirmed fewer single attacks later, so a brief of those alone sets the pause against the days before it.
    """
    compared = "before" if name == "pause" and record.s["confirmed_by"] == "us_official" else "to_stop"
    here, there = record.count(name, frame), record.count(compared, frame)
    if not here[1] or not there[0]:
        return False
    high = oracle.exact_interval(here, there)[1]
    blocks = record.blocks(name, compared, frame) if record.disjoint(name, compared) >= 10 else None
    edges = [high, blocks[1]] if blocks else [high]
    return True if max(edges) < 0.85 else False if min(edges) > 1.2 else None


@kind("attacks were rarer in the pause", r"(?:all but stopped|were rarer) in (?:the Gaza ceasefire|the pause)(.{0,30})")
def _rarer(record: Record, said: Said) -> bool:
    if re.match(r"^(?:That|Whether|.*Neither)", said.sentence) or "not shown" in said[1]:
        return falls(record, "pause") is not True or "cannot be judged" in said.sentence
    during, (compared, before) = rates(record, "pause")
    stopped = (
        "all but stopped" not in said[0]
        or during[0] * 5 <= max(one[0] / one[1] for one in (compared, before) if one[1]) * during[1]
    )
    return stopped and falls(record, "pause") is not False


@kind(
    "attacks were rarer since the second stop",
    rf"From {DAY} attacks were rarer|[Aa]ttacks on record became rarer|They became rarer",
)
def _since(record: Record, said: Said) -> bool:
    return falls(record, "since_stop") is not False


@kind(
    "a fall is not shown",
    r"fall of attacks in (?:the Gaza ceasefire|the pause) is not shown|became rarer(?: from [^.]*)? is not shown",
)
def _no_fall(record: Record, said: Said) -> bool:
    return falls(record, "pause" if "fall of" in said[0] else "since_stop") is not True


ROW = (
    r"^\| (Attacks on record|On record in Syria|On record in Iraq|Confirmed by a US official)"
    rf" \| {NUMBER} \| {NUMBER} \|"
)


@kind("a row of the pause and of the stop", ROW)
def _row(record: Record, said: Said) -> bool:
    by = {
        "On record in Syria": ("SY", ""),
        "On record in Iraq": ("IQ", ""),
        "Confirmed by a US official": ("", "us_official"),
    }
    country, grade = by.get(said[1], ("", ""))
    part = Record(record.s)
    part.frame = part.only(country, grade)
    return (number(said[2]), number(said[3])) in stretches(part)


@kind(
    "a finding is that of its interval",
    rf"^\| [^|]+ \| [^|]+ \| [^|]+ \| [^|]+ \| {VALUE} \(([^)]*)\) \|(?: [^|]+ \|)? (shown|not shown) \|",
)
def _row_finding(record: Record, said: Said) -> bool:
    ends = [value(end) for end in re.findall(VALUE, said[2])]
    high = ends[-1] if len(ends) == 2 or said[2].startswith("up to") else float("inf")
    return (said[3] == "shown") == (high < 1)


@kind(
    "attacks after officials’ last",
    rf"counted none after {DAY}; {NUMBER} of the {NUMBER} came after that day, {NUMBER} on media alone",
)
def _later(record: Record, said: Said) -> bool:
    later = record.frame[record.frame["day"] > day(said[1])]
    since, alone = record.count("since_stop")[0], int((later["confirmation"] == "media_only").sum())
    return [number(said[place]) for place in (2, 3, 4)] == [len(later), since, alone]


@kind("officials counted no more", r"is disputed")
def _disputed(record: Record, said: Said) -> bool:
    last = oracle.events()["none_since"]
    later = record.frame[record.frame["day"] > last]
    return record.stop <= last <= record.end and len(later) > 0


@kind("none of them in Iraq", r"none of them is in Iraq|All on record since then are in Syria")
def _none_in_iraq(record: Record, said: Said) -> bool:
    return record.count("since_stop", record.only("IQ"))[0] == 0


# -- the record, weapons, harm, strikes -----------------------------------------------------------------------------


@kind(
    "attacks on record",
    rf"^{NUMBER} attacks? on record; US officials confirm {NUMBER}|record holds {NUMBER} attacks? in|"
    rf"US official confirms {NUMBER} of {NUMBER} attacks?",
)
def _size(record: Record, said: Said) -> bool:
    n, confirmed = len(record), len(record.only(confirmation="us_official"))
    one, two, three, four, five = (said[place] for place in range(1, 6))
    told = [(one, n), (two, confirmed), (three, n), (four, confirmed), (five, n)]
    return all(number(text) == expected for text, expected in told if text)


@kind(
    "missiles of a stated kind",
    rf"{NUMBER} attacks? with (?:missiles of a stated kind|[\w-]* ?ballistic missiles)|"
    rf"missiles (once|twice|\w+ times), first on {DAY}|^{NUMBER} with (?:missiles of a stated|[\w-]* ?ballistic)",
)
def _missiles(record: Record, said: Said) -> bool:
    missiles = record.missiles()
    for text in (said[1], said[4]):
        if text and number(text) != len(missiles):
            return False
    return not said[3] or day(said[3]) == missiles["day"].min()


@kind("none with missiles", r"[Nn]o missile of a stated kind is on record")
def _no_missiles(record: Record, said: Said) -> bool:
    return not len(record.missiles())


MEANINGS = {
    "Of a stated": "stated",
    "And those of no stated": "no kind",
    "And all that any source calls so": "any source",
}


@kind(
    "missiles before and after the pause",
    rf"^\| ({'|'.join(MEANINGS)})(?: kind)? \| {NUMBER} of {NUMBER} \| {NUMBER} of {NUMBER} \| ([^|]+) \|",
)
def _around(record: Record, said: Said) -> bool:
    before, after = record.missiles_around_the_pause(MEANINGS[said[1]])
    counts = [number(said[place]) for place in range(2, 6)]
    return counts == [*before, *after] and said[6] == ("shown" if oracle.grew(before, after) else "not shown")


@kind("too few to set missiles side by side", r"Missiles before and after the pause cannot be compared")
def _apart(record: Record, said: Said) -> bool:
    return min(of for _, of in record.missiles_around_the_pause("stated")) < 20


@kind(
    "missiles grew commoner in the widest count alone",
    r"any one source says was made with missiles, they did|in the widest count missiles grew commoner",
)
def _widest(record: Record, said: Said) -> bool:
    found = [oracle.grew(*record.missiles_around_the_pause(meaning)) for meaning in MEANINGS.values()]
    return found == [False, False, True]


@kind(
    "the killed", rf"^{NUMBER} (?:US or coalition members?|members? of US or coalition personnel) (?:was|were) killed"
)
def _killed(record: Record, said: Said) -> bool:
    return number(said[1]) == record.toll()["killed"]


@kind("the gravest attack", rf"(?:gravest attack was at|killed(?:, \w+ of them)?,? in the attack on) (.+?) on {DAY}")
def _gravest(record: Record, said: Said) -> bool:
    frame = record.frame.assign(killed=record.frame["us_killed"].fillna(0))
    worst = frame[frame["killed"] == frame["killed"].max()]
    return bool(((worst["site_name"] == said[1]) & (worst["day"] == day(said[2]))).any())


@kind(
    "officials’ total of injured",
    rf"(?:[Oo]fficials|US officials) counted {NUMBER} injured by {DAY}|injured, by officials’ count to {DAY}|"
    rf"Officials’ own total stands at {NUMBER} on {DAY}",
)
def _official_injured(record: Record, said: Said) -> bool:
    when = said[2] or said[3] or said[5]
    told = said[1] or said[4]
    known = {total for one, total in oracle.official_totals("us_injured") if one == day(when)}
    return bool(known) and (not told or number(told) in known) and set(record.s["countries"]) == {"IQ", "SY", "JO"}


@kind(
    "the injured on record",
    rf"(?:account for|single attacks name) {NUMBER}(?: injured)?\.|name {NUMBER} (?:person|people) as injured",
)
def _injured(record: Record, said: Said) -> bool:
    return number(said[1] or said[2]) == record.toll()["injured"]


@kind(
    "no range of the injured leaves officials out",
    rf"injured would be {NUMBER}; the highest number on record.*? is {NUMBER}",
)
def _range(record: Record, said: Said) -> bool:
    everywhere = set(record.s["countries"]) == {"IQ", "SY", "JO"} and record.start <= oracle.CODED[0]
    least, most, own = number(said[1]), number(said[2]), record.toll()["injured"]
    return least <= own <= most and (not everywhere or most >= oracle.official_injured(record.end))


@kind("US strikes", rf"{NUMBER} US strikes? (?:is|are) reported, {NUMBER} of them by two or more")
def _strikes(record: Record, said: Said) -> bool:
    mine = record.strikes()
    return (number(said[1]), number(said[2])) == (len(mine), int((mine["n_independent"] >= 2).sum()))


@kind("no US strike", r"No US strike is reported in these days and countries")
def _no_strike(record: Record, said: Said) -> bool:
    return not len(record.strikes())


@kind("attacks by confirmation", rf"^\| (A US official|A local official|Media only|The claimant alone) \| {NUMBER} \|$")
def _grade(record: Record, said: Said) -> bool:
    grades = {"A US official": "us_official", "A local official": "local_official", "Media only": "media_only"}
    return number(said[2]) == len(record.only(confirmation=grades.get(said[1], "claim_only")))


@kind(
    "attacks of a month", rf"^\| (?P<month>{'|'.join(MONTHS)}) (?P<year>\d{{4}}) \| {NUMBER} \|(?= [^|]+ \| [^|]+ \|)"
)
def _month(record: Record, said: Said) -> bool:
    if "%" in said.sentence:  # a table of shares of those with a named weapon
        return True
    month, year = MONTHS.index(said.match["month"]) + 1, int(said.match["year"])
    return number(said[3]) == sum((one.year, one.month) == (year, month) for one in record.frame["day"])


@kind("attacks by country", rf"{NUMBER} in (Iraq|Syria|Jordan)(?=,| and |\.)")
def _country(record: Record, said: Said) -> bool:
    if "by country" not in said.sentence:
        return True
    code = {name: code for code, name in oracle.COUNTRIES.items()}[said[2]]
    return number(said[1]) == len(record.only(code))


# -- what must be said -----------------------------------------------------------------------------------------------


def unsaid(text: str, record: Record) -> list[str]:
    """Return what a reader must be told under any parameters and is not."""
    if not len(record):
        return [] if re.search(r"No attack is (?:on record|recorded)", text) else ["no attack, and it is not said"]
    return []
