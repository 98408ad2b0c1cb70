"""The figures' style, and the figures of escalation as files: same bytes, words that hold the numbers, edge cases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from test_escalation import EDGES, table

from helpers import tables
from helpers.analysis.escalation import EscalationResult, analyse_escalation
from helpers.figures import escalation, ladder, map, style
from helpers.figures.labels import around, end_labels, spread
from helpers.figures.style import NARROW, WIDE
from helpers.figures.text import clean_text, extent, wrap
from helpers.figures.words import joined, many, people, signed, times
from helpers.parameters import Parameters
from helpers.vocabulary import weapons

mpl.use("Agg")
QUICK = Parameters(resamples=99)
DRAWN = (ladder.ladder, escalation.weekly, escalation.readings, map.sites)


@pytest.fixture(scope="module")
def real() -> EscalationResult:
    return analyse_escalation(
        tables.read("incidents"), QUICK, reports=tables.read("reports"), forces=tables.read("forces")
    )


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
    with mpl.rc_context(style.use(WIDE)):
        figure = plt.figure()
        wide = extent(figure, "$x^2$ قاعدة عين الأسد Айн")[0]
        assert wide > extent(figure, "x2")[0]
        assert "\u202e" not in clean_text("\u202eabc")
        assert wrap(figure, "one two", 0.01) == "one\ntwo"
        plt.close(figure)


def _month_ticks(**dates: str) -> tuple[list[str], int]:
    with mpl.rc_context(style.use(WIDE)):
        figure, axes = plt.subplots()
        style.time_axis(axes, Parameters(**dates))
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
        style.pause_band(axes, QUICK)
        assert [text.get_text() for text in axes.texts] == ["Gaza ceasefire"]
        style.pause_band(axes, Parameters(pause_start="2022-01-01", pause_end="2022-01-08"))
        assert len(axes.patches) == 1
        inside = Parameters(window_start="2023-11-25", window_end="2023-11-27")
        style.pause_band(axes, inside, "")
        box = axes.patches[-1].get_window_extent().transformed(axes.transData.inverted())
        assert box.width == pytest.approx(3)  # the last day is in the pause as a whole
        plt.close(figure)
    assert style.pause_name(Parameters(pause_start="2023-12-24", pause_end="2023-12-31")) == "pause"


def test_what_is_called_ceasefire_is_the_ceasefire(real: EscalationResult, tmp_path: Path) -> None:
    other = Parameters(pause_start="2024-01-01", pause_end="2024-01-08", resamples=99)
    result = analyse_escalation(tables.read("incidents"), other)
    with mpl.rc_context(style.use(NARROW)):
        for draw in (ladder.draw_ladder, escalation.draw_weekly):
            figure = draw(result, other, NARROW)
            words = " ".join(text.get_text() for text in figure.findobj(mpl.text.Text))
            assert "ceasefire" not in words.lower(), draw.__name__
            assert "pause" in words, draw.__name__
            plt.close(figure)


def test_words_of_one_incident_are_of_one() -> None:
    rows = EDGES["one"]
    result = analyse_escalation(table(rows), QUICK)
    assert "too few to test" in ladder.ladder_title(result, QUICK)
    assert "in the one week with incidents" in escalation.weekly_title(result)
    assert map.map_title(result).startswith("The one incident on record")
    assert map.sites_title(result).startswith("One place was attacked once")


def test_text_is_large_enough_to_read(real: EscalationResult) -> None:
    for layout, least in ((WIDE, 7.0 * WIDE.width * 25.4 / 165), (NARROW, 7.0)):
        with mpl.rc_context(style.use(layout)):
            for draw in (ladder.draw_ladder, map.draw_map, map.draw_sites):
                figure = draw(real, QUICK, layout)
                sizes = [text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text().strip()]
                assert min(sizes) >= least - 0.1, (draw.__name__, layout.name)
                plt.close(figure)


def test_words_in_a_colour_can_be_read() -> None:
    def contrast(colour: str) -> float:
        channels = mpl.colors.to_rgb(colour)
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)

    for weapon in weapons().values():
        assert contrast(style.readable(weapon.colour)) >= 4.5


def test_save_writes_the_same_bytes_and_refuses_blank_words(tmp_path: Path) -> None:
    def draw(layout: style.Layout) -> Figure:
        figure, axes = plt.subplots(figsize=(layout.width, 2))
        axes.plot([1, 2], [1, 3])
        style.headline(figure, "Title", "", "Source", layout)
        return figure

    words = {"title": "Title", "alt": "A line from 1 to 3", "source": "Source"}
    data = pd.DataFrame({"x": ["=1+1", "b"]})
    for folder in ("one", "two"):
        style.save(draw, "line", **words, data=data, folder=tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["line-narrow.svg", "line.csv", "line.json", "line.png", "line.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "'=1+1" in (tmp_path / "one" / "line.csv").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="alt"):
        style.save(draw, "line", **{**words, "alt": " "}, data=data, folder=tmp_path)


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
        boxes = around(axes, points, [f"place number {n}" for n in range(5)], [4.0] * 5)
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[number + 1 :])
            assert axes.get_window_extent().x1 + 1 > box.x1
        end_labels(axes, [(1.0, "one", "#000000"), (1.01, "two", "#000000"), (np.nan, "none", "#000000")])
        plt.close(figure)


# --- words ------------------------------------------------------------------------------------------------------------


def test_words() -> None:
    assert [many(n, "week") for n in (0, 1, 2, 13)] == ["no weeks", "one week", "two weeks", "13 weeks"]
    assert [times(n) for n in (1, 2, 3)] == ["once", "twice", "three times"]
    assert joined([]) == ""
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert people(3, 47) == "3 killed, 47 injured"
    assert people(None, 0) == ""
    assert signed(-0.001) == "0.00"
    assert signed(-0.25) == "−0.25"


# --- the figures of escalation ----------------------------------------------------------------------------------------


def test_figures_are_written_whole_and_alike(real: EscalationResult, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        escalation.weekly(real, QUICK, tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_alt_texts_hold_the_numbers(real: EscalationResult) -> None:
    n = len(real.incidents)
    assert str(n) in ladder.ladder_alt(real, QUICK)
    assert f"{real.by_period['rocket'].sum()} rockets" in escalation.weekly_alt(real, QUICK)
    assert real.plain.trend.tau is not None
    assert f"{real.plain.trend.tau:.2f}" in escalation.readings_alt(real)
    for row in real.sites.to_dict("records"):
        assert f"{row['incidents']}" in map.sites_alt(real)


def test_the_title_of_the_ladder_follows_the_data() -> None:
    early = [{**row, "top_weapon": "one_way_drone", "weapons": "one_way_drone"} for row in EDGES["one day"]]
    days = pd.date_range("2023-10-18", "2024-02-20", freq="2D")
    codes = ["one_way_drone", "rocket", "ballistic_missile", "cruise_missile"]

    def title(rungs: list[str]) -> str:
        rows = [
            {**early[0], "incident_id": f"i-{n:03}", "date": day, "top_weapon": code, "weapons": code}
            for n, (day, code) in enumerate(zip(days, rungs, strict=True))
        ]
        return ladder.ladder_title(analyse_escalation(table(rows), QUICK), QUICK)

    n = len(days)
    assert title([codes[4 * i // n] for i in range(n)]).endswith("climb over time")
    assert title([codes[3 - 4 * i // n] for i in range(n)]).endswith("step down over time")
    plain = [codes[i % 2] for i in range(n)]
    assert title(plain) == (
        "One-way drones and rockets throughout, ballistic or cruise missiles never: no climb is shown"
    )
    assert "ballistic missiles twice" in title([*plain[:20], codes[2], *plain[21:40], codes[2], *plain[41:]])
    assert "cruise missiles once" in title([*plain[:20], codes[3], *plain[21:]])


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The words of each figure drawn in the test; drawn once, narrow and coarse, and not written."""
    words: dict[str, dict[str, str]] = {}

    def sketch(draw: Callable[[style.Layout], Figure], name: str, **given: str) -> Figure:
        with mpl.rc_context({**style.use(NARROW), "figure.dpi": 40}):
            figure = draw(NARROW)
            figure.canvas.draw()
            words[name] = given | {"picture": hashlib.sha256(figure.canvas.buffer_rgba()).hexdigest()}
            plt.close(figure)
        return figure

    monkeypatch.setattr(style, "save", sketch)
    return words


@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_edge_cases_are_drawn_with_true_words(
    rows: list[dict[str, object]], sketched: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    result = analyse_escalation(table(rows), QUICK)
    for draw in DRAWN:
        draw(result, QUICK, tmp_path)
    assert len(sketched) == len(DRAWN)
    for name, words in sketched.items():
        for text in (words["title"], words["alt"], words["source"]):
            assert text.strip()
            assert not re.search(r"\bnan\b|None|undefined|\{|NaT", text), (name, text)
            assert not re.search(r"\b0 of 0\b|\b(?:1|[Oo]ne) (?:incidents|weeks|sites|places)\b|one of one", text), text
            assert len(re.findall(r"[.;:] *[.;:]", text)) == 0, (name, text)
        if not rows:
            assert "No incident" in words["title"] or "too little" in words["title"]


def test_a_filter_changes_every_figure(
    real: EscalationResult, sketched: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    other = Parameters(countries=("SY",), confirmed_by="local_official", resamples=99)
    result = analyse_escalation(tables.read("incidents"), other, reports=tables.read("reports"))
    for draw in (*DRAWN, map.site_map):
        draw(real, QUICK, tmp_path)
    every = {name: dict(words) for name, words in sketched.items()}
    for draw in (*DRAWN, map.site_map):
        draw(result, other, tmp_path)
    for name, words in sketched.items():
        assert words["picture"] != every[name]["picture"], name
        assert words["source"] != every[name]["source"], name
        assert words["view"] == {
            "from": "2023-10-17",
            "to": "2024-02-29",
            "country": "SY",
            "confirmation": "us_official,local_official",
        }
