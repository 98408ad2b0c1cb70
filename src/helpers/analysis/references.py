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


def proceedings(authors: str, year: int, title: str, meeting: str, pages: str = "") -> Reference:
    """Return a paper of a conference: `authors` as "Family, Given; Family, Given"."""
    item = {
        "type": "paper-conference",
        "title": title,
        "author": _authors(authors),
        "container-title": meeting,
        "page": pages,
        "issued": {"date-parts": [[year]]},
    }
    return {name: value for name, value in item.items() if value}


def book(authors: str, year: int, title: str, publisher: str) -> Reference:
    """Return a book: `authors` as "Family, Given; Family, Given"."""
    return {
        "type": "book",
        "title": title,
        "author": _authors(authors),
        "publisher": publisher,
        "issued": {"date-parts": [[year]]},
    }


#: Papers of rooms that list none themselves: the cleaning, the figures, and what analyses share.
METHODS: dict[str, Reference] = {
    "manski1989": article(
        "Manski, Charles F.", 1989, "Anatomy of the selection problem", "The Journal of Human Resources", "24",
        "343-360",
    ),
    "streitberg1986": article(
        "Streitberg, Bernd; Röhmel, Joachim", 1986,
        "Exact distributions for permutation and rank tests: an introduction to some recently published algorithms",
        "Statistical Software Newsletter", "12", "10-17",
    ),
    "fog2008": article(
        "Fog, Agner", 2008, "Sampling methods for Wallenius' and Fisher's noncentral hypergeometric distributions",
        "Communications in Statistics - Simulation and Computation", "37", "241-257",
    ),
    "krippendorff2011": book(
        "Krippendorff, Klaus", 2011, "Computing Krippendorff's alpha-reliability", "University of Pennsylvania"
    ),
    "passonneau2006": proceedings(
        "Passonneau, Rebecca", 2006,
        "Measuring agreement on set-valued items (MASI) for semantic and pragmatic annotation",
        "Proceedings of the Fifth International Conference on Language Resources and Evaluation (LREC)",
    ),
    "hripcsak2005": article(
        "Hripcsak, George; Rothschild, Adam S.", 2005,
        "Agreement, the F-measure, and reliability in information retrieval",
        "Journal of the American Medical Informatics Association", "12", "296-298",
    ),
    "hernandez1995": proceedings(
        "Hernandez, Mauricio A.; Stolfo, Salvatore J.", 1995, "The merge/purge problem for large databases",
        "Proceedings of the ACM SIGMOD International Conference on Management of Data", "127-138",
    ),
    "barlow1972": article(
        "Barlow, R. E.; Brunk, H. D.", 1972, "The isotonic regression problem and its dual",
        "Journal of the American Statistical Association", "67", "140-147",
    ),
    "imhof1975": article(
        "Imhof, Eduard", 1975, "Positioning names on maps", "The American Cartographer", "2", "128-144"
    ),
    "douglas1973": article(
        "Douglas, David H.; Peucker, Thomas K.", 1973,
        "Algorithms for the reduction of the number of points required to represent a digitized line or its caricature",
        "Cartographica", "10", "112-122",
    ),
}  # fmt: skip
