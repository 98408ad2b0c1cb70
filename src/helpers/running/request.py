"""What the user asks for, checked before any notebook starts: parameters, the run's name and folders."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters, check
from helpers.paths import resolve
from helpers.running.fingerprint import digest
from helpers.running.layout import OUTPUT_FOLDERS
from helpers.running.steps import Refusal

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._,=@+-]*(/[A-Za-z0-9][A-Za-z0-9._,=@+-]*)*")
LONGEST = 80


def from_file_any(path: Path) -> Any:
    """Return what the YAML file at `path` holds; a `Refusal` tells in one line why it cannot be read."""
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path}: is not text in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Refusal(f"{path}{where}: is no YAML ({getattr(error, 'problem', None) or 'cannot be read'})") from None
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from None  # such as 2023-13-45, which YAML takes for a day


def from_file(path: Path) -> dict[str, Any]:
    """Return the parameters in the YAML file at `path`, none if it is empty."""
    loaded = from_file_any(path)
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(name, str) for name in loaded):
        raise Refusal(f"{path}: holds no lines of the form NAME: VALUE")
    return loaded


def gathered(file: Path | None, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the parameters of `file` with those of `pairs` over them; a name twice in `pairs` is refused."""
    pairs = list(pairs)
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refusal(*(f"{name}: given more than once" for name in twice))
    return {**(from_file(file) if file is not None else {}), **dict(pairs)}


def checked(values: Mapping[str, Any]) -> Parameters:
    """Return `values` as parameters that the coded sheets can answer to, or refuse with one line for each fault."""
    parameters, faults = check(values)
    if parameters is None:
        raise Refusal(*faults)
    faults = against_data(parameters, set(values))
    if faults:
        raise Refusal(*faults)
    return parameters


def against_data(parameters: Parameters, given: set[str]) -> list[str]:
    """Return one line for each of `given` that the coded reports hold nothing for."""
    folders = [name for name in ("coded_dir", "reference_dir") if not _is_folder(getattr(parameters, name))]
    if folders:
        return [f"{name}: there is no folder {getattr(parameters, name)}" for name in folders]
    if not given & {"countries", "window_start", "window_end", "coded_dir"}:
        return []
    try:
        with (resolve(parameters.coded_dir) / "reports.csv").open(newline="", encoding="utf-8-sig") as file:
            rows = [((row["country"] or "").strip().upper(), _day(row["date"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error):
        return []  # the check of the sheets says what is wrong with them
    known = {country for country, _ in rows}
    lines = [
        f"countries: no report in {parameters.coded_dir} is about {country}; it has {', '.join(sorted(known - {''}))}"
        for country in parameters.countries
        if country not in known and "countries" in given
    ]
    days = [day for country, day in rows if day and country in parameters.countries]
    if not lines and days and not any(parameters.window_start <= day <= parameters.window_end for day in days):
        lines.append(
            f"window_start, window_end: no report on {', '.join(parameters.countries)} falls between "
            f"{parameters.window_start} and {parameters.window_end}; they run from {min(days)} to {max(days)}"
        )
    return lines


def _is_folder(given: str) -> bool:
    try:
        return resolve(given).is_dir()
    except RuntimeError:  # ~NAME for a user that there is not
        return False


def _day(text: str | None) -> date | None:
    """Return the day that a cell of the coded sheets names in one of the two common forms."""
    match = re.fullmatch(r"\s*(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)/(\d\d?)/(\d{4}))\s*", text or "")
    if match is None:
        return None
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def run_name(parameters: Parameters, asked: str | None) -> str | None:
    """Return the name of the run, None for the default one: as `asked`, else made of what differs from the default."""
    if asked is not None:
        if not _NAME.fullmatch(asked) or len(asked) > LONGEST:
            raise Refusal(
                f"--name: {asked!r} cannot name a folder; use letters, digits and . _ - = , (at most {LONGEST})"
            )
        return asked
    differing = {name: now for name, (now, _) in parameters.differing().items()}
    usual = Parameters().values()
    mine = parameters.values()
    differing |= {name: mine[name] for name in ("coded_dir", "reference_dir") if mine[name] != usual[name]}
    if not differing:
        return None
    parts = [f"{name}-{'-'.join(value) if isinstance(value, list) else value}" for name, value in differing.items()]
    name = re.sub(r"[^A-Za-z0-9._]+", "-", "_".join(parts)).strip("-.")
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9].rstrip('-._')}-{digest(differing)[:8]}"


def output_folders(parameters: Parameters, root: Path, name: str | None) -> dict[str, str]:
    """Return where the results of each output folder go, relative to the root; refuse what would do harm.

    A folder that the user gives is taken as given; the others are the run's own.
    """
    folders, faults = {}, []
    for key, usual in OUTPUT_FOLDERS.items():
        given = getattr(parameters, key)
        if given.rstrip("/") == usual:
            folders[key] = usual
            continue
        place = Path(os.path.normpath(root / given))
        inside = place.is_relative_to(root) and place != root and not given.startswith("~")
        relative = str(place.relative_to(root)) if inside else ""
        if (
            not inside
            or relative.split("/")[0] in {"src", "tests", "notebooks", "benchmarks"}
            or relative.startswith(".")
        ):
            faults.append(f"{key}: results cannot be written to {given}; give a folder in the project, or --name alone")
        elif any(_nested(relative, other) for other in ("data/coded", "data/reference", *OUTPUT_FOLDERS.values())):
            faults.append(f"{key}: {given} lies in, or holds, a folder that has another use")
        folders[key] = relative
    taken = [folder for key, folder in folders.items() if folder != OUTPUT_FOLDERS[key]]
    if any(_nested(one, other) for one in taken for other in taken if one is not other) or len(set(taken)) < len(taken):
        faults.append(f"{', '.join(OUTPUT_FOLDERS)}: must be folders of their own")
    if faults:
        raise Refusal(*faults)
    return folders


def _nested(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
