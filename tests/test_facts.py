"""Facts print as a newspaper would, and come back from disk as they went."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.facts import Facts, printed


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234, "incidents", "1,234"),
        (0, "incidents", "0"),
        (0.0831, "ratio", "0.083"),
        (1.0475, "ratio", "1.05"),
        (0.9953, "ratio", "0.995"),
        (1.0, "ratio", "1.0"),
        (12.34, "per day", "12"),
        (0.5, "share", "50%"),
        (0.004, "share", "less than 1%"),
        (0.999, "share", "more than 99%"),
        (1.0, "share", "100%"),
        (0.0, "share", "0%"),
        ("2023-11-24", "date", "24 November 2023"),
        (None, "ratio", "undefined"),
        (True, "text", "yes"),
    ],
)
def test_printed(value: object, unit: str, text: str) -> None:
    assert printed(value, unit) == text  # type: ignore[arg-type]


@given(st.floats(1e-9, 1e9))
def test_significant_figures_keep_the_value(value: float) -> None:
    shown = float(printed(value, "ratio").replace(",", ""))
    assert math.isclose(shown, value, rel_tol=0.05 + 1e-12) or value >= 1


def test_facts_come_back(tmp_path: Path) -> None:
    facts = Facts()
    facts.add("a.count", np.int64(3), unit="incidents", incidents=["i-1", "i-2", "i-3"])
    facts.add("a.when", pd.Timestamp("2023-11-24"), unit="date", rows={"official_counts": [1, 2]})
    facts.add("a.endless", float("inf"), unit="ratio", note="nothing before")
    back = Facts.read(facts.write(tmp_path / "facts.json"))
    assert dict(back) == dict(facts)
    assert back["a.endless"].text == "undefined"


def test_a_name_stands_once(tmp_path: Path) -> None:
    facts = Facts()
    facts.add("a", 1, unit="incidents")
    with pytest.raises(ValueError, match="twice"):
        facts.add("a", 2, unit="incidents")
    path = facts.write(tmp_path / "one.json")
    with pytest.raises(ValueError, match="two files"):
        Facts.read(path, path)
