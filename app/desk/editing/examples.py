"""Example records, one of each kind the desk edits, and an example of a change to each."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "case-study": {
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
    "district": {
        "slug": "example-schools-oh",
        "name": "Example Schools",
        "state": "OH",
        "city": "Example",
    },
    "strategy": {
        "slug": "example-strategy",
        "pillar": "expanded-learning",
        "label": "Example strategy",
        "definition": "What it means, in a sentence.",
    },
    "indicator": {
        "slug": "example-indicator",
        "label": "Example indicator",
        "definition": "What it measures, in a sentence.",
    },
    "organization": {
        "slug": "example-foundation",
        "name": "Example Foundation",
        "type": "philanthropy",
    },
    "term": {
        "slug": "synonym.snow-day",
        "vocabulary": "synonym",
        "code": "snow-day",
        "label": "snow day",
        "definition": "Everyday words for the same thing: search takes each for the others.",
        "synonyms": ["school closing", "weather closure"],
    },
}
PATCH_EXAMPLES: dict[str, dict[str, Any]] = {
    "case-study": {
        "status": "ended",
        "status_year": 2026,
        "status_source": "s1",
    },
    "district": {"website": "https://www.example.org/"},
    "strategy": {"synonyms": ["after school"]},
    "indicator": {"synonyms": ["truancy"]},
    "organization": {"aliases": ["UWTV"]},
    "term": {"synonyms": ["homelessness", "unhoused", "without a home"]},
}
