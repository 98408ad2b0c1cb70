"""The papers behind the methods, as CSL-JSON items: each analysis lists its own in ``METHODS``."""

from __future__ import annotations

from typing import Any

Reference = dict[str, Any]


def _authors(names: str) -> list[dict[str, str]]:
    """Return ``"Fay, Michael P.; Korn, E."`` as CSL names."""
    pairs = (name.split(",", 1) for name in names.split(";"))
    return [{"family": family.strip(), "given": given.strip()} for family, given in pairs]


def article(authors: str, year: int, title: str, journal: str, volume: str, pages: str) -> Reference:
    """Return a journal article: `authors` as "Family, Given; Family, Given"."""
    return {
        "type": "article-journal",
        "title": title,
        "author": _authors(authors),
        "container-title": journal,
        "volume": volume,
        "page": pages,
        "issued": {"date-parts": [[year]]},
    }


def book(authors: str, year: int, title: str, publisher: str) -> Reference:
    """Return a book: `authors` as "Family, Given; Family, Given"."""
    return {
        "type": "book",
        "title": title,
        "author": _authors(authors),
        "publisher": publisher,
        "issued": {"date-parts": [[year]]},
    }
