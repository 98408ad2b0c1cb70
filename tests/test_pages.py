"""The brief as a page: accessible, readable on a phone, in the dark and in print, and nothing leaves it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from pypdf import PdfReader

BRIEF = ROOT / "report" / "brief.html"
PAPER = ROOT / "report" / "brief.pdf"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


#: Leaves 20 rows of each long list, which are all made alike, and lightens the addresses that hold pictures and data.
SHORTEN = """() => {
  document.querySelectorAll(".appendix tbody, .register, .evidence").forEach(list => {
    while (list.children.length > 20) list.lastElementChild.remove();
  });
  document.querySelectorAll("img, source, a[download]").forEach(node => {
    for (const name of ["src", "srcset", "href"]) if (node.hasAttribute(name)) node.setAttribute(name, "data:,");
  });
}"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_nothing_is_requested_and_nothing_scrolls_sideways(
    browser: Any, scheme: str, width: int
) -> None:
    examined(browser, scheme, width, SHORTEN)


@pytest.mark.soak
@pytest.mark.browser
def test_axe_finds_nothing_on_the_whole_page(browser: Any) -> None:
    examined(browser, "light", 1280, "() => null")


def examined(browser: Any, scheme: str, width: int, prepare: str) -> None:
    """Look at the page at `width` in `scheme`; run axe-core after `prepare`."""
    from axe_core_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(BRIEF.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.evaluate(prepare)
    found = Axe().run(page)["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:200]) for item in found] == []
    assert [url for url in asked if not url.startswith("data:")] == [BRIEF.as_uri()]
    page.close()


@pytest.mark.browser
def test_a_number_opens_what_it_rests_on_from_the_keyboard(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(BRIEF.as_uri())
    link = page.locator('a.fact[href="#evidence-brief.incidents"]').first
    link.focus()
    page.keyboard.press("Enter")
    box = page.locator("dialog#behind")
    assert box.is_visible()
    n = int(re.sub(r"\D", "", box.locator("h2").inner_text()))
    assert box.locator("ol > li").count() == n == page.locator(".appendix tbody tr").count()
    page.keyboard.press("Escape")
    assert not box.is_visible()
    assert link.evaluate("node => node === document.activeElement")
    link.press("Enter")
    box.locator("ol > li a").first.click()
    assert not box.is_visible()
    assert page.evaluate("document.querySelector(':target').id").startswith("incident-")
    page.close()


@pytest.mark.browser
def test_without_script_a_number_leads_to_the_list_of_evidence(browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(BRIEF.as_uri())
    page.locator('a.fact[href="#evidence-brief.incidents"]').first.click()
    assert page.url.endswith("#evidence-brief.incidents")
    assert page.locator('[id="evidence-brief.incidents"]').is_visible()
    context.close()


def test_the_file_names_nothing_to_load_and_every_link_within_it_has_its_target() -> None:
    page = BRIEF.read_text(encoding="utf-8")
    loaded = re.findall(
        r'<(?:img|source|script|iframe|link|video|audio|object|embed)\b[^>]*?(?:src|srcset|href)="([^"]*)"', page
    )
    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert "default-src 'none'" in html.unescape(page)
    assert " style=" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets - set(ids) == set()


def test_every_figure_has_words_data_and_a_view(tmp_path: Path) -> None:
    page = BRIEF.read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="picture".*?</figure>', page, re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert re.search(r'alt="[^"]{60,}"', figure)
        assert 'download="' in figure
        assert 'href="explorer.html' in figure
        assert "image/svg+xml" in figure


def test_the_paper_is_tagged_and_has_bookmarks_numbers_and_links() -> None:
    reader = PdfReader(PAPER)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert "US and coalition forces" in str(reader.metadata.title)
    assert len(reader.outline) >= 8
    texts = [page.extract_text() for page in reader.pages]
    first = next(number for number, text in enumerate(texts) if "Appendix A: what each number" in text)
    assert 8 <= first <= 14, "pages before the appendices"
    assert 6 <= len(texts) - first <= 16, "pages of the appendices"
    for number, text in enumerate(texts, 1):
        assert re.search(rf"{number} / {len(texts)}", text)
    links = sum(len(page.get("/Annots") or ()) for page in reader.pages)
    assert links > 500
    pictures = [name for page in reader.pages for name in page["/Resources"].get("/XObject", {})]
    kinds = {
        str(page["/Resources"]["/XObject"][name]["/Subtype"])
        for page in reader.pages
        for name in page["/Resources"].get("/XObject", {})
    }
    assert "/Image" not in kinds, f"pictures are vectors, not pixels: {pictures}"
