"""The brief as a page: accessible, readable on a phone, in the dark and in print, and nothing leaves it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

BRIEF = ROOT / "report" / "brief.html"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


#: Opens a month of attacks and the tables of the screen, and lightens the addresses that hold data.
PREPARE = """() => {
  document.querySelectorAll("section.screen > details:not([data-sources])").forEach(node => { node.open = true; });
  document.querySelector("details[data-incidents]").open = true;
  document.querySelectorAll("a[download]").forEach(node => node.setAttribute("href", "data:,"));
}"""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        *(pytest.param(*each, marks=pytest.mark.soak) for each in ((390, "light"), (1280, "light"), (1280, "dark"))),
    ],
)
def test_axe_finds_nothing_nothing_is_requested_and_nothing_scrolls_sideways(
    browser: Any, scheme: str, width: int
) -> None:
    examined(browser, scheme, width, PREPARE)


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
    found = Axe().run(page, options={"resultTypes": ["violations"]})["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:200]) for item in found] == []
    assert [url for url in asked if not url.startswith("data:")] == [BRIEF.as_uri()]
    page.close()


@pytest.mark.browser
def test_a_number_opens_what_it_rests_on_from_the_keyboard(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(BRIEF.as_uri())
    link = page.locator('a.fact[href="#fact-brief.incidents"]').first
    link.focus()
    page.keyboard.press("Enter")
    box = page.locator("#behind")
    assert box.is_visible()
    assert "attack" in box.locator(".context").inner_text(), "what the number is of"
    n = int(re.sub(r"\D", "", box.locator("h2").inner_text()))
    assert n == page.evaluate("JSON.parse(document.getElementById('data').textContent).incidents.length")
    assert box.locator("ol > li").count() == 10
    box.get_by_role("button", name=f"Show all {n}").click()
    assert box.locator("ol > li").count() == n
    box.locator(".sources summary").first.click()
    assert box.locator(".sources li").count() >= 1
    page.keyboard.press("Escape")
    assert not box.is_visible()
    page.close()


@pytest.mark.browser
def test_an_address_of_an_attack_or_a_number_opens_it(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(BRIEF.as_uri())
    name = page.evaluate("JSON.parse(document.getElementById('data').textContent).incidents.at(-1)[0]")
    page.evaluate(f"location.hash = '{name}'")
    page.wait_for_selector(f"[id='{name}']")
    page.evaluate("location.hash = 'fact-brief.incidents'")
    page.wait_for_selector("#behind:popover-open")
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [768, 1024, 1280, 1440])
def test_no_word_of_a_table_is_broken(browser: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(BRIEF.as_uri())
    page.evaluate(PREPARE)
    broken = page.evaluate("""() => [...document.querySelectorAll("main table a.fact")].filter(link =>
        !/[ \\u00a0]/.test(link.textContent.trim()) && link.textContent.length < 16 && link.getClientRects().length > 1
        ).map(link => link.textContent)""")
    assert broken == []
    page.close()


@pytest.mark.browser
def test_without_script_the_page_says_where_its_evidence_is(browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(BRIEF.as_uri())
    assert "facts.csv" in page.locator("noscript, main .note").last.inner_text()
    context.close()


def test_the_file_names_nothing_to_load_and_every_link_within_it_has_its_target() -> None:
    page = BRIEF.read_text(encoding="utf-8")
    assert len(page.encode()) < 3e6
    loaded = re.findall(
        r'<(?:img|source|script|iframe|link|video|audio|object|embed)\b[^>]*?(?:src|srcset|href)="([^"]*)"', page
    )
    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert "default-src 'none'" in html.unescape(page)
    assert " style=" not in re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert 'property="og:title"' in page
    assert 'content="first-page.png"' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    made = set(data["facts"]) | {row[0] for row in data["incidents"]}
    text = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert targets - set(ids) - made == set()


def test_every_figure_has_words_data_and_a_view(tmp_path: Path) -> None:
    page = BRIEF.read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="picture".*?</figure>', page, re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert re.search(r'aria-label="[^"]{60,}"', figure)
        assert 'download="' in figure
        unseen = 'id="figure-choices"' in figure or 'id="figure-reliability"' in figure  # no view of the explorer
        assert 'href="explorer.html#' in figure or unseen
        assert figure.count("<svg ") == 2
