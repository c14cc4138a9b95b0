"""What every public answer says of itself, and the shapes of answers that hold one document or one vocabulary."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.catalog.shapes import CaseStudyDocument, DistrictDocument, Public

LICENSE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
PUBLISHER = "Model Districts"


class License(Public):
    """The terms under which the data may be used."""

    name: str = Field(description="Short name.")
    url: str = Field(description="Where the terms can be read.")


class Provenance(Public):
    """Where an answer comes from and how to cite it."""

    revision: int = Field(description="Revision of the directory that the answer stands at.")
    updated_at: datetime = Field(description="When what is shown last changed (UTC).")
    license: License = Field(description="License of the data.")
    cite: str = Field(description="A line to cite this very answer by.")


class DocumentLinks(Public):
    """Addresses beside a document, relative to the server's root."""

    self: str = Field(description="This document.")
    collection: str = Field(description="The list that it belongs to.")


class CaseStudyAnswer(Public):
    """One case study."""

    data: CaseStudyDocument = Field(description="The case study, each claim with its source.")
    meta: Provenance = Field(description="Where it comes from.")
    links: DocumentLinks = Field(description="Addresses beside it.")


class DistrictAnswer(Public):
    """One district."""

    data: DistrictDocument = Field(
        description="The district, each figure with its year and source."
    )
    meta: Provenance = Field(description="Where it comes from.")
    links: DocumentLinks = Field(description="Addresses beside it.")


def provenance(revision: int, updated_at: datetime, what: str, address: str) -> dict[str, Any]:
    """What an answer says of itself: revision, license, and the line to cite it by."""
    return {
        "revision": revision,
        "updated_at": updated_at,
        "license": LICENSE,
        "cite": f"{PUBLISHER}. {what[:1].upper()}{what[1:]}. Revision {revision}, {updated_at.date()}. {address}",
    }
