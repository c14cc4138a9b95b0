"""The routes of all pages."""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope

from app.site import (
    about,
    case_study,
    compare,
    corrections,
    district,
    embed,
    home,
    map_page,
    oembed,
    organization_page,
    search_page,
    sharing,
    state_page,
    static_files,
    term_page,
    versions,
)


class PageRouter(APIRouter):
    """The pages' routes, tried before the API's. No page is below /v1, so the API does not wait for them.

    The framework tries one route after another: a page behind all of the API's takes a seventh longer.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for a page."""
        is_of_api = scope["path"].startswith("/v1")
        return (Match.NONE, {}) if is_of_api else super().matches(scope)


router = PageRouter(include_in_schema=False)
for part in (
    home,
    search_page,
    map_page,
    case_study,
    versions,
    district,
    corrections,
    state_page,
    term_page,
    organization_page,
    compare,
    about,
    embed,
    oembed,
    sharing,
    static_files,
):
    router.include_router(part.router)
