"""Facts: the named values that stand between an analysis and the brief's prose.

A fact carries its value, its unit, the text as printed and what it rests on: incidents, or rows of another clean table.
The template prints no number of its own; it prints facts and puts its sentences under conditions on them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from helpers.words import day_text

Value = bool | int | float | str | None

#: The values of a fact of unit ``finding``: decided once, in the analysis; text and figures choose their words by it.
SHOWN, NOT_SHOWN, CANNOT = "shown", "not shown", "cannot be shown"


def finding(shows: bool | None, could: bool = True) -> str:
    """Return what is found: `shows` whether the interval leaves out no difference (None: there is no interval).

    `could` is whether the most favourable data would have shown it. One rule for every finding of the brief.
    """
    return CANNOT if shows is None or not (could or shows) else SHOWN if shows else NOT_SHOWN


@dataclass(frozen=True)
class Fact:
    """One named value.

    Attributes
    ----------
    name: dotted lower-case name, its first part the notebook's topic (``pause.rate_ratio``).
    value: the value, unrounded; dates in ISO form; None where it is undefined or infinite.
    unit: ``incidents``, ``days``, ``per day``, ``share``, ``ratio``, ``date``, ``people``, ``text``,
        ``finding`` (`SHOWN`, `NOT_SHOWN` or `CANNOT`)
    text: the value as the brief prints it.
    incidents: ids of the incidents behind it, in order of date.
    rows: table name -> ids of the rows behind it, for tables other than the incidents.
    note: what a reader should know of it (method, why undefined).
    """

    name: str
    value: Value
    unit: str
    text: str
    incidents: tuple[str, ...] = ()
    rows: dict[str, list[str]] = field(default_factory=dict)
    note: str = ""


def plain(value: Any) -> Value:
    """Return `value` as JSON can hold it: NumPy scalars unpacked, dates in ISO form, NaN and infinities None.

    Floats keep twelve significant figures, since the last ones differ between processors.
    """
    if value is None:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()[:10]
    raise TypeError(f"a fact holds a number, text, date or truth value, not {type(value).__name__}")


def printed(value: Value, unit: str) -> str:
    """Return `value` as the brief prints it in `unit`.

    Counts with thousands separators; shares as whole per cent; dates as "24 November 2023"; ratios and rates with two
    significant figures, a ratio near one with three so that its side is seen. None prints as "undefined".
    """
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "date" and isinstance(value, str):
        return day_text(value)
    if isinstance(value, str):
        return value
    if unit == "share":
        return _share(float(value))
    if isinstance(value, int):
        return f"{value:,}"
    shown = _significant(float(value), 2)
    if unit == "ratio" and float(shown.replace(",", "")) == 1 != value:
        # on which side of no difference it lies must be seen
        nearer = _significant(float(value), 3)
        return nearer if float(nearer) != 1 else shown
    return shown


def _share(value: float) -> str:
    if 0 < value < 0.005:
        return "less than 1%"
    return "more than 99%" if 0.995 < value < 1 else f"{value:.0%}"


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


class Facts(dict[str, Fact]):
    """The facts of one notebook, or of all: a mapping name -> `Fact` that can be written and read back.

    >>> facts = Facts()
    >>> facts.add("pause.attacks", 1, unit="incidents", incidents=["i-1"]).text
    '1'
    """

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        super().__init__((fact.name, fact) for fact in facts)

    def add(
        self,
        name: str,
        value: Any,
        *,
        unit: str,
        incidents: Iterable[str] = (),
        rows: Mapping[str, Iterable[Any]] | None = None,
        text: str | None = None,
        note: str = "",
    ) -> Fact:
        """Add a fact; `text` overrides the printed form. A name given twice is an error (ValueError)."""
        if name in self:
            raise ValueError(f"fact {name!r} is given twice")
        kept = plain(value)
        shown = printed(kept, unit) if text is None else text
        behind = {table: [str(row) for row in ids] for table, ids in (rows or {}).items()}
        fact = Fact(name, kept, unit, shown, tuple(str(i) for i in incidents), behind, note)
        self[name] = fact
        return fact

    def add_each(self, stem: str, values: Mapping[str, Any], unit: str = "count", **behind: Any) -> None:
        """Add ``stem.name`` for each of `values`: days and words as such, numbers in `unit`; all rest on the same."""
        for name, value in values.items():
            kind = "date" if isinstance(value, date) else "text" if isinstance(value, str) else unit
            self.add(f"{stem}.{name}", value, unit=kind, **behind)

    def write(self, path: Path) -> Path:
        """Write the facts as JSON, sorted by name; return the path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: {k: v for k, v in asdict(self[name]).items() if k != "name"} for name in sorted(self)}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, *paths: Path) -> Facts:
        """Read facts back from one file or several; a name in two files is an error (ValueError)."""
        facts = cls()
        for path in paths:
            for name, parts in json.loads(path.read_text(encoding="utf-8")).items():
                if name in facts:
                    raise ValueError(f"fact {name!r} stands in two files, the second {path.name}")
                facts[name] = Fact(name, **{**parts, "incidents": tuple(parts["incidents"])})
        return facts


Get = Callable[[Any], Any]

LOWER, UPPER = "lower end of the 95% interval", "upper end of the 95% interval"


@dataclass(frozen=True)
class Row:
    """How one fact is got from an analysis' result: the facts of a notebook are one list of these.

    Attributes
    ----------
    name, unit, note: as in `Fact`.
    get: the value, from the result.
    incidents: the ids of the incidents behind it, from the result; rows: table -> ids of its rows, from the result.
    text: the printed form, from the result, where it is not that of `printed`.
    when: whether the fact has a meaning here; where not, it is left out.

    >>> record([Row("pause.days", "days", lambda result: result["days"])], {"days": 7})["pause.days"].text
    '7'
    """

    name: str
    unit: str
    get: Get
    incidents: Get | None = None
    rows: Get | None = None
    note: str = ""
    text: Get | None = None
    when: Get | None = None


def counted(name: str, get: Get, note: str = "") -> Row:
    """Return the row of how many incidents `get` gives (a frame with the column incident_id, from the result)."""
    return Row(name, "incidents", lambda result: len(get(result)), lambda result: get(result)["incident_id"], note=note)


def record(rows: Iterable[Row], result: Any, facts: Facts | None = None) -> Facts:
    """Return the facts that `rows` name, got from `result`; where `facts` are given, they are added to these."""
    facts = Facts() if facts is None else facts
    for row in rows:
        if row.when is not None and not row.when(result):
            continue
        behind = {name: getattr(row, name)(result) for name in ("incidents", "rows", "text") if getattr(row, name)}
        facts.add(row.name, row.get(result), unit=row.unit, note=row.note, **behind)
    return facts


def interval(name: str, unit: str, get: Get, **more: Any) -> list[Row]:
    """Return the rows of an estimate: ``name``, ``name.low``, ``name.high``.

    `get` gives, from the result, what has the attributes value, low and high.
    """
    return [
        Row(name, unit, lambda result: get(result).value, **more),
        Row(f"{name}.low", unit, lambda result: get(result).low, note=LOWER),
        Row(f"{name}.high", unit, lambda result: get(result).high, note=UPPER),
    ]
