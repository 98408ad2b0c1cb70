"""The figure of the cleaning: how many independent origins report an incident, and on what they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.cleaning.summary import disagreement
from helpers.figures import style
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
#: Origins from which incidents are counted together.
MOST = 10


def origins(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return incidents by number of independent origins (rows 1 to `MOST`, the last "or more") and confirmation."""
    number = incidents["n_independent"].astype(int).clip(upper=MOST)
    codes = [code for code in CONFIRMATION if code in set(incidents["confirmation"])]
    return pd.crosstab(number, incidents["confirmation"]).reindex(range(1, MOST + 1), columns=codes, fill_value=0)


def disputed(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the fields shown, with label, incidents of which several origins speak, and the share disputed."""
    table = disagreement(tables)
    table = table[table["spoken"] >= FEWEST]
    return table.assign(label=table["field"].map(LABELS)).reset_index(drop=True)


def draw(tables: Mapping[str, pd.DataFrame], layout: style.Layout) -> Figure:
    """Draw both panels: side by side on paper, one above the other on a phone."""
    table = disputed(tables)
    size = (layout.width, layout.choose(3.2, 5.6))
    shape = layout.choose((1, 2), (2, 1))
    figure, (left, right) = plt.subplots(*shape, figsize=size)
    assert isinstance(figure, Figure)
    _origins(left, origins(tables["incidents"]))
    _disputed(right, table)
    style.headline(figure, title(tables), "", source(tables), layout)
    return figure


def _origins(axes: Axes, counts: pd.DataFrame) -> None:
    below = pd.Series(0, index=counts.index)
    for code in counts.columns:
        colour = style.CONFIRMATION_COLOURS.get(code, style.GRID)
        words = CONFIRMATION[code]
        axes.bar(counts.index, counts[code], bottom=below, width=0.82, color=colour, linewidth=0, label=words)
        below = below + counts[code]
    top = float(below.max()) if len(below) else 1.0
    axes.legend(loc="upper right", frameon=False, reverse=True, handlelength=0.9, handleheight=0.9, borderpad=0)
    axes.set(ylim=(0, top * 1.08), xlim=(0.4, MOST + 0.6), xticks=range(1, MOST + 1))
    axes.set_xticklabels([*map(str, range(1, MOST)), f"{MOST}+"])
    axes.set_xlabel("independent origins that report it")
    axes.set_title("Incidents, by who confirms them", fontsize=plt.rcParams["font.size"], color=style.INK)
    axes.grid(axis="y", linewidth=0.5)
    axes.set_axisbelow(True)


def _disputed(axes: Axes, table: pd.DataFrame) -> None:
    rows = range(len(table))
    axes.barh(rows, table["share"], height=0.7, color=style.ACCENT, linewidth=0)
    for place, row in enumerate(table.to_dict("records")):
        words = f" {row['share']:.0%} of {row['spoken']:,}"
        axes.text(row["share"], place, words, ha="left", va="center", color=style.MUTED)
    most = float(table["share"].max()) if len(table) else 1.0
    axes.set(ylim=(len(table) - 0.5, -0.5), xlim=(0, most * 1.45 or 1.0), yticks=rows, xticks=[])
    axes.set_yticklabels(table["label"], color=style.INK, va="center")
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title("Where several speak, they disagree on", fontsize=plt.rcParams["font.size"], color=style.INK)


def title(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the finding: how many incidents rest on one origin, and on what the others disagree most and least."""
    incidents, table = tables["incidents"], disputed(tables)
    alone = int((incidents["n_independent"] == 1).sum())
    text = f"{alone} of {len(incidents)} incidents rest on a single origin"
    if table.empty:
        return text
    first, last = table.iloc[0], table.iloc[-1]
    return f"{text}; where several speak, they disagree most on the {first['label']}, least on the {last['label']}"


def source(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the source line."""
    return (
        f"Source: {len(tables['incidents']):,} incidents from {len(tables['reports']):,} coded reports. Reprints of "
        f"one agency or outlet count once. Right: fields on which several origins speak of at least {FEWEST} incidents."
    )


def alt(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the figure in words."""
    counts, table = origins(tables["incidents"]).sum(axis=1), disputed(tables)
    listed = ", ".join(f"{row['label']} {row['share']:.0%}" for row in table.to_dict("records"))
    return (
        f"Two bar charts. Left: incidents by number of independent origins: {int(counts.iloc[0])} have one, "
        f"{int(counts.iloc[1])} two, {int(counts.iloc[2:].sum())} three or more. Right: share of the incidents of "
        f"which several origins speak and disagree, by field: {listed}."
    )


def save(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> Image:
    """Write the figure ``sources`` to `folder`; return it at full width."""
    shares = disputed(tables).rename(columns={"label": "what"})[["what", "spoken", "disputed", "share"]]
    counts = origins(tables["incidents"]).reset_index(names="origins").assign(what="incidents by origins")
    return style.save(
        lambda layout: draw(tables, layout),
        "sources",
        title=title(tables),
        alt=alt(tables),
        source=source(tables),
        data=pd.concat([shares, counts], ignore_index=True),
        folder=folder,
    )
