"""The figures of 01_publish: how many independent origins report an incident and on what they disagree; reliability."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.cleaning.reliability import RELIABLE, TENTATIVE, ReliabilityResult
from helpers.cleaning.summary import MOST, disagreement, origins
from helpers.facts import Fact
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.vocabulary import CONFIRMATION

#: Fields in a reader's words.
LABELS = {
    "date": "day",
    "time_local": "hour",
    "country": "country",
    "site_id": "site",
    "target_type": "kind of target",
    "weapons": "weapons",
    "munitions": "number of munitions",
    "intercepted": "whether intercepted",
    "damage": "damage",
    "us_killed": "US killed",
    "us_injured": "US injured",
    "partner_killed": "partners killed",
    "partner_injured": "partners injured",
    "claimed_by": "who claimed it",
}

#: A share of fewer incidents than this is left out of the figure.
FEWEST = 10


def disputed(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the fields shown, with label, incidents of which several origins speak, and the share disputed."""
    table = disagreement(tables)
    table = table[table["spoken"] >= FEWEST]
    return table.assign(label=table["field"].map(LABELS)).reset_index(drop=True)


def draw(tables: Mapping[str, pd.DataFrame], layout: style.Layout) -> Figure:
    """Draw both panels: side by side on paper, one above the other on a phone."""
    size = (layout.width, layout.choose(3.2, 5.6))
    figure, (left, right) = plt.subplots(*layout.choose((1, 2), (2, 1)), figsize=size)
    assert isinstance(figure, Figure)
    _origins(left, origins(tables["incidents"]))
    _disputed(right, disputed(tables))
    return figure


def _origins(axes: Axes, counts: pd.DataFrame) -> None:
    below = pd.Series(0, index=counts.index)
    for code in counts.columns:
        colour = style.CONFIRMATION_COLOURS.get(code, style.GRID)
        words = CONFIRMATION[code]
        style.bars(axes, counts.index - 0.41, counts[code], 0.82, below, color=colour, label=words)
        below = below + counts[code]
    top = float(below.max()) if len(below) else 1.0
    square = {"handlelength": 0.9, "handleheight": 0.9, "columnspacing": 1.2, "borderpad": 0}
    axes.legend(loc="upper left", ncols=2, frameon=False, **square)
    axes.set(ylim=(0, top * 1.32), xlim=(0.4, MOST + 0.6), xticks=range(1, MOST + 1))
    axes.set_xticklabels([*map(str, range(1, MOST)), f"{MOST}+"])
    axes.set_xlabel("independent origins that report it")
    axes.set_title("Incidents, by who confirms them", fontsize=plt.rcParams["font.size"], color=style.INK)
    axes.grid(axis="y", linewidth=0.5)
    axes.set_axisbelow(True)


def _disputed(axes: Axes, table: pd.DataFrame) -> None:
    if len(table):
        look = {"color": style.ACCENT, "saturation": 1, "width": 0.7, "linewidth": 0}
        sns.barplot(table, x="share", y="label", errorbar=None, ax=axes, **look)
    for place, row in enumerate(table.to_dict("records")):
        words = f" {row['share']:.0%} of {row['spoken']:,}"
        axes.text(row["share"], place, words, ha="left", va="center", color=style.MUTED)
    most = float(table["share"].max()) if len(table) else 1.0
    axes.set(ylim=(len(table) - 0.5, -0.5), xlim=(0, most * 1.45 or 1.0), xticks=[], xlabel="", ylabel="")
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title("Where several speak, they disagree on", fontsize=plt.rcParams["font.size"], color=style.INK)


def sources(tables: Mapping[str, pd.DataFrame], p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``sources`` to `folder`; return it as a notebook shows it."""
    shares = disputed(tables).rename(columns={"label": "what"})[["what", "spoken", "disputed", "share"]]
    counts = origins(tables["incidents"]).reset_index(names="origins").assign(what="incidents by origins")
    data = pd.concat([shares, counts], ignore_index=True)
    return style.save("sources", lambda layout: draw(tables, layout), data, p, facts, folder)


#: The measures in a reader's words; what is missing here is shown in the words of its field, or under its own name.
MEASURES = LABELS | {
    "date_exact": "day of the attack",
    "date": "day, by days apart",
    "date_precision": "how exactly the day is fixed",
    "date_earliest": "first possible day",
    "date_latest": "last possible day",
    "munitions_low": "munitions, least",
    "munitions_high": "munitions, most",
    "intercepted": "intercepted",
    "us_injured_low": "US injured, least",
    "us_injured_high": "US injured, most",
    "attributed_to": "who is blamed",
    "confirmation": "who confirms it",
}


def label(measure: str) -> str:
    """Return a measure in words; of a number that may be blank, whether one is given."""
    field = measure.removesuffix("_given")
    return MEASURES.get(measure) or (f"{MEASURES.get(field, field)}: said or not" if field != measure else measure)


def shown(result: ReliabilityResult) -> pd.DataFrame:
    """Return the measures that have an alpha, the highest first, with their `label`."""
    table = result.table[result.table["alpha"].notna()]
    ordered = table.sort_values(["alpha", "agreement", "measure"], ascending=[False, False, True], kind="stable")
    return ordered.assign(label=ordered["measure"].map(label)).reset_index(drop=True)


def _alphas(result: ReliabilityResult, layout: style.Layout) -> Figure:
    """Draw a row a measure: a dot for alpha, a line for its interval, the number of pairs beside it."""
    table = shown(result)
    height = 1.0 + 0.2 * max(len(table), 3)
    figure, axes = plt.subplots(figsize=(layout.width, height))
    left = min([-0.1, *table["alpha_low"].dropna().floordiv(0.1).mul(0.1)])
    for limit in (TENTATIVE, RELIABLE):
        axes.axvline(limit, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 3)), zorder=0)
    above: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "bottom", "color": style.MUTED}
    axes.text((RELIABLE + 1) / 2, 1.0, "reliable", ha="center", **above)
    if not layout.narrow:
        axes.text((TENTATIVE + RELIABLE) / 2, 1.0, "tentative", ha="center", **above)
    for place, row in enumerate(table.to_dict("records")):
        colour = style.ACCENT if row["alpha"] < TENTATIVE else style.INK
        axes.plot([row["alpha_low"], row["alpha_high"]], [place, place], color=colour, linewidth=1.4, alpha=0.55)
        # hollow where the coders never differed: no interval can show what a larger sample would
        filled = style.PAPER if row["agreement"] == 1 else colour
        axes.plot(row["alpha"], place, "o", color=colour, markerfacecolor=filled, markersize=4.5)
        axes.text(1.04, place, f"{row['n_pairs']:,}", ha="left", va="center", color=style.MUTED)
    axes.text(1.04, 1.0, "n" if layout.narrow else "pairs", ha="left", **above)
    axes.set(xlim=(left, 1.02), ylim=(len(table) - 0.5, -0.6), yticks=range(len(table)), xlabel="Krippendorff’s alpha")
    axes.set_yticklabels(table["label"], color=style.INK, va="center")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", linewidth=0.5)
    axes.set_axisbelow(True)
    return figure


def reliability(result: ReliabilityResult, p: Parameters, facts: Mapping[str, Fact], folder: str | Path) -> Any:
    """Write the figure ``reliability`` to `folder`; return it as a notebook shows it."""
    columns = ["measure", "label", "level", "n_pairs", "n_sources", "agreement", "alpha", "alpha_low", "alpha_high"]
    data = shown(result)[columns]
    return style.save("reliability", lambda layout: _alphas(result, layout), data, p, facts, folder)
