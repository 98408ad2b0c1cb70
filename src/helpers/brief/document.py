"""The document: what the sections may print, bound to the facts, figures and clean tables of one run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from helpers import tables, words
from helpers.brief import evidence, nodes
from helpers.brief.evidence import Evidence, References, bibliography
from helpers.brief.nodes import Node
from helpers.brief.plain import clean
from helpers.brief.template import Form, Text, render
from helpers.cleaning.normalise import claimant_names
from helpers.facts import Facts
from helpers.figures import wording
from helpers.parameters import Parameters
from helpers.paths import project_root, resolve
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split

#: Attacks that the list on paper holds at most, the first by date; the page holds all.
PRINTED = 1_000

#: Clean tables that the brief reads.
TABLES_READ = ("incidents", "reports", "sources", "official_counts", "other_counts", "responses", "claims", "context")


@dataclass(frozen=True)
class Run:
    """What one run hands to the brief.

    Attributes
    ----------
    facts: all facts of the run; usual: those of the default run where this is another one, else None.
    clean: clean tables by name; figures: folder of the figures.
    notebooks: names of the executed notebooks that stand beside the brief.
    """

    parameters: Parameters
    facts: Facts
    clean: Mapping[str, pd.DataFrame]
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
    """Return `facts` with those of the brief itself, from the clean incidents, sources and, if any, reports."""
    merged = Facts(facts.values())
    attacks, sources = tables.select(clean["incidents"], parameters), clean["sources"]
    ids = attacks["incident_id"]

    def add(name: str, behind: Iterable[str], note: str) -> None:
        known = list(dict.fromkeys(behind))
        merged.add(f"brief.{name}", len(known), unit="incidents", incidents=known, note=note)

    add("incidents", ids, "attacks on record that this brief counts")
    for code, told in CONFIRMATION.items():
        if code != "denied":
            note = f"attacks of which the strongest confirmation on record is {told}"
            add(f"confirmed.{code}", ids[attacks["confirmation"] == code], note)
    note = "attacks confirmed by a US official at second hand, by one outlet alone that is no wire or national one"
    add("second_hand", ids[attacks["second_hand"]] if "second_hand" in attacks else (), note)
    groups = attacks.set_index("incident_id")["claimed_by"].map(split).explode().dropna()
    groups = groups[groups != "none"]
    most = str(groups.value_counts().sort_index().idxmax()) if len(groups) else ""
    mine = list(groups[groups == most].index)
    add("claimed", groups.index, "attacks that some group claimed, by any report")
    merged.add("brief.claimant", evidence.group(most) or None, unit="text", incidents=mine,
               note="the name under which most of these were claimed")  # fmt: skip
    add("claimant.attacks", mine, "attacks claimed under that name")
    for name, day in (("first", attacks["date"].min()), ("last", attacks["date"].max())):
        note = f"day of the {name} attack on record"
        merged.add(f"brief.{name}", day if len(attacks) else None, unit="date", note=note)
    if "reports" in clean:
        for name, who, behind, note in _blamed(clean["reports"], sources, ids, most):
            add(name, behind, note)
            if who:
                merged.add(
                    f"brief.{name}.group", who, unit="text", incidents=behind, note="blamed by name for most attacks"
                )
    telling = {source for cell in clean["incidents"]["sources"] for source in split(cell)}
    published = sources.loc[sources["source_id"].isin(telling), "published"].dropna()
    merged.add("brief.reports_until", published.max().date() if len(published) else None, unit="date",
               note="day on which the last report of the record was published")  # fmt: skip
    digest = hashlib.sha256(clean["incidents"].to_csv(index=False).encode(errors="replace")).hexdigest()[:8]
    merged.add("brief.data", digest, unit="text", note="start of the SHA-256 digest of the table of attacks")
    return merged


def _blamed(
    reports: pd.DataFrame, sources: pd.DataFrame, ids: pd.Series[str], but: str
) -> Iterator[tuple[str, str, Iterable[str], str]]:
    """Yield name, who, incidents and note of the facts of whom reports of the attacks `ids` name as behind them.

    One is of the group blamed by name for most attacks, beside that with the code `but`.
    """
    blaming = reports[reports["incident_id"].isin(ids) & (reports["attributed_to"].fillna("") != "")]
    iran = blaming[blaming["attributed_to"].str.contains("Iran")]
    official = iran["source_id"].isin(sources.loc[sources["kind"] == "official", "source_id"])
    official &= iran["confirmation"] == "us_official"
    yield "blamed", "", sorted(blaming["incident_id"]), "attacks of which some report says who was behind it"
    note = "attacks that some report puts down to groups backed by, allied with or linked to Iran"
    yield "iran", "", sorted(iran["incident_id"]), note
    yield "iran.official", "", sorted(iran.loc[official, "incident_id"]), "the same, by a page of the US government"
    named = {
        who: blaming["attributed_to"].str.contains(who, regex=False) for c, who in claimant_names().items() if c != but
    }
    for who in sorted(named, key=lambda who: -blaming.loc[named[who], "incident_id"].nunique())[:1]:
        yield "accused", who, sorted(blaming.loc[named[who], "incident_id"]), "attacks put down by name to this group"


def load(parameters: Parameters) -> Run:
    """Return the run whose folders `parameters` names, with the default run's facts where it is another."""
    report = resolve(parameters.report_dir)
    path = default_facts(report) if parameters.differing() else None
    clean = {name: tables.read(name, parameters.clean_dir) for name in TABLES_READ}
    return Run(
        parameters,
        own_facts(merge(report / "facts"), clean, parameters),
        clean,
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
    """A figure of ``figures/``: its number, the same on screen and paper, its words, any view of the explorer."""

    name: str
    number: str
    paper: bool
    title: str
    alt: str
    view: Mapping[str, str]

    @property
    def explorer(self) -> str:
        """The explorer's page with the same incidents in view."""
        return f"explorer.html#{urlencode(self.view, safe=',')}"

    def blocks(self, form: Form) -> list[Node]:
        """Return the place of the figure, which the page and the PDF fill."""
        return [nodes.raw_block("figure", self.name)]


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

    def __post_init__(self) -> None:
        selected = tables.select(self.run.clean["incidents"], self.run.parameters)
        self.facts = wording.Known(self.run.facts)
        self.sources = evidence.register(self.run.clean["sources"])
        self.incidents = evidence.incidents(selected, self.sources)
        self.printed = self.incidents[:PRINTED]
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

    def tree(self, blocks: list[Node]) -> str:
        """Return `blocks` as a document for pandoc, with what citeproc needs; call it when all is cited."""
        known = {name: nodes.meta(value) for name, value in (("lang", "en-GB"), ("link-citations", True))}
        meta = {"references": self.references.metadata(), **known, "link-bibliography": nodes.meta(True)}
        version = self.text.tree["pandoc-api-version"]
        return json.dumps({"pandoc-api-version": version, "meta": meta, "blocks": blocks})

    def names(self) -> dict[str, Any]:
        """Return what the sections may use: those of `helpers.figures.wording.names`, and what the brief adds.

        ``cite(id, ...)`` a citation of sources or papers; ``figure(name)`` a figure, with ``paper=False`` one of the
        screen alone; ``placed(section)`` the figures whose words name the section; ``differing`` the parameters that
        are not the default's (words, here, default); ``usual(name)`` a fact's text in the default run;
        ``incident_list``, ``printed`` (how many of it on paper) and ``source_list``; ``notebooks``; ``title``;
        ``level``, ``seed``, ``resamples``, ``confirmed_by`` in words.
        """
        run, usual = self.run, self.run.usual
        months = Counter(row.month for row in self.incidents)
        return {
            **wording.names(self.facts, run.parameters),
            "sections": sorted(f"sections/{file.name}" for file in (self.template.parent / "sections").glob("*.md")),
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
            "report_count": int(run.clean["incidents"].get("n_reports", pd.Series(dtype=int)).sum()),
            "level": "95%",
            "seed": f"{run.parameters.seed}",
            "resamples": f"{run.parameters.resamples:,}",
            "confirmed_by": CONFIRMED_BY.get(run.parameters.confirmed_by, "anyone"),
            "incident_list": Made(
                "\n".join(
                    _fold("incidents", month, f"{month}: {words.amount(n, 'attack')}") for month, n in months.items()
                ),
                "#incidents()" if self.incidents else "",
            ),
            "printed": len(self.printed),
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
            raise ValueError(f"no figure is named {name!r}{wording.hint(name, drawn)}")
        beside = json.loads(path.read_text(encoding="utf-8"))
        place = 1 + sum(shown.paper == paper for shown in self.pictures.values())
        number = self.pictures[name].number if name in self.pictures else f"{'' if paper else 'S'}{place}"
        view = {str(key): str(value) for key, value in beside.get("view", {}).items()}
        self.pictures[name] = Picture(name, number, paper, clean(beside["title"]), clean(beside["alt"]), view)
        return self.pictures[name]


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
