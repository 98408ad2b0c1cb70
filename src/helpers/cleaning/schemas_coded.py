"""The codebook as schemas: every column of every coded sheet, described once; a test holds it to the codebook."""

from __future__ import annotations

from helpers.cleaning.schemas import Column, ForeignKey, Sheet, count, day, text
from helpers.vocabulary import CONFIRMATION, COUNTRIES, weapons

PRECISIONS = ("day", "range", "approximate")
HOURS = ("dawn", "morning", "afternoon", "evening", "night")
TARGETS = ("base", "diplomatic", "convoy", "airport", "other", "unknown")
INTERCEPTED = ("all", "some", "none", "unknown")
DAMAGE = ("none", "minor", "major", "unknown")
CLAIMANTS = ("islamic_resistance_in_iraq", "kataib_hezbollah", "harakat_hezbollah_al_nujaba", "none")
SOURCE_KINDS = (
    "official",
    "wire",
    "national_media",
    "local_media",
    "claimant_media",
    "analyst",
    "encyclopedia",
)
COUNTERS = ("sohr", "musings_on_iraq", "acled", "gttac", "claimant")
RELATIONS = ("exact", "at_least", "approximately")
RESPONSE_KINDS = ("retaliatory", "self_defence", "preemptive")
KILLED_SIDES = ("militia", "irgc", "army", "civilian", "mixed")
CONTEXT_KINDS = ("ceasefire", "war_event", "suspension_announced", "political", "casualty_event", "external_strike")
ACTIONS = ("merge", "apart", "set_aside", "redate", "resite", "relink", "correct")
CONFIDENCES = ("sure", "likely", "unsure")
CLAIM_KINDS = (
    "official_total",
    "official_injured",
    "incident_count",
    "incident_injured",
    "incident_partner_injured",
    "incident_munitions",
    "first_incident",
    "response_count",
    "first_response",
    "claimed_share",
    "rate_lower",
    "rate_higher",
)
COMPARATORS = ("equals", "approximately", "at_least", "less_than", "more_than")

KEY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9]+"
CLAIMANT = rf"(?:{'|'.join(CLAIMANTS)})|other:.+"
CLOCK = rf"(?:[01][0-9]|2[0-3]):[0-5][0-9]|{'|'.join(HOURS)}"


_SOURCE = text("source_id", "the source, as in sources.csv", required=True)
_TO_SOURCES = ForeignKey("source_id", "sources", "source_id")
_COUNTRY = text("country", "country of the attack", vocabulary=tuple(COUNTRIES), required=True)
_KEY = text(
    "incident_key",
    "local date of the attack, site and number within that site and day",
    required=True,
    pattern=KEY,
    allowed="YYYY-MM-DD-site_id-N",
)

_REPORT_FIELDS = (
    day("date", "local date of the attack: the best single day", required=True),
    text("date_precision", "how well the text fixes the day", vocabulary=PRECISIONS, required=True),
    day("date_earliest", "first day that the text allows; blank when the precision is day"),
    day("date_latest", "last day that the text allows; blank when the precision is day"),
    text(
        "time_local",
        "local hour as reported; blank if not said",
        pattern=CLOCK,
        allowed=f"HH:MM or one of {', '.join(HOURS)}",
    ),
    text(
        "site_id",
        "site in the gazetteer; other when none fits; unspecified-iraq, -syria, -jordan when no site is named",
        required=True,
        allowed="a site_id of sites.csv, or other",
    ),
    text("place_as_reported", "the place's name as the source spells it"),
    _COUNTRY,
    text("target_type", "what was attacked", vocabulary=TARGETS, required=True),
    text("weapons", "weapons that the source names", vocabulary=tuple(weapons()), required=True, separator=";"),
    text("weapon_as_reported", "the source's own words for the weapon, at most five"),
    count("munitions_low", "munitions as reported, the least; blank if not said"),
    count("munitions_high", "munitions as reported, the most; blank if not said or open"),
    text("intercepted", "how many of the munitions were stopped", vocabulary=INTERCEPTED, required=True),
    count("us_killed", "US and coalition members or contractors killed; blank if not said, 0 only when none is said"),
    count("us_injured_low", "US and coalition members or contractors injured, the least; blank if not said"),
    count("us_injured_high", "US and coalition members or contractors injured, the most; blank if not said"),
    count("partner_killed", "Iraqi, Syrian (SDF) or Jordanian personnel and civilians killed; blank if not said"),
    count("partner_injured", "Iraqi, Syrian (SDF) or Jordanian personnel and civilians injured; blank if not said"),
    text(
        "damage",
        "major when a building, aircraft or system is destroyed or put out of use",
        vocabulary=DAMAGE,
        required=True,
    ),
    text(
        "claimed_by",
        "group that claimed it according to this source; none when it says that nobody did; blank if not said",
        pattern=CLAIMANT,
        allowed=f"one of {', '.join(CLAIMANTS)}, or other:NAME",
    ),
    text("attributed_to", "whom officials or the source blame, in few words; blank if not said"),
    text("confirmation", "who confirms the attack in this source", vocabulary=tuple(CONFIRMATION), required=True),
    text("note", "the coder's own words: anything odd"),
)

#: What a report says of its incident, field by field.
REPORT_FIELDS = tuple(column.name for column in _REPORT_FIELDS)

REPORTS = Sheet(
    "reports",
    "What one source says of one incident: one row a report",
    (
        text(
            "report_id",
            "the source's id, a stroke and a number",
            required=True,
            pattern=r".+/[0-9]+",
            allowed="source_id/n",
        ),
        _SOURCE,
        _KEY,
        *_REPORT_FIELDS,
    ),
    key=("report_id",),
    foreign_keys=(_TO_SOURCES, ForeignKey("site_id", "sites", "site_id", ("other",))),
)

SECOND_CODING = Sheet(
    "second_coding",
    "Reports of a sample of sources, coded a second time without sight of the first coding",
    (_SOURCE, _KEY, *_REPORT_FIELDS),
    key=("source_id", "incident_key"),
    foreign_keys=(_TO_SOURCES, ForeignKey("site_id", "sites", "site_id", ("other",))),
)

SOURCES = Sheet(
    "sources",
    "The pages that were read: one row a source",
    (
        text(
            "source_id",
            "outlet, date and a few words, in lower case",
            required=True,
            pattern=r"[^\s;/]+",
            allowed="outlet-YYYY-MM-DD-few-words without spaces",
        ),
        text("outlet", "who published the page", required=True),
        text("title", "title of the page; in parentheses or blank when it was not shown"),
        text("url", "address of the page"),
        day("published", "day of publication", required=True),
        text(
            "language",
            "language of the page, two letters",
            required=True,
            pattern="[a-z]{2}",
            allowed="two lower-case letters",
        ),
        text("kind", "kind of outlet", vocabulary=SOURCE_KINDS, required=True),
        text("original_outlet", "the agency or outlet whose text it reprints; else blank"),
    ),
    key=("source_id",),
)

OFFICIAL_COUNTS = Sheet(
    "official_counts",
    "Running totals of attacks that US officials gave: one row a statement in a source",
    (
        _SOURCE,
        day("as_of", "the day to which the total runs; the statement's day if not said", required=True),
        day("stated_on", "the day of the statement; blank if not known"),
        count("total", "attacks in all since 17 October 2023"),
        count("iraq", "of them in Iraq"),
        count("syria", "of them in Syria"),
        count("jordan", "of them in Jordan"),
        count("us_injured", "running total of US personnel injured"),
        text("relation", "how the number is meant", vocabulary=RELATIONS, required=True),
        text("speaker", "who gave the number"),
        text("note", "the coder's own words"),
    ),
    foreign_keys=(_TO_SOURCES,),
)

OTHER_COUNTS = Sheet(
    "other_counts",
    "Running and period totals that counters other than US officials gave: one row a total, or one base of it",
    (
        _SOURCE,
        text(
            "counter",
            "who counts: the Syrian Observatory (sohr), a weekly blog, ACLED, GTTAC, the claimants",
            required=True,
            pattern=rf"(?:{'|'.join(COUNTERS)})|other:.+",
            allowed=f"one of {', '.join(COUNTERS)}, or other:NAME",
        ),
        day("as_of", "the day to which the total runs", required=True),
        text("as_of_precision", "how well the text fixes that day", vocabulary=PRECISIONS, required=True),
        day("since", "the day from which it counts; blank if not said"),
        day("stated_on", "the day of the statement; blank if not known"),
        text("unit", "what is counted, the source's word"),
        text("country", "country counted; blank for all", vocabulary=tuple(COUNTRIES)),
        text("site_id", "one base of a breakdown; blank for the total", allowed="a site_id of sites.csv, or other"),
        count("total", "the total", required=True),
        text("relation", "how the number is meant", vocabulary=RELATIONS, required=True),
        text("note", "the coder's own words"),
    ),
    foreign_keys=(_TO_SOURCES, ForeignKey("site_id", "sites", "site_id", ("other",))),
)

RESPONSES = Sheet(
    "responses",
    "US and coalition strikes in Iraq and Syria: what one source says of one strike",
    (
        _SOURCE,
        text(
            "response_key",
            "local date, place and number within them",
            required=True,
            pattern=KEY,
            allowed="YYYY-MM-DD-place-N",
        ),
        day("date", "local date of the strike"),
        text("country", "country of the strike", vocabulary=("IQ", "SY"), separator=";", required=True),
        text("place", "where, in few words"),
        text("kind", "what the US called it", vocabulary=RESPONSE_KINDS),
        text("target", "what was struck, in few words"),
        text("weapon_platform", "with what, in few words"),
        count("killed_low", "killed, the least; blank if not said"),
        count("killed_high", "killed, the most; blank if not said"),
        text("killed_side", "who the dead were", vocabulary=KILLED_SIDES),
        text("note", "the coder's own words"),
    ),
    foreign_keys=(_TO_SOURCES,),
)

CONTEXT = Sheet(
    "context",
    "Dated events that bear on the attacks: one row an event in a source",
    (
        _SOURCE,
        day("start", "first day", required=True),
        day("end", "last day; blank when it is one day or open"),
        text("label", "what happened, in the coder's own words", required=True),
        text("kind", "kind of event", vocabulary=CONTEXT_KINDS, required=True),
    ),
    foreign_keys=(_TO_SOURCES,),
)

DECISIONS = Sheet(
    "decisions",
    "Rulings on incidents, made after the coding by comparing all rows",
    (
        text("decision_id", "the ruling's id", required=True),
        text("action", "what the ruling does", vocabulary=ACTIONS, required=True),
        text("report_id", "the one report that relink or correct is about"),
        text("incident_key", "the incident that the ruling is about"),
        text("into", "the other incident: the one merged into, told apart from, or linked to"),
        text("field", "for correct: the field"),
        text("value", "for redate the day, for resite the site, for correct the right value"),
        text("confidence", "how sure the ruling is", vocabulary=CONFIDENCES, required=True),
        text("reason", "why, with the reports that speak for and against it", required=True),
    ),
    key=("decision_id",),
)

FORCES = Sheet(
    "forces",
    "US personnel stationed in a country, as a source gives it",
    (
        _SOURCE,
        text("country", "country", vocabulary=tuple(COUNTRIES), required=True),
        count("personnel", "US personnel", required=True),
        text("relation", "how the number is meant", vocabulary=RELATIONS, required=True),
        day("as_of", "the day for which it is given", required=True),
    ),
    key=("source_id", "country"),
    foreign_keys=(_TO_SOURCES,),
)

SITES = Sheet(
    "sites",
    "Gazetteer: one row a site",
    (
        text(
            "site_id",
            "the site's id",
            required=True,
            pattern=r"[a-z0-9]+(?:-[a-z0-9]+)*",
            allowed="lower-case words joined by -",
        ),
        text("name", "the site's name", required=True),
        text("aliases", "other spellings", separator="|"),
        text("country", "country", vocabulary=tuple(COUNTRIES), required=True),
        text("admin1", "governorate; blank for a whole country"),
        Column("lat", "number", "latitude, decimal degrees, WGS84", required=True, minimum=-90, maximum=90),
        Column("lon", "number", "longitude, decimal degrees, WGS84", required=True, minimum=-180, maximum=180),
        Column(
            "precision",
            "integer",
            "1 the site itself, 2 within about 10 km, 3 country or governorate",
            required=True,
            minimum=1,
            maximum=3,
            allowed="1, 2 or 3",
        ),
        text("coordinates_source", "the page that gives the coordinates"),
        text("host", "who is stationed there"),
        text("note", "what to know of the point"),
    ),
    key=("site_id",),
)

CLAIMS = Sheet(
    "claims",
    "Statements from press reports that the data can judge",
    (
        text("claim_id", "the statement's id", required=True),
        _SOURCE,
        text("statement", "the statement, in the coder's words", required=True),
        text("kind", "what is to be compared", vocabulary=CLAIM_KINDS, required=True),
        text("country", "filter: country; blank for all", vocabulary=tuple(COUNTRIES)),
        text("site_id", "filter: site; blank for all"),
        text("weapons", "filter: weapons, any of them; blank for all", vocabulary=tuple(weapons()), separator=";"),
        text("claimed_by", "filter: claimant; blank for all", pattern=CLAIMANT, allowed="a claimant's code"),
        day("start", "first day, included", required=True),
        day("end", "last day, included", required=True),
        text(
            "comparator",
            "how the value is compared; approximately: within five in a hundred",
            vocabulary=COMPARATORS,
            required=True,
        ),
        text("value", "the value stated: a number or a day", required=True),
        text("note", "the coder's own words"),
    ),
    key=("claim_id",),
    foreign_keys=(_TO_SOURCES, ForeignKey("site_id", "sites", "site_id")),
)

CODING_STRETCHES = Sheet(
    "coding_stretches",
    "For which weeks the first pass coded a source",
    (
        _SOURCE,
        day("start", "first day, included", required=True),
        day("end", "last day, included", required=True),
    ),
    key=("source_id", "start"),
    foreign_keys=(_TO_SOURCES,),
)

#: The coded sheets by name, in the order in which faults are told.
CODED: dict[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        REPORTS,
        SOURCES,
        DECISIONS,
        OFFICIAL_COUNTS,
        OTHER_COUNTS,
        RESPONSES,
        CONTEXT,
        FORCES,
        SITES,
        CLAIMS,
        SECOND_CODING,
        CODING_STRETCHES,
    )
}
