"""What a check only lists, since real reports are like that: the codebook's second list, for a person to look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pandas as pd

from helpers.cleaning.reading import Faults
from helpers.vocabulary import countries, reference_file

Frames = dict[str, pd.DataFrame]

#: Reports of one incident further apart than this, in days, are listed.
SPREAD = 2

#: Degrees by which a point may lie outside its country's simplified border.
MARGIN = 0.1


def review(frames: Frames, faults: Faults, reference_dir: str) -> None:
    """List what is odd in the normalised sheets `frames`; each rule of the codebook is one function here."""
    for rule in RULES:
        rule(frames, faults)
    points(frames, faults, reference_dir)


def _days(cells: pd.Series) -> pd.Series:
    return pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce")


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells, errors="coerce")


def _list(faults: Faults, sheet: str, column: str, cells: pd.Series, rule: str, allowed: str = "") -> None:
    for row, value in cells.items():
        faults.note(f"{sheet}.csv", int(str(row)), column, str(value), rule, allowed)


def _note(
    frames: Frames, faults: Faults, sheet: str, column: str, rows: pd.Series, rule: str, allowed: str = ""
) -> None:
    """List the cells of `column` in the `rows` of a sheet (a mask)."""
    _list(faults, sheet, column, frames[sheet].loc[rows.fillna(False).astype(bool), column], rule, allowed)


def after_its_page(frames: Frames, faults: Faults) -> None:
    """Reports dated after the page that tells them: local day against Washington's, or a slip."""
    published = frames["sources"].drop_duplicates("source_id").set_index("source_id")["published"]
    for name in ("reports", "second_coding"):
        frame = frames[name]
        late = _days(frame["date"]) > _days(frame["source_id"].map(published))
        _note(
            frames, faults, name, "date", late, "dated after its page was published", "usually the page's day or before"
        )


def sums(frames: Frames, faults: Faults) -> None:
    """Totals that are not the sum of their countries (a country not given counts as none)."""
    frame = frames["official_counts"]
    columns = [column for country in countries().values() if (column := country.column) in frame]
    parts = pd.DataFrame({name: _numbers(frame[name]) for name in columns})
    total = _numbers(frame["total"])
    given = parts[columns[:2]].notna().all(axis=1)
    odd = given & (parts.sum(axis=1) != total) & total.notna()
    _note(frames, faults, "official_counts", "total", odd, "not the sum of its countries")


#: What one running total of a counter counts: those that share it may not fall.
_SERIES = ["counter", "country", "site_id", "since"]


def other_counts(frames: Frames, faults: Faults) -> None:
    """Counts by others that fall below an earlier total of the same counter, or whose bases do not add up."""
    frame = frames["other_counts"]
    told = frame.assign(day=_days(frame["as_of"]), number=_numbers(frame["total"]))
    daily = told.dropna(subset=["day", "number"]).groupby([*_SERIES, "day"])["number"].max()
    before = daily.groupby(level=_SERIES).cummax().groupby(level=_SERIES).shift().rename("before")
    told = told.join(before, on=[*_SERIES, "day"])
    for row, cells in told[told["number"] < told["before"]].iterrows():
        rule = f"below an earlier total of this counter, {cells['before']:.0f}"
        _list(faults, "other_counts", "total", pd.Series({row: cells["total"]}), rule, "that or more")
    one = ["source_id", "counter", "as_of", "since", "country"]
    bases = told[told["site_id"] != ""].groupby(one)["number"].agg(["sum", "size"])
    totals = told[told["site_id"] == ""].join(bases[bases["size"] > 1], on=one)
    for row, cells in totals[totals["sum"].notna() & (totals["sum"] != totals["number"])].iterrows():
        rule = f"its {cells['size']:.0f} bases add up to {cells['sum']:.0f}"
        _list(faults, "other_counts", "total", pd.Series({row: cells["total"]}), rule, "the sum of its bases")


def claim_without_claimant(frames: Frames, faults: Faults) -> None:
    """Claims alone, of nobody."""
    frame = frames["reports"]
    rows = (frame["confirmation"] == "claim_only") & frame["claimed_by"].isin(["", "none"])
    rule = "claim_only without a named claimant"
    _note(frames, faults, "reports", "claimed_by", rows, rule, "the claimant's name")


def spread(frames: Frames, faults: Faults) -> None:
    """Reports of one key in two countries, or more than two days apart."""
    frame = frames["reports"]
    key = frame["incident_key"]
    told = frame.groupby([key, frame["country"]]).size().rename("n").reset_index()
    usual = told.sort_values(["n", "country"], ascending=[False, True]).drop_duplicates("incident_key")
    rows = frame["country"] != key.map(usual.set_index("incident_key")["country"])
    _note(frames, faults, "reports", "country", rows, "its incident is placed in another country by other rows")
    day = _days(frame["date"])
    apart = day.groupby(key).transform("max") - day.groupby(key).transform("min")
    middle = day.groupby(key).transform("median")
    far = (apart.dt.days > SPREAD) & ((day - middle).abs().dt.days >= SPREAD)
    _note(frames, faults, "reports", "date", far, f"its incident has rows more than {SPREAD} days apart")


def high_without_low(frames: Frames, faults: Faults) -> None:
    """A largest figure without a smallest."""
    for name, low, high in (
        ("reports", "munitions_low", "munitions_high"),
        ("reports", "us_injured_low", "us_injured_high"),
        ("responses", "killed_low", "killed_high"),
    ):
        frame = frames[name]
        _note(frames, faults, name, high, (frame[low] == "") & (frame[high] != ""), f"without {low}")


def bounds_and_precision(frames: Frames, faults: Faults) -> None:
    """Bounds beside a day that is known, or none beside one that is not."""
    frame = frames["reports"]
    bounded = (frame["date_earliest"] != "") | (frame["date_latest"] != "")
    exact, column = frame["date_precision"] == "day", "date_precision"
    _note(frames, faults, "reports", column, exact & bounded, "has bounds although the day is known")
    _note(frames, faults, "reports", column, ~exact & ~bounded, "has no bounds", "date_earliest, date_latest")


def vague_strikes(frames: Frames, faults: Faults) -> None:
    """Strikes without day or kind, or told for two countries as one."""
    frame = frames["responses"]
    _note(frames, faults, "responses", "date", frame["date"] == "", "no day is given")
    _note(frames, faults, "responses", "kind", frame["kind"] == "", "no kind is given")
    several = frame["country"].str.contains(";", regex=False)
    _note(frames, faults, "responses", "country", several, "two countries told as one")


def nameless_sources(frames: Frames, faults: Faults) -> None:
    """Sources without title or address."""
    for column in ("title", "url"):
        _note(frames, faults, "sources", column, frames["sources"][column] == "", "blank")


def other_places(frames: Frames, faults: Faults) -> None:
    """Places outside the gazetteer, and sites that do not lie in the country given."""
    frame = frames["reports"]
    other = frame["site_id"] == "other"
    unnamed = other & (frame["place_as_reported"] == "")
    rule = "site other needs the place as reported"
    _note(frames, faults, "reports", "place_as_reported", unnamed, rule, "the place's name")
    _note(frames, faults, "reports", "site_id", other, "outside the gazetteer")
    home = frames["sites"].drop_duplicates("site_id").set_index("site_id")["country"]
    there = frame["site_id"].map(home)
    wrong = there.notna() & (there != frame["country"])
    _note(frames, faults, "reports", "country", wrong, "not the country of its site")


def foreign_ids(frames: Frames, faults: Faults) -> None:
    """Report ids that do not begin with their source's id."""
    frame = frames["reports"]
    stem = frame["report_id"].str.replace(r"/[0-9]+$", "", regex=True)
    wrong = stem != frame["source_id"]
    _note(frames, faults, "reports", "report_id", wrong, "does not begin with its source_id", "source_id/n")


RULES: tuple[Callable[[Frames, Faults], None], ...] = (
    after_its_page,
    sums,
    other_counts,
    claim_without_claimant,
    spread,
    high_without_low,
    bounds_and_precision,
    vague_strikes,
    nameless_sources,
    other_places,
    foreign_ids,
)

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


def within(longitude: float, latitude: float, rings: list[Ring], margin: float = MARGIN) -> bool:
    """Whether a point lies within one of `rings` (even-odd rule), or at most `margin` degrees outside.

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
            if away <= margin**2:
                return True
        if inside:
            return True
    return False


def points(frames: Frames, faults: Faults, reference_dir: str) -> None:
    """Points of sites outside the borders of their country, with "swapped?" where that would put them right."""
    frame, known = frames["sites"], borders(reference_dir)
    places = pd.DataFrame({"lat": _numbers(frame["lat"]), "lon": _numbers(frame["lon"])}).dropna()
    for row in places.index:
        country = countries(reference_dir).get(str(frame.loc[row, "country"]))
        if country is None or country.name not in known:
            continue
        lat, lon = float(places.loc[row, "lat"]), float(places.loc[row, "lon"])
        if not within(lon, lat, known[country.name]):
            swapped = within(lat, lon, known[country.name])
            rule = f"the point lies outside {country.name}" + ("; are lat and lon swapped?" if swapped else "")
            cell = pd.Series({row: f"{frame.loc[row, 'lat']}, {frame.loc[row, 'lon']}"})
            _list(faults, "sites", "lat", cell, rule, f"a point in {country.name}")
