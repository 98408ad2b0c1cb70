"""The document: what the sections may print, bound to the facts, figures and clean tables of one run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from helpers import tables, words
from helpers.brief import evidence, nodes
from helpers.brief.evidence import Evidence
from helpers.brief.nodes import Node
from helpers.brief.plain import clean
from helpers.brief.references import References, bibliography
from helpers.brief.template import Form, Text, render
from helpers.facts import Facts, Row, record
from helpers.figures import wording
from helpers.parameters import Parameters
from helpers.paths import project_root, resolve
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split

#: Clean tables that the brief reads.
TABLES_READ = ("incidents", "reports", "sources", "official_counts", "other_counts", "responses", "claims", "context")


def _ids(frame: pd.DataFrame) -> list[str]:
    return [str(identifier) for identifier in frame["incident_id"]]


def _second_hand(incidents: pd.DataFrame) -> list[str]:
    return _ids(incidents[incidents["second_hand"]]) if "second_hand" in incidents else []


def _claims(incidents: pd.DataFrame) -> pd.Series:
    """Return the groups that claim each attack, one a row, with the attack's id as index."""
    claimed = incidents.set_index("incident_id")["claimed_by"].map(split).explode().dropna()
    return claimed[claimed != "none"]


def _claimed(incidents: pd.DataFrame) -> list[str]:
    found = set(_claims(incidents).index)
    return [identifier for identifier in _ids(incidents) if identifier in found]


def _claimant(incidents: pd.DataFrame) -> tuple[str, list[str]]:
    """Return the group that claims most attacks, and those."""
    groups = _claims(incidents)
    if groups.empty:
        return "", []
    most = groups.value_counts(sort=False).sort_index().idxmax()
    return str(most), list(groups[groups == most].index)


def _by(code: str, told: str) -> Row:
    """Return the fact of how many attacks have `code` as their strongest confirmation."""

    def chosen(incidents: pd.DataFrame) -> list[str]:
        return _ids(incidents[incidents["confirmation"] == code])

    note = f"attacks of which the strongest confirmation on record is {told}"
    return Row(f"brief.confirmed.{code}", "incidents", lambda incidents: len(chosen(incidents)), chosen, note=note)


#: The facts of the brief itself, from the attacks that it counts.
ROWS = [
    Row("brief.incidents", "incidents", len, incidents=_ids, note="attacks on record that this brief counts"),
    *(_by(code, told) for code, told in CONFIRMATION.items() if code != "denied"),
    Row("brief.second_hand", "incidents", lambda incidents: len(_second_hand(incidents)), _second_hand,
        note="attacks confirmed by a US official at second hand, by one outlet alone that is no wire or national one"),
    Row("brief.claimed", "incidents", lambda incidents: len(_claimed(incidents)), _claimed,
        note="attacks that some group claimed, by any report"),
    Row("brief.claimant", "text", lambda incidents: evidence.group(_claimant(incidents)[0]) or None,
        lambda incidents: _claimant(incidents)[1], note="the name under which most of these were claimed"),
    Row("brief.claimant.attacks", "incidents", lambda incidents: len(_claimant(incidents)[1]),
        lambda incidents: _claimant(incidents)[1], note="attacks claimed under that name"),
    Row("brief.first", "date", lambda incidents: incidents["date"].min() if len(incidents) else None,
        note="day of the first attack on record"),
    Row("brief.last", "date", lambda incidents: incidents["date"].max() if len(incidents) else None,
        note="day of the last attack on record"),
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What one run hands to the brief.

    Attributes
    ----------
    facts: all facts of the run; usual: those of the default run where this is another one, else None.
    clean: clean tables by name; handed: tables of ``report/tables`` by name, all their cells text.
    figures: folder of the figures.
    notebooks: names of the executed notebooks that stand beside the brief.
    """

    parameters: Parameters
    facts: Facts
    clean: Mapping[str, pd.DataFrame]
    handed: Mapping[str, pd.DataFrame]
    figures: Path
    usual: Facts | None = None
    notebooks: tuple[str, ...] = ()


def default_facts(report: Path) -> Path | None:
    """Return ``report/facts.json`` of the default run, unless `report` itself is the folder of the default run.

    A step runs in a folder below the project that shows it this run's results alone, so the folders above count too.
    """
    root = project_root()
    paths = (folder / "report" / "facts.json" for folder in (root, *root.parents))
    return next((path for path in paths if path.parent != report and path.exists()), None)


def own_facts(facts: Facts, clean: Mapping[str, pd.DataFrame], parameters: Parameters) -> Facts:
    """Return `facts` with those of the brief itself, from the clean tables of incidents and sources."""
    incidents, sources = clean["incidents"], clean["sources"]
    merged = Facts([*facts.values(), *record(ROWS, tables.select(incidents, parameters)).values()])
    if "reports" in clean:
        _add_blame(merged, clean["reports"], sources)
    telling = {source for cell in incidents["sources"] for source in split(cell)}
    published = sources.loc[sources["source_id"].isin(telling), "published"].dropna()
    last = published.max().date() if len(published) else None
    merged.add(
        "brief.reports_until", last, unit="date", note="day on which the last report of the record was published"
    )
    digest = hashlib.sha256(incidents.to_csv(index=False).encode(errors="replace")).hexdigest()[:8]
    merged.add("brief.data", digest, unit="text", note="start of the SHA-256 digest of the table of attacks")
    return merged


def _add_blame(facts: Facts, reports: pd.DataFrame, sources: pd.DataFrame) -> None:
    """Add to `facts` of how many of the brief's attacks some report says who was behind it, and of how many: Iran's."""
    counted = reports["incident_id"].isin(facts["brief.incidents"].incidents)
    blaming = reports[counted & (reports["attributed_to"].fillna("") != "")]
    iran = blaming[blaming["attributed_to"].str.contains("Iran")]
    officials = sources.loc[sources["kind"] == "official", "source_id"]
    official = iran[iran["source_id"].isin(officials) & (iran["confirmation"] == "us_official")]
    for name, rows, told in (
        ("brief.blamed", blaming, "attacks of which some report says who was behind it"),
        ("brief.iran", iran, "attacks that some report puts down to groups backed by, allied with or linked to Iran"),
        ("brief.iran.official", official, "the same, by a page of the US government"),
    ):
        ids = sorted(set(rows["incident_id"]))
        facts.add(name, len(ids), unit="incidents", incidents=ids, note=told)


def load(parameters: Parameters) -> Run:
    """Return the run whose folders `parameters` names, with the default run's facts where it is another."""
    report = resolve(parameters.report_dir)
    path = default_facts(report) if parameters.differing() else None
    handed = {
        file.stem: pd.read_csv(file, dtype=str, keep_default_na=False)
        for file in sorted((report / "tables").glob("*.csv"))
    }
    clean_tables = {}
    for name in TABLES_READ:
        try:
            clean_tables[name] = tables.read(name, parameters.clean_dir)
        except FileNotFoundError:
            if name == "incidents":
                raise
    return Run(
        parameters,
        own_facts(merge(report / "facts"), clean_tables, parameters),
        clean_tables,
        handed,
        resolve(parameters.figures_dir),
        Facts.read(path) if path else None,
        tuple(sorted(file.stem for file in resolve("notebooks").glob("[0-9][0-9]_*.ipynb"))),
    )


def merge(folder: Path) -> Facts:
    """Return the facts of all notebooks, from the files of `folder` (``NN_name.json``)."""
    return Facts.read(*sorted(folder.glob("*.json")))


def write_facts(run: Run) -> Path:
    """Write all facts of the run to ``facts.json`` and, as a table with what they rest on, ``facts.csv``."""
    report = resolve(run.parameters.report_dir)
    rows = [
        {"fact": name, "printed": fact.text, "value": fact.value, "unit": fact.unit, "how": fact.note,
         "incidents": ";".join(fact.incidents),
         "rows": "; ".join(f"{table}: {' '.join(ids)}" for table, ids in sorted(fact.rows.items()) if ids)}
        for name, fact in sorted(run.facts.items())
    ]  # fmt: skip
    shown = pd.DataFrame(rows).map(tables.for_spreadsheet)
    shown.to_csv(report / "facts.csv", index=False, lineterminator="\n")
    return run.facts.write(report / "facts.json")


@dataclass(frozen=True)
class Picture:
    """A figure of ``figures/`` as a block: its files and words; `number` is the same on the screen and on paper."""

    name: str
    folder: Path
    number: str
    paper: bool
    title: str
    alt: str
    view: Mapping[str, str]
    html: Callable[[Picture], str]

    @property
    def wide(self) -> Path:
        """The drawing for desktop and paper."""
        return self.folder / f"{self.name}.svg"

    @property
    def narrow(self) -> Path:
        """The drawing for a phone."""
        return self.folder / f"{self.name}-narrow.svg"

    @property
    def data(self) -> Path:
        """The numbers shown, as CSV."""
        return self.folder / f"{self.name}.csv"

    @property
    def explorer(self) -> str:
        """The explorer's page with the same incidents in view."""
        return "explorer.html" + (f"#{urlencode(self.view, safe=',')}" if self.view else "")

    def blocks(self, form: Form) -> list[Node]:
        """Return the figure as an element of the page, or a call into the theme of the PDF."""
        if form == "html":
            return [nodes.raw_block("html", self.html(self))]
        stay = "true" if self.number == "1" else "false"
        return [nodes.raw_block("typst", f"#picture({json.dumps(self.name)}, stay: {stay})")] if self.paper else []


@dataclass(frozen=True)
class Made:
    """A block that the page's script and the theme of the PDF make: HTML and Typst that call for it."""

    html: str
    typst: str

    def blocks(self, form: Form) -> list[Node]:
        """Return the call in `form`."""
        text = self.html if form == "html" else self.typst
        return [nodes.raw_block(form, text)] if text else []


@dataclass
class Document:
    """The brief of one `run`: its sections rendered once, its blocks in either form."""

    run: Run
    template: Path = field(default_factory=lambda: resolve("report/brief.md"))
    theme: Path = field(default_factory=lambda: resolve("report/theme"))
    pictures: dict[str, Picture] = field(default_factory=dict)
    papers: Mapping[str, Mapping[str, Any]] = field(default_factory=bibliography)
    figure_html: Callable[[Picture], str] = lambda shown: ""

    def __post_init__(self) -> None:
        selected = tables.select(self.run.clean["incidents"], self.run.parameters)
        self.facts = wording.Known(self.run.facts)
        self.sources = evidence.register(self.run.clean["sources"])
        self.incidents = evidence.incidents(selected, self.sources)
        self.references = References(self.run.clean["sources"], self.papers)
        self.evidence = Evidence(self.incidents, self.sources, self.run.clean)

    @cached_property
    def text(self) -> Text:
        """The sections, rendered and parsed."""
        return render(self.template, self.names())

    @cached_property
    def head(self) -> dict[str, str]:
        """The words at the head of the brief: title, standfirst and description, from ``head.md``."""
        return wording.block_words(
            "brief", self.facts, self.run.parameters, "report/head.md", ("title", "standfirst", "description")
        )

    def blocks(self, form: Form) -> list[Node]:
        """Return all blocks of the document in `form`; numbers lead to what they rest on on the screen alone."""
        return self.text.filled(form, self.evidence.link if form == "html" else lambda fact: None)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata for citeproc; call it after `blocks`, when all is cited."""
        return {
            "references": self.references.metadata(),
            "lang": nodes.meta("en-GB"),
            "link-citations": nodes.meta(True),
            "link-bibliography": nodes.meta(True),
            "suppress-bibliography": nodes.meta(False),
        }

    def names(self) -> dict[str, Any]:
        """Return what the sections may use: those of `helpers.figures.wording.names`, and what the brief adds.

        ``T`` the tables of ``report/tables`` as rows; ``cite(id, ...)`` a citation of sources or papers;
        ``figure(name)`` a figure, with ``paper=False`` one of the screen alone; ``placed(section)`` the figures whose
        words name the section; ``differing`` the parameters that are
        not the default's (words, here, default); ``usual(name)`` a fact's text in the default run; ``incident_list``
        and ``source_list``; ``notebooks``; ``title``; ``level``, ``seed``, ``resamples``, ``confirmed_by`` in words.
        """
        run, usual = self.run, self.run.usual
        months: dict[str, int] = {}
        for row in self.incidents:
            months[row.month] = months.get(row.month, 0) + 1
        return {
            **wording.names(self.facts, run.parameters),
            "sections": sorted(f"sections/{file.name}" for file in (self.template.parent / "sections").glob("*.md")),
            "T": {name: frame.to_dict("records") for name, frame in run.handed.items()},
            "notebooks": run.notebooks,
            "title": self.head["title"],
            "amount": words.amount,
            "cite": self.references.cite,
            "figure": self.figure,
            "placed": self.placed,
            "usual": lambda name: usual[name].text if usual and name in usual else "–",
            "has_usual": usual is not None,
            "differing": differing(run.parameters),
            "own_sheets": own_sheets(run.parameters),
            "report_count": int(run.clean["incidents"]["n_reports"].sum())
            if "n_reports" in run.clean["incidents"]
            else 0,
            "level": "95%",
            "seed": f"{run.parameters.seed}",
            "resamples": f"{run.parameters.resamples:,}",
            "confirmed_by": CONFIRMED_BY.get(run.parameters.confirmed_by, "anyone"),
            "incident_list": Made(_folds(months), "#incidents()" if self.incidents else ""),
            "source_list": Made(_fold("sources", "sources", f"All {len(self.sources):,} sources"), ""),
        }

    def placed(self, section: str) -> list[str]:
        """Return the names of the figures whose words name `section` (``sections/50-harm.md``: 50-harm)."""
        files = sorted(self.run.figures.glob("*.json"))
        named = {file.stem: json.loads(file.read_text(encoding="utf-8")).get("section") for file in files}
        return [name for name, place in named.items() if place == Path(section).stem]

    def figure(self, name: str, paper: bool = True) -> Picture:
        """Return figure `name` as a block; without `paper` it stands on the screen alone.

        Figures of both are numbered 1, 2, ..., those of the screen alone S1, S2, ...: on paper none is missing.
        """
        path = self.run.figures / f"{name}.json"
        if not path.exists():
            drawn = sorted(file.stem for file in self.run.figures.glob("*.json"))
            raise ValueError(f"no figure is named {name!r}{wording.nearest(name, drawn)}")
        beside = json.loads(path.read_text(encoding="utf-8"))
        place = 1 + sum(shown.paper == paper for shown in self.pictures.values())
        number = self.pictures[name].number if name in self.pictures else f"{'' if paper else 'S'}{place}"
        view = {str(key): str(value) for key, value in beside.get("view", {}).items()}
        self.pictures[name] = Picture(
            name, self.run.figures, number, paper, clean(beside["title"]), clean(beside["alt"]), view,
            lambda shown: self.figure_html(shown),
        )  # fmt: skip
        return self.pictures[name]


def _folds(months: Mapping[str, int]) -> str:
    """Return a closed fold a month, filled by the page's script when it is opened."""
    return "\n".join(
        _fold("incidents", month, f"{month}: {words.amount(count, 'attack')}") for month, count in months.items()
    )


def _fold(kind: str, key: str, title: str) -> str:
    return f'<details class="fold" data-{kind}="{key}"><summary>{title}</summary></details>'


#: Who must have confirmed an attack that counts, in words.
CONFIRMED_BY = {
    "us_official": "a US official",
    "local_official": "a US or local official",
    "media": "more than the claimant",
}


def own_sheets(parameters: Parameters) -> str:
    """Return the name of the folder of coded sheets where it is not the project's own, else an empty text."""
    return "" if parameters.coded_dir == Parameters().coded_dir else clean(Path(parameters.coded_dir).name)


def differing(parameters: Parameters) -> list[dict[str, str]]:
    """Return the parameters that are not the default's: their words, the value here and the default."""

    def said(value: object) -> str:
        if isinstance(value, list):
            return words.listing(COUNTRIES.get(str(item), str(item)) for item in value)
        text = str(value).replace("_", " ")
        return words.day_text(str(value)) if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) else text

    return [
        {"words": name.replace("_", " "), "here": said(mine), "default": said(usual)}
        for name, (mine, usual) in parameters.differing().items()
    ]
