"""Borders for the map: read from the reference data, and drawn with as few points as the eye needs."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.paths import resolve


@dataclass(frozen=True)
class Land:
    """A country of the map: name, ISO numeric code, and its rings (each an array of longitude and latitude)."""

    name: str
    code: str | None
    rings: tuple[npt.NDArray[np.float64], ...]


def lands(reference_dir: str) -> list[Land]:
    """Return the countries of ``borders.geojson`` (see ``borders.md``)."""
    content = json.loads((resolve(reference_dir) / "borders.geojson").read_text(encoding="utf-8"))
    found = []
    for feature in content["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings = tuple(np.asarray(ring, float) for polygon in polygons for ring in polygon)
        found.append(Land(feature["properties"]["name"], feature.get("id"), rings))
    return found


def simpler(ring: npt.NDArray[np.float64], slack: float) -> npt.NDArray[np.float64]:
    """Return `ring` without the points that lie within `slack` of the line drawn without them.

    Douglas and Peucker 1973, Cartographica 10:112.
    """
    keep = np.zeros(len(ring), bool)
    far = int(np.argmax(np.hypot(*(ring - ring[0]).T)))
    keep[[0, far, -1]] = True
    todo = [(0, far), (far, len(ring) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        between, along = ring[first + 1 : last] - ring[first], ring[last] - ring[first]
        length = float(np.hypot(*along))
        off = np.abs(between[:, 0] * along[1] - between[:, 1] * along[0]) / length if length else np.hypot(*between.T)
        worst = int(np.argmax(off))
        if off[worst] > slack:
            keep[first + 1 + worst] = True
            todo += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return ring[keep]
