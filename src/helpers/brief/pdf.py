"""The PDF: pandoc's Typst for the prose, the theme's functions for the rest, Typst for a tagged PDF/UA-1."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typst

from helpers.brief import nodes
from helpers.brief.blocks import Picture, size
from helpers.brief.document import Document, as_json, strings
from helpers.brief.evidence import summary
from helpers.brief.nodes import Node
from helpers.brief.plain import LONGEST, breakable, clean, printable
from helpers.paths import resolve

#: Sources that the printed appendix names for an incident; the rest is counted.
SOURCES_SHOWN = 4
ROWS_SHOWN = 2
#: Runs of incident numbers that the printed list of evidence names; of a longer one it says how many there are.
RUNS_SHOWN = 8

#: Characters of a number or of words as printed by which the list names them.
PRINTED = 60

#: Pixels an inch of the picture of the first page: some 1,500 across.
FIRST_PAGE_PPI = 181

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:()%?’“”–")


def render(document: Document, path: Path, head: dict[str, Any], first_page: Path | None = None) -> Path:
    """Write the PDF of `document` to `path` and return it; `head` holds title, description, kicker and the like.

    `first_page`: where a PNG picture of the first page goes, if anywhere.
    """
    body = on_paper(document.blocks("typst"))
    tree = {"pandoc-api-version": document.text.tree["pandoc-api-version"], "meta": document.metadata(), "blocks": body}
    cited = json.loads(
        nodes.pandoc(
            json.dumps(tree), "--from=json", "--to=json", "--citeproc", f"--csl={document.theme / 'brief.csl'}"
        )
    )
    cited["blocks"] = _targets_kept(cited["blocks"], document)
    try:
        made = _compiled(document, cited, head, _text)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        made = _compiled(document, cited, head, _bare)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made)
    if first_page is not None:
        first_page.write_bytes(picture_of(path))
    return path


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
    """Return `blocks` without the sections of the first level whose heading has the class ``screen``."""
    kept, left_out = [], False
    for block in blocks:
        if block["t"] == "Header" and block["c"][0] == 1:
            left_out = "screen" in block["c"][1][1]
        if not left_out:
            kept.append(block)
    return kept


def _compiled(document: Document, cited: dict[str, Any], head: dict[str, Any], shown: Callable[[str], str]) -> bytes:
    """Return the PDF; `shown` says how text is written that the fonts may not hold."""
    literal = {**cited, "blocks": nodes.change(cited["blocks"], lambda node: _literal(node, shown))}
    markup = nodes.pandoc(json.dumps(literal), "--from=json", "--to=typst", "--wrap=none")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copyfile(document.theme / "brief.typ", work / "brief.typ")
        (work / "data.json").write_text(as_json(_data(document, head, shown)), encoding="utf-8")
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


def _text(text: str) -> str:
    return breakable(printable(text))


def _bare(text: str) -> str:
    return breakable(printable(text, bare=True))


def _literal(node: Node, shown: Callable[[str], str]) -> list[Node] | None:
    """Turn words with signs that could be markup into Typst string literals; leave plain words as they are."""
    if node["t"] == "Cite":  # citeproc has done its work: what is left is its text
        text: list[Node] = node["c"][1]
        return text
    if node["t"] != "Str" or _SAFE.issuperset(node["c"]):
        return None
    return [nodes.raw("typst", f"#{typst_string(shown(node['c']))};")]


def typst_string(text: str) -> str:
    """Return `text` as a string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in escaped) + '"'


def _targets_kept(tree: list[Node], document: Document) -> list[Node]:
    """Return `tree` with links to places that the PDF does not have as plain words."""
    present = {f"#{entry.identifier}" for entry in document.evidence.entries() if entry.numbers or entry.rows}
    present |= {f"#{label}" for label in document.anchors.values()} | _identifiers(tree)

    def leaf(node: Node) -> list[Node] | None:
        if node["t"] != "Link":
            return None
        target = node["c"][2][0]
        inside: list[Node] = node["c"][1]
        return inside if target.startswith("#") and target not in present else None

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


def _data(document: Document, head: dict[str, Any], letters: Callable[[str], str]) -> dict[str, Any]:
    """Return what the theme reads as JSON: head, figures, evidence, incidents, all of it text that can be printed."""
    paper = {name: shown for name, shown in document.pictures.items() if shown.paper}
    data = {
        **head,
        "figures": {
            name: {
                "file": f"{name}.svg",
                "alt": shown.alt,
                "aspect": _aspect(shown),
                "caption": " ".join(
                    filter(None, (f"Figure {shown.number}.", shown.caption, f"Data: figures/{name}.csv"))
                ),
            }
            for name, shown in paper.items()
        },
        "evidence": [
            {
                "id": entry.identifier,
                "text": clean(entry.fact.text, PRINTED),
                "name": entry.fact.name.replace(".", ".\u200b").replace("_", "_\u200b"),
                "incidents": _ranges(entry.numbers, document.ids)[:RUNS_SHOWN],
                "all": _all(entry.numbers),
                "rows": "; ".join(summary(table, rows, ROWS_SHOWN) for table, rows in entry.rows),
                "note": entry.fact.note,
            }
            for entry in document.evidence.entries()
            if entry.numbers or entry.rows
        ],
        "incidents": [
            {
                "number": row.number,
                "id": document.anchors[row.identifier],
                "day": row.day,
                "place": clean(row.place, LONGEST),
                "country": row.country,
                "weapon": row.weapon,
                "harm": row.harm,
                "confirmed": row.confirmed,
                "claimed": clean(row.claimed, LONGEST),
                "sources": [{"outlet": clean(s.outlet, 80), "address": s.address} for s in row.sources[:SOURCES_SHOWN]],
                "more": max(0, len(row.sources) - SOURCES_SHOWN),
            }
            for row in document.incidents
        ],
    }
    keep = {"id", "file", "address"}

    def shown(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: shown(item, name) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [shown(item, key) for item in value]
        return value if key in keep else strings(value, letters)

    result: dict[str, Any] = shown(data)
    result["families"] = families()
    return result


def _aspect(shown: Picture) -> float:
    width, height = size(shown.wide)
    return height / width


def _ranges(numbers: Iterable[int], ids: dict[int, str]) -> list[list[Any]]:
    """Return runs of `numbers` as [words, anchor of the first, whether another follows]."""
    from helpers.brief.evidence import runs

    found = runs(numbers)
    return [[f"{a}–{b}" if b > a else str(a), ids[a], place < len(found) - 1] for place, (a, b) in enumerate(found)]


def _all(numbers: Iterable[int]) -> str:
    """Return how many incidents `numbers` holds, where print does not name them all."""
    from helpers.brief.evidence import runs

    known = list(numbers)
    return f"{len(known):,} in all" if len(runs(known)) > RUNS_SHOWN else ""


def families() -> list[str]:
    """Return the families of ``report/fonts`` beside the two that the text is set in."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(resolve("report/fonts"))]
    )
    return [family for family in sorted(fonts.families()) if not family.startswith("Source ")]
