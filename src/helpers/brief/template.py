"""The prose: Markdown with Jinja2, in which no substituted text is ever parsed as markup.

Each value that a section prints becomes a mark of private-use characters; pandoc parses the sections with those marks
as if they were letters; then each mark in the document tree is replaced by nodes made from the value. So a title that
holds Markdown, HTML, Typst code or template syntax is a word among words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jinja2 import TemplateError, Undefined
from markupsafe import Markup

from helpers.brief import nodes
from helpers.brief.nodes import Node
from helpers.brief.plain import clean
from helpers.facts import Fact
from helpers.figures.wording import Phrase, Printed, WordsError, environment, located, rendered

Form = Literal["html", "typst"]

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
#: Rows up to which a printed table is kept on one page.
SHORT = 8

#: What in a section is no number of the record: tags, values, comments, anchors and classes, code, the targets of
#: links, names, and the level of all intervals.
_NO_PROSE = re.compile(
    r"\{%.*?%\}|\{\{.*?\}\}|<#.*?#>|\[[^\]]*\]\{\.name\}|\{[#.][^}]*\}|`[^`]*`|\]\([^)]*\)|\b95%", re.DOTALL
)


@dataclass
class Text:
    """Rendered sections: pandoc's tree with marks, and the values that the marks stand for."""

    tree: dict[str, Any]
    values: list[Any] = field(default_factory=list)

    def filled(self, form: Form, linked: Callable[[Fact], str | None]) -> list[Node]:
        """Return the blocks of the document in `form`; `linked` gives the anchor of a fact's evidence, or None."""
        filler = _Filler(self.values, form, linked)
        blocks: list[Node] = nodes.change(self.tree["blocks"], filler.leaf)
        left = [nodes.plain_text(block)[:80] for block in blocks if _OPEN in json.dumps(block, ensure_ascii=False)]
        if left:
            raise ValueError(f"a figure or list needs a paragraph of its own in its section, not within {left}")
        together: list[Node] = nodes.kept_together(number_tables(blocks))
        return together


def on_screen_alone(blocks: list[Node]) -> list[bool]:
    """Return of each block whether it stands under a heading with the class ``screen``: it is not printed on paper."""
    found, level = [], 0
    for block in blocks:
        if block["t"] == "Header" and (not level or block["c"][0] <= level):
            level = block["c"][0] if "screen" in block["c"][1][1] else 0
        found.append(level > 0)
    return found


def number_tables(blocks: list[Node]) -> list[Node]:
    """Return `blocks` with its number before each table's caption: 1, 2, ...; S1, S2, ... on the screen alone."""
    counts, screen = {True: 0, False: 0}, False

    def leaf(node: Node) -> list[Node] | None:
        if node["t"] != "Table" or not node["c"][1][1]:
            return None
        counts[screen] += 1
        number = f"Table{nodes.NO_BREAK}{'S' * screen}{counts[screen]}."
        caption = [{"t": "Plain", "c": [nodes.string(number), {"t": "Space"}, *node["c"][1][1][0]["c"]]}]
        return [{"t": "Table", "c": [node["c"][0], [node["c"][1][0], caption], *node["c"][2:]]}]

    numbered: list[Node] = []
    for block, screen in zip(blocks, on_screen_alone(blocks), strict=True):  # noqa: B007
        numbered += nodes.change([block], leaf)
    return numbered


def render(path: Path, names: Mapping[str, Any]) -> Text:
    """Return the template at `path`, with the sections it includes, rendered with `names`.

    Raises
    ------
    WordsError
        If it wants a name, a fact or a figure that is not there, or types a number: its file and line.
    """
    for section in [path, *sorted(path.parent.glob("sections/*.md")), *sorted(path.parent.glob("answers/*.md"))]:
        _refuse_numbers(section, path.parent)
    values: list[Any] = []

    def printed(value: Any) -> Markup:
        if isinstance(value, Markup):  # what a macro or block of the template itself gave: its words and its marks
            return value
        if isinstance(value, Undefined):
            return Markup(str(value))  # nothing for an "if" without "else"; an unknown name raises
        values.append(value)
        return Markup(f"{_OPEN}{len(values) - 1}{_CLOSE}")

    made = environment(path.parent, printed, autoescape=True)
    try:
        template = made.get_template(path.name)
    except TemplateError as error:
        raise located(error, path.parent) from None
    return Text(nodes.parse(rendered(template, names, path.parent)), values)


def _refuse_numbers(path: Path, folder: Path) -> None:
    """Refuse a number typed by hand (WordsError): the numbers of the prose are facts."""
    source = path.read_text(encoding="utf-8")
    prose = _NO_PROSE.sub(lambda found: "\n" * found[0].count("\n"), source)
    for line, words in enumerate(prose.split("\n"), 1):
        if found := re.search(r"\S*\d\S*", words):
            place = f"{folder.name}/{path.relative_to(folder)}, line {line}"
            raise WordsError(f"{place}: the number {found[0]!r} is typed by hand; print a fact in its place")


class _Filler:
    """Replaces the marks of one document by the nodes of their values."""

    def __init__(self, values: list[Any], form: Form, linked: Callable[[Fact], str | None]) -> None:
        self.values, self.form, self.linked = values, form, linked

    def leaf(self, node: Node) -> list[Node] | None:
        if node["t"] == "Str" and _OPEN in node["c"]:
            return self._word(node["c"])
        if node["t"] in ("Para", "Plain"):
            value = self._block(node)
            if value is not None:
                blocks: list[Node] = value.blocks(self.form)
                return blocks
        if node["t"] in ("Link", "Image") and _OPEN in node["c"][2][0]:
            label, inlines, (target, title) = node["c"]
            whole = _MARK.sub(lambda found: clean(self.values[int(found[1])]), target)
            return [{"t": node["t"], "c": [label, inlines, [whole, title]]}]
        return self._table(node) if node["t"] == "Table" else None

    def _table(self, table: Node) -> list[Node]:
        """Return a table as its form wants it: a short one is kept on one page of paper, one without rows left out."""
        label, (short, caption), columns, head, bodies, foot = table["c"]
        rows = sum(len(body[3]) for body in bodies)
        if not rows:
            return []
        if self.form == "html":  # a page that allows no style attribute says it with classes
            right = [align["t"] == "AlignRight" for align, _ in columns]
            for row in [*head[1], *(row for body in bodies for row in body[3])]:
                row[1] = [
                    [["", ["right"] * is_right, []], *cell[1:]] for cell, is_right in zip(row[1], right, strict=True)
                ]
            columns = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in columns]
        made = {"t": "Table", "c": [label, [short, caption], columns, head, bodies, foot]}
        if self.form == "typst" and rows <= SHORT:
            return [
                nodes.raw_block("typst", "#block(breakable: false, width: 100%)["), made, nodes.raw_block("typst", "]")
            ]  # fmt: skip
        return [made]

    def _block(self, node: Node) -> Any:
        found = _MARK.fullmatch(node["c"][0]["c"]) if len(node["c"]) == 1 and node["c"][0]["t"] == "Str" else None
        value = self.values[int(found[1])] if found else None
        return value if hasattr(value, "blocks") else None

    def _word(self, text: str) -> list[Node] | None:
        result: list[Node] = []
        last = 0
        for found in _MARK.finditer(text):
            value = self.values[int(found[1])]
            if hasattr(value, "blocks"):
                return None
            if text[last : found.start()]:
                result.append(nodes.string(text[last : found.start()]))
            result.extend(inlines(value, self.form, self.linked))
            last = found.end()
        if text[last:]:
            result.append(nodes.string(text[last:]))
        return result


def inlines(value: Any, form: Form, linked: Callable[[Fact], str | None]) -> list[Node]:
    """Return `value` as nodes within a line: facts as links to their evidence, all else as plain words."""
    if hasattr(value, "inlines"):
        made: list[Node] = value.inlines(form)
        return made
    if isinstance(value, Phrase):
        return [node for part in value.parts for node in inlines(part, form, linked)]
    if isinstance(value, Fact):
        value = Printed(value, value.text)
    if isinstance(value, Printed):
        target = linked(value.fact)
        shown = nodes.words(clean(value.text))
        return [nodes.link(shown, f"#{target}", "fact")] if target else shown
    return nodes.words(_spaced(value))


def _spaced(value: Any) -> str:
    """Return `value` as clean text that keeps the space at its ends."""
    whole = str(value)
    inner = clean(whole)
    before = " " if whole[:1].isspace() and inner else ""
    return f"{before}{inner}{' ' if whole[-1:].isspace() else ''}"
