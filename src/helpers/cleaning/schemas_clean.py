"""The clean tables, described in the same form as the coded sheets (see `helpers.cleaning.schemas_coded`)."""

from __future__ import annotations

from dataclasses import replace

from helpers.cleaning import schemas_coded as coded
from helpers.cleaning.schemas import Column, ForeignKey, Sheet, count, day, text
from helpers.vocabulary import CONFIRMATION, COUNTRIES, weapons

#: Fields that are reconciled, in the order of the incidents' columns.
FIELDS = (
    "date",
    "time_local",
    "country",
    "site_id",
    "target_type",
    "weapons",
    "munitions",
    "intercepted",
    "damage",
    "us_killed",
    "us_injured",
    "partner_killed",
    "partner_injured",
    "claimed_by",
    "attributed_to",
    "confirmation",
)


_INCIDENT = text("incident_id", "the incident", required=True)
_TO_INCIDENTS = ForeignKey("incident_id", "incidents", "incident_id")
_TO_SOURCES = ForeignKey("source_id", "sources", "source_id")
_SOURCES = text("sources", "the sources that report it", separator=";", required=True)
_CODES = tuple(weapons())

INCIDENTS = Sheet(
    "incidents",
    "One row an incident, reconciled from its reports; a number that no source gives is blank, never 0",
    (
        text(
            "incident_id", "the incident's key after all rulings: its first key's date, site and number", required=True
        ),
        day("date", "local day of the attack", required=True),
        day("date_earliest", "first day that the reports on which the date rests allow", required=True),
        day("date_latest", "last day that the reports on which the date rests allow", required=True),
        text(
            "date_precision",
            "day: most origins that fix a day fix this one; range: they disagree, or give a few days; approximate: "
            "worked out from publication alone",
            vocabulary=coded.PRECISIONS,
            required=True,
        ),
        Column(
            "date_code",
            "integer",
            "ACLED's time precision: 1 the day is known, 2 the week, 3 the month",
            required=True,
            minimum=1,
            maximum=3,
        ),
        text("time_local", "local hour: HH:MM or dawn, morning, afternoon, evening, night", pattern=coded.CLOCK),
        text("country", "country", vocabulary=tuple(COUNTRIES), required=True),
        text("site_id", "site in the gazetteer, or other, or unspecified-iraq, -syria, -jordan", required=True),
        text("site_name", "the site's name, or the place as reported", required=True),
        text("admin1", "governorate"),
        Column(
            "latitude", "number", "latitude of the site's point, WGS84; blank without a site", minimum=-90, maximum=90
        ),
        Column(
            "longitude",
            "number",
            "longitude of the site's point, WGS84; blank without a site",
            minimum=-180,
            maximum=180,
        ),
        Column(
            "place_precision",
            "integer",
            "ACLED's geo-precision: 1 the site itself, 2 near it (about 10 km), 3 a governorate or country only",
            required=True,
            minimum=1,
            maximum=3,
        ),
        text("target_type", "what was attacked", vocabulary=coded.TARGETS, required=True),
        text("weapons", "reconciled weapons", vocabulary=_CODES, separator=";", required=True),
        text("top_weapon", "the reconciled weapon on the highest rung of the ladder", vocabulary=_CODES, required=True),
        count("munitions_best", "munitions: best estimate"),
        count("munitions_low", "munitions: smallest figure given"),
        count("munitions_high", "munitions: largest figure given"),
        text("intercepted", "how many of the munitions were stopped", vocabulary=coded.INTERCEPTED, required=True),
        text("damage", "damage", vocabulary=coded.DAMAGE, required=True),
        count("us_killed", "US and coalition members or contractors killed"),
        count("us_injured_best", "US and coalition members or contractors injured: best estimate"),
        count("us_injured_low", "US and coalition injured: smallest figure by reports of the best estimate's standing"),
        count("us_injured_high", "US and coalition injured: largest figure by reports of the best estimate's standing"),
        count("partner_killed", "Iraqi, Syrian or Jordanian personnel and civilians killed"),
        count("partner_injured", "Iraqi, Syrian or Jordanian personnel and civilians injured"),
        text("claimed_by", "group that claimed it; none where sources say that nobody did; blank if not said"),
        text("attributed_to", "whom officials or sources blame; blank if not said"),
        text(
            "confirmation",
            "the strongest standing of those who confirm it; a denial confirms nothing",
            vocabulary=tuple(CONFIRMATION),
            required=True,
        ),
        Column(
            "second_hand",
            "boolean",
            "whether the US official is known at second hand alone: quoted by a single origin that is no official, wire "
            "or national outlet",
            required=True,
        ),
        Column("n_reports", "integer", "coded reports", required=True, minimum=1),
        Column("n_sources", "integer", "sources", required=True, minimum=1),
        Column(
            "n_independent",
            "integer",
            "independent origins: reprints of one agency or outlet count once",
            required=True,
            minimum=1,
        ),
        count("n_conflicts", "fields on which its reports disagree", required=True),
        text(
            "sources",
            "the sources that report it: official, wire, national, then others",
            separator=";",
            required=True,
        ),
        Column(
            "ucdp_date_prec",
            "integer",
            "UCDP GED's date_prec: 1 the day is known, 2 two to six days, 3 a week, 4 a month, 5 more",
            required=True,
            minimum=1,
            maximum=5,
        ),
        Column(
            "ucdp_where_prec",
            "integer",
            "UCDP GED's where_prec: 1 the site itself, 2 within about 25 km of it, 4 a governorate, 6 a country",
            required=True,
            minimum=1,
            maximum=7,
        ),
    ),
    key=("incident_id",),
)

_CODED_FIELDS = tuple(
    column for column in coded.REPORTS.columns if column.name not in ("report_id", "source_id", "incident_key")
)

REPORTS = Sheet(
    "reports",
    "Every coded report, normalised, with the incident that it is linked to",
    (
        text("report_id", "the report", required=True),
        text("source_id", "the source", required=True),
        text("incident_key", "the key that the coder gave", required=True),
        *_CODED_FIELDS,
        text("incident_id", "the incident after all rulings; blank when the report is set aside"),
        text("family", "the origin that counts once however often it is reprinted", required=True),
    ),
    key=("report_id",),
    foreign_keys=(_TO_SOURCES, _TO_INCIDENTS),
)

RECONCILED = Sheet(
    "reconciled",
    "How each value of each incident was chosen: one row a field",
    (
        _INCIDENT,
        text("field", "the field", vocabulary=FIELDS, required=True),
        text("value", "the chosen value; blank if no source says", required=False),
        text("rule", "the rule that chose it", required=True),
        count("n_independent", "independent origins that say so", required=True),
        count("n_said", "independent origins that say anything of this field", required=True),
        text("low", "smallest figure or first day given"),
        text("high", "largest figure or last day given"),
        text("others", "other values, each with the number of independent origins that say so", separator=";"),
    ),
    key=("incident_id", "field"),
    foreign_keys=(_TO_INCIDENTS,),
)

CONFLICTS = Sheet(
    "conflicts",
    "Every disagreement: one row for each value that was told of an incident and not chosen",
    (
        _INCIDENT,
        text("field", "the field", vocabulary=FIELDS, required=True),
        text("chosen", "the chosen value; blank where nothing told was taken", required=False),
        count("n_chosen", "independent origins that say so", required=True),
        text("other", "the value not chosen", required=True),
        count("n_other", "independent origins that say so", required=True),
        text("rule", "the rule that chose", required=True),
        text("reports", "the reports that say the other", separator=";", required=True),
    ),
    key=("incident_id", "field", "other"),
    foreign_keys=(_TO_INCIDENTS,),
)

CLEANING_LOG = Sheet(
    "cleaning_log",
    "Every cell that normalising or a correction changed",
    (
        text("file", "the sheet's file", required=True),
        Column("row", "integer", "row as a spreadsheet numbers it", required=True, minimum=1),
        text("column", "the column", required=True),
        text("before", "as typed"),
        text("after", "as kept"),
        text("rule", "the rule that changed it", required=True),
    ),
)

SET_ASIDE = Sheet(
    "set_aside",
    "Reports that are in no incident, with the ruling that set them aside",
    (
        text("report_id", "the report", required=True),
        text("source_id", "the source", required=True),
        text("incident_key", "the key that the coder gave", required=True),
        text("decision_id", "the ruling", required=True),
        text("confidence", "how sure the ruling is", vocabulary=coded.CONFIDENCES, required=True),
        text("reason", "why", required=True),
    ),
    key=("report_id",),
    foreign_keys=(ForeignKey("report_id", "reports", "report_id"), _TO_SOURCES),
)

SUSPECTS = Sheet(
    "suspects",
    "Pairs of keys that may be one incident and keys that may be several, found by rule without sight of the rulings",
    (
        text(
            "kind",
            "duplicate: two keys that look alike; split: one key whose reports lie apart",
            vocabulary=("duplicate", "split"),
            required=True,
        ),
        text("incident_key", "the key", required=True),
        text("other_key", "the key it looks like; blank for a split"),
        Column("days", "integer", "days between them, or between the reports of one key", required=True, minimum=0),
        Column("km", "number", "kilometres between the sites' points; blank where one has none"),
        text("rule", "what makes them suspect", required=True),
        Column("joined", "boolean", "whether the rule by itself would join them", required=True),
        text("ruling", "what was ruled: merge, apart, or blank when there is no ruling", vocabulary=("merge", "apart")),
        text("decision_id", "the ruling"),
    ),
    key=("kind", "incident_key", "other_key"),
)

DECISIONS = Sheet(
    "decisions",
    "The rulings, with what each changed",
    (
        *coded.DECISIONS.columns,
        text("file", "the file in which the ruling stands", required=True),
        count("reports", "reports that it moved, set aside or changed", required=True),
        text("effect", "what it did, in words", required=True),
    ),
    key=("decision_id",),
)

OFFICIAL_COUNTS = Sheet(
    "official_counts",
    coded.OFFICIAL_COUNTS.description,
    (text("count_id", "the row's id, by order in the sheet", required=True), *coded.OFFICIAL_COUNTS.columns),
    key=("count_id",),
    foreign_keys=(_TO_SOURCES,),
)

CONTEXT = Sheet(
    "context",
    coded.CONTEXT.description,
    (text("context_id", "the row's id, by order in the sheet", required=True), *coded.CONTEXT.columns),
    key=("context_id",),
    foreign_keys=(_TO_SOURCES,),
)

OTHER_COUNTS = Sheet(
    "other_counts",
    coded.OTHER_COUNTS.description,
    (text("other_id", "the row's id, by order in the sheet", required=True), *coded.OTHER_COUNTS.columns),
    key=("other_id",),
    foreign_keys=(_TO_SOURCES,),
)

RESPONSE_REPORTS = replace(coded.RESPONSES, name="response_reports")

RESPONSES = Sheet(
    "responses",
    "US and coalition strikes in Iraq and Syria: one row a strike, reconciled from its reports",
    (
        text("response_id", "the strike", required=True),
        day("date", "local day of the strike", required=True),
        text(
            "country",
            "country, or both for a night of strikes told as one",
            vocabulary=("IQ", "SY"),
            separator=";",
            required=True,
        ),
        text("place", "where"),
        text("kind", "what the US called it", vocabulary=coded.RESPONSE_KINDS),
        text("target", "what was struck"),
        count("killed_best", "killed: best estimate"),
        count("killed_low", "killed: smallest figure given"),
        count("killed_high", "killed: largest figure given"),
        text("killed_side", "who the dead were", vocabulary=coded.KILLED_SIDES),
        Column("n_sources", "integer", "sources", required=True, minimum=1),
        _SOURCES,
        Column("n_independent", "integer", "independent origins", required=True, minimum=1),
    ),
    key=("response_id",),
)

SOURCES = Sheet(
    "sources",
    coded.SOURCES.description,
    (
        *coded.SOURCES.columns,
        text("family", "the origin that counts once however often it is reprinted", required=True),
    ),
    key=("source_id",),
)

#: The clean tables by name, in the order in which they are told of.
CLEAN: dict[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        INCIDENTS,
        REPORTS,
        RECONCILED,
        CONFLICTS,
        CLEANING_LOG,
        SET_ASIDE,
        SUSPECTS,
        DECISIONS,
        OFFICIAL_COUNTS,
        OTHER_COUNTS,
        RESPONSES,
        RESPONSE_REPORTS,
        CONTEXT,
        coded.FORCES,
        coded.CLAIMS,
        coded.SITES,
        SOURCES,
    )
}
