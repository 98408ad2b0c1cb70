"""One style for all figures: type, colours, the common time axis, the ceasefire's band, and saving.

A chart is a function ``draw(result, layout) -> Figure`` that gives the same picture at two widths: `WIDE` for paper and
desktop, `NARROW` for a phone. `save` writes both, with title and source line in the picture and the alt text beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.tables import for_spreadsheet

INK = "#1a1a1a"
MUTED = "#5f6368"
GRID = "#e3e3e3"
PAPER = "#ffffff"
BAND = "#f0e6c8"
ACCENT = "#b2182b"

#: Colours (Okabe and Ito 2008: told apart with colour blindness) of what is not a weapon; weapons have theirs in weapons.csv.
COUNTRY_COLOURS = {"IQ": "#0072b2", "SY": "#d55e00", "JO": "#009e73"}
CONFIRMATION_COLOURS = {"us_official": "#1a1a1a", "local_official": "#5f6368", "media_only": "#9aa0a6", "claim_only": "#d0d3d6"}


@dataclass(frozen=True)
class Layout:
    """How wide a figure is drawn: `name`, `width` in inches, base `font` size in points."""

    name: str
    width: float
    font: float

    @property
    def narrow(self) -> bool:
        """Whether this is the phone's width."""
        return self.name == "narrow"


WIDE = Layout("wide", 7.0, 9.0)
NARROW = Layout("narrow", 3.6, 8.5)
LAYOUTS = (WIDE, NARROW)


def use(layout: Layout) -> dict[str, Any]:
    """Return the matplotlib settings for `layout` (for ``mpl.rc_context``); fonts come from ``report/fonts``."""
    for path in sorted(resolve("report/fonts").glob("*.ttf")):
        if str(path) not in _known_fonts():
            font_manager.fontManager.addfont(str(path))
    return {
        "font.family": "sans-serif",
        "font.sans-serif": ["Source Sans 3", "Noto Sans", "DejaVu Sans"],
        "font.size": layout.font,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "grid.color": GRID,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "svg.fonttype": "path",
        "svg.hashsalt": "brief",
        "figure.constrained_layout.use": True,
    }


def _known_fonts() -> set[str]:
    return {entry.fname for entry in font_manager.fontManager.ttflist}


def time_axis(axes: Axes, parameters: Parameters) -> None:
    """Give `axes` the common time axis: the whole window, a tick a month."""
    axes.set_xlim(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end) + pd.Timedelta(days=1))
    axes.xaxis.set_major_locator(mdates.MonthLocator())
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))


def pause_band(axes: Axes, parameters: Parameters, label: str = "pause") -> None:
    """Shade the pause on `axes` (x a time axis) and name it, where it lies within the window."""
    start, end = max(parameters.pause_start, parameters.window_start), min(parameters.pause_end, parameters.window_end)
    if start >= end:
        return
    axes.axvspan(pd.Timestamp(start), pd.Timestamp(end), color=BAND, zorder=0, linewidth=0)
    if label:
        middle = pd.Timestamp(start) + (pd.Timestamp(end) - pd.Timestamp(start)) / 2
        axes.text(middle, 1.0, label, transform=axes.get_xaxis_transform(), ha="center", va="bottom", color=MUTED)


def day_text(day: date) -> str:
    """Return `day` as the brief prints it: 24 November 2023."""
    return f"{day.day} {day:%B %Y}"


def save(
    draw: Callable[[Layout], Figure],
    name: str,
    *,
    title: str,
    alt: str,
    source: str,
    data: pd.DataFrame,
    folder: str | Path,
    view: Mapping[str, str] | None = None,
) -> Figure:
    """Draw a figure at each width and write it to `folder`; return the wide one.

    Writes ``name.svg``, ``name.png`` (wide), ``name-narrow.svg``, ``name.csv`` (the `data` shown) and ``name.json`` with
    title, alt text, source line and the explorer's `view` (address parameters: from, to, country, site, weapon,
    confirmation, q) that shows the same incidents. The bytes depend on the input alone.
    """
    target = resolve(folder)
    target.mkdir(parents=True, exist_ok=True)
    wide = None
    for layout in LAYOUTS:
        with mpl.rc_context(use(layout)):
            figure = draw(layout)
            suffix = "-narrow" if layout.narrow else ""
            figure.savefig(target / f"{name}{suffix}.svg", metadata={"Date": None, "Creator": None})
            if not layout.narrow:
                figure.savefig(target / f"{name}.png", dpi=200, metadata={"Software": None})
                wide = figure
            plt.close(figure)
    shown = data.map(for_spreadsheet)
    shown.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")
    beside = {"title": title, "alt": alt, "source": source, "view": dict(view or {})}
    (target / f"{name}.json").write_text(json.dumps(beside, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert wide is not None
    return wide
