"""The calls of ``08_brief``: merge the facts, write the HTML, write the PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.brief import pdf, web
from helpers.brief.document import Document, Run, load, merge
from helpers.brief.wording import day, joined
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.vocabulary import COUNTRIES

__all__ = ["Document", "Run", "head", "load", "merge", "shown", "write_facts", "write_html", "write_pdf"]


def write_facts(run: Run) -> Path:
    """Write the facts of all notebooks and of the brief itself to ``facts.json`` of the run; return its path."""
    return run.facts.write(resolve(run.parameters.report_dir) / "facts.json")


def write_html(document: Document) -> Path:
    """Write ``brief.html`` beside the facts of the document's run; return its path."""
    parameters = document.run.parameters
    return web.render(document, resolve(parameters.report_dir) / "brief.html", head(parameters))


def write_pdf(document: Document) -> Path:
    """Write ``brief.pdf`` and the picture of its first page beside the facts of the document's run; return its path."""
    parameters = document.run.parameters
    report = resolve(parameters.report_dir)
    return pdf.render(document, report / "brief.pdf", head(parameters), report / "first-page.png")


def head(parameters: Parameters) -> dict[str, Any]:
    """Return the title and the other words at the head of the brief for `parameters`."""
    where = joined(COUNTRIES[code] for code in parameters.countries)
    window = f"{day(parameters.window_start)} to {day(parameters.window_end)}"
    return {
        "title": f"Attacks on US and coalition forces in {where}",
        "kicker": "Escalation brief",
        "running": f"Attacks on US and coalition forces in {where}",
        "window": window,
        "standfirst": f"What public reports show, and how far they can be trusted: {window}.",
        "description": f"What public reports of attacks on US and coalition forces in {where} show, {window}: "
        "weapons, the pause during the Gaza ceasefire, US strikes, and how far the record can be trusted.",
        "keywords": [
            "attacks",
            "US forces",
            *(COUNTRIES[code] for code in parameters.countries),
            "ceasefire",
            "missiles",
        ],
    }


def document(parameters: Parameters) -> Document:
    """Return the document of the run whose folders `parameters` names."""
    return Document(load(parameters))


def shown(path: Path) -> str:
    """Return the name and size of a file that was written, for a notebook's reader; no path of the machine."""
    return f"{path.name}: {path.stat().st_size / 1e6:.1f} MB"
