"""The figure of the claims: each statement with its verdict and, where it is a number, claimed against measured."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.analysis.claims import ClaimsResult, shown
from helpers.facts import printed
from helpers.figures import style
from helpers.figures.text import wrap

#: Verdict -> mark, colour; told apart by mark as well as by colour.
MARKS = {
    "contradicted": ("✕", "#b2182b"),
    "mixed": ("◐", "#b8860b"),
    "not testable": ("○", "#5f6368"),
    "supported": ("●", "#0072b2"),
}

SIGNS = {"equals": "", "approximately": "about ", "at_least": "at least ", "less_than": "under ", "more_than": "over "}


def _value(cell: object, kind: str) -> str:
    if cell is None or (isinstance(cell, float) and pd.isna(cell)) or cell == "":
        return "–"
    return shown(cell, kind)


def claimed_text(row: pd.Series) -> str:
    """Return what is claimed, in short: ``at least 78``."""
    ratio = row["kind"] in ("rate_lower", "rate_higher")
    value = printed(float(row["value"]), "ratio", 1) if ratio else _value(row["value"], row["kind"])
    return ("ratio " if ratio else "") + SIGNS[row["comparator"]] + value


def measured_text(row: pd.Series) -> str:
    """Return what is measured, with its bounds where they differ: ``66 (63 to 69)``."""
    text = _value(row["measured"], row["kind"])
    low, high = row["low"], row["high"]
    if isinstance(row["measured"], str) or pd.isna(low):
        return text
    if pd.isna(high) or float(high) > 1000:
        return f"{text} ({_value(low, row['kind'])} or more)"
    return text if low == high else f"{text} ({_value(low, row['kind'])} to {_value(high, row['kind'])})"


def ordered(result: ClaimsResult) -> pd.DataFrame:
    """Return the claims grouped by verdict: contradicted, mixed, not testable, supported; in a group by claim_id."""
    order = {verdict: place for place, verdict in enumerate(MARKS)}
    return result.table.assign(order=result.table["verdict"].map(order)).sort_values(
        ["order", "claim_id"], ignore_index=True
    )


def draw(result: ClaimsResult, layout: style.Layout) -> Figure:
    """Draw one row a claim under a heading for each verdict: statement, what is claimed, what is measured."""
    table = ordered(result)
    figure, axes = plt.subplots(figsize=(layout.width, 1.0))
    size = layout.small if layout.narrow else layout.font - 0.5
    line = (size + 2.4) / 72
    room = layout.width * (0.94 if layout.narrow else 0.56)
    blocks: list[tuple[str, str, pd.Series | None]] = []
    for verdict, here in table.groupby("verdict", sort=False):
        blocks.append((str(verdict), f"{verdict} ({len(here)})", None))
        blocks += [(str(verdict), wrap(figure, row["statement"], room - 0.2, fontsize=size), row)
                   for _, row in here.iterrows()]  # fmt: skip
    y = 0.0
    for verdict, text, row in blocks:
        colour = style.readable(MARKS[verdict][1])
        if row is None:
            y += line * 0.5
            axes.text(
                0, -y, text[0].upper() + text[1:], color=colour, fontweight="bold", va="top", fontsize=layout.font + 1
            )
            if not layout.narrow:
                for x, words in ((0.6, "claimed"), (0.8, "other sources")):
                    axes.text(x, -y, words, color=style.MUTED, va="top", fontsize=layout.small)
            y += line * 1.5
            continue
        _mark(axes, verdict, y + line * 0.42)
        axes.text(0.028 * 7 / layout.width, -y, text, va="top", fontsize=size, linespacing=1.05)
        lines = text.count("\n") + 1
        if layout.narrow:
            words = f"claimed {claimed_text(row)}; measured {measured_text(row)}"
            wrapped = wrap(figure, words, room - 0.2, fontsize=size)
            y += lines * line
            axes.text(0.028 * 7 / layout.width, -y, wrapped, va="top", fontsize=size, color=style.MUTED)
            y += (wrapped.count("\n") + 1) * line + line * 0.35
            continue
        axes.text(0.6, -y, claimed_text(row), va="top", fontsize=size, color=style.MUTED)
        seen = wrap(figure, measured_text(row), layout.width * 0.19, fontsize=size)
        axes.text(0.8, -y, seen, va="top", fontsize=size, color=style.INK)
        y += max(lines, seen.count("\n") + 1) * line + line * 0.3
    figure.set_size_inches(layout.width, max(y, 0.6) + 0.1)
    axes.set(xlim=(0, 1), ylim=(-max(y, 0.6), 0))
    axes.axis("off")
    style.headline(figure, title(result), "", source(result), layout)
    return figure


def _mark(axes: Axes, verdict: str, y: float) -> None:
    colour = MARKS[verdict][1]
    kinds = {"contradicted": ("X", "full"), "mixed": ("o", "left"), "not testable": ("o", "none"),
             "supported": ("o", "full")}  # fmt: skip
    marker, fill = kinds[verdict]
    axes.plot(0.009, -y, marker, color=colour, fillstyle=fill, markersize=5, markeredgewidth=0.9, clip_on=False,
              markerfacecoloralt=style.PAPER)  # fmt: skip


def counts(result: ClaimsResult) -> dict[str, int]:
    """Return how many claims have each verdict."""
    return {verdict: int((result.table["verdict"] == verdict).sum()) for verdict in MARKS}


def title(result: ClaimsResult) -> str:
    """Return the finding: how many statements the record supports, contradicts, leaves open."""
    number, every = counts(result), len(result.table)
    if not every:
        return "No statement to judge"
    rest = [
        f"{number[verdict]} {words}"
        for verdict, words in (("contradicted", "contradicted"), ("mixed", "mixed"), ("not testable", "not testable"))
        if number[verdict]
    ]
    text = f"Other sources support {number['supported']} of {every} press statements"
    return text + (f"; {', '.join(rest)}" if rest else "")


def alt(result: ClaimsResult) -> str:
    """Return the figure in words: the verdicts with the claims under them."""
    table = ordered(result)
    parts = []
    for verdict in ("contradicted", "mixed"):
        said = [str(text).rstrip(".") for text in table.loc[table["verdict"] == verdict, "statement"]]
        if said:
            parts.append(f" {verdict.capitalize()}: {'; '.join(said)}.")
    return f"{title(result)}.{''.join(parts)}"


def source(result: ClaimsResult) -> str:
    """Return the source line."""
    n = result.table["source_id"].nunique()
    return (
        f"Source: {len(result.table)} statements from {n} press reports, each judged by coded incidents, strikes and "
        "officials’ totals without rows of its own source or reprints of it."
    )


def save(result: ClaimsResult, folder: str | Path) -> Image:
    """Write the figure ``claims`` to `folder`; return it at full width."""
    columns = ["claim_id", "statement", "comparator", "value", "verdict", "measured", "low", "high", "reason"]
    return style.save(
        lambda layout: draw(result, layout),
        "claims",
        title=title(result),
        alt=alt(result),
        source=source(result),
        data=ordered(result)[columns],
        folder=folder,
    )
