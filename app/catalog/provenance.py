"""Revision, license and citation of every public answer, and the shapes of single documents."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.catalog.citation import Citation
from app.catalog.shapes import CaseStudyDocument, DistrictDocument, Public

LICENSE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}


class License(Public):
    """The license of the data."""

    name: str = Field(description="Short name of the license.")
    url: str = Field(description="URL of the license text.")


class Provenance(Public):
    """The revision and license of an answer, and how to cite it."""

    revision: int = Field(description="Revision of the directory that the answer was made from.")
    updated_at: datetime = Field(description="When the content of this answer last changed (UTC).")
    license: License = Field(description="License of the data.")
    cite: str = Field(description="How to cite this answer, in APA style.")


class DocumentLinks(Public):
    """Links of a document, relative to the server's root."""

    self: str = Field(description="This document.")
    collection: str = Field(description="The list it belongs to.")
    page: str = Field(description="The web page that shows it.")
    citation: str = Field(description="How to cite it, for reference managers.")


class CaseStudyAnswer(Public):
    """One case study."""

    data: CaseStudyDocument = Field(description="The case study, each claim with its source.")
    meta: Provenance = Field(description="Revision, license and citation.")
    links: DocumentLinks = Field(description="Related links.")


class DistrictAnswer(Public):
    """One district."""

    data: DistrictDocument = Field(
        description="The district, each figure with its year and source."
    )
    meta: Provenance = Field(description="Revision, license and citation.")
    links: DocumentLinks = Field(description="Related links.")


def provenance(revision: int, updated_at: datetime, what: str, address: str) -> dict[str, Any]:
    """The revision, license and citation of an answer about `what`, found at `address`."""
    return provenance_of(Citation(what, address, revision, updated_at))


def provenance_of(citation: Citation) -> dict[str, Any]:
    """The revision, license and citation of what is cited so."""
    return {
        "revision": citation.revision,
        "updated_at": citation.changed_at,
        "license": LICENSE,
        "cite": citation.text(),
    }


def page_of(address: str) -> str:
    """The web page that shows what an address of the API answers."""
    return address.removeprefix("/v1")
