"""Blocks that stand among the prose: figures, tables, what numbers rest on, the appendix, the references."""

from __future__ import annotations

import base64
import colorsys
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from markupsafe import Markup

from helpers.brief import nodes
from helpers.brief.nodes import Node
from helpers.brief.plain import anchor, clean
from helpers.brief.template import Form
from helpers.colours import luminance

#: Bytes of a figure's data above which the link holds them compressed.
LONG = 60_000

#: Rows up to which a table is kept on one page.
SHORT = 12


@dataclass(frozen=True)
class Picture:
    """A figure of ``figures/``: its files and what stands beside them; `number` is the same on screen and paper."""

    name: str
    number: str
    folder: Path
    title: str
    alt: str
    source: str
    view: Mapping[str, str]
    caption: str = ""
    paper: bool = True

    @property
    def wide(self) -> Path:
        """The vector picture for desktop and paper."""
        return self.folder / f"{self.name}.svg"

    @property
    def narrow(self) -> Path:
        """The vector picture for a phone, or the wide one if there is none."""
        path = self.folder / f"{self.name}-narrow.svg"
        return path if path.exists() else self.wide

    @property
    def data(self) -> Path:
        """The numbers shown, as CSV."""
        return self.folder / f"{self.name}.csv"

    @property
    def explorer(self) -> str:
        """The explorer's page with the same incidents in view."""
        return "explorer.html" + (f"#{urlencode(self.view, safe=',')}" if self.view else "")


def picture(name: str, number: str, folder: Path) -> Picture:
    """Return the figure `name` of `folder` (FileNotFoundError if it was not drawn)."""
    beside = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Picture(
        name,
        number,
        folder,
        clean(beside["title"]),
        clean(beside["alt"]),
        clean(beside.get("source")),
        {str(key): str(value) for key, value in beside.get("view", {}).items()},
    )


def data_address(content: bytes, kind: str) -> str:
    """Return an address that holds `content`."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def download(csv: Path) -> dict[str, str]:
    """Return what the link to a figure's data needs: address, file name, kind; long tables are compressed."""
    if not csv.exists():
        return {"data": "", "file": "", "kind": ""}
    content = csv.read_bytes()
    if len(content) <= LONG:
        return {"data": data_address(content, "text/csv"), "file": csv.name, "kind": "CSV"}
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[9] = 255  # made on an unknown system, whichever Python makes it
    return {
        "data": data_address(bytes(packed), "application/gzip"),
        "file": f"{csv.name}.gz",
        "kind": "CSV, compressed",
    }


#: A colour of a drawing.
_COLOUR = re.compile(r'( (?:fill|stroke)=")#([0-9a-f]{6})"')


def inline(svg: Path, width: str, alt: str) -> Markup:
    """Return a picture as an element of the page, shown at `width` (a class); its colours are the page's variables."""
    text = _COLOUR.sub(r'\1var(--f\2)"', svg.read_text(encoding="utf-8"))
    said = Markup('<svg class="{}" role="img" aria-label="{}" ').format(width, alt)
    return said + Markup(text[text.index("<svg") + 5 :].strip())


def colours(pages: str) -> str:
    """Return the style rules that give the colours of the drawings in `pages` their light and dark values."""
    found = sorted(set(re.findall(r"var\(--f([0-9a-f]{6})\)", pages)))
    light = "".join(f"--f{code}:#{code};" for code in found)
    dark = "".join(f"--f{code}:{in_the_dark(code)};" for code in found)
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def in_the_dark(code: str) -> str:
    """Return colour `code` as it is drawn on a dark page: paper and greys turned over, the rest made light enough."""
    channels = [int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    hue, light, strength = colorsys.rgb_to_hls(*channels)
    if max(channels) - min(channels) < 0.06 or light > 0.8:
        light = 0.93 - 0.85 * light
    else:
        while luminance(*colorsys.hls_to_rgb(hue, light, strength)) < 0.22 and light < 0.95:
            light += 0.02
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colorsys.hls_to_rgb(hue, light, strength))


def size(svg: Path) -> tuple[int, int]:
    """Return width and height of a picture, in the units of its viewBox."""
    head = svg.read_text(encoding="utf-8")[:2000]
    found = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', head)
    return (round(float(found[1])), round(float(found[2]))) if found else (640, 400)


@dataclass(frozen=True)
class Made:
    """A block made by one function a form: HTML from a theme's template, Typst by a call into the theme."""

    html: Callable[[], str]
    typst: Callable[[], str]

    def blocks(self, form: Form) -> list[Node]:
        """Return the block as raw text of `form`; nothing for an empty text."""
        text = self.html() if form == "html" else self.typst()
        return [nodes.raw_block(form, text)] if text else []


@dataclass(frozen=True)
class Here:
    """The place of the references in the document."""

    def blocks(self, form: Form) -> list[Node]:
        """Return the division that citeproc fills."""
        return [nodes.division([], "refs")]


@dataclass(frozen=True)
class Links:
    """Several links within a line: words and targets."""

    targets: Sequence[tuple[str, str]]

    def inlines(self, form: Form) -> list[Node]:
        """Return the links, joined by commas; in the PDF, which stands alone, the words."""
        found: list[Node] = []
        for place, (words, target) in enumerate(self.targets):
            if place:
                found.extend(nodes.words(", "))
            shown = nodes.words(words)
            found.extend([nodes.link(shown, target)] if form == "html" else shown)
        return found


Cell = Any


@dataclass(frozen=True)
class Grid:
    """A table: a caption, column heads, and rows of cells; a cell is text, or any value that the template can print.

    `fill` turns a cell into nodes; it is given by the document, which knows where numbers lead.
    """

    identifier: str
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    fill: Callable[[Cell, Form], list[Node]]
    widths: Sequence[float] = ()

    def blocks(self, form: Form) -> list[Node]:
        """Return the table; no rows, no table."""
        if not self.rows:
            return []
        empty: list[Any] = ["", [], []]
        default = {"t": "AlignDefault"}

        def cell(value: Cell) -> list[Any]:
            return [empty, default, 1, 1, [{"t": "Plain", "c": self.fill(value, form)}]]

        def row(values: Sequence[Cell]) -> list[Any]:
            return [empty, [cell(value) for value in values]]

        widths = self.widths if form == "typst" and self.widths else ()
        columns = [
            [default, {"t": "ColWidth", "c": widths[place]} if widths else {"t": "ColWidthDefault"}]
            for place in range(len(self.heads))
        ]
        table = {
            "t": "Table",
            "c": [
                [f"table-{anchor(self.identifier)}", [], []],
                [None, [{"t": "Plain", "c": nodes.words(self.caption)}]],
                columns,
                [empty, [row(self.heads)]],
                [[empty, 0, [], [row(values) for values in self.rows]]],
                [empty, []],
            ],
        }
        if form == "typst" and len(self.rows) <= SHORT:
            whole = nodes.raw_block("typst", "#block(breakable: false)["), nodes.raw_block("typst", "]")
            return [whole[0], table, whole[1]]
        return [table]


def figure(shown: Picture, pages: Environment) -> Made:
    """Return `shown` as a block: both widths within the HTML, a call for the PDF."""

    def html() -> str:
        return pages.get_template("figure.html").render(
            it=shown,
            wide=inline(shown.wide, "wide", shown.alt),
            narrow=inline(shown.narrow, "narrow", shown.alt),
            **download(shown.data),
        )

    stay = "true" if shown.number == "1" else "false"
    return Made(html, lambda: f"#picture({json.dumps(shown.name)}, stay: {stay})")
