"""The brief of any set of parameters as plain text, quickly: notebooks run in this process, nothing drawn or typeset.

Each notebook's code runs as it stands, with other parameters; the clean tables are read once. The sections are
rendered to Markdown by the template language alone, without pandoc; the figures' words are taken where a figure is
saved. What is read of the facts is gathered on the way.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
from conftest import ROOT, shared
from jinja2 import Undefined

from helpers import tables
from helpers.brief import document, nodes
from helpers.explorer import page
from helpers.facts import Facts
from helpers.figures import style, wording
from helpers.parameters import Parameters

#: Notebooks whose facts follow the parameters; those of the cleaning do not.
NOTEBOOKS = sorted(
    path for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb") if path.name[:2] not in ("01", "08")
)

#: The words of a figure, and the section that it names to stand in.
PARTS = ("title", "subtitle", "alt", "source", "section")

#: Stands for a citation, and for the space before it.
_CITED = "\ue010"


@dataclass
class Brief:
    """What a reader of one brief sees, as text.

    Attributes
    ----------
    text: the sections' words, a line for each paragraph, heading or row of a table.
    figures: name -> title, subtitle, alt and source of each figure; shown: the figures that the sections show.
    facts: all facts; read: the names of those that sections or figures asked for.
    """

    parameters: Parameters
    text: str
    figures: dict[str, dict[str, str]]
    shown: list[str]
    facts: Facts
    read: set[str] = field(default_factory=set)

    def section(self, heading: str) -> str:
        """Return the lines under the first heading that holds `heading`, up to the next of its level or above."""
        found = re.search(rf"^(#+) [^\n]*{heading}[^\n]*\n", self.text, re.MULTILINE)
        if found is None:
            return ""
        end = re.search(rf"^#{{1,{len(found[1])}}} ", self.text[found.end() :], re.MULTILINE)
        return self.text[found.end() :][: end.start() if end else None]


@cache
def _table(name: str, folder: str) -> pd.DataFrame:
    return _read(name, folder)


_read = tables.read


@cache
def _cells(path: Path) -> tuple[Any, ...]:
    content = json.loads(path.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    return tuple(compile(source, f"<{path.stem}>", "exec") for source in sources)


def parameter_names(path: Path) -> list[str]:
    """Return the parameters that the notebook at `path` declares."""
    content = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in content["cells"] if "parameters" in cell["metadata"].get("tags", []))
    return re.findall(r"^(\w+):", "".join(cell["source"]), re.MULTILINE)


@contextlib.contextmanager
def _quick(
    figures: dict[str, dict[str, str]], read: set[str], parameters: Parameters, drawn: Sequence[str]
) -> Iterator[None]:
    """Read each clean table once, and take a figure's words in place of drawing it, but for those to be `drawn`."""
    whole = style.save

    def save(name: Any, draw: Any, data: Any, p: Any = None, facts: Any = None, *rest: Any, **given: Any) -> None:
        if name in drawn:
            whole(name, draw, data, p, facts, *rest, **given)
        if callable(name):
            name, words = draw, given
        else:
            known = wording.Known(facts or {})
            words = wording.block_words(name, known, p or parameters)
            read.update(known.read)
        figures[name] = {part: str(words.get(part, "")) for part in PARTS}

    with (
        patch.object(tables, "read", lambda name, folder="data/clean": _table(name, str(folder)).copy()),
        patch.object(style, "save", save),
        patch.object(page, "build", lambda folder, path, parameters: Path(path)),
        patch.dict(os.environ, {"BRIEF_ROOT": str(ROOT)}),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error", pd.errors.SettingWithCopyWarning)
        yield


def notebook(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Run the code of the notebook at `path` with `settings`; return its names."""
    names: dict[str, Any] = {"__name__": path.stem}
    declared = parameter_names(path)
    for place, code in enumerate(_cells(path)):
        exec(code, names)
        if place == 0:
            names |= {name: value for name, value in settings.items() if name in declared}
    return names


def made(settings: dict[str, Any], usual: Facts | None = None, draw: Sequence[str] = ()) -> Brief:
    """Return the brief that `settings` make, beside the facts of the `usual` run; figures to `draw` are drawn."""
    parameters = Parameters(**settings)
    figures: dict[str, dict[str, str]] = {}
    read: set[str] = set()
    with tempfile.TemporaryDirectory() as folder, _quick(figures, read, parameters, draw):
        report = Path(folder)
        (report / "facts").mkdir()
        for path in (ROOT / "report/facts").glob("01_*.json"):
            (report / "facts" / path.name).write_bytes(path.read_bytes())
        for path in NOTEBOOKS:
            notebook(path, settings | {"report_dir": str(report)})
        run = document.load(parameters.model_copy(update={"report_dir": str(report)}))
        brief = _Words(document.Run(**{**vars(run), "usual": usual, "parameters": parameters}))
        brief.facts, brief.words = _Known(run.facts), figures
        text = brief.plain()
        figures["head"] = {part: brief.head[part] for part in ("title", "standfirst", "description")}
    return Brief(parameters, text, figures, brief.shown, run.facts, read | brief.facts.read)


class _Known(wording.Known):
    """Facts that gather the names asked for, by ``get`` too."""

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401


class _Words(document.Document):
    """The document without pictures: a figure is its name, and its sections are plain lines."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.shown: list[str] = []
        self.words: dict[str, dict[str, str]] = {}

    def placed(self, section: str) -> list[str]:
        return [name for name, words in self.words.items() if words.get("section") == Path(section).stem]

    def figure(self, name: str, *rest: Any, **more: Any) -> Any:
        self.shown.append(name)
        return ""

    def plain(self) -> str:
        """Return the sections' words, a line for each paragraph, heading or row of a table."""
        folder = self.template.parent
        template = wording.environment(folder, _plain).get_template(self.template.name)
        return _lines(wording.rendered(template, self.names(), folder))


def _plain(value: Any) -> str:
    """Return a value that the template prints as the words that a reader sees."""
    if isinstance(value, Undefined):
        return str(value)  # nothing for an "if" without "else"; an unknown name raises
    if hasattr(value, "heads") and hasattr(value, "rows"):
        rows = [value.heads, *value.rows]
        return f"{value.caption}\n\n" + "".join(" | ".join(map(_plain, row)) + " |\n\n" for row in rows)
    if isinstance(value, wording.Phrase):
        return "".join(map(_plain, value.parts))
    if hasattr(value, "inlines"):
        found = value.inlines("typst")
        cited = found and found[-1].get("t") == "Cite"
        return _CITED if cited else str(nodes.plain_text(found)) if found else ""
    return "" if hasattr(value, "blocks") else wording.as_text(value)


def _lines(markdown: str) -> str:
    """Return rendered Markdown as plain lines: one for each paragraph, heading or row."""
    lines = []
    for block in re.split(r"\n\s*\n", re.sub(rf" ?{_CITED}", "", markdown)):
        rows = [row.strip() for row in block.splitlines() if row.strip() and not re.match(r"\s*(:::|\|[:|-]+$)", row)]
        table = bool(rows) and all(row.startswith("|") for row in rows)
        items = re.sub(r"\n(?=(?:[-*]|\d+\.) )", "\x00", "\n".join(rows)).replace("\n", " ").split("\x00")
        for line in rows if table else items:
            line = re.sub(r"\s*\{[#.:][^}]*\}", "", line).replace("\\ ", " ")
            line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
            lines.append(re.sub(r"(?<!\w)\*+|\*+(?!\w)", "", line))
    return "".join(f"{line}\n" for line in lines if line.strip())


def settings_for(seed: int) -> dict[str, Any]:
    """Return a random valid set of parameters, odd ones among them: one day, no attack, no pause."""
    draw = random.Random(seed)
    usual = Parameters().values()
    first, last = date(2023, 10, 1), date(2024, 3, 15)
    span = (last - first).days

    def some_day() -> date:
        return first + timedelta(draw.randint(0, span))

    chosen: dict[str, Any] = {}
    if draw.random() < 0.6:
        start, end = sorted((some_day(), some_day()))
        if draw.random() < 0.1:
            end = start
        chosen |= {"window_start": start.isoformat(), "window_end": end.isoformat()}
    if draw.random() < 0.6:
        chosen["countries"] = draw.sample(["IQ", "SY", "JO"], draw.randint(1, 3))
    if draw.random() < 0.6:
        chosen["confirmed_by"] = draw.choice(["anyone", "media", "local_official", "us_official"])
    if draw.random() < 0.5:
        start = some_day()
        chosen |= {
            "pause_start": start.isoformat(),
            "pause_end": (start + timedelta(draw.choice([1, 2, 7, 14, 40]))).isoformat(),
        }
    if draw.random() < 0.4:
        chosen["stop_start"] = some_day().isoformat()
    return {**usual, "resamples": 99, "seed": seed, **chosen}


#: Sets under which earlier briefs said something false or empty, by a word for each.
KNOWN: dict[str, dict[str, Any]] = {
    "default": {},
    "syria": {"countries": ["SY"]},
    "iraq": {"countries": ["IQ"]},
    "jordan": {"countries": ["JO"]},
    "us_officials": {"confirmed_by": "us_official"},
    "christmas": {"pause_start": "2023-12-24", "pause_end": "2023-12-31"},
    "three_weeks": {"window_start": "2023-11-16", "window_end": "2023-12-07"},
    "starts_in_pause": {"window_start": "2023-11-27"},
    "long_pause": {"pause_end": "2024-01-23"},
    "before_stop": {"window_end": "2024-01-15"},
    "iraq_late": {"countries": ["IQ"], "confirmed_by": "us_official", "window_start": "2024-01-30"},
    "one_missile": {"window_start": "2023-12-10", "window_end": "2024-01-20"},
    "one_day": {"window_start": "2023-11-08", "window_end": "2023-11-08"},
    "no_pause": {"window_start": "2023-12-05"},
    "pause_after_stop": {"pause_start": "2024-02-10", "pause_end": "2024-02-17"},
    "day_longer": {"pause_end": "2023-12-02"},
}


def known(name: str) -> dict[str, Any]:
    """Return the parameters of the set `name` of `KNOWN`."""
    return {**Parameters().values(), "resamples": 99, **KNOWN[name]}


@cache
def brief(name: str) -> Brief:
    """Return the brief of a known set; the workers of one test run make it once and share it through a file."""
    return shared(f"brief {name}", lambda: made(known(name)))


if __name__ == "__main__":  # python tests/briefs.py jordan 1007: prints a known set, or that of a seed, and its faults
    import sys

    import statements
    from oracle import Record

    for argument in sys.argv[1:] or ["default"]:
        settings = settings_for(int(argument)) if argument.isdigit() else known(argument)
        brief = made(settings)
        words = {"text": brief.text} | {name: "\n".join(given.values()) for name, given in brief.figures.items()}
        for name, told in words.items():
            print(f"\n## {name}\n{told}" if name != "text" else told)
        for name, told in words.items():
            for fault in statements.wrong(told, Record(settings)):
                print(f"FAULT in {name}: {fault}")
