"""What a person should look at: what a check only lists, since real reports are like that, and suspected duplicates.

A pair of keys is **suspected** when its sites are the same or near (or one is not named), the days that its reports
allow lie at most one apart, and its weapons could be the same. Candidates come from sorting each neighbourhood by day
and comparing each key with the next few (the sorted neighbourhood method: Hernandez and Stolfo 1995, SIGMOD), so the
work grows with the number of keys, not its square. The rule by itself would **join** a suspected pair only where
nothing speaks for two incidents: see `_joins`. It joins nothing here: rulings do, and they are what it is measured
against.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.cleaning.reading import Faults, tell
from helpers.cleaning.schemas import TABLES, typed
from helpers.vocabulary import countries, reference_file, split, unstated, weapons

Frames = dict[str, pd.DataFrame]

#: What a rule lists: sheet, column, rows (a mask), what is odd (one text, or one a row), what is usual.
Listed = Iterator[tuple[str, str, pd.Series, str | pd.Series, str]]

#: Reports of one incident further apart than this, in days, are listed.
SPREAD = 2

#: Degrees by which a point may lie outside its country's simplified border.
MARGIN = 0.1


def review(frames: Frames, faults: Faults, reference_dir: str) -> None:
    """List what is odd in the normalised sheets `frames`; each rule of the codebook is a line here."""
    for rule in (_single_rows, _against_other_sheets, _spread, _sums, _other_counts):
        for sheet, column, rows, text, allowed in rule(frames):
            tell(faults.lists, sheet, frames[sheet].loc[rows.fillna(False).astype(bool), column], text, allowed)
    _points(frames["sites"], faults, reference_dir)


def days(cells: pd.Series) -> pd.Series:
    """Return the days of a column of text, missing where a cell holds none."""
    return pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce")


def numbers(cells: pd.Series) -> pd.Series:
    """Return the numbers of a column of text, missing where a cell holds none."""
    return pd.to_numeric(cells, errors="coerce")


def nowhere(site_id: str) -> bool:
    """Return whether a site_id names no site of the gazetteer: ``other``, ``unspecified-iraq`` ..."""
    return site_id.startswith("unspecified-") or site_id == "other"


def allowed_days(reports: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the first and the last day that each report allows: its day where it fixes one, else its bounds."""
    exact, date = reports["date_precision"] == "day", reports["date"]
    start, end = (reports[name].mask(exact, date).fillna(date) for name in ("date_earliest", "date_latest"))
    return start, end


def _single_rows(frames: Frames) -> Listed:
    """What a row shows by itself."""
    reports, strikes = frames["reports"], frames["responses"]
    nobody = (reports["confirmation"] == "claim_only") & reports["claimed_by"].isin(["", "none"])
    yield "reports", "claimed_by", nobody, "claim_only without a named claimant", "the claimant's name"
    for name, low, high in (
        ("reports", "munitions_low", "munitions_high"),
        ("reports", "us_injured_low", "us_injured_high"),
        ("responses", "killed_low", "killed_high"),
    ):
        yield name, high, (frames[name][low] == "") & (frames[name][high] != ""), f"without {low}", ""
    bounded = (reports["date_earliest"] != "") | (reports["date_latest"] != "")
    exact = reports["date_precision"] == "day"
    yield "reports", "date_precision", exact & bounded, "has bounds although the day is known", ""
    yield "reports", "date_precision", ~exact & ~bounded, "has no bounds", "date_earliest, date_latest"
    other = reports["site_id"] == "other"
    unnamed = other & (reports["place_as_reported"] == "")
    yield "reports", "place_as_reported", unnamed, "site other needs the place as reported", "the place's name"
    yield "reports", "site_id", other, "outside the gazetteer", ""
    foreign = reports["report_id"].str.replace(r"/[0-9]+$", "", regex=True) != reports["source_id"]
    yield "reports", "report_id", foreign, "does not begin with its source_id", "source_id/n"
    yield "responses", "date", strikes["date"] == "", "no day is given", ""
    yield "responses", "kind", strikes["kind"] == "", "no kind is given", ""
    yield "responses", "country", strikes["country"].str.contains(";", regex=False), "two countries told as one", ""
    for column in ("title", "url"):
        yield "sources", column, frames["sources"][column] == "", "blank", ""


def _against_other_sheets(frames: Frames) -> Listed:
    """Reports dated after their page (local day against Washington's, or a slip), and not in their site's country."""
    published = frames["sources"].drop_duplicates("source_id").set_index("source_id")["published"]
    for name in ("reports", "second_coding"):
        late = days(frames[name]["date"]) > days(frames[name]["source_id"].map(published))
        yield name, "date", late, "dated after its page was published", "usually the page's day or before"
    reports, home = frames["reports"], frames["sites"].drop_duplicates("site_id").set_index("site_id")["country"]
    there = reports["site_id"].map(home)
    yield "reports", "country", there.notna() & (there != reports["country"]), "not the country of its site", ""


def _spread(frames: Frames) -> Listed:
    """Reports of one key in two countries, or more than two days apart."""
    reports = frames["reports"]
    key = reports["incident_key"]
    usual = key.map(_commonest(key, reports["country"]))
    elsewhere = "its incident is placed in another country by other rows"
    yield "reports", "country", reports["country"] != usual, elsewhere, ""
    day = days(reports["date"])
    groups = day.groupby(key)
    apart, middle = groups.transform("max") - groups.transform("min"), groups.transform("median")
    far = (apart.dt.days > SPREAD) & ((day - middle).abs().dt.days >= SPREAD)
    yield "reports", "date", far, f"its incident has rows more than {SPREAD} days apart", ""


def _commonest(keys: pd.Series, cells: pd.Series) -> pd.Series:
    """Return for each of `keys` the cell that most of its rows have, at a tie the first of the alphabet."""
    told = cells.groupby([keys.rename("key"), cells.rename("cell")]).size().rename("n").reset_index()
    ordered = told.sort_values(["key", "n", "cell"], ascending=[True, False, True])
    return ordered.drop_duplicates("key").set_index("key")["cell"]


def _sums(frames: Frames) -> Listed:
    """Totals that are not the sum of their countries (a country not given counts as none)."""
    frame = frames["official_counts"]
    parts = frame[[column for country in countries().values() if (column := country.column) in frame]].apply(numbers)
    total = numbers(frame["total"])
    odd = parts.iloc[:, :2].notna().all(axis=1) & (parts.sum(axis=1) != total) & total.notna()
    yield "official_counts", "total", odd, "not the sum of its countries", ""


#: What one running total of a counter counts: those that share it may not fall.
_SERIES = ["counter", "country", "site_id", "since"]


def _other_counts(frames: Frames) -> Listed:
    """Counts by others that fall below an earlier total of the same counter, or whose bases do not add up."""
    frame = frames["other_counts"]
    told = frame.assign(day=days(frame["as_of"]), number=numbers(frame["total"]))
    daily = told.dropna(subset=["day", "number"]).groupby([*_SERIES, "day"])["number"].max()
    before = daily.groupby(level=_SERIES).cummax().groupby(level=_SERIES).shift().rename("before")
    told = told.join(before, on=[*_SERIES, "day"])
    rule = told["before"].map("below an earlier total of this counter, {:.0f}".format)
    yield "other_counts", "total", told["number"] < told["before"], rule, "that or more"
    one = ["source_id", "counter", "as_of", "since", "country"]
    bases = told[told["site_id"] != ""].groupby(one)["number"].agg(["sum", "size"])
    told = told.join(bases[bases["size"] > 1], on=one)
    odd = (told["site_id"] == "") & told["sum"].notna() & (told["sum"] != told["number"])
    both = zip(told["size"], told["sum"], strict=True)
    rules = pd.Series([f"its {size:.0f} bases add up to {total:.0f}" for size, total in both], told.index, dtype=object)
    yield "other_counts", "total", odd, rules, "the sum of its bases"


Ring = list[tuple[float, float]]


@cache
def borders(reference_dir: str) -> dict[str, list[Ring]]:
    """Return country name -> outer rings (longitude, latitude) of ``borders.geojson``."""
    content = json.loads(reference_file("borders.geojson", reference_dir).read_text(encoding="utf-8"))
    found = {}
    for feature in content["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        found[feature["properties"]["name"]] = [[(x, y) for x, y, *_ in part[0]] for part in parts]
    return found


def within(longitude: float, latitude: float, rings: list[Ring]) -> bool:
    """Whether a point lies within one of `rings` (even-odd rule), or at most `MARGIN` degrees outside.

    >>> square = [[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)]]
    >>> within(1, 1, square), within(2.05, 1, square), within(3, 1, square)
    (True, True, False)
    """
    for ring in rings:
        inside = False
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > latitude) != (y2 > latitude) and longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
            along = (longitude - x1) * (x2 - x1) + (latitude - y1) * (y2 - y1)
            part = min(1.0, max(0.0, along / (((x2 - x1) ** 2 + (y2 - y1) ** 2) or 1.0)))
            away = (longitude - x1 - part * (x2 - x1)) ** 2 + (latitude - y1 - part * (y2 - y1)) ** 2
            if away <= MARGIN**2:
                return True
        if inside:
            return True
    return False


def _points(sites: pd.DataFrame, faults: Faults, reference_dir: str) -> None:
    """List points of sites outside the borders of their country, with "swapped?" where that would put them right."""
    known = borders(reference_dir)
    points = zip(sites.index, numbers(sites["lat"]), numbers(sites["lon"]), sites["country"], strict=True)
    for row, lat, lon, code in points:
        country = countries(reference_dir).get(code)
        rings = known.get(country.name) if country else None
        if country is None or rings is None or np.isnan(lat + lon) or within(lon, lat, rings):
            continue
        swapped = "; are lat and lon swapped?" if within(lat, lon, rings) else ""
        value = f"{sites.loc[row, 'lat']}, {sites.loc[row, 'lon']}"
        place = f"the point lies outside {country.name}{swapped}"
        faults.note("sites.csv", int(row), "lat", value, place, f"a point in {country.name}")


#: Kilometres within which sources confuse sites: Harir and Erbil airport lie about 50 km apart.
NEAR_KM = 60.0
#: Kilometres within which two points are taken as one place by the joining rule.
SAME_KM = 10.0
#: Days between the days that two keys allow, at most.
NEAR_DAYS = 1
#: With how many next keys of its neighbourhood, by day, a key is compared.
WINDOW = 24


def suspects(reports: pd.DataFrame, sites: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Return suspected duplicates and splits, found without the `rulings`, with the ruling on each pair beside it.

    `reports` are the typed reports (incident_key, source_id, site_id, country, weapons, date, date_precision, bounds);
    `sites` is the gazetteer. A split is a key whose reports lie more than two days, or a border, apart.
    """
    keys, km = _keys(reports), distances(sites)
    pairs = _compared(_candidates(keys, sites, km), keys, km)
    pairs["joined"] = _joins(pairs, keys, reports)
    ids = keys["incident_key"].to_numpy()
    found = pairs[["days", "km", "joined"]].assign(
        kind="duplicate", incident_key=ids[pairs["one"]], other_key=ids[pairs["other"]], rule=_rule(pairs)
    )
    odd = keys[(keys["spread"] > SPREAD) | (keys["countries"] > 1)]
    rule = np.where(odd["countries"] > 1, "rows in two countries", f"rows more than {SPREAD} days apart")
    splits = odd[["incident_key"]].assign(
        kind="split", other_key="", days=odd["spread"], km=np.nan, rule=rule, joined=False
    )
    table = pd.concat([part for part in (found, splits) if len(part)] or [found], ignore_index=True)
    table["km"] = table["km"].round(1)
    table = table.sort_values(["kind", "incident_key", "other_key"], ignore_index=True)
    ruled = rulings[rulings["action"].isin(["merge", "apart"])]
    pair = {
        frozenset((one, other)): (action, name)
        for one, other, action, name in ruled[["incident_key", "into", "action", "decision_id"]].itertuples(index=False)
    }
    both = zip(table["incident_key"], table["other_key"], strict=True)
    known = [pair.get(frozenset(keys), ("", "")) for keys in both]
    table["ruling"], table["decision_id"] = [action for action, _ in known], [name for _, name in known]
    return typed(table, TABLES["suspects"])


def _keys(reports: pd.DataFrame) -> pd.DataFrame:
    """Return for each key its site, country, first and last day allowed, weapons (bits), reports `n`, and spread.

    The days are those of reports that fix a day; where none does, those that the bounds allow.
    """
    key = reports["incident_key"]
    exact = reports["date_precision"] == "day"
    start, end = allowed_days(reports)
    fixed = exact.groupby(key).any()
    rests = exact | ~key.map(fixed)
    groups = reports[["date", "country"]].groupby(key)
    bits = {cell: _bits(cell) for cell in reports["weapons"].unique()}
    table = pd.DataFrame(
        {
            "site_id": _commonest(key, reports["site_id"]),
            "country": _commonest(key, reports["country"]),
            "start": start[rests].groupby(key[rests]).min(),
            "end": end[rests].groupby(key[rests]).max(),
            "fixed": fixed,
            "weapons": 0,
            "n": groups.size(),
            "spread": (groups["date"].max() - groups["date"].min()).dt.days,
            "countries": groups["country"].nunique(),
        }
    )
    for cells, rows in reports[["weapons"]].assign(key=key).drop_duplicates().groupby("weapons")["key"]:
        table.loc[rows, "weapons"] |= bits[cells]
    return table.rename_axis("incident_key").reset_index()


def _bits(cell: str) -> int:
    codes = list(weapons())
    named = {code for code in split(cell) if code != "unknown"}
    # A word for no stated kind meets each kind that it may mean.
    named |= {meant for vague, kinds in unstated().items() if vague in named for meant in kinds}
    return sum(1 << codes.index(code) for code in named)


def distances(sites: pd.DataFrame) -> pd.DataFrame:
    """Return kilometres between the points of all pairs of named sites (haversine), as a square table."""
    named = sites[~sites["site_id"].map(nowhere).astype(bool)].sort_values("site_id")
    lat, lon = np.radians(named["lat"].to_numpy(float)), np.radians(named["lon"].to_numpy(float))
    apart = np.sin((lat[:, None] - lat) / 2) ** 2
    apart += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return pd.DataFrame(2 * 6371.0 * np.arcsin(np.sqrt(apart)), index=named["site_id"], columns=named["site_id"])


def _candidates(keys: pd.DataFrame, sites: pd.DataFrame, km: pd.DataFrame) -> pd.DataFrame:
    """Return pairs (one, other: positions in `keys`) that meet in a neighbourhood and lie near in days."""
    home = sites.set_index("site_id")["country"]
    near = [(km.index[row], km.columns[column]) for row, column in np.argwhere(km.to_numpy() <= NEAR_KM)]
    near += [(f"vague-{country}", site) for site, country in zip(km.index, home[km.index], strict=True)]
    near += [(f"vague-{country}", f"vague-{country}") for country in sorted(set(home))]
    table = pd.DataFrame(near, columns=["place", "block"]).astype({"block": "category"})
    place = keys["site_id"].where(keys["site_id"].isin(km.index), "vague-" + keys["country"])
    blocks = keys[["start", "end"]].assign(key=np.arange(len(keys)), place=place).merge(table, on="place")
    blocks = blocks.sort_values(["block", "start", "key"], ignore_index=True)
    block, key = blocks["block"].cat.codes.to_numpy(), blocks["key"].to_numpy()
    start, end = (blocks[name].to_numpy("datetime64[D]").astype(int) for name in ("start", "end"))
    found = [np.empty((0, 2), dtype=int)]
    for step in range(1, min(WINDOW + 1, len(key))):
        close = (block[step:] == block[:-step]) & (key[step:] != key[:-step])
        close &= start[step:] - end[:-step] <= NEAR_DAYS
        found.append(np.sort(np.stack([key[:-step][close], key[step:][close]], axis=1), axis=1))
    return pd.DataFrame(np.concatenate(found), columns=["one", "other"]).drop_duplicates().sort_values(["one", "other"])


def _compared(pairs: pd.DataFrame, keys: pd.DataFrame, km: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that are near and whose weapons could be the same, with `days`, `km` and what they share."""
    place = pd.Index(km.index).get_indexer(pd.Index(keys["site_id"]))
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    named = (place[one] >= 0) & (place[other] >= 0)
    apart = np.where(named, km.to_numpy()[place[one], place[other]], np.nan) if len(km) else np.full(len(one), np.nan)
    start, end = (keys[name].to_numpy("datetime64[D]").astype(int) for name in ("start", "end"))
    between = np.maximum(0, np.maximum(start[one] - end[other], start[other] - end[one]))
    arms, country = keys["weapons"].to_numpy(), keys["country"].to_numpy()
    told = (arms[one] > 0) & (arms[other] > 0)
    fits = ~told | ((arms[one] & arms[other]) > 0)
    near = np.where(named, np.nan_to_num(apart) <= NEAR_KM, country[one] == country[other])
    table = pairs.assign(days=between, km=apart, named=named, told=told)
    kept: pd.DataFrame = table[fits & (between <= NEAR_DAYS) & near].reset_index(drop=True)
    return kept


def _joins(pairs: pd.DataFrame, keys: pd.DataFrame, reports: pd.DataFrame) -> pd.Series:
    """Return which pairs the rule would join: one day allowed by both, one place, and no source that tells both apart.

    A source with a row under each key counts them as two. A key that fixes no day, or names no site, may be another
    one told vaguely; two keys that each fix the same day at one site were told apart by their coder, and stay so. Where
    the key with fewer reports could belong to several, it is joined to none.
    """
    fixed = pairs["one"].map(keys["fixed"]) & pairs["other"].map(keys["fixed"])
    joins = (pairs["days"] == 0) & (~pairs["named"] | (pairs["km"] <= SAME_KM))
    joins &= ~fixed | ~pairs["named"] | (pairs["km"] > 0)
    numbered = pd.Series(keys.index, index=keys["incident_key"])
    told = pd.DataFrame({"key": reports["incident_key"].map(numbered), "source": pd.factorize(reports["source_id"])[0]})
    told = told.drop_duplicates()
    possible = pairs.loc[joins, ["one", "other"]].rename_axis("pair").reset_index()
    first = possible.merge(told.rename(columns={"key": "one"}), on="one")
    both = first.merge(told.rename(columns={"key": "other"}), on=["other", "source"])
    joins[both["pair"].unique()] = False
    fewer = pairs["one"].where(pairs["one"].map(keys["n"]) < pairs["other"].map(keys["n"]), pairs["other"])
    partners = pd.concat([pairs.loc[joins, "one"], pairs.loc[joins, "other"]]).value_counts()
    return joins & (fewer.map(partners) == 1)


def _rule(pairs: pd.DataFrame) -> np.ndarray:
    place = np.select([~pairs["named"], pairs["km"] == 0], ["a site not named", "one site"], "near sites")
    day = np.where(pairs["days"] == 0, ", days that overlap, ", ", adjacent days, ")
    arms = np.where(pairs["told"], "weapons that fit", "a weapon not named")
    rule: np.ndarray = place.astype(object) + day + arms
    return rule


def measure(suspected: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Return how the rules, which do not see the rulings, stand against them: one row a ruling of merge or apart.

    Columns: decision_id, action, incident_key, into, suspected, joined; `suspected` is the table `suspects`.
    """
    ruled = rulings.loc[rulings["action"].isin(["merge", "apart"]), ["decision_id", "action", "incident_key", "into"]]
    found = suspected[suspected["ruling"] != ""].set_index("decision_id")["joined"]
    told = ruled["decision_id"].map(found)
    return ruled.assign(suspected=told.notna(), joined=told.eq(True)).reset_index(drop=True)
