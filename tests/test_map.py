"""The map and the panels of bases: real borders, sites in their countries, nothing lost, labels clear of each other."""

from __future__ import annotations

import json
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import ROOT
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from test_escalation import QUICK, incident, table, whole

from helpers import tables
from helpers.analysis.weapons_facts import facts
from helpers.figures import places, style, timeline, weapons
from helpers.figures.wording import block_words
from helpers.vocabulary import countries

mpl.use("Agg")


def test_borders_are_valid_geojson_of_the_region() -> None:
    content = json.loads((ROOT / "data/reference/borders.geojson").read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    region = places.lands("data/reference")
    assert {"Iraq", "Syria", "Jordan", "Turkey", "Iran", "Saudi Arabia", "Israel", "Lebanon", "Kuwait"} <= set(region)
    for _, rings in region.values():
        for ring in rings:
            assert len(ring) >= 4
            assert ring[0].tolist() == ring[-1].tolist()
            assert ring[:, 0].min() >= 33.0
            assert ring[:, 1].max() <= 40.5


def test_sites_lie_in_their_countries() -> None:
    rings = dict(places.lands("data/reference").values())
    sites = tables.read("sites")
    for row in sites[sites["lat"].notna() & (sites["precision"] < 3)].to_dict("records"):
        # At 1:50m a border site may fall a few kilometres over the line.
        near = [
            (row["lon"] + x, row["lat"] + y) for x in np.linspace(-0.08, 0.08, 5) for y in np.linspace(-0.08, 0.08, 5)
        ]
        mine = rings[countries()[row["country"]].iso]
        assert any(Outline(ring).contains_points(near).any() for ring in mine), row["site_id"]


@pytest.mark.parametrize("at", [(33.79, 42.44), (12.58, 43.33), (-41.0, 179.0), (0.0, 0.0)])
def test_any_one_place_has_a_map_round_it(at: tuple[float, float]) -> None:
    there = whole(table([incident(1, "2023-10-18", latitude=at[0], longitude=at[1])])).places.sites
    west, south, east, north = places.frame(there)
    assert west < at[1] < east
    assert south < at[0] < north
    assert places.frame(there.iloc[:0]) != (west, south, east, north)
    with mpl.rc_context(style.use(style.WIDE)):
        plt.close(places.draw_map(there, QUICK, style.WIDE))


def test_the_map_names_every_site_and_labels_do_not_collide() -> None:
    sites = whole().places.sites
    placed = sites[sites["mapped"]]
    for layout in style.LAYOUTS:
        with mpl.rc_context(style.use(layout)):
            figure = places.draw_map(placed, QUICK, layout)
            figure.draw_without_rendering()
            axes = figure.axes[0]
            labels = [Text.get_window_extent(text) for text in axes.texts if ": " in text.get_text()]
            assert len(labels) == len(placed)
            hidden = sum(one.overlaps(other) for n, one in enumerate(labels) for other in labels[n + 1 :])
            assert hidden == 0, layout.name
            assert {"IRAQ", "SYRIA", "TURKEY", "IRAN"} <= {text.get_text() for text in axes.texts}
            plt.close(figure)


def test_the_panels_end_at_the_counts_of_the_sites() -> None:
    found = whole()
    data = places.cumulated(found.places, QUICK)
    ends = data.groupby("site_id")["attacks"].max()
    sites = found.places.named.set_index("site_id")["attacks"]
    assert ends.to_dict() == sites.head(places.SHOWN).to_dict()
    assert data.groupby("site_id")["attacks"].apply(lambda counts: counts.is_monotonic_increasing).all()
    told = data.dropna(subset=["observatory"])
    assert set(told["country"]) == {"SY"}


def test_the_weeks_hold_every_attack() -> None:
    found = whole().weapons
    table = weapons.weekly(found)
    beside = (found.prepared["no_kind"] == "beside").sum()
    assert table.to_numpy().sum() == len(found.prepared) + beside
    assert timeline.weeks(QUICK)[0] <= found.prepared["date"].min()


def drawn(found: Any) -> dict[str, dict[str, str]]:
    """Draw the three figures on a phone's width; return their words."""
    known = facts(found)
    with mpl.rc_context(style.use(style.NARROW)):
        plt.close(weapons.draw(weapons.weekly(found.weapons), found.weapons, style.NARROW))
        plt.close(places.draw_bases(places.cumulated(found.places, QUICK), QUICK, style.NARROW))
        plt.close(places.draw_map(found.places.sites, QUICK, style.NARROW))
    return {name: block_words(name, known, QUICK) for name in ("weapons", "bases", "map")}


def test_attacks_without_a_named_place_are_told_not_drawn() -> None:
    nowhere = {"site_id": "unspecified-iraq", "site_name": "Iraq", "latitude": None, "place_precision": 3}
    rows = [incident(1, "2023-10-18"), incident(2, "2023-10-19", **nowhere), incident(3, "2023-10-20", **nowhere)]
    words = drawn(whole(table(rows)))["map"]
    assert "Two attacks without a named place are not on the map" in words["source"]
    assert "no place is named: 2" in words["alt"]
