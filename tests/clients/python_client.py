"""Reads titles, facets and errors with the client that openapi-python-client generates."""

import json
import sys

from model_districts_client import Client
from model_districts_client.api.case_studies import search_case_studies
from model_districts_client.models import (
    CaseStudyHit,
    CaseStudyResults,
    Problem,
    RuralityCodeOrNotStated,
    SearchCaseStudiesFacetsItem,
)


def title_of(hit: CaseStudyHit) -> str:
    """The title of a case study and its states."""
    return f"{hit.title} ({', '.join(state.label for state in hit.states)})"


def main(base_url: str) -> None:
    """Print what was read, as JSON."""
    client = Client(base_url=base_url)
    results = search_case_studies.sync(
        client=client,
        q="attendance",
        rurality=[RuralityCodeOrNotStated.RURAL],
        limit=3,
        facets=[SearchCaseStudiesFacetsItem.STATE],
    )
    assert isinstance(results, CaseStudyResults)
    titles = [title_of(hit) for hit in results.data]
    outcomes = [
        f"{outcome.label} got {outcome.direction.value}"
        for hit in results.data
        for outcome in hit.outcomes
    ]
    facets = [[value.value, value.count] for value in results.facets["state"]]

    problem = search_case_studies.sync(client=client, limit=101)
    assert isinstance(problem, Problem)
    errors = [[error.parameter, error.code] for error in problem.errors]
    print(json.dumps({"titles": titles, "outcomes": outcomes, "facets": facets, "errors": errors}))


main(sys.argv[1])
