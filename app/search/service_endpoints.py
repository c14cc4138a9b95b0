"""GET /v1: how much the directory holds, and its endpoints."""

from collections.abc import Mapping
from importlib.metadata import version

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from app.catalog.provenance import LICENSE
from app.search import vocabularies
from app.search.index import Index
from app.web.parameters import takes_no_parameters
from app.web.problem_types import responses
from app.web.state import resource


class Service(BaseModel):
    """The directory: how much it holds, and its addresses."""

    name: str = Field(description="Name of the directory.")
    version: str = Field(description="Version of the software.")
    revision: int = Field(description="Current revision of the directory.")
    case_studies: int = Field(description="Number of published case studies.")
    districts: int = Field(description="Number of published districts.")
    license: str = Field(description="License of the data.")
    links: dict[str, str] = Field(description="Endpoints, relative to the server's root.")


def service_routes(*, links: Mapping[str, str]) -> APIRouter:
    """The endpoint. `links`: those that the search does not know of."""
    router = APIRouter(dependencies=[Depends(takes_no_parameters)])

    @router.get(
        "/v1",
        tags=["operation"],
        summary="Describe the service",
        operation_id="get_service",
        response_description="The directory.",
        responses=responses(400),
    )
    async def service(request: Request) -> Service:
        """How much the directory holds, and its endpoints."""
        index = resource(request, Index)
        await index.follow()
        return Service(
            name="Model Districts",
            version=version("model-districts"),
            revision=index.revision,
            case_studies=len(index.collections["case-study"]),
            districts=len(index.collections["district"]),
            license=LICENSE["name"],
            links={
                "case_studies": "/v1/case-studies",
                "districts": "/v1/districts",
                **{
                    vocabulary.path.replace("-", "_"): f"/v1/{vocabulary.path}"
                    for vocabulary in vocabularies.VOCABULARIES
                },
                "suggest": "/v1/suggest?q=",
                "exports": "/v1/exports/case-studies.ndjson",
                **links,
            },
        )

    return router
