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
    """Return the `selected` incidents with `rung` (NaN: none), whether it is that of a rocket or more (`rocket_up`), of
    a `missile`, `week` (whole weeks from the pause's start), `stretch`, and `blank` (whether the reconciled weapons
    hold a missile of a kind that nobody gives)."""
    known, marks = weapons(parameters.reference_dir), rungs(parameters.reference_dir)
    rung = selected["top_weapon"].map({code: weapon.rung for code, weapon in known.items()}).astype(float)
    return selected.assign(
        rung=rung,
        rocket_up=rung >= marks.rocket,
        missile=rung >= marks.missile,
        week=(selected["date"] - pd.Timestamp(parameters.pause_start)).dt.days // 7,
        stretch=Stretches(parameters).of(selected["date"]).astype("object"),
        blank=naming(selected["weapons"], marks.unspecified),
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
    """A stretch or month: its `words`, and its attacks with a named weapon (`rows`), of which `media` says whether they
    rest on media or the claimant alone."""

    words: str
    rows: pd.DataFrame


def parts(prepared: pd.DataFrame, parameters: Parameters) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return the stretches and the months of the window by name; stretches without a day are left out."""
    named, cut = prepared[prepared["rung"].notna()], Stretches(parameters)
    named = named.assign(media=~named["confirmation"].isin(["us_official", "local_official"]))
    month = named["date"].dt.to_period("M")
    months = pd.period_range(parameters.window_start, parameters.window_end, freq="M")
    stretches = [cut[name] for name in ("before", "between", "since_stop")]
    return (
        {s.name: Part(s.words, s.select(named)) for s in stretches if len(s)},
        {str(m): Part(m.strftime("%B %Y"), named[month == m]) for m in months},
    )


def shares_table(found: dict[str, Part]) -> pd.DataFrame:
    """Return one row a stretch or month: attacks with a named weapon, shares of rockets and above and of missiles."""
    rows = []
    for name, part in found.items():
        row: dict[str, object] = {"stretch": name, "attacks": len(part.rows)}
        for kind in ("rocket_up", "missile"):
            count = int(part.rows[kind].sum())
            value, low, high = share(count, len(part.rows))
            row |= {kind: count, f"{kind}_share": value, f"{kind}_low": low, f"{kind}_high": high}
        rows.append(row | {"media": int(part.rows["media"].sum())})
    return pd.DataFrame(rows)


# --- missiles before and after the pause -----------------------------------------------------------------------------


class Grew(NamedTuple):
    """Missiles among the attacks `before` the pause and `after` it (ids of those with one, ids of all), under one
    meaning of the word; `needed`: how many after the pause would have shown a larger share than before it."""

    before: tuple[Ids, Ids]
    after: tuple[Ids, Ids]
    finding: str = CANNOT
    needed: int | None = None


def grew(prepared: pd.DataFrame, missile: pd.Series, parameters: Parameters) -> Grew:
    """Return whether `missile` attacks are a larger share of those with a named weapon after the pause than before it.

    Decided by the 95% interval of the difference of shares (Newcombe 1998, Stat. Med. 17:873), attacks taken as
    independent, with `ATTACKS` on each side.
    """
    rows = prepared[prepared["rung"].notna() | missile]
    hit = missile[rows.index].to_numpy()
    early = (rows["date"] < pd.Timestamp(parameters.pause_start)).to_numpy()
    late = (rows["date"] >= pd.Timestamp(parameters.pause_end)).to_numpy()
    ids = rows["incident_id"].to_numpy()
    before, after = ((tuple(ids[side & hit]), tuple(ids[side])) for side in (early, late))
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


def called(attacks: pd.DataFrame, reports: pd.DataFrame, codes: tuple[str, ...]) -> pd.Series:
    """Return of which `attacks` some report names a weapon of `codes`, whatever the others say."""
    return attacks["incident_id"].isin(reports.loc[naming(reports["weapons"], codes), "incident_id"])


@dataclass(frozen=True)
class Weapons:
    """What the record shows of weapons under a run's parameters.

    Attributes
    ----------
    prepared: the incidents that count (see `prepare`); `called`: whether any source speaks of a missile; `no_kind`: how
        a missile of a kind that nobody gives stands in an attack, "" where none does: ``alone`` (no other weapon is
        named), ``beside`` (another weapon is), ``outvoted`` (some source says so, and the others outvote it).
    records: highs in order; missiles: attacks with one of a stated kind (both see `told`); said: who names which weapon
        in these.
    stretches, months: with their attacks.
    grew: missiles before and after the pause: of a ``stated`` kind, with those of ``no_kind``, and all that
        ``any_source`` calls so.
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
    marks, rows = rungs(parameters.reference_dir), prepare(select(incidents, parameters), parameters)
    stated, blank, word = rows["missile"], rows["blank"], called(rows, reports, marks.unspecified)
    cases = [blank & rows["rung"].isna(), blank, word & ~stated]  # where one is stated, its kind is known from others
    rows = rows.assign(
        called=called(rows, reports, marks.missiles + marks.unspecified),
        no_kind=np.select(cases, ["alone", "beside", "outvoted"], "").astype(object),
    )
    meanings = {"stated": stated, "no_kind": stated | blank, "any_source": stated | blank | rows["called"]}
    missiles = told(rows[stated])
    return Weapons(
        parameters,
        rows,
        records(rows),
        missiles,
        said(missiles, reports, sources),
        *parts(rows, parameters),
        {name: grew(rows, missile, parameters) for name, missile in meanings.items()},
    )
