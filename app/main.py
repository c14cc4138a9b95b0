"""create_app(settings): the whole service on one page. Puts the rooms together and wraps them in web/."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from app import api_documents, logs, memory, path_rules
from app.catalog import endpoints as catalog
from app.database import Database
from app.desk.access import endpoints as access
from app.desk.access import shapes as access_shapes
from app.desk.access.dependencies import may
from app.desk.access.failed_attempts import FailedAttempts
from app.desk.access.key_ring import KeyRing
from app.desk.editing import endpoints as editing
from app.desk.editing import shapes as editing_shapes
from app.desk.editing import step_endpoints as steps
from app.desk.feedback import endpoints as feedback
from app.desk.feedback import shapes as feedback_shapes
from app.desk.imports import endpoints as imports
from app.desk.imports import shapes as import_shapes
from app.desk.imports.worker import PlanWorker
from app.desk.sources import endpoints as sources
from app.metrics import Metrics, State
from app.research import archive_endpoints as archives
from app.research import changes_endpoints as changes
from app.research import citation_endpoints as citations
from app.research import codebook_endpoints as codebook
from app.research import endpoints as research
from app.research import feed_endpoints as feed
from app.research import metadata_endpoints as metadata
from app.research import shapes as export_shapes
from app.research import snapshot_endpoints as snapshots
from app.research.codebook import Fillings
from app.research.snapshots import SnapshotRequest
from app.search import coverage_endpoints as coverage
from app.search import endpoints as search
from app.search import organization_endpoints as organizations
from app.search import related_endpoints as related
from app.search import suggest_endpoints as suggest
from app.search import vocabulary_endpoints as vocabularies
from app.search.gaps import SearchGaps
from app.search.index import Index
from app.search.past_indexes import PastIndexes
from app.search.service_endpoints import service_routes
from app.settings import Settings
from app.setup import newer_tables
from app.site import addresses, pages, static_files
from app.site.error_pages import error_page
from app.web import draining, openapi, problems
from app.web.admission import ExportPlaces, SearchLine
from app.web.cache import Cache
from app.web.edge import Edge
from app.web.health import Readiness, health_routes
from app.web.rate_limits import RateLimits
from app.web.request_log import Answered, RequestLog
from app.web.state import resource, resources
from app.web.write_queue import WriteQueue


def create_worker() -> ASGIApp:
    """The service in one of several processes."""
    draining.leave_signals_to_the_first_process()
    settings = Settings()
    logs.configure(settings.log_format)
    return create_app(settings)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service for these settings (by default, those of the environment)."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        memory.share_pools()
        database = Database(settings.database_url, settings.read_database_url)
        index = Index(database, index_dir=settings.index_dir)
        index.open()
        memory.give_back()
        gc.freeze()  # garbage collection of the index would hold up a request now and then
        past_indexes = PastIndexes(database, index)
        planning = PlanWorker(database)
        gaps = SearchGaps(database)
        if settings.metrics_port is not None:
            metrics.open(
                settings.metrics_host,
                settings.metrics_port,
                settings.workers,
                state=State(database, index, planning, gaps),
                version=version("model-districts"),
            )
        key_ring = KeyRing(database)
        rate_limits = RateLimits(settings)
        writing = WriteQueue()
        aside = (
            asyncio.create_task(gaps.write_now_and_then()),
            asyncio.create_task(key_ring.write_now_and_then()),
            asyncio.create_task(memory.give_back_now_and_then()),
        )
        checks = {"database": database.check, "tables": lambda: newer_tables(database)}
        readiness = Readiness(checks, index.follow_or_refuse)
        try:
            yield resources(
                settings,
                database,
                index,
                past_indexes,
                Fillings(database, index),
                planning,
                gaps,
                rate_limits,
                SearchLine(),
                ExportPlaces(),
                FailedAttempts(),
                changes.WaitingReaders(),
                readiness,
                key_ring,
                writing,
            )
        finally:
            metrics.close()
            for task in aside:
                task.cancel()
            await asyncio.to_thread(gaps.write)
            await asyncio.to_thread(key_ring.write)
            await asyncio.to_thread(planning.close)
            writing.close()
            await rate_limits.close()
            key_ring.close()
            readiness.close()
            past_indexes.close()
            index.close()
            await asyncio.to_thread(database.close)
            gc.unfreeze()

    app = FastAPIOffline(
        docs_url=None,
        title=api_documents.PUBLIC.title,
        version=version("model-districts"),
        license_info={
            "name": "Code MIT, data CC BY 4.0",
            "url": "https://creativecommons.org/licenses/by/4.0/",
        },
        openapi_url=api_documents.PUBLIC.path,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.router.routes = [
        route for route in app.routes if getattr(route, "path", "") != "/openapi.json"
    ]
    problems.install(app, error_page)
    openapi.install(
        app,
        (api_documents.PUBLIC, api_documents.DESK),
        bodies=(
            *access_shapes.REQUEST_BODIES,
            *editing_shapes.REQUEST_BODIES,
            editing_shapes.StaleProblem,
            *feedback_shapes.REQUEST_BODIES,
            *import_shapes.REQUEST_BODIES,
            *export_shapes.SHAPES,
            SnapshotRequest,
        ),
        published=lambda request: api_documents.published_terms(resource(request, Index)),
    )
    app.include_router(service_routes(links=api_documents.LINKS))
    for door in (
        pages,
        search,
        suggest,
        related,
        vocabularies,
        organizations,
        coverage,
        catalog,
        citations,
        codebook,
        archives,
        research,
        metadata,
        changes,
        feed,
        snapshots,
        feedback,
        editing,
        steps,
        imports,
        access,
        sources,
    ):
        app.include_router(door.router)
    app.include_router(snapshots.freezing_router(may("freeze_snapshot")))
    app.include_router(health_routes())
    request_log = RequestLog(clients=settings.log_clients, queries=settings.log_queries)

    def answered(request: Answered) -> None:
        if settings.metrics_port is not None:
            metrics.count(request)
        if settings.log_requests != "none":
            request_log.write(request)

    cache = Cache(
        Edge(app, path_rules.rules(addresses), on_answered=answered),
        directory=Index,
        cacheable=path_rules.is_cacheable(addresses),
        max_bytes=settings.cache_megabytes * 1024 * 1024,
        version=f"{version('model-districts')} {settings.base_url} {static_files.DIGEST}",
        on_hit=request_log.of_hit if settings.log_requests == "all" else None,
    )
    metrics = Metrics(cache)
    return cache
