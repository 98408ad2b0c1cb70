"""The widgets of ``explore.ipynb``: one for each analysis parameter, and views that follow each change.

The notebook calls `explorer`; what it shows, a reader can publish: one button writes the present settings as a file for
``brief run -f``.
"""

from __future__ import annotations

import base64
import html
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import ipywidgets as widgets
import itables
import pandas as pd
import yaml

from helpers import parameters as parameters_module
from helpers.analysis.rates import Ratio, block_ratio, exact_ratio
from helpers.explorer import panels, selection
from helpers.explorer.payload import borders
from helpers.parameters import FOLDERS, Parameters
from helpers.paths import resolve
from helpers.stretches import Stretches
from helpers.tables import for_spreadsheet, read, select
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons
from helpers.words import amount, day_text

#: The analysis parameters: all but the folders.
NAMES = tuple(name for name in Parameters.model_fields if name not in FOLDERS)

#: Column of the table shown -> its head.
HEADS = {
    "incident_id": "incident",
    "date": "day",
    "site_name": "place",
    "country": "country",
    "weapons": "weapons",
    "confirmation": "confirmed by",
    "us_killed": "US killed",
    "us_injured_best": "US injured",
    "n_independent": "independent sources",
    "n_conflicts": "disagreements",
}


def pause_ratios(incidents: pd.DataFrame, parameters: Parameters) -> tuple[int, int, int, int, Ratio, Ratio]:
    """Return the pause against the days before the second stop: counts and days of each, and the ratio of the rates.

    The ratio is given twice: allowing for clustered attacks (blocks), and exact for independent ones. Neither draws.
    """
    stretches = Stretches(parameters)
    pause, others = stretches["pause"], stretches["to_stop"]
    counts = stretches.daily(incidents["date"])
    numbers = int(counts[pause.mask].sum()), len(pause), int(counts[others.mask].sum()), len(others)
    return (*numbers, block_ratio(counts, pause.mask, others.mask), exact_ratio(*numbers))


def _figure(value: float | None, missing: str = "no bound") -> str:
    return missing if value is None else f"{value:.2f}"


def _told(ratio: Ratio) -> str:
    if ratio.value is None:
        return f"undefined ({ratio.note or 'nothing to compare with'})"
    p = "" if ratio.p is None else f", p {'less than 0.001' if ratio.p < 0.001 else f'= {ratio.p:.3f}'}"
    return f"{ratio.value:.2f} (95% interval {_figure(ratio.low)} to {_figure(ratio.high)}{p})"


def pause_words(incidents: pd.DataFrame, parameters: Parameters) -> str:
    """Return the pause's count, rates and ratio in words, as HTML without anything from sources."""
    inside, days, outside, others, blocks, exact = pause_ratios(incidents, parameters)
    rate = f", {outside / others:.2f} a day" if others else ""
    return (
        f"<b>Pause from {day_text(parameters.pause_start)} until {day_text(parameters.pause_end)}:</b> "
        f"{inside} of the attacks counted on {amount(days, 'day')}; {outside} on {amount(others, 'day')} "
        f"{Stretches(parameters)['to_stop'].words}{rate}.<br>Ratio of the daily rates, allowing for "
        f"clustering: <b>{_told(blocks)}</b>; taking attacks as independent (exact, conditional): {_told(exact)}."
    )


def table_html(incidents: pd.DataFrame) -> str:
    """Return the selected `incidents` as a table that sorts, filters, and saves as CSV, without a network."""
    words = {code: weapon.label for code, weapon in weapons().items()}
    shown = incidents[list(HEADS)].copy()
    shown["date"] = shown["date"].dt.strftime("%Y-%m-%d")
    shown["country"] = shown["country"].map(COUNTRIES)
    shown["weapons"] = shown["weapons"].map(lambda cell: ", ".join(words.get(code, code) for code in split(cell)))
    shown["confirmation"] = shown["confirmation"].map(CONFIRMATION)
    shown = shown.astype(object).where(shown.notna(), "").map(for_spreadsheet).rename(columns=HEADS)
    made: str = itables.to_html_datatable(
        shown,
        connected=False,
        showIndex=False,
        buttons=["csvHtml5", "copyHtml5"],
        lengthMenu=[10, 25, 100],
        classes="display compact",
    )
    return made


def settings_text(parameters: Parameters) -> str:
    """Return the analysis parameters as the YAML text that ``brief run -f`` takes."""
    values = {name: value for name, value in parameters.values().items() if name in NAMES}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None)


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
    target.write_text(settings_text(parameters), encoding="utf-8")
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
        shown = [(label, code) for code, label in COUNTRIES.items()]
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

    def __init__(self, parameters: Parameters, incidents: pd.DataFrame, shapes: dict[str, Any]) -> None:
        self.parameters = parameters
        self.incidents = incidents
        self.shapes = shapes
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
        picture = base64.b64encode(panels.draw(chosen, found, self.shapes)).decode()
        alt = f"{n} attacks by day, by week and weapon, and by site."
        named = selection.default_view(found, set(self.incidents["confirmation"])).address()
        content = {"text/html": table_html(chosen), "text/plain": f"{n} incidents"}
        # All is made before anything is shown, so that the views change together.
        self.parameters, self.selected = found, chosen
        self.refusal.value = ""
        self.summary.value = (
            f"<b>{n} incidents</b> of {len(self.incidents)}, {us} confirmed by a US official. "
            f"The same in the explorer: <code>report/explorer.html#{html.escape(named)}</code>"
        )
        self.picture.value = f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{picture}">'
        self.test.value = pause_words(chosen, found)
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


def explorer(parameters: Parameters) -> Explorer:
    """Return the widgets for the incidents in the folder ``clean_dir``, starting from the settings `parameters`."""
    return Explorer(parameters, read("incidents", parameters.clean_dir), borders(parameters.reference_dir))
