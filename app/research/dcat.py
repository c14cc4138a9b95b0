"""The directory as a DCAT-US 3.0 catalog, which data catalogs harvest: one data set with all its files."""

from datetime import datetime
from typing import Any

from app.catalog.citation import PUBLISHER
from app.catalog.provenance import LICENSE
from app.research import dataset, downloads
from app.research.downloads import Download

Json = dict[str, Any]
STANDARD = {"@type": "Standard", "title": "DCAT-US 3.0"}
UNITED_STATES = {"@type": "Location", "prefLabel": "United States"}
FREQUENCY = "irregular"  # whenever editors publish


def catalog(
    revision: int, updated_at: datetime, *, base_url: str, contact_email: str | None
) -> Json:
    """What /data.json says. Without an email address there is no contact point."""
    contacts = []
    if contact_email:
        contacts = [{"@type": "Kind", "fn": PUBLISHER, "hasEmail": f"mailto:{contact_email}"}]
    return {
        "@type": "Catalog",
        "@id": f"{base_url}/data.json",
        "title": PUBLISHER,
        "description": dataset.DESCRIPTION,
        "conformsTo": STANDARD,
        "publisher": {"@type": "Agent", "name": PUBLISHER},
        "contactPoint": contacts,
        "homepage": _document(PUBLISHER, f"{base_url}/"),
        "language": ["en"],
        "license": LICENSE["url"],
        "modified": updated_at.isoformat(),
        "spatial": [UNITED_STATES],
        "dataset": [_dataset(revision, updated_at, base_url, contacts)],
        "service": [_service(base_url, contacts)],
    }


def _dataset(revision: int, updated_at: datetime, base_url: str, contacts: list[Json]) -> Json:
    return {
        "@type": "Dataset",
        "@id": f"{base_url}/#data",
        "identifier": f"{base_url}/#data",
        "title": dataset.TITLE,
        "description": dataset.DESCRIPTION,
        "keyword": list(dataset.KEYWORDS),
        "publisher": {"@type": "Organization", "name": PUBLISHER},
        "contactPoint": contacts,
        "accessRights": "Public, without a key.",
        "accrualPeriodicity": FREQUENCY,
        "language": ["en"],
        "modified": updated_at.isoformat(),
        "version": str(revision),
        "spatial": [UNITED_STATES],
        "landingPage": _document("About the directory", f"{base_url}/about"),
        "describedBy": {
            "@type": "Distribution",
            "title": "Codebook: every table and column",
            "accessURL": f"{base_url}/codebook",
            "downloadURL": f"{base_url}/v1/codebook",
            "mediaType": "application/json",
            "license": LICENSE["url"],
        },
        "distribution": [
            _distribution(download, updated_at, base_url) for download in downloads.downloads()
        ],
    }


def _distribution(download: Download, updated_at: datetime, base_url: str) -> Json:
    standard = {}
    if download.standard:
        title, address = download.standard
        standard = {"conformsTo": [{"@type": "Standard", "@id": address, "title": title}]}
    return {
        "@type": "Distribution",
        "title": download.title,
        "description": download.description,
        "downloadURL": f"{base_url}{download.path}",
        "mediaType": download.media_type,
        "format": download.format,
        "license": LICENSE["url"],
        "modified": updated_at.isoformat(),
        **standard,
    }


def _service(base_url: str, contacts: list[Json]) -> Json:
    return {
        "@type": "DataService",
        "title": f"{PUBLISHER} API",
        "endpointURL": [f"{base_url}/v1"],
        "endpointDescription": [f"{base_url}/openapi.json"],
        "publisher": {"@type": "Agent", "name": PUBLISHER},
        "contactPoint": contacts,
        "license": LICENSE["url"],
    }


def _document(title: str, address: str) -> Json:
    return {"@type": "Document", "title": title, "accessURL": address}
