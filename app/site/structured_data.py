"""What search engines read of a page: schema.org as JSON-LD."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from markupsafe import Markup

from app.catalog.citation import PUBLISHER
from app.catalog.provenance import LICENSE
from app.research import dataset, downloads
from app.research.downloads import Download
from app.search.index import Index

# Inside a script element, < could end it and & or a line separator could be misread.
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}

Json = dict[str, Any]


def json_ld(*things: Mapping[str, Any]) -> Markup:
    """Things as a script element that browsers read and never run."""
    graph = {"@context": "https://schema.org", "@graph": things}
    text = orjson.dumps(graph).decode()
    for character, escape in ESCAPES.items():
        text = text.replace(character, escape)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704 (escaped above)


def directory(base_url: str, index: Index) -> list[Json]:
    """The directory itself: a web site that can be searched, and a data set."""
    site = {
        "@type": "WebSite",
        "@id": f"{base_url}/#site",
        "url": f"{base_url}/",
        "name": PUBLISHER,
        "potentialAction": {
            "@type": "SearchAction",
            "target": f"{base_url}/case-studies?q={{query}}",
            "query-input": "required name=query",
        },
    }
    return [site, data_set(base_url, index)]


def data_set(base_url: str, index: Index) -> Json:
    """The data set, with every file that it comes in."""
    return {
        "@type": "Dataset",
        "@id": f"{base_url}/#data",
        "url": f"{base_url}/",
        "name": dataset.TITLE,
        "description": dataset.DESCRIPTION,
        "keywords": dataset.KEYWORDS,
        "license": LICENSE["url"],
        "isAccessibleForFree": True,
        "version": str(index.revision),
        "dateModified": index.updated_at,
        "creator": {"@type": "Organization", "name": PUBLISHER, "url": f"{base_url}/"},
        "spatialCoverage": "United States",
        "includedInDataCatalog": {"@type": "DataCatalog", "url": f"{base_url}/data.json"},
        "distribution": [_download(base_url, each) for each in downloads.downloads()],
    }


def case_study(document: Mapping[str, Any], base_url: str) -> list[Json]:
    """A case study with its districts, and the sources that it rests on."""
    address = f"{base_url}/case-studies/{document['slug']}"
    article = {
        "@type": "Article",
        "@id": address,
        "url": address,
        "headline": document["title"],
        "abstract": document["summary"],
        "dateModified": document["updated_at"],
        "inLanguage": "en",
        "license": LICENSE["url"],
        "isAccessibleForFree": True,
        "isPartOf": {"@id": f"{base_url}/#data"},
        "author": {"@type": "Organization", "name": PUBLISHER, "url": f"{base_url}/"},
        "publisher": {"@type": "Organization", "name": PUBLISHER, "url": f"{base_url}/"},
        "image": f"{base_url}{picture_of(document['slug'], document['version'])}",
        "keywords": [term["label"] for term in document["strategies"]],
        "about": [_district(row, base_url) for row in document["districts"]],
        "spatialCoverage": [
            {"@type": "State", "name": state["label"]} for state in document["states"]
        ],
        "citation": [_source(source) for source in document["sources"]],
    }
    trail = [
        ("Case studies", "/case-studies"),
        (document["title"], f"/case-studies/{document['slug']}"),
    ]
    return [article, _breadcrumbs(trail, base_url)]


def district(document: Mapping[str, Any], base_url: str) -> list[Json]:
    """A district with its federal id."""
    trail = [("Districts", "/districts"), (document["name"], f"/districts/{document['slug']}")]
    return [_district(document, base_url), _breadcrumbs(trail, base_url)]


def picture_of(slug: str, version: int) -> str:
    """The address of a case study's picture; another version of the record, another address."""
    return f"/pictures/case-studies/{slug}.png?version={version}"


def _district(row: Mapping[str, Any], base_url: str) -> Json:
    address = f"{base_url}/districts/{row['slug']}"
    thing: Json = {
        "@type": "EducationalOrganization",
        "@id": address,
        "url": address,
        "name": row["name"],
        "address": _without_nothing(
            {
                "@type": "PostalAddress",
                "addressLocality": row["city"],
                "addressRegion": row["state"],
                "addressCountry": "US",
            }
        ),
    }
    if row["nces_leaid"]:
        thing["identifier"] = {
            "@type": "PropertyValue",
            "propertyID": "NCES LEAID",
            "value": row["nces_leaid"],
        }
    return thing


def _source(source: Mapping[str, Any]) -> Json:
    return _without_nothing(
        {
            "@type": "CreativeWork",
            "name": source["title"],
            "url": source["url"],
            "publisher": {"@type": "Organization", "name": source["publisher"]},
            "datePublished": str(source["year"]) if source["year"] else None,
        }
    )


def _breadcrumbs(trail: Sequence[tuple[str, str]], base_url: str) -> Json:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": f"{base_url}{path}"}
            for place, (name, path) in enumerate(trail, 1)
        ],
    }


def _download(base_url: str, download: Download) -> Json:
    return {
        "@type": "DataDownload",
        "name": download.title,
        "encodingFormat": download.media_type,
        "contentUrl": f"{base_url}{download.path}",
    }


def _without_nothing(thing: Json) -> Json:
    return {name: value for name, value in thing.items() if value is not None}
