"""Works out from the clean tables' CSV files alone what a brief may say. It imports nothing from helpers.

`Record` holds what a set of parameters counts: attacks by stretch, country, confirmation and weapon, record highs, the
toll, officials' and other counters' totals, and its own exact and block intervals. `statements` holds the kinds of
sentence that a brief makes, each with what makes it true; this module knows no sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
CLEAN = ROOT / "data" / "clean"
REFERENCE = ROOT / "data" / "reference"
#: The days that were coded (codebook, its first lines); on others nothing is known, which is not the same as quiet.
CODED = (date(2023, 10, 17), date(2024, 2, 29))
GRADES = ["us_official", "local_official", "media_only", "claim_only"]
WEAKEST = {"us_official": 1, "local_official": 2, "media": 3, "anyone": 4}
COUNTRIES = {"IQ": "Iraq", "SY": "Syria", "JO": "Jordan"}
STRETCHES = ("before", "pause", "between", "since_stop")
UNIONS = {"to_stop": ("before", "between"), "all": STRETCHES}

Counted = tuple[int, int]


@cache
def table(name: str) -> pd.DataFrame:
    """Return a clean table, blank cells as missing."""
    return pd.read_csv(CLEAN / f"{name}.csv", keep_default_na=False, na_values=[""])


@cache
def weapons() -> pd.DataFrame:
    """Return the vocabulary of weapons by code."""
    return pd.read_csv(REFERENCE / "weapons.csv").set_index("code")


@cache
def events() -> dict[str, date]:
    """Return the dated events that a brief may name."""
    frame = pd.read_csv(REFERENCE / "events.csv")
    return {str(row.event): day(str(row.start)) for row in frame.itertuples()}


def day(text: str) -> date:
    """Return the day that `text` gives."""
    return pd.Timestamp(text).date()


def whole(column: pd.Series) -> int:
    """Return the sum of a column of counts, blanks as none."""
    return int(pd.to_numeric(column).fillna(0).sum())


class Record:
    """The incidents that a set of parameters counts, straight from the CSV."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.s = settings
        self.start, self.end = day(settings["window_start"]), day(settings["window_end"])
        self.p0, self.p1 = day(settings["pause_start"]), day(settings["pause_end"])
        self.stop = day(settings["stop_start"])
        frame = table("incidents").copy()
        frame["day"] = pd.to_datetime(frame["date"]).dt.date
        inside = (frame["day"] >= self.start) & (frame["day"] <= self.end)
        self.everywhere = frame[inside]
        graded = frame["confirmation"].isin(GRADES[: WEAKEST[settings["confirmed_by"]]])
        self.frame = frame[inside & graded & frame["country"].isin(settings["countries"])].sort_values(
            ["day", "incident_id"]
        )
        first, last = max(self.start, CODED[0]), min(self.end, CODED[1])
        if first > last:
            first, last = self.start, self.end
        self.days = [first + timedelta(n) for n in range((last - first).days + 1)]

    def __len__(self) -> int:
        return len(self.frame)

    def stretch(self, one: date) -> str:
        """Return the stretch that a day is in."""
        if self.p0 <= one < self.p1:
            return "pause"
        return "since_stop" if one >= self.stop else "before" if one < self.p0 else "between"

    def days_of(self, name: str) -> list[date]:
        """Return the coded days of the window that the stretch `name` holds."""
        return [one for one in self.days if self.stretch(one) in UNIONS.get(name, (name,))]

    def count(self, name: str, frame: pd.DataFrame | None = None) -> Counted:
        """Return attacks and days of a stretch."""
        days = self.days_of(name)
        rows = self.frame if frame is None else frame
        return int(rows["day"].isin(days).sum()), len(days)

    def only(self, country: str = "", confirmation: str = "") -> pd.DataFrame:
        """Return the attacks in one country, or of one confirmation."""
        rows = self.frame
        rows = rows[rows["country"] == country] if country else rows
        return rows[rows["confirmation"] == confirmation] if confirmation else rows

    def rung(self) -> pd.Series:
        """Return the rung of each attack's highest weapon, missing where no weapon with a rung is named."""
        return self.frame["top_weapon"].map(weapons()["rung"])

    def missiles(self) -> pd.DataFrame:
        """Return the attacks whose highest weapon is a missile of a stated kind."""
        known = weapons()
        kinds = known["class"] == "missile" if "class" in known else known["rung"] >= 4
        return self.frame[self.frame["top_weapon"].isin(set(known[kinds & known["rung"].notna()].index))]

    def missiles_around_the_pause(self, meaning: str) -> tuple[Counted, Counted]:
        """Return missiles, and attacks with a named weapon, before the pause and after it, by what counts as a missile.

        ``stated``: the record gives its kind; ``no kind``: and those for which the record holds the word alone; ``any
        source``: and each attack that one report at least calls so, by its kind or by the word, whatever others say.
        """
        known = weapons()
        word = set(known[known["may_be"].fillna("").str.contains("missile")].index)
        every = word | set(known[known["class"] == "missile"].index)
        reports = table("reports")
        calling = {row.incident_id for row in reports.itertuples() if every & set(str(row.weapons).split(";"))}
        found: list[Counted] = [(0, 0), (0, 0)]
        for row in self.frame.itertuples():
            is_one = known["class"].get(row.top_weapon) == "missile"
            is_one |= meaning != "stated" and bool(word & set(str(row.weapons).split(";")))
            is_one |= meaning == "any source" and row.incident_id in calling
            named = is_one or not pd.isna(known["rung"].get(row.top_weapon))
            side = 0 if row.day < self.p0 else 1 if row.day >= self.p1 else None
            if side is not None and named:
                found[side] = (found[side][0] + is_one, found[side][1] + 1)
        return found[0], found[1]

    def with_weapon(self, code: str) -> pd.DataFrame:
        """Return the attacks with the weapon `code`, highest or not."""
        return self.frame[[code in str(cell).split(";") for cell in self.frame["weapons"]]]

    def highs(self) -> list[tuple[date, str, str]]:
        """Return day, weapon and place of each attack whose weapon goes beyond that of every attack before."""
        found: list[tuple[date, str, str]] = []
        top = -1.0
        for row, rung in zip(self.frame.itertuples(), self.rung(), strict=True):
            if not pd.isna(rung) and rung > top:
                top = rung
                found.append((row.day, str(row.top_weapon), str(row.site_name)))
        return found

    def toll(self) -> dict[str, int]:
        """Return killed, and injured by the best estimate, of the attacks counted."""
        frame = self.frame
        return {
            "killed": whole(frame["us_killed"]),
            "injured": whole(frame["us_injured_best"]),
            "silent": int(pd.to_numeric(frame["us_injured_best"]).isna().sum()),
        }

    def strikes(self) -> pd.DataFrame:
        """Return the US strikes of the window in the countries counted."""
        frame = table("responses").assign(day=lambda rows: pd.to_datetime(rows["date"]).dt.date)
        mine = frame["country"].fillna("").map(lambda cell: bool(set(str(cell).split(";")) & set(self.s["countries"])))
        return frame[mine & (frame["day"] >= self.start) & (frame["day"] <= self.end)]

    def window_whole(self) -> bool:
        """Return whether all that was coded counts: every country, confirmation and day."""
        return (
            set(self.s["countries"]) == set(COUNTRIES)
            and self.s["confirmed_by"] == "anyone"
            and self.start <= CODED[0]
            and self.end >= CODED[1]
        )

    # -- intervals of its own ----------------------------------------------------------------------------------------

    def daily(self, frame: pd.DataFrame | None = None) -> np.ndarray:
        """Return the attacks of each coded day."""
        counts = (self.frame if frame is None else frame)["day"].value_counts()
        return np.array([int(counts.get(one, 0)) for one in self.days])

    def disjoint(self, inside: str, outside: str) -> int:
        """Return how many stretches as long as `inside` fit, as a bound, into the days of `outside`."""
        length = len(self.days_of(inside))
        return len(self.days_of(outside)) // length if length else 0

    def blocks(self, inside: str, outside: str, frame: pd.DataFrame | None = None) -> tuple[float, float] | None:
        """Return the ends of the interval of the ratio by moving blocks; None where no block fits."""
        counts, length = self.daily(frame), len(self.days_of(inside))
        here, free = (np.isin(np.array(self.days), self.days_of(name)) for name in (inside, outside))
        places = [k for k in range(len(counts) - length + 1) if length and free[k : k + length].all()]
        sums = np.array([counts[k : k + length].sum() for k in places], dtype=int)
        if len(sums) < 3 or not sums.sum():
            return None
        count, spread = int(counts[here].sum()), float(np.sqrt(sums.var() * length / free.sum()) / sums.mean())

        def at_most(most: int, ratio: float) -> float:
            total = 0.0
            for node, weight in ((-np.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (np.sqrt(3.0), 1 / 6)):
                kept = ratio * np.exp(spread * node)
                times = int(kept)
                total += weight * stats.binom.cdf(most - times * sums, sums, kept - times).mean()
            return float(total)

        low = _edge(lambda ratio: 1 - at_most(count - 1, ratio) < 0.025) if count else 0.0
        return low, _edge(lambda ratio: at_most(count, ratio) > 0.025)


def _edge(holds: Callable[[float], bool]) -> float:
    """Return the ratio up to which `holds` is true, by halving on the log scale."""
    low, high = np.log(1e-4), np.log(1e3)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(float(np.exp(middle))) else (low, middle)
    edge = float(np.exp((low + high) / 2))
    return edge if edge < 990 else float("inf")


def ratio(a: Counted, b: Counted) -> float | None:
    """Return the rate a day of `a` over that of `b`."""
    return (a[0] / a[1]) / (b[0] / b[1]) if a[1] and b[1] and b[0] else None


def exact_interval(a: Counted, b: Counted) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of the share of `a`, turned into a ratio of rates."""
    x, n = a[0], a[0] + b[0]
    low = stats.beta.ppf(0.025, x, n - x + 1) if x else 0.0
    high = stats.beta.ppf(0.975, x + 1, n - x) if x < n else 1.0
    scale = b[1] / a[1]
    return low / (1 - low) * scale, (high / (1 - high) if high < 1 else np.inf) * scale


def grew(before: Counted, after: Counted) -> bool:
    """Return whether the second share is surely the larger, by Newcombe's interval of the difference (1998, method 10):
    the squares of both ends of Wilson's intervals, added up."""
    z = float(stats.norm.ppf(0.975))

    def wilson(hits: int, of: int, sign: int) -> float:
        share = hits / of
        root = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
        return float((share + z * z / (2 * of) + sign * root) / (1 + z * z / of))

    early, late = before[0] / before[1], after[0] / after[1]
    apart = np.hypot(late - wilson(*after, -1), wilson(*before, 1) - early)
    return bool(late - early > apart)


# -- what others counted ---------------------------------------------------------------------------------------------


def official_totals(column: str = "total") -> set[tuple[date, int]]:
    """Return every (day, total) that officials are said to have given, of attacks or of those injured."""
    return _totals(table("official_counts"), column)


def other_totals(counter: str, site: str = "") -> set[tuple[date, int]]:
    """Return every (day, total) of another counter, over all bases or for one."""
    frame = table("other_counts")
    mine = frame[frame["counter"] == counter]
    return _totals(mine[mine["site_id"].fillna("") == site], "total")


def _totals(frame: pd.DataFrame, column: str) -> set[tuple[date, int]]:
    known = frame.dropna(subset=[column, "as_of"])
    return {(day(str(row["as_of"])), int(row[column])) for _, row in known.iterrows()}


def official_injured(last: date) -> int:
    """Return the highest total of injured that officials gave by `last`."""
    return max((total for when, total in official_totals("us_injured") if when <= last), default=0)


def any_total(one: date, number: int) -> bool:
    """Return whether any counter's total of `number` is on record for that day, or the country totals of officials."""
    columns: Iterable[str] = ("total", "iraq", "syria", "jordan", "us_injured")
    found = set().union(*(official_totals(column) for column in columns))
    return (one, number) in found | _totals(table("other_counts"), "total")
