"""The axis of time that figures share: its ticks, the band of the pause, and bars a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num as _date2num
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from helpers.figures.style import BAND, bars, readable
from helpers.parameters import Parameters


def on_axis(day: date) -> float:
    """Return `day` (a date or timestamp) as its number on a time axis."""
    return float(_date2num(pd.Timestamp(day)))  # type: ignore[no-untyped-call]


def time_axis(axes: Axes, parameters: Parameters, named: bool = True) -> None:
    """Give `axes` the common time axis: the whole window, a tick at each month's first day, its name in its middle.

    Short windows (up to 45 days) show each week's first day instead, long ones (above 13 months) quarters or years. An
    axis that is not `named` has no ticks: it stands above one that has.
    """
    start = pd.Timestamp(parameters.window_start)
    end = pd.Timestamp(parameters.window_end) + pd.Timedelta(days=1)
    axes.set_xlim(on_axis(start), on_axis(end))
    if not named:
        axes.xaxis.set_visible(False)
        return
    days = (end - start).days
    if days <= 45:
        step = 1 if days <= 8 else 7 if days <= 30 else 14
        ticks = list(pd.date_range(start, end - pd.Timedelta(days=1), freq=f"{step}D"))
        axes.xaxis.set_major_locator(FixedLocator([on_axis(tick) for tick in ticks]))
        axes.xaxis.set_major_formatter(FixedFormatter([f"{tick.day} {tick:%b}" for tick in ticks]))
        axes.xaxis.set_minor_locator(FixedLocator([]))
        return
    months = next((step for step in (1, 3, 12, 24, 60, 120) if days / 30.4 / step <= 13.5), 240)
    firsts = pd.date_range(start.replace(day=1) - pd.DateOffset(months=months), end, freq="MS")
    firsts = firsts[(firsts.year * 12 + firsts.month - 1) % months == 0]
    axes.xaxis.set_major_locator(FixedLocator([on_axis(first) for first in firsts if start <= first <= end]))
    axes.xaxis.set_major_formatter(NullFormatter())
    middles: list[float] = []
    names: list[str] = []
    for first in firsts:
        left, right = max(first, start), min(first + pd.DateOffset(months=months), end)
        if (right - left).days < days / 22:  # too narrow for its name
            continue
        middles.append(on_axis(left + (right - left) / 2))
        year = f"{first:%Y}" if not names or first.month == 1 else ""
        names.append("\n".join(part for part in (f"{first:%b}" if months < 12 else "", year) if part))
    axes.xaxis.set_minor_locator(FixedLocator(middles))
    axes.xaxis.set_minor_formatter(FixedFormatter(names))
    axes.tick_params(axis="x", which="minor", length=0, pad=4, labelsize=plt.rcParams["xtick.labelsize"])


def pause_name(parameters: Parameters) -> str:
    """Return what the pause is called: the Gaza ceasefire at its own dates, else the pause (dates a reader chose)."""
    usual = Parameters()
    same = (parameters.pause_start, parameters.pause_end) == (usual.pause_start, usual.pause_end)
    return "Gaza ceasefire" if same else "pause"


def pause_shown(parameters: Parameters) -> bool:
    """Return whether any day of the pause lies in the window."""
    return parameters.pause_start <= parameters.window_end and parameters.pause_end > parameters.window_start


def pause_band(axes: Axes, parameters: Parameters, label: str | None = None) -> None:
    """Shade the pause on `axes` (x a time axis) and name it above, where it lies within the window.

    `label` is its name (by default that of `pause_name`); an empty one leaves it off.
    """
    if not pause_shown(parameters):
        return
    left = on_axis(max(parameters.pause_start, parameters.window_start))
    right = min(on_axis(parameters.pause_end), on_axis(parameters.window_end) + 1)
    axes.axvspan(left, right, color=BAND, zorder=0, linewidth=0)
    label = pause_name(parameters) if label is None else label
    if label:
        narrow = axes.figure.bbox.width < 360
        middle, low, high = (left + right) / 2, *axes.get_xlim()
        share = (middle - low) / (high - low)
        axes.annotate(
            label.replace(" ", "\n") if narrow else label, (middle, 1), xycoords=axes.get_xaxis_transform(),
            xytext=(0, 2), textcoords="offset points", va="bottom", color=readable("#8a6d1a"),
            ha="left" if share < 0.08 else "right" if share > 0.92 else "center",
            fontsize=plt.rcParams["font.size"] - 0.5,
        )  # fmt: skip


def weeks(parameters: Parameters) -> pd.DatetimeIndex:
    """Return the first days of the window's weeks; they start on the weekday on which the pause starts.

    So a pause of a week is one week. The first week may begin before the window.
    """
    first = pd.Timestamp(parameters.pause_start)
    start, end = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end)
    return pd.date_range(first + (start - first).days // 7 * pd.Timedelta(days=7), end, freq="7D")


def by_week(dates: pd.Series, kinds: pd.Series, parameters: Parameters) -> pd.DataFrame:
    """Return how many of `dates` lie in each of the `weeks` (rows), by kind (columns)."""
    firsts = weeks(parameters)
    week = pd.Series(firsts[firsts.searchsorted(dates, side="right") - 1], dates.index)
    return pd.crosstab(week, kinds).reindex(firsts, fill_value=0).rename_axis("week")


def week_bars(
    axes: Axes, table: pd.DataFrame, colours: Sequence[str], parameters: Parameters
) -> tuple[pd.Series, list[float], list[float]]:
    """Draw the columns of `table` (a row a week) as stacked bars; return their tops, left edges and widths in days."""
    start, end = on_axis(parameters.window_start), on_axis(parameters.window_end) + 1
    lefts = [max(on_axis(week), start) for week in table.index]
    widths = [min(on_axis(week) + 7, end) - left for week, left in zip(table.index, lefts, strict=True)]
    base = pd.Series(0, table.index)
    inner = np.maximum(np.array(widths) - 0.8, 0.3)
    for name, colour in zip(table, colours, strict=True):
        bars(axes, np.array(lefts) + 0.4, table[name], inner, base, color=colour, zorder=2)
        base += table[name]
    return base, lefts, widths
