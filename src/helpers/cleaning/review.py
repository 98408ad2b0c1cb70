"""What a check only lists, since real reports are like that: the codebook's second list, for a person to look at."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.cleaning.reading import Faults

Frames = dict[str, pd.DataFrame]

#: Reports of one incident further apart than this, in days, are listed.
SPREAD = 2


def review(frames: Frames, faults: Faults) -> None:
    """List what is odd in the normalised sheets `frames`; each rule of the codebook is one function here."""
    for rule in RULES:
        rule(frames, faults)


def _days(cells: pd.Series) -> pd.Series:
    return pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce")


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells, errors="coerce")


def _list(
    frame: pd.DataFrame, rows: pd.Series, file: str, column: str, rule: str, faults: Faults, allowed: str = ""
) -> None:
    for row, value in frame.loc[rows.fillna(False).astype(bool), column].items():
        faults.note(file, int(str(row)), column, str(value), rule, allowed)


def after_its_page(frames: Frames, faults: Faults) -> None:
    """Reports dated after the page that tells them: local day against Washington's, or a slip."""
    for name in ("reports", "second_coding"):
        frame = frames[name]
        published = frames["sources"].drop_duplicates("source_id").set_index("source_id")["published"]
        late = _days(frame["date"]) > _days(frame["source_id"].map(published))
        _list(
            frame,
            late,
            f"{name}.csv",
            "date",
            "dated after its page was published",
            faults,
            "usually the page's day or before",
        )


def sums(frames: Frames, faults: Faults) -> None:
    """Totals that are not the sum of their countries (a country not given counts as none)."""
    frame = frames["official_counts"]
    parts = pd.DataFrame({name: _numbers(frame[name]) for name in ("iraq", "syria", "jordan")})
    total = _numbers(frame["total"])
    given = parts[["iraq", "syria"]].notna().all(axis=1)
    _list(
        frame,
        given & (parts.sum(axis=1) != total) & total.notna(),
        "official_counts.csv",
        "total",
        "not the sum of its countries",
        faults,
    )


#: What one running total of a counter counts: those that share it may not fall.
_SERIES = ["counter", "country", "site_id", "since"]


def other_counts(frames: Frames, faults: Faults) -> None:
    """Counts by others that fall below an earlier total of the same counter, or whose bases do not add up."""
    frame = frames["other_counts"]
    told = frame.assign(day=_days(frame["as_of"]), number=_numbers(frame["total"]))
    for _, series in told.dropna(subset=["day", "number"]).groupby(_SERIES, sort=True):
        by_day = series.groupby("day")["number"].max().cummax().shift()
        for row, cells in series[series["number"] < series["day"].map(by_day)].iterrows():
            rule = f"below an earlier total of this counter, {by_day[cells['day']]:.0f}"
            faults.note("other_counts.csv", int(str(row)), "total", str(cells["total"]), rule, "that or more")
    one = ["source_id", "counter", "as_of", "since", "country"]
    bases = told[told["site_id"] != ""].groupby(one)["number"].agg(["sum", "size"])
    totals = told[told["site_id"] == ""].join(bases[bases["size"] > 1], on=one)
    for row, cells in totals[totals["sum"].notna() & (totals["sum"] != totals["number"])].iterrows():
        rule = f"its {cells['size']:.0f} bases add up to {cells['sum']:.0f}"
        faults.note("other_counts.csv", int(str(row)), "total", str(cells["total"]), rule, "the sum of its bases")


def claim_without_claimant(frames: Frames, faults: Faults) -> None:
    """Claims alone, of nobody."""
    frame = frames["reports"]
    rows = (frame["confirmation"] == "claim_only") & frame["claimed_by"].isin(["", "none"])
    _list(
        frame, rows, "reports.csv", "claimed_by", "claim_only without a named claimant", faults, "the claimant's name"
    )


def spread(frames: Frames, faults: Faults) -> None:
    """Reports of one key in two countries, or more than two days apart."""
    frame = frames["reports"]
    key = frame["incident_key"]
    told = frame.groupby([key, frame["country"]]).size().rename("n").reset_index()
    usual = told.sort_values(["n", "country"], ascending=[False, True]).drop_duplicates("incident_key")
    rows = frame["country"] != key.map(usual.set_index("incident_key")["country"])
    _list(frame, rows, "reports.csv", "country", "its incident is placed in another country by other rows", faults)
    day = _days(frame["date"])
    apart = day.groupby(key).transform("max") - day.groupby(key).transform("min")
    middle = day.groupby(key).transform("median")
    far = (apart.dt.days > SPREAD) & ((day - middle).abs().dt.days >= SPREAD)
    _list(frame, far, "reports.csv", "date", f"its incident has rows more than {SPREAD} days apart", faults)


def high_without_low(frames: Frames, faults: Faults) -> None:
    """A largest figure without a smallest."""
    for name, low, high in (
        ("reports", "munitions_low", "munitions_high"),
        ("reports", "us_injured_low", "us_injured_high"),
        ("responses", "killed_low", "killed_high"),
    ):
        frame = frames[name]
        _list(frame, (frame[low] == "") & (frame[high] != ""), f"{name}.csv", high, f"without {low}", faults)


def bounds_and_precision(frames: Frames, faults: Faults) -> None:
    """Bounds beside a day that is known, or none beside one that is not."""
    frame = frames["reports"]
    bounded = (frame["date_earliest"] != "") | (frame["date_latest"] != "")
    exact = frame["date_precision"] == "day"
    _list(frame, exact & bounded, "reports.csv", "date_precision", "has bounds although the day is known", faults)
    _list(
        frame, ~exact & ~bounded, "reports.csv", "date_precision", "has no bounds", faults, "date_earliest, date_latest"
    )


def vague_strikes(frames: Frames, faults: Faults) -> None:
    """Strikes without day or kind, or told for two countries as one."""
    frame = frames["responses"]
    _list(frame, frame["date"] == "", "responses.csv", "date", "no day is given", faults)
    _list(frame, frame["kind"] == "", "responses.csv", "kind", "no kind is given", faults)
    _list(
        frame,
        frame["country"].str.contains(";", regex=False),
        "responses.csv",
        "country",
        "two countries told as one",
        faults,
    )


def nameless_sources(frames: Frames, faults: Faults) -> None:
    """Sources without title or address."""
    frame = frames["sources"]
    for column in ("title", "url"):
        _list(frame, frame[column] == "", "sources.csv", column, "blank", faults)


def other_places(frames: Frames, faults: Faults) -> None:
    """Places outside the gazetteer, and sites that do not lie in the country given."""
    frame = frames["reports"]
    rows = (frame["site_id"] == "other") & (frame["place_as_reported"] == "")
    _list(
        frame,
        rows,
        "reports.csv",
        "place_as_reported",
        "site other needs the place as reported",
        faults,
        "the place's name",
    )
    _list(frame, frame["site_id"] == "other", "reports.csv", "site_id", "outside the gazetteer", faults)
    home = frames["sites"].drop_duplicates("site_id").set_index("site_id")["country"]
    there = frame["site_id"].map(home)
    _list(
        frame,
        there.notna() & (there != frame["country"]),
        "reports.csv",
        "country",
        "not the country of its site",
        faults,
    )


def foreign_ids(frames: Frames, faults: Faults) -> None:
    """Report ids that do not begin with their source's id."""
    frame = frames["reports"]
    stem = frame["report_id"].str.replace(r"/[0-9]+$", "", regex=True)
    _list(
        frame,
        stem != frame["source_id"],
        "reports.csv",
        "report_id",
        "does not begin with its source_id",
        faults,
        "source_id/n",
    )


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
