"""create_app(settings): the whole service on one page. Puts the rooms together and wraps them in web/."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlencode

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
from app.search.query import OF_A_PAGE
from app.search.suggest import Suggester
from app.settings import Settings
from app.web import openapi, problems
from app.web.cache import Cache
from app.web.edge import Edge, PathRules
from app.web.health import health_routes
from app.web.parameters import takes_no_parameters
from app.web.problem_types import responses
from app.web.state import resource, resources

PUBLIC = openapi.Document(
    path="/openapi.json",
    docs_path="/docs",
    title="Model Districts",
    summary="Community school districts of the United States, searchable and sourced.",
    description="""
An open directory of US school districts that use the **community school** strategy. Each claim of a
case study names its source and the strength of its evidence.

* Reading needs no key and works from any web page (CORS). This is a promise.
* Unknown parameters and values are refused with the closest valid ones; none is ignored.
* Every list has an export with the same filters and no limit. The data is licensed CC BY 4.0.
* Links in answers are relative to the root of this server.
* Editors can add terms to vocabularies. The enums in this document list the terms of now.
* Editors work with the desk API: [its docs](/v1/admin/docs), [its document](/v1/admin/openapi.json).
""",
    tags=[
        {
            "name": "case studies",
            "description": "Documented community school efforts, each claim with its source.",
        },
        {
            "name": "districts",
            "description": "The districts of the case studies, with federal figures. Each figure has "
            "its year and source.",
        },
        {
            "name": "vocabularies",
            "description": "The terms that filters take and fields hold, with definitions and counts.",
        },
        {"name": "search", "description": "Completions for a search box."},
        {"name": "exports", "description": "Complete search results as files."},
        {
            "name": "suggestions",
            "description": "Corrections and new case studies suggested by readers.",
        },
        {"name": "operation", "description": "Information for the operators of the service."},
    ],
    takes=lambda path: not path.startswith("/v1/admin/"),
)
DESK = openapi.Document(
    path="/v1/admin/openapi.json",
    docs_path="/v1/admin/docs",
    title="Model Districts desk",
    summary="Drafts, review, publication, imports and history, for editors.",
    description="""
The API for editors of Model Districts. Every operation needs a key: `Authorization: Bearer KEY`.

* A record is a draft, in review, published or withdrawn. Each change makes a new version.
* A change to an existing record needs `If-Match` with the ETag of the version it is based on.
* A POST with an `Idempotency-Key` can be repeated safely.
* Answers of the desk are never cached.
* Reading published records needs no key: see the [public API](/docs).
""",
    tags=[
        {
            "name": "desk",
            "description": "Drafts, review, publication, imports, sources, keys and history.",
        }
    ],
    takes=lambda path: path.startswith("/v1/admin/"),
)

JSON = "application/json"
EXPORTED = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
EXPORT_MEDIA_TYPES = {"csv": ("text/csv",), "ndjson": ("application/x-ndjson", JSON)}


class Service(BaseModel):
    """The directory: how much it holds, and its addresses."""

    name: str = Field(description="Name of the directory.")
    version: str = Field(description="Version of the software.")
    revision: int = Field(description="Current revision of the directory.")
    case_studies: int = Field(description="Number of published case studies.")
    districts: int = Field(description="Number of published districts.")
    license: str = Field(description="License of the data.")
    links: dict[str, str] = Field(description="Endpoints, relative to the server's root.")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service for these settings (by default, those of the environment)."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        database = Database(settings.database_url, settings.read_database_url)
        index = Index(database, kept_in=settings.index_dir)
        index.open()
        gc.freeze()  # garbage collection of the index would hold up a request now and then
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
        docs_url=None,
        title=PUBLIC.title,
        version=version("model-districts"),
        license_info={
            "name": "Code MIT, data CC BY 4.0",
            "url": "https://creativecommons.org/licenses/by/4.0/",
        },
        openapi_url=PUBLIC.path,
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
        (PUBLIC, DESK),
        bodies=(
            *access_shapes.ASKED,
            *editing_shapes.ASKED,
            editing_shapes.StaleProblem,
            *feedback_shapes.ASKED,
            *import_shapes.ASKED,
        ),
        published=_published,
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
        Edge(app, _path_rules()),
        directory=Index,
        cacheable=_cacheable,
        max_bytes=settings.cache_megabytes * 1024 * 1024,
        version=f"{version('model-districts')} {settings.base_url}",
    )


def _path_rules() -> PathRules:
    """What the HTTP layer must know of the paths."""
    searches = {f"/v1/{KINDS[kind].path}": search.SEARCHES[kind] for kind in search.SEARCHES}

    def exports(path: str, query: str) -> dict[str, str]:
        """The same question to a list, as a file."""
        if path not in searches:
            return {}
        pairs = [
            (name, value)
            for name, value in parse_qsl(query, keep_blank_values=True)
            if name not in OF_A_PAGE
        ]
        address = path.replace("/v1/", "/v1/exports/", 1)
        suffix = f"?{urlencode(pairs)}" if pairs else ""
        return {
            media_type: f"{address}.{extension}{suffix}"
            for extension, media_type in EXPORTED.items()
        }

    return PathRules(
        is_public=lambda path: not path.startswith("/v1/admin"),
        media_types=_media_types,
        fast_paths=searches,
        elsewhere=exports,
    )


def _media_types(path: str) -> tuple[str, ...]:
    """What a path answers with; () for pages, which answer whatever is accepted."""
    if not path.startswith("/v1/") or path == DESK.docs_path:
        return ()
    if path.startswith("/v1/exports/"):
        return EXPORT_MEDIA_TYPES.get(path.rpartition(".")[2], (JSON,))
    return (JSON, "application/problem+json")


def _published(request: Request) -> openapi.Published:
    """The terms that the OpenAPI documents list."""
    index = resource(request, Index)
    index.catch_up()
    enumerations = {
        row.vocabulary: openapi.Enumeration(
            index.vocabulary.codes(row.vocabulary),
            f"{row.description} GET /v1/{row.path} defines each term.",
        )
        for row in vocabularies.VOCABULARIES
    }
    return openapi.Published(index.revision, enumerations)


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
        summary="Describe the service",
        operation_id="get_service",
        response_description="The directory.",
        responses=responses(400),
    )
    async def service(request: Request) -> Service:
        """How much the directory holds, and its endpoints."""
        index = resource(request, Index)
        index.catch_up()
        return Service(
            name="Model Districts",
            version=version("model-districts"),
            revision=index.revision,
            case_studies=len(index.collections["case-study"]),
            districts=len(index.collections["district"]),
            license="CC BY 4.0",
            links={
                "case_studies": "/v1/case-studies",
                "districts": "/v1/districts",
                **{
                    vocabulary.path.replace("-", "_"): f"/v1/{vocabulary.path}"
                    for vocabulary in vocabularies.VOCABULARIES
                },
                "suggest": "/v1/suggest?q=",
                "exports": "/v1/exports/case-studies.ndjson",
                "openapi": PUBLIC.path,
                "docs": PUBLIC.docs_path,
                "desk_openapi": DESK.path,
                "desk_docs": DESK.docs_path,
            },
        )

    return router
