"""Words over facts: what the sections of the brief and the words of the figures may call, and the figures' words.

Sections (``report/sections``) and figures (``report/figures.md``) are Jinja2 templates over the same names (`names`).
Here the words of figures are made, as plain text; the brief makes of the same values words that lead to evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError

from helpers import words
from helpers.facts import CANNOT, NOT_SHOWN, SHOWN, Fact
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.vocabulary import COUNTRIES, of_group

#: A line that holds nothing but tags or a comment of the template language: it leaves no line behind.
_ALONE = re.compile(r"^[ \t]*((?:\{%(?:[^%]|%(?!\}))*%\}|<#(?:[^#]|#(?!>))*#>)+)[ \t]*\n", re.MULTILINE)
_END = re.compile(r"(-?%\}|#>)$")

#: The lines of a block of words.
FIELDS = ("title", "alt", "subtitle", "source", "view", "section", "standfirst", "description")
_FIELD = re.compile(rf"^({'|'.join(FIELDS)}):", re.MULTILINE)
_BLOCK = re.compile(r"^## +(\S+)[ \t]*$", re.MULTILINE)


class WordsError(ValueError):
    """Something wrong in a file of words: its file and line, and what is wrong there."""


class UnknownFact(ValueError):
    """A fact that nobody recorded."""


def hint(name: str, known: Iterable[str]) -> str:
    """Return words for that one of `known` that is most like `name`: "; the nearest is 'pause.coded.fall'"."""
    found = get_close_matches(name, list(known), 1, 0.0)
    return f"; the nearest is {found[0]!r}" if found else ""


@dataclass(frozen=True)
class Phrase:
    """Parts that are printed one after the other: text, facts (each a link to its evidence), citations, phrases."""

    parts: tuple[Any, ...]

    def __bool__(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True)
class Printed:
    """A fact under other words than its own text."""

    fact: Fact
    text: str


class Known(dict[str, Fact]):
    """Facts by name; an unknown name is an `UnknownFact` that names the nearest. `read` gathers the names asked for."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        super().__init__(facts)
        self.read = set[str]()

    def __missing__(self, name: str) -> Fact:
        raise UnknownFact(f"no fact is named {name!r}{hint(name, self)}")

    def __getitem__(self, name: str) -> Fact:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


def _of(value: Any) -> Any:
    return value.value if isinstance(value, Fact) else value


def _as(value: Any, text: str) -> Printed | str:
    """Return `text` as what is printed of `value`: still a fact where that is one."""
    return Printed(value, text) if isinstance(value, Fact) else text


def number(fact: Fact | int, spell: bool = True, capital: bool = False) -> Printed | str:
    """Return a count as running text prints it: up to twelve in words, a capital at the start of a sentence."""
    text = fact.text if isinstance(fact, Fact) else f"{fact:,}"
    if spell and isinstance(_of(fact), int):
        text = words.number(_of(fact), "none")
    return _as(fact, words.capital(text) if capital else text)


def count(fact: Fact | int, singular: str, plural: str | None = None, capital: bool = False) -> Phrase:
    """Return a count with its noun: "no attacks", "one attack", "14 attacks".

    >>> count(Fact("a", 1, "incidents", "1"), "attack").parts[1]
    ' attack'
    """
    shown = _as(fact, "No" if capital else "no") if _of(fact) == 0 else number(fact, capital=capital)
    return Phrase((shown, f" {choose(fact, singular, plural or words.plural(singular))}"))


def times(fact: Fact | int) -> Printed | str:
    """Return how often: "never", "once", "twice", "three times"."""
    return _as(fact, words.times(_of(fact) or 0))


def choose(fact: Fact | float | Sequence[Any], one: str, many: str) -> str:
    """Return `one` for exactly one (or a list of one), else `many`: ``choose(F["x"], "was", "were")``."""
    return one if (len(fact) if isinstance(fact, Sequence) else _of(fact)) == 1 else many


def listing(parts: Iterable[Any], final: str = "and") -> Phrase:
    """Return `parts` as a list in a sentence: "a", "a and b", "a, b and c"."""
    known = [part for part in parts if not isinstance(part, Phrase) or part]
    joints = ["", *[", "] * (len(known) - 2), f" {final} "] if len(known) > 1 else [""] * len(known)
    return Phrase(tuple(one for pair in zip(joints, known, strict=True) for one in pair if one != ""))


def day(value: Any, year: bool = True) -> Printed | str:
    """Return a date (or a fact that holds one) as the brief prints it: 24 November 2023; nothing for a blank."""
    known = _of(value)
    return _as(value, "" if known is None or known != known or known == "" else words.day_text(str(known), year))


def capital(value: Any) -> Any:
    """Return a value as it stands at the start of a sentence."""
    if isinstance(value, Phrase):
        return Phrase((capital(value.parts[0]), *value.parts[1:])) if value else value
    text = words.capital(as_text(value))
    return Printed(value.fact, text) if isinstance(value, Printed) else _as(value, text)


def as_text(value: Any) -> str:
    """Return `value` as plain words."""
    if isinstance(value, Phrase):
        return "".join(map(as_text, value.parts))
    return value.text if isinstance(value, Fact | Printed) else str(value)


def names(facts: Mapping[str, Fact], parameters: Parameters) -> dict[str, Any]:
    """Return what a section or a figure's words may use.

    ``F`` facts by name, ``P`` parameters, ``has(name)`` whether a fact is there and defined, ``val(name)`` its value,
    ``shown``, ``not_shown``, ``cannot`` of a finding (none of them where it has no meaning and is not there);
    ``range(name)`` its interval in words ("0.002 to 0.49"),
    ``numbered(stem)`` the names ``stem.1``, ``stem.2`` ... that are there; ``count``, ``number``, ``times``,
    ``choose``, ``listing``, ``day``, ``capital`` (see there); ``countries`` in words; ``is_ceasefire`` whether the
    pause has the ceasefire's own dates; ``pause_name`` what it is called; ``pause_last`` its last day; ``missiles`` the
    codes of missiles of a stated kind and of none.
    """
    known = facts if isinstance(facts, Known) else Known(facts)
    usual = Parameters()
    ceasefire = (parameters.pause_start, parameters.pause_end) == (usual.pause_start, usual.pause_end)

    def has(name: str) -> bool:
        return name in known and known[name].value is not None

    def finding(wanted: str) -> Callable[[str], bool]:
        return lambda name: name in known and known[name].value == wanted

    def interval(name: str) -> Phrase:
        low, high = known[f"{name}.low"], known[f"{name}.high"]
        if low.value is None and high.value is None:
            return Phrase(("no interval",))
        if low.value is None or high.value is None:
            return Phrase(("up to ", high) if low.value is None else (low, " or more"))
        return Phrase((low, " to ", high))

    def numbered(stem: str) -> list[str]:
        found = {int(rest.split(".")[0]) for name in known if name.startswith(f"{stem}.")
                 if (rest := name[len(stem) + 1 :]).split(".")[0].isdigit()}  # fmt: skip
        return [f"{stem}.{place}" for place in sorted(found)]

    return {
        "F": known, "P": parameters, "has": has, "val": lambda name: known[name].value,
        "shown": finding(SHOWN), "not_shown": finding(NOT_SHOWN), "cannot": finding(CANNOT),
        "range": interval, "numbered": numbered, "count": count, "number": number, "times": times, "choose": choose,
        "listing": listing, "day": day, "capital": capital, "is_ceasefire": ceasefire,
        "countries": words.listing(COUNTRIES[code] for code in parameters.countries),
        "pause_name": "the Gaza ceasefire" if ceasefire else "the pause",
        "pause_last": parameters.pause_end - timedelta(days=1),
        "missiles": [code for one in ("missile", "unspecified") for code in of_group(one, parameters.reference_dir)],
    }  # fmt: skip


class Sources(FileSystemLoader):
    """Templates of a folder, in which a line of nothing but tags or a comment leaves no line behind."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the source, its path, and whether it is unchanged; lines keep their numbers."""
        source, path, fresh = super().get_source(environment, template)
        return without_lines(source), path, fresh


def without_lines(source: str) -> str:
    """Return `source` with the end of each line of nothing but tags moved into its last tag."""
    return _ALONE.sub(lambda found: _END.sub(r"\n\1", found[1]), source)


def environment(folder: Path, finalize: Callable[[Any], Any], **more: Any) -> Environment:
    """Return the Jinja2 environment of the templates in `folder`; `finalize` makes text of what they print."""
    return Environment(
        loader=Sources(folder),
        finalize=finalize,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        comment_start_string="<#",  # {# starts the identifier of a heading
        comment_end_string="#>",
        **more,
    )


def rendered(template: Template, given: Mapping[str, Any], folder: Path) -> str:
    """Return `template` rendered; what is wrong in it is a `WordsError` with file and line."""
    try:
        return template.render(**given)
    except (TemplateError, TypeError, ValueError) as error:
        raise located(error, folder) from None


def located(error: Exception, folder: Path) -> WordsError:
    """Return `error`, raised by a template of `folder`, with the file and line where it arose."""
    if isinstance(error, WordsError):
        return error
    file, line = "", 0
    if isinstance(error, TemplateSyntaxError):
        file, line = error.filename or error.name or "", error.lineno
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if name.startswith(str(folder)) and name.endswith(".md"):
            file, line = name, step.tb_lineno
        step = step.tb_next
    place = f"{folder.name}/{Path(file).relative_to(folder)}, line {line}: " if file.startswith(str(folder)) else ""
    return WordsError(f"{place}{error}")


@cache
def _blocks(path: Path, changed: int) -> dict[str, str]:
    """Return name -> source of each block of the file; `changed` is when the file last was.

    As many empty lines stand before it as the file has: errors then name the file's own lines.
    """
    source = path.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(source))
    ends = [*(start.start() for start in found[1:]), len(source)]
    return {
        start[1]: "\n" * source.count("\n", 0, start.end()) + source[start.end() : end]
        for start, end in zip(found, ends, strict=True)
    }


@cache
def _block(path: Path, source: str) -> Template:
    """Return the template of one block."""
    made = environment(path.parent, as_text)
    code = made.compile(without_lines(source), path.name, str(path))
    return Template.from_code(made, code, made.make_globals(None))


def block_words(
    name: str,
    facts: Mapping[str, Fact],
    parameters: Parameters,
    file: str = "report/figures.md",
    needed: Sequence[str] = ("title", "alt", "source"),
) -> dict[str, str]:
    """Return the words of block `name` of `file`, by default a figure's: its `FIELDS`, plain text on one line each.

    Raises
    ------
    WordsError
        If the file has no such block, if one of the `needed` lines is blank, or if something in it is wrong.
    """
    path = resolve(file)
    blocks = _blocks(path, path.stat().st_mtime_ns)
    if name not in blocks:
        raise WordsError(f"{file} has no block {name!r}{hint(name, blocks)}")
    parts = _FIELD.split(rendered(_block(path, blocks[name]), names(facts, parameters), path.parent))
    given = dict.fromkeys(FIELDS, "")
    for field, value in zip(parts[1::2], parts[2::2], strict=True):
        if given[field]:
            raise WordsError(f"{file}: {name} has two lines {field!r}")
        given[field] = " ".join(value.split())
    blank = [field for field in needed if not given[field]]
    if blank:
        raise WordsError(f"{file}: {name}: {', '.join(blank)} must not be blank")
    return given


def paragraph(file: str, facts: Mapping[str, Fact], parameters: Parameters, **more: Any) -> str:
    """Return the first paragraph of a template, its answer, as plain text for a notebook; `more` are names it may use.

    Headings are no paragraphs.
    """
    path = resolve(file)
    template = environment(path.parent, as_text).get_template(path.name)
    text = rendered(template, names(facts, parameters) | more, path.parent)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return next((part for part in paragraphs if part and not part.startswith("#")), "")


def opening(section: str, facts: Mapping[str, Fact], parameters: Parameters) -> str:
    """Return the `paragraph` that opens a section of the brief."""
    none = {"figure": lambda *name, **more: "", "cite": lambda *keys: ""}
    return paragraph(f"report/sections/{section}.md", facts, parameters, **none)
