"""The routes of all pages."""

from fastapi import APIRouter

from app.site import home, search_page, static_files

router = APIRouter(include_in_schema=False)
for part in (home, search_page, static_files):
    router.include_router(part.router)
