"""The explorer page, in a real Chromium: it selects as pandas does, from the address, the mouse and the keyboard."""

from __future__ import annotations

import csv
import io
import json
import random
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helpers import tables, vocabulary
from helpers.brief.plain import safe_address
from helpers.explorer import page, payload
from helpers.explorer.payload import HARM, View
from helpers.parameters import Parameters

CLEAN = "data/clean"
READY = "html[data-ready=yes]"


@pytest.fixture(scope="module")
def clean() -> dict[str, pd.DataFrame]:
    names = ("incidents", "reports", "sources", "sites", "conflicts", "official_counts", "other_counts", "responses")
    return {name: tables.read(name, CLEAN) for name in names}


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


def folded(text: str) -> str:
    """Text as the search compares it: without case, accents, underscores and doubled spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.replace("_", " ").lower().split())


def joined(frame: pd.DataFrame) -> pd.Series:
    return frame.fillna("").astype(str).agg(" ".join, axis=1)


@pytest.fixture(scope="module")
def search(clean: dict[str, pd.DataFrame]) -> Callable[[str, bool], pd.Series]:
    """What the search box finds, said once more in pandas: places by name, by alias, by region; or what sources say."""
    incidents, sites = clean["incidents"], clean["sites"].set_index("site_id")
    columns = ["source_id", "outlet", "title", "place_as_reported", "weapon_as_reported", "note"]
    reports = clean["reports"].merge(clean["sources"][["source_id", "outlet", "title"]], on="source_id", how="left")
    lines = joined(reports[columns]).groupby(reports["incident_id"]).agg(" ".join)
    labels = {code: weapon.label for code, weapon in vocabulary.weapons().items()}
    groups = payload.labels(incidents, "data/reference")["group"]
    own = joined(incidents[["incident_id", "site_name", "admin1", "attributed_to"]])
    own += " " + incidents["claimed_by"].map(lambda cell: " ".join(groups[c] for c in (cell or "unsaid").split(";")))
    own += " " + incidents["country"].map(vocabulary.COUNTRIES)
    own += " " + incidents["weapons"].map(lambda cell: " ".join(labels[code] for code in cell.split(";")))
    everything = (own + " " + incidents["incident_id"].map(lines).fillna("")).map(folded)
    here = sites.loc[sorted(incidents["site_id"].unique())]
    ranks = [
        here["name"].map(payload.short_name),
        here["name"] + " | " + here["aliases"].fillna(""),
        here["admin1"].fillna("") + " " + here["country"].map(vocabulary.COUNTRIES),
    ]

    def find(q: str, sources: bool) -> pd.Series:
        words = folded(q).split()
        if sources or not words:
            return everything.map(lambda text: all(word in text for word in words))
        for rank in ranks:
            named = rank[rank.map(folded).map(lambda text: all(word in text for word in words))].index
            if len(named):
                return incidents["site_id"].isin(named)
        return incidents["incident_id"] == " ".join(words)

    return find


def expected(incidents: pd.DataFrame, view: View, found: pd.Series) -> list[str]:
    """The ids that `view` selects, said once more in pandas."""
    fits = found & incidents["date"].between(view["from"], view["to"])
    for column, name in (("country", "country"), ("site_id", "site"), ("confirmation", "confirmation")):
        wanted = view[name]
        if wanted:
            fits &= incidents[column].isin(wanted)
    for column, name in (("weapons", "weapon"), ("claimed_by", "group")):
        wanted = view[name]
        if wanted:
            fits &= incidents[column].map(
                lambda cell, wanted=wanted: bool(set((cell or "unsaid").split(";")) & {*wanted})
            )
    if view["harm"]:
        fits &= payload.people_hurt(incidents).isin(view["harm"])
    ids: list[str] = incidents[fits].sort_values(["date", "incident_id"])["incident_id"].tolist()
    return ids


def random_views(clean: dict[str, pd.DataFrame], number: int) -> list[View]:
    """Views drawn at random, some of them empty: days, every list, and words that sources use."""
    draw = random.Random(20231017)
    incidents = clean["incidents"]
    days = pd.date_range("2023-10-10", "2024-03-05").strftime("%Y-%m-%d").tolist()
    weapons = sorted({code for cell in incidents["weapons"] for code in cell.split(";")})
    words = ["Asad", "tanf drone", "RUDAW", "sohr", "Erbil", "الأسد", "omar", "syria rocket", "zzz", "kataib", "Anbar"]
    groups = sorted({code for cell in incidents["claimed_by"] for code in (cell or "unsaid").split(";")})

    def some(values: list[str], chance: float = 0.4) -> list[str]:
        return draw.sample(values, draw.randint(1, min(3, len(values)))) if draw.random() < chance else []

    views = []
    for _ in range(number):
        start, end = sorted(draw.sample(days, 2))
        whole = draw.random() < 0.4
        views.append(
            {
                "from": days[0] if whole else start,
                "to": days[-1] if whole else end,
                "country": some(["IQ", "SY", "JO"]),
                "site": some(sorted(incidents["site_id"].unique()), 0.2),
                "weapon": some(weapons),
                "confirmation": some(sorted(incidents["confirmation"].unique())),
                "harm": some(list(HARM), 0.3),
                "group": some(groups, 0.2),
                "q": draw.choice(words) if draw.random() < 0.5 else "",
                "sources": draw.choice(["", "yes"]),
            }
        )
    return views


@pytest.mark.browser
def test_filters_agree_with_pandas(
    opened: Any, clean: dict[str, pd.DataFrame], search: Callable[[str, bool], pd.Series]
) -> None:
    sizes = []
    for view in random_views(clean, 60):
        wanted = expected(clean["incidents"], view, search(str(view["q"]), bool(view["sources"])))
        assert go(opened, payload.address(view)) == wanted, view
        assert opened.inner_text("#count") == str(len(wanted))
        info = opened.inner_text("#rows")
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

    opened.click("[data-reset] >> visible=true")
    assert len(opened.evaluate("explorer.ids()")) == whole
    opened.locator("#chart-timeline").scroll_into_view_if_needed()
    box = opened.locator("#chart-timeline svg").bounding_box()
    opened.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    opened.mouse.up()
    view = opened.evaluate("explorer.view()")
    assert "2023-11-15" < view["from"] < "2023-12-10" < view["to"] < "2024-01-20"
    assert opened.input_value("#from") == view["from"]
    assert opened.input_value("#to") == view["to"]

    opened.click("[data-reset] >> visible=true")
    opened.click("#chart-map [data-site=tower-22]")
    assert opened.evaluate("explorer.view().site") == ["tower-22"]
    assert opened.inner_text("#killed").startswith("3 killed")
    opened.click("[data-reset] >> visible=true")


@pytest.mark.browser
def test_squares_stay_in_their_place(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    """A filter greys squares and moves none; a press on one opens its attack."""
    shapes = "[...document.querySelectorAll('#chart-timeline .squares')].map((p) => p.getAttribute('d')).join('')"
    go(opened, "")
    before = sorted(opened.evaluate(shapes).split("M"))
    go(opened, "weapon=rocket&country=SY")
    assert sorted(opened.evaluate(shapes).split("M")) == before
    assert len(before) - 1 == len(clean["incidents"])
    go(opened, "")
    day = clean["incidents"]["date"].value_counts().idxmax()
    opened.locator("#chart-timeline").scroll_into_view_if_needed()
    box = opened.locator("#chart-timeline svg").bounding_box()
    column = (box["width"] - 42) / 136
    x = box["x"] + 34 + column * ((day - pd.Timestamp("2023-10-17")).days + 0.5)
    opened.mouse.move(x, box["y"] + 193)
    assert opened.inner_text("#tip").startswith(f"{day.day} {day:%B %Y}, ")
    opened.mouse.click(x, box["y"] + 193)
    first = opened.locator(".details").first
    assert first.locator(".reports li").count() > 0
    opened.evaluate("location.hash = ''")


@pytest.mark.browser
def test_a_square_of_two_weapons_says_what_its_colour_is(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    """Picked by its rocket, an attack stands in the colour of its ballistic missile, and its tip says why."""
    both = clean["incidents"]["weapons"].eq("rocket;ballistic_missile")
    assert both.sum() == 1
    go(opened, "weapon=rocket")
    opened.locator("#chart-timeline").scroll_into_view_if_needed()
    opened.hover("#chart-timeline .squares[data-name=weapon-ballistic_missile]")
    said = opened.inner_text("#tip")
    assert said.startswith(f"{clean['incidents'][both]['date'].iloc[0]:%-d %B %Y}, ")
    assert ": rocket, ballistic missile (coloured by the heaviest). " in said


@pytest.mark.browser
def test_people_hurt_stand_at_their_height(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    """Killed and injured are drawn on one scale: the areas of a series are as its sums."""
    go(opened, "")
    heights = opened.evaluate(
        """Object.fromEntries([...document.querySelectorAll('#chart-harm path[data-name]')].map((path) =>
        [path.dataset.name, [...path.getAttribute('d').matchAll(/M[\\d.]+ ([\\d.]+)h[\\d.]+V([\\d.]+)/g)]
        .reduce((sum, found) => sum + Number(found[2]) - Number(found[1]), 0)]))"""
    )
    sums = clean["incidents"][["us_killed", "us_injured_best", "partner_killed", "partner_injured"]].sum()
    unit = heights["us-injured"] / sums["us_injured_best"]
    for name, column in (("us-killed", "us_killed"), ("partner-killed", "partner_killed")):
        assert heights[name] / unit == pytest.approx(sums[column], rel=0.1)


@pytest.mark.browser
def test_what_cannot_be_is_told(opened: Any) -> None:
    go(opened, "from=2024-02-10&to=2024-01-10")
    assert opened.evaluate("explorer.ids()") == []
    assert "10 February 2024, is later than the last, 10 January 2024" in opened.inner_text("#notices")
    assert (opened.inner_text("#sentence"), opened.inner_text("#official-number")) == ("", "–")
    opened.click("#notices button")
    assert (opened.input_value("#from"), opened.input_value("#to")) == ("2024-01-10", "2024-02-10")
    assert opened.inner_text("#notices") == ""

    go(opened, "from=2023-10-01")
    assert "were not coded" in opened.inner_text("#notices")
    opened.click("#notices button")
    assert opened.input_value("#from") == "2023-10-17"

    go(opened, "weapon=banana&colour=red&to=tomorrow")
    for word in ("“banana”", "“colour”", "“tomorrow”", "No attack fits all the filters"):
        assert word in opened.inner_text("#notices")
    opened.click("#notices button >> text=All: weapon")
    assert opened.inner_text("#count") != "0"

    go(opened, "q=drone")
    assert opened.inner_text("#count") == "0"
    opened.click("#notices button >> text=Look in what sources say")
    assert int(opened.inner_text("#count")) > 100
    assert "apart" in opened.get_attribute("#official", "class")
    go(opened, "incident-never")
    assert "“never”" in opened.inner_text("#notices")


@pytest.mark.browser
@pytest.mark.parametrize(
    "address", ["q=100%", "%", "q=%E0%A4%A", "incident-%", "from=&to=&country=,,", "results-title"]
)
def test_any_address_gives_a_page(browser: Any, built: Path, address: str) -> None:
    opened = visit(browser, built, address)
    assert opened.inner_text("#count").isdigit()
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("words", "site"),
    [("Erbil", "erbil-airport"), ("asad", "al-asad"), ("embassy", "baghdad-embassy"), ("Tower 22", "tower-22"),
     ("omar", "green-village")],
)  # fmt: skip
def test_a_search_finds_places_first(opened: Any, words: str, site: str, clean: dict[str, pd.DataFrame]) -> None:
    assert len(go(opened, f"q={words}")) == clean["incidents"]["site_id"].eq(site).sum()
    assert "(" in opened.inner_text("#q-found")


@pytest.mark.browser
def test_the_worst_come_first_and_the_unknown_last(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    go(opened, "")
    opened.click("#incidents thead button >> text=People hurt")
    cells = opened.locator("#incidents tbody td.middle").all_inner_texts()
    assert cells[0].startswith(("6 killed", "3 killed"))
    assert "not said" not in cells
    opened.click("#incidents thead button >> text=People hurt")
    cells = opened.locator("#incidents tbody td.middle").all_inner_texts()
    assert cells[0].startswith("no one hurt")
    opened.click("#incidents thead button >> text=Day")


@pytest.mark.browser
def test_the_sentence_can_be_quoted(opened: Any) -> None:
    go(opened, "from=2023-11-24&to=2023-11-30")
    assert opened.inner_text("#sentence").startswith(
        "From 24 to 30 November 2023, public reports tell of one attack on US and coalition forces in Iraq, Syria and"
    )
    go(opened, "weapon=rocket&country=SY&harm=injured,killed")
    assert "with rockets" in opened.inner_text("#sentence")
    assert "Iraq" not in opened.inner_text("#sentence")
    assert ", in which someone was killed or injured" in opened.inner_text("#sentence")
    assert opened.evaluate("explorer.fileName()").endswith("_SY_rocket_injured_killed.csv")
    go(opened, "harm=unsaid,killed")
    assert ", in which someone was killed or no report says whether anyone was hurt" in opened.inner_text("#sentence")
    go(opened, "q=عين الأسد&sources=yes")
    assert opened.evaluate("explorer.fileName()").endswith("2024-02-29_عين-الأسد_in-sources.csv")


@pytest.mark.browser
def test_on_a_phone_filters_open_over_the_results(browser: Any, built: Path) -> None:
    opened = visit(browser, built, width=390)
    assert not opened.is_visible("#q")
    top = opened.evaluate("document.querySelector('.results').getBoundingClientRect().top")
    opened.click("#open-filters")
    assert opened.evaluate("document.querySelector('.results').getBoundingClientRect().top") <= top
    opened.check("#weapon-rocket")
    foot = opened.locator("#show-results")
    assert foot.inner_text() == f"Show {opened.evaluate('explorer.ids().length')} attacks"
    foot.click()
    assert not opened.is_visible("#q")
    assert opened.inner_text("#open-filters") == "Filters (1)"
    labels = opened.locator("#chart-map .place").all_inner_texts()
    assert {"Tower 22", "Rumalyn Landing Zone"} <= set(opened.locator("#chart-map .place").all_text_contents()), labels
    opened.close()


@pytest.mark.browser
def test_the_address_restores_a_view(browser: Any, built: Path, opened: Any) -> None:
    go(opened, "")
    opened.check("#country-SY")
    opened.check("#confirmation-us_official")
    opened.fill("#q", "green")
    opened.fill("#from", "2023-11-01")
    until(opened, "explorer.view().from", "2023-11-01")
    address, ids = opened.evaluate("[location.hash, explorer.ids()]")
    assert ids
    other = visit(browser, built, address.lstrip("#"))
    assert other.evaluate("explorer.ids()") == ids
    assert other.is_checked("#country-SY")
    assert other.input_value("#q") == "green"
    assert other.input_value("#from") == "2023-11-01"
    other.click("[data-reset] >> visible=true")
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
    assert ", English)" in details.locator(".reports").inner_text()
    assert " to more" not in details.locator(".reports").inner_text()
    linked = clean["sources"].set_index("source_id").loc[reports["source_id"], "url"].map(safe_address)
    assert details.locator(".reports a").count() == int((linked != "").sum())
    source = reports["source_id"].iloc[0]
    assert last in go(opened, f"source-{source}")
    opened.close()


@pytest.mark.browser
def test_the_download_equals_the_selection(opened: Any, clean: dict[str, pd.DataFrame]) -> None:
    ids = go(opened, "weapon=rocket&country=SY")
    with opened.expect_download() as caught:
        opened.click("#download")
    assert caught.value.suggested_filename == "attacks_2023-10-17_2024-02-29_SY_rocket.csv"
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
    for step in range(160):
        opened.keyboard.press("Tab")
        name = opened.evaluate("document.activeElement.id || document.activeElement.className")
        reached.setdefault(name, step)
        if name == "q":
            opened.keyboard.type("asad")
            until(opened, "explorer.view().q", "asad")
        if name == "country-IQ":
            opened.keyboard.press("Space")
        if name == "chart-timeline":
            opened.keyboard.press("ArrowRight")
            said = opened.get_attribute("#chart-timeline", "aria-valuetext")
            assert str(said).startswith("18 October 2023: ")
            assert opened.is_visible("#tip")
        if name == "open":
            opened.keyboard.press("Enter")
            break
    controls = {"q", "from", "to", "country-IQ", "weapon-rocket", "site-al-asad", "download", "open"}
    assert controls | {"chart-harm", "chart-counters"} <= set(reached)
    assert opened.evaluate("explorer.view().q") == "asad"
    assert opened.evaluate("explorer.view().country") == ["IQ"]
    assert opened.locator(".details").count() == 1
    assert opened.inner_text("#status").startswith(f"{opened.inner_text('#count')} attack")
    opened.locator("#incidents thead th").nth(5).locator("button").focus()
    opened.keyboard.press("Enter")
    until(opened, "document.querySelectorAll('#incidents thead th')[5].hasAttribute('aria-sort')")
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        *(pytest.param(*each, marks=pytest.mark.soak) for each in ((390, "light"), (1280, "light"), (1280, "dark"))),
    ],
)
def test_axe_finds_nothing(browser: Any, built: Path, clean: dict[str, pd.DataFrame], scheme: str, width: int) -> None:
    from axe_core_python.sync_playwright import Axe

    last = clean["incidents"].sort_values("n_conflicts")["incident_id"].iloc[-1]
    opened = visit(browser, built, f"incident-{last}", width=width, color_scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    opened.wait_for_timeout(150)
    found = Axe().run(opened, options={"resultTypes": ["violations"]})["violations"]
    assert not found, json.dumps([(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in found], indent=1)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("times", [1, 10])
def test_it_is_quick_quiet_and_asks_no_network(
    browser: Any, tmp_path: Path, clean: dict[str, pd.DataFrame], times: int
) -> None:
    for name, frame in clean.items():
        tables.write(many(frame, times) if name in ("incidents", "reports", "conflicts") else frame, name, tmp_path)
    built = page.build(str(tmp_path), tmp_path / "explorer.html", Parameters())
    opened = visit(browser, built)
    marks = opened.evaluate("Object.fromEntries(performance.getEntriesByType('mark').map(m => [m.name, m.startTime]))")
    waits = [
        opened.evaluate(
            """async (code) => { const start = performance.now();
            explorer.change({weapon: [code]});
            document.body.offsetHeight;
            return performance.now() - start; }""",
            code,
        )
        for code in ("rocket", "one_way_drone", "rocket", "one_way_drone", "rocket")
    ]
    size, shown = built.stat().st_size / 1e6, ", ".join(f"{ms:.0f}" for ms in waits)
    elements = opened.evaluate("document.querySelectorAll('*').length")
    assert elements < 1500, "only what is seen is drawn, however many attacks there are"
    print(f"\n{times} times: {size:.2f} MB, usable after {marks['usable']:.0f} ms, a filter takes {shown} ms")
    assert len(opened.evaluate("explorer.ids()")) % times == 0
    assert opened.noise == []
    opened.close()


def many(frame: pd.DataFrame, times: int) -> pd.DataFrame:
    """The rows of `frame` as often as `times`, each time as other incidents and reports."""
    copies = []
    for n in range(times):
        renamed = {name: frame[name] + f"-{n}" for name in ("incident_id", "report_id") if name in frame}
        copies.append(frame.assign(**renamed))
    return pd.concat(copies, ignore_index=True)


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
    made = page.build(str(tmp_path / "clean"), tmp_path / "explorer.html", Parameters())
    opened = visit(browser, made, f"incident-{first}")
    assert opened.title().startswith("Explorer")
    assert attack.split("\u2028")[0] in opened.locator(".details .reports").inner_text()
    assert opened.locator(".details .reports a, .details img, .details b").count() == 0
    assert opened.evaluate("explorer.csv()").count(",'=HYPERLINK") == len(incidents)
    opened.hover("#chart-timeline .squares >> nth=0", force=True)
    opened.hover("#chart-map .site >> nth=0")
    assert opened.locator("img").count() == 0
    assert opened.noise == []
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("rows", [None, 0])
def test_a_view_of_nothing_still_opens(browser: Any, tmp_path: Path, clean: dict[str, pd.DataFrame], rows: int) -> None:
    kept = ("sources", "sites")
    for name, frame in clean.items():
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
    assert built.stat().st_size < 1_000_000


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="incidents"):
        page.build(str(tmp_path), tmp_path / "explorer.html", Parameters())
    assert not (tmp_path / "explorer.html").exists()
