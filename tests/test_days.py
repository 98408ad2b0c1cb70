"""Every room cuts time alike: what is printed of a stretch is a count of the clean CSV by a reading of our own."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from briefs import notebook
from conftest import ROOT

from helpers.figures import style
from helpers.parameters import Parameters

STRETCHES = ("before", "pause", "between", "since_stop")
#: A stop in the pause's own month, one in the pause, one before it; and some at random.
SETS: dict[str, dict[str, date]] = {
    "default": {},
    "stop in the pause": {"stop_start": date(2023, 11, 27)},
    "pause after the stop": {"pause_start": date(2024, 2, 10), "pause_end": date(2024, 2, 17)},
}


def drawn(seed: int) -> dict[str, date]:
    """Return random bounds of the window, the pause and the stop."""
    draw, first = random.Random(seed), date(2023, 10, 17)
    start, pause, week, stop, end = (
        draw.randint(*span) for span in ((0, 20), (10, 90), (3, 20), (40, 120), (100, 135))
    )
    days = {
        "window_start": start,
        "pause_start": pause,
        "pause_end": pause + week,
        "stop_start": stop,
        "window_end": end,
    }
    return {name: first + timedelta(number) for name, number in days.items()}


SETS |= {f"seed {seed}": drawn(seed) for seed in range(1)}


def stretch_of(day: date, p: Parameters) -> str:
    """Return the stretch of a day as the parameters' own descriptions say: the pause's last day is not in it."""
    if p.pause_start <= day < p.pause_end:
        return "pause"
    if day >= p.stop_start:
        return "since_stop"
    return "before" if day < p.pause_start else "between"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Made:
    """What notebooks 02 to 04 hand on under some parameters, and the days and attacks as the clean CSV has them."""

    def __init__(self, folder: Path, changes: dict[str, date]) -> None:
        self.p = Parameters(**changes)
        settings = {**{name: str(day) for name, day in changes.items()}, "report_dir": str(folder), "resamples": 99}
        (folder / "facts").mkdir()
        self.facts: dict[str, dict[str, Any]] = {}
        with patch.object(style, "save"), redirect_stdout(io.StringIO()):
            for number in ("02", "03", "04"):
                notebook(next((ROOT / "notebooks").glob(f"{number}_*.ipynb")), settings)
        for path in (folder / "facts").glob("*.json"):
            self.facts |= json.loads(path.read_text(encoding="utf-8"))
        self.tables = {path.stem: rows(path) for path in (folder / "tables").glob("*.csv")}
        length = (self.p.window_end - self.p.window_start).days + 1
        self.days = [self.p.window_start + timedelta(n) for n in range(length)]
        every = rows(ROOT / "data/clean/incidents.csv")
        self.attacks = {row["incident_id"]: (date.fromisoformat(row["date"]), row["country"]) for row in every}

    def count(self, *names: str, country: str = "", first: date = date.min, last: date = date.max) -> int:
        """Return the attacks of the clean CSV on the days of stretches, in a country, from `first` to `last`."""
        return sum(
            stretch_of(day, self.p) in names and (not country or where == country) and first <= day <= last
            for day, where in self.attacks.values()
            if day in self.days
        )

    def value(self, name: str) -> Any:
        return self.facts[name]["value"]


#: Sets tried in every test run.
FEW = ("default", "stop in the pause")


@pytest.fixture(
    scope="module",
    params=[pytest.param(SETS[name], id=name, marks=[] if name in FEW else [pytest.mark.soak]) for name in SETS],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BRIEF_ROOT", str(ROOT))
        yield Made(tmp_path_factory.mktemp("report"), request.param)


def test_the_table_of_counters_shares_out_the_window(made: Made) -> None:
    days = Counter(stretch_of(day, made.p) for day in made.days)
    record = {
        row["part"]: row for row in made.tables["counters"] if (row["counter"], row["place"]) == ("record", "all")
    }
    assert {name for name in STRETCHES if name in record} == set(days)
    for name in days:
        own = [day for day in made.days if stretch_of(day, made.p) == name]
        assert int(record[name]["best"]) == made.count(name)
        assert (record[name]["first"], record[name]["last"]) == (str(own[0]), str(own[-1]))
    months = Counter({f"{day:%Y-%m}": 0 for day in made.days})
    months.update(f"{day:%Y-%m}" for day, _ in made.attacks.values() if day in made.days)
    assert months == {part: int(row["best"]) for part, row in record.items() if re.fullmatch(r"\d+-\d+", part)}


def test_a_counter_is_asked_for_no_day_of_another_stretch(made: Made) -> None:
    for row in made.tables["counters"]:
        if row["part"] in STRETCHES:
            edges = {stretch_of(date.fromisoformat(row[end]), made.p) for end in ("first", "last")}
            assert edges == {row["part"]}, row


def test_the_pause_and_the_stop_are_set_against_the_days_before_the_stop(made: Made) -> None:
    held = Counter(stretch_of(day, made.p) for day in made.days)
    for stretch, name in (("pause", "pause"), ("stop", "since_stop")):
        found = [made.value(f"{stretch}.coded.{key}") for key in ("during", "days", "before", "before_days")]
        compared = ("before", "between")
        assert found == [made.count(name), held[name], made.count(*compared), sum(held[one] for one in compared)]
    for series, code in (("syria", "SY"), ("iraq", "IQ")):
        assert made.value(f"pause.{series}.during") == made.count("pause", country=code)
        assert made.value(f"stop.{series}.during") == made.count("since_stop", country=code)
    longer = made.p.model_copy(update={"pause_end": made.p.pause_end + timedelta(1)})
    lapse = [day for day, _ in made.attacks.values() if day in made.days and stretch_of(day, longer) == "pause"]
    assert made.value("lapse.coded.during") == len(lapse)


def test_coverage_holds_the_attacks_of_the_days_that_totals_cover(made: Made) -> None:
    told = {
        row["part"]: row for row in made.tables["counters"] if (row["counter"], row["place"]) == ("officials", "all")
    }
    checked = [name for name in STRETCHES if name in told and f"coverage.{name}.coded" in made.facts]
    assert checked
    for name in checked:
        first, last = (date.fromisoformat(told[name][end]) for end in ("first", "last"))
        assert made.value(f"coverage.{name}.coded") == made.count(name, first=first, last=last)


def test_sites_and_weapons_count_by_the_same_days(made: Made) -> None:
    for name in STRETCHES:
        assert sum(int(row[name]) for row in made.tables["sites"]) == made.count(name)
    for row in made.tables["weapon_shares"]:
        if row["stretch"] in STRETCHES:
            assert int(row["attacks"]) <= made.count(row["stretch"])


def test_what_stands_behind_a_number_of_a_stretch_lies_in_it(made: Made) -> None:
    checked = 0
    for name, fact in made.facts.items():
        # the Observatory's days are those between its totals; missiles are told before and after the pause
        if name.startswith(("stop.later", "pause.base", "weapons.missile.")):
            continue
        for stretch in {*name.split("."), *(["since_stop"] if name.startswith("stop.") else [])} & set(STRETCHES):
            days = {stretch_of(made.attacks[one][0], made.p) for one in fact["incidents"]}
            assert days <= {stretch}, name
            checked += len(days)
    assert checked
