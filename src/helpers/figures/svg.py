"""Lighter SVG: matplotlib's drawing with short coordinates and without what no reader sees.

matplotlib writes six decimals of a point, an id for every group and the style of every line again and again. What
`lighter` gives draws the same picture: coordinates in hundredths of a point, relative to the one before, one list of
letters and marks, and lines of one style together. Same input, same bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
#: Decimals kept: of a point on the page, and of a hundredth of the type size within a letter (8 pt: 0.008 pt).
_DECIMALS, _LETTER_DECIMALS = 2, 1
#: matplotlib draws letters in 64ths of a hundredth of the type size.
_LETTER_SCALE = 0.015625
#: A path that is drawn twice and longer than this is written once.
_LONG = 80

_TOKEN = re.compile(r"([MLQCZz])|(-?\d*\.?\d+(?:e-?\d+)?)")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}


def lighter(svg: str) -> str:
    """Return `svg`, as matplotlib writes it, in fewer bytes and with the same look."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in ("metadata", "style"):
                parent.remove(child)
        parent.text = parent.tail = None
    root.set("stroke-linejoin", "round")  # what matplotlib's style sheet says of every element
    definitions = ElementTree.Element(f"{{{_SVG}}}defs")
    _gather(root, definitions, set())
    for element in [*root.iter(), *definitions.iter()]:
        _shorten(element)
    _flatten(root)
    _share(root, definitions)
    _merge(root)
    _rename(root, definitions)
    if len(definitions):
        root.insert(0, definitions)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _HREF[1:].split("}")[0])
    text = ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")
    # In single quotes, as a mark: these are steps, of which no program may cut the decimals one by one.
    text = re.sub(r' d="([^"]*)"', r" d='\1'", text)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _gather(element: ElementTree.Element, definitions: ElementTree.Element, known: set[str | None]) -> None:
    """Move what all ``defs`` under `element` define into `definitions`, each id once; `known` holds the ids there."""
    for child in list(element):
        if _name(child) == "defs":
            element.remove(child)
            for defined in child:
                if defined.get("id") not in known:
                    known.add(defined.get("id"))
                    definitions.append(defined)
        else:
            _gather(child, definitions, known)


def _short(hundredths: int, decimals: int) -> str:
    """Return a number counted in its last decimal in as few letters as SVG allows."""
    digits = f"{abs(hundredths):0{decimals + 1}d}"
    whole, rest = digits[:-decimals].lstrip("0"), digits[-decimals:].rstrip("0")
    text = f"{whole}.{rest}" if rest else whole or "0"
    return f"-{text}" if hundredths < 0 else text


def _listed(numbers: Iterable[int], decimals: int) -> str:
    words = [_short(number, decimals) for number in numbers]
    return "".join(word if word.startswith("-") or not place else f" {word}" for place, word in enumerate(words))


def _rounded(text: str) -> str:
    """Return `text` with every number cut to `_DECIMALS`."""
    return _NUMBER.sub(lambda found: _short(round(float(found[0]) * 10**_DECIMALS), _DECIMALS), text)


@lru_cache(maxsize=2048)
def short_path(data: str, scale: float = 1.0, decimals: int = _DECIMALS) -> str:
    """Return the path `data` (absolute M, L, Q, C, z) times `scale`, rounded, each point relative to the one before.

    Every point is rounded where it stands and the steps are taken between rounded points, so that errors do not add up.
    """
    parts: list[str] = []
    now = start = (0, 0)
    last = ""
    for command, points in _commands(data):
        if command == "z":
            parts.append("z")
            now, last = start, "z"
            continue
        spots = [(round(x * scale * 10**decimals), round(y * scale * 10**decimals)) for x, y in points]
        steps = [part - origin for spot in spots for part, origin in zip(spot, now, strict=True)]
        letter = command.lower()
        if letter == "l" and steps == [0, 0] and last not in ("", "m", "M"):
            continue
        if letter == "l" and 0 in steps:
            letter, steps = ("v", steps[1:]) if steps[0] == 0 else ("h", steps[:1])
        if letter == "m" and not parts:
            letter, steps = "M", list(spots[0])
        words = _listed(steps, decimals)
        parts.append(
            words if letter == last and words.startswith("-") else f"{' ' if letter == last else letter}{words}"
        )
        now, last = spots[-1], letter
        start = now if command == "M" else start
    return "".join(parts)


def _commands(data: str) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    command, numbers = "", list[float]()
    for letter, value in _TOKEN.findall(data):
        if letter:
            command, numbers = letter.upper(), []
            if command == "Z":
                yield "z", []
            continue
        numbers.append(float(value))
        if len(numbers) == 2 * _POINTS[command]:
            yield command, list(zip(numbers[::2], numbers[1::2], strict=True))
            numbers = []


def _shorten(element: ElementTree.Element) -> None:
    """Round the coordinates of one element and write its style without spaces; drop the id of a group."""
    kind = _name(element)
    if kind == "g":
        element.attrib.pop("id", None)
    letter = element.get("transform") == f"scale({_LETTER_SCALE})"
    if letter:
        del element.attrib["transform"]
    if "d" in element.attrib:
        scale, decimals = (_LETTER_SCALE, _LETTER_DECIMALS) if letter else (1.0, _DECIMALS)
        element.set("d", short_path(element.attrib["d"], scale, decimals))
    for key in ("x", "y", "width", "height"):
        if kind in ("use", "rect") and key in element.attrib:
            element.set(key, _rounded(element.attrib[key]))
    if "style" in element.attrib:
        rules = [rule.partition(":") for rule in element.attrib["style"].split(";") if rule.strip()]
        element.set("style", ";".join(f"{key.strip()}:{value.strip()}" for key, _, value in rules))
    if kind == "use":
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if moved and "x" not in element.attrib:
            del element.attrib["transform"]
            for key, value in zip("xy", moved.groups(), strict=True):
                short = _short(round(float(value) * 10**_LETTER_DECIMALS), _LETTER_DECIMALS)
                if short != "0":
                    element.set(key, short)
    elif "transform" in element.attrib:
        element.set(
            "transform", re.sub(r"translate\([^)]*\)", lambda found: _rounded(found[0]), element.attrib["transform"])
        )


def _flatten(element: ElementTree.Element) -> None:
    """Put what stands in groups that say nothing in their place."""
    children = []
    for child in element:
        _flatten(child)
        children += list(child) if _name(child) == "g" and not child.attrib else [child]
    element[:] = [child for child in children if len(child) or _name(child) != "g"]


def _share(root: ElementTree.Element, definitions: ElementTree.Element) -> None:
    """Write a long path that is drawn more than once (words and their halo) among the definitions, and refer to it."""
    drawn = [path for path in root.iter(f"{{{_SVG}}}path") if len(path.get("d", "")) > _LONG]
    often = Counter(path.attrib["d"] for path in drawn)
    names: dict[str, str] = {}
    for path in drawn:
        data = path.attrib["d"]
        if often[data] < 2:
            continue
        if data not in names:
            names[data] = f"shared-{len(names)}"
            ElementTree.SubElement(definitions, f"{{{_SVG}}}path", {"id": names[data], "d": data})
        rest = {key: value for key, value in path.attrib.items() if key not in ("d", "id")}
        path.tag = f"{{{_SVG}}}use"
        path.attrib.clear()
        path.attrib.update({_HREF: f"#{names[data]}", **rest})


def _looks(element: ElementTree.Element) -> tuple[str, str]:
    return element.get("style", ""), element.get("clip-path", "")


def _merge(element: ElementTree.Element) -> None:
    """Draw neighbouring lines of one look as one path, and neighbours of one look under one group that says it.

    What is transparent stays as it is: where such marks overlap, each is seen.
    """
    children: list[ElementTree.Element] = []
    for child in element:
        _merge(child)
        before = children[-1] if children else None
        if before is not None and _joins(before, child) and set(before.attrib) == set(child.attrib) == {"d", *_LOOK}:
            before.set("d", before.attrib["d"] + child.attrib["d"])
        else:
            children.append(child)
    grouped: list[ElementTree.Element] = []
    for child in children:
        group = grouped[-1] if grouped else None
        if group is not None and group.get("data-run") and _looks(group) == _looks(child) and _plain(child):
            group.append(child)
        elif _plain(child) and any(_looks(child)):
            run = ElementTree.Element(f"{{{_SVG}}}g", {"data-run": "1", **_said(child)})
            run.append(child)
            grouped.append(run)
        else:
            grouped.append(child)
    for place, group in enumerate(grouped):
        if group.attrib.pop("data-run", None):
            if len(group) == 1:
                grouped[place] = group[0]
            else:
                for child in group:
                    for key in _LOOK:
                        child.attrib.pop(key, None)
    element[:] = grouped


_LOOK = ("style", "clip-path")


def _said(element: ElementTree.Element) -> dict[str, str]:
    return {key: element.attrib[key] for key in _LOOK if key in element.attrib}


def _plain(element: ElementTree.Element) -> bool:
    """Return whether the look of `element` may as well be said by a group around it."""
    return (
        _name(element) in ("path", "use")
        and not {"transform", "id"} & set(element.attrib)
        and "opacity" not in element.get("style", "")
    )


def _joins(one: ElementTree.Element, other: ElementTree.Element) -> bool:
    style = one.get("style", "")
    return (
        _name(one) == _name(other) == "path"
        and _looks(one) == _looks(other)
        and "fill:none" in style
        and "opacity" not in style
    )


def _rename(root: ElementTree.Element, definitions: ElementTree.Element) -> None:
    """Give the definitions short ids in the order in which they stand, and drop those that nothing refers to."""
    said = [value for element in root.iter() for value in element.attrib.values()]
    used = {name for value in said for name in re.findall(r"^#(.+)$|url\(#(.+?)\)", value)}
    wanted = {name for pair in used for name in pair if name}
    names: dict[str, str] = {}
    for defined in list(definitions):
        name = defined.get("id", "")
        if name not in wanted:
            definitions.remove(defined)
            continue
        names[name] = _digits(len(names))
        defined.set("id", names[name])
    for element in root.iter():
        if _HREF in element.attrib:
            element.set(_HREF, f"#{names[element.attrib[_HREF][1:]]}")
        if "clip-path" in element.attrib:
            name = element.attrib["clip-path"].removeprefix("url(#").removesuffix(")")
            element.set("clip-path", f"url(#{names[name]})")


def _digits(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = letters[number % 26]
    while number := number // 26:
        number -= 1
        text = letters[number % 26] + text
    return text
