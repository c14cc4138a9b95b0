"""What a question may ask and be told: so many parameters, values and faults, whatever somebody sends."""

import time
from itertools import count, islice, product

import httpx
import pytest

from app.errors import MAX_FAULTS
from app.search.filters import FILTERS, MAX_VALUES
from app.web.edge import MAX_PAIRS
from app.web.server_answers import MAX_TARGET

pytestmark = pytest.mark.one_database  # what HTTP does cannot differ by database
LETTERS = "abcdefghij"
SEARCHES = ("/v1/case-studies", "/v1/districts", "/v1/exports/case-studies.csv")
SMALL = ("/healthz", "/v1", "/v1/strategies", "/v1/suggest", "/v1/coverage", "/v1/suggestions/x")
MOST_TIMES = 20  # of what a plain question costs
_numbers = count()


def names(number: int) -> list[str]:
    """Names that nothing has."""
    return ["x" + "".join(letters) for letters in islice(product(LETTERS, repeat=3), number)]


def cpu_seconds(client: httpx.Client, path: str, times: int = 5) -> float:
    """Processor time of service and client for one question that was not asked before, at best."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        client.get(path.replace("NEW", f"new{next(_numbers)}"))
        taken.append(time.process_time() - began)
    return min(taken)


def worst_of(name: str) -> str:
    """Unknown values for every filter, as many as an address takes."""
    filters = [f"{one.name}{suffix}" for one in FILTERS for suffix in ("", "_all", "_not")]
    each = (MAX_TARGET - 800) // len(filters) // 5 - 3
    values = ",".join(names(each))
    return "&".join(f"{filter_}={values}" for filter_ in filters) + f"&q={name}"


@pytest.mark.parametrize("path", [*SEARCHES, *SMALL])
def test_more_than_a_hundred_parameters_are_refused_before_any_is_looked_up(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(f"{path}?{'&'.join(names(MAX_PAIRS + 1))}")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == "too_many_parameters"
    assert f"at most {MAX_PAIRS} parameters; {MAX_PAIRS + 1} were given" in error["detail"]
    assert len(answer.content) < 1000


@pytest.mark.parametrize("path", [*SEARCHES, *SMALL])
def test_many_unknown_parameters_get_a_short_answer(client: httpx.Client, path: str) -> None:
    answer = client.get(f"{path}?{'&'.join(names(MAX_PAIRS))}")
    assert answer.status_code == 400
    document = answer.json()
    assert len(document["errors"]) == MAX_FAULTS
    assert document["detail"].endswith(f"; and {MAX_PAIRS - MAX_FAULTS} more")
    assert len(answer.content) < 20_000


@pytest.mark.parametrize("path", SEARCHES)
def test_what_is_allowed_is_listed_once(client: httpx.Client, path: str) -> None:
    answer = client.get(
        f"{path}?strategy=nonsuch,nonesuch&strategy_not=nosuch&state=ZZ&aaa=1&bbb=2"
    )
    errors = answer.json()["errors"]
    listed = {error["parameter"]: error.get("allowed") for error in errors if error.get("allowed")}
    assert set(listed) == {"strategy", "state", "aaa"}
    assert len(errors) == 6


def test_many_unknown_fields_get_a_short_answer(client: httpx.Client) -> None:
    answer = client.get(f"/v1/case-studies?fields={','.join(names(MAX_VALUES))}")
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_FAULTS
    assert len(answer.content) < 20_000


def test_too_many_values_are_not_looked_up(client: httpx.Client) -> None:
    answer = client.get(f"/v1/case-studies?strategy={','.join(names(MAX_VALUES + 1))}")
    (error,) = answer.json()["errors"]
    assert error["code"] == "too_many_values"


@pytest.mark.parametrize(
    "question",
    [
        "&".join(names(MAX_PAIRS)),
        worst_of("NEW"),
        f"fields={','.join(names(MAX_VALUES))}",
        f"sort={'x' * 4000}&fields={'y' * 3000}",
        "q=" + "%20".join(names(20)),
    ],
    ids=["names", "values", "fields", "long", "misspelled words"],
)
def test_no_wrong_question_costs_much_more_than_a_plain_one(
    client: httpx.Client, question: str
) -> None:
    plain = cpu_seconds(client, "/v1/case-studies?q=attendance+NEW&state=OR&rurality=rural")
    assert cpu_seconds(client, f"/v1/case-studies?{question}") < MOST_TIMES * plain
