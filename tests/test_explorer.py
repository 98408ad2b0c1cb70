"""The explorer page, in a real Chromium: it selects as pandas does, from the address, the mouse and the keyboard."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers import tables
from helpers.explorer import charts, page, payload, selection
from helpers.explorer.selection import HARM, View
from helpers.parameters import Parameters

CLEAN = "data/clean"
READY = "html[data-ready=yes]"


@pytest.fixture(scope="module")
def clean() -> dict[str, pd.DataFrame]:
    return {name: tables.read(name, CLEAN) for name in ("incidents", "reports", "sources")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page.build(CLEAN, tmp_path_factory.mktemp("explorer") / "explorer.html", Parameters())


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


def visit(browser: Any, path: Path, address: str = "", **options: Any) -> Any:
    """Open the page as a reader does; what it asks of a network or says on the console is kept in ``noise``."""
    opened = browser.new_page(viewport={"width": options.pop("width", 1280), "height": 900}, **options)
    noise: list[str] = []
    opened.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: noise.append(f"error: {error}"))
    opened.on("request", lambda asked: None if asked.url.startswith(("file:", "blob:")) else noise.append(asked.url))
    opened.noise = noise
    opened.goto(f"{path.as_uri()}{'#' if address else ''}{address}")
    opened.wait_for_selector(READY, state="attached")
    return opened


@pytest.fixture(scope="module")
def opened(browser: Any, built: Path) -> Any:
    return visit(browser, built)


def go(opened: Any, address: str) -> list[str]:
    """Put `address` after # as a link would, and return the ids that the page then selects."""
    ids: list[str] = opened.evaluate(
        """async (address) => {
            const old = location.href;
            history.replaceState(null, "", "#" + address);
            dispatchEvent(new HashChangeEvent("hashchange", {oldURL: old, newURL: location.href}));
            return explorer.ids();
        }""",
        address,
    )
    return ids


def until(opened: Any, script: str, wanted: Any = True, seconds: float = 15) -> Any:
    """Wait until `script` gives `wanted` (Playwright's own waiting would need eval, which the page forbids)."""
    end = time.monotonic() + seconds
    while (found := opened.evaluate(script)) != wanted and time.monotonic() < end:
        opened.wait_for_timeout(40)
    assert found == wanted, (script, found)
    return found


def random_views(clean: dict[str, pd.DataFrame], number: int) -> list[View]:
    """Views drawn at random, some of them empty: days, every list, and words that sources use."""
    draw = random.Random(20231017)
    incidents = clean["incidents"]
    days = pd.date_range("2023-10-10", "2024-03-05").strftime("%Y-%m-%d").tolist()
    weapons = sorted({code for cell in incidents["weapons"] for code in cell.split(";")})
    words = ["Asad", "tanf drone", "RUDAW", "sohr", "Erbil airport", "الأسد", "omar", "syria rocket", "zzz", "kataib"]

    def some(values: list[str], chance: float = 0.4) -> tuple[str, ...]:
        return tuple(draw.sample(values, draw.randint(1, min(3, len(values))))) if draw.random() < chance else ()

    views = []
    for _ in range(number):
        start, end = sorted(draw.sample(days, 2))
        whole = draw.random() < 0.4
        views.append(
            View(
                start=days[0] if whole else start,
                end=days[-1] if whole else end,
                country=some(["IQ", "SY", "JO"]),
                site=some(sorted(incidents["site_id"].unique()), 0.2),
                weapon=some(weapons),
                confirmation=some(sorted(incidents["confirmation"].unique())),
                harm=some(list(HARM), 0.3),
                q=draw.choice(words) if draw.random() < 0.4 else "",
            )
        )
    return views


@pytest.mark.browser
def test_filters_agree_with_pandas(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    text = selection.search_text(clean["incidents"], clean["reports"], clean["sources"])
    sizes = []
    for view in random_views(clean, 40):
        wanted = selection.select(clean["incidents"], view, text)["incident_id"].tolist()
        assert go(opened, view.address()) == wanted, view.address()
        assert opened.inner_text("#count") == str(len(wanted))
        info = opened.inner_text(".dt-info")
        assert info.endswith(f"of {len(wanted)}") if wanted else info == "No rows"
        sizes.append(len(wanted))
    assert len({size for size in sizes if size}) > 10, "the settings drawn must tell selections apart"


@pytest.mark.browser
def test_each_view_filters_the_others(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    go(opened, "")
    whole = len(opened.evaluate("explorer.ids()"))
    opened.check("#weapon-rocket")
    assert opened.evaluate("explorer.view().weapon") == ["rocket"]
    assert 0 < int(opened.inner_text("#count")) < whole
    counts = opened.locator("#list-site .count").all_inner_texts()
    assert sum(map(int, counts)) == int(opened.inner_text("#count"))
    # The list that is filtered keeps its own numbers, so that another value can be chosen by them.
    assert int(opened.inner_text("label[for=weapon-one_way_drone] .count")) > 0

    opened.click("[data-reset]")
    assert len(opened.evaluate("explorer.ids()")) == whole
    box = opened.locator("#chart-timeline svg").bounding_box()
    opened.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    opened.mouse.up()
    until(opened, "explorer.address().startsWith('from=')")
    view = opened.evaluate("explorer.view()")
    assert "2023-11-15" < view["from"] < "2023-12-10" < view["to"] < "2024-01-20"
    assert opened.input_value("#from") == view["from"]
    assert opened.input_value("#to") == view["to"]

    opened.click("[data-reset]")
    circle = opened.locator("#chart-map path[aria-label], #chart-map .mark-symbol path").last
    circle.scroll_into_view_if_needed()
    circle.click(force=True)
    until(opened, "explorer.view().site.length", 1)
    opened.click("[data-reset]")


@pytest.mark.browser
def test_the_address_restores_a_view(browser: Any, built: Path, opened: Any) -> None:
    go(opened, "")
    opened.check("#country-SY")
    opened.check("#confirmation-us_official")
    opened.fill("#q", "drone")
    opened.fill("#from", "2023-11-01")
    until(opened, "explorer.view().from", "2023-11-01")
    address, ids = opened.evaluate("[location.hash, explorer.ids()]")
    assert ids
    other = visit(browser, built, address.lstrip("#"))
    assert other.evaluate("explorer.ids()") == ids
    assert other.is_checked("#country-SY")
    assert other.input_value("#q") == "drone"
    assert other.input_value("#from") == "2023-11-01"
    other.click("[data-reset]")
    assert other.evaluate("location.hash") == ""
    other.go_back()
    until(other, "explorer.ids()", ids)
    other.close()


@pytest.mark.browser
def test_an_incident_has_an_address(browser: Any, built: Path, clean: dict[str, pd.DataFrame]) -> None:
    last = clean["incidents"].sort_values("n_conflicts")["incident_id"].iloc[-1]
    opened = visit(browser, built, f"incident-{last}")
    row = opened.locator(f"[id='incident-{last}']")
    assert row.is_visible()
    assert row.locator("button.open").get_attribute("aria-expanded") == "true"
    details = opened.locator(".details")
    reports = clean["reports"][clean["reports"]["incident_id"] == last]
    assert details.locator(".reports li").count() == len(reports)
    linked = clean["sources"].set_index("source_id").loc[reports["source_id"], "url"].map(payload.safe_url)
    assert details.locator(".reports a").count() == int((linked != "").sum())
    source = reports["source_id"].iloc[0]
    assert last in go(opened, f"source-{source}")
    opened.close()


@pytest.mark.browser
def test_the_download_equals_the_selection(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    ids = go(opened, "weapon=rocket&country=SY")
    with opened.expect_download() as caught:
        opened.click("#download")
    text = Path(caught.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["incident_id"] for row in rows] == ids
    wanted = pd.read_csv(tables.resolve(CLEAN) / "incidents.csv", dtype=str, keep_default_na=False)
    wanted = wanted.set_index("incident_id", drop=False).loc[ids]
    numbers = clean["incidents"].select_dtypes("number").columns
    for row, (_, expected) in zip(rows, wanted.iterrows(), strict=True):
        for column, cell in row.items():
            same = cell == expected[column] or (column in numbers and float(cell) == float(expected[column]))
            assert same, (row["incident_id"], column, cell, expected[column])


@pytest.mark.browser
def test_keyboard_alone_is_enough(browser: Any, built: Path) -> None:
    opened = visit(browser, built)
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.id") == "skip"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "results-title"
    reached: dict[str, int] = {}
    opened.evaluate("document.activeElement.blur()")
    opened.locator("header a").first.focus()
    for step in range(140):
        opened.keyboard.press("Tab")
        name = opened.evaluate("document.activeElement.id || document.activeElement.className")
        reached.setdefault(name, step)
        if name == "q":
            opened.keyboard.type("asad")
            until(opened, "explorer.view().q", "asad")
        if name == "country-IQ":
            opened.keyboard.press("Space")
        if name == "open":
            opened.keyboard.press("Enter")
            break
    assert {"q", "from", "to", "country-IQ", "weapon-rocket", "site-al-asad", "download", "open"} <= set(reached)
    assert opened.evaluate("explorer.view().q") == "asad"
    assert opened.evaluate("explorer.view().country") == ["IQ"]
    assert opened.locator(".details").count() == 1
    assert opened.inner_text("#status").startswith(f"{opened.inner_text('#count')} incident")
    opened.locator("#incidents thead th").nth(5).locator("[role=button], button").first.focus()
    opened.keyboard.press("Enter")
    until(opened, "document.querySelectorAll('#incidents thead th')[5].hasAttribute('aria-sort')")
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Any, built: Path, clean: dict[str, pd.DataFrame], scheme: str, width: int) -> None:
    from axe_core_python.sync_playwright import Axe

    last = clean["incidents"].sort_values("n_conflicts")["incident_id"].iloc[-1]
    opened = visit(browser, built, f"incident-{last}", width=width, color_scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    opened.wait_for_timeout(150)
    found = Axe().run(opened)["violations"]
    assert not found, json.dumps([(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in found], indent=1)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
def test_it_is_quick_quiet_and_asks_no_network(browser: Any, built: Path) -> None:
    opened = visit(browser, built)
    marks = opened.evaluate("Object.fromEntries(performance.getEntriesByType('mark').map(m => [m.name, m.startTime]))")
    times = [
        opened.evaluate(
            """async (code) => { const start = performance.now();
            await explorer.change({weapon: [code]});
            document.body.offsetHeight;
            return performance.now() - start; }""",
            code,
        )
        for code in ("rocket", "one_way_drone", "rocket", "one_way_drone", "rocket")
    ]
    size, shown = built.stat().st_size / 1e6, ", ".join(f"{ms:.0f}" for ms in times)
    print(f"\n{size:.2f} MB, usable {marks['usable']:.0f} ms, drawn {marks['drawn']:.0f} ms, filters {shown} ms")
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
def test_hostile_text_stays_text(browser: Any, tmp_path: Path, clean: dict[str, pd.DataFrame]) -> None:
    attack = "</script><img src=x onerror=document.title='broken'>\u2028<b>=1+1"
    incidents, reports, sources = (clean[name].copy() for name in ("incidents", "reports", "sources"))
    first = incidents.sort_values(["date", "incident_id"])["incident_id"].iloc[0]
    mine = reports["incident_id"] == first
    sources.loc[sources["source_id"].isin(reports.loc[mine, "source_id"]), ["title", "outlet"]] = attack
    bad = ["javascript:document.title='broken'", "data:text/html,<script>1</script>", "file:///etc/passwd", "//x.org/a"]
    sources["url"] = [bad[n % len(bad)] for n in range(len(sources))]
    reports["note"] = attack
    incidents["site_name"] = "=HYPERLINK(1)" + attack
    incidents["attributed_to"] = attack
    for name, frame in {**clean, "incidents": incidents, "reports": reports, "sources": sources}.items():
        tables.write(frame, name, tmp_path / "clean")
    tables.write(tables.read("sites", CLEAN), "sites", tmp_path / "clean")
    made = page.build(str(tmp_path / "clean"), tmp_path / "explorer.html", Parameters())
    opened = visit(browser, made, f"incident-{first}")
    assert opened.title().startswith("Explorer")
    assert attack.split("\u2028")[0] in opened.locator(".details .reports").inner_text()
    assert opened.locator(".details .reports a, .details img, .details b").count() == 0
    assert opened.evaluate("explorer.csv()").count(",'=HYPERLINK") == len(incidents)
    opened.hover("#chart-timeline .mark-rect.role-mark path >> nth=3", force=True)
    opened.wait_for_timeout(100)
    assert opened.locator("img").count() == 0
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("rows", [None, 0])
def test_a_view_of_nothing_still_opens(browser: Any, tmp_path: Path, clean: dict[str, pd.DataFrame], rows: int) -> None:
    kept = ("sources", "sites")
    for name in ("incidents", "reports", "sources", "sites", "official_counts"):
        frame = tables.read(name, CLEAN)
        tables.write(frame if name in kept else frame.iloc[:rows], name, tmp_path / "clean")
    nothing = Parameters(window_start="2025-01-01", window_end="2025-01-31")
    opened = visit(browser, page.build(str(tmp_path / "clean"), tmp_path / "explorer.html", nothing))
    assert opened.inner_text("#count") == "0"
    assert opened.is_disabled("#download")
    opened.click("#all")
    assert opened.inner_text("#count") == str(len(clean["incidents"].iloc[:rows]))
    assert opened.noise == []
    opened.close()


def test_the_same_input_gives_the_same_bytes(built: Path) -> None:
    assert built.read_text(encoding="utf-8") == page.html(CLEAN, Parameters())
    assert built.stat().st_size < 3_000_000
    assert json.dumps(charts.specifications()) == json.dumps(charts.specifications())


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="incidents"):
        page.build(str(tmp_path), tmp_path / "explorer.html", Parameters())
    assert not (tmp_path / "explorer.html").exists()


def test_it_is_built_within_seconds(tmp_path: Path) -> None:
    start = time.perf_counter()
    page.build(CLEAN, tmp_path / "e.html", Parameters())
    print(f"\nexplorer built in {time.perf_counter() - start:.1f} s")
