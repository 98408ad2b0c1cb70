"""The figures' style, and the figures of escalation as files: same bytes, words that hold the numbers, edge cases."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from test_escalation import EDGES, table, whole

from helpers.analysis.weapons_facts import Escalation, facts
from helpers.facts import SHOWN, Facts
from helpers.figures import places, story, style, timeline
from helpers.figures import weapons as weapons_figure
from helpers.figures.labels import around, end_labels, spread
from helpers.figures.style import NARROW, WIDE
from helpers.figures.text import clean_text, extent, wrap
from helpers.figures.wording import WordsError, block_words
from helpers.parameters import Parameters
from helpers.vocabulary import weapons

mpl.use("Agg")
QUICK = Parameters(resamples=99)


@pytest.fixture(scope="module")
def real() -> Escalation:
    return whole()


def save_all(found: Escalation, p: Parameters, folder: Path) -> None:
    """Write the figures of notebook 03."""
    known = facts(found)
    weapons_figure.save(found.weapons, known, folder)
    places.save_bases(found.places, p, known, folder)
    places.save_map(found.places, p, known, folder)


# --- style ------------------------------------------------------------------------------------------------------------


def test_headline_wraps_and_the_axes_keep_their_height() -> None:
    with mpl.rc_context(style.use(NARROW)):
        figure, axes = plt.subplots(figsize=(NARROW.width, 2))
        figure.draw_without_rendering()
        before = axes.get_window_extent().height
        style.headline(figure, "A finding that is far too long for one line of a phone " * 2, "sub", "source", NARROW)
        figure.draw_without_rendering()
        title = figure.texts[0]
        assert "\n" in title.get_text()
        assert title.get_window_extent().x1 <= figure.bbox.x1
        assert axes.get_window_extent().height == pytest.approx(before, abs=2)
        assert axes.get_window_extent().y1 < figure.texts[1].get_window_extent().y0
        plt.close(figure)


@given(st.text(max_size=60))
def test_any_text_can_be_cleaned_twice_to_the_same(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


def test_text_from_sources_is_never_markup_and_other_scripts_are_drawn() -> None:
    assert extent("$x^2$ قاعدة عين الأسد Айн", 9)[0] > extent("x2", 9)[0]
    assert "\u202e" not in clean_text("\u202eabc")
    assert wrap("one two", 0.01, 9) == "one\ntwo"


def test_a_text_takes_the_room_that_it_is_given() -> None:
    with mpl.rc_context(style.use(WIDE)):
        figure = plt.figure()
        text = "Attacks on record\nin Syria, Iraq and Jordan"
        box = figure.text(0, 0, text).get_window_extent()
        width, height = extent(text, WIDE.font)
        assert box.width <= width * 72 <= box.width * 1.03
        assert height * 72 == pytest.approx(box.height, rel=0.02)
        plt.close(figure)


def _month_ticks(**dates: str) -> tuple[list[str], int]:
    with mpl.rc_context(style.use(WIDE)):
        figure, axes = plt.subplots()
        timeline.time_axis(axes, Parameters(**dates))
        names = [label.get_text() for label in [*axes.get_xticklabels(), *axes.get_xticklabels(minor=True)]]
        plt.close(figure)
    return [name for name in names if name], len(axes.get_xticks())


def test_time_axis_names_each_month_once() -> None:
    names, ticks = _month_ticks()
    assert names == ["Oct\n2023", "Nov", "Dec", "Jan\n2024", "Feb"]
    assert ticks == 5


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2023-10-17", "2023-10-17", ["17 Oct"]),
        ("2023-10-17", "2023-11-05", ["17 Oct", "24 Oct", "31 Oct"]),
        ("2021-01-01", "2023-12-31", None),
        ("2001-01-01", "2023-12-31", None),
    ],
)
def test_time_axis_suits_every_window(start: str, end: str, expected: list[str] | None) -> None:
    names, _ = _month_ticks(window_start=start, window_end=end)
    assert 1 <= len(names) <= 15
    assert expected is None or names == expected


def test_pause_band_lies_within_the_window_and_is_named_for_what_it_is() -> None:
    with mpl.rc_context(style.use(WIDE)):
        figure, axes = plt.subplots()
        timeline.pause_band(axes, QUICK)
        assert [text.get_text() for text in axes.texts] == ["Gaza ceasefire"]
        timeline.pause_band(axes, Parameters(pause_start="2022-01-01", pause_end="2022-01-08"))
        assert len(axes.patches) == 1
        inside = Parameters(window_start="2023-11-25", window_end="2023-11-27")
        timeline.pause_band(axes, inside, "")
        box = axes.patches[-1].get_window_extent().transformed(axes.transData.inverted())
        assert box.width == pytest.approx(3)  # the last day is in the pause as a whole
        plt.close(figure)
    assert timeline.pause_name(Parameters(pause_start="2023-12-24", pause_end="2023-12-31")) == "pause"


def test_what_is_called_ceasefire_is_the_ceasefire() -> None:
    other = Parameters(pause_start="2024-01-01", pause_end="2024-01-08", resamples=99)
    found = whole(p=other).weapons
    with mpl.rc_context(style.use(WIDE)):
        figure = weapons_figure.draw(weapons_figure.weekly(found), found, WIDE)
        words = " ".join(text.get_text() for text in figure.findobj(mpl.text.Text))
        assert "ceasefire" not in words.lower()
        assert "pause" in words
        plt.close(figure)


def test_text_is_large_enough_to_read(real: Escalation) -> None:
    data = places.cumulated(real.places, QUICK)
    for layout, least in ((WIDE, 7.0 * WIDE.width * 25.4 / 165), (NARROW, 7.0)):
        with mpl.rc_context(style.use(layout)):
            for figure in (
                weapons_figure.draw(weapons_figure.weekly(real.weapons), real.weapons, layout),
                places.draw_bases(data, QUICK, layout),
                places.draw_map(real.places.sites, QUICK, layout),
            ):
                sizes = [text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text().strip()]
                assert min(sizes) >= least - 0.1, layout.name
                plt.close(figure)


def test_words_in_a_colour_can_be_read() -> None:
    def contrast(colour: str) -> float:
        channels = mpl.colors.to_rgb(colour)
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)

    for weapon in weapons().values():
        assert contrast(style.readable(weapon.colour)) >= 4.5


def test_save_writes_the_same_bytes_and_refuses_blank_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(layout: style.Layout) -> Figure:
        figure, axes = plt.subplots(figsize=(layout.width, 2))
        axes.plot([1, 2], [1, 3])
        return figure

    file = tmp_path / "figures.md"
    file.write_text(
        "## line\n\ntitle: {{ count(F['a.b'], 'step') }} <up>\nalt: A line.\nsource: Nobody.\nview: country=IQ\n"
        "## blank\n\ntitle: One\nalt:\nsource: Nobody.\n## wrong\n\ntitle: {{ F['a.c'] }}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(style, "block_words", lambda *given: block_words(*given, file=str(file)))
    known, data = Facts(), pd.DataFrame({"x": ["=1+1", "b"]})
    known.add("a.b", 2, unit="count")
    for folder in ("one", "two"):
        style.save("line", draw, data, QUICK, known, tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["line-narrow.svg", "line.csv", "line.json", "line.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "'=1+1" in (tmp_path / "one/line.csv").read_text(encoding="utf-8")
    beside = json.loads((tmp_path / "one/line.json").read_text(encoding="utf-8"))
    assert (beside["title"], beside["view"]) == ("two steps <up>", style.view(QUICK) | {"country": "IQ"})
    for name, said in (("blank", "alt must not be blank"), ("wrong", "line 14: no fact is named 'a.c'; the nearest"),
                       ("lin", "no block 'lin'; the nearest is 'line'")):  # fmt: skip
        with pytest.raises(WordsError, match=said):
            style.save(name, draw, data, QUICK, known, tmp_path)
    monkeypatch.setenv("BRIEF_FACTS_ONLY", "1")
    assert style.save("line", draw, data, QUICK, known, tmp_path / "three") is None
    assert not (tmp_path / "three").exists()


def test_the_first_pages_figure_shows_what_its_text_says(real: Escalation) -> None:
    incidents, p = real.weapons.prepared, Parameters()
    table = story.weekly(incidents, p)
    assert table.to_numpy().sum() == len(incidents)
    assert table["Missiles of a kind not said"].sum() == facts(real)["weapons.unspecified"].value
    known = Facts()
    known.add("pause.coded.fall", SHOWN, unit="finding")
    known.add("pause.coded.days", 7, unit="days")
    known.add("pause.coded.expected", 15.0, unit="attacks")
    assert story.expected(known, p) is known["pause.coded.expected"]
    assert story.expected(known, Parameters(pause_end="2023-12-03")) is None
    known.add("events.suspended", "2024-01-30", unit="date")
    assert (pd.Timestamp("2024-01-30"), "a group suspends") in story.events(known, incidents, WIDE)
    known.add("events.suspended.group", "Kataib Hezbollah", unit="text")
    assert (pd.Timestamp("2024-01-30"), "Kataib Hezbollah suspends") in story.events(known, incidents, WIDE)


# --- labels -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-100, 100), max_size=12), st.floats(0.1, 20))
def test_spread_labels_keep_their_gap_and_order(positions: list[float], gap: float) -> None:
    moved = spread(positions, gap)
    order = np.argsort(positions, kind="stable")
    assert all(np.diff(np.array(moved)[order]) >= gap - 1e-6)
    if all(np.diff(np.sort(positions)) >= gap):
        assert moved == pytest.approx(positions)


def test_spread_shrinks_gaps_where_room_is_short() -> None:
    assert spread([5, 5, 5], 10, 0, 10) == pytest.approx([0, 5, 10])
    assert spread([9, 9], 2, 0, 10) == pytest.approx([8, 10])


def test_labels_around_points_do_not_overlap() -> None:
    with mpl.rc_context(style.use(WIDE)):
        figure, axes = plt.subplots(figsize=(7, 5))
        axes.set(xlim=(0, 10), ylim=(0, 10))
        points = [(5, 5), (5.1, 5.1), (5.2, 4.9), (9.8, 9.8), (0.1, 0.1)]
        boxes = around(axes, points, [f"place number {n}" for n in range(5)], [4.0] * 5, size=9)
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[number + 1 :])
            assert axes.get_window_extent().x1 + 1 > box.x1
        end_labels(axes, [(1.0, "one", "#000000"), (1.01, "two", "#000000"), (np.nan, "none", "#000000")])
        plt.close(figure)


# --- the figures of weapons and places --------------------------------------------------------------------------------


@pytest.mark.soak
def test_figures_are_written_whole_and_alike(real: Escalation, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        save_all(real, QUICK, tmp_path / folder)
    written = sorted((tmp_path / "one").iterdir())
    assert {path.stem.removesuffix("-narrow") for path in written} == {"weapons", "bases", "map"}
    for path in written:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def words_of(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(rows, id=name, marks=[] if name in ("no incident", "one", "no weapon") else [pytest.mark.soak])
        for name, rows in EDGES.items()
    ],
)
def test_edge_cases_are_drawn_with_true_words(rows: list[dict[str, object]], tmp_path: Path) -> None:
    save_all(whole(table(rows)), QUICK, tmp_path)
    for name, words in words_of(tmp_path).items():
        for text in (words["title"], words["alt"], words["source"]):
            assert text.strip()
            assert not re.search(r"\bnan\b|None|undefined|\{|NaT", text), (name, text)
            assert not re.search(r"\b0 of 0\b|\b(?:1|[Oo]ne) (?:attacks|weeks|sites|places)\b|one of one", text), text
            assert len(re.findall(r"[.;:] *[.;:]", text)) == 0, (name, text)
        if not rows:
            assert words["title"].startswith("No attack")


@pytest.mark.soak
def test_a_filter_changes_every_figure(real: Escalation, tmp_path: Path) -> None:
    other = Parameters(countries=("SY",), confirmed_by="local_official", resamples=99)
    save_all(real, QUICK, tmp_path / "every")
    save_all(whole(p=other), other, tmp_path / "some")
    every = words_of(tmp_path / "every")
    for name, words in words_of(tmp_path / "some").items():
        drawn = [(tmp_path / folder / f"{name}.svg").read_bytes() for folder in ("every", "some")]
        assert drawn[0] != drawn[1], name
        assert words["source"] != every[name]["source"], name
        view = {"from": "2023-10-17", "country": "SY", "confirmation": "us_official,local_official"}
        assert words["view"].items() >= view.items()
        assert (words["view"]["to"] == "2024-02-29") == (name != "bases"), name
