"""Did a new weapon come? Record highs, the shares of weapons by month and stretch, and what sources call the missiles.

An attack stands on the rung of its heaviest weapon (``weapons.csv``). A missile of a kind that nobody gives has no
rung: it is carried as a bound, never guessed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from helpers.facts import CANNOT, finding
from helpers.parameters import Parameters
from helpers.stretches import Stretches, within_coding
from helpers.tables import each, select
from helpers.vocabulary import missiles, of_group, split, unstated, weapons

#: Shares before and after the pause are compared from so many attacks with a named weapon on each side.
ATTACKS = 20
#: A share is given an interval from so many attacks on.
SHARED = 10

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rungs:
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
    return Rungs(
        stated,
        vague,
        missile,
        min((known[code].rung or 0 for code in of_group("rocket", reference_dir)), default=missile),
    )


def prepare(selected: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the `selected` incidents with `rung` (NaN: none), `week` (whole weeks from the pause's start), `stretch`,
    and `blank` (whether the reconciled weapons hold a missile of a kind that nobody gives)."""
    known = {code: weapon.rung for code, weapon in weapons(parameters.reference_dir).items()}
    unspecified = set(rungs(parameters.reference_dir).unspecified)
    return selected.assign(
        rung=selected["top_weapon"].map(known).astype(float),
        week=(selected["date"] - pd.Timestamp(parameters.pause_start)).dt.days // 7,
        stretch=Stretches(parameters).of(selected["date"]).astype("object"),
        blank=np.array([bool(unspecified & set(split(cell))) for cell in selected["weapons"]], bool),
    )


# --- record highs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """One attack as it is told: incident, day, place, heaviest weapon, number of its sources and who confirms it."""

    incident: str
    day: date
    site: str
    weapon: str
    sources: int
    confirmation: str


def told(rows: pd.DataFrame) -> tuple[Attack, ...]:
    """Return the attacks of `rows` of the clean table."""
    return tuple(
        Attack(row.incident_id, row.date.date(), row.site_name, row.top_weapon, int(row.n_sources), row.confirmation)
        for row in each(rows)
    )


def records(prepared: pd.DataFrame) -> tuple[Attack, ...]:
    """Return the attacks with which a heavier weapon came than in any attack on an earlier day, in order.

    The order within a day is not known: a day counts by its heaviest weapon, and of several attacks with it that with
    most sources is named.
    """
    on = prepared[prepared["rung"].notna()].sort_values(["date", "rung", "n_sources"], ascending=[True, False, False])
    days = on.drop_duplicates("date")
    return told(days[days["rung"] > days["rung"].cummax().shift(fill_value=-1.0)])


def records_table(found: Iterable[Attack]) -> pd.DataFrame:
    """Return one row a record high, in order."""
    columns = ["date", "weapon", "site_name", "incident_id", "sources", "confirmation"]
    rows = [(pd.Timestamp(a.day), a.weapon, a.site, a.incident, a.sources, a.confirmation) for a in found]
    return pd.DataFrame(rows, columns=columns)


# --- shares -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share of attacks, with Wilson's interval (1927, J. Am. Stat. Assoc. 22:209; None below `SHARED` attacks)."""

    hits: tuple[str, ...]
    of: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """The share; None of no attack."""
        return len(self.hits) / len(self.of) if self.of else None

    @cached_property
    def _interval(self) -> tuple[float, float] | tuple[None, None]:
        if len(self.of) < SHARED:
            return None, None
        low, high = proportion_confint(len(self.hits), len(self.of), method="wilson")
        return float(low), float(high)

    low = property(lambda self: self._interval[0], doc="Lower end of the interval.")
    high = property(lambda self: self._interval[1], doc="Upper end of the interval.")


@dataclass(frozen=True)
class Part:
    """The attacks of a month or stretch: those with a named weapon as shares of `rocket_up` and of `missile`.

    `where` is country code -> ids, `media` the ids that rest on media or the claimant alone.
    """

    name: str
    words: str
    rocket_up: Share
    missile: Share
    where: dict[str, tuple[str, ...]]
    media: tuple[str, ...]


def part(name: str, words: str, rows: pd.DataFrame, marks: Rungs) -> Part:
    """Return what `rows` of the prepared incidents hold."""
    named = rows[rows["rung"].notna()]
    ids = tuple(named["incident_id"])
    above, missile = (tuple(named.loc[named["rung"] >= rung, "incident_id"]) for rung in (marks.rocket, marks.missile))
    unofficial = ~named["confirmation"].isin(["us_official", "local_official"])
    where = {str(code): tuple(mine["incident_id"]) for code, mine in named.groupby("country")}
    media = tuple(named.loc[unofficial, "incident_id"])
    return Part(name, words, Share(above, ids), Share(missile, ids), where, media)


def parts(prepared: pd.DataFrame, parameters: Parameters) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return the stretches and the months of the window, each with its shares; stretches without a day are left out."""
    marks, cut = rungs(parameters.reference_dir), Stretches(parameters)
    named = [cut[name] for name in ("before", "between", "since_stop")]
    stretches = tuple(part(s.name, s.words, s.select(prepared), marks) for s in named if len(s))
    month = prepared["date"].dt.to_period("M")
    every = pd.period_range(parameters.window_start, parameters.window_end, freq="M")
    months = tuple(part(str(m), f"{m.strftime('%B %Y')}", prepared[month == m], marks) for m in every)
    return stretches, months


def shares_table(found: Iterable[Part]) -> pd.DataFrame:
    """Return one row a stretch or month: attacks with a named weapon, shares of rockets and above and of missiles."""
    rows = [
        {
            "stretch": part.name,
            "attacks": len(part.rocket_up.of),
            **{
                f"{name}{end}": value
                for name, share in (("rocket_up", part.rocket_up), ("missile", part.missile))
                for end, value in (
                    ("", len(share.hits)), ("_share", share.value), ("_low", share.low), ("_high", share.high)
                )
            },
            "media": len(part.media),
        }
        for part in found
    ]  # fmt: skip
    return pd.DataFrame(rows).astype(
        {f"{n}_{e}": float for n in ("rocket_up", "missile") for e in ("share", "low", "high")}
    )


# --- missiles before and after the pause -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Grew:
    """Missiles among the attacks before the pause and after it, under one meaning of the word.

    `low`, `high`: the 95% interval of the difference of shares (Newcombe 1998, Stat. Med. 17:873), attacks taken as
    independent. `needed`: how many after the pause would have shown a larger share than before it.
    """

    before: Share
    after: Share
    finding: str = CANNOT
    low: float | None = None
    high: float | None = None
    needed: int | None = None


def grew(rows: pd.DataFrame, missile: Mask, parameters: Parameters) -> Grew:
    """Return whether `missile` attacks are a larger share of `rows` after the pause, with `ATTACKS` on each side."""
    early = (rows["date"] < pd.Timestamp(parameters.pause_start)).to_numpy()
    late = (rows["date"] >= pd.Timestamp(parameters.pause_end)).to_numpy()
    ids = rows["incident_id"].to_numpy()
    before, after = (Share(tuple(ids[side & missile]), tuple(ids[side])) for side in (early, late))
    if min(len(before.of), len(after.of)) < ATTACKS:
        return Grew(before, after)

    def difference(count: int) -> tuple[float, float]:
        sizes = (count, len(after.of), len(before.hits), len(before.of))
        low, high = confint_proportions_2indep(*sizes, method="newcomb", compare="diff")
        return float(low), float(high)

    low, high = difference(len(after.hits))
    enough = bisect_left(range(len(after.of) + 1), True, key=lambda count: difference(count)[0] > 0)
    possible = enough <= len(after.of)
    return Grew(before, after, finding(low > 0, possible), low, high, enough if possible else None)


# --- what sources say -------------------------------------------------------------------------------------------------

#: Kinds of source in the order in which they are given, each kind of the codebook under its words.
KINDS = {
    "official": "US officials", "wire": "news agencies", "national_media": "national media",
    "local_media": "local media", "analyst": "analysts", "encyclopedia": "analysts",
    "claimant_media": "claimants’ media",
}  # fmt: skip


def said(attacks: Iterable[Attack], reports: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return who names which weapon: incident_id, date, weapon, kind of source, sources, reports (ids with ``;``).

    A source that names two weapons stands under both.
    """
    attacks = tuple(attacks)
    mine = reports[reports["incident_id"].isin([attack.incident for attack in attacks])]
    kind = mine["source_id"].map(sources.set_index("source_id")["kind"]).map(KINDS)
    long = mine.assign(kind=kind, weapon=mine["weapons"].map(split)).explode("weapon").dropna(subset=["weapon"])
    keys = ["incident_id", "weapon", "kind"]
    found = long.groupby(keys, observed=True).agg(
        sources=("source_id", "nunique"), reports=("report_id", lambda ids: ";".join(sorted(set(ids))))
    )
    days = {attack.incident: pd.Timestamp(attack.day) for attack in attacks}
    table = found.reset_index()
    table.insert(1, "date", pd.to_datetime(table["incident_id"].map(days)))
    rank = table["kind"].map({word: place for place, word in enumerate(dict.fromkeys(KINDS.values()))})
    order = table.assign(rank=rank).sort_values(["date", "incident_id", "weapon", "rank"]).index
    return table.loc[order].reset_index(drop=True)


@dataclass(frozen=True)
class Blank:
    """Attacks with a missile of a kind that nobody gives: its ids.

    `alone`: no other weapon is named; `beside`: it stands beside another weapon; `outvoted`: some source says so, and
    the others outvote it.
    """

    alone: tuple[str, ...]
    beside: tuple[str, ...]
    outvoted: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """All whose reconciled weapons hold such a missile."""
        return tuple(sorted(self.alone + self.beside))


def blank(prepared: pd.DataFrame, reports: pd.DataFrame, parameters: Parameters) -> Blank:
    """Return the attacks with a missile of a kind that nobody gives, and those of which only some source says so."""
    marks = rungs(parameters.reference_dir)
    naming = np.array([bool(set(marks.unspecified) & set(split(cell))) for cell in reports["weapons"]], bool)
    some = prepared["incident_id"].isin(reports.loc[naming, "incident_id"])
    mine, none = prepared["blank"], prepared["rung"].isna()
    clear = prepared["rung"] >= marks.missile  # its kind is known from others
    chosen = (mine & none, mine & ~none, some & ~mine & ~clear)
    return Blank(*(tuple(prepared.loc[rows, "incident_id"]) for rows in chosen))


@dataclass(frozen=True)
class Weapons:
    """What the record shows of weapons under a run's parameters.

    `prepared` incidents; `records` highs in order; `missiles` of a stated kind; `said` who names which weapon in these;
    `blank` missiles of no stated kind; `stretches` and `months` with their shares; `grew` missiles before
    and after the pause: of a ``stated`` kind, with those of ``no_kind``, and all that ``any_source`` calls so.
    """

    parameters: Parameters
    prepared: pd.DataFrame
    records: tuple[Attack, ...]
    missiles: tuple[Attack, ...]
    said: pd.DataFrame
    blank: Blank
    stretches: dict[str, Part]
    months: tuple[Part, ...]
    grew: dict[str, Grew]


def analyse(incidents: pd.DataFrame, parameters: Parameters, reports: pd.DataFrame, sources: pd.DataFrame) -> Weapons:
    """Return what the clean table `incidents` (whole), with its `reports` and `sources`, shows of weapons."""
    parameters = within_coding(parameters, incidents)
    prepared = prepare(select(incidents, parameters), parameters)
    stretches, months = parts(prepared, parameters)
    stated = (prepared["rung"] >= rungs(parameters.reference_dir).missile).to_numpy()
    unclear = blank(prepared, reports, parameters)
    no_kind, outvoted = (prepared["incident_id"].isin(ids).to_numpy() for ids in (unclear.ids, unclear.outvoted))
    named = prepared["rung"].notna().to_numpy()
    meanings = {
        "stated": (named, stated),
        "no_kind": (named | no_kind, stated | no_kind),
        "any_source": (named | no_kind | outvoted, stated | no_kind | outvoted),
    }
    heaviest = told(prepared[stated])
    return Weapons(
        parameters,
        prepared,
        records(prepared),
        heaviest,
        said(heaviest, reports, sources),
        unclear,
        {part.name: part for part in stretches},
        months,
        {name: grew(prepared[rows], hit[rows], parameters) for name, (rows, hit) in meanings.items()},
    )
