"""The HTML: one file that loads nothing, with fonts, figures, style, script and the data behind its numbers inside."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from helpers.brief import nodes
from helpers.brief.document import Document, Picture
from helpers.brief.nodes import Node
from helpers.figures.style import luminance
from helpers.paths import resolve
from helpers.words import day_text

#: Embedded faces: file, family under its name here, weight, style. The licence reserves the name of the whole fonts.
FACES = (
    ("SourceSerif4-Regular", "Brief Serif", 400, "normal"),
    ("SourceSerif4-It", "Brief Serif", 400, "italic"),
    ("SourceSerif4-Semibold", "Brief Serif", 600, "normal"),
    ("SourceSans3-Regular", "Brief Sans", 400, "normal"),
    ("SourceSans3-Semibold", "Brief Sans", 600, "normal"),
)
#: A colour of a drawing.
_COLOUR = re.compile(r'( (?:fill|stroke)=")#([0-9a-f]{6})"')


def write(document: Document) -> Path:
    """Write ``brief.html`` beside the facts of the document's run; return its path."""
    path = resolve(document.run.parameters.report_dir) / "brief.html"
    pages = _pages(document.theme)
    blocks = document.blocks("html")

    def leaf(node: Node) -> list[Node] | None:
        if node["t"] == "RawBlock" and node["c"][0] == "figure":
            shown = document.pictures[node["c"][1]]
            return [nodes.raw_block("html", _figure(shown, document.run.figures, pages))]
        return _with_anchor(node)

    body = nodes.pandoc(
        document.tree(nodes.change(blocks, leaf)),
        "--from=json", "--to=html5", "--wrap=none", "--section-divs", "--shift-heading-level-by=1",
        "--citeproc", "--csl=brief.csl", "--email-obfuscation=none", folder=document.theme,
    )  # fmt: skip
    style = font_faces() + colours(body) + (document.theme / "style.css").read_text(encoding="utf-8")
    script = (document.theme / "script.js").read_text(encoding="utf-8")
    parameters = document.run.parameters
    page = pages.get_template("page.jinja").render(
        head=document.head,
        window=f"{day_text(parameters.window_start)} to {day_text(parameters.window_end)}",
        body=Markup(body),
        contents=contents(blocks),
        style=Markup(style),
        script=Markup(script),
        data=Markup(in_script(document.evidence.data())),
        policy=policy(style, script),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _pages(theme: Path) -> Environment:
    """Return the theme's HTML templates: everything printed is escaped."""
    return Environment(
        loader=FileSystemLoader(theme),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def in_script(value: Any) -> str:
    """Return `value` as JSON that can stand in a script element: no tag, no comment, no line separator in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _with_anchor(node: Node) -> list[Node] | None:
    """Return a heading with a link to itself, for those who want its address."""
    if node["t"] != "Header" or not node["c"][1][0]:
        return None
    level, label, inlines = node["c"]
    words = nodes.plain_text(inlines)
    link = nodes.link([nodes.string("#")], f"#{label[0]}", "anchor", **{"aria-label": f"Link to: {words}"})
    return [{"t": "Header", "c": [level, label, [*inlines, {"t": "Space"}, link]]}]


def contents(blocks: list[Node]) -> list[tuple[str, str]]:
    """Return the sections (headings of the first level) as anchor and words."""
    heads = [node["c"] for node in blocks if node["t"] == "Header" and node["c"][0] == 1]
    return [(label[0], nodes.plain_text(inlines)) for _, label, inlines in heads]


def _figure(shown: Picture, folder: Path, pages: Environment) -> str:
    """Return a figure of `folder` as an element of the page: for a desktop and for a phone, with the numbers shown."""
    content = base64.b64encode((folder / f"{shown.name}.csv").read_bytes()).decode()
    return pages.get_template("figure.jinja").render(
        it=shown,
        wide=inline(folder / f"{shown.name}.svg", "wide", shown.alt),
        narrow=inline(folder / f"{shown.name}-narrow.svg", "narrow", shown.alt),
        data=f"data:text/csv;base64,{content}",
    )


def inline(svg: Path, width: str, alt: str) -> Markup:
    """Return a drawing as an element of the page, shown at `width` (a class); its colours are the page's variables."""
    text = _COLOUR.sub(r'\1var(--f\2)"', svg.read_text(encoding="utf-8"))
    text = re.sub(r"<title>.*?</title>", "", text, count=1)  # the page says it as a label, which no pointer uncovers
    said = Markup('<svg class="{}" role="img" aria-label="{}" ').format(width, alt)
    return said + Markup(text[text.index("<svg") + 5 :].strip())


def colours(page: str) -> str:
    """Return the style rules that give the colours of the drawings in `page` their light and dark values."""
    found = sorted(set(re.findall(r"var\(--f([0-9a-f]{6})\)", page)))
    light = "".join(f"--f{code}:#{code};" for code in found)
    dark = "".join(f"--f{code}:{in_the_dark(code)};" for code in found)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def in_the_dark(code: str) -> str:
    """Return colour `code` as it is drawn on a dark page: paper and greys turned over, the rest made light enough."""
    channels = [int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    hue, light, strength = colorsys.rgb_to_hls(*channels)
    if max(channels) - min(channels) < 0.06 or light > 0.8:
        light = 0.93 - 0.85 * light
    else:
        while luminance(*colorsys.hls_to_rgb(hue, light, strength)) < 0.22 and light < 0.95:
            light += 0.02
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colorsys.hls_to_rgb(hue, light, strength))


def digest(text: str) -> str:
    """Return the hash by which a content security policy allows the script or style `text`."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style: str, script: str) -> str:
    """Return a content security policy under which nothing but this file's own style, script and data runs."""
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
