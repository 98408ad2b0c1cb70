"""Each paper that a docstring or a notebook cites stands in the bibliography, and each there is cited."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from conftest import ROOT

from helpers.brief.evidence import bibliography

#: Family names, then the year: "Clopper and Pearson's (1934)", "Passonneau, LREC 2006", "Wilson's interval (1927".
CITED = re.compile(
    r"(?P<names>[A-Z]\w{2,}(?:(?:, | and |, and )(?:others\b|[A-Z]\w{2,}))*)(?:['’]s)?(?: [a-z]+)?,? \(?"
    r"(?P<year>1[89]\d\d|20[01]\d|2020)\b(?!-)"
)


def citations(text: str) -> Iterator[tuple[frozenset[str], int]]:
    """Yield the capitalised names and the year of each citation in `text`."""
    for found in CITED.finditer(" ".join(text.split())):
        yield frozenset(re.findall(r"[A-Z]\w+", found["names"])), int(found["year"])


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield path and text of every docstring of the library, and of every paragraph of the notebooks."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (words := ast.get_docstring(node)):
                yield str(path.relative_to(ROOT)), words
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def stands(names: frozenset[str], year: int) -> list[str]:
    """Return the ids of the papers of that `year` with one of `names` as an author's family name."""
    return [
        key
        for key, item in bibliography().items()
        if item["issued"]["date-parts"][0][0] == year
        and any(author["family"].split()[-1] in names for author in item["author"])
    ]


@pytest.mark.parametrize(
    ("text", "names", "year"),
    [
        ("with Clopper and Pearson's (1934) outer interval", {"Clopper", "Pearson"}, 1934),
        ("the distance (Passonneau, LREC 2006) of two", {"Passonneau", "LREC"}, 2006),
        ("Bayesian Blocks (Scargle and others 2013)", {"Scargle"}, 2013),
        ("with Wilson's interval (1927, J. Am. Stat. Assoc.)", {"Wilson"}, 1927),
        ("Simonsohn, Simmons and Nelson (2020)", {"Simonsohn", "Simmons", "Nelson"}, 2020),
    ],
)
def test_a_citation_is_seen_in_each_form_it_is_written(text: str, names: set[str], year: int) -> None:
    assert list(citations(text)) == [(frozenset(names), year)]


@pytest.mark.parametrize(
    ("names", "year"), [({"Clopper", "Pearson"}, 1934), ({"Passonneau"}, 2006), ({"Wilson"}, 1927)]
)
def test_a_paper_is_found_by_its_authors_and_year(names: set[str], year: int) -> None:
    assert stands(frozenset(names), year)
    assert not stands(frozenset(names), year + 1)


def test_every_paper_cited_stands_in_the_bibliography() -> None:
    cited = [(path, *citation) for path, text in docstrings() for citation in citations(text)]
    assert len(cited) > 15
    missing = [(path, sorted(names), year) for path, names, year in cited if not stands(names, year)]
    assert missing == []


def test_every_paper_in_the_bibliography_is_cited() -> None:
    named = {key for _, text in docstrings() for citation in citations(text) for key in stands(*citation)}
    sections = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "report/sections").glob("*.md"))
    idle = [key for key in bibliography() if key not in named and f'"{key}"' not in sections]
    assert idle == []


def test_every_entry_is_whole() -> None:
    for key, item in bibliography().items():
        assert item["title"], key
        assert item.get("container-title") or item.get("publisher"), key
        assert all(author["family"] and author["given"] for author in item["author"]), key
        assert str(item["issued"]["date-parts"][0][0]) in key
