"""Stretches share out the window: each day in one, whatever the parameters."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from helpers.parameters import Parameters
from helpers.stretches import NAMES, Stretches, ranges, span_text

DAYS = st.dates(date(2023, 10, 1), date(2024, 3, 31))


@given(start=DAYS, length=st.integers(0, 120), pause=DAYS, week=st.integers(1, 60), stop=DAYS)
def test_each_day_of_the_window_is_in_exactly_one_stretch(
    start: date, length: int, pause: date, week: int, stop: date
) -> None:
    p = Parameters(
        window_start=start,
        window_end=start + timedelta(days=length),
        pause_start=pause,
        pause_end=pause + timedelta(days=week),
        stop_start=stop,
    )
    cut = Stretches(p)
    assert (np.sum([cut[name].mask for name in NAMES], axis=0) == 1).all()
    assert set(cut["pause"].days) == set(cut.days[(cut.days >= pd.Timestamp(pause)) & (cut.days < str(p.pause_end))])
    compared = cut["to_stop"].days
    assert not set(compared) & set(cut["pause"].days)
    assert (compared < pd.Timestamp(stop)).all()
    assert len(compared) == len(cut["before"]) + len(cut["between"])
    dates = pd.Series(cut.days)
    assert cut.daily(dates).tolist() == [1] * len(cut.days)
    assert (cut.of(dates).to_numpy() == np.select([cut[n].mask for n in NAMES], NAMES, "none")).all()


def test_the_default_days_are_those_of_the_brief() -> None:
    cut = Stretches(Parameters())
    assert [len(cut[name]) for name in NAMES] == [38, 7, 59, 32]
    assert cut["to_stop"].last == date(2024, 1, 28)


def test_spans_and_ranges_read_as_a_person_writes_them() -> None:
    assert span_text(date(2023, 11, 24), date(2023, 11, 30)) == "24 to 30 November 2023"
    assert span_text(date(2023, 12, 30), date(2024, 1, 2)) == "30 December 2023 to 2 January 2024"
    assert (
        ranges([date(2023, 12, 3), date(2023, 11, 21), date(2023, 12, 2)])
        == "21 November 2023 and 2 to 3 December 2023"
    )
