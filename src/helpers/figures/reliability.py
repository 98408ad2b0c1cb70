"""The figure of the coding's reliability: Krippendorff's alpha of each measure with its interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure

from helpers.cleaning.reliability import RELIABLE, TENTATIVE, ReliabilityResult
from helpers.figures import style

#: The measures in a reader's words; what is missing here is shown under its own name.
LABELS = {
    "date_exact": "day of the attack",
    "date": "day, by days apart",
    "date_precision": "how exactly the day is fixed",
    "date_earliest": "first possible day",
    "date_latest": "last possible day",
    "time_local": "hour",
    "site_id": "site",
    "country": "country",
    "target_type": "kind of target",
    "weapons": "weapons",
    "munitions_low": "munitions, least",
    "munitions_high": "munitions, most",
    "intercepted": "intercepted",
    "us_killed": "US killed",
    "us_injured_low": "US injured, least",
    "us_injured_high": "US injured, most",
    "partner_killed": "partners killed",
    "partner_injured": "partners injured",
    "damage": "damage",
    "claimed_by": "who claimed it",
    "attributed_to": "who is blamed",
    "confirmation": "who confirms it",
}


def label(measure: str) -> str:
    """Return a measure in words; of a number that may be blank, whether one is given."""
    if measure in LABELS:
        return LABELS[measure]
    field = measure.removesuffix("_given")
    return f"{LABELS.get(field, field)}: said or not" if field != measure else measure


def shown(result: ReliabilityResult) -> pd.DataFrame:
    """Return the measures that have an alpha, the highest first, with their `label`."""
    table = result.table[result.table["alpha"].notna()]
    ordered = table.sort_values(["alpha", "agreement", "measure"], ascending=[False, False, True], kind="stable")
    return ordered.assign(label=ordered["measure"].map(label)).reset_index(drop=True)


def draw(result: ReliabilityResult, layout: style.Layout) -> Figure:
    """Draw a row a measure: a dot for alpha, a line for its interval, the number of pairs beside it."""
    table = shown(result)
    height = 1.0 + 0.2 * max(len(table), 3)
    figure, axes = plt.subplots(figsize=(layout.width, height))
    left = min([-0.1, *table["alpha_low"].dropna().floordiv(0.1).mul(0.1)])
    for limit in (TENTATIVE, RELIABLE):
        axes.axvline(limit, color=style.MUTED, linewidth=0.7, linestyle=(0, (3, 3)), zorder=0)
    above: dict[str, Any] = {
        "transform": axes.get_xaxis_transform(),
        "ha": "center",
        "va": "bottom",
        "color": style.MUTED,
    }
    axes.text((RELIABLE + 1) / 2, 1.0, "reliable", **above)
    if not layout.narrow:
        axes.text((TENTATIVE + RELIABLE) / 2, 1.0, "tentative", **above)
    for place, row in enumerate(table.to_dict("records")):
        colour = style.ACCENT if row["alpha"] < TENTATIVE else style.INK
        axes.plot([row["alpha_low"], row["alpha_high"]], [place, place], color=colour, linewidth=1.4, alpha=0.55)
        # hollow where the coders never differed: no interval can show what a larger sample would
        filled = style.PAPER if row["agreement"] == 1 else colour
        axes.plot(row["alpha"], place, "o", color=colour, markerfacecolor=filled, markersize=4.5)
        axes.text(1.04, place, f"{row['n_pairs']:,}", ha="left", va="center", color=style.MUTED)
    axes.text(
        1.04,
        1.0,
        "n" if layout.narrow else "pairs",
        transform=axes.get_xaxis_transform(),
        ha="left",
        va="bottom",
        color=style.MUTED,
    )
    axes.set(xlim=(left, 1.02), ylim=(len(table) - 0.5, -0.6), yticks=range(len(table)), xlabel="Krippendorff’s alpha")
    axes.set_yticklabels(table["label"], color=style.INK, va="center")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", linewidth=0.5)
    axes.set_axisbelow(True)
    style.headline(figure, title(result), SUBTITLE if len(table) else "", source(result), layout)
    return figure


SUBTITLE = (
    "Krippendorff’s alpha for each measure of the reports that were coded twice, with 95% interval: 1 is full "
    f"agreement, 0 what chance would give; red: below {TENTATIVE}; hollow: the coders never differed"
)


def source(result: ReliabilityResult) -> str:
    """Return the source line: what was coded twice, and how the intervals were made."""
    sources = int(result.table["n_sources"].max()) if len(result.table) else 0
    return (
        f"Source: {sources:,} source{'' if sources == 1 else 's'} drawn at random and coded a second time; intervals "
        f"from {result.resamples:,} bootstrap samples of sources."
    )


def title(result: ReliabilityResult) -> str:
    """Return the finding: how many measures are reliable, and which is least so."""
    table = shown(result)
    if table.empty:
        return "No sheet was coded twice often enough to say how reliable the coding is"
    good = int((table["alpha"] >= RELIABLE).sum())
    worst = table.iloc[-1]
    many = (
        f"all {len(table)} measures of the coding"
        if good == len(table)
        else f"{good} of {len(table)} measures of the coding"
    )
    text = f"Two coders agree reliably on {many}"
    return text if good == len(table) else f"{text}, least on “{worst['label']}”"


def alt(result: ReliabilityResult) -> str:
    """Return the figure in words."""
    table = shown(result)
    if table.empty:
        return f"{title(result)}."
    weak = table[table["alpha"] < TENTATIVE]
    listed = ", ".join(f"{row['label']} {row['alpha']:.2f}" for _, row in weak.iterrows()) or "none"
    return (
        f"{title(result)}. Krippendorff’s alpha reaches {RELIABLE} in {int((table['alpha'] >= RELIABLE).sum())} of "
        f"{len(table)} measures; below {TENTATIVE}: {listed}."
    )


def save(result: ReliabilityResult, folder: str | Path) -> Image:
    """Write the figure ``reliability`` to `folder`; return it at full width."""
    columns = ["measure", "label", "level", "n_pairs", "n_sources", "agreement", "alpha", "alpha_low", "alpha_high"]
    return style.save(
        lambda layout: draw(result, layout),
        "reliability",
        title=title(result),
        alt=alt(result),
        source=source(result),
        data=shown(result)[columns],
        folder=folder,
    )
