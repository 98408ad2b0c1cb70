"""References: press sources of ``sources.csv`` and the papers of the methods, as metadata for citeproc."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.brief import nodes
from helpers.brief.nodes import Node
from helpers.brief.plain import LONGEST, anchor, clean
from helpers.figures.wording import nearest
from helpers.paths import resolve

_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]*")


def safe_address(address: object) -> str:
    """Return `address` if it is one of the web (http or https, no white space), else an empty text."""
    text = "" if address is None or address != address else str(address).strip()
    return text if _ADDRESS.fullmatch(text) else ""


def bibliography(file: str = "report/references.json") -> dict[str, dict[str, Any]]:
    """Return id -> CSL item of every paper that can be cited: those of `file` (CSL JSON)."""
    items: list[dict[str, Any]] = json.loads(resolve(file).read_text(encoding="utf-8"))
    return {str(item["id"]): item for item in items}


@dataclass(frozen=True)
class Cited:
    """A citation of sources or papers, in parentheses."""

    identifiers: tuple[str, ...]

    def inlines(self, form: str) -> list[Node]:
        """Return the citation, or nothing where nothing is cited."""
        return [{"t": "Space"}, nodes.citation(self.identifiers)] if self.identifiers else []


class References:
    """All that can be cited: `cite` gives a citation, `metadata` the references that were cited."""

    def __init__(self, sources: pd.DataFrame, papers: Mapping[str, Mapping[str, Any]]) -> None:
        self._sources = {str(row["source_id"]): row for row in sources.to_dict("records")}
        self._papers = papers
        self._cited: dict[str, Node] = {}

    def cite(self, *identifiers: str) -> Cited:
        """Return a citation; a space goes before it. An id of nothing known is an error (ValueError)."""
        keys = []
        for identifier in identifiers:
            if identifier in self._papers:
                item = _paper(self._papers[identifier])
            elif identifier in self._sources:
                item = _source(self._sources[identifier])
            else:
                near = nearest(identifier, [*self._papers, *self._sources])
                raise ValueError(f"no source or paper is named {identifier!r}{near}")
            key = anchor(identifier)
            self._cited[key] = nodes.meta({"id": key, **item})
            keys.append(key)
        return Cited(tuple(dict.fromkeys(keys)))

    def metadata(self) -> Node:
        """Return the cited references, for the document's metadata."""
        return {"t": "MetaList", "c": [self._cited[key] for key in sorted(self._cited)]}


def _verbatim(text: str, language: str = "") -> tuple[Node, ...]:
    """Return `text` as nodes whose capitals citeproc leaves alone."""
    others = {"dir": "auto", **({"lang": language} if language.isalpha() and language != "en" else {})}
    return (nodes.span(nodes.words(text), "nocase", **others),)


def _source(row: Mapping[Any, Any]) -> dict[str, Any]:
    published = row.get("published")
    item: dict[str, Any] = {
        "type": "article-newspaper",
        "title": _verbatim(clean(row["title"], LONGEST) or "untitled page", clean(row.get("language"))),
        "container-title": _verbatim(clean(row["outlet"], LONGEST) or "unnamed outlet"),
        "URL": safe_address(row.get("url")),
    }
    if published is not None and published == published and published is not pd.NaT:
        day = pd.Timestamp(published)
        item["issued"] = {"date-parts": [[str(day.year), str(day.month), str(day.day)]]}
    if clean(row.get("original_outlet")):
        item["publisher"] = _verbatim(clean(row["original_outlet"], LONGEST))
    return {key: value for key, value in item.items() if value}


def _paper(item: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(item)
    made.pop("id", None)
    made["title"] = _verbatim(clean(item["title"]))
    return made
