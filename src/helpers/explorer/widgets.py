"""The widgets of ``explore.ipynb``: one for each analysis parameter, and views that follow each change.

The notebook calls `explorer`; what it shows, a reader can publish: one button writes the present settings as a file for
``brief run -f``. The brief's own figures are laid out for print and take longer; the picture here takes its marks
(colours, weeks, axis of time, band) from the same style and is drawn within a tenth of a second.
"""

from __future__ import annotations

import base64
import html
import io
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import ipywidgets as widgets
import itables
import matplotlib as mpl
import numpy as np
import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from helpers import parameters as parameters_module
from helpers.analysis import pause
from helpers.analysis.totals import Series
from helpers.explorer.payload import address, default_view, extent, short_name
from helpers.figures import style, timeline
from helpers.figures.places import Rings, lands
from helpers.parameters import FOLDERS, Parameters
from helpers.paths import resolve
from helpers.readable import readable, words
from helpers.stretches import Stretches
from helpers.tables import for_spreadsheet, read, select
from helpers.vocabulary import countries, weapons

#: The analysis parameters: all but the folders.
NAMES = tuple(name for name in Parameters.model_fields if name not in FOLDERS)

#: Columns of the table shown.
COLUMNS = ["incident_id", "date", "site_name", "country", "weapons", "confirmation"]
COLUMNS += ["us_killed", "us_injured_best", "n_independent", "n_conflicts"]


def mix(incidents: pd.DataFrame, starts: pd.DatetimeIndex, reference_dir: str) -> pd.DataFrame:
    """Return incidents by the stretch of days in which they lie (`starts` begin them) and heaviest weapon."""
    used = [code for code in weapons(reference_dir) if code in set(incidents["top_weapon"])]
    place = starts[np.searchsorted(starts, incidents["date"], side="right") - 1]
    return pd.crosstab(place, incidents["top_weapon"]).reindex(index=starts, columns=used, fill_value=0)


def _stacked(axes: Axes, counts: pd.DataFrame, parameters: Parameters, title: str) -> None:
    """Draw `counts` as stacked columns, one from each of its days to the next, in the weapons' colours."""
    known = weapons(parameters.reference_dir)
    edges = [timeline.on_axis(day) for day in counts.index] + [timeline.on_axis(parameters.window_end) + 1]
    base = np.zeros(len(counts))
    for code in counts.columns:
        top = base + counts[code].to_numpy()
        look = {"fill": True, "color": known[code].colour, "label": known[code].label}
        step = StepPatch(top, edges, baseline=base, **look)  # type: ignore[arg-type]
        axes.add_artist(step)  # much quicker than `stairs`, which looks for the extent of each step
        base = top
    axes.set_title(title, fontweight="bold")
    axes.set_ylim(0, max(4, float(base.max(initial=0)) * 1.1))
    timeline.time_axis(axes, parameters)
    timeline.pause_band(axes, parameters, "")


def _map(axes: Axes, incidents: pd.DataFrame, borders: Rings) -> None:
    west, south, east, north = extent(incidents)
    axes.add_collection(LineCollection(borders, colors=style.MUTED, linewidths=0.7))
    keys = ["site_name", "country", "latitude", "longitude"]
    placed = incidents.dropna(subset=["latitude"]).groupby(keys).size()
    sites = placed.sort_values(ascending=False).reset_index(name="n")
    colours = sites["country"].map({code: country.colour for code, country in countries().items()})
    axes.scatter(sites["longitude"], sites["latitude"], s=14 * sites["n"], c=colours, alpha=0.8, edgecolors=style.PAPER)
    for row in sites.head(6).itertuples():
        axes.annotate(
            f"{short_name(str(row.site_name))} {row.n}", (row.longitude, row.latitude), xytext=(11, 0),
            textcoords="offset points", va="center", fontsize="small",
        )  # fmt: skip
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axes.spines[:].set_visible(False)
    axes.set_title("Where (area: attacks)", fontweight="bold")


def picture(incidents: pd.DataFrame, parameters: Parameters, borders: Rings) -> bytes:
    """Return the panels as PNG for the selected `incidents`; `borders` are the rings of the countries."""
    reference = parameters.reference_dir
    with mpl.rc_context(style.use(style.WIDE)):
        figure = Figure(figsize=(11, 5.4))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2, 2, width_ratios=[1.35, 1], left=0.035, right=0.99, top=0.92, bottom=0.14, hspace=0.5, wspace=0.06
        )
        days, weeks, place = (figure.add_subplot(part) for part in (grid[0, 0], grid[1, 0], grid[:, 1]))
        _stacked(days, mix(incidents, Stretches(parameters).days, reference), parameters, "Attacks a day")
        _stacked(weeks, mix(incidents, timeline.weeks(parameters), reference), parameters, "Attacks a week, by weapon")
        if len(incidents):
            weeks.legend(frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.16), fontsize="small")
        _map(place, incidents, borders)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", dpi=88, metadata={"Software": None})
    return drawn.getvalue()


def pause_html(incidents: pd.DataFrame, running: Mapping[str, Series], parameters: Parameters) -> str:
    """Return the brief's table of the pause for the selected `incidents` and the `running` totals, as HTML."""
    series = pause.compare(incidents, running, parameters, "pause")
    named = pause.table(series).assign(series=[pause.SERIES[name] for name in series])
    return str(readable(named).to_html())


def table_html(incidents: pd.DataFrame) -> str:
    """Return the selected `incidents` as a table that sorts, filters, and saves as CSV, without a network."""
    shown = words(incidents[COLUMNS]).assign(date=incidents["date"].dt.strftime("%Y-%m-%d")).map(for_spreadsheet)
    buttons = ["csvHtml5", "copyHtml5"]
    made: str = itables.to_html_datatable(
        shown, connected=False, showIndex=False, buttons=buttons, lengthMenu=[10, 25, 100], classes="display compact"
    )
    return made


def write_settings(parameters: Parameters, path: str) -> Path:
    """Write `parameters` as YAML to `path` (relative: from the project's root).

    Raises
    ------
    ValueError
        If `path` is no ``.yml`` or ``.yaml`` file.
    """
    target = resolve(path.strip())
    if target.suffix not in (".yml", ".yaml"):
        raise ValueError(f"{path}: settings are written to a file that ends in .yml")
    target.parent.mkdir(parents=True, exist_ok=True)
    values = {name: value for name, value in parameters.values().items() if name in NAMES}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None)
    target.write_text(text, encoding="utf-8")
    return target


def _control(name: str, parameters: Parameters) -> widgets.Widget:
    value = getattr(parameters, name)
    field = Parameters.model_fields[name]
    common = {
        "description": name,
        "tooltip": field.description,
        "style": {"description_width": "8.5em"},
        "layout": widgets.Layout(width="20em"),
    }
    if isinstance(value, date):
        return widgets.DatePicker(value=value, **common)
    if isinstance(value, int):
        return widgets.IntText(value=value, continuous_update=False, **common)
    if isinstance(value, tuple):
        shown = [(country.name, code) for code, country in countries().items()]
        return widgets.SelectMultiple(options=shown, value=value, rows=len(shown), **common)
    return widgets.Dropdown(options=get_args(field.annotation), value=value, **common)


class Explorer:
    """Controls and the views that follow them.

    Attributes
    ----------
    controls: parameter name -> its widget.
    app: the whole, to be displayed.
    parameters: the present settings; those before the last refusal while `refusal` shows one.
    selected: the incidents that they count.
    seconds: how long the last change took to show.
    """

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.incidents = read("incidents", parameters.clean_dir)
        self.counts = {n: read(n, parameters.clean_dir) for n in ("official_counts", "other_counts")}
        self.families = read("sources", parameters.clean_dir).set_index("source_id")["family"]
        self.shapes = [ring for _, rings in lands(parameters.reference_dir).values() for ring in rings]
        self.seconds = 0.0
        self.controls = {name: _control(name, parameters) for name in NAMES}
        self.refusal = widgets.HTML()
        self.summary = widgets.HTML()
        self.picture = widgets.HTML()
        self.test = widgets.HTML()
        self.table = widgets.Output()
        self.path = widgets.Text(value="runs/explore.yml", description="file", layout=widgets.Layout(width="20em"))
        self.save = widgets.Button(description="Write settings", tooltip="for brief run -f")
        self.reset = widgets.Button(description="Reset", tooltip="back to the settings at the start")
        self.said = widgets.HTML()
        self._first, self._held = parameters, False
        for control in self.controls.values():
            control.observe(self._changed, names="value")
        self.save.on_click(self._save)
        self.reset.on_click(self._reset)
        side = widgets.VBox(
            [*self.controls.values(), self.reset, self.path, self.save, self.said],
            layout=widgets.Layout(flex="0 0 22em"),
        )
        main = widgets.VBox([self.refusal, self.summary, self.picture, self.test])
        self.app = widgets.VBox([widgets.HBox([side, main]), self.table])
        self.refresh()

    def values(self) -> dict[str, Any]:
        """Return what the controls hold, by parameter name; an empty date is empty text."""
        held = {name: control.value for name, control in self.controls.items()}
        return {name: "" if value is None else value for name, value in held.items()}

    def refresh(self) -> None:
        """Show the views for what the controls hold, or why that cannot be."""
        started = time.perf_counter()
        folders = {name: getattr(self._first, name) for name in FOLDERS}
        found, faults = parameters_module.check({**folders, **self.values()})
        self.save.disabled = found is None
        if found is None:
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in faults)
            self.refusal.value = (
                f"<div role='alert'><b>Not possible; shown are the settings before:</b><ul>{lines}</ul></div>"
            )
            return
        chosen = select(self.incidents, found)
        n, us = len(chosen), int((chosen["confirmation"] == "us_official").sum())
        drawn = base64.b64encode(picture(chosen, found, self.shapes)).decode()
        tested = pause_html(chosen, pause.running(**self.counts, families=self.families, parameters=found), found)
        alt = f"{n} attacks by day, by week and weapon, and by site."
        named = address(default_view(found, set(self.incidents["confirmation"])))
        content = {"text/html": table_html(chosen), "text/plain": f"{n} incidents"}
        # All is made before anything is shown, so that the views change together.
        self.parameters, self.selected = found, chosen
        self.refusal.value = ""
        self.summary.value = (
            f"<b>{n} incidents</b> of {len(self.incidents)}, {us} confirmed by a US official. "
            f"The same in the explorer: <code>report/explorer.html#{html.escape(named)}</code>"
        )
        self.picture.value = f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{drawn}">'
        self.test.value = tested
        self.table.outputs = ({"output_type": "display_data", "data": content, "metadata": {}},)
        self.seconds = time.perf_counter() - started

    def _changed(self, _change: Mapping[str, Any]) -> None:
        if not self._held:
            self.refresh()

    def _reset(self, _button: widgets.Button) -> None:
        self._held = True
        for name, control in self.controls.items():
            control.value = getattr(self._first, name)
        self._held = False
        self.refresh()

    def _save(self, _button: widgets.Button) -> None:
        try:
            written = write_settings(self.parameters, self.path.value)
        except (OSError, ValueError) as error:
            self.said.value = html.escape(str(error))
            return
        shown = html.escape(self.path.value.strip())
        self.said.value = f"Written: {html.escape(written.name)}. Publish it with<br><code>brief run -f {shown}</code>"
