"""One style for all figures: type, colours, the common time axis, the ceasefire's band, headline, and saving.

A chart is a function ``draw(layout) -> Figure`` that gives the same picture at two widths: `WIDE` for paper and
desktop, `NARROW` for a phone. It draws its axes at the height it wants; `save` adds the room that title, subtitle and
source line need, and writes both widths with the alt text beside them. Helpers that place labels without overlap stand
in `helpers.figures.labels`.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import SVG
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.dates import date2num as _date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

from helpers.facts import Fact
from helpers.figures.text import extent, families, fit, wrap
from helpers.figures.wording import block_words
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.paths import resolve
from helpers.tables import FIGURES, for_spreadsheet

INK = "#1a1a1a"
MUTED = "#5f6368"
GRID = "#e3e3e3"
PAPER = "#ffffff"
BAND = "#f0e6c8"
ACCENT = "#b2182b"

#: Colours (Okabe and Ito 2008: told apart with colour blindness) of what is no weapon; weapons.csv has theirs.
CONFIRMATION_COLOURS = {
    "us_official": "#1a1a1a",
    "local_official": "#5f6368",
    "media_only": "#9aa0a6",
    "claim_only": "#d0d3d6",
}


def on_axis(day: date) -> float:
    """Return `day` (a date or timestamp) as its number on a time axis."""
    return float(_date2num(pd.Timestamp(day)))  # type: ignore[no-untyped-call]


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

    @property
    def small(self) -> float:
        """The size of secondary text (source line, notes), in points."""
        return self.font - 1.5

    def choose(self, wide: Any, narrow: Any) -> Any:
        """Return `wide` or `narrow`, whichever this layout is."""
        return narrow if self.narrow else wide


#: The printed column is 168 mm across: figures are drawn at the size at which they are printed.
WIDE = Layout("wide", 168 / 25.4, 9.0)
NARROW = Layout("narrow", 3.6, 8.5)
LAYOUTS = (WIDE, NARROW)


def use(layout: Layout) -> dict[Any, Any]:
    """Return the matplotlib settings for `layout` (for ``mpl.rc_context``).

    Fonts come from ``report/fonts`` and from matplotlib itself, never from the machine. Dollar signs are letters, not
    mathematics: what a source wrote is text.
    """
    return {
        "font.family": families(),
        "figure.dpi": 72,
        "font.size": layout.font,
        "text.parse_math": False,
        "text.hinting": "no_hinting",  # the same line breaks at every resolution
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": layout.font,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": layout.font,
        "axes.axisbelow": True,
        "axes.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": layout.font,
        "ytick.labelsize": layout.font,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "svg.fonttype": "none",  # words stay words
        "svg.hashsalt": "brief",
        "path.simplify": False,
        "figure.constrained_layout.use": True,
    }


def luminance(*channels: float) -> float:
    """Return the relative luminance (WCAG 2.2), 0 to 1, of the `channels` red, green and blue, each 0 to 1."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: str, contrast: float = 4.5) -> str:
    """Return `colour`, darkened until it has `contrast` to one against white paper (WCAG 2.2, 1.4.3), for words."""
    red, green, blue = to_rgb(colour)
    while 1.05 / (luminance(red, green, blue) + 0.05) < contrast:
        red, green, blue = red * 0.96, green * 0.96, blue * 0.96
    return to_hex((red, green, blue))


def tint(colour: str, share: float) -> str:
    """Return the solid colour that `share` of `colour` over white paper gives: no mark shows through it."""
    red, green, blue = (1 - share * (1 - channel) for channel in to_rgb(colour))
    return to_hex((red, green, blue))


def headline(figure: Figure, title: str, subtitle: str = "", source: str = "", layout: Layout = WIDE) -> None:
    """Set the bold `title` and the `subtitle` at the top left of `figure`, the small `source` line at the bottom.

    All three wrap to the figure's width. The figure grows by the height they take, so that the axes keep theirs. Call
    it once, after the axes are drawn.
    """
    margin, gap = 0.06, 0.05
    across, axes_height = figure.get_size_inches()

    def wrapped(words: str, **look: Any) -> list[tuple[str, dict[str, Any], float]]:
        text = wrap(figure, words, (layout.width - 2 * margin) * 0.99, **look)
        return [(text, look, extent(figure, text, **look)[1])] if words else []

    large, usual = layout.font + layout.choose(4, 3), layout.font + layout.choose(0.5, 0)
    top = wrapped(title, fontsize=large, fontweight="semibold", color=INK, linespacing=1.0)
    top += wrapped(subtitle, fontsize=usual, color=MUTED, linespacing=1.05)
    foot = wrapped(source, fontsize=layout.small, color=MUTED, linespacing=1.05)
    above = sum(taken + gap for *_, taken in top) + (2 * gap if top else 0.0)
    below = sum(taken + 2 * gap for *_, taken in foot)
    height = axes_height + above + below
    figure.set_size_inches(across, height)
    from_top = gap
    for text, look, taken in top:
        figure.text(margin / across, 1 - from_top / height, text, ha="left", va="top", in_layout=False, **look)
        from_top += taken + gap
    for text, look, _ in foot:
        figure.text(margin / across, gap / height, text, ha="left", va="bottom", in_layout=False, **look)
    if (engine := figure.get_layout_engine()) is not None:
        engine.set(rect=(0, below / height, 1, axes_height / height))  # type: ignore[call-arg]


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
        narrow = axes.figure.get_figure(root=True).get_size_inches()[0] < 5
        middle, low, high = (left + right) / 2, *axes.get_xlim()
        share = (middle - low) / (high - low)
        axes.annotate(
            label.replace(" ", "\n") if narrow else label, (middle, 1), xycoords=axes.get_xaxis_transform(),
            xytext=(0, 2), textcoords="offset points", va="bottom", color=readable("#8a6d1a"),
            ha="left" if share < 0.08 else "right" if share > 0.92 else "center",
            fontsize=plt.rcParams["font.size"] - 0.5,
        )  # fmt: skip


def view(parameters: Parameters) -> dict[str, str]:
    """Return the explorer's address parameters that show the incidents which `parameters` counts."""
    shown, usual = {"from": f"{parameters.window_start}", "to": f"{parameters.window_end}"}, Parameters()
    if parameters.countries != usual.countries:
        shown["country"] = ",".join(parameters.countries)
    if parameters.confirmed_by != usual.confirmed_by:
        shown["confirmation"] = ",".join(CONFIRMATIONS[parameters.confirmed_by])
    return shown


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
    for name, colour in zip(table, colours, strict=True):
        axes.bar([left + 0.4 for left in lefts], table[name], [max(width - 0.8, 0.3) for width in widths], base,
                 align="edge", color=colour, zorder=2)  # fmt: skip
        base += table[name]
    return base, lefts, widths


def save(
    name: str,
    draw: Callable[[Layout], Figure],
    data: pd.DataFrame,
    p: Parameters,
    facts: Mapping[str, Fact],
    folder: str | Path,
) -> SVG | None:
    """Draw figure `name` at each width and write it to `folder`; return it as a notebook shows it.

    `draw` gives the picture without its title; title, subtitle, alt text and source line are those of the block
    ``## name`` of ``report/figures.md`` over `facts`. Writes ``name.svg``, ``name-narrow.svg``, ``name.csv`` (the
    `data` shown) and ``name.json`` with the words and the address parameters of the explorer's view that shows the same
    incidents: those of `view`, and those that the words give. The bytes depend on the input alone. Where the
    environment says ``BRIEF_FACTS_ONLY``, nothing is drawn.

    Raises
    ------
    WordsError
        If the figure has no words, a blank one, or words with a fact that is not there.
    """
    if os.environ.get("BRIEF_FACTS_ONLY"):
        return None
    words = block_words(name, facts, p)
    target = resolve(folder)
    target.mkdir(parents=True, exist_ok=True)
    for layout in LAYOUTS:
        with mpl.rc_context(use(layout)):
            figure = draw(layout)
            headline(figure, words["title"], words["subtitle"], words["source"], layout)
            if (engine := figure.get_layout_engine()) is not None:  # once: saving would lay out twice, and draw twice
                FigureCanvasSVG(figure)
                figure.dpi = 72  # as the SVG is drawn
                engine.execute(figure)
            drawn = io.StringIO()
            with mpl.rc_context({"figure.constrained_layout.use": False}):
                figure.set_layout_engine(None)
                figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
            plt.close(figure)
        suffix = "-narrow" if layout.narrow else ""
        picture = fit(drawn.getvalue(), f"{name}{suffix}", families(), words["alt"])
        (target / f"{name}{suffix}.svg").write_text(picture, encoding="utf-8")
    shown = data.map(for_spreadsheet)
    shown.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d", float_format=FIGURES)
    beside = {key: words[key] for key in ("title", "subtitle", "alt", "source", "section")}
    seen = {"view": {} if words["view"] == "none" else view(p) | dict(parse_qsl(words["view"]))}
    told = json.dumps(beside | seen, ensure_ascii=False, indent=1)
    (target / f"{name}.json").write_text(f"{told}\n", encoding="utf-8")
    return SVG(filename=str(target / f"{name}.svg"))  # type: ignore[no-untyped-call]
