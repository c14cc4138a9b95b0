"""The routes of all pages."""

from fastapi import APIRouter

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

router = APIRouter(include_in_schema=False)
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
