"""GET /v1/suggest: completions for a search box."""

import re
from itertools import chain

import orjson
from fastapi import APIRouter, Request, Response

from app.search import shapes
from app.search.index import Index
from app.search.parameters import TEXT
from app.search.suggest import (
    DEFAULT_SUGGESTIONS,
    MAX_CHARACTERS,
    MAX_SUGGESTIONS,
    suggest,
)
from app.search.term_names import SUGGESTED
from app.web.cached_response import CachedResponse
from app.web.openapi import EXAMPLE_QUERY
from app.web.parameters import Parameter, openapi, read_parameters, some_of, whole_number
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()


def _text(value: str) -> str:
    if len(value) > MAX_CHARACTERS or not re.fullmatch(TEXT, value):
        raise ValueError(
            f"q must be UTF-8 text of at most {MAX_CHARACTERS} characters, without NUL."
        )
    return value


PARAMETERS = (
    Parameter(
        "q",
        "The beginning of one or more words of a title, a name, an alias or a term. Without it, "
        "nothing is suggested. If nothing begins this way, it is treated as misspelled.",
        "mnps",
        _text,
        {"type": "string", "maxLength": MAX_CHARACTERS, "pattern": TEXT},
    ),
    some_of(
        "kind",
        SUGGESTED,
        "Only suggestions of these kinds. Separate values by commas or repeat the parameter.",
        "district",
    ),
    Parameter(
        "state",
        "Only districts and case studies in these states, and terms that case studies there have "
        "(USPS codes). Separate values by commas.",
        "TN",
        str,
        {"type": "string", "x-vocabulary": "state"},
        repeatable=True,
    ),
    whole_number(
        "limit",
        1,
        MAX_SUGGESTIONS,
        "How many suggestions.",
        5,
        default=DEFAULT_SUGGESTIONS,
    ),
)


@router.get(
    "/v1/suggest",
    tags=["search"],
    summary="Suggest completions",
    operation_id="suggest",
    response_model=shapes.SuggestAnswer,
    response_description="Completions of the text, the best first.",
    responses=responses(400, 406, 422, 429, 503),
    openapi_extra={**openapi(PARAMETERS), EXAMPLE_QUERY: "q=mnps"},
)
async def suggest_completions(request: Request) -> Response:
    """For a search box: districts, case studies, organizations and vocabulary terms with a word that
    begins with the text; aliases, acronyms and misspelled beginnings count. Names that begin with the
    text come first, then those that lead to more case studies. Each has its link."""
    values = read_parameters(request, PARAMETERS)
    index = resource(request, Index)
    await index.follow()
    narrowed = index.query("case-study", [("state", value) for value in values.get("state", ())])
    suggestions = suggest(
        values.get("q", ""),
        narrowed,
        index,
        kinds=tuple(chain(*values.get("kind", ()))) or SUGGESTED,
        limit=values.get("limit", DEFAULT_SUGGESTIONS),
    )
    return CachedResponse(orjson.dumps({"data": suggestions}), by_revision=True)
