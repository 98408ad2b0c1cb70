"""The brief as made: its notebook, its contents, the same bytes twice, and another run's head."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT
from pypdf import PdfReader

from helpers.brief import build
from helpers.brief.references import methods, safe_address
from helpers.brief.spaces import NO_BREAK
from helpers.facts import Facts
from helpers.parameters import Parameters

REPORT = ROOT / "report"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default brief, made twice from the facts and figures at hand into one folder."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "facts").mkdir()
    handed = Facts.read(REPORT / "facts.json")
    Facts(fact for fact in handed.values() if not fact.name.startswith("brief.")).write(folder / "facts/all.json")
    (folder / "tables").symlink_to(REPORT / "tables")
    for name in ("first", "second"):
        document = build.document(Parameters(report_dir=str(folder)))
        for write in (build.write_html, build.write_pdf):
            path = write(document)
            path.rename(folder / f"{name}{path.suffix}")
        (folder / "first-page.png").rename(folder / f"{name}.png")
    build.write_facts(document.run)
    return folder


def test_the_same_facts_give_the_same_bytes(made: Path) -> None:
    for suffix in (".html", ".pdf", ".png"):
        assert (made / f"first{suffix}").read_bytes() == (made / f"second{suffix}").read_bytes()


def test_no_path_of_the_machine_and_no_mark_of_the_template_is_left(made: Path) -> None:
    page = (made / "first.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL))
    assert str(ROOT) not in page
    assert str(made) not in page
    assert not re.search(r"\{\{|\{%|\ue000|\bnan\b|\bNaT\b|\bNone\b", words)


def test_both_forms_hold_every_section_and_every_incident(made: Path) -> None:
    page = (made / "first.html").read_text(encoding="utf-8")
    paper = "".join(sheet.extract_text() for sheet in PdfReader(made / "first.pdf").pages)
    facts = Facts.read(made / "facts.json")
    for section in (
        "Escalation",
        "The pause",
        "US strikes",
        "Where",
        "How far the record",
        "What the press said",
        "Method",
        "References",
    ):
        assert section in page, section
        assert section in paper, section
    assert "All sources" in page
    assert "All sources" not in paper.replace("All sources of each attack", ""), "the register is on the screen alone"
    identifiers = facts["brief.incidents"].incidents
    assert all(f'id="incident-{identifier}"' in page for identifier in identifiers)
    assert page.count('id="source-') == facts["data.sources"].value


def test_every_number_of_the_text_leads_to_evidence_with_the_fact_s_own_text(made: Path) -> None:
    page = (made / "first.html").read_text(encoding="utf-8")
    facts = Facts.read(made / "facts.json")
    links = re.findall(r'<a href="#evidence-([^"]+)" class="fact">(.*?)</a>', page)
    assert len(links) > 100
    for name, words in links:
        fact = facts[name]
        digits = re.sub(r"<[^>]*>", "", words)
        if re.search(r"\d", digits) and "day" not in digits:
            assert digits.replace("&lt;", "<").replace(NO_BREAK, " ") == fact.text, name


def test_a_figure_has_one_number_on_the_screen_and_on_paper(made: Path) -> None:
    page = re.sub(r"<[^>]*>", "", (made / "first.html").read_text(encoding="utf-8"))
    paper = "".join(sheet.extract_text() for sheet in PdfReader(made / "first.pdf").pages)
    screen = re.findall(r"^Figure (\d+)([a-z]?)\. (.{20})", page, re.MULTILINE)
    printed = re.findall(r"Figure (\d+)\. (.{20})", paper)
    assert [int(number) for number, _ in printed] == list(range(1, len(printed) + 1))
    squeezed = {number: re.sub(r"\s", "", words) for number, words in printed}
    assert {number: re.sub(r"\s", "", words) for number, letter, words in screen if not letter} == squeezed
    assert any(letter for _, letter, _ in screen)
    names = [number + letter for number, letter, _ in screen]
    assert len(names) == len(set(names))
    assert names == sorted(names, key=lambda name: (int(re.sub(r"\D", "", name)), name))


def test_what_is_cited_is_listed(made: Path) -> None:
    page = (made / "first.html").read_text(encoding="utf-8")
    cited = set(re.findall(r'href="#(ref-[^"]+)"', page))
    assert cited
    assert cited == set(re.findall(r'id="(ref-[^"]+)"', page))
    assert any(f"ref-{key}" in cited for key in methods())


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
        build.merge(tmp_path)


def test_the_notebook_reads_and_writes_what_it_declares() -> None:
    notebook = json.loads((ROOT / "notebooks/08_brief.ipynb").read_text(encoding="utf-8"))
    assert {"{report_dir}/brief.html", "{report_dir}/brief.pdf", "{report_dir}/facts.json"} <= set(
        notebook["metadata"]["brief"]["writes"]
    )
    assert all(not cell.get("outputs") for cell in notebook["cells"])
