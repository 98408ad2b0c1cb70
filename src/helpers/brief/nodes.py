"""Nodes of pandoc's document tree, built from plain text: what stands in them is never parsed as markup.

`kept_together` joins what no line should part: intervals, dates, a number and what it counts.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pypandoc

Node = dict[str, Any]

#: Joins two words on one line.
NO_BREAK = "\u00a0"

#: What is kept on one line: an interval, a number with what it counts, a day with its month.
_NUMBER = r"\(?[+−-]?\d[\d,.]*%?\)?"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_UNITS = (
    "attacks?|days?|weeks?|points?|incidents?|strikes?|statements?|reports?|sources?|killed|injured|times|interval|"
    "years?|in\\sall"
)
_KEPT = re.compile(
    rf"(?<![\w.,])(?!20\d\d\b){_NUMBER}\sto\s{_NUMBER}(?:\s(?:{_UNITS})\b)?|"
    rf"(?<![\w.,]){_NUMBER}\s(?:{_UNITS}|{_MONTHS})\b|\b(?:less|more)\sthan\s{_NUMBER}"
)


def pandoc(text: str, *arguments: str, folder: Path | None = None) -> str:
    """Return what pandoc, in `folder`, makes of `text`; what it says on failure is raised (RuntimeError).

    Files are named within `folder`, since pandoc takes a path with a percent sign for an address with an escape.
    """
    command = [pypandoc.get_pandoc_path(), *arguments]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def parse(markdown: str) -> dict[str, Any]:
    """Return pandoc's document tree of `markdown`."""
    # So narrow a page that every table has the widths that the dashes under its head give.
    given = pandoc(markdown, "--from=markdown-smart-citations", "--to=json", "--columns=1")
    tree: dict[str, Any] = json.loads(given)
    return tree


def string(text: str) -> Node:
    """Return `text` as one word."""
    return {"t": "Str", "c": text}


def words(text: str) -> list[Node]:
    """Return `text` as words and spaces; leading and trailing space is kept."""
    nodes: list[Node] = []
    for number, part in enumerate(text.split(" ")):
        if number:
            nodes.append({"t": "Space"})
        if part:
            nodes.append(string(part))
    return nodes


def link(inlines: Sequence[Node], target: str, *classes: str, **others: str) -> Node:
    """Return a link with the text `inlines` to `target`."""
    return {"t": "Link", "c": [["", list(classes), list(map(list, others.items()))], list(inlines), [target, ""]]}


def raw_block(form: str, text: str) -> Node:
    """Return `text`, already in the output's own language, as a block."""
    return {"t": "RawBlock", "c": [form, text]}


def raw(form: str, text: str) -> Node:
    """Return `text`, already in the output's own language, as an inline."""
    return {"t": "RawInline", "c": [form, text]}


def citation(identifiers: Iterable[str]) -> Node:
    """Return a citation of the references `identifiers`, in parentheses."""
    blank = {"citationPrefix": [], "citationSuffix": [], "citationMode": {"t": "NormalCitation"}}
    each = [{"citationId": i, **blank, "citationNoteNum": 0, "citationHash": 0} for i in identifiers]
    return {"t": "Cite", "c": [each, []]}


def meta(value: Any) -> Node:
    """Return plain `value` (text, truth value, list, mapping, or a list of nodes as ``("nodes", ...)``) as metadata."""
    if isinstance(value, bool):
        return {"t": "MetaBool", "c": value}
    if isinstance(value, tuple):
        return {"t": "MetaInlines", "c": list(value)}
    if isinstance(value, list):
        return {"t": "MetaList", "c": [meta(item) for item in value]}
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {key: meta(item) for key, item in value.items()}}
    return {"t": "MetaInlines", "c": [string(str(value))]}


def change(tree: Any, leaf: Callable[[Node], list[Node] | None]) -> Any:
    """Return `tree` with each node for which `leaf` gives a list replaced by that list, children first."""
    if isinstance(tree, list):
        result: list[Any] = []
        for item in tree:
            if isinstance(item, dict) and "t" in item:
                kept = {**item, "c": change(item["c"], leaf)} if "c" in item else item
                replaced = leaf(kept)
                result.extend([kept] if replaced is None else replaced)
            else:
                result.append(change(item, leaf))
        return result
    if isinstance(tree, dict):
        return {key: change(value, leaf) for key, value in tree.items()}
    return tree


def plain_text(nodes: Any) -> str:
    """Return the words of `nodes` without their markup."""
    if isinstance(nodes, list):
        return "".join(plain_text(node) for node in nodes)
    if not isinstance(nodes, dict) or "t" not in nodes:
        return ""
    if nodes["t"] in ("Str", "Code"):
        return str(nodes["c"] if nodes["t"] == "Str" else nodes["c"][1])
    if nodes["t"] in ("Space", "SoftBreak", "LineBreak"):
        return " "
    return plain_text(nodes.get("c", []))


def kept_together(tree: Any) -> Any:
    """Return a document `tree` with each space that must not end a line as a no-break space."""
    if isinstance(tree, dict):
        kept = tree.get("t") in ("Code", "RawInline", "RawBlock")
        return tree if kept else {key: kept_together(value) for key, value in tree.items()}
    if not isinstance(tree, list):
        return tree
    inner = [kept_together(item) for item in tree]
    spaces = [isinstance(node, dict) and node.get("t") in ("Space", "SoftBreak") for node in inner]
    if any(spaces):
        ends = list(accumulate(len(plain_text(node)) for node in inner))
        held = {place for found in _KEPT.finditer(plain_text(inner)) for place in range(*found.span())}
        inner = [string(NO_BREAK) if space and end - 1 in held else node
                 for node, space, end in zip(inner, spaces, ends, strict=True)]  # fmt: skip
    return inner
