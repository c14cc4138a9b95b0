"""The routes of all pages."""

from fastapi import APIRouter

from app.site import home, static_files

router = APIRouter(include_in_schema=False)
for part in (home, static_files):
    router.include_router(part.router)
