"""The PDF: pandoc's Typst for the prose, the theme's functions for the rest, Typst for a tagged PDF/UA-1."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

from helpers.brief import nodes
from helpers.brief.document import Document
from helpers.brief.evidence import Incident
from helpers.brief.nodes import Node
from helpers.brief.plain import breakable, clean, printable
from helpers.paths import resolve
from helpers.words import day_text

#: Incidents that the printed list names at most, and sources that it names of one; the rest is counted.
INCIDENTS_SHOWN = 400
SOURCES_SHOWN = 1

#: Pixels an inch of the picture of the first page: some 1,500 across.
FIRST_PAGE_PPI = 181

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:()%?’“”–")


def write(document: Document) -> Path:
    """Write ``brief.pdf`` and the picture of its first page beside the facts of the document's run; return its path."""
    report = resolve(document.run.parameters.report_dir)
    body = on_paper(document.blocks("typst"))
    tree = {"pandoc-api-version": document.text.tree["pandoc-api-version"], "meta": document.metadata(), "blocks": body}
    given = nodes.pandoc(
        json.dumps(tree), "--from=json", "--to=json", "--citeproc", "--csl=brief.csl", folder=document.theme
    )
    cited = json.loads(given)
    cited["blocks"] = _targets_kept(cited["blocks"], document)
    try:
        made = _compiled(document, cited, lambda text: breakable(printable(text)))
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        made = _compiled(document, cited, lambda text: breakable(printable(text, bare=True)))
    report.mkdir(parents=True, exist_ok=True)
    (report / "brief.pdf").write_bytes(made)
    (report / "first-page.png").write_bytes(picture_of(report / "brief.pdf"))
    return report / "brief.pdf"


def picture_of(path: Path) -> bytes:
    """Return the first page of the PDF at `path` as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder) / "shown.pdf")
        page = Path(folder) / "page.typ"
        page.write_text('#set page(width: auto, height: auto, margin: 0pt)\n#image("shown.pdf")\n', encoding="utf-8")
        compiler = typst.Compiler(str(page), root=folder, ignore_system_fonts=True)
        picture: Any = compiler.compile(format="png", ppi=FIRST_PAGE_PPI, timestamp=0)
    return bytes(picture)


def on_paper(blocks: list[Node]) -> list[Node]:
    """Return `blocks` without the sections of the screen alone: those whose heading has the class ``screen``."""
    kept: list[Node] = []
    left_out = 0
    for block in blocks:
        if block["t"] == "Header":
            level, label, _ = block["c"]
            if left_out and level <= left_out:
                left_out = 0
            if not left_out and "screen" in label[1]:
                left_out = level
        if not left_out:
            kept.append(block)
    return kept


def _compiled(document: Document, cited: dict[str, Any], shown: Callable[[str], str]) -> bytes:
    """Return the PDF; `shown` says how text is written that the fonts may not hold."""
    literal = {**cited, "blocks": nodes.change(cited["blocks"], lambda node: _literal(node, shown))}
    markup = nodes.pandoc(json.dumps(literal), "--from=json", "--to=typst", "--wrap=none")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copyfile(document.theme / "brief.typ", work / "brief.typ")
        data = json.dumps(_data(document, shown), ensure_ascii=False)
        (work / "data.json").write_text(data, encoding="utf-8")
        for picture in (shown for shown in document.pictures.values() if shown.paper):
            shutil.copyfile(picture.wide, work / f"{picture.name}.svg")
        main = '#import "brief.typ": *\n#show: brief\n#masthead()\n\n' + markup
        (work / "main.typ").write_text(main, encoding="utf-8")
        compiler = typst.Compiler(
            str(work / "main.typ"),
            root=str(work),
            font_paths=[str(resolve("report/fonts"))],
            ignore_system_fonts=True,
        )
        made: Any = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
    return bytes(made)


#: Classes of divisions for which the theme has a function of the same name.
_DIVISIONS = ("note", "lead", "findings", "numbers")


def _literal(node: Node, shown: Callable[[str], str]) -> list[Node] | None:
    """Turn words with signs that could be markup into Typst string literals; leave plain words as they are.

    A division with a class of the theme becomes a call of the theme's function with its content; of the numbers each
    paragraph stands in brackets of its own.
    """
    if node["t"] == "Div" and (named := [name for name in _DIVISIONS if name in node["c"][0][1]]):
        opened, closed = nodes.raw_block("typst", "["), nodes.raw_block("typst", "],")
        parts = [[block] for block in node["c"][1]] if named[0] == "numbers" else [node["c"][1]]
        inner = [piece for blocks in parts for piece in (opened, *blocks, closed)]
        return [nodes.raw_block("typst", f"#{named[0]}(("), *inner, nodes.raw_block("typst", "))")]
    if node["t"] == "Cite":  # citeproc has done its work: what is left is its text
        text: list[Node] = node["c"][1]
        return text
    if node["t"] != "Str" or (_SAFE.issuperset(node["c"]) and "..." not in node["c"]):  # Typst's sign for an ellipsis
        return None
    return [nodes.raw("typst", f"#{typst_string(shown(node['c']))};")]


def typst_string(text: str) -> str:
    """Return `text` as a string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in escaped) + '"'


def _targets_kept(tree: list[Node], document: Document) -> list[Node]:
    """Return `tree` with links to places and files that the PDF does not have as plain words."""
    present = {f"#{row.anchor}" for row in document.incidents[:INCIDENTS_SHOWN]} | _identifiers(tree)

    def leaf(node: Node) -> list[Node] | None:
        if node["t"] != "Link":
            return None
        target = node["c"][2][0]
        inside: list[Node] = node["c"][1]
        return None if re.match(r"https?://", target) or target in present else inside

    kept: list[Node] = nodes.change(tree, leaf)
    return kept


def _identifiers(tree: Any) -> set[str]:
    """Return the anchors that headings, divisions, spans and tables of `tree` carry."""
    if isinstance(tree, list):
        return {label for item in tree for label in _identifiers(item)}
    if not isinstance(tree, dict):
        return set()
    content: Any = tree.get("c")
    found = _identifiers(content)
    place = {"Header": 1, "Div": 0, "Span": 0, "Table": 0}.get(tree.get("t", ""))
    if place is not None and content[place][0]:
        found.add(f"#{content[place][0]}")
    return found


def _data(document: Document, letters: Callable[[str], str]) -> dict[str, Any]:
    """Return what the theme reads as JSON: words through `letters`, addresses, files and anchors as they are."""
    parameters, head = document.run.parameters, document.head
    shown = document.incidents[:INCIDENTS_SHOWN]
    return {
        **{name: letters(text) for name, text in head.items()},
        "window": f"{day_text(parameters.window_start)} to {day_text(parameters.window_end)}",
        "families": families(),
        "figures": {
            picture.name: {
                "file": f"{picture.name}.svg",
                "alt": letters(picture.alt),
                "caption": letters(f"Figure {picture.number}. Data: figures/{picture.name}.csv"),
            }
            for picture in document.pictures.values()
            if picture.paper
        },
        "incidents": [_row(row, letters) for row in shown],
        "more": len(document.incidents) - len(shown),
    }


def _row(row: Incident, letters: Callable[[str], str]) -> dict[str, Any]:
    """Return one incident as the printed list shows it: in one or two lines."""
    place = re.sub(r" \([^)]*\)$", "", row.place)
    words = {
        "number": str(row.number),
        "month": row.month,
        "day": re.sub(r" \d{4}$", "", row.day),
        "place": clean(f"{place}, {row.country}" if row.country not in place else place, 60),
        "weapon": row.weapon,
        "harm": "" if row.harm in ("not said", "no US casualties") else row.harm,
        "confirmed": row.confirmed,
    }
    sources = [{"outlet": letters(clean(s.outlet, 40)), "address": s.address} for s in row.sources[:SOURCES_SHOWN]]
    more = max(0, len(row.sources) - SOURCES_SHOWN)
    return {**{key: letters(text) for key, text in words.items()}, "id": row.anchor, "sources": sources, "more": more}


def families() -> list[str]:
    """Return the families of ``report/fonts`` beside the two that the text is set in."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(resolve("report/fonts"))]
    )
    return [family for family in sorted(fonts.families()) if not family.startswith("Source ")]
