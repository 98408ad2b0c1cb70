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
from helpers.brief.template import on_screen_alone
from helpers.paths import resolve
from helpers.words import day_text

#: Pixels an inch of the picture of the first page: some 1,500 across.
FIRST_PAGE_PPI = 181

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:()%?’“”–")


def write(document: Document) -> Path:
    """Write ``brief.pdf`` and the picture of its first page beside the facts of the document's run; return its path."""
    report = resolve(document.run.parameters.report_dir)
    blocks = document.blocks("typst")
    printed = [block for block, screen in zip(blocks, on_screen_alone(blocks), strict=True) if not screen]
    tree = document.tree(nodes.change(printed, lambda node: _placed(node, document)))
    cited = json.loads(
        nodes.pandoc(tree, "--from=json", "--to=json", "--citeproc", "--csl=brief.csl", folder=document.theme)
    )
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


def _placed(node: Node, document: Document) -> list[Node] | None:
    """Return the call for a figure's place, or nothing where it is of the screen alone."""
    if node["t"] != "RawBlock" or node["c"][0] != "figure":
        return None
    it = document.pictures[node["c"][1]]
    call = f"#picture({json.dumps(it.name)})"
    return [nodes.raw_block("typst", call)] if it.paper else []


def _compiled(document: Document, cited: dict[str, Any], shown: Callable[[str], str]) -> bytes:
    """Return the PDF; `shown` says how text is written that the fonts may not hold."""
    literal = {**cited, "blocks": nodes.change(cited["blocks"], lambda node: _literal(node, shown))}
    markup = nodes.pandoc(json.dumps(literal), "--from=json", "--to=typst", "--wrap=none")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copyfile(document.theme / "brief.typ", work / "brief.typ")
        data = _data(document, shown)
        (work / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for picture in (shown for shown in document.pictures.values() if shown.paper):
            shutil.copyfile(document.run.figures / f"{picture.name}.svg", work / f"{picture.name}.svg")
        main = '#import "brief.typ": *\n#show: brief\n#masthead()\n\n' + markup
        (work / "main.typ").write_text(main, encoding="utf-8")
        compiler = typst.Compiler(
            str(work / "main.typ"), root=folder, font_paths=[str(resolve("report/fonts"))], ignore_system_fonts=True
        )
        made: Any = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
    return bytes(made)


#: Classes of divisions for which the theme has a function of the same name.
_DIVISIONS = ("note", "lead", "findings", "numbers")


def _literal(node: Node, shown: Callable[[str], str]) -> list[Node] | None:
    """Turn words with signs that could be markup into Typst string literals; leave plain words as they are.

    A link to what the paper does not have, which is all but the web and the references, becomes its words. A
    division with a class of the theme becomes a call of the theme's function with its content; of the numbers each
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
    if node["t"] == "Link":
        inside: list[Node] = node["c"][1]
        return None if re.match(r"https?://|#ref-", node["c"][2][0]) else inside
    if node["t"] != "Str" or (_SAFE.issuperset(node["c"]) and "..." not in node["c"]):  # Typst's sign for an ellipsis
        return None
    return [nodes.raw("typst", f"#{typst_string(shown(node['c']))};")]


def typst_string(text: str) -> str:
    """Return `text` as a string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in escaped) + '"'


def _data(document: Document, letters: Callable[[str], str]) -> dict[str, Any]:
    """Return what the theme reads as JSON: words through `letters`, addresses, files and anchors as they are."""
    parameters, head = document.run.parameters, document.head
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
        "incidents": [_row(row, letters) for row in document.printed],
    }


def _row(row: Incident, letters: Callable[[str], str]) -> dict[str, Any]:
    """Return one incident as the printed list shows it, in one or two lines: its first source is named."""
    place = re.sub(r" \([^)]*\)$", "", row.place)
    source = row.sources[0] if row.sources else None
    words = {
        "month": row.month,
        "day": re.sub(r" \d{4}$", "", row.day),
        "place": clean(f"{place}, {row.country}" if row.country not in place else place, 60),
        "weapon": row.weapon,
        "harm": "" if row.harm in ("not said", "no US casualties") else row.harm,
        "confirmed": row.confirmed,
        "outlet": clean(source.outlet, 40) if source else "",
    }
    plain = {"number": str(row.number), "address": source.address if source else "", "more": len(row.sources) - 1}
    return {**{key: letters(text) for key, text in words.items()}, **plain}


def families() -> list[str]:
    """Return the families of ``report/fonts`` beside the two that the text is set in."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(resolve("report/fonts"))]
    )
    return [family for family in sorted(fonts.families()) if not family.startswith("Source ")]
