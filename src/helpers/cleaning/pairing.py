"""Which rows of two codings are about the same attack: an assignment, one to one, source by source.

The second coding shares no id with the first. Which fields may decide is the caller's to say, since the pairs that
judge a field have to be made without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.fuzz import token_set_ratio
from scipy.optimize import linear_sum_assignment

from helpers.cleaning.agreement import Floats
from helpers.cleaning.schemas_coded import REPORT_FIELDS

#: Rows further apart than this many days are no pair: the codebook takes a report dated "within three days".
NEAREST_DAYS = 3

#: Words that are compared by likeness.
_WORDS = ("place_as_reported", "weapon_as_reported")

#: Fields that decide about a pair otherwise, or are the coder's own words.
_OTHER = {"date", "date_precision", "date_earliest", "date_latest", "site_id", "country", "attributed_to", "note"}

#: Fields that tell apart the rows which site and day leave undecided.
_TELLING = tuple(name for name in REPORT_FIELDS if name not in _OTHER and name not in _WORDS)


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a sheet as text with blanks empty, with a spreadsheet's row number, and each coder's order in `order`.

    The index is the row as a spreadsheet numbers it, as `reading` gives it, or counts from 0.
    """
    text = frame.map(
        lambda cell: "" if pd.isna(cell) else cell.isoformat()[:10] if hasattr(cell, "isoformat") else str(cell)
    )
    text["second_row"] = text.index + (2 if 0 in text.index else 0)
    numbered = text["report_id"].str.extract(r"/(\d+)$")[0] if "report_id" in text else text["second_row"]
    text["order"] = pd.to_numeric(numbered, errors="coerce").fillna(0).astype(int)
    if "report_id" not in text:
        text["report_id"] = ""
    text["day"] = pd.to_datetime(text["date"], format="%Y-%m-%d", errors="coerce")
    return text.sort_values(["source_id", "order"], kind="stable", ignore_index=True)


def within(frame: pd.DataFrame, stretches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows dated within a stretch of their source; a source without a stretch keeps them all."""
    spans = stretches.assign(start=pd.to_datetime(stretches["start"]), end=pd.to_datetime(stretches["end"]))
    numbered = frame.reset_index(drop=True).assign(row=np.arange(len(frame)))
    beside = numbered[["row", "source_id", "day"]].merge(spans, on="source_id")
    inside = beside.loc[beside["day"].between(beside["start"], beside["end"]), "row"]
    free = ~numbered["source_id"].isin(spans["source_id"])
    return numbered[numbered["row"].isin(inside) | free].drop(columns="row").reset_index(drop=True)


@dataclass(frozen=True)
class Compared:
    """The rows of one source, each of the first coding (down) beside each of the second (across).

    `gap` in days; `same_site`; `differing`: field -> whether the two codes differ; `words`: by how much (0 to 2) the
    source's words for place and weapon differ; `lefts`, `rights`: the rows' labels in the two sheets.
    """

    source: str
    lefts: list[int]
    rights: list[int]
    gap: Floats
    same_site: npt.NDArray[np.bool_]
    differing: dict[str, npt.NDArray[np.bool_]]
    words: Floats


def compare(first: pd.DataFrame, second: pd.DataFrame) -> list[Compared]:
    """Set the rows of each source beside each other; a source that only one coding has gives nothing."""
    rights = dict(iter(second.groupby("source_id", sort=True)))
    compared = []
    for source, left in first.groupby("source_id", sort=True):
        if (right := rights.get(source)) is None:
            continue
        days = left["day"].to_numpy()[:, None] - right["day"].to_numpy()[None, :]
        differing = {field: left[field].to_numpy()[:, None] != right[field].to_numpy()[None, :] for field in _TELLING}
        likeness = [[[token_set_ratio(a, b) for b in right[field]] for a in left[field]] for field in _WORDS]
        compared.append(
            Compared(
                str(source),
                list(left.index),
                list(right.index),
                np.abs(days) / np.timedelta64(1, "D"),
                left["site_id"].to_numpy()[:, None] == right["site_id"].to_numpy()[None, :],
                differing,
                (1 - np.array(likeness) / 100).sum(axis=0),
            )
        )
    return compared


def match(compared: list[Compared], unseen: frozenset[str]) -> pd.DataFrame:
    """Pair the rows of each source without the fields in `unseen`: `source_id, left, right, certain`.

    A pair is certain when neither row could have had another partner.
    """
    rows = []
    for one in compared:
        possible = np.full(one.gap.shape, True)
        cost = one.words + sum(differs for field, differs in one.differing.items() if field not in unseen)
        if "date" not in unseen:
            possible &= one.gap <= NEAREST_DAYS
            cost += 100 * np.nan_to_num(one.gap, nan=NEAREST_DAYS + 1)
        if "site_id" not in unseen:
            possible &= one.same_site
        cost += 0.001 * np.abs(np.arange(len(one.lefts))[:, None] - np.arange(len(one.rights))[None, :])
        alone = (possible.sum(axis=1)[:, None] == 1) & (possible.sum(axis=0)[None, :] == 1)
        for i, j in zip(*linear_sum_assignment(np.where(possible, cost, 1e6)), strict=True):
            if possible[i, j]:
                rows.append((one.source, one.lefts[i], one.rights[j], bool(alone[i, j])))
    return pd.DataFrame(rows, columns=["source_id", "left", "right", "certain"])
