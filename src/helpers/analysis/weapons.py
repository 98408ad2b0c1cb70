"""Did a new weapon come? Record highs, the shares of weapons by month and stretch, and what sources call the missiles.

An attack stands on the rung of its heaviest weapon (``weapons.csv``). A missile of a kind that nobody gives has no
rung: it is carried as a bound, never guessed.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from helpers.facts import CANNOT, finding
from helpers.parameters import Parameters
from helpers.stretches import Stretches, within_coding
from helpers.tables import select
from helpers.vocabulary import missiles, of_group, split, unstated, weapons

#: Shares before and after the pause are compared from so many attacks with a named weapon on each side.
ATTACKS = 20
#: A share is given an interval from so many attacks on.
SHARED = 10

Mask = npt.NDArray[np.bool_]
Ids = tuple[str, ...]


class Rungs(NamedTuple):
    """`missiles` of a stated kind and `unspecified` ones; the lowest rung of a missile and of a rocket."""

    missiles: tuple[str, ...]
    unspecified: tuple[str, ...]
    missile: int
    rocket: int


def rungs(reference_dir: str = "data/reference") -> Rungs:
    """Return what ``weapons.csv`` says of missiles and rockets."""
    known, stated = weapons(reference_dir), missiles(reference_dir)
    vague = tuple(code for code, meant in unstated(reference_dir).items() if set(meant) & set(stated))
    top = max((weapon.rung or 0 for weapon in known.values()), default=0) + 1
    missile = min((known[code].rung or 0 for code in stated), default=top)
    rocket = min((known[code].rung or 0 for code in of_group("rocket", reference_dir)), default=missile)
    return Rungs(stated, vague, missile, rocket)


def naming(cells: pd.Series, codes: tuple[str, ...]) -> Mask:
    """Return which of `cells` (weapons joined by ``;``) hold one of `codes`."""
    return np.array([bool(set(codes) & set(split(cell))) for cell in cells], bool)


def prepare(selected: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the `selected` incidents with `rung` (NaN: none), `week` (whole weeks from the pause's start), `stretch`,
    and `blank` (whether the reconciled weapons hold a missile of a kind that nobody gives)."""
    known = {code: weapon.rung for code, weapon in weapons(parameters.reference_dir).items()}
    return selected.assign(
        rung=selected["top_weapon"].map(known).astype(float),
        week=(selected["date"] - pd.Timestamp(parameters.pause_start)).dt.days // 7,
        stretch=Stretches(parameters).of(selected["date"]).astype("object"),
        blank=naming(selected["weapons"], rungs(parameters.reference_dir).unspecified),
    )


#: Columns of the clean table by which a single attack is told, and their names there.
ATTACK = {
    "date": "date", "top_weapon": "weapon", "site_name": "site_name", "incident_id": "incident_id",
    "n_sources": "sources", "confirmation": "confirmation",
}  # fmt: skip


def told(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the attacks of `rows` of the clean table under the columns by which one is told (`ATTACK`)."""
    return rows[list(ATTACK)].rename(columns=ATTACK).reset_index(drop=True)


def records(prepared: pd.DataFrame) -> pd.DataFrame:
    """Return the attacks (see `told`) with which a heavier weapon came than in any on an earlier day, in order.

    The order within a day is not known: a day counts by its heaviest weapon, and of several attacks with it that with
    most sources is named.
    """
    on = prepared[prepared["rung"].notna()].sort_values(["date", "rung", "n_sources"], ascending=[True, False, False])
    days = on.drop_duplicates("date")
    return told(days[days["rung"] > days["rung"].cummax().shift(fill_value=-1.0)])


# --- shares -----------------------------------------------------------------------------------------------------------


class Share(NamedTuple):
    """A share of attacks with Wilson's interval (1927, J. Am. Stat. Assoc. 22:209); None where there is none."""

    value: float | None
    low: float | None
    high: float | None


def share(hits: int, of: int) -> Share:
    """Return what share `hits` are `of` so many attacks; its interval from `SHARED` of these on."""
    low, high = map(float, proportion_confint(hits, of, method="wilson")) if of >= SHARED else (None, None)
    return Share(hits / of if of else None, low, high)


class Part(NamedTuple):
    """A stretch or month: its `words`, its attacks with a named weapon (`rows`), and which of them were made with a
    rocket or more (`rocket_up`), with a `missile`, or rest on media or the claimant alone (`media`)."""

    words: str
    rows: pd.DataFrame
    rocket_up: pd.Series
    missile: pd.Series
    media: pd.Series


def parts(prepared: pd.DataFrame, parameters: Parameters) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return the stretches and the months of the window by name; stretches without a day are left out."""
    marks, cut = rungs(parameters.reference_dir), Stretches(parameters)

    def part(words: str, rows: pd.DataFrame) -> Part:
        named = rows[rows["rung"].notna()]
        unofficial = ~named["confirmation"].isin(["us_official", "local_official"])
        return Part(words, named, named["rung"] >= marks.rocket, named["rung"] >= marks.missile, unofficial)

    stretches = [cut[name] for name in ("before", "between", "since_stop")]
    month = prepared["date"].dt.to_period("M")
    months = pd.period_range(parameters.window_start, parameters.window_end, freq="M")
    return (
        {s.name: part(s.words, s.select(prepared)) for s in stretches if len(s)},
        {str(m): part(f"{m.strftime('%B %Y')}", prepared[month == m]) for m in months},
    )


def shares_table(found: dict[str, Part]) -> pd.DataFrame:
    """Return one row a stretch or month: attacks with a named weapon, shares of rockets and above and of missiles."""
    rows = []
    for name, part in found.items():
        row = {"stretch": name, "attacks": len(part.rows)}
        for kind, hit in (("rocket_up", part.rocket_up), ("missile", part.missile)):
            estimate = share(int(hit.sum()), len(hit))
            row |= {kind: int(hit.sum())} | {
                f"{kind}_{end}": float("nan" if value is None else value)
                for end, value in zip(("share", "low", "high"), estimate, strict=True)
            }
        rows.append(row | {"media": int(part.media.sum())})
    return pd.DataFrame(rows)


# --- missiles before and after the pause -----------------------------------------------------------------------------


class Grew(NamedTuple):
    """Missiles among the attacks `before` the pause and `after` it (ids of those with one, ids of all), under one
    meaning of the word; `needed`: how many after the pause would have shown a larger share than before it."""

    before: tuple[Ids, Ids]
    after: tuple[Ids, Ids]
    finding: str = CANNOT
    needed: int | None = None


def grew(rows: pd.DataFrame, missile: Mask, parameters: Parameters) -> Grew:
    """Return whether `missile` attacks are a larger share of `rows` after the pause, with `ATTACKS` on each side.

    Decided by the 95% interval of the difference of shares (Newcombe 1998, Stat. Med. 17:873), attacks taken as
    independent.
    """
    early = (rows["date"] < pd.Timestamp(parameters.pause_start)).to_numpy()
    late = (rows["date"] >= pd.Timestamp(parameters.pause_end)).to_numpy()
    ids = rows["incident_id"].to_numpy()
    before, after = ((tuple(ids[side & missile]), tuple(ids[side])) for side in (early, late))
    sizes = len(after[1]), len(before[0]), len(before[1])
    if min(sizes[0], sizes[2]) < ATTACKS:
        return Grew(before, after)

    def larger(count: int) -> bool:
        return bool(confint_proportions_2indep(count, *sizes, method="newcomb", compare="diff")[0] > 0)

    enough = bisect_left(range(sizes[0] + 1), True, key=larger)
    possible = enough <= sizes[0]
    return Grew(before, after, finding(larger(len(after[0])), possible), enough if possible else None)


# --- what sources say -------------------------------------------------------------------------------------------------

#: Kinds of source in the order in which they are given, each kind of the codebook under its words.
KINDS = {
    "official": "US officials", "wire": "news agencies", "national_media": "national media",
    "local_media": "local media", "analyst": "analysts", "encyclopedia": "analysts",
    "claimant_media": "claimants’ media",
}  # fmt: skip


def said(attacks: pd.DataFrame, reports: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return who names which weapon of `attacks` (see `told`): incident_id, date, weapon, kind of source, sources,
    reports (ids with ``;``). A source that names two weapons stands under both.
    """
    mine = reports.merge(attacks[["incident_id", "date"]], on="incident_id", suffixes=("_told", ""))
    given = mine["source_id"].map(sources.set_index("source_id")["kind"]).map(KINDS)
    kind = pd.Categorical(given, list(dict.fromkeys(KINDS.values())), ordered=True)
    long = mine.assign(kind=kind, weapon=mine["weapons"].map(split)).explode("weapon").dropna(subset=["weapon", "kind"])
    keys = ["date", "incident_id", "weapon", "kind"]
    found = long.groupby(keys, observed=True).agg(
        sources=("source_id", "nunique"), reports=("report_id", lambda ids: ";".join(sorted(set(ids))))
    )
    table = found.reset_index().astype({"kind": object})
    return table[["incident_id", "date", *table.columns[2:]]]


def no_kind(prepared: pd.DataFrame, reports: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Return of each attack how a missile of a kind that nobody gives stands in it, "" where none does.

    ``alone``: no other weapon is named; ``beside``: it stands beside another weapon; ``outvoted``: some source says so,
    and the others outvote it.
    """
    marks = rungs(parameters.reference_dir)
    some = prepared["incident_id"].isin(reports.loc[naming(reports["weapons"], marks.unspecified), "incident_id"])
    mine, none = prepared["blank"], prepared["rung"].isna()
    clear = prepared["rung"] >= marks.missile  # its kind is known from others
    cases = [mine & none, mine & ~none, some & ~mine & ~clear]
    return pd.Series(np.select(cases, ["alone", "beside", "outvoted"], ""), prepared.index, dtype=object)


@dataclass(frozen=True)
class Weapons:
    """What the record shows of weapons under a run's parameters.

    `prepared` incidents, with `no_kind`; `records` highs in order; `missiles` of a stated kind (both see `told`);
    `said` who names which weapon in these; `stretches` and `months` with their shares; `grew` missiles before and after
    the pause: of a ``stated`` kind, with those of ``no_kind``, and all that ``any_source`` calls so.
    """

    parameters: Parameters
    prepared: pd.DataFrame
    records: pd.DataFrame
    missiles: pd.DataFrame
    said: pd.DataFrame
    stretches: dict[str, Part]
    months: dict[str, Part]
    grew: dict[str, Grew]


def analyse(incidents: pd.DataFrame, parameters: Parameters, reports: pd.DataFrame, sources: pd.DataFrame) -> Weapons:
    """Return what the clean table `incidents` (whole), with its `reports` and `sources`, shows of weapons."""
    parameters = within_coding(parameters, incidents)
    prepared = prepare(select(incidents, parameters), parameters)
    prepared = prepared.assign(no_kind=no_kind(prepared, reports, parameters))
    stated = (prepared["rung"] >= rungs(parameters.reference_dir).missile).to_numpy()
    named = prepared["rung"].notna().to_numpy()
    meanings = {"stated": (), "no_kind": ("alone", "beside"), "any_source": ("alone", "beside", "outvoted")}
    counted = {name: prepared["no_kind"].isin(cases).to_numpy() for name, cases in meanings.items()}
    missiles = told(prepared[stated])
    return Weapons(
        parameters,
        prepared,
        records(prepared),
        missiles,
        said(missiles, reports, sources),
        *parts(prepared, parameters),
        {
            name: grew(prepared[named | more], (stated | more)[named | more], parameters)
            for name, more in counted.items()
        },
    )
