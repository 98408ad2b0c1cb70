"""Lighter SVG: the same picture in fewer bytes."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.figures import style
from helpers.figures.labels import halo
from helpers.figures.svg import lighter, short_path

mpl.use("Agg")
SPOTS = st.tuples(st.floats(-900, 900), st.floats(-900, 900))


def _ends(data: str) -> list[tuple[float, float]]:
    """Return where each command of a path ends: a reader of SVG paths of its own, for absolute and relative ones."""
    size = {"m": 2, "l": 2, "h": 1, "v": 1, "q": 4, "c": 6, "z": 0}
    ends, now, start = [], (0.0, 0.0), (0.0, 0.0)
    for letter, words in re.findall(r"([A-Za-z])([^A-Za-z]*)", data):
        numbers = [float(word) for word in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", words)]
        kind, step = letter.lower(), letter.islower()
        if kind == "z":
            now = start
            continue
        for place in range(0, len(numbers), size[kind]):
            part = numbers[place : place + size[kind]]
            x = part[-2] if kind not in "hv" else part[0] if kind == "h" else 0.0
            y = part[-1] if kind not in "hv" else part[0] if kind == "v" else 0.0
            origin = now if step else (0.0, 0.0)
            now = (origin[0] + x, origin[1] + y)
            start = now if kind == "m" else start
            ends.append(now)
    return ends


@given(st.lists(st.lists(SPOTS, min_size=2, max_size=6), min_size=1, max_size=4))
def test_a_short_path_goes_through_the_same_points_however_long_it_is(lines: list[list[tuple[float, float]]]) -> None:
    data = "".join("M {} {} ".format(*line[0]) + "".join("L {} {} ".format(*spot) for spot in line[1:]) + "z "
                   for line in lines)  # fmt: skip
    reached = _ends(short_path(data))
    wanted = [spot for line in lines for spot in line]
    for spot in reached:
        assert min(abs(spot[0] - x) + abs(spot[1] - y) for x, y in wanted) < 0.0102
    for x, y in wanted:
        assert min(abs(spot[0] - x) + abs(spot[1] - y) for spot in reached) < 0.0102


def test_paths_are_written_short() -> None:
    assert short_path("M 0 10.123456 \nL 5 10.123456 \nL 5 0.5 \nz\nM 1 1 \nQ 2 2 3.0 -1") == (
        "M0 10.12h5v-9.62zm1-9.12q1 1 2-2"
    )
    assert short_path("M 2125 -77 \nL 1600 -77", 0.015625, 1) == "M33.2-1.2h-8.2"


@pytest.fixture(scope="module")
def drawn() -> str:
    with mpl.rc_context(style.use(style.WIDE)):
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.vlines(np.arange(40), 0, 1, color="#112233", linewidth=0.4)
        axes.vlines(np.arange(5), 0, 1, color="#445566", alpha=0.4)
        axes.scatter([1, 2, 3], [1, 2, 3], c=["#aa0000", "#aa0000", "#00aa00"])
        axes.text(1, 2, "words on a line").set_path_effects(halo())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return out.getvalue()


def test_a_lighter_picture_says_the_same_in_far_fewer_bytes(drawn: str) -> None:
    light = lighter(drawn)
    assert light == lighter(drawn)
    assert len(light) < 0.5 * len(drawn)
    root = ElementTree.fromstring(light)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#(\w+)\)", light)) | set(re.findall(r'href="#(\w+)"', light)) == set(ids)
    for colour in set(re.findall(r"#[0-9a-f]{6}", drawn)):
        assert colour in light, colour
    assert max(len(digits) for digits in re.findall(r"\.(\d+)", re.sub(r"opacity:\S+|scale\([^)]*\)", "", light))) <= 4
    # what is transparent is drawn mark by mark, so that overlaps are seen; solid lines are one path
    assert sum(1 for e in root.iter() if "opacity" in e.get("style", "")) == 5
    assert sum(1 for e in root.iter() if "#112233" in e.get("style", "")) == 1
