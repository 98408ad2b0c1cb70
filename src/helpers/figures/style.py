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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.text import Text

from helpers.facts import Fact
from helpers.figures.text import extent, families, fit, wrap
from helpers.figures.wording import block_words
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.paths import resolve
from helpers.tables import FIGURES, for_spreadsheet
from helpers.vocabulary import countries

Numbers = npt.NDArray[np.float64]

#: Points between panels and what stands beside them.
PAD = 3.0

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
        "figure.dpi": 72,  # a point is a pixel
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
        "axes.titley": 1.0,  # looked for nowhere else
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


def headline(
    figure: Figure, title: str, subtitle: str = "", source: str = "", layout: Layout = WIDE
) -> tuple[float, float]:
    """Set the bold `title` and the `subtitle` at the top left of `figure`, the small `source` line at the bottom.

    All three wrap to the figure's width. The figure grows by the height they take, so that the panels keep theirs. Call
    it once, after the panels are drawn. Returns where the part of the panels begins and ends, as shares of the height.
    """
    margin, gap = 0.06, 0.05
    across, panels = figure.get_size_inches()

    def written(text: str, size: float, weight: str, colour: str, spacing: float) -> tuple[Text, float]:
        lines = wrap(text, layout.width - 2 * margin, size, weight)
        shown = figure.text(margin / across, 0, lines, fontsize=size, fontweight=weight, color=colour, in_layout=False)
        shown.set_linespacing(spacing)
        return shown, extent(lines, size, weight)[1] * spacing + gap if lines else 0.0

    above = written(title, layout.font + layout.choose(4, 3), "semibold", INK, 1.0)
    beneath = written(subtitle, layout.font + layout.choose(0.5, 0), "normal", MUTED, 1.05)
    source_line = written(source, layout.small, "normal", MUTED, 1.05)
    head = above[1] + beneath[1] + (2 * gap if title or subtitle else 0.0)
    below = source_line[1] + gap if source else 0.0
    height = panels + head + below
    figure.set_size_inches(across, height)
    above[0].set(y=1 - gap / height, va="top")
    beneath[0].set(y=1 - (gap + above[1]) / height, va="top")
    source_line[0].set(y=gap / height, va="bottom")
    for axes in figure.axes:
        place = axes.get_position(original=True)
        axes.set_position((place.x0, (below + place.y0 * panels) / height, place.width, place.height * panels / height))
    return below / height, 1 - head / height


def fit_panels(figure: Figure, renderer: RendererBase, bottom: float, top: float) -> None:
    """Give each row and column of panels the room that its words need, between `bottom` and `top`.

    What is left is shared as the grid's ratios say. Words are measured once, by the `renderer` that then draws
    them; axes that stand in no grid stay where they are.
    """
    panels = [(axes, spec) for axes in figure.axes if (spec := axes.get_subplotspec())]
    if not panels:
        return
    grid, size = panels[0][1].get_gridspec(), figure.bbox.size
    columns, rows = np.zeros((grid.ncols, 2)), np.zeros((grid.nrows, 2))
    for axes, spec in panels:
        words, inner = axes.get_tightbbox(renderer, for_layout_only=True), axes.get_window_extent()
        if words is not None:
            across, down = spec.colspan, spec.rowspan
            for margins, place, side, more in (
                (columns, across.start, 0, inner.x0 - words.x0), (columns, across.stop - 1, 1, words.x1 - inner.x1),
                (rows, down.start, 0, words.y1 - inner.y1), (rows, down.stop - 1, 1, inner.y0 - words.y0),
            ):  # fmt: skip
                margins[place, side] = max(margins[place, side], more + PAD)
    lefts, rights = _shares(columns / size[0], grid.get_width_ratios(), 1.0)
    tops, bottoms = _shares(rows / size[1], grid.get_height_ratios(), top - bottom)
    for axes, spec in panels:
        left, right = lefts[spec.colspan.start], rights[spec.colspan.stop - 1]
        high, low = top - tops[spec.rowspan.start], top - bottoms[spec.rowspan.stop - 1]
        axes.set_position((left, low, right - left, high - low))


def _shares(margins: Numbers, ratios: npt.ArrayLike, whole: float) -> tuple[Numbers, Numbers]:
    """Return where each row or column begins and ends within `whole`, each between its two `margins`."""
    share = np.asarray(ratios, float)
    sizes = share / share.sum() * max(whole - margins.sum(), 0.1 * whole)
    ends = np.cumsum(margins.sum(axis=1) + sizes) - margins[:, 1]
    return ends - sizes, ends


def drawing(figure: Figure, words: Mapping[str, str], layout: Layout) -> str:
    """Return `figure` under the title, subtitle and source line of its `words` as SVG, and close it."""
    part = headline(figure, words["title"], words["subtitle"], words["source"], layout)
    drawn = io.StringIO()
    unsaid = {"Date": None, "Creator": None}
    renderer = RendererSVG(*figure.bbox.size, drawn, metadata=unsaid)  # type: ignore[no-untyped-call]
    fit_panels(figure, renderer, *part)
    figure.draw(renderer)
    renderer.finalize()  # type: ignore[no-untyped-call]
    plt.close(figure)
    return drawn.getvalue()


def view(parameters: Parameters) -> dict[str, str]:
    """Return the explorer's address parameters that show the incidents which `parameters` counts."""
    shown = {"from": f"{parameters.window_start}", "to": f"{parameters.window_end}"}
    if set(parameters.countries) != set(countries(parameters.reference_dir)):
        shown["country"] = ",".join(parameters.countries)
    if parameters.confirmed_by != "anyone":
        shown["confirmation"] = ",".join(CONFIRMATIONS[parameters.confirmed_by])
    return shown


def bars(axes: Axes, left: Any, height: Any, width: Any, base: Any = 0.0, **look: Any) -> None:
    """Draw upright bars from `left` and `base` on as one mark (numbers or arrays, in data units)."""
    x, y, across, up = (np.asarray(part, float) for part in np.broadcast_arrays(left, base, width, height))
    corners = np.stack([[x, y], [x + across, y], [x + across, y + up], [x, y + up], [x, y]]).transpose(2, 0, 1)
    codes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY]
    corners = corners[up != 0]
    outline = Outline(corners.reshape(-1, 2), np.tile(codes, len(corners)))
    axes.add_patch(PathPatch(outline, linewidth=0, **look))


@dataclass(frozen=True)
class Drawn:
    """A drawing as a notebook shows it."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


def save(
    name: str,
    draw: Callable[[Layout], Figure],
    data: pd.DataFrame,
    p: Parameters,
    facts: Mapping[str, Fact],
    folder: str | Path,
) -> Drawn | None:
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
            drawn = drawing(draw(layout), words, layout)
        suffix = "-narrow" if layout.narrow else ""
        picture = fit(drawn, f"{name}{suffix}", words["alt"])
        (target / f"{name}{suffix}.svg").write_text(picture, encoding="utf-8")
    shown = data.map(for_spreadsheet)
    shown.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d", float_format=FIGURES)
    beside = {key: words[key] for key in ("title", "subtitle", "alt", "source", "section")}
    seen = {"view": {} if words["view"] == "none" else view(p) | dict(parse_qsl(words["view"]))}
    told = json.dumps(beside | seen, ensure_ascii=False, indent=1)
    (target / f"{name}.json").write_text(f"{told}\n", encoding="utf-8")
    return Drawn((target / f"{name}.svg").read_text(encoding="utf-8"))
