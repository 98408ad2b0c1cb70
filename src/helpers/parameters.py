"""The parameters of the brief: the one place where each stands with its type, default and meaning.

A notebook's ``parameters`` cell is written from here (`cell_source`, by ``make notebooks``) and lists the
parameters which that notebook uses, so that a reader sees plain values and nothing is typed twice. `Parameters` checks
what a user gives: unknown names, wrong types and impossible values are told all at once, one line each.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpers.paths import resolve
from helpers.vocabulary import REFERENCE, countries, country_code, nearest, use

ConfirmedBy = Literal["anyone", "media", "local_official", "us_official"]

#: Confirmation codes of an incident that count under each value of `confirmed_by`, weakest last.
CONFIRMATIONS: dict[str, tuple[str, ...]] = {
    "us_official": ("us_official",),
    "local_official": ("us_official", "local_official"),
    "media": ("us_official", "local_official", "media_only"),
    "anyone": ("us_official", "local_official", "media_only", "claim_only"),
}


@dataclass(frozen=True)
class _Given:
    """Countries as given, and the folder whose ``countries.csv`` lists them."""

    value: Any
    folder: str

    def __repr__(self) -> str:
        return repr(self.value)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


#: Years in which a day can lie: what dates, calendars and figures can hold, and then some.
YEARS = range(1900, 2101)

#: Set in the environment of the notebooks of a run.
RUN = "BRIEF_RUN"

FOLDERS = ("coded_dir", "reference_dir", "clean_dir", "figures_dir", "report_dir")


class Parameters(BaseModel):
    """All parameters of a run. Days are local days of the attack; a window holds both its ends.

    The pause is counted in whole days from `pause_start` up to, and without, `pause_end`: the ceasefire ran from 07:00
    on the first of these days to 07:00 on the second, seven days.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_start: date = Field(date(2023, 10, 17), description="first day that counts, YYYY-MM-DD")
    window_end: date = Field(date(2024, 2, 29), description="last day that counts, YYYY-MM-DD")
    countries: tuple[str, ...] = Field(
        default_factory=lambda: tuple(countries()), description="countries that count, by code or name"
    )
    confirmed_by: ConfirmedBy = Field(
        "anyone", description="weakest confirmation that counts: anyone, media, local_official, us_official"
    )
    pause_start: date = Field(date(2023, 11, 24), description="first day of the pause, YYYY-MM-DD")
    pause_end: date = Field(date(2023, 12, 1), description="day the pause ended; that day itself is not in it")
    stop_start: date = Field(date(2024, 1, 29), description="first day of the second stop, YYYY-MM-DD")
    seed: int = Field(20231017, ge=0, le=2**32 - 1, description="seed of all that is drawn at random")
    resamples: int = Field(9999, ge=99, le=1_000_000, description="draws of each bootstrap or permutation test")
    coded_dir: str = Field("data/coded", min_length=1, description="folder of the coded sheets")
    reference_dir: str = Field(
        "data/reference", min_length=1, description="folder of aliases, weapon ladder and borders"
    )
    clean_dir: str = Field("data/clean", min_length=1, description="folder of the clean tables")
    figures_dir: str = Field("figures", min_length=1, description="folder of the figures")
    report_dir: str = Field("report", min_length=1, description="folder of the facts and the brief")

    @field_validator("window_start", "window_end", "pause_start", "pause_end", "stop_start", mode="before")
    @classmethod
    def _day(cls, value: Any) -> Any:
        """Take days as YYYY-MM-DD alone: a number or another form could be read as a day that nobody meant."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value) if len(value) == 10 else None
            except ValueError:
                value = None
        if type(value) is not date:
            _refuse("a day is written YYYY-MM-DD")
        return value if value.year in YEARS else _refuse(f"a day in the years {YEARS[0]} to {YEARS[-1]} is wanted")

    @field_validator("seed", "resamples", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        """Take whole numbers, also as text, but no truth values."""
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            return int(value)
        return value if type(value) is int else _refuse("a whole number is wanted")

    @model_validator(mode="before")
    @classmethod
    def _in_folder(cls, values: Any) -> Any:
        """Hand the countries given, by default all, to their check with the folder that lists them."""
        if not isinstance(values, dict):
            return values
        folder = values.get("reference_dir", REFERENCE)
        folder = folder if isinstance(folder, str) and folder else REFERENCE
        return {**values, "countries": _Given(values.get("countries", tuple(countries(folder))), folder)}

    @field_validator("countries", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> tuple[str, ...]:
        """Take countries as people type them: one or several joined by commas, by code or by name."""
        given, folder = value.value, value.folder
        known = countries(folder)
        if isinstance(given, str):
            given = [part for part in given.replace(";", ",").split(",") if part.strip()]
        if not isinstance(given, Iterable):
            _refuse("a list of countries is wanted")
        parts = list(given)
        codes = [country_code(part, folder) if isinstance(part, str) else None for part in parts]
        if not parts or None in codes:
            strange = str(parts[codes.index(None)]) if parts else ""
            near = nearest(strange, [*known, *(country.name for country in known.values())])
            _refuse(f"each must be one of {', '.join(known)}" + (f" (did you mean {near}?)" if near else ""))
        return tuple(code for code in known if code in codes)

    @model_validator(mode="after")
    def _possible(self) -> Parameters:
        faults = []
        if self.window_end < self.window_start:
            faults.append(f"window_end {self.window_end} lies before window_start {self.window_start}")
        if self.pause_end <= self.pause_start:
            faults.append(f"pause_end {self.pause_end} must lie after pause_start {self.pause_start}")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def values(self) -> dict[str, Any]:
        """Return the parameters as plain values (dates as text, tuples as lists) in their order."""
        return self.model_dump(mode="json")

    def differing(self) -> dict[str, tuple[Any, Any]]:
        """Return name -> (value, default) for what differs from the default, folders left out."""
        mine, usual = self.values(), Parameters().values()
        return {name: (mine[name], usual[name]) for name in mine if name not in FOLDERS and mine[name] != usual[name]}


def _typed(value: Any) -> str:
    value = value.value if isinstance(value, _Given) else value
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else repr(value)


def check(values: Mapping[str, Any]) -> tuple[Parameters | None, list[str]]:
    """Check `values` (name -> value as typed); return the parameters, or None and one line for each fault."""
    try:
        found = Parameters(**values)
        use(found.reference_dir)
        return found, []
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            name = ".".join(str(part) for part in fault["loc"][:1])
            if fault["type"] == "extra_forbidden":
                near = nearest(name, Parameters.model_fields)
                known = f"did you mean {near}?" if near else f"known are {', '.join(Parameters.model_fields)}"
                lines.append(f"{name}: unknown parameter; {known}")
                continue
            message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            for part in message.split("; ") if not name else [message]:
                lines.append(f"{name}: {part}, not {_typed(fault['input'])}" if name else part)
        return None, lines


def from_notebook(names: Mapping[str, Any]) -> Parameters:
    """Return the parameters that a notebook's cell set: ``p = from_notebook(globals())``.

    Outside a run, as in JupyterLab, results of other than the default parameters go to ``runs/notebook``.

    Raises
    ------
    ValueError
        With one line for each fault.
    """
    given = {name: names[name] for name in Parameters.model_fields if name in names}
    parameters, faults = check(given)
    if parameters is None:
        raise ValueError("\n".join(faults))
    usual = Parameters()
    own = {name for name in ("coded_dir", "reference_dir") if getattr(parameters, name) != getattr(usual, name)}
    if RUN in os.environ or not (own or parameters.differing()):
        return parameters
    # Who reads sheets cleans them anew; the brief, which only names them, reads what was cleaned of them.
    cleans = "coded_dir" in names and (own or "window_start" not in names)
    folders = ("figures_dir", "report_dir", *(["clean_dir"] if cleans else []))
    moved = {name: f"runs/notebook/{getattr(usual, name)}" for name in folders if name in names}
    moved = {name: folder for name, folder in moved.items() if getattr(parameters, name) == getattr(usual, name)}
    if "clean_dir" in moved and not own and resolve(usual.clean_dir).exists():  # of the same sheets: it only adds to it
        shutil.copytree(resolve(usual.clean_dir), resolve(moved["clean_dir"]), dirs_exist_ok=True)
    if moved:
        print(
            "The parameters are not the default ones: results go to runs/notebook. `brief run -p` makes a whole brief."
        )
    return parameters.model_copy(update=moved)


def type_name(name: str) -> str:
    """Return the type of a parameter as a notebook's cell shows it: ``str``, ``int``, ``list[str]`` ...."""
    default = Parameters().values()[name]
    return "list[str]" if isinstance(default, list) else type(default).__name__


def cell_source(names: Iterable[str]) -> str:
    """Return the source of a ``parameters`` cell that declares `names`: a typed, commented line for each."""
    defaults = Parameters().values()
    lines = []
    for name in names:
        value = defaults[name]
        shown = repr(value).replace("'", '"')
        lines.append(f"{name}: {type_name(name)} = {shown}  # {Parameters.model_fields[name].description}")
    return "\n".join(lines)
