"""Query parameters of the record lists, the log and the comparison of revisions.

Apart from endpoints.py, which is the longest file of the room without them.
"""

from app.records.kinds import KINDS
from app.records.listing import SORTS, WITH_STATE
from app.records.tables import STATUSES
from app.web.parameters import Parameter, limit, moment, one_of, text, whole_number

VOCABULARY = text("vocabulary", 200, "Only terms of this vocabulary.", "synonym")
STATE = text("state", 200, "Only records of this state (USPS code).", "OH")
LIST = (
    one_of("status", STATUSES, "Only records with this status.", "in_review"),
    text("owner", 200, "Only records that this person edited last.", "seed"),
    text("reviewer", 200, "Only records that this person returned or published last.", "seed"),
    text("q", 200, "Only records that contain all these words.", "boise"),
    moment("updated_min", "Only records updated at or after this time.", "2026-01-01T00:00:00Z"),
    moment("updated_max", "Only records updated at or before this time.", "2099-01-01T00:00:00Z"),
    one_of("sort", SORTS, "Sort order; prefix `-` to reverse. Default `slug`.", "-updated"),
    text("after", 240, "Only records after this place; `links.next` carries it.", "boise-id"),
    limit("Records"),
)
SINCE = (whole_number("since", 1, 2**31 - 1, "The older version; by default the one before.", 1),)
AUDIT = (
    text("actor", 200, "Only changes by this person or program.", "seed"),
    one_of("kind", tuple(KINDS), "Only changes to this kind of record.", "case-study"),
    text(
        "slug",
        200,
        "Only changes to the record that has or had this slug, under all its slugs.",
        "boise-id",
    ),
    text("action", 200, "Only this action.", "publish"),
    moment("since", "Only changes at or after this time.", "2026-11-01T00:00:00Z"),
    moment("until", "Only changes before this time.", "2027-01-01T00:00:00Z"),
    whole_number(
        "before", 1, 2**62, "Only changes before this number; `links.next` carries it.", 100_000
    ),
    limit("Changes"),
)


def list_parameters(kind: str) -> tuple[Parameter, ...]:
    """What a list of records of a kind can be filtered and sorted by."""
    if kind == "term":
        return (*LIST[:1], VOCABULARY, *LIST[1:])
    return (*LIST[:1], STATE, *LIST[1:]) if kind in WITH_STATE else LIST
