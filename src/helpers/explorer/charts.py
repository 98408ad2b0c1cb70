"""The explorer's drawn views as Vega-Lite specifications: every incident by day, people hurt, and the map of sites.

Data are named and empty: the page fills them. Colours are the page's CSS variables, so that one specification serves
light and dark. Names are given where Altair would number them, so that the same build gives the same bytes.
"""

from __future__ import annotations

from typing import Any

import altair as alt

Spec = dict[str, Any]

#: The part of the world that the map shows: west, south, east, north, in degrees.
EXTENT = (35.4, 31.9, 46.6, 37.6)


def _ink(name: str) -> str:
    return f"var(--{name})"


def _config(chart: Any) -> Any:
    return (
        chart.configure(background="transparent", font="inherit")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_ink("muted"), titleColor=_ink("muted"), gridColor=_ink("grid"), domainColor=_ink("rule"),
            tickColor=_ink("rule"), labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
        )
    )  # fmt: skip


def _days(title: bool = True) -> alt.X:
    return alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(domain={"expr": "[spanStart, spanEnd]"}, nice=False, padding=0),
        axis=alt.Axis(
            format="%b %Y", tickCount="month", grid=False, labels=title, ticks=title, labelAlign="left", labelOffset=2,
            labelBound=True, labelOverlap=True, labelExpr="timeFormat(datum.value, width < 420 ? '%b' : '%B %Y')",
        ),
    )  # fmt: skip


def _named(data: str, name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(data), name=name)


def _band() -> list[alt.Chart]:
    return [
        _named("band", "band").mark_rect(color=_ink("band")).encode(x=_days(), x2="end:T"),
        _named("band", "bandName")
        .mark_text(color=_ink("band-ink"), align="left", baseline="top", dx=3, dy=3, fontSize=12)
        .encode(x=_days(), y=alt.value(0), text="label:N"),
    ]  # fmt: skip


def _span() -> list[alt.Parameter]:
    return [alt.param(name=name, value=value) for value, name in enumerate(("spanStart", "spanEnd", "top"))]


def timeline() -> Spec:
    """Return the timeline: each incident a square on its day, coloured by its heaviest weapon; a drag picks days.

    Data: ``band`` (date, end, label), ``incidents`` (date, next, low, high, colour, tip, id) and ``responses``
    (date, tip).
    """
    brush = alt.selection_interval(
        name="brush", encodings=["x"],
        mark=alt.BrushConfig(fill=_ink("ink"), fillOpacity=0.08, stroke=_ink("ink"), strokeOpacity=0.6),
    )  # fmt: skip
    squares = (
        _named("incidents", "squares")
        .mark_rect(strokeWidth={"expr": "width < 600 ? 0.3 : 0.7"}, stroke=_ink("paper"), cursor="pointer")
        .encode(
            x=_days(),
            x2="next:T",
            y=alt.Y(
                "low:Q",
                title=None,
                scale=alt.Scale(domain={"expr": "[0, top]"}, nice=False),
                axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False, ticks=False, minExtent=30),
            ),
            y2="high:Q",
            color=alt.Color("colour:N", scale=None),
            tooltip=alt.Tooltip("tip:N", title="incident"),
        )
    )
    strikes = (
        _named("responses", "strikes")
        .mark_point(shape="triangle-down", filled=True, size=34, color=_ink("ink"), opacity=0.9, yOffset=-6)
        .encode(x=_days(), y=alt.value(8), tooltip=alt.Tooltip("tip:N", title="US strike"))
    )
    layers = alt.layer(*_band(), squares.add_params(brush), strikes)
    chart: Any = layers.properties(
        width="container", height=190, padding={"left": 0, "right": 6, "top": 4, "bottom": 5}
    )
    spec: Spec = _config(chart.add_params(*_span())).to_dict()
    return spec


def harm() -> Spec:
    """Return people hurt by incident: bars for the injured (best estimate, low to high), dots above for the killed.

    Data: ``band``, ``injured`` (date, best, low, high, colour, tip, id), ``killed`` (date, label, align, dx, colour,
    tip, id).
    """
    y = alt.Y(
        "best:Q",
        title=None,
        scale=alt.Scale(domain={"expr": "[0, top]"}, nice=False),
        axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False, ticks=False, minExtent=30),
    )
    bars = (
        _named("injured", "bars")
        .mark_bar(width=5, cursor="pointer")
        .encode(x=_days(), y=y, color=alt.Color("colour:N", scale=None), tooltip=alt.Tooltip("tip:N", title="incident"))
    )
    ranges = (
        _named("injured", "ranges")
        .mark_rule(color=_ink("ink"), strokeWidth=1.2)
        .encode(x=_days(), y=alt.Y("low:Q"), y2="high:Q")
    )
    row = alt.value(30)
    dots = (
        _named("killed", "dots")
        .mark_point(filled=True, size=80, opacity=1, cursor="pointer", stroke=_ink("paper"))
        .encode(
            x=_days(),
            y=row,
            color=alt.Color("colour:N", scale=None),
            tooltip=alt.Tooltip("tip:N", title="incident"),
        )
    )
    labels = (
        _named("killed", "labels")
        .mark_text(align={"expr": "datum.align"}, dx={"expr": "datum.dx"}, color=_ink("ink"), fontSize=12)
        .encode(x=_days(), y=row, text="label:N")
    )
    layers = alt.layer(*_band(), bars, ranges, dots, labels)
    chart: Any = layers.properties(
        width="container", height=150, padding={"left": 0, "right": 6, "top": 4, "bottom": 5}
    )
    spec: Spec = _config(chart.add_params(*_span())).to_dict()
    return spec


def site_map() -> Spec:
    """Return the map: a circle a site, its area the number of incidents selected, a ring for all of them.

    Data: ``borders`` (GeoJSON features), ``sites`` (longitude, latitude, area, ring, colour, tip, id, chosen),
    ``names`` (longitude, latitude, dx, dy, align, label), ``countries`` (longitude, latitude, label).
    """
    land = _named("borders", "land").mark_geoshape(fill=_ink("land"), stroke=_ink("border"), strokeWidth=1)
    point = {"longitude": "longitude:Q", "latitude": "latitude:Q"}
    tip = alt.Tooltip("tip:N", title="site")
    countries = _named("countries", "countries").mark_text(color=_ink("muted"), fontSize=13, fontStyle="italic")
    rings = _named("sites", "rings").mark_circle(
        fill=None, stroke=_ink("muted"), strokeWidth=1, opacity=0.8, cursor="pointer"
    )
    circles = _named("sites", "circles").mark_circle(
        stroke=_ink("paper"), strokeWidth=1, opacity=0.88, cursor="pointer"
    )
    halo: dict[str, Any] = {"stroke": _ink("land"), "strokeWidth": 3, "strokeJoin": "round"}
    text: dict[str, Any] = {name: {"expr": f"datum.{name}"} for name in ("dx", "dy", "align")}
    text |= {"baseline": "middle", "fontSize": 12}
    layers = alt.layer(
        land,
        countries.encode(text="label:N", **point),
        rings.encode(size=alt.Size("ring:Q", scale=None), tooltip=tip, **point),
        circles.encode(
            size=alt.Size("area:Q", scale=None), color=alt.Color("colour:N", scale=None), tooltip=tip, **point
        ),
        _named("names", "halos").mark_text(color=_ink("land"), **text, **halo).encode(text="label:N", **point),
        _named("names", "names").mark_text(color=_ink("ink"), **text).encode(text="label:N", **point),
    )
    west, south, east, north = EXTENT
    projection = alt.Projection(
        type="mercator",
        center=[(west + east) / 2, (south + north) / 2],
        scale={"expr": f"width * 180 / PI / {east - west}"},
        translate={"expr": "[width / 2, height / 2]"},
    )
    chart: Any = layers.properties(width="container", height="container", projection=projection, padding=0)
    spec: Spec = _config(chart).to_dict()
    return spec


def specifications() -> dict[str, Spec]:
    """Return name -> specification of the drawn views."""
    return {"timeline": timeline(), "harm": harm(), "map": site_map()}
