"""Type in figures: which fonts a letter is looked up in, text made fit to be drawn, measured and broken into lines; and
the drawing as SVG, with words as words and its look as attributes.

A page whose policy allows no style attribute can hold it as it is; words keep the fonts of the page and of the PDF.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from bisect import bisect_right
from functools import cache
from typing import Any
from xml.etree import ElementTree

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from helpers.paths import resolve

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_GEOMETRY = ("d", "x", "y", "width", "height", "points", "transform", "viewBox", "x1", "x2", "y1", "y2")
#: Group id that a drawing gives to words set off from what lies beneath them.
HALO = "halo"
_HALO = {"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "2.2", "stroke-linejoin": "round"}

#: Type families in the order in which a letter is looked for, as far as ``report/fonts`` holds them. They are few since
#: matplotlib looks every one of them up for every text.
_FAMILIES = ("Source Sans 3", "Noto Sans Arabic", "Noto Sans CJK JP")
#: The family that comes with matplotlib, so that figures look alike on machines with other fonts installed.
_LAST_FAMILY = "DejaVu Sans"


# A family of one weight stands in for its bold: no news to a reader of a notebook.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def families() -> list[str]:
    """Register the fonts of ``report/fonts``; return the families to look letters up in, in order."""
    bundled = _register(tuple(sorted(str(path) for path in resolve("report/fonts").glob("*.[ot]tf"))))
    return [*(family for family in _FAMILIES if family in bundled), _LAST_FAMILY]


@cache
def _register(paths: tuple[str, ...]) -> tuple[str, ...]:
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in paths:
        if path not in known:
            font_manager.fontManager.addfont(path)
    return tuple(sorted({font_manager.get_font(path).family_name for path in paths}))


@cache
def _letters(families: tuple[str, ...]) -> frozenset[str]:
    """Return the characters that the fonts of `families` hold."""
    paths = [font_manager.findfont(font_manager.FontProperties(family=family)) for family in families]
    return frozenset(chr(code) for path in paths for code in font_manager.get_font(path).get_charmap())


def clean_text(text: object) -> str:
    """Return `text` fit for a figure: composed (NFC), on one line a paragraph, without control or direction marks.

    A no-break space stays.

    matplotlib lays scripts out itself (libraqm, right to left included); a letter in no font becomes an empty square.
    """
    composed = unicodedata.normalize("NFC", str(text))
    kept = "".join(c for c in composed if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Cn"})
    known = _letters(tuple(families()))
    kept = "".join(c if c.isspace() or c in known else "\u25a1" for c in kept)
    return "\n".join(re.sub(r"[^\S\u00a0]+", " ", line).strip() for line in kept.split("\n"))


def extent(figure: Figure, text: str, **style: Any) -> tuple[float, float]:
    """Return width and height in inches that `text` takes on `figure` with the given ``Text`` properties."""
    probe = Text(0, 0, text, **style)
    probe.set_figure(figure)
    box = probe.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return box.width / figure.dpi, box.height / figure.dpi


def wrap(figure: Figure, text: str, width: float, **style: Any) -> str:
    """Return `text` broken at spaces into lines of at most `width` inches on `figure`; no last line of one short
    word."""
    lines: list[str] = []
    for paragraph in clean_text(text).split("\n"):
        words = paragraph.split(" ")
        while words:
            more = range(2, len(words) + 1)
            fit = 1 + bisect_right(more, width, key=lambda n: extent(figure, " ".join(words[:n]), **style)[0])
            lines.append(" ".join(words[:fit]))
            del words[:fit]
        if len(lines) > 1 and len(lines[-1]) < 6 and " " not in lines[-1] and " " in lines[-2]:
            before, last = lines[-2].rsplit(" ", 1)
            lines[-2:] = [before, f"{last} {lines[-1]}"]
    return "\n".join(lines)


def fit(svg: str, name: str, families: list[str], alt: str = "") -> str:
    """Return `svg`, as matplotlib writes it with words as words, without style attributes and in fewer bytes.

    `name` begins every id, so that several drawings can stand in one page; `families` are the fonts of its words; `alt`
    is its title, which readers that cannot see it are given.
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
    root.attrib |= {"stroke-linejoin": "round", "font-family": ", ".join(f"'{family}'" for family in families)}
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
