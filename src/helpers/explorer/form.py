"""The coder's form of ``code.ipynb``: what one source says of one attack, added to a sheet of one's own.

Fields, words allowed and explanations come from the schemas of the coded sheets. A row is added only where ``brief
check`` would let the folder pass with it, by the same check; what stands in the folder's sheets is never changed.
"""

from __future__ import annotations

import csv
import html
import io
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ipywidgets as widgets
import pandas as pd

from helpers.cleaning.check import check_folder, sentence
from helpers.cleaning.reading import Faults, read_sheet
from helpers.cleaning.review import distances
from helpers.cleaning.schemas import CODED, Column, coded
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.tables import read
from helpers.vocabulary import CONFIRMATION, countries, split, weapons

#: Sheets that the form fills, and the gazetteer that it needs.
SHEETS = ("sources", "reports", "sites")

#: Columns of a report that the form makes from the others.
MADE = ("report_id", "source_id", "incident_key")

#: Attacks this many days and kilometres apart look alike.
NEAR_DAYS, NEAR_KM = 3, 50.0


def sheet(name: str, folder: str | Path) -> pd.DataFrame:
    """Return a coded sheet of `folder` as text; empty where there is none, or none that can be read."""
    path = resolve(folder) / f"{name}.csv"
    found = read_sheet(path, CODED[name], Faults()) if path.exists() else None
    return pd.DataFrame(columns=list(CODED[name].column_names), dtype=str) if found is None else found.fillna("")


def prepare(folder: str | Path, gazetteer: str | Path) -> Path:
    """Make `folder` where it is missing, with empty sheets and a copy of the sites in the folder `gazetteer`."""
    target = resolve(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name in SHEETS:
        path = target / f"{name}.csv"
        if path.exists():
            continue
        known = resolve(gazetteer) / path.name
        header = ",".join(CODED[name].column_names) + "\n"
        path.write_bytes(known.read_bytes() if name == "sites" and known.exists() else header.encode())
    return target


def _append(path: Path, row: Mapping[str, str]) -> None:
    """Add `row` to the sheet at `path`, in the order and with the separator of its header."""
    old = path.read_text(encoding="utf-8")
    head = old.partition("\n")[0].strip("\ufeff\r")
    sign = max(",;\t", key=head.count)
    line = io.StringIO()
    names = next(csv.reader([head], delimiter=sign))
    csv.writer(line, delimiter=sign, lineterminator="\n").writerow([row.get(name.strip(), "") for name in names])
    end = "" if not old or old.endswith("\n") else "\n"
    path.write_text(f"{old}{end}{line.getvalue()}", encoding="utf-8")


def add(folder: str | Path, report: Mapping[str, str], source: Mapping[str, str] | None, parameters: Parameters) -> str:
    """Add a `report`, and its `source` where that is new, to the sheets in `folder`; return its report_id.

    Raises
    ------
    ValueError
        If the sheets would not pass the check; the message has a line for each fault, and nothing is written.
    """
    target = prepare(folder, parameters.coded_dir)
    taken = sheet("reports", target)
    mine = taken.loc[taken["source_id"] == report["source_id"], "report_id"].str.extract(r"/(\d+)$")[0]
    row = {**report, "report_id": f"{report['source_id']}/{mine.dropna().astype(int).max() + 1 if len(mine) else 1}"}
    with TemporaryDirectory(prefix=".form-", dir=target.parent) as draft:
        for path in target.glob("*.csv"):
            shutil.copyfile(path, Path(draft) / path.name)
        new = {"reports": row} if source is None else {"sources": source, "reports": row}
        for name, values in new.items():
            _append(Path(draft) / f"{name}.csv", values)
        findings = check_folder(draft, parameters.reference_dir)
        if not findings.ok:
            raise ValueError("\n".join(sentence(fault) for fault in findings.stops.to_dict("records")))
        for name in new:
            (Path(draft) / f"{name}.csv").replace(target / f"{name}.csv")
    return row["report_id"]


def record(parameters: Parameters, folder: str | Path) -> pd.DataFrame:
    """Return the attacks known so far: key, date, site_id, weapons, reports; of the record, then of `folder`."""
    known = read("incidents", parameters.clean_dir).rename(columns={"incident_id": "key", "n_reports": "reports"})
    known = known[["key", "date", "site_id", "weapons", "reports"]]
    own = sheet("reports", folder)
    own = own[~own["incident_key"].isin(known["key"])].assign(date=pd.to_datetime(own["date"], errors="coerce"))
    first = own.groupby("incident_key")[["date", "site_id", "weapons"]].first()
    first = first.assign(reports=own.groupby("incident_key").size()).rename_axis("key").reset_index()
    return pd.concat([part for part in (known, first) if len(part)], join="inner", ignore_index=True)


def look_alikes(known: pd.DataFrame, sites: pd.DataFrame, day: date, site: str) -> pd.DataFrame:
    """Return the attacks of `known` within `NEAR_DAYS` and `NEAR_KM` of a `day` and `site`, the nearest first.

    Adds ``days`` (later is positive) and ``km``; a site without a point is near every site.
    """
    points = sites.assign(lat=pd.to_numeric(sites["lat"]), lon=pd.to_numeric(sites["lon"]))
    km = known["site_id"].map(distances(points).get(site, {})).where(known["site_id"] != site, 0.0)
    found = known.assign(days=(known["date"] - pd.Timestamp(day)).dt.days, km=km.round(1))
    near = found["days"].abs().le(NEAR_DAYS) & (found["km"].isna() | found["km"].le(NEAR_KM))
    return found[near].sort_values(["days", "km", "key"], key=lambda c: c.abs() if c.name == "days" else c)


def next_key(known: Iterable[str], day: date, site: str) -> str:
    """Return the first incident_key of that `day` and `site` that is not among those `known`."""
    taken = set(known)
    return next(key for n in range(1, len(taken) + 2) if (key := f"{day.isoformat()}-{site}-{n}") not in taken)


def _words(column: Column, parameters: Parameters) -> list[tuple[str, str]]:
    """Return the words allowed in a column, each with its code."""
    reference = parameters.reference_dir
    named = {
        "weapons": {code: weapon.label for code, weapon in weapons(reference).items()},
        "countries": {code: country.name for code, country in countries(reference).items()},
        "confirmation": CONFIRMATION,
    }.get(column.words, {})
    return [(named.get(code, code.replace("_", " ")), code) for code in column.vocabulary]


def _control(column: Column, parameters: Parameters) -> widgets.Widget:
    """Return the widget of one field; what it takes follows from the column's type and words."""
    common = {"description": column.name, "style": {"description_width": "11em"}, "layout": {"width": "28em"}}
    words = _words(column, parameters)
    if column.separator:
        return widgets.SelectMultiple(options=words, rows=min(len(words), 6), **common)
    if words:
        return widgets.Dropdown(options=[("", ""), *words], value="", **common)
    return widgets.DatePicker(**common) if column.type == "date" else widgets.Text(continuous_update=False, **common)


def _text(value: Any) -> str:
    """Return what a widget holds as a cell of a sheet."""
    value = value.isoformat() if isinstance(value, date) else value
    return ";".join(value) if isinstance(value, tuple) else str(value or "").strip()


class Form:
    """The form; `app` is the whole, to be displayed.

    Attributes
    ----------
    folder: the widget with the folder whose sheets grow; source: with the source chosen, "" for a new one.
    about, fields: column -> widget, of a new source and of the report.
    same: with the attack that the report tells of: one that looks alike, or a new one.
    """

    def __init__(self, parameters: Parameters, folder: str = "mine") -> None:
        self.parameters = parameters
        wide = {"style": {"description_width": "11em"}, "layout": {"width": "40em"}}
        self.folder = widgets.Text(value=folder, description="folder of your sheets", continuous_update=False, **wide)
        self.source = widgets.Dropdown(description="source", **wide)
        self.sheets = coded(parameters.reference_dir)
        self.about = {column.name: _control(column, parameters) for column in self.sheets["sources"].columns}
        chosen = [column for column in self.sheets["reports"].columns if column.name not in MADE]
        self.fields = {column.name: _control(column, parameters) for column in chosen}
        self.fields["site_id"] = widgets.Dropdown(description="site_id", **wide)
        self.same = widgets.Dropdown(description="which attack", **wide)
        self.alike, self.said = widgets.HTML(), widgets.HTML()
        self.button = widgets.Button(description="Add the report", button_style="primary")
        self.new = widgets.VBox(self._lines("sources", self.about))
        self.app = widgets.VBox(
            [self.folder, self.source, self.new, *self._lines("reports", self.fields), self.alike, self.same,
             self.button, self.said]
        )  # fmt: skip
        self.folder.observe(lambda _change: self.refresh(), names="value")
        self.source.observe(self._source_chosen, names="value")
        for name in ("date", "site_id"):
            self.fields[name].observe(lambda _change: self.compare(), names="value")
        self.button.on_click(lambda _button: self.add())
        self.refresh()

    def _lines(self, name: str, controls: Mapping[str, widgets.Widget]) -> list[widgets.Widget]:
        """Return each control with the codebook's line beside it."""
        told = {c.name: f"{c.description}. <i>{html.escape(c.rule)}</i>" for c in self.sheets[name].columns}
        return [widgets.HBox([control, widgets.HTML(told[column])]) for column, control in controls.items()]

    def refresh(self) -> None:
        """Read the folder anew: its sources, its sites, and the attacks known."""
        own = sheet("sources", self.folder.value)
        sites = sheet("sites", self.folder.value)
        self.sites = sites if len(sites) else sheet("sites", self.parameters.coded_dir)
        self.known = record(self.parameters, self.folder.value)
        titles = own["title"].where(own["title"] != "", own["source_id"]).str.slice(0, 80)
        self.source.options = [("a new source", ""), *zip(titles, own["source_id"], strict=True)]
        names = zip(self.sites["name"] + ", " + self.sites["country"], self.sites["site_id"], strict=True)
        self.fields["site_id"].options = [("", ""), *names, ("another place", "other")]
        self.compare()

    def _source_chosen(self, _change: Mapping[str, Any]) -> None:
        self.new.layout.display = "none" if self.source.value else ""

    def compare(self) -> None:
        """Show the attacks that look like the one in the form, and let the coder say which it is."""
        day, site = self.fields["date"].value, self.fields["site_id"].value
        self.alike.value, self.same.options = "", [("say day and site first", "")]
        if not day or not site:
            return
        if site in set(self.sites["site_id"]) and not self.fields["country"].value:
            self.fields["country"].value = self.sites.set_index("site_id").loc[site, "country"]
        found = look_alikes(self.known, self.sites, day, site)
        shown = found.assign(
            date=found["date"].dt.strftime("%Y-%m-%d"), weapons=found["weapons"].map(split).str.join(", ")
        )
        heading = f"<b>{len(found)} attacks on record look alike</b> ({NEAR_DAYS} days, {NEAR_KM:.0f} km)"
        self.alike.value = heading + (shown.to_html(index=False, na_rep="", escape=True) if len(found) else "")
        new = next_key(self.known["key"], day, site)
        self.same.options = [(f"a new attack: {new}", new), *((key, key) for key in found["key"])]
        self.same.index = 0

    def values(self) -> tuple[dict[str, str], dict[str, str] | None]:
        """Return the report, and the source where it is a new one, as rows of their sheets."""
        source = None if self.source.value else {name: _text(w.value) for name, w in self.about.items()}
        report = {name: _text(control.value) for name, control in self.fields.items()}
        source_id = source["source_id"] if source else self.source.value
        return {**report, "source_id": source_id, "incident_key": _text(self.same.value)}, source

    def add(self) -> None:
        """Add what the form holds to the folder's sheets, or say why not; then empty the report's fields."""
        report, source = self.values()
        try:
            made = add(self.folder.value, report, source, self.parameters)
        except (OSError, ValueError) as error:
            lines = "".join(f"<li>{html.escape(line)}</li>" for line in str(error).splitlines())
            self.said.value = f"<div role='alert'><b>Not added:</b><ul>{lines}</ul></div>"
            return
        self.refresh()
        self.source.value = report["source_id"]
        for control in self.fields.values():
            blank: Any = {widgets.SelectMultiple: (), widgets.DatePicker: None}
            control.value = blank.get(type(control), "")
        self.said.value = f"Added {html.escape(made)} to {html.escape(str(resolve(self.folder.value)))}/reports.csv."
