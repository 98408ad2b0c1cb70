"""Works out from data/clean alone what the brief's sentences state. It imports nothing from helpers."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
CLEAN = ROOT / "data" / "clean"
#: The days that were coded (codebook, its first lines); on others nothing is known, which is not the same as quiet.
CODED = (date(2023, 10, 17), date(2024, 2, 29))
GRADES = ["us_official", "local_official", "media_only", "claim_only"]
WEAKEST = {"us_official": 1, "local_official": 2, "media": 3, "anyone": 4}
COUNTRIES = {"IQ": "Iraq", "SY": "Syria", "JO": "Jordan"}
SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = {word: n for n, word in enumerate(SPELLED)} | {"none": 0}
NUMBER = r"(?:[Nn]o|[Nn]one|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[\d,]*\d)"
VALUE = r"([−-]?[\d,]*\.?\d+|under 0\.001)"
DAY = r"(\d{1,2} [A-Z][a-z]+ \d{4})"
CI = rf"95% interval(?: {VALUE} to {VALUE}| from {VALUE}, not bounded above|: up to {VALUE}| not bounded)"


@cache
def table(name: str) -> pd.DataFrame:
    return pd.read_csv(CLEAN / f"{name}.csv", keep_default_na=False, na_values={"": ""})


@cache
def rungs() -> dict[str, int]:
    frame = pd.read_csv(ROOT / "data/reference/weapons.csv")
    return {row.code: int(row.rung) for row in frame.itertuples() if not pd.isna(row.rung)}


def number(text: str) -> int:
    return WORDS[text.lower()] if text.lower() in WORDS else int(text.replace(",", ""))


def value(text: str) -> float:
    return 0.0 if text.startswith("under") else float(text.replace("−", "-").replace(",", ""))


def day(text: str) -> date:
    return pd.Timestamp(text).date()


def near(text: str, expected: float) -> bool:
    """Whether `text`, rounded as it is printed, stands for `expected`."""
    if text.startswith("under"):
        return expected < 0.001
    places = len(text.split(".")[1]) if "." in text else 0
    return abs(value(text) - expected) <= 0.5001 * 10**-places


class Record:
    """The incidents that a set of parameters counts, straight from the CSV."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.s = settings
        self.start, self.end = day(settings["window_start"]), day(settings["window_end"])
        self.p0, self.p1 = day(settings["pause_start"]), day(settings["pause_end"])
        self.stop = day(settings["stop_start"])
        frame = table("incidents").copy()
        frame["day"] = pd.to_datetime(frame["date"]).dt.date
        kept = GRADES[: WEAKEST[settings["confirmed_by"]]]
        frame = frame[
            (frame["day"] >= self.start)
            & (frame["day"] <= self.end)
            & frame["country"].isin(settings["countries"])
            & frame["confirmation"].isin(kept)
        ]
        self.frame = frame.sort_values(["day", "incident_id"])
        first, last = max(self.start, CODED[0]), min(self.end, CODED[1])
        self.days = [first + timedelta(n) for n in range((last - first).days + 1)]

    def count(self, inside: Any) -> tuple[int, int]:
        """Attacks on, and number of, the days that `inside` picks."""
        picked = {d for d in self.days if inside(d)}
        return int(self.frame["day"].isin(picked).sum()), len(picked)

    @property
    def during(self) -> tuple[int, int]:
        return self.count(lambda d: self.p0 <= d < self.p1)

    @property
    def outside(self) -> tuple[int, int]:
        return self.count(lambda d: not self.p0 <= d < self.p1)

    def rung(self) -> pd.Series:
        return self.frame["top_weapon"].map(rungs())

    def with_weapon(self, code: str) -> pd.DataFrame:
        return self.frame[[code in str(cell).split(";") for cell in self.frame["weapons"]]]

    def missiles(self) -> pd.DataFrame:
        return self.frame[self.rung() >= rungs()["close_range_ballistic_missile"]]


def ratio(a: tuple[int, int], b: tuple[int, int]) -> float | None:
    return (a[0] / a[1]) / (b[0] / b[1]) if a[1] and b[1] and b[0] else None


def exact_interval(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float]:
    """The Clopper-Pearson interval of the share of `a`, turned into a ratio of rates."""
    x, n = a[0], a[0] + b[0]
    low = stats.beta.ppf(0.025, x, n - x + 1) if x else 0.0
    high = stats.beta.ppf(0.975, x + 1, n - x) if x < n else 1.0
    scale = b[1] / a[1]
    return low / (1 - low) * scale, (high / (1 - high) if high < 1 else np.inf) * scale


def bounds(text: str) -> tuple[float | None, float | None]:
    """The ends of the first interval in `text`."""
    found = re.search(CI, text)
    if not found or not any(found.groups()):
        return None, None
    low, high, least, most = found.groups()
    if least:
        return value(least), None
    return (None, value(most)) if most else (value(low), value(high))


def check(text: str, settings: dict[str, Any]) -> list[str]:
    """Return what `text`, the words of a brief made with `settings`, states wrongly; nothing if all is right."""
    record = Record(settings)
    faults: list[str] = []

    def expect(name: str, condition: bool, said: str) -> None:
        if not condition:
            faults.append(f"{name}: {said[:200]!r}")

    def sentence(pattern: str) -> re.Match[str] | None:
        return re.search(pattern, text)

    n = len(record.frame)
    if n == 0:
        expect("none", "No attack is recorded in this selection" in text, text[:600])
        return faults
    found = sentence(rf"It holds ({NUMBER}) attacks?; (?:(no) US official confirms it|a US official confirms (\w+))")
    assert found, "the record's size is not stated"
    expect("size", number(found[1]) == n, found[0])
    word = found[2] or found[3]
    told = {"no": 0, "it": 1, "each": n}
    expect(
        "confirmed",
        (told[word] if word in told else number(word)) == int((record.frame["confirmation"] == "us_official").sum()),
        found[0],
    )
    _climb(record, text, expect, sentence)
    _missiles(record, text, expect, sentence)
    _pause(record, text, expect, sentence)
    _stop(record, text, expect, sentence)
    _strikes(record, text, expect, sentence)
    _harm(record, text, expect, sentence)
    _places(record, text, expect, sentence)
    _weapons(record, text, expect)
    return faults


def _climb(record: Record, text: str, expect: Any, sentence: Any) -> None:
    rung = record.rung().dropna()
    days = pd.to_datetime(record.frame.loc[rung.index, "day"]).astype("int64")
    tau = stats.kendalltau(days, rung).statistic if len(rung) > 1 else np.nan
    part = re.search(r"The climb\. (.*?)\n", text)
    assert part, "nothing is said of the climb"
    said = re.search(rf"rank correlation(?: of weapon and date is)? {VALUE}", part[1])
    if np.isnan(tau):
        expect("tau", said is None and "cannot be judged" in part[1], part[1])
        return
    assert said, part[1]
    expect("tau", near(said[1], tau), f"{part[1]} (tau {tau:.3f})")
    low, high = bounds(part[1])
    if "shows a climb" in part[1]:
        expect("climb", tau > 0 and low is not None and low >= 0, part[1])
    elif "opposite of a climb" in part[1]:
        expect("descent", tau < 0 and high is not None and high <= 0, part[1])
    else:
        expect("no climb", "not shown" in part[1], part[1])
        # An interval that leaves out zero may still go with a test that shows nothing, but not the other way round.


def _missiles(record: Record, text: str, expect: Any, sentence: Any) -> None:
    missiles = record.missiles()
    k = len(missiles)
    if k == 0:
        expect("missiles", "No ballistic or cruise missile is recorded in this selection" in text, "no missile")
        expect("missiles", not re.search("carries a ballistic|were made with a ballistic", text), "no missile")
        return
    first = missiles["day"].min()
    found = sentence(
        rf"({NUMBER}) attacks? with (?:a )?ballistic or cruise missiles? (?:is|are) recorded, "
        rf"(?:the first )?on {DAY}(.*)"
    )
    assert found, "missiles are not stated"
    expect("missiles", number(found[1]) == k and day(found[2]) == first, f"{found[0]} ({k}, {first})")
    if k > 1 and "before the pause" in found[3]:
        expect("missiles", first < record.p0, found[0])
    if k > 1 and "after the pause had begun" in found[3]:
        expect("missiles", first >= record.p0, found[0])
    late = sentence(
        r"(They|It) (came later|did not come later) in the order of attacks.*?p (?:= )?(less than )?([\d.]+)"
    )
    if late:
        expect("late", (late[2] == "came later") == (bool(late[3]) or float(late[4]) < 0.05), late[0])


def _pause(record: Record, text: str, expect: Any, sentence: Any) -> None:
    during, outside = record.during, record.outside
    part = re.search(r"The pause\. (.*?)\n", text)
    assert part, "nothing is said of the pause"
    if not during[1]:
        expect("pause", "No day of the pause lies in this window" in part[1], part[1])
        return
    expected = ratio(during, outside)
    stated = re.search(
        rf"({NUMBER}) attacks? in ({NUMBER}) days?, where {VALUE} would be expected.*?\(rate ratio {VALUE}", part[1]
    )
    if expected is None or "too few, or without an attack, to compare" in part[1]:
        few = not outside[0] or outside[1] < 2 * during[1]
        expect("pause", stated is None and few, f"{part[1]} {during} {outside}")
        return
    assert stated, part[1]
    expect("pause", (number(stated[1]), number(stated[2])) == during, f"{part[1]} {during}")
    expect("pause", _two(stated[3], outside[0] / outside[1] * during[1]), part[1])
    expect("pause", _two(stated[4], expected), f"{part[1]} {expected}")
    _, high = bounds(part[1][stated.start() :])
    if "Attacks were rarer in the pause" in part[1]:
        expect("rarer", expected < 1 and high is not None and high <= 1, part[1])
    elif "a fall is not shown" in part[1]:
        expect("no fall", expected < 1 and (high is None or high >= 1), part[1])
    else:
        expect("not rarer", expected >= 1 and "not rarer" in part[1], part[1])
    exact = sentence(rf"takes attacks as independent, gives {VALUE} \({CI}\)")
    if exact:
        low, high = bounds(exact[0])
        a, b = exact_interval(during, outside)
        expect("exact", _two(exact[1], expected), exact[0])
        expect("exact", low is None or abs(low - a) <= 0.06 * a + 0.001, f"{exact[0]} {a}")
        expect(
            "exact",
            (high is None and b == np.inf) or (high is not None and abs(high - b) <= 0.06 * b),
            f"{exact[0]} {b}",
        )
    before = record.count(lambda d: d < record.p0)
    rate = sentence(rf"Before it there were {VALUE} a day")
    if rate:
        expect("before", _two(rate[1], before[0] / before[1]), f"{rate[0]} {before}")
    after = sentence(rf"after it (?:and up to the second stop )?{VALUE} \(95%")
    if after:
        resumed = record.count(lambda d: d >= record.p1 and d < max(record.stop, record.p1))
        expect("after", _two(after[1], resumed[0] / resumed[1]), f"{after[0]} {resumed}")
    placebo = sentence(
        rf"Of ({NUMBER}) other stretches of that length, (none|one|{NUMBER}) had "
        r"(as few attacks or fewer|as few attacks|no attack either)"
    )
    if placebo:
        others, as_few = _placebo(record, during)
        expect(
            "placebo", (number(placebo[1]), number(placebo[2])) == (others, as_few), f"{placebo[0]} {others} {as_few}"
        )
        expect("placebo", (placebo[3] == "no attack either") == (during[0] == 0), placebo[0])
    _confirmed_alone(record, text, expect, part[1])
    _power(record, text, expect, sentence)


def _confirmed_alone(record: Record, text: str, expect: Any, bullet: str) -> None:
    """The pause by the attacks alone that a US official confirms: stated wherever others count as well."""
    only = Record(record.s)
    only.frame = record.frame[record.frame["confirmation"] == "us_official"]
    during, outside = only.during, only.outside
    expected = ratio(during, outside)
    found = re.search(
        rf"Counting only attacks that a US official confirms, ({NUMBER}) of ({NUMBER}) in the pause, the ratio is "
        rf"{VALUE} \((.*?)\): these alone (show a fall too|do not exclude that nothing changed)(.*?)\.(?!\d)",
        text,
    )
    if record.s["confirmed_by"] == "us_official" or expected is None:
        expect("confirmed alone", found is None, found[0] if found else "")
        return
    assert found, "the pause is not told by the attacks alone that a US official confirms"
    expect("confirmed alone", number(found[1]) == during[0], f"{found[0]} {during}")
    expect("confirmed alone", number(found[2]) == len(only.frame), f"{found[0]} {len(only.frame)}")
    expect("confirmed alone", _two(found[3], expected), f"{found[0]} {expected}")
    _, high = bounds(found[4])
    falls = found[5] == "show a fall too"
    expect("confirmed alone", falls == (high is not None and high <= 1), found[0])
    independent = re.search(rf"even with attacks taken as independent \({CI}\)", found[6])
    if independent:
        low, high = bounds(independent[0])
        a, b = exact_interval(during, outside)
        expect("confirmed alone", low is None or abs(low - a) <= 0.06 * a + 0.001, f"{found[0]} {a}")
        expect("confirmed alone", high is not None and high >= 1 and abs(high - b) <= 0.06 * b, f"{found[0]} {b}")
    short = re.search(rf"With the attacks alone that a US official confirms it is not shown \({VALUE}", bullet)
    expect(
        "confirmed alone",
        ("Attacks were rarer in the pause:" in bullet and not falls) == bool(short),
        bullet,
    )
    if short:
        expect("confirmed alone", _two(short[1], expected), bullet)


def _power(record: Record, text: str, expect: Any, sentence: Any) -> None:
    """What a milder pause would have shown: attacks of every other stretch kept with the chance that the ratio says."""
    found = sentence(
        r"if the true rate had been half that of other days, this comparison would show a fall with a chance of "
        r"(?:(?:less|more) than )?(\d+)%, if a tenth, of (?:(?:less|more) than )?(\d+)%"
    )
    if not found:
        return
    sums = _stretches(record)
    telling = [k for k in range(sums.max() + 1) if stats.binom.cdf(k, sums, 1).mean() <= 0.025]
    assert telling, found[0]
    # The brief also allows for not knowing the other rate, which costs some of the attacks that still tell.
    able = [[stats.binom.cdf(k, sums, rate).mean() for rate in (0.5, 0.1)] for k in range(max(telling) + 1)]
    off = [max(abs(int(found[1 + n]) / 100 - pair[n]) for n in (0, 1)) for pair in able[len(able) // 2 :]]
    expect("power", min(off) <= 0.12, f"{found[0]} {off}")
    expect("power", int(found[1]) <= int(found[2]), found[0])
    expect("power", ("most likely have gone unseen" in text) == (int(found[1]) < 50), found[0])


def _two(text: str, expected: float) -> bool:
    """Whether `text` is `expected` in two significant figures, as printed."""
    if text.startswith("under"):
        return expected < 0.001
    return abs(value(text) - expected) <= max(0.051 * abs(expected), 1e-9) and near(text, expected)


def _placebo(record: Record, during: tuple[int, int]) -> tuple[int, int]:
    sums = _stretches(record)
    return len(sums), int((sums <= during[0]).sum())


def _stretches(record: Record) -> np.ndarray:
    """The attacks in every stretch as long as the pause that does not touch it."""
    counts = record.frame["day"].value_counts()
    daily = np.array([counts.get(d, 0) for d in record.days])
    free = np.array([not record.p0 <= d < record.p1 for d in record.days])
    length = record.during[1]
    return np.array(
        [daily[k : k + length].sum() for k in range(len(daily) - length + 1) if free[k : k + length].all()], dtype=int
    )


def _stop(record: Record, text: str, expect: Any, sentence: Any) -> None:
    since = record.count(lambda d: d >= record.stop and not record.p0 <= d < record.p1)
    part = re.search(r"The second stop, and US strikes\. (.*?)\n", text)
    assert part, "nothing is said of the second stop"
    if record.end < record.stop or not since[1]:
        expect("stop", "This window ends before" in part[1], part[1])
        return
    stated = re.search(
        rf"\(({NUMBER}) in ({NUMBER}) days?(, the days of the pause left out)?; rate ratio {VALUE}", part[1]
    )
    if stated:
        left_out = any(record.p0 <= d < record.p1 and d >= record.stop for d in record.days)
        expect("stop", left_out == bool(stated[3]), part[1])
        before = record.count(lambda d: d < record.stop and not record.p0 <= d < record.p1)
        expect("stop", (number(stated[1]), number(stated[2])) == since, f"{part[1]} {since}")
        expected = ratio(since, before)
        expect("stop", expected is not None and _two(stated[4], expected), f"{part[1]} {expected}")
        _, high = bounds(part[1][stated.start() :])
        rarer = "attacks were rarer than before" in part[1]
        expect("stop", rarer == (high is not None and high < 1), part[1])
        if "did not end" in part[1]:
            expect("stop", since[0] > 0, part[1])
    _stop_by_country(record, text, expect, part[1])


def _stop_by_country(record: Record, text: str, expect: Any, bullet: str) -> None:
    """Each country's own ratio since the second stop: stated wherever it had more than one attack before."""
    unshown = []
    for code, name in COUNTRIES.items():
        only = Record(record.s)
        only.frame = record.frame[record.frame["country"] == code]
        since = only.count(lambda d: d >= record.stop and not record.p0 <= d < record.p1)
        before = only.count(lambda d: d < record.stop and not record.p0 <= d < record.p1)
        expected = ratio(since, before)
        found = re.search(rf"In {name} alone the ratio is {VALUE} \((.*?)\)(, which does not exclude)?", text)
        if code not in record.s["countries"] or len(record.s["countries"]) < 2 or before[0] < 2:
            expect("stop by country", found is None, found[0] if found else "")
            continue
        if found is None:
            expect("stop by country", expected is None, f"{name} {since} {before}")
            continue
        expect("stop by country", expected is not None and _two(found[1], expected), f"{found[0]} {expected}")
        _, high = bounds(found[2])
        expect("stop by country", bool(found[3]) == (high is None or high >= 1), found[0])
        unshown += [name] if found[3] else []
    said = re.search(r"In ([\w, ]+) alone a fall is not shown", bullet)
    if said:
        expect("stop by country", re.split(", | or ", said[1]) == unshown, bullet)
    else:
        expect("stop by country", not unshown or "attacks were rarer than before" not in bullet, bullet)


def _strikes(record: Record, text: str, expect: Any, sentence: Any) -> None:
    frame = table("responses")
    days = pd.to_datetime(frame["date"]).dt.date
    places = frame["country"].fillna("").map(lambda cell: bool(set(str(cell).split(";")) & set(record.s["countries"])))
    mine = days[(days >= record.start) & (days <= record.end) & places]
    found = sentence(rf"The record holds ({NUMBER}) US strikes?, (?:the first on {DAY}, the last on {DAY}|on {DAY})")
    if not len(mine):
        expect("strikes", found is None and "No US strike is recorded in this selection" in text, "no strike")
        return
    assert found, "strikes are not stated"
    expect("strikes", number(found[1]) == len(mine), f"{found[0]} {len(mine)}")
    expect("strikes", day(found[2] or found[4]) == mine.min() and day(found[3] or found[4]) == mine.max(), found[0])
    compared = sentence(
        rf"On those the ratio is {VALUE}, and the difference (is more|is no more) than.*?p (?:= )?(less than )?([\d.]+)"
    )
    if compared:
        expect("strikes", (compared[2] == "is more") == (bool(compared[3]) or float(compared[4]) < 0.05), compared[0])


def _harm(record: Record, text: str, expect: Any, sentence: Any) -> None:
    frame = record.frame
    killed, best, low, high = (
        int(pd.to_numeric(frame[c]).fillna(0).sum())
        for c in ("us_killed", "us_injured_best", "us_injured_low", "us_injured_high")
    )
    # What is told of an attack without a best number adds to the highest sum alone.
    low = int(pd.to_numeric(frame["us_injured_low"]).where(pd.to_numeric(frame["us_injured_best"]).notna(), 0).sum())
    unknown = int((pd.to_numeric(frame["us_injured_best"]).isna()).sum())
    if killed + best == 0:
        expect("harm", "No US or coalition casualty is recorded in this selection" in text, "no harm")
        return
    found = sentence(
        rf"By best estimates ({NUMBER}) US or coalition members? or contractors? (?:was|were) killed "
        rf"and ({NUMBER}) injured \(({NUMBER}) to ({NUMBER}) by"
    )
    assert found, "harm is not stated"
    stated = tuple(number(found[k]) for k in range(1, 5))
    expect("harm", stated == (killed, best, low, high), f"{found[0]} {(killed, best, low, high)}")
    silent = re.search(rf"For ({NUMBER}) attacks? no number is established", text)
    expect("harm", (number(silent[1]) if silent else 0) == unknown, f"{silent and silent[0]} {unknown}")
    worst = re.search(rf"; ({NUMBER}) of (?:these|this one) at (.+?) on {DAY}\.", text)
    if worst:
        hurt = pd.to_numeric(frame["us_killed"]).fillna(0) + pd.to_numeric(frame["us_injured_best"]).fillna(0)
        same = frame[(frame["site_name"] == worst[2]) & (frame["day"] == day(worst[3]))]
        expect("worst", len(same) > 0 and number(worst[1]) == hurt.max() == hurt[same.index].max(), worst[0])


def _places(record: Record, text: str, expect: Any, sentence: Any) -> None:
    for code, name in COUNTRIES.items():
        found = re.search(rf"by country: .*?({NUMBER}) in {name}", text)
        if found:
            expect("country", number(found[1]) == int((record.frame["country"] == code).sum()), found[0])
    top = sentence(r"most often on (.+)")
    told = top[1] if top else ""
    for name, times in record.frame["site_name"].value_counts().items():
        found = re.search(rf"(?:^|, | and ){re.escape(str(name))} \((\d+)\)", told)
        expect("place", found is None or int(found[1]) == times, f"{name} {times} {told}")


def _weapons(record: Record, text: str, expect: Any) -> None:
    """The table of weapons: attacks with each, and of which it is the highest, by period."""
    periods = (lambda d: d < record.p0, lambda d: record.p0 <= d < record.p1, lambda d: d >= record.p1)
    names = {row.plural: row.code for row in pd.read_csv(ROOT / "data/reference/weapons.csv").itertuples()}
    cell = r"([\d,]+|–)"
    rows = re.findall(rf"^([a-z -]+) \| ([\d,]+) \| {cell} \| {cell} \| {cell} \| (.*?) \|", text, re.MULTILINE)
    expect("weapons", len(rows) >= 5, f"{len(rows)} rows in the table of weapons")
    for plural, every, *tops, first in rows:
        code = names[plural]
        mine = record.with_weapon(code)
        expect("weapons", number(every) == len(mine), f"{plural} {every} {len(mine)}")
        top = record.frame[record.frame["top_weapon"] == code]
        for said, inside in zip(tops, periods, strict=True):
            if not any(map(inside, record.days)):
                expect("weapons", said == "–", f"{plural} {said} on no day")
                continue
            expect("weapons", said != "–" and number(said) == sum(map(inside, top["day"])), f"{plural} {said}")
        if len(mine):
            expect("weapons", first.startswith(_printed(mine["day"].min())), f"{plural} {first}")
        else:
            expect("weapons", first == "not recorded", f"{plural} {first}")


def _printed(one: date) -> str:
    return f"{one.day} {one:%B %Y}"
