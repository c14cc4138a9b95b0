"""create_app(settings): the whole service on one page. Puts the rooms together and wraps them in web/."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from app.catalog import endpoints as catalog
from app.database import Database
from app.desk.access import endpoints as access
from app.desk.access import shapes as access_shapes
from app.desk.access.dependencies import FailedAttempts
from app.desk.editing import endpoints as editing
from app.desk.editing import shapes as editing_shapes
from app.desk.editing import step_endpoints as steps
from app.desk.feedback import endpoints as feedback
from app.desk.feedback import shapes as feedback_shapes
from app.desk.imports import endpoints as imports
from app.desk.imports import shapes as import_shapes
from app.desk.imports.worker import PlanWorker
from app.desk.sources import endpoints as sources
from app.records.kinds import KINDS
from app.research import endpoints as research
from app.search import coverage_endpoints as coverage
from app.search import endpoints as search
from app.search import vocabulary_endpoints as vocabularies
from app.search.gaps import SearchGaps
from app.search.index import Index
from app.search.suggest import Suggester
from app.settings import Settings
from app.web import openapi, problems
from app.web.cache import Cache
from app.web.edge import Edge
from app.web.health import health_routes
from app.web.parameters import takes_no_parameters
from app.web.state import resource, resources
from app.web.straight import Straight

DESCRIPTION = """
An open directory of US school districts that use the **community school** strategy, with case studies whose every claim
names its source and how strong its evidence is.

* Reading needs no key and works from any web page (CORS). This is a promise.
* Parameters and values that are not known are refused, with the nearest that are: nothing is ignored in silence.
* Every list has an export without a cap, with the same filters. Data: CC BY 4.0.
* Links in answers are relative to the root of this server.
"""
TAGS = [
    {"name": "case studies", "description": "Documented efforts, each claim with its source."},
    {
        "name": "districts",
        "description": "The districts they happened in, with federal figures, each with year and source.",
    },
    {"name": "vocabularies", "description": "The terms that filters take, with counts."},
    {"name": "search", "description": "Completion for a search box."},
    {"name": "exports", "description": "Everything in bulk."},
    {
        "name": "suggestions",
        "description": "What readers tell editors: corrections, and case studies that are not here.",
    },
    {
        "name": "desk",
        "description": "For editors: drafts, review, publication, history. Needs a key.",
    },
    {"name": "operation", "description": "For those who run the service."},
]


class Service(BaseModel):
    """What is here."""

    name: str = Field(description="Name of the directory.")
    version: str = Field(description="Version of the software.")
    revision: int = Field(description="Revision of the directory.")
    case_studies: int = Field(description="Published case studies.")
    districts: int = Field(description="Published districts.")
    licence: str = Field(description="Licence of the data.")
    links: dict[str, str] = Field(description="Where to go on, relative to the server's root.")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service for these settings (by default, those of the environment)."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        database = Database(settings.database_url, settings.read_database_url)
        index = Index(database, kept_in=settings.index_dir)
        index.open()
        gc.freeze()  # what stays anyway, the index above all: to look through it for garbage would hold up a request now and then
        planning = PlanWorker(database)
        gaps = SearchGaps(database)
        writing_gaps = asyncio.create_task(gaps.write_now_and_then())
        try:
            yield resources(
                settings,
                database,
                index,
                Suggester(),
                planning,
                gaps,
                feedback.SuggestionLimits(),
                FailedAttempts(),
            )
        finally:
            writing_gaps.cancel()
            gaps.write()
            planning.close()
            database.close()
            gc.unfreeze()

    app = FastAPIOffline(
        title="Model Districts",
        summary="Community school districts of the United States, searchable and sourced.",
        description=DESCRIPTION,
        version=version("model-districts"),
        license_info={
            "name": "Code MIT, data CC BY 4.0",
            "url": "https://creativecommons.org/licenses/by/4.0/",
        },
        openapi_tags=TAGS,
        openapi_url="/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.router.routes = [
        route for route in app.routes if getattr(route, "path", "") != "/openapi.json"
    ]
    problems.install(app)
    openapi.install(
        app,
        asked=(
            *access_shapes.ASKED,
            *editing_shapes.ASKED,
            *feedback_shapes.ASKED,
            *import_shapes.ASKED,
        ),
    )
    app.include_router(_service_document())
    for door in (
        search,
        vocabularies,
        coverage,
        catalog,
        research,
        feedback,
        editing,
        steps,
        imports,
        access,
        sources,
    ):
        app.include_router(door.router)
    app.include_router(
        health_routes(
            lambda request: {
                "database": resource(request, Database).check,
                "index": resource(request, Index).catch_up,
            }
        )
    )
    return Cache(
        Edge(
            Straight(
                app,
                {f"/v1/{KINDS[kind].path}": endpoint for kind, endpoint in search.SEARCHES.items()},
            )
        ),
        directory=Index,
        cacheable=_cacheable,
        max_bytes=settings.cache_megabytes * 1024 * 1024,
        version=f"{version('model-districts')} {settings.base_url}",
    )


def _cacheable(path: str) -> bool:
    """Whether answers of this address are the same for everybody and small enough to keep."""
    return path == "/" or (
        path.startswith("/v1/")
        and not path.startswith(("/v1/admin/", "/v1/exports/", "/v1/suggestions"))
    )


def _service_document() -> APIRouter:
    router = APIRouter(dependencies=[Depends(takes_no_parameters)])

    @router.get(
        "/",
        tags=["operation"],
        summary="What is here",
        operation_id="get_service",
        response_description="The directory.",
        responses=problems.responses(400),
    )
    async def service(request: Request) -> Service:
        """How much the directory holds, and where to go on."""
        index = resource(request, Index)
        index.catch_up()
        return Service(
            name="Model Districts",
            version=version("model-districts"),
            revision=index.revision,
            case_studies=len(index.collections["case-study"]),
            districts=len(index.collections["district"]),
            licence="CC BY 4.0",
            links={
                "case_studies": "/v1/case-studies",
                "districts": "/v1/districts",
                **{
                    vocabulary.path.replace("-", "_"): f"/v1/{vocabulary.path}"
                    for vocabulary in vocabularies.VOCABULARIES
                },
                "suggest": "/v1/suggest?q=",
                "exports": "/v1/exports/case-studies.ndjson",
                "openapi": "/openapi.json",
                "docs": "/docs",
            },
        )

    return router
