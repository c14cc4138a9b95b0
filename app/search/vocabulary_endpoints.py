"""GET of every vocabulary: its terms with definitions and counts. One row makes one endpoint."""

from collections.abc import Sequence

import orjson
from fastapi import APIRouter, Request, Response

from app.catalog.as_of import PARAMETER as AS_OF
from app.catalog.provenance import provenance
from app.catalog.vocabulary import Term
from app.search import shapes
from app.search.past_indexes import PastIndexes
from app.search.vocabularies import VOCABULARIES, VocabularyList, term_json
from app.settings import Settings
from app.web.cached_response import CachedResponse
from app.web.clients import address_of
from app.web.parameters import openapi, read_parameters
from app.web.problem_types import responses
from app.web.state import resource

router = APIRouter()


def _add_route(vocabulary: VocabularyList) -> None:
    path = f"/v1/{vocabulary.path}"

    async def list_terms(request: Request) -> Response:
        read_parameters(request, (AS_OF,))
        as_of = request.query_params.get(AS_OF.name, "")
        index = await resource(request, PastIndexes).at(as_of, address_of(request.scope))
        terms: Sequence[Term] = index.vocabulary.terms(vocabulary.vocabulary)
        meta = provenance(
            index.revision,
            index.updated_at,
            vocabulary.noun,
            f"{resource(request, Settings).base_url}{path}?as_of={index.revision}",
        )
        answer = {"data": [term_json(vocabulary, term, index) for term in terms], "meta": meta}
        return CachedResponse(
            orjson.dumps(answer, option=orjson.OPT_UTC_Z),
            revision=index.revision,
            permanent_since=index.updated_at if as_of.isdigit() else None,
        )

    router.add_api_route(
        path,
        list_terms,
        tags=["vocabularies"],
        summary=f"List the {vocabulary.noun}",
        operation_id=f"list_{vocabulary.path.replace('-', '_')}",
        response_model=shapes.VocabularyAnswer,
        response_description=f"The {vocabulary.noun}, in their natural order.",
        responses=responses(400, 406, 422, 429, 503),
        openapi_extra=openapi((AS_OF,)),
        description=f"{vocabulary.description} Each term has its definition and the number of case "
        "studies and districts that have it.",
    )


for _vocabulary in VOCABULARIES:
    _add_route(_vocabulary)
