"""What the user asks for, checked before any notebook starts: parameters, folders, the coded sheets."""

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
from helpers.running.files import OUTPUT_FOLDERS, Refusal, digest
from helpers.running.steps import Step, plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._,=@+-]*(/[A-Za-z0-9][A-Za-z0-9._,=@+-]*)*")
LONGEST = 80


def from_yaml(path: Path) -> tuple[Any, dict[str, int]]:
    """Return what the YAML file at `path` holds, every value as text, and the line of each name in it.

    Raises
    ------
    Refusal
        In one line: it cannot be read, or a name in it is given twice.
    """
    import yaml

    lines: dict[str, int] = {}

    def value(node: Any) -> Any:
        where = f"{path}, line {node.start_mark.line + 1}"
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise Refusal(f"{where}: {node.tag} has no place here; write plain values")
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [value(part) for part in node.value]
        found: dict[str, Any] = {}
        for name, content in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise Refusal(f"{where}: a name must be a word")
            if name.value in found:
                raise Refusal(f"{path}, line {name.start_mark.line + 1}: {name.value} is given twice")
            found[name.value] = value(content)
            lines[name.value] = name.start_mark.line + 1
        return found

    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        return (None if node is None else value(node)), lines
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path}: is not text in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Refusal(f"{path}{where}: is no YAML ({getattr(error, 'problem', None) or 'cannot be read'})") from None
    except RecursionError:
        raise Refusal(f"{path}: refers to itself") from None


def gathered(file: Path | None, pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Return the parameters of the YAML `file` with those of `pairs` over them, checked.

    Raises
    ------
    Refusal
        With one line for each fault, and where in the file it is.
    """
    values, lines = from_yaml(file) if file is not None else ({}, {})
    if values is not None and not isinstance(values, dict):
        raise Refusal(f"{file}: holds no lines of the form NAME: VALUE")
    pairs = list(pairs)
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refusal(*(f"{name}: given more than once" for name in twice))
    lines = {name: line for name, line in lines.items() if name not in names}
    return checked({**(values or {}), **dict(pairs)}, lines, file)


def checked(values: Mapping[str, Any], lines: Mapping[str, int] | None = None, file: Path | None = None) -> Parameters:
    """Return `values` as parameters that the coded sheets can answer to, or refuse with one line for each fault.

    `lines` are the lines of `file` in which names stand.
    """
    empty = [name for name, value in values.items() if value in ("", "~", "null", None)]
    parameters, faults = check({name: value for name, value in values.items() if name not in empty})
    faults = [f"{name}: has no value" for name in empty] + faults
    if parameters is not None and not faults:
        faults = against_data(parameters, set(values))
        if not faults:
            return parameters.model_copy(update=_outside(parameters))
    named = [(fault, (lines or {}).get(fault.split(":")[0])) for fault in faults]
    raise Refusal(*(fault if line is None else f"{file}, line {line}: {fault}" for fault, line in named))


def _outside(parameters: Parameters) -> dict[str, str]:
    """Return the folders given relative to the project that lie outside it, in full, as notebooks run elsewhere."""
    given = {name: str(getattr(parameters, name)) for name in ("coded_dir", "reference_dir")}
    return {name: os.path.normpath(resolve(path)) for name, path in given.items() if path.startswith("..")}


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


def output_folders(parameters: Parameters, root: Path, base: Path) -> dict[str, Path]:
    """Return output folder, as notebooks see it -> where its results go; refuse what would do harm.

    A folder that the user gives is one in the project at `root`; the others are the run's own, below `base`.
    """
    folders = {usual: base / usual for usual in OUTPUT_FOLDERS.values()}
    given = {usual: getattr(parameters, key).rstrip("/") for key, usual in OUTPUT_FOLDERS.items()}
    given = {usual: folder for usual, folder in given.items() if folder != usual}
    taken, faults = ["data/coded", "data/reference", *OUTPUT_FOLDERS.values()], []
    for key, usual in OUTPUT_FOLDERS.items():
        if usual not in given:
            continue
        place = Path(os.path.normpath(root / given[usual]))
        relative = str(place.relative_to(root)) if place.is_relative_to(root) and given[usual][:1] != "~" else "."
        if relative[:1] == "." or relative.split("/")[0] in {"src", "tests", "notebooks", "benchmarks"}:
            todo = "give a folder in the project, or --name alone"
            faults.append(f"{key}: results cannot be written to {given[usual]}; {todo}")
        elif any(_nested(relative, other) for other in taken):
            faults.append(f"{key}: {given[usual]} lies in, or holds, a folder that has another use")
        taken.append(relative)
        folders[usual] = place
    if faults:
        raise Refusal(*faults)
    return folders


def _nested(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def named(only: str | None, names: list[str]) -> str | None:
    """Return the notebook that the user means by `only`: its name, file, number or the rest of its name."""
    if only is None:
        return None
    stem = Path(only).name.removesuffix(".ipynb")
    found = [name for name in names if stem in {name, *name.split("_", 1)}]
    if len(found) != 1:
        what = f"{only} may be {' or '.join(found)}" if found else f"there is no notebook {only}"
        raise Refusal(f"--only: {what}; there are {', '.join(names)}")
    return found[0]


def strays(steps: Iterable[Step]) -> list[str]:
    """Return a line for each notebook whose parameters cell holds other values than the defaults, which a run takes."""
    usual, lines = Parameters().values(), []
    for step in steps:
        found = [f"{name} {plain(value)}" for name, value in step.parameters.items() if value != usual.get(name)]
        if found:
            todo = "a run takes the defaults and what is given with -p or -f"
            lines.append(f"{step.name}: its cell says {', '.join(found)}; {todo}")
    return lines


def refuse_unused(parameters: Parameters, steps: Iterable[Step]) -> None:
    """Refuse what differs from the default and no notebook declares."""
    known = {name for step in steps for name in step.parameters} | set(OUTPUT_FOLDERS)
    todo = "it would change nothing; `make notebooks` writes it into those whose analysis reads it"
    unused = [name for name in parameters.differing() if name not in known]
    if unused:
        raise Refusal(*(f"{name}: no notebook declares it: {todo}" for name in unused))
