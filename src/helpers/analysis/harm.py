"""Who was hurt: the toll of the attacks on record beside officials' own, and the attacks that mattered most.

Officials gave running totals of injured that no list of attacks adds up to: reports of single attacks are seldom
amended when more injuries are found. The two are therefore set side by side, day by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.analysis.totals import Series, counted_since, country_columns, series
from helpers.facts import Row
from helpers.parameters import Parameters
from helpers.stretches import within_coding
from helpers.tables import each, select
from helpers.vocabulary import CONFIRMATION, split, weapons
from helpers.words import listing, short_day

#: How many attacks the list of the most consequential holds.
WORST = 12

#: Field of a disagreement -> how its other values are told.
TOLD = {
    "us_killed": "{} killed", "us_injured": "{} injured", "partner_killed": "{} of partner forces killed",
    "partner_injured": "{} of partner forces injured", "date": "on {}", "weapons": "{}", "site_id": "at {}",
}  # fmt: skip

WORST_COLUMNS = ["date", "site_name", "weapons", "us_killed", "us_injured", "partner_killed", "partner_injured",
                 "confirmation", "also_told", "killed_told", "killed_reports", "incident_id"]  # fmt: skip


@dataclass(frozen=True)
class Harm:
    """What `analyse_harm` finds.

    Attributes
    ----------
    parameters: those of the run. incidents: the attacks that they count, with whole numbers of people as floats.
    officials: officials' running total of US injured as a chain (see `helpers.analysis.totals`), since they counted.
    toll: one row a day on which officials' total rose in the window: day, officials, record, record_low, record_high
        (injured in attacks up to that day, over those with a number), attacks (how many those are), rows (count_ids).
    worst: the attacks that mattered most, columns `WORST_COLUMNS`, the gravest first; killed_told is the most killed
        that any report tells beyond the number chosen, killed_reports the reports that do.
    events: context of kind casualty_event.
    sources: source_id -> outlet.
    """

    parameters: Parameters
    incidents: pd.DataFrame
    officials: Series
    toll: pd.DataFrame
    worst: pd.DataFrame
    events: pd.DataFrame
    sources: pd.Series

    @property
    def numbered(self) -> pd.DataFrame:
        """The attacks for which a number of injured is chosen, none included."""
        return self.incidents[self.incidents["us_injured_best"].notna()]

    @property
    def hurt(self) -> pd.DataFrame:
        """The attacks in which US or coalition personnel were killed or injured, by the numbers chosen."""
        return self.incidents[self.incidents[["us_killed", "us_injured_best"]].fillna(0).sum(axis=1) > 0]

    @property
    def claimed(self) -> pd.DataFrame:
        """The attacks in which reports tell of more killed than is chosen."""
        return self.worst[self.worst["killed_told"] > 0]

    @property
    def months(self) -> pd.DataFrame:
        """The last row of the toll in each month."""
        last = ~self.toll["day"].dt.to_period("M").duplicated(keep="last")
        return self.toll[last] if self.last is not None else self.toll[:0]

    @property
    def deadliest(self) -> pd.Series | None:
        """The attack in which most US personnel were killed, None where none was."""
        killed = self.incidents["us_killed"].fillna(0)
        return self.incidents.iloc[int(killed.to_numpy().argmax())] if (killed > 0).any() else None

    @property
    def last(self) -> pd.Series | None:
        """The last row of the toll where it counts what this run counts: all countries, from the first day on."""
        return self.toll.iloc[-1] if len(self.toll) and comparable(self.officials, self.parameters) else None

    @property
    def low(self) -> float:
        """Injured by the lowest reports, over the attacks that have a number."""
        return float(self.numbered["us_injured_low"].sum())

    @property
    def high(self) -> float:
        """Injured by the highest reports over the same attacks, or officials' own total where that is greater."""
        high = float(self.numbered["us_injured_high"].sum())
        return high if self.last is None else max(high, float(self.last["officials"]))


NUMBERS = ["us_killed", "us_injured_best", "us_injured_low", "us_injured_high", "partner_killed", "partner_injured"]


def analyse_harm(incidents: pd.DataFrame, parameters: Parameters, more: dict[str, pd.DataFrame]) -> Harm:
    """Return the toll; `more` are the clean tables official_counts, conflicts, context and sources by name."""
    parameters = within_coding(parameters, incidents)
    chosen = select(incidents, parameters)
    chosen = chosen.assign(**{name: chosen[name].astype("Float64").astype(float) for name in NUMBERS})
    counts, context = more["official_counts"], more["context"]
    chain = officials(counts, more["sources"], parameters)
    return Harm(
        parameters, chosen, chain, _toll(chain, chosen, parameters),
        consequential(chosen, more["conflicts"], parameters), context[context["kind"] == "casualty_event"],
        more["sources"].set_index("source_id")["outlet"],
    )  # fmt: skip


def officials(counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters) -> Series:
    """Return officials' running total of US injured as a chain, from the clean official counts and sources."""
    given = counts[counts["us_injured"].notna()]
    families = sources.set_index("source_id")["family"]
    return series(given.assign(total=given["us_injured"]), families, since=counted_since(counts, parameters))


def comparable(chain: Series, parameters: Parameters) -> bool:
    """Return whether a run counts what officials count: all countries, from their first day on."""
    return set(parameters.countries) == set(country_columns()) and parameters.window_start <= chain.since


def officials_total(counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters) -> float | None:
    """Return officials' last total of injured in the window; None where a run counts other days or countries."""
    chain = officials(counts, sources, parameters)
    value = chain.at(parameters.window_end)[0]
    return float(value) if comparable(chain, parameters) and value else None


def _toll(chain: Series, chosen: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return officials' total of injured on each day that it rose beside that of the attacks on record by then."""
    first, last = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end)
    known = chosen[chosen["us_injured_best"].notna()]
    found = []
    for point in chain.points[1:]:
        if first <= point.day <= last:
            by_then = known[known["date"] <= point.day]
            sums = [int(by_then[f"us_injured_{end}"].sum()) for end in ("best", "low", "high")]
            found.append((point.day, point.value, *sums, len(by_then), ";".join(point.rows)))
    columns = ["day", "officials", "record", "record_low", "record_high", "attacks", "rows"]
    return pd.DataFrame(found, columns=columns).astype({"day": "datetime64[ns]"})


def consequential(chosen: pd.DataFrame, conflicts: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the attacks in which most people were killed or injured, or were killed by what some report says."""
    told = conflicts[(conflicts["field"] == "us_killed") & conflicts["incident_id"].isin(chosen["incident_id"])]
    told = told.assign(killed=pd.to_numeric(told["other"], errors="coerce")).sort_values("killed")
    told = told.drop_duplicates("incident_id", keep="last").set_index("incident_id")
    frame = chosen.assign(
        us_injured=chosen["us_injured_best"],
        killed_told=(chosen["incident_id"].map(told["killed"]).astype(float)).fillna(0),
        killed_reports=chosen["incident_id"].map(told["reports"]).fillna(""),
    )
    frame["killed_told"] = frame["killed_told"].where(frame["killed_told"] > frame["us_killed"].fillna(0), 0)
    order = ["us_killed", "partner_killed", "killed_told", "us_injured", "us_injured_high", "partner_injured"]
    ranked = frame.assign(**{name: frame[name].fillna(0) for name in order}).sort_values(
        [*order, "date", "incident_id"], ascending=[False] * len(order) + [True, True]
    )
    kept = frame.loc[ranked.index[(ranked[order] > 0).any(axis=1)][:WORST]]
    others = _also_told(conflicts[conflicts["incident_id"].isin(kept["incident_id"])], parameters)
    kept = kept.assign(also_told=[others.get(incident, "") for incident in kept["incident_id"]])
    return kept[WORST_COLUMNS].reset_index(drop=True)


def _also_told(conflicts: pd.DataFrame, parameters: Parameters) -> dict[str, str]:
    """Return incident_id -> the values that reports give and that were not chosen, with how many origins give them."""
    arms = weapons(parameters.reference_dir)
    found: dict[str, list[str]] = {}
    for field, words in TOLD.items():
        for row in each(conflicts[conflicts["field"] == field]):
            value = str(row.other)
            if field == "date":
                value = short_day(pd.Timestamp(value))
            elif field == "weapons":
                value = arms[value].label if value in arms else value
            found.setdefault(row.incident_id, []).append(f"{words.format(value)} ({row.n_other})")
    return {incident: "; ".join(parts) for incident, parts in found.items()}


def hurt_words(row: Any) -> str:
    """Return who was hurt in one of the worst attacks: "3 killed, 47 injured"."""
    counts = {
        "killed": row["us_killed"], "injured": row["us_injured"], "of partner forces killed": row["partner_killed"],
        "of partner forces injured": row["partner_injured"],
    }  # fmt: skip
    parts = [f"{int(number)} {word}" for word, number in counts.items() if number > 0]
    if parts:
        return ", ".join(parts)
    return "number not established" if pd.isna(row["us_injured"]) else "nobody"


def consequential_table(result: Harm) -> pd.DataFrame:
    """Return the list of the most consequential attacks as it is written for readers."""
    worst = result.worst
    return pd.DataFrame({
        "date": worst["date"], "site": worst["site_name"], "weapons": worst["weapons"],
        "hurt": [hurt_words(row) for _, row in worst.iterrows()], "confirmed_by": worst["confirmation"],
        "also_told": worst["also_told"], "incident_id": worst["incident_id"],
    })  # fmt: skip


def _worst(place: int) -> list[Row]:
    """Return the rows of the attack at `place` of the list."""
    name = f"harm.worst.{place + 1}"

    def row(result: Harm) -> Any:
        return result.worst.iloc[place]

    def there(result: Harm) -> bool:
        return len(result.worst) > place

    def arms(result: Harm) -> str:
        known = weapons(result.parameters.reference_dir)
        return listing(known[code].label if code in known else code for code in split(row(result)["weapons"]))

    cells = {
        "date": lambda r: row(r)["date"].date(), "site": lambda r: row(r)["site_name"], "weapon": arms,
        "hurt": lambda r: hurt_words(row(r)), "confirmed_by": lambda r: CONFIRMATION[row(r)["confirmation"]],
        "also_told": lambda r: row(r)["also_told"] or "no other account",
    }  # fmt: skip
    return [
        Row(f"{name}.{cell}", "date" if cell == "date" else "text", get, lambda r: [row(r)["incident_id"]], when=there)
        for cell, get in cells.items()
    ]


def _day(place: int) -> list[Row]:
    """Return the rows of the last day of a month on which officials' total rose."""

    def row(result: Harm) -> Any:
        return result.months.iloc[place]

    def behind(result: Harm) -> dict[str, list[str]]:
        return {"official_counts": split(row(result)["rows"])}

    def ids(result: Harm) -> list[str]:
        known = result.numbered
        return list(known.loc[(known["date"] <= row(result)["day"]) & (known["us_injured_best"] > 0), "incident_id"])

    def there(result: Harm) -> bool:
        return len(result.months) > place

    name = f"harm.toll.{place + 1}"
    return [
        Row(f"{name}.day", "date", lambda r: row(r)["day"].date(), rows=behind, when=there),
        Row(f"{name}.officials", "people", lambda r: int(row(r)["officials"]), rows=behind, when=there),
        Row(f"{name}.record", "people", lambda r: int(row(r)["record"]), ids, when=there),
    ]


def _claim(place: int) -> list[Row]:
    """Return the rows of an attack in which reports tell of more killed than is chosen."""

    def row(result: Harm) -> Any:
        return result.claimed.iloc[place]

    def there(result: Harm) -> bool:
        return len(result.claimed) > place

    def outlets(result: Harm) -> str:
        told = [report.rsplit("/", 1)[0] for report in split(row(result)["killed_reports"])]
        return listing(dict.fromkeys(str(result.sources.get(source, source)) for source in told))

    def event(result: Harm) -> pd.DataFrame:
        near = (result.events["start"] - row(result)["date"]).abs() <= pd.Timedelta(days=2)
        found: pd.DataFrame = result.events[near].sort_values(["start", "source_id"]).head(1)
        return found

    def ids(result: Harm) -> list[str]:
        return [row(result)["incident_id"]]

    def reports(result: Harm) -> dict[str, list[str]]:
        return {"reports": split(row(result)["killed_reports"])}

    def has_event(result: Harm) -> bool:
        return there(result) and len(event(result)) > 0

    name = f"harm.claimed.{place + 1}"
    return [
        Row(f"{name}.killed", "people", lambda r: int(row(r)["killed_told"]), ids, reports, when=there),
        Row(f"{name}.date", "date", lambda r: row(r)["date"].date(), ids, when=there),
        Row(f"{name}.site", "text", lambda r: row(r)["site_name"], ids, when=there),
        Row(f"{name}.by", "text", outlets, ids, reports, when=there),
        Row(f"{name}.event", "text", lambda r: event(r)["label"].iloc[0],
            rows=lambda r: {"context": list(event(r)["context_id"])}, when=has_event),
    ]  # fmt: skip


def _official(name: str, unit: str, column: str) -> Row:
    """Return the row of what officials last said of the injured in the window (None where this run counts else)."""

    def get(result: Harm) -> Any:
        if result.last is None:
            return None
        value = result.last[column]
        return value.date() if column == "day" else int(value)

    def behind(result: Harm) -> dict[str, list[str]]:
        return {} if result.last is None else {"official_counts": split(result.last["rows"])}

    note = "US officials' running total; undefined where this run leaves out days or countries that they count"
    return Row(f"harm.official.{name}", unit, get, rows=behind, note=note)


def _deadly(result: Harm) -> bool:
    return result.deadliest is not None


def _deadliest(result: Harm) -> list[str]:
    return [] if result.deadliest is None else [result.deadliest["incident_id"]]


def rows(result: Harm) -> list[Row]:
    """Return the facts ``harm.*`` as rows."""

    def of(column: str) -> Row:
        name = column.removeprefix("us_").removesuffix("_best")
        return Row(f"harm.{name}", "people", lambda r: int(r.incidents[column].sum()),
                   lambda r: list(r.incidents.loc[r.incidents[column] > 0, "incident_id"]))  # fmt: skip

    def ids(frame: pd.DataFrame) -> list[str]:
        return list(frame["incident_id"])

    return [
        of("us_killed"), of("us_injured_best"), of("partner_killed"), of("partner_injured"),
        Row("harm.injured.low", "people", lambda r: int(r.low), lambda r: ids(r.hurt),
            note="sum of the lowest numbers of the attacks that have one"),
        Row("harm.injured.high", "people", lambda r: int(r.high), lambda r: ids(r.hurt),
            rows=lambda r: {} if r.last is None else {"official_counts": split(r.last["rows"])},
            note="sum of the highest numbers of the same attacks, or officials' total where that is greater"),
        Row("harm.attacks", "incidents", lambda r: len(r.hurt), lambda r: ids(r.hurt)),
        Row("harm.silent", "incidents", lambda r: len(r.incidents) - len(r.numbered),
            lambda r: ids(r.incidents[r.incidents["us_injured_best"].isna()]), note="no number of injured is chosen"),
        _official("injured", "people", "officials"), _official("injured_day", "date", "day"),
        _official("record", "people", "record"),
        Row("harm.deadliest.killed", "people", lambda r: int(r.deadliest["us_killed"]), _deadliest, when=_deadly),
        Row("harm.deadliest.date", "date", lambda r: r.deadliest["date"].date(), _deadliest, when=_deadly),
        Row("harm.deadliest.site", "text", lambda r: r.deadliest["site_name"], _deadliest, when=_deadly),
        *(row for place in range(len(result.worst)) for row in _worst(place)),
        *(row for place in range(len(result.months)) for row in _day(place)),
        *(row for place in range(len(result.claimed)) for row in _claim(place)),
    ]  # fmt: skip
