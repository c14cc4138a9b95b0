"""Read every page of an answer, as a reader does who follows the `next` links."""

from collections.abc import Iterator
from typing import Any

import httpx

Json = dict[str, Any]
MOST_PAGES = 2000  # more than any test reads: a page that leads back to itself ends here


def pages(
    client: httpx.Client, path: str = "/v1/case-studies", *, limit: int = 100, **parameters: Any
) -> Iterator[Json]:
    """Every page of an answer. Facets are left out unless asked for."""
    question = {"facets": "none", "limit": limit, **parameters}
    link: str | None = str(httpx.URL(path, params=question))
    for _ in range(MOST_PAGES):
        if link is None:
            return
        page: Json = client.get(link).raise_for_status().json()
        yield page
        link = page["links"]["next"]
    raise AssertionError(f"{path} has no last page")


def every_hit(
    client: httpx.Client, path: str = "/v1/case-studies", *, limit: int = 100, **parameters: Any
) -> list[Json]:
    """The hits of all pages, in order."""
    return [hit for page in pages(client, path, limit=limit, **parameters) for hit in page["data"]]


def every_slug(
    client: httpx.Client, path: str = "/v1/case-studies", *, limit: int = 100, **parameters: Any
) -> list[str]:
    """The slugs of all pages, in order."""
    hits = every_hit(client, path, limit=limit, fields="slug", **parameters)
    return [hit["slug"] for hit in hits]
