"""The drawings: words stay words, and they can stand within a page whose policy allows no style attribute."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.facts import Facts
from helpers.figures import style, wording
from helpers.figures.text import HALO
from helpers.parameters import Parameters


def _draw(layout: style.Layout) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(layout.width, 2))
    axes.plot([0, 1], [0, 1], color="#0072b2")
    axes.text(0.5, 0.5, "Tower 22 <&> “$x$”", gid=HALO)
    return figure


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    words = dict.fromkeys(wording.FIELDS, "") | {"title": "A title", "alt": "A <line>.", "source": "Nobody."}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "block_words", lambda *given: words)
        for name in ("one", "two"):
            style.save(name, _draw, pd.DataFrame({"x": [0, 1]}), Parameters(), Facts(), folder)
    return folder


def test_words_in_a_figure_are_words(folder: Path) -> None:
    root = ElementTree.fromstring((folder / "one.svg").read_text(encoding="utf-8"))
    said = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]
    assert "Tower 22 <&> “$x$”" in said


def test_a_figure_can_stand_in_a_page(folder: Path) -> None:
    drawn = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.svg")}
    assert len(drawn) == 4
    ids: list[str] = []
    for svg in drawn.values():
        assert not any(word in svg for word in ("style=", "<style", "<script"))
        mine = re.findall(r' id="([^"]+)"', svg)
        wanted = re.findall(r'href="#([^"]+)"', svg) + re.findall(r"url\(#([^)]+)\)", svg)
        assert set(wanted) <= set(mine)
        ids += mine
    assert len(ids) == len(set(ids))


def test_words_over_marks_are_set_off(folder: Path) -> None:
    svg = (folder / "one.svg").read_text(encoding="utf-8")
    assert re.search(r'<text[^>]*paint-order="stroke"[^>]*>Tower 22', svg)


def test_the_words_of_a_figure_stand_above_its_axes(folder: Path) -> None:
    svg = (folder / "one.svg").read_text(encoding="utf-8")
    heights = {
        words: float(re.search(r'(?:y="|translate\(\S+ )([\d.]+)', place)[1])  # type: ignore[index]
        for place, words in re.findall(r"<text([^>]*)>([^<]*)<", svg)
    }
    ticks = [height for words, height in heights.items() if re.fullmatch(r"[\d.]+", words)]
    assert heights["A title"] < min(ticks) <= max(ticks) < heights["Nobody."]
