"""GET /data.json and /llms.txt: the data set as catalogs and programs look for it."""

import orjson
from fastapi import APIRouter, Request, Response

from app.research import dcat, llms_text
from app.search.index import Index
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.parameters import takes_no_parameters
from app.web.state import resource

router = APIRouter(include_in_schema=False)


@router.get("/data.json")
async def data_json(request: Request) -> Response:
    """The directory as a DCAT-US 3.0 catalog."""
    await takes_no_parameters(request)
    index, settings = resource(request, Index), resource(request, Settings)
    await index.follow()
    catalog = dcat.catalog(
        index.revision,
        index.updated_at,
        base_url=settings.base_url,
        contact_email=settings.contact_email,
    )
    return CachedResponse(orjson.dumps(catalog), by_revision=True)


@router.get("/llms.txt")
async def llms(request: Request) -> Response:
    """A map of the directory in Markdown."""
    await takes_no_parameters(request)
    index, settings = resource(request, Index), resource(request, Settings)
    await index.follow()
    text = llms_text.text(index.revision, index.updated_at, base_url=settings.base_url)
    return CachedResponse(text.encode(), media_type="text/plain", by_revision=True)
