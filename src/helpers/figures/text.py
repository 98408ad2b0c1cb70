"""Type in figures: which fonts a letter is looked up in, text made fit to be drawn, measured and broken into lines; and
the drawing as SVG, with words as words and its look as attributes.

A page whose policy allows no style attribute can hold it as it is; words keep the fonts of the page and of the PDF.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font, LoadFlags

from helpers.paths import resolve

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_GEOMETRY = ("d", "x", "y", "width", "height", "points", "transform", "viewBox", "x1", "x2", "y1", "y2")
#: Group id that a drawing gives to words set off from what lies beneath them.
HALO = "halo"
_HALO = {"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "2.2", "stroke-linejoin": "round"}

#: Files of ``report/fonts`` that figures use, and the families in which a letter is looked for, in order: few, since
#: matplotlib looks each up for every text. The last comes with matplotlib and is the same on every machine.
_FILES = ("SourceSans3-Regular", "SourceSans3-Semibold", "NotoSansArabic-Regular", "NotoSansCJKjp-Subset")
_FAMILIES = ("Source Sans 3", "Noto Sans Arabic", "Noto Sans CJK JP", "DejaVu Sans")

# A family of one weight stands in for its bold: no news to a reader of a notebook.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


@cache
def families() -> tuple[str, ...]:
    """Register the fonts of figures with matplotlib; return the families to look letters up in, in order."""
    for path in sorted(resolve("report/fonts").glob("*.[ot]tf")):
        if path.stem in _FILES:
            font_manager.fontManager.addfont(path)
    return _FAMILIES


@cache
def _faces(weight: str) -> list[tuple[FT2Font, Mapping[int, Any]]]:
    """Return the fonts in which a letter is looked up, in order, each with the characters that it holds."""
    wanted = [font_manager.FontProperties(family=family, weight=weight) for family in families()]
    fonts = [FT2Font(font_manager.findfont(properties)) for properties in wanted]
    for font in fonts:
        font.set_size(1000, 72)
    return [(font, font.get_charmap()) for font in fonts]


@cache
def _advance(letter: str, weight: str) -> float:
    """Return how far `letter` takes the pen on, in ems; nothing where no font holds it."""
    for font, known in _faces(weight):
        if ord(letter) in known:
            advance: float = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance
            return advance / 65536 / 1000
    return 0.0


def clean_text(text: object) -> str:
    """Return `text` fit for a figure: composed (NFC), on one line a paragraph, without control or direction marks.

    A no-break space stays.

    matplotlib lays scripts out itself (libraqm, right to left included); a letter in no font becomes an empty square.
    """
    composed = unicodedata.normalize("NFC", str(text))
    kept = "".join(c for c in composed if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Cn"})
    known = [letters for _, letters in _faces("normal")]
    kept = "".join(c if c.isspace() or any(ord(c) in letters for letters in known) else "\u25a1" for c in kept)
    return "\n".join(re.sub(r"[^\S\u00a0]+", " ", line).strip() for line in kept.split("\n"))


#: Ems from the baseline of one line to that of the next, in the face of the figures.
LINE = 1.326


def extent(text: str, size: float, weight: str = "normal") -> tuple[float, float]:
    """Return width and height in inches that `text` takes at `size` points.

    Letters are summed up without kerning, which makes a line up to 2% shorter: a label keeps a little more room than it
    needs, and no figure has to be drawn to know it.
    """
    lines = text.split("\n")
    widest = max(sum(_advance(letter, weight) for letter in line) for line in lines)
    return widest * size / 72, len(lines) * LINE * size / 72


def wrap(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return `text` broken at spaces into lines of at most `width` inches; no last line of one short word."""
    lines: list[str] = []
    for paragraph in clean_text(text).split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and extent(longer, size, weight)[0] > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
        if len(lines) > 1 and len(lines[-1]) < 6 and " " not in lines[-1] and " " in lines[-2]:
            before, last = lines[-2].rsplit(" ", 1)
            lines[-2:] = [before, f"{last} {lines[-1]}"]
    return "\n".join(lines)


def fit(svg: str, name: str, alt: str = "") -> str:
    """Return `svg`, as matplotlib writes it with words as words, without style attributes and in fewer bytes.

    `name` begins every id, so that several drawings can stand in one page; `alt` is its title, which readers that
    cannot see it are given.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if _kind(child) in ("metadata", "style"):
                parent.remove(child)
        parent.text = parent.text if _kind(parent) == "text" else None
        parent.tail = None
    for group in root.iter(f"{{{_SVG}}}g"):
        if group.attrib.pop("id", "").startswith(HALO):
            for text in group.iter(f"{{{_SVG}}}text"):
                text.attrib.update(_HALO)
    ids = {
        element.attrib["id"]: f"{name}-{place}" for place, element in enumerate(root.iter()) if "id" in element.attrib
    }
    for element in root.iter():
        _dress(element, ids)
    _flatten(root)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    title = ElementTree.Element(f"{{{_SVG}}}title")
    title.text = alt
    root.insert(0, title)
    root.attrib |= {"stroke-linejoin": "round", "font-family": ", ".join(f"'{family}'" for family in families())}
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>") + "\n"


def _kind(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _dress(element: ElementTree.Element, ids: dict[str, str]) -> None:
    """Turn the style of one element into attributes, round its coordinates, and give its references their names."""
    given = element.attrib
    for rule in given.pop("style", "").split(";"):
        key, _, value = rule.partition(":")
        if key.strip() and key.strip() not in ("font-family", *given):
            given[key.strip()] = value.strip().removesuffix("px")
    for key in _GEOMETRY:
        if key in given:
            given[key] = " ".join(_NUMBER.sub(_short, given[key]).split())
    if given.get("transform", "").startswith("rotate(-0 "):
        del given["transform"]
    if "id" in given:
        given["id"] = ids[given["id"]]
    if _HREF in given:
        given["href"] = f"#{ids[given.pop(_HREF)[1:]]}"
    if "clip-path" in given:
        given["clip-path"] = f"url(#{ids[given['clip-path'].removeprefix('url(#').removesuffix(')')]})"


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".") or "0"


def _flatten(element: ElementTree.Element) -> None:
    """Put what stands in groups that say nothing in their place."""
    children = []
    for child in element:
        _flatten(child)
        children += list(child) if _kind(child) == "g" and not child.attrib else [child]
    element[:] = [child for child in children if len(child) or _kind(child) not in ("g", "defs")]
