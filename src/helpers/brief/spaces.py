"""Spaces at which no line breaks: within p-values, intervals, dates, and between a number and what it counts."""

from __future__ import annotations

import re
from typing import Any

from helpers.brief import nodes
from helpers.brief.nodes import Node

#: Joins two words on one line.
NO_BREAK = "\u00a0"

#: A number as it is printed, with the brackets and stops around it.
_NUMBER = r"\(?[+−-]?\d[\d,.]*%?\)?"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_UNITS = (
    "attacks?|days?|weeks?|points?|incidents?|strikes?|statements?|reports?|sources?|killed|injured|times|interval|"
    "years?|in all"
)
#: What stands before and after a space at which the line must not end; what was joined before counts as one word.
_KEPT = tuple(
    (re.compile(f"(?:^|[(“{NO_BREAK}])(?:{before})$"), re.compile(f"^(?:{after})(?=$|[^\\w])"))
    for before, after in (
        ("p", "=|less"),
        (f"p{NO_BREAK}=", _NUMBER),
        ("less|more", "than"),
        (f"(?:less|more){NO_BREAK}than|under|over", _NUMBER),
        (rf"(?!20\d\d$){_NUMBER}", "to"),
        (f"{_NUMBER}{NO_BREAK}to", _NUMBER),
        (_NUMBER, _UNITS),
        (r"\d{1,2}", _MONTHS),
    )
)


def kept_together(tree: Any) -> Any:
    """Return a document `tree` with each space that must not end a line as a no-break space."""
    if isinstance(tree, list):
        inner = [kept_together(item) for item in tree]
        return _line(inner) if any(_is_space(item) for item in inner) else inner
    if isinstance(tree, dict):
        if tree.get("t") in ("Code", "RawInline", "RawBlock"):
            return tree
        return {key: kept_together(value) for key, value in tree.items()}
    return tree


def _is_space(node: Any) -> bool:
    return isinstance(node, dict) and node.get("t") in ("Space", "SoftBreak")


def _line(line: list[Node]) -> list[Node]:
    """Return the nodes of a `line` with no-break spaces where `_KEPT` wants them."""
    result: list[Node] = []
    done = ""
    for place, node in enumerate(line):
        if _is_space(node):
            after = nodes.plain_text(line[place + 1 :]).split(" ", 1)[0]
            before = done.rsplit(" ", 1)[-1]
            if any(first.search(before) and then.search(after) for first, then in _KEPT):
                node = nodes.string(NO_BREAK)
        done += nodes.plain_text(node)
        result.append(node)
    return result
