"""The brief as made: its notebook, its contents, the same bytes twice, and another run's head."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from pypdf import PdfReader

from helpers import tables
from helpers.brief import document, pdf, web
from helpers.brief.nodes import NO_BREAK
from helpers.brief.plain import safe_address
from helpers.facts import Facts
from helpers.figures.wording import WordsError
from helpers.parameters import Parameters

REPORT = ROOT / "report"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default brief, made from the facts and figures at hand."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "facts").mkdir()
    handed = Facts.read(REPORT / "facts.json")
    Facts(fact for fact in handed.values() if not fact.name.startswith("brief.")).write(folder / "facts/all.json")
    (folder / "tables").symlink_to(REPORT / "tables")
    brief = document.Document(document.load(Parameters(report_dir=str(folder))))
    web.write(brief)
    pdf.write(brief)
    document.write_facts(brief.run)
    return folder


@pytest.fixture(scope="module")
def paper(made: Path) -> list[str]:
    """The words of each page of the brief on paper."""
    return [sheet.extract_text() for sheet in PdfReader(made / "brief.pdf").pages]


@pytest.fixture(scope="module")
def data(made: Path) -> dict[str, Any]:
    """What the page holds behind its numbers."""
    page = (made / "brief.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_no_path_of_the_machine_and_no_mark_of_the_template_is_left(made: Path) -> None:
    page = (made / "brief.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script)\b[^>]*>.*?</\1>", "", page, flags=re.DOTALL))
    assert str(ROOT) not in page
    assert str(made) not in page
    assert not re.search(r"\{\{|\{%|\ue000|\bnan\b|\bNaT\b|\bNone\b", words)


def test_both_forms_hold_every_section_and_every_incident(made: Path, paper: list[str], data: dict[str, Any]) -> None:
    page = (made / "brief.html").read_text(encoding="utf-8")
    words = squeezed("".join(paper))
    facts = Facts.read(made / "facts.json")
    heads = [re.sub(r"<[^>]*>", "", words).removesuffix(" #") for words in re.findall(r"<h2.*?>(.*?)</h2>", page)]
    heads = [html.unescape(head) for head in heads if head]
    assert len(heads) >= 8
    for head in heads:
        assert squeezed(head) in words, head
    assert squeezed("All sources of the record") not in words, "the register is on the screen alone"
    identifiers = facts["brief.incidents"].incidents
    assert [row[0] for row in data["incidents"]] == [f"incident-{identifier}" for identifier in identifiers]
    assert len(data["sources"]) == len(tables.read("sources"))


def squeezed(text: str) -> str:
    """Return `text` without the spaces and hyphens at which lines may break."""
    return re.sub(r"[\s\u200b\u00ad\u2010-]+", "", text)


def test_every_number_of_the_text_leads_to_evidence_with_the_fact_s_own_text(made: Path, data: dict[str, Any]) -> None:
    page = (made / "brief.html").read_text(encoding="utf-8")
    facts = {f"fact-{fact.name}": fact for fact in Facts.read(made / "facts.json").values()}
    links = re.findall(r'<a href="#(fact-[^"]+)" class="fact">(.*?)</a>', page)
    assert len(links) > 60
    assert {name for name, _ in links} == set(data["facts"])
    for name, words in links:
        fact, digits = facts[name], html.unescape(re.sub(r"<[^>]*>", "", words)).replace(NO_BREAK, " ")
        if re.search(r"\d", digits) and fact.unit != "date":
            assert fact.text.lower() in digits.lower(), name
    for name, (_, note, numbers, rows) in data["facts"].items():
        assert len(numbers) == len(set(facts[name].incidents) & set(facts["fact-brief.incidents"].incidents)), name
        assert note or numbers or rows, name


def test_a_figure_has_one_number_on_the_screen_and_on_paper(made: Path, paper: list[str]) -> None:
    page = (made / "brief.html").read_text(encoding="utf-8")
    words = squeezed("".join(paper))
    screen = dict(re.findall(r'id="figure-([a-z-]+)".*?Figure (S?\d+)</a>', page, re.DOTALL))
    printed = [number for number in screen.values() if not number.startswith("S")]
    assert printed == [str(number) for number in range(1, len(printed) + 1)]
    for name, number in screen.items():
        assert (squeezed(f"Figure {number}. Data: figures/{name}.csv") in words) == (not number.startswith("S")), name


def test_the_paper_is_tagged_and_has_bookmarks_numbers_and_links(made: Path, paper: list[str]) -> None:
    reader = PdfReader(made / "brief.pdf")
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert "US" in str(reader.metadata.title)
    assert len(reader.outline) >= 8
    body = next(number for number, text in enumerate(paper) if "What the text cites" in text)
    assert 5 <= body <= 10, "pages before the sources"
    assert len(paper) - body <= 8, "pages of the sources and the list of attacks"
    for number, text in enumerate(paper, 1):
        assert re.search(rf"{number} / {len(paper)}", text)
    links = sum(len(page.get("/Annots") or ()) for page in reader.pages)
    assert links > 200
    pictures = [name for page in reader.pages for name in page["/Resources"].get("/XObject", {})]
    kinds = {
        str(page["/Resources"]["/XObject"][name]["/Subtype"])
        for page in reader.pages
        for name in page["/Resources"].get("/XObject", {})
    }
    assert "/Image" not in kinds, f"pictures are vectors, not pixels: {pictures}"


def test_the_head_of_a_page_names_the_section_that_the_page_begins_with(made: Path, paper: list[str]) -> None:
    reader = PdfReader(made / "brief.pdf")
    marks: list[Any] = [mark for mark in reader.outline if not isinstance(mark, list)]
    starts = [(reader.get_destination_page_number(mark), mark.top, str(mark.title)) for mark in marks]
    for number, words in enumerate(paper[1:], 1):
        section = [title for page, top, title in starts if page < number or (page == number and top > 760)][-1]
        assert squeezed(words).startswith(squeezed(section)), f"page {number + 1}"


def test_what_is_cited_is_listed(made: Path) -> None:
    page = (made / "brief.html").read_text(encoding="utf-8")
    cited = set(re.findall(r'href="#(ref-[^"]+)"', page))
    assert cited
    assert cited == set(re.findall(r'id="(ref-[^"]+)"', page))


def head() -> Facts:
    """Return the facts that the head of every brief prints."""
    facts = Facts()
    for name in ("reports_linked", "sources", "languages"):
        facts.add(f"data.{name}", 1, unit="count")
    return facts


def test_a_long_list_ends_on_paper_and_says_where_the_rest_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "On paper the first" not in (REPORT / "brief.html").read_text(encoding="utf-8")
    monkeypatch.setattr(document, "PRINTED", 10)
    clean = {"incidents": tables.read("incidents"), "sources": tables.read("sources")}
    parts = (REPORT / "sections/95-appendix.md").read_text(encoding="utf-8").split("\n# ")
    listed = next(part for part in parts if "{{ incident_list }}" in part).split("\n## ")[0]
    (tmp_path / "brief.md").write_text(f"# {listed}\n", encoding="utf-8")
    parameters = Parameters(report_dir=str(tmp_path))
    run = document.Run(parameters, document.own_facts(head(), clean, parameters), clean, tmp_path)
    brief = document.Document(run, tmp_path / "brief.md", papers={})
    paper = squeezed("".join(sheet.extract_text() for sheet in PdfReader(pdf.write(brief)).pages))
    assert squeezed("On paper the first ten attacks stand; the others are on the screen") in paper
    assert [row.number for row in brief.incidents[:10]] == [row.number for row in brief.printed]
    assert squeezed("January 2024") not in paper.partition(squeezed("On paper the first"))[2]


def test_a_place_without_a_name_and_a_long_anchor_can_be_printed(tmp_path: Path) -> None:
    """An anchor of 40 signs and more is an anchor, not a long word to break."""
    incidents = tables.read("incidents").head(3).copy()
    incidents.loc[1, "incident_id"] = "2023-12-20-unspecified-jordan-somewhere-else-1"
    clean = {"incidents": incidents, "sources": tables.read("sources")}
    (tmp_path / "brief.md").write_text("# List\n\n{{ incident_list }}\n", encoding="utf-8")
    parameters = Parameters(report_dir=str(tmp_path))
    facts = document.own_facts(head(), clean, parameters)
    run = document.Run(parameters, facts, clean, tmp_path)
    assert len(PdfReader(pdf.write(document.Document(run, tmp_path / "brief.md", papers={}))).pages) == 1


def test_tables_in_a_note_leave_no_mark_of_typst_on_paper_and_the_bytes_are_the_same_again(tmp_path: Path) -> None:
    rows = "".join(f"| a{k} | b{k} |\n" for k in ("x", "y"))
    table = f"| One | Two |\n|:---|:---|\n{rows}"
    (tmp_path / "brief.md").write_text(f"::: note\nBefore.\n\n{table}\n\n{table}\nAfter.\n:::\n", encoding="utf-8")
    clean = {"incidents": tables.read("incidents").head(2), "sources": tables.read("sources").head(2)}
    parameters = Parameters(report_dir=str(tmp_path))
    run = document.Run(parameters, document.own_facts(head(), clean, parameters), clean, tmp_path)
    made = []
    for _ in range(2):
        brief = document.Document(run, tmp_path / "brief.md", papers={})
        made.append([path.read_bytes() for path in (web.write(brief), pdf.write(brief), tmp_path / "first-page.png")])
    assert made[0] == made[1]
    words = PdfReader(tmp_path / "brief.pdf").pages[0].extract_text()
    assert "After." in words
    assert not re.search(r"[\[\]#]", words)


def test_a_theme_in_a_folder_with_a_percent_sign_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "feature%2Fmap"
    shutil.copytree(ROOT / "report/theme", folder / "theme")
    (folder / "brief.md").write_text("# A\n\nWord.\n", encoding="utf-8")
    clean = {"incidents": tables.read("incidents").head(2), "sources": tables.read("sources").head(2)}
    parameters = Parameters(report_dir=str(folder))
    run = document.Run(parameters, document.own_facts(head(), clean, parameters), clean, folder)
    brief = document.Document(run, folder / "brief.md", folder / "theme", papers={})
    assert "Word." in web.write(brief).read_text(encoding="utf-8")
    assert PdfReader(pdf.write(brief)).pages


def test_a_figure_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "brief.md"
    path.write_text("One.\n\n{{ figure('coverag') }}\n", encoding="utf-8")
    brief = document.Document(document.load(Parameters()), path)
    with pytest.raises(WordsError, match=r"line 3: no figure is named 'coverag'; the nearest is 'coverage'"):
        brief.blocks("html")


def test_addresses_that_are_none_of_the_web_are_left_out() -> None:
    assert safe_address("https://a.b/c") == "https://a.b/c"
    for other in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a",
        None,
        float("nan"),
        "http://a b",
    ):
        assert safe_address(other) == ""


def test_a_fact_of_two_notebooks_is_an_error(tmp_path: Path) -> None:
    for name in ("01_a", "02_b"):
        facts = Facts()
        facts.add("a.b", 1, unit="count")
        facts.write(tmp_path / f"{name}.json")
    with pytest.raises(ValueError, match="two files"):
        document.merge(tmp_path)


def test_the_notebook_reads_and_writes_what_it_declares() -> None:
    notebook = json.loads((ROOT / "notebooks/08_brief.ipynb").read_text(encoding="utf-8"))
    assert {"{report_dir}/brief.html", "{report_dir}/brief.pdf", "{report_dir}/facts.json"} <= set(
        notebook["metadata"]["brief"]["writes"]
    )
    assert all(not cell.get("outputs") for cell in notebook["cells"])
