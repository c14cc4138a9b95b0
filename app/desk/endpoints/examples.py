"""OpenAPI parameters and examples of the desk."""

from typing import Any

from app.desk.search_gaps import HOWS, LEAST_COUNT, SEARCHED
from app.desk.sources import HEALTH_VALUES
from app.desk.suggestions import STATUSES as SUGGESTION_STATUSES
from app.records.kinds import KINDS
from app.records.tables import STATUSES


def _text_parameter(name: str, description: str, example: Any, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", "maxLength": 200, **schema},
        "example": example,
    }


def _number_parameter(name: str, description: str, example: int, most: int = 200, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "integer", "minimum": 1, "maximum": most, **schema},
        "example": example,
    }


LIST = [
    _text_parameter("status", "Only records in this state.", "in_review", enum=list(STATUSES)),
    _text_parameter("owner", "Only records whose content this actor changed last.", "seed"),
    _text_parameter("q", "Only records that hold all these words, anywhere.", "boise"),
    _text_parameter("after", "Only records behind this slug; `links.next` carries it.", "a"),
    _number_parameter("limit", "Records on a page.", 10, default=50),
]
SINCE = [_number_parameter("since", "The older version; by default the one before.", 1, 2**31 - 1)]
AUDIT = [
    _text_parameter("actor", "Only changes by this actor.", "seed"),
    _text_parameter("kind", "Only changes of this kind of record.", "case_study", enum=list(KINDS)),
    _text_parameter("slug", "Only changes of the record with this slug.", "boise-id"),
    _text_parameter("action", "Only this action.", "publish"),
    _text_parameter("since", "Only changes at or after this time.", "2026-11-01T00:00:00Z", format="date-time"),
    _text_parameter("until", "Only changes before this time.", "2027-01-01T00:00:00Z", format="date-time"),
    _number_parameter("before", "Only changes before this number; `links.next` carries it.", 100_000, 2**62),
    _number_parameter("limit", "Changes on a page.", 10, default=50),
]
SOURCES = [
    _text_parameter("health", "Only sources in this state.", "dead", enum=list(HEALTH_VALUES)),
    _text_parameter("after", "Only sources behind this address; `links.next` carries it.", "https://a", maxLength=2000),
    _number_parameter("limit", "Sources on a page.", 10, default=50),
]
SUGGESTIONS = [
    _text_parameter("status", "Only suggestions in this state.", "received", enum=list(SUGGESTION_STATUSES)),
    _text_parameter("after", "Only suggestions that came after this one; `links.next` carries it.", "0"),
    _number_parameter("limit", "Suggestions on a page.", 10, default=50),
]
SEARCH_GAPS = [
    _text_parameter("how", "Only gaps of this kind.", "none", enum=list(HOWS)),
    _text_parameter("kind", "Only searches of these.", "case_study", enum=list(SEARCHED)),
    _number_parameter("min_count", "Only gaps met at least so often.", 3, 1_000_000, minimum=LEAST_COUNT, default=LEAST_COUNT),
    _number_parameter("limit", "Gaps to show.", 10, 1_000, default=50),
]
IMPORT = [
    {**_text_parameter("kind", "What the rows are.", "district", enum=["district", "case-study"]), "required": True},
    _text_parameter("filename", "Name of the file, to know it again.", "districts.csv"),
]
IMPORTS = [
    _text_parameter("after", "Only imports that came before this one; `links.next` carries it.", "5f0c3a9e1b7d2486", maxLength=40),
    _number_parameter("limit", "Imports on a page.", 10, default=50),
]
IMPORT_ROWS = [
    _text_parameter("result", "Only rows that would do this.", "refused", enum=["created", "changed", "unchanged", "refused"]),
    _text_parameter("warned", "Only rows that must be accepted by name.", "true", enum=["true"]),
    _number_parameter("after", "Only rows behind this number; `links.next` carries it.", 50, 2**31 - 1, minimum=0),
    _number_parameter("limit", "Rows on a page.", 10, default=50),
]
IMPORT_BODY: dict[str, Any] = {
    "required": True,
    "description": "One record in each row; the templates have every column. In JSON, an array of objects.",
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": "slug,website\nboise-school-district-id,https://www.boiseschools.org/\n"},
        "application/x-ndjson": {
            "schema": {"type": "string"},
            "example": '{"slug": "boise-school-district-id", "website": "https://www.boiseschools.org/"}\n',
        },
        "application/json": {
            "schema": {"type": "array", "items": {"type": "object"}},
            "example": [{"slug": "boise-school-district-id", "website": "https://www.boiseschools.org/"}],
        },
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"schema": {"type": "string", "format": "binary"}},
    },
}
SUGGESTION: dict[str, Any] = {
    "kind": "correction",
    "about": "boise-id",
    "text": "The number of community schools has grown since; the district's own page has the list.",
    "source_url": "https://www.example.org/community-schools",
    "contact": "reader@example.org",
}
PATCH_EXAMPLES: dict[str, dict[str, Any]] = {
    "case_study": {"initiative_status": "ended", "initiative_status_year": 2026, "initiative_status_source": "s1"},
    "district": {"website": "https://www.example.org/"},
    "strategy": {"synonyms": ["after school"]},
    "indicator": {"synonyms": ["truancy"]},
    "organization": {"aliases": ["UWTV"]},
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "case_study": {
        "slug": "example-district-oh",
        "title": "Example community schools",
        "state": "OH",
        "summary": "Two schools opened a clinic with the county in 2019.",
        "approach": "The county and the district opened a clinic at two schools. [^s1]",
        "started_year": 2019,
        "started_year_source": "s1",
        "districts": ["cincinnati-public-schools-oh"],
        "strategies": ["school-based-health-center"],
        "sources": [
            {
                "id": "s1",
                "title": "A clinic at school",
                "publisher": "Example County",
                "year": 2020,
                "url": "https://www.example.org/clinic",
                "kind": "report",
            }
        ],
    },
    "district": {"slug": "example-schools-oh", "name": "Example Schools", "state": "OH", "city": "Example"},
    "strategy": {
        "slug": "example-strategy",
        "pillar": "expanded-learning",
        "label": "Example strategy",
        "definition": "What it means, in a sentence.",
    },
    "indicator": {"slug": "example-indicator", "label": "Example indicator", "definition": "What it measures, in a sentence."},
    "organization": {"slug": "example-foundation", "name": "Example Foundation", "type": "philanthropy"},
}
