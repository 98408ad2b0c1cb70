"""Keys that may be one incident, and keys that may be several: found by rule, for a person to rule on.

A pair is **suspected** when its sites are the same or near (or one is not named), the days that its reports allow lie
at most one apart, and its weapons could be the same. Candidates come from sorting each neighbourhood by day and
comparing each key with the next few (the sorted neighbourhood method: Hernandez and Stolfo 1995, SIGMOD), so the work
grows with the number of keys, not its square. The rule by itself would **join** a suspected pair only where nothing
speaks for two incidents: see `_joins`. It joins nothing here: rulings do, and they are what it is measured against.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cleaning.review import SPREAD
from helpers.cleaning.schemas import TEXT
from helpers.vocabulary import split, unstated, weapons

#: Kilometres within which sources confuse sites: Harir and Erbil airport lie about 50 km apart.
NEAR_KM = 60.0
#: Kilometres within which two points are taken as one place by the joining rule.
SAME_KM = 10.0
#: Days between the days that two keys allow, at most.
NEAR_DAYS = 1
#: With how many next keys of its neighbourhood, by day, a key is compared.
WINDOW = 24


def find(reports: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Return suspected duplicates and splits (without the rulings).

    `reports` are the typed reports (incident_key, source_id, site_id, country, weapons, date, date_precision, bounds);
    `sites` is the gazetteer.
    """
    keys = summary(reports)
    pairs = _candidates(keys, sites)
    pairs = _compared(pairs, keys, sites)
    pairs["joined"] = _joins(pairs, keys, reports)
    found = pd.DataFrame(
        {
            "kind": "duplicate",
            "incident_key": keys["incident_key"].to_numpy()[pairs["one"]],
            "other_key": keys["incident_key"].to_numpy()[pairs["other"]],
            "days": pairs["days"].to_numpy(),
            "km": pairs["km"].round(1).to_numpy(),
            "rule": _rule(pairs),
            "joined": pairs["joined"].to_numpy(),
        }
    )
    table = pd.concat([found, _splits(reports, keys)], ignore_index=True)
    table = table.astype({"kind": TEXT, "incident_key": TEXT, "other_key": TEXT, "rule": TEXT, "days": "Int64"})
    return table.sort_values(["kind", "incident_key", "other_key"], ignore_index=True)


def summary(reports: pd.DataFrame) -> pd.DataFrame:
    """Return for each key its site, country, first and last day allowed, weapons (bits) and number of reports.

    The days are those of reports that fix a day; where none does, those that the bounds allow.
    """
    number, ids = pd.factorize(reports["incident_key"], sort=True)
    exact = (reports["date_precision"] == "day").to_numpy()
    start = reports["date_earliest"].fillna(reports["date"]).where(~exact, reports["date"])
    end = reports["date_latest"].fillna(reports["date"]).where(~exact, reports["date"])
    fixed = pd.Series(exact).groupby(number).transform("any").to_numpy()
    rests = exact | ~fixed
    days = pd.DataFrame({"key": number, "start": start.to_numpy(), "end": end.to_numpy()})[rests].groupby("key")
    place, cells = pd.factorize(reports["weapons"])
    bits = np.array([_bits(cell) for cell in cells], dtype="int64")[place]
    order = np.argsort(number, kind="stable")
    edges = np.flatnonzero(np.diff(number[order], prepend=-1))
    table = pd.DataFrame(
        {
            "incident_key": ids,
            "site_id": _commonest(number, reports["site_id"]),
            "country": _commonest(number, reports["country"]),
            "start": days["start"].min(),
            "end": days["end"].max(),
            "fixed": pd.Series(fixed).groupby(number).first(),
            "weapons": np.bitwise_or.reduceat(bits[order], edges) if len(edges) else bits,
            "n": pd.Series(number).groupby(number).size(),
        }
    )
    return table


def _bits(cell: str) -> int:
    codes = list(weapons())
    named = {code for code in split(cell) if code != "unknown"}
    # A word for no stated kind meets each kind that it may mean.
    named |= {meant for vague, kinds in unstated().items() if vague in named for meant in kinds}
    return sum(1 << codes.index(code) for code in named)


def _commonest(number: np.ndarray, cells: pd.Series) -> np.ndarray:
    counts = pd.DataFrame({"key": number, "cell": cells.astype(object).to_numpy()}).groupby(["key", "cell"]).size()
    told = counts.rename("n").reset_index().sort_values(["key", "n", "cell"], ascending=[True, False, True])
    return told.drop_duplicates("key")["cell"].to_numpy()


def _vague(site: pd.Series) -> pd.Series:
    return site.str.startswith("unspecified-") | (site == "other")


def distances(sites: pd.DataFrame) -> pd.DataFrame:
    """Return kilometres between the points of all pairs of named sites (haversine), as a square table."""
    named = sites[~_vague(sites["site_id"])].sort_values("site_id")
    lat, lon = np.radians(named["lat"].to_numpy(float)), np.radians(named["lon"].to_numpy(float))
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    return pd.DataFrame(2 * 6371.0 * np.arcsin(np.sqrt(half)), index=named["site_id"], columns=named["site_id"])


def _candidates(keys: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Return pairs (one, other: positions in `keys`) that meet in a neighbourhood and lie near in days."""
    km = distances(sites)
    home = sites.set_index("site_id")["country"]
    near = [(km.index[row], km.columns[column]) for row, column in np.argwhere(km.to_numpy() <= NEAR_KM)]
    near += [(f"vague-{country}", site) for site, country in zip(km.index, home[km.index], strict=True)]
    near += [(f"vague-{country}", f"vague-{country}") for country in sorted(set(home))]
    table = pd.DataFrame(near, columns=["place", "block"])
    unnamed = _vague(keys["site_id"]) | ~keys["site_id"].isin(km.index)
    place = keys["site_id"].where(~unnamed, "vague-" + keys["country"])
    blocks = pd.DataFrame({"key": np.arange(len(keys)), "place": place, "start": keys["start"], "end": keys["end"]})
    blocks = blocks.merge(table, on="place").sort_values(["block", "start", "key"], ignore_index=True)
    block = pd.factorize(blocks["block"])[0]
    key, start = blocks["key"].to_numpy(), blocks["start"].to_numpy("datetime64[D]").astype(int)
    end = blocks["end"].to_numpy("datetime64[D]").astype(int)
    found = []
    for step in range(1, WINDOW + 1):
        if step >= len(key):
            break
        close = (
            (block[step:] == block[:-step]) & (start[step:] - end[:-step] <= NEAR_DAYS) & (key[step:] != key[:-step])
        )
        pairs = np.stack([key[:-step][close], key[step:][close]], axis=1)
        found.append(np.sort(pairs, axis=1))
    joined = np.unique(np.concatenate(found), axis=0) if found else np.empty((0, 2), dtype="int64")
    return pd.DataFrame(joined, columns=["one", "other"])


def _compared(pairs: pd.DataFrame, keys: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that are near and whose weapons could be the same, with `days`, `km` and what they share."""
    km = distances(sites)
    place = pd.Index(km.index).get_indexer(pd.Index(keys["site_id"]))
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    named = (place[one] >= 0) & (place[other] >= 0)
    apart = np.where(named, km.to_numpy()[place[one], place[other]], np.nan) if len(km) else np.full(len(one), np.nan)
    start, end = (keys[name].to_numpy("datetime64[D]").astype(int) for name in ("start", "end"))
    days = np.maximum(0, np.maximum(start[one] - end[other], start[other] - end[one]))
    arms = keys["weapons"].to_numpy()
    fits = ((arms[one] & arms[other]) > 0) | (arms[one] == 0) | (arms[other] == 0)
    same = keys["country"].to_numpy()[one] == keys["country"].to_numpy()[other]
    kept = fits & (days <= NEAR_DAYS) & np.where(named, np.nan_to_num(apart) <= NEAR_KM, same)
    table = pairs.assign(days=days, km=apart, named=named, told=(arms[one] > 0) & (arms[other] > 0))
    near: pd.DataFrame = table[kept].reset_index(drop=True)
    return near


def _joins(pairs: pd.DataFrame, keys: pd.DataFrame, reports: pd.DataFrame) -> np.ndarray:
    """Return which pairs the rule would join: one day allowed by both, one place, and no source that tells both apart.

    A source with a row under each key counts them as two. A key that fixes no day, or names no site, may be another
    one told vaguely; two keys that each fix the same day at one site were told apart by their coder, and stay so. Where
    the key with fewer reports could belong to several, it is joined to none.
    """
    number = pd.factorize(reports["incident_key"], sort=True)[0]
    source = pd.factorize(reports["source_id"])[0].astype("int64")
    size = int(source.max()) + 1 if len(source) else 1
    held = np.unique(number.astype("int64") * size + source)
    owner = held // size
    first = np.searchsorted(owner, np.arange(len(keys) + 1))
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    amount = first[one + 1] - first[one]
    row = np.repeat(np.arange(len(one)), amount)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(amount) - amount, amount)
    told = held[first[one][row] + offset] % size
    both = np.isin(other[row].astype("int64") * size + told, held)
    shared = np.bincount(row[both], minlength=len(one)) > 0
    fixed = keys["fixed"].to_numpy()
    vague = ~(fixed[one] & fixed[other]) | ~pairs["named"].to_numpy() | (pairs["km"].to_numpy() > 0)
    place = ~pairs["named"].to_numpy() | (pairs["km"].to_numpy() <= SAME_KM)
    joined: np.ndarray = ~shared & place & vague & (pairs["days"].to_numpy() == 0)
    reports_of = keys["n"].to_numpy()
    lesser = np.where(reports_of[one] < reports_of[other], one, other)
    partners = np.bincount(np.concatenate([one[joined], other[joined]]), minlength=len(keys))
    joined &= partners[lesser] == 1
    return joined


def _rule(pairs: pd.DataFrame) -> np.ndarray:
    place = np.select([~pairs["named"], pairs["km"] == 0], ["a site not named", "one site"], "near sites")
    day = np.where(pairs["days"] == 0, "days that overlap", "adjacent days")
    arms = np.where(pairs["told"], "weapons that fit", "a weapon not named")
    return np.array([f"{a}, {b}, {c}" for a, b, c in zip(place, day, arms, strict=True)], dtype=object)


def _splits(reports: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Return keys whose reports lie more than two days, or a border, apart."""
    groups = reports.groupby("incident_key", sort=True)
    days = (groups["date"].max() - groups["date"].min()).dt.days
    lands = groups["country"].nunique()
    odd = (days > SPREAD) | (lands > 1)
    rule = np.where(lands[odd] > 1, "rows in two countries", f"rows more than {SPREAD} days apart")
    return pd.DataFrame(
        {
            "kind": "split",
            "incident_key": odd.index[odd].to_numpy(),
            "other_key": "",
            "days": days[odd].to_numpy(),
            "km": np.nan,
            "rule": rule,
            "joined": False,
        }
    )


def with_rulings(suspects: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Return the suspects with the `ruling` on each pair (merge, apart) and its decision_id; blank without one."""
    ruled = rulings[rulings["action"].isin(["merge", "apart"])]
    pair = {
        frozenset((one, other)): (action, name)
        for one, other, action, name in zip(
            ruled["incident_key"], ruled["into"], ruled["action"], ruled["decision_id"], strict=True
        )
    }
    found = [
        pair.get(frozenset((one, other)), ("", ""))
        for one, other in zip(suspects["incident_key"], suspects["other_key"], strict=True)
    ]
    return suspects.assign(
        ruling=pd.Series([ruling for ruling, _ in found], suspects.index, dtype=TEXT),
        decision_id=pd.Series([name for _, name in found], suspects.index, dtype=TEXT),
    )


def measure(suspects: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Return how the rules, which do not see the rulings, stand against them: one row a ruling of merge or apart.

    Columns: decision_id, action, incident_key, into, suspected, joined. `suspects` come `with_rulings`.
    """
    ruled = rulings.loc[rulings["action"].isin(["merge", "apart"]), ["decision_id", "action", "incident_key", "into"]]
    found = suspects[suspects["ruling"] != ""].set_index("decision_id")["joined"]
    told = ruled["decision_id"].map(found)
    return ruled.assign(suspected=told.notna(), joined=told.eq(True)).reset_index(drop=True)
