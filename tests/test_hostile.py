"""Text from sources that holds markup, code, steering signs or thousands of letters comes out as plain text."""

from __future__ import annotations

import html.parser
import json
import random
import re
import unicodedata
from pathlib import Path

import pandas as pd
import pypdf
import pytest
from conftest import ROOT

from helpers.brief import pdf, web
from helpers.brief.document import Document, Run, own_facts
from helpers.brief.plain import clean
from helpers.facts import Facts
from helpers.parameters import Parameters

HOSTILE = {
    "html": "<script>alert(1)</script><b onclick=x>bold</b> &amp; &#60; </style></td>",
    "markdown": "**strong** _em_ [link](http://x.y) ![i](j) `code` | a | b | ~~s~~ ^1^ [^1]",
    "heading": "# Heading",
    "raw": "```{=typst} #panic() ```",
    "typst": '#panic("x") #let a = 1; $x^2$ @label <label> \\ // comment /* c */ = Head ] [ "quote" -- ... ~',
    "pandoc": "@smith2020 [@x; @y] [-@z] ::: {.c} $$m$$",
    "template": "{{ 7*7 }} {% raw %} {# c #} <# d #> {{ F }}",
    "direction": "\u202eevil\u202c مرحبا بالعالم שלום \u2066x\u2069",
    "signs": "emoji 🚀👩‍👩‍👧🇮🇶 a\u0301\u0489 \x00\x07\x1b[31m \ufeff\ufffe \ud800",
    "formula": "=1+1",
    "scripts": "日本語 अमेरिकी Ελλάδα Русский هەولێر",
    "long": "long " + "word " * 1999 + "END",
    "unbroken": "y" * 10_000,
    "quote": "'; DROP TABLE x; -- \" ' `",
    "mark": "\ue0000\ue001\ue0011\ue001",
}


class Reader(html.parser.HTMLParser):
    """Collects the words of a page, its elements, and the addresses it names."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Document:
    tmp_path = tmp_path_factory.mktemp("hostile")
    texts = list(HOSTILE.values())
    n = len(texts)
    sources = pd.DataFrame(
        {
            "source_id": [f"src-{k}" for k in range(n)],
            "outlet": texts,
            "title": texts[1:] + texts[:1],
            "url": [
                "javascript:alert(1)",
                'https://x.org/"><script>',
                *(f"https://x.org/{k}#a%20b" for k in range(n - 2)),
            ],
            "published": pd.to_datetime(["2023-11-01"] * n),
            "language": ["xx\" onload='x", *["ar"] * (n - 1)],
            "kind": "wire",
            "original_outlet": texts[2:] + texts[:2],
        }
    )
    incidents = pd.DataFrame(
        {
            "incident_id": [f"2023-11-{k + 1:02}-{'<b>&' if k == 0 else 'site'}-{k}" for k in range(n)],
            "date": pd.date_range("2023-11-01", periods=n),
            "country": "IQ",
            "site_name": texts,
            "weapons": "rocket",
            "claimed_by": [f"other:{text.replace(';', ',')}" for text in texts],
            "confirmation": "us_official",
            "sources": ";".join(sources["source_id"]),
        }
    )
    claims = pd.DataFrame(
        {"claim_id": [f"c{k}" for k in range(n)], "statement": texts, "source_id": sources["source_id"]}
    )
    facts = Facts()
    for k, text in enumerate(texts):
        facts.add(
            f"a.f{k}", clean(text), unit="text", text=text, note=text, incidents=incidents["incident_id"][k : k + 2],
            rows={"claims": [f"c{k}"]},
        )  # fmt: skip
    lines = "\n\n".join(f"{{{{ F['a.f{k}'] }}}} and {{{{ T[{k}] }}}}{{{{ cite('src-{k}') }}}}" for k in range(n))
    table = "| A | {{ T[1] }} |\n|---|---|\n{% for a, b in rows %}\n| {{ a }} | {{ b }} |\n{% endfor %}\n\n: {{ T[0] }}"
    parts = "\n\n".join((table, "# E", "::: {#refs}\n:::", "{{ source_list }}", "{{ incident_list }}"))
    template = tmp_path / "template.md"
    template.write_text(f"# Texts {{#texts}}\n\n{lines}\n\n{parts}", encoding="utf-8")
    parameters = Parameters(report_dir=str(tmp_path))
    facts = own_facts(_head(facts), {"incidents": incidents, "sources": sources}, parameters)
    run = Run(parameters, facts, {"incidents": incidents, "sources": sources, "claims": claims}, tmp_path)
    document = Document(run, template=template, papers={})
    names = document.names()
    document.names = lambda: {**names, "T": texts, "rows": [[a, b] for a, b in zip(texts, texts, strict=True)]}  # type: ignore[method-assign]
    return document


def test_hostile_text_is_plain_text_in_html(hostile: Document) -> None:
    page = web.write(hostile).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    words = re.sub(r"\s+", " ", "".join(reader.words))
    for text in HOSTILE.values():
        assert clean(text) in words
    assert reader.tags.count("script") == 2
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    told = json.dumps(data, ensure_ascii=False)
    assert all(json.dumps(clean(text), ensure_ascii=False)[1:-1] in told for text in HOSTILE.values())
    assert all(re.match(r"https?://|$", row[2]) for row in data["sources"])
    assert "b" not in {tag for tag, name, value in reader.attributes if name == "onclick"}
    assert not any(name.startswith("on") or name == "style" for _, name, _ in reader.attributes)
    assert not any((value or "").startswith("javascript:") for _, name, value in reader.attributes if name == "href")
    assert "\u202e" not in page
    assert "49" not in re.findall(r"(?<![\d\w])49(?![\d\w])", words)


def test_hostile_text_is_plain_text_in_pdf_and_its_links_never_leave_the_web(hostile: Document) -> None:
    reader = pypdf.PdfReader(pdf.write(hostile))
    pages = [page.extract_text() for page in reader.pages]
    words = "".join(pages)
    squeezed = re.sub(r"[\s\u200b\u00ad-]+", "", words)
    for name in ("html", "markdown", "raw", "typst", "pandoc", "template", "quote"):
        assert re.sub(r"[\s-]+", "", clean(HOSTILE[name])) in squeezed, name
    assert "مرحبا" in words or "ابحرم" in words
    assert "END" in words
    assert any("日本語" in page for page in pages)
    for page in reader.pages:
        for note in page.get("/Annots") or ():
            action = note.get_object().get("/A", {})
            assert str(action.get("/URI", "https://")).startswith(("https://", "http://"))


def _head(facts: Facts) -> Facts:
    """Return `facts` with those that the head of every brief prints."""
    given = Facts(facts.values())
    for name in ("reports_linked", "sources", "languages"):
        given.add(f"data.{name}", 1, unit="count")
    return given


def _strange(draw: random.Random) -> str:
    blocks = [(0x20, 0x2FF), (0x300, 0x36F), (0x370, 0x1FFF), (0x2000, 0x2BFF), (0x3000, 0xD7FF), (0xE000, 0x1FFFF)]
    signs = []
    for _ in range(60):
        first, last = draw.choice(blocks)
        signs.append(chr(draw.randint(first, last)))
    return unicodedata.normalize(draw.choice(["NFC", "NFD"]), "".join(signs))


def _fuzz(tmp_path: Path, rounds: int) -> None:
    """Print random text of every block of Unicode in the PDF: the build must not fail."""
    draw = random.Random(1)
    texts = [_strange(draw) for _ in range(rounds)]
    template = tmp_path / "template.md"
    template.write_text(
        "# A\n\n" + "\n\n".join(f"*{{{{ T[{k}] }}}}* {{{{ T[{k}] }}}}" for k in range(rounds)), encoding="utf-8"
    )
    incidents = pd.read_parquet(ROOT / "data/clean/incidents.parquet").head(2)
    sources = pd.read_parquet(ROOT / "data/clean/sources.parquet").head(2)
    facts = own_facts(_head(Facts()), {"incidents": incidents, "sources": sources}, Parameters())
    run = Run(Parameters(report_dir=str(tmp_path)), facts, {"incidents": incidents, "sources": sources}, tmp_path)
    document = Document(run, template=template, papers={})
    names = document.names()
    document.names = lambda: {**names, "T": texts}  # type: ignore[method-assign]
    assert len(pypdf.PdfReader(pdf.write(document)).pages) >= 1


def test_any_letter_can_be_printed(tmp_path: Path) -> None:
    _fuzz(tmp_path, 20)


@pytest.mark.soak
def test_thousands_of_lines_of_any_letters_can_be_printed(tmp_path: Path) -> None:
    _fuzz(tmp_path, 3000)
