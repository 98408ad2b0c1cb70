"""Nodes of pandoc's document tree, built from plain text: what stands in them is never parsed as markup."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pypandoc

Node = dict[str, Any]
Attributes = list[Any]


def pandoc(text: str, *arguments: str) -> str:
    """Return what pandoc makes of `text` with `arguments`; what pandoc says on failure is raised (RuntimeError)."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), *arguments], input=text.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def parse(markdown: str) -> dict[str, Any]:
    """Return pandoc's document tree of `markdown`."""
    tree: dict[str, Any] = json.loads(pandoc(markdown, "--from=markdown-smart-citations", "--to=json"))
    return tree


def attributes(identifier: str = "", *classes: str, **others: str) -> Attributes:
    """Return an attribute triple: id, classes, other pairs."""
    return [identifier, list(classes), [[key, value] for key, value in others.items()]]


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
    return {"t": "Link", "c": [attributes("", *classes, **others), list(inlines), [target, ""]]}


def span(inlines: Sequence[Node], *classes: str, **others: str) -> Node:
    """Return a span around `inlines`."""
    return {"t": "Span", "c": [attributes("", *classes, **others), list(inlines)]}


def strong(inlines: Sequence[Node]) -> Node:
    """Return `inlines` in strong type."""
    return {"t": "Strong", "c": list(inlines)}


def raw_block(form: str, text: str) -> Node:
    """Return `text`, already in the output's own language, as a block."""
    return {"t": "RawBlock", "c": [form, text]}


def raw(form: str, text: str) -> Node:
    """Return `text`, already in the output's own language, as an inline."""
    return {"t": "RawInline", "c": [form, text]}


def paragraph(inlines: Sequence[Node]) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": list(inlines)}


def division(blocks: Sequence[Node], identifier: str = "", *classes: str) -> Node:
    """Return a division around `blocks`."""
    return {"t": "Div", "c": [attributes(identifier, *classes), list(blocks)]}


def citation(identifiers: Iterable[str]) -> Node:
    """Return a citation of the references `identifiers`, in parentheses."""
    each = [
        {
            "citationId": identifier,
            "citationPrefix": [],
            "citationSuffix": [],
            "citationMode": {"t": "NormalCitation"},
            "citationNoteNum": 0,
            "citationHash": 0,
        }
        for identifier in identifiers
    ]
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
    if nodes["t"] == "Str":
        return str(nodes["c"])
    if nodes["t"] in ("Space", "SoftBreak", "LineBreak"):
        return " "
    return plain_text(nodes.get("c", []))
