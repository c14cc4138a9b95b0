"""What is not published is nowhere public: drafts, what waits for review, newer versions of public records, and what was withdrawn."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from people import People, amend, case_study, create, published, step

pytestmark = pytest.mark.few_records

SECRET = "xylophon"  # a word that the seed lacks; everything that is not public holds it
ASKED = (
    "/v1/case-studies?q=xylo*&facets=all",
    "/v1/case-studies?q=xilophonia",
    "/v1/case-studies?limit=100&facets=all",
    "/v1/case-studies?strategy=xylofone-lessons",
    "/v1/case-studies?outcome=xylofone-skill",
    "/v1/case-studies/boise-id",
    "/v1/case-studies/xilophonia-draft",
    "/v1/case-studies/zz-public",
    "/v1/case-studies/zz-withdrawn",
    "/v1/districts?limit=100&facets=all",
    "/v1/districts?q=xilophonia",
    "/v1/districts/boise-school-district-id",
    "/v1/districts/xilophonia",
    "/v1/suggest?q=xylo",
    "/v1/strategies",
    "/v1/indicators",
    "/v1/organizations",
    "/v1/states",
    "/v1/localities",
    "/openapi.json",
    "/v1",
    "/",
    "/case-studies",
    "/case-studies?sort=-updated&limit=100",
    "/case-studies/boise-id",
    "/case-studies/boise-id/versions",
    "/districts?q=xilophonia",
    "/districts/boise-school-district-id",
    "/districts/boise-school-district-id/versions",
    *(
        f"/v1/exports/{table}.{form}"
        for table in ("case-studies", "districts")
        for form in ("csv", "ndjson", "json")
    ),
)


def of_a_public_kind(openapi: dict[str, Any]) -> Iterator[str]:
    """Every public address that needs no more than its examples."""
    for path, item in openapi["paths"].items():
        if "get" in item and not path.startswith("/v1/admin"):
            for parameter in item["get"].get("parameters", []):
                path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example")))
            yield path


@pytest.fixture(scope="module")
def people(people: People) -> People:
    """The desk after a day's work of which nothing was published but the old text of `zz-public`."""
    vocabulary = {
        "strategies": {
            "slug": "xylophone-lessons",
            "label": "Xylophones",
            "definition": "Lessons.",
            "pillar": "expanded-learning",
        },
        "indicators": {
            "slug": "xylophone-skill",
            "label": "Xylophone skill",
            "definition": "How well.",
        },
        "organizations": {"slug": "xylophone-club", "name": "Xylophone Club", "type": "nonprofit"},
        "districts": {
            "slug": "xylophonia",
            "name": "Xylophonia Schools",
            "state": "ID",
            "nces_leaid": "1699902",
        },
    }
    for kind, document in vocabulary.items():
        create(people.kim, document, kind)
    create(
        people.ada,
        case_study(
            "xylophonia-draft",
            title="Xylophonia",
            strategies=["xylophone-lessons", "food-security"],
        ),
    )
    create(
        people.ada,
        case_study("xylophonia-review", title="Xylophonia", summary="They had a xylophone."),
    )
    step(people.ada, "submit", "xylophonia-review").raise_for_status()
    published(people, case_study("zz-public", title="Old title"))
    amend(people.ada, "zz-public", title="Xylophonia", aliases=["XYLOPHONIA"])
    published(people, case_study("zz-withdrawn", title="Xylophonia"))
    step(
        people.rui, "withdraw", "zz-withdrawn", reason="The district asked for it."
    ).raise_for_status()
    return people


@pytest.fixture(scope="module")
def public(people: People) -> Iterator[httpx.Client]:
    """Asks as the public does."""
    with httpx.Client(base_url=people.service.url, timeout=60) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("address", ASKED)
def test_nothing_unpublished_shows_at_any_public_address(
    address: str, public: httpx.Client
) -> None:
    answer = public.get(address)
    assert answer.status_code < 500
    assert SECRET not in answer.text.lower()


@pytest.mark.slow
def test_nothing_unpublished_shows_where_the_openapi_document_leads(public: httpx.Client) -> None:
    addresses = list(of_a_public_kind(public.get("/openapi.json").json()))
    assert len(addresses) > 10
    assert [address for address in addresses if SECRET in public.get(address).text.lower()] == []


def test_nothing_unpublished_is_counted(public: httpx.Client) -> None:
    answer = public.get("/v1/case-studies", params={"q": "xylophonia"}).json()
    assert (answer["data"], answer["meta"]["total"]) == ([], 0)
    [food] = [
        term
        for term in public.get("/v1/strategies").json()["data"]
        if term["value"] == "food-security"
    ]
    cases = public.get("/v1/case-studies", params={"strategy": "food-security"}).json()["meta"][
        "total"
    ]
    assert food["case_studies"] == cases


@pytest.mark.parametrize(
    "address",
    [
        "/v1/case-studies/xylophonia-draft",
        "/v1/case-studies/xylophonia-review",
        "/v1/districts/xylophonia",
        "/v1/districts/1699902",
    ],
)
def test_what_was_never_public_is_not_found(address: str, public: httpx.Client) -> None:
    assert public.get(address).status_code == 404


def test_a_public_record_keeps_its_public_text_while_a_draft_is_worked_on(
    public: httpx.Client,
) -> None:
    assert public.get("/v1/case-studies/zz-public").json()["data"]["title"] == "Old title"


def test_what_was_withdrawn_is_gone_with_its_reason_and_nothing_else(public: httpx.Client) -> None:
    answer = public.get("/v1/case-studies/zz-withdrawn")
    assert (answer.status_code, answer.json()["reason"]) == (410, "The district asked for it.")
