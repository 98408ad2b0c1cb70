"""US strikes and attacks as days of the window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.parameters import Parameters
from helpers.vocabulary import split

Ints = npt.NDArray[np.int64]

#: Days before and after a strike that are compared. The day itself is left out: the order within it is seldom known.
REACH = 7


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


def daily(incidents: pd.DataFrame, parameters: Parameters, weights: pd.Series | None = None) -> pd.Series:
    """Return attacks a day (or the sum of `weights`, by incident_id) over the whole window, days without any as 0."""
    days = pd.date_range(parameters.window_start, parameters.window_end)
    one = (
        pd.Series(1.0, index=incidents.index) if weights is None else incidents["incident_id"].map(weights).fillna(1.0)
    )
    return one.groupby(incidents["date"]).sum().reindex(days, fill_value=0.0).astype(float)


def positions(days: pd.Series, parameters: Parameters) -> Ints:
    """Return the different `days` inside the window as positions counted from its first day, in order."""
    inside = days[days.between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))]
    return np.unique((inside - pd.Timestamp(parameters.window_start)).dt.days.to_numpy(dtype=np.int64))


def around(days: Ints, reach: int = REACH) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Return the stretches before and after each of `days`: their first days, and the days that follow their last.

    Each of the four is of the shape of `days`. A strike's own day is in neither stretch.
    """
    return (days - reach, days), (days + 1, days + reach + 1)


def iso_days(days: Ints, parameters: Parameters) -> tuple[str, ...]:
    """Return positions in the window as ISO days."""
    return tuple(str(day)[:10] for day in pd.Timestamp(parameters.window_start) + pd.to_timedelta(days, unit="D"))


def struck(strikes: pd.DataFrame, code: str) -> pd.Series:
    """Return which of `strikes` hit the country `code`; `IQ;SY` is in both."""
    return strikes["country"].map(lambda cell: code in split(cell)).astype(bool)


def strikes_in(responses: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the strikes with a day in the window on a country that counts (`IQ;SY` is in both), by day and id."""
    where = responses["country"].map(lambda cell: bool(set(split(cell)) & set(parameters.countries)) or not split(cell))
    where = where.astype(bool)
    when = responses["date"].between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))
    return responses[where & when].sort_values(["date", "response_id"], ignore_index=True)
