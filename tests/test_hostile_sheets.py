"""Coded sheets that hold markup, code and formulas: cleaned and built into the brief, all of it stays text."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pypdf
import pytest
from conftest import ROOT
from sheets import CODED_DIR, REFERENCE
from test_hostile import Reader

from helpers.brief import document as brief
from helpers.brief import pdf, web
from helpers.brief.document import Document
from helpers.brief.plain import clean
from helpers.cleaning import pipeline, publish
from helpers.facts import Facts
from helpers.parameters import Parameters

#: What a title, an outlet, a statement or a note may hold; each with a word by which it is found again.
TEXTS = (
    "<script>alert('scriptword')</script><img src=x onerror=alert(1)>",
    '#let typstword = panic("x") #read("/etc/passwd") $x^2$ @label <label> \\ // comment',
    "[linkword](javascript:alert(1)) ![i](file:///etc/passwd) **bold** `code`",
    '=HYPERLINK("http://x.example/formulaword";"click")',
    "@SUM(1+1)*cmd|' /C calc'!atword",
    "`<b>rawword</b>`{=html} `#panic()`{=typst} ```{=html}",
    "::: {.divword} ::: <# x #> {{ 7*7 }} {% raw %} $mathword$ [@doe2020]",
)


def poisoned(folder: Path) -> Path:
    """Copy the coded sheets to `folder`, with `TEXTS` as titles, outlets, notes, statements, speakers and places."""
    shutil.copytree(CODED_DIR, folder)

    def change(sheet: str, **columns: int) -> None:
        path = folder / f"{sheet}.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column, first in columns.items():
            frame[column] = [TEXTS[(place + first) % len(TEXTS)] for place in range(len(frame))]
        frame.to_csv(path, index=False)

    change("sources", title=0, outlet=1)
    change("reports", place_as_reported=2, weapon_as_reported=3, note=4)
    change("claims", statement=5, note=6)
    change("official_counts", speaker=0, note=1)
    change("responses", place=2, target=3, weapon_platform=4, note=5)
    change("context", label=6)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Document]:
    """The brief of the poisoned sheets, cleaned anew; its numbers are those of the default run, which hold as well."""
    root = tmp_path_factory.mktemp("poisoned")
    result = pipeline.clean(poisoned(root / "coded"), REFERENCE)
    publish.store(result.tables, root / "clean")
    publish.publish(root / "clean")
    report = root / "report"
    (report / "facts").mkdir(parents=True)
    handed = Facts.read(ROOT / "report/facts.json")
    Facts(fact for fact in handed.values() if not fact.name.startswith("brief.")).write(report / "facts/all.json")
    (report / "tables").symlink_to(ROOT / "report/tables")
    document = Document(brief.load(Parameters(clean_dir=str(root / "clean"), report_dir=str(report))))
    web.write(document)
    pdf.write(document)
    return root, document


def squeezed(text: str) -> str:
    """Return `text` without the spaces and hyphens at which lines may break."""
    return re.sub(r"[\s\u200b\u00ad-]+", "", text)


def strings(data: Any) -> Iterator[str]:
    """Yield every text within `data`."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from strings(part)


@pytest.mark.soak
def test_hostile_sheets_are_words_in_the_page(made: tuple[Path, Document]) -> None:
    page = (made[0] / "report/brief.html").read_text(encoding="utf-8")
    usual = Reader()
    usual.feed((ROOT / "report/brief.html").read_text(encoding="utf-8"))
    reader = Reader()
    reader.feed(page)
    words = re.sub(r"\s+", " ", "".join(reader.words))
    # The lists are made from the page's own data, of which the script makes text and nothing else.
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", page)
    for text in TEXTS:
        assert clean(text) in words or any(clean(text) in held for held in strings(data)), text
    assert set(reader.tags) <= set(usual.tags), "no kind of element that the default brief does not have"
    assert reader.tags.count("script") == usual.tags.count("script") == 2
    assert reader.tags.count("img") == usual.tags.count("img")
    assert not any(name.startswith("on") or name == "style" for _, name, _ in reader.attributes)
    addresses = [value or "" for _, name, value in reader.attributes if name in ("href", "src", "srcset")]
    assert all(re.match(r"https?://|#|data:|explorer\.html|brief\.pdf$|notebooks/", address) for address in addresses)


@pytest.mark.soak
def test_hostile_sheets_are_words_on_paper(made: tuple[Path, Document]) -> None:
    reader = pypdf.PdfReader(made[0] / "report/brief.pdf")
    words = squeezed("".join(page.extract_text() for page in reader.pages))
    # Outlets stand in the appendix, each in the letters that its column has room for.
    for text in TEXTS:
        assert squeezed(clean(text))[:20] in words, text
    for page in reader.pages:
        for note in page.get("/Annots") or ():
            action = note.get_object().get("/A", {})
            assert str(action.get("/URI", "https://")).startswith(("https://", "http://"))


@pytest.mark.soak
def test_hostile_sheets_are_the_same_text_in_the_tables_and_no_formula(made: tuple[Path, Document]) -> None:
    for sheet, column in (("sources", "title"), ("claims", "statement"), ("reports", "note"), ("context", "label")):
        frame = pd.read_csv(made[0] / f"clean/{sheet}.csv", dtype=str, keep_default_na=False)
        assert {cell.removeprefix("'") for cell in frame[column]} == set(TEXTS), sheet
        assert not any(cell.startswith(("=", "@", "+", "-")) for cell in frame[column]), sheet
        assert set(pd.read_parquet(made[0] / f"clean/{sheet}.parquet")[column]) == set(TEXTS), sheet
        assert len(frame) == len(pd.read_csv(CODED_DIR / f"{sheet}.csv")), sheet
