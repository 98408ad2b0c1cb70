"""The map: real borders, sites in their countries, nothing lost, labels clear of each other."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import ROOT
from matplotlib.path import Path as Outline
from test_escalation import EDGES, incident, table

from helpers import tables
from helpers.analysis.escalation import analyse_escalation
from helpers.figures import borders, map, style
from helpers.figures.words import many
from helpers.parameters import Parameters

mpl.use("Agg")
QUICK = Parameters(resamples=99)


def test_borders_are_valid_geojson_of_the_region() -> None:
    content = json.loads((ROOT / "data/reference/borders.geojson").read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    names = {feature["properties"]["name"] for feature in content["features"]}
    assert {"Iraq", "Syria", "Jordan", "Turkey", "Iran", "Saudi Arabia", "Israel", "Lebanon", "Kuwait"} <= names
    for land in borders.lands("data/reference"):
        for ring in land.rings:
            assert ring[0].tolist() == ring[-1].tolist()
            assert (ring[:, 0].min(), ring[:, 0].max()) >= (33.0, 33.0)
            assert ring[:, 1].max() <= 40.5


def test_sites_lie_in_their_countries() -> None:
    rings = {land.code: land.rings for land in borders.lands("data/reference")}
    sites = tables.read("sites")
    for row in sites[sites["lat"].notna() & (sites["precision"] < 3)].to_dict("records"):
        # At 1:50m a border site may fall a few kilometres over the line.
        around = [
            (row["lon"] + x, row["lat"] + y) for x in np.linspace(-0.08, 0.08, 5) for y in np.linspace(-0.08, 0.08, 5)
        ]
        inside = [Outline(ring).contains_points(around).any() for ring in rings[map.NUMERIC[row["country"]]]]
        assert any(inside), row["site_id"]


def test_frame_holds_every_site_and_is_never_a_point() -> None:
    one = analyse_escalation(table([incident(1, "2023-10-18")]), QUICK)
    west, south, east, north = map.frame(one.sites)
    assert west < 42.44 < east
    assert south < 33.79 < north
    assert east - west >= 5
    assert map.frame(one.sites.iloc[:0]) == map.REGION


def test_incidents_without_a_point_are_counted_not_drawn(tmp_path: Path) -> None:
    nowhere = {
        "site_id": "unspecified-iraq",
        "site_name": "Iraq, site not named",
        "latitude": None,
        "place_precision": 3,
    }
    rows = [incident(1, "2023-10-18"), incident(2, "2023-10-19", **nowhere), incident(3, "2023-10-20", **nowhere)]
    result = analyse_escalation(table(rows), QUICK)
    assert map.not_mapped(result) == 2
    map.site_map(result, QUICK, tmp_path)
    words = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert "Two incidents without a named site are not on the map" in words["source"]
    assert words["alt"].endswith("no site is named: 2.")


def test_the_alt_text_counts_every_site_and_labels_do_not_collide() -> None:
    result = analyse_escalation(tables.read("incidents"), QUICK)
    alt = map.map_alt(result, QUICK)
    placed = result.sites[result.sites["mapped"]]
    told = placed.head(map.LISTED)
    for row in told.to_dict("records"):
        assert f"{row['name'].split(' (')[0].split(' / ')[0]} {row['incidents']}" in alt
    assert many(len(placed) - len(told), "more site") in alt
    for layout in style.LAYOUTS:
        with mpl.rc_context(style.use(layout)):
            figure = map.draw_map(result, QUICK, layout)
            axes = figure.axes[0]
            labels = [text.get_window_extent() for text in axes.texts if ": " in text.get_text()]
            assert len(labels) == len(placed)
            hidden = sum(one.overlaps(other) for n, one in enumerate(labels) for other in labels[n + 1 :])
            assert hidden == 0, layout.name
            names = {text.get_text() for text in axes.texts}
            assert {"IRAQ", "SYRIA", "TURKEY", "IRAN"} <= names
            assert layout.narrow or "JORDAN" in names
            plt.close(figure)


@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_edge_cases_are_mapped(rows: list[dict[str, object]]) -> None:
    result = analyse_escalation(table(rows), QUICK)
    with mpl.rc_context(style.use(style.NARROW)):
        plt.close(map.draw_map(result, QUICK, style.NARROW))
    title = map.map_title(result)
    assert title.startswith("No incident") if not rows else title.startswith(("All", "The one"))


def test_borders_keep_their_course_with_far_fewer_points() -> None:
    angles = np.linspace(0, 2 * np.pi, 2001)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    kept = borders.simpler(ring, 0.01)
    assert len(kept) < 60
    assert kept[0].tolist() == ring[0].tolist()
    assert kept[-1].tolist() == ring[-1].tolist()
    middles = (kept[1:] + kept[:-1]) / 2
    assert np.hypot(*middles.T).min() > 0.99
    assert set(map_tuple(kept)) <= set(map_tuple(ring))


def map_tuple(points: np.ndarray) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in points]
