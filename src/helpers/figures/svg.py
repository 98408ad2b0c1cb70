"""SVG fit to stand within a page: matplotlib's drawing with words as words and its look as attributes.

A page whose policy allows no style attribute can hold it as it is; words keep the fonts of the page and of the PDF.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_GEOMETRY = ("d", "x", "y", "width", "height", "points", "transform", "viewBox", "x1", "x2", "y1", "y2")
#: Group id that a drawing gives to words set off from what lies beneath them (`helpers.figures.labels.halo`).
HALO = "halo"
_HALO = {"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "2.2", "stroke-linejoin": "round"}


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
