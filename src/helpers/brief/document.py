"""The document: what the template may print, bound to the facts, figures and clean tables of one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from helpers import tables, words
from helpers.brief import appendix, blocks, nodes, own
from helpers.brief.blocks import Grid, Here, Links, Made, Picture
from helpers.brief.evidence import TABLES, Evidence, runs
from helpers.brief.nodes import Node
from helpers.brief.plain import anchor, clean
from helpers.brief.prose import Nothing, Prose
from helpers.brief.references import References, methods
from helpers.brief.template import Form, Text, inlines, render
from helpers.facts import Facts
from helpers.figures import wording
from helpers.figures.wording import Phrase, Printed
from helpers.parameters import Parameters
from helpers.paths import project_root, resolve

#: Clean tables that the brief reads.
TABLES_READ = ("incidents", "sources", "official_counts", "responses", "claims", "context", "reports")


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

    A step runs in a box below the project that shows it this run's results alone, so the folders above count too.
    """
    root = project_root()
    paths = (folder / "report" / "facts.json" for folder in (root, *root.parents))
    return next((path for path in paths if path.parent != report and path.exists()), None)


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
        own.record(
            merge(report / "facts"),
            clean_tables["incidents"],
            parameters,
            clean_tables.get("reports"),
            handed.get("specifications"),
        ),
        clean_tables,
        handed,
        resolve(parameters.figures_dir),
        Facts.read(path) if path else None,
        tuple(sorted(file.stem for file in resolve("notebooks").glob("[0-9][0-9]_*.ipynb"))),
    )


def merge(folder: Path) -> Facts:
    """Return the facts of all notebooks, from the files of `folder` (``NN_name.json``)."""
    return Facts.read(*sorted(folder.glob("*.json")))


@dataclass
class Document:
    """The brief of one `run`: its template rendered once, its blocks in either form."""

    run: Run
    template: Path = field(default_factory=lambda: resolve("report/brief.md"))
    theme: Path = field(default_factory=lambda: resolve("report/theme"))
    pictures: dict[str, Picture] = field(default_factory=dict)
    papers: Mapping[str, Mapping[str, Any]] = field(default_factory=methods)

    def __post_init__(self) -> None:
        selected = tables.select(self.run.clean["incidents"], self.run.parameters)
        self.sources = appendix.register(self.run.clean["sources"])
        self.incidents = appendix.incidents(selected, self.sources)
        self.anchors = appendix.anchors(self.incidents)
        self.source_anchors = {identifier: f"source-{anchor(identifier)}" for identifier in self.sources}
        self.references = References(self.run.clean["sources"], self.papers)
        self.evidence = Evidence({row.identifier: row.number for row in self.incidents}, self.run.clean)

    @cached_property
    def pages(self) -> Environment:
        """The theme's HTML templates: everything printed is escaped."""
        return Environment(
            loader=FileSystemLoader(self.theme),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @cached_property
    def text(self) -> Text:
        """The template, rendered and parsed."""
        return render(self.template, self.names())

    def blocks(self, form: Form) -> list[Node]:
        """Return all blocks of the document in `form`."""
        return self.text.filled(form, self.evidence.link)

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
        """Return what the template may use: facts, parameters, tables, and the functions that make words and blocks."""
        run = self.run
        prose = Prose(run.facts, run.usual, run.parameters, run.clean.get("claims"), self, self.references.cite)
        return {
            **wording.names(run.facts, run.parameters),
            **prose.names(),
            "sections": sorted(f"sections/{file.name}" for file in (self.template.parent / "sections").glob("*.md")),
            "T": {name: frame.to_dict("records") for name, frame in run.handed.items()},
            "notebooks": run.notebooks,
            "amount": words.amount,
            "joined": words.listing,
            "said": lambda fact, text: Printed(fact, text),
            "phrase": lambda *parts: Phrase(tuple(parts)),
            "cite": self.references.cite,
            "figure": self.figure,
            "figure_if": self.figure_if,
            "notebook_links": Links([(name, f"notebooks/{name}.ipynb") for name in run.notebooks]),
            "register_shown": True,
            "table": self.table,
            "evidence": Made(self._evidence_html, lambda: "#evidence()"),
            "appendix": Made(self._appendix_html, lambda: "#incidents()" if self.incidents else ""),
            "register": Made(self._register_html, lambda: ""),
            "references": Here(),
            "incidents": self.incidents,
            "sources": self.sources,
        }

    def next_number(self, paper: bool) -> str:
        """Return the number of the next figure: 1, 2, ...; for one on the screen alone 2a, 2b, ..., after figure 2.

        So each figure has one number, on the screen and on paper, and on paper none is missing.
        """
        printed = sum(shown.paper for shown in self.pictures.values())
        if paper:
            return str(printed + 1)
        since = sum(shown.number.startswith(str(printed)) and not shown.paper for shown in self.pictures.values())
        return f"{printed}{'abcdefghijklmnopqrstuvwxyz'[since]}"

    def figure_if(self, name: str, caption: str = "", paper: bool = True) -> Any:
        """Return figure `name` over `caption` if the run made it; without `paper`, on the screen alone."""
        if not (self.run.figures / f"{name}.json").exists():
            return Nothing()
        made = self.figure(name, caption, paper)
        return made if paper else Made(made.html, lambda: "")

    def figure(self, name: str, caption: str = "", paper: bool = True) -> Made:
        """Return figure `name` as a block."""
        shown = self.pictures.get(name) or blocks.picture(name, self.next_number(paper), self.run.figures)
        self.pictures[name] = replace(shown, caption=caption, paper=paper)
        return blocks.figure(self.pictures[name], self.pages)

    def table(
        self, name: str, caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float] = ()
    ) -> Grid:
        """Return a table as a block; its cells are text, facts or phrases."""

        def fill(cell: Any, form: Form) -> list[Node]:
            return inlines(cell, form, self.evidence.link)

        return Grid(name, caption, heads, rows, fill, widths)

    @cached_property
    def ids(self) -> dict[int, str]:
        """Number of an incident in the appendix -> its anchor."""
        return {row.number: self.anchors[row.identifier] for row in self.incidents}

    def _evidence_html(self) -> str:
        entries = self.evidence.entries()
        shown = self.pages.get_template("evidence.html")
        return shown.render(entries=entries, ids=self.ids, runs=runs, tables=TABLES) if entries else ""

    def _appendix_html(self) -> str:
        shown = self.pages.get_template("appendix.html")
        return shown.render(rows=self.incidents, ids=self.ids, source_ids=self.source_anchors) if self.incidents else ""

    def _register_html(self) -> str:
        return self.pages.get_template("register.html").render(
            rows=list(self.sources.values()), source_ids=self.source_anchors
        )


def strings(value: Any, changed: Callable[[str], str]) -> Any:
    """Return `value` (lists, mappings, text) with each text `changed`."""
    if isinstance(value, str):
        return changed(value)
    if isinstance(value, Mapping):
        return {key: strings(item, changed) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strings(item, changed) for item in value]
    return value


def as_json(value: Any) -> str:
    """Return `value` as JSON, keys in their order."""
    return json.dumps(value, ensure_ascii=False, indent=0)


def title(run: Run) -> str:
    """Return the brief's title for `run`."""
    return clean(run.facts["brief.title"].text) if "brief.title" in run.facts else "The escalation brief"
