"""Stretches of time: the one place that cuts a run's window into the days that findings are said of.

``before`` the pause, the ``pause``, ``between`` the pause and the second stop, ``since_stop``; ``to_stop`` is before
and between together: every day before the second stop but the pause, the days that the pause is compared with. A day is
in exactly one of the first four.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.parameters import Parameters
from helpers.words import day_text, listing

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

#: The four stretches that share out the window, in order.
NAMES = ("before", "pause", "between", "since_stop")
#: What several of them make up together.
UNIONS = {"to_stop": ("before", "between"), "all": NAMES}


def within_coding(parameters: Parameters, incidents: pd.DataFrame) -> Parameters:
    """Return `parameters` with the window cut to the days that were coded: days outside are unknown, not quiet.

    The codebook's days were coded. Who brings `incidents` (the clean table, whole) from before or after them has coded
    other days too: on that side the window is taken as they give it. So is a window that holds none of the codebook's
    days.
    """
    usual, days = Parameters(), incidents["date"]
    start = max(parameters.window_start, usual.window_start)
    end = min(parameters.window_end, usual.window_end)
    if start > end:
        return parameters
    if (days < pd.Timestamp(usual.window_start)).any():
        start = parameters.window_start
    if (days > pd.Timestamp(usual.window_end)).any():
        end = parameters.window_end
    return parameters.model_copy(update={"window_start": start, "window_end": end})


@dataclass(frozen=True)
class Stretch:
    """Some days of the window: `name`, the `mask` of the window's days in it, and those days.

    >>> Stretches(Parameters())["pause"].words
    'in the pause'
    """

    name: str
    mask: Mask
    days: pd.DatetimeIndex
    words: str

    def __len__(self) -> int:
        return len(self.days)

    @property
    def first(self) -> date | None:
        """The first day, or None where the stretch is empty."""
        return self.days[0].date() if len(self.days) else None

    @property
    def last(self) -> date | None:
        """The last day, or None where the stretch is empty."""
        return self.days[-1].date() if len(self.days) else None

    def select(self, frame: pd.DataFrame, column: str = "date") -> pd.DataFrame:
        """Return the rows of `frame` whose `column` is a day of this stretch."""
        return frame[frame[column].isin(self.days)]


@dataclass(frozen=True)
class Stretches:
    """The stretches of a run's window: ``Stretches(parameters)["to_stop"]``."""

    parameters: Parameters

    @cached_property
    def days(self) -> pd.DatetimeIndex:
        """Every day of the window."""
        return pd.date_range(self.parameters.window_start, self.parameters.window_end)

    @cached_property
    def _names(self) -> npt.NDArray[np.str_]:
        """The stretch of each day of the window; a pause after the second stop stays a pause."""
        p = self.parameters
        start, end, stop = (pd.Timestamp(day) for day in (p.pause_start, p.pause_end, p.stop_start))
        days = self.days
        names = np.select(
            [(days >= start) & (days < end), days >= stop, days < start], ["pause", "since_stop", "before"], "between"
        )
        return np.asarray(names, dtype=np.str_)

    def __getitem__(self, name: str) -> Stretch:
        """Return the stretch of that `name`; KeyError where there is none."""
        parts = UNIONS.get(name, (name,))
        if not set(parts) <= set(NAMES):
            raise KeyError(name)
        mask = np.asarray(np.isin(self._names, parts), dtype=bool)
        return Stretch(name, mask, self.days[mask], self._words(name))

    def _words(self, name: str) -> str:
        p = self.parameters
        left_out = ", the pause left out" if len(self.days) and (self._names == "pause").any() else ""
        return {
            "before": "before the pause",
            "pause": "in the pause",
            "between": f"after the pause and before {day_text(p.stop_start)}",
            "since_stop": f"from {day_text(p.stop_start)} on",
            "to_stop": f"before {day_text(p.stop_start)}{left_out}",
            "all": "in the whole window",
        }[name]

    def of(self, dates: pd.Series) -> pd.Series:
        """Return the name of the stretch of each of `dates` (missing outside the window)."""
        known = pd.Series(self._names, index=self.days, dtype="object")
        return dates.map(known)

    def daily(self, dates: pd.Series) -> Counts:
        """Return the number of `dates` on each day of the window."""
        offset = (dates - self.days[0]).dt.days
        return np.bincount(offset[offset.between(0, len(self.days) - 1)].astype(int), minlength=len(self.days))


def span_text(first: date, last: date) -> str:
    """Return a stretch of days as the brief prints it: "24 to 30 November 2023", or one day alone."""
    if first == last:
        return day_text(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_text(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {day_text(last)}"
    return f"{day_text(first)} to {day_text(last)}"


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return `days` as runs of neighbours, in order: the first and the last day of each."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def ranges(days: Iterable[date]) -> str:
    """Return `days` as text, neighbours joined: "21 November 2023 and 1 to 3 December 2023"."""
    return listing(span_text(first, last) for first, last in runs(days))
