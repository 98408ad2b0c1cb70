"""The HTML: one file that loads nothing, with fonts, figures, style and script inside."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpers.brief import nodes
from helpers.brief.blocks import colours
from helpers.brief.document import Document
from helpers.brief.nodes import Node
from helpers.paths import resolve

#: Embedded faces: file, family under its name here, weight, style. The licence reserves the name of the whole fonts.
FACES = (
    ("SourceSerif4-Regular", "Brief Serif", 400, "normal"),
    ("SourceSerif4-It", "Brief Serif", 400, "italic"),
    ("SourceSerif4-Semibold", "Brief Serif", 600, "normal"),
    ("SourceSans3-Regular", "Brief Sans", 400, "normal"),
    ("SourceSans3-Semibold", "Brief Sans", 600, "normal"),
)


def render(document: Document, path: Path, head: dict[str, Any]) -> Path:
    """Write the HTML of `document` to `path` and return it; `head` holds title, description, kicker and the like."""
    blocks = document.blocks("html")
    tree = {
        "pandoc-api-version": document.text.tree["pandoc-api-version"],
        "meta": document.metadata(),
        "blocks": blocks,
    }
    body = nodes.pandoc(
        json.dumps(tree),
        "--from=json",
        "--to=html5",
        "--wrap=none",
        "--section-divs",
        "--shift-heading-level-by=1",
        "--citeproc",
        f"--csl={document.theme / 'brief.csl'}",
        "--email-obfuscation=none",
    )
    style = font_faces() + colours(body) + (document.theme / "style.css").read_text(encoding="utf-8")
    script = (document.theme / "script.js").read_text(encoding="utf-8")
    page = document.pages.get_template("page.html").render(
        head=head,
        body=Markup(body),
        contents=contents(blocks),
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def contents(blocks: list[Node]) -> list[tuple[str, str]]:
    """Return the sections (headings of the first level) as anchor and words."""
    heads = [node["c"] for node in blocks if node["t"] == "Header" and node["c"][0] == 1]
    return [(label[0], nodes.plain_text(inlines)) for _, label, inlines in heads]


def policy(style: str, script: str) -> str:
    """Return a content security policy under which nothing but this file's own style, script and data runs."""

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def font_faces() -> str:
    """Return the style rules that embed the `FACES`."""
    rules = []
    for file, family, weight, style in FACES:
        face = (resolve("report/fonts") / "web" / f"{file}.woff2").read_bytes()
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};font-display:swap;'
            f"src:url(data:font/woff2;base64,{base64.b64encode(face).decode()}) format('woff2')}}\n"
        )
    return "".join(rules)
