"""The pause in every series: the ratio to the days compared, its interval, and the largest number that would show."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.analysis.pause import Comparison
from helpers.facts import CANNOT
from helpers.figures import style
from helpers.figures.text import wrap

#: Series -> its words beside the dot.
LABELS = {
    "coded": "All attacks on record", "officials": "US officials’ totals", "us_official": "Confirmed by a US official",
    "sohr": "Observatory’s totals (Syria)", "syria": "On record in Syria", "iraq": "On record in Iraq",
}  # fmt: skip
#: Where the axis of ratios ends; what lies beyond is an arrow.
END = 1.5


def _row(axes: Axes, y: float, one: Comparison, layout: style.Layout) -> None:
    """Draw one series: interval, dot, and an open mark at the largest number that would still show a fall."""
    value, low, high = one.ratio.value, one.ratio.low or 0.0, one.ratio.high
    colour, most = style.ACCENT if one.ratio.below_one else style.MUTED, one.largest_showing
    if value is not None and one.fall != CANNOT:
        beyond = high is None or high > END
        axes.plot([min(low, END), min(high or END, END)], [y, y], color=colour, linewidth=2.0, solid_capstyle="butt")
        if beyond:
            axes.plot(END, y, ">", color=colour, markersize=5, markeredgewidth=0, clip_on=False)
        if value <= END:
            axes.plot(value, y, "o", color=colour, markersize=6.5, markeredgewidth=0, zorder=4, clip_on=False)
    if one.expected and most is not None and most / one.expected <= END:
        axes.plot(most / one.expected, y, "|", color=style.INK, markersize=11, markeredgewidth=1.4, zorder=5)
    shows = layout.choose(" would show a fall", " would show it")
    text = f"{one.during:,} in {one.days} day{'s' if one.days != 1 else ''}"
    text += f", {one.expected:.0f} expected" if one.expected else ""
    text += f"; no number{shows}" if most is None else f"; up to {most:,}{shows}" if most else f"; only none{shows}"
    axes.annotate(
        text, (0, y), xycoords=axes.get_yaxis_transform(), xytext=(0, layout.choose(-9, -8)), ha="left", va="top",
        textcoords="offset points", color=style.MUTED, fontsize=layout.small,
    )  # fmt: skip


def draw(comparisons: Mapping[str, Comparison], layout: style.Layout) -> Figure:
    """Draw a row a series over one axis of ratios: 1 is as on the days compared."""
    names = [name for name in LABELS if name in comparisons and comparisons[name].days]
    height = layout.choose(0.38, 0.5) * max(len(names), 1) + 0.45
    figure, axes = plt.subplots(figsize=(layout.width, height))
    axes.set_xlim(0, END)
    axes.set_ylim(len(names) - 0.3, -0.6)
    axes.axvline(1, color=style.MUTED, linewidth=0.9)
    axes.axvspan(0, 1, color=style.BAND, alpha=0.35, linewidth=0, zorder=0)
    for y, name in enumerate(names):
        _row(axes, y, comparisons[name], layout)
    as_on = layout.choose("as on the days compared", "as on others")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1, 1.25, END], ["none", "a quarter", "half", "", as_on, "", ""])
    labels = [wrap(LABELS[name], layout.choose(1.8, 1.03), layout.font) for name in names]
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.spines["left"].set_visible(False)
    return figure
