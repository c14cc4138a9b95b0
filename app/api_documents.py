"""The two OpenAPI documents: what they say of the service, and the published terms they list."""

from app.search import vocabularies
from app.search.index import Index
from app.web import openapi

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
* Editors can add terms to vocabularies. The enums in this document list the current terms.
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
        {"name": "citations", "description": "How to cite records and results."},
        {"name": "snapshots", "description": "Releases of the directory, which never change."},
        {"name": "mirrors", "description": "What changed, for those who keep a copy."},
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
* A POST or a step with an `Idempotency-Key` can be repeated safely.
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
LINKS = {
    "codebook": "/v1/codebook",
    "everything": "/v1/exports/model-districts.zip",
    "metadata": "/data.json",
    "openapi": PUBLIC.path,
    "docs": PUBLIC.docs_path,
    "desk_openapi": DESK.path,
    "desk_docs": DESK.docs_path,
}


async def published_terms(index: Index) -> openapi.Published:
    """The terms that the OpenAPI documents list."""
    await index.follow()
    enumerations = {
        row.vocabulary: openapi.Enumeration(
            index.vocabulary.codes(row.vocabulary),
            f"{row.description} GET /v1/{row.path} defines each term.",
        )
        for row in vocabularies.VOCABULARIES
    }
    return openapi.Published(index.revision, enumerations)
