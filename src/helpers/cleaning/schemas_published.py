"""All tables that are published, with those that the cleaning itself does not make."""

from __future__ import annotations

from helpers.cleaning.acled import ACLED
from helpers.cleaning.schemas import Column, ForeignKey, Sheet, count, text
from helpers.cleaning.schemas_clean import CLEAN


def _share(name: str, description: str) -> Column:
    return Column(name, "number", description, minimum=0.0, maximum=1.0)


def _alpha(name: str, description: str) -> Column:
    return Column(name, "number", description, maximum=1.0)


RELIABILITY = Sheet(
    "reliability",
    "How far two coders agree, by measure: Krippendorff's alpha with a bootstrap over sources",
    (
        text("measure", "the measure: a field, or whether one is _given, or the _exact day", required=True),
        text("field", "the coded field; incident for the finding of incidents itself", required=True),
        text("aspect", "what of it", vocabulary=("value", "given", "exact", "found"), required=True),
        text(
            "level",
            "level of measurement",
            vocabulary=("nominal", "ordinal", "interval", "ratio", "MASI", "share", "text"),
            required=True,
        ),
        count("n_pairs", "pairs of rows compared; for the finding of incidents, rows", required=True),
        count("n_sources", "sources with such pairs", required=True),
        _share("agreement", "share of the pairs with equal values"),
        _share("agreement_low", "its 95 % interval, lower bound"),
        _share("agreement_high", "its 95 % interval, upper bound"),
        _alpha("alpha", "Krippendorff's alpha: 1 perfect, 0 no better than chance"),
        _alpha("alpha_low", "its 95 % interval, lower bound"),
        _alpha("alpha_high", "its 95 % interval, upper bound"),
        count("n_certain", "pairs of which neither row could have had another partner", required=True),
        _alpha("alpha_certain", "alpha of those pairs alone"),
        text("reason", "why a number is undefined, or what it cannot show"),
    ),
    key=("measure",),
)

RELIABILITY_PAIRS = Sheet(
    "reliability_pairs",
    "Every pair of rows on which the two coders differ, by measure",
    (
        text("measure", "the measure", required=True),
        text("source_id", "the source", required=True),
        text("report_id", "the row of the first coding", required=True),
        count("second_row", "the row of second_coding.csv as a spreadsheet numbers it", required=True, minimum=2),
        text("first", "what the first coder says"),
        text("second", "what the second coder says"),
        Column("distance", "number", "how far apart: days, numbers, ranks, MASI, or 1", required=True, minimum=0.0),
        Column("certain", "boolean", "whether neither row could have had another partner", required=True),
    ),
    key=("measure", "report_id"),
    foreign_keys=(ForeignKey("source_id", "sources", "source_id"), ForeignKey("measure", "reliability", "measure")),
)

#: All published tables by name, in the order of the data dictionary.
TABLES: dict[str, Sheet] = {
    **CLEAN,
    "reliability": RELIABILITY,
    "reliability_pairs": RELIABILITY_PAIRS,
    "acled": ACLED,
}
