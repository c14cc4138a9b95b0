"""The routes of all pages."""

from fastapi import APIRouter

from app.site import (
    case_study,
    corrections,
    district,
    embed,
    home,
    map_page,
    oembed,
    search_page,
    sharing,
    static_files,
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
    embed,
    oembed,
    sharing,
    static_files,
):
    router.include_router(part.router)
