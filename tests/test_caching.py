"""What a browser, a proxy and a busy partner site meet: answers kept, compressed, validated, and never stale."""

import gzip
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import brotli
import httpx
import pytest
from publishing import case_study, publish, wait_for, withdraw
from serving import Service, serving

from app.web.conditional import best_encoding, http_date, last_modified, unchanged_since

pytestmark = pytest.mark.few_records

SEARCH = "/v1/case-studies?q=attendance&state=OR"


def get(client: httpx.Client, url: str, **headers: str) -> httpx.Response:
    """An answer, with just these headers."""
    return client.get(
        url,
        headers={
            "Accept-Encoding": "identity",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def status(answer: httpx.Response) -> str:
    """What the cache says it did."""
    return answer.headers["cache-status"].split("; ", 1)[1]


def test_a_question_asked_again_is_answered_from_memory(own_client: httpx.Client) -> None:
    first, second = get(own_client, SEARCH), get(own_client, SEARCH)
    assert (status(first), status(second)) == ("fwd=miss", "hit")
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_the_order_of_parameters_does_not_matter(own_client: httpx.Client) -> None:
    get(own_client, "/v1/case-studies?state=OR&q=attendance")
    assert status(get(own_client, SEARCH)) == "hit"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v1/case-studies?sort={}&sort={}&limit=1", ("state", "started")),
        ("/v1/case-studies?group_by={}&group_by={}&limit=0", ("state", "evidence")),
    ],
)
def test_the_order_of_a_parameter_that_is_repeated_matters(
    path: str, names: tuple[str, str], own_client: httpx.Client
) -> None:
    for first, second in (names, names[::-1]):
        understood = get(own_client, path.format(first, second)).json()["meta"]["query"]
        assert f"{first},{second}" in understood


@pytest.mark.one_database
@pytest.mark.parametrize(
    "path", [SEARCH, "/v1/case-studies/boise-id", "/v1/strategies", "/v1/suggest?q=bois", "/v1"]
)
def test_a_matching_etag_gets_a_304_without_a_body(client: httpx.Client, path: str) -> None:
    whole = get(client, path)
    assert whole.headers["cache-control"].startswith("public")
    for etag in (
        whole.headers["etag"],
        f'"other", {whole.headers["etag"]}',
        f"W/{whole.headers['etag']}",
        "*",
    ):
        answer = get(client, path, If_None_Match=etag)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == whole.headers["etag"]
        assert answer.headers["access-control-allow-origin"] == "*"
    assert get(client, path, If_None_Match='"other"').status_code == 200


@pytest.mark.slow
def test_last_modified_validates_where_no_etag_is_sent(client: httpx.Client) -> None:
    time.sleep(2)  # within the second of a change, a date does not tell whether another followed
    modified = get(client, f"{SEARCH}&limit=1").headers["last-modified"]
    assert get(client, f"{SEARCH}&limit=1", If_Modified_Since=modified).status_code == 304
    modified = get(client, SEARCH).headers["last-modified"]
    assert get(client, SEARCH, If_Modified_Since=modified).status_code == 304
    assert get(client, SEARCH, If_Modified_Since="Wed, 01 Jan 2020 00:00:00 GMT").status_code == 200
    assert get(client, SEARCH, If_Modified_Since="not a date").status_code == 200
    assert (
        get(client, SEARCH, If_Modified_Since=modified, If_None_Match='"other"').status_code == 200
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
    ],
)
def test_each_encoding_holds_the_same_and_has_its_own_etag(
    client: httpx.Client, name: str, decode: object
) -> None:
    plain = get(client, SEARCH)
    with client.stream("GET", SEARCH, headers={"Accept-Encoding": name}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == name
    assert decode(raw) == plain.content  # type: ignore[operator]
    assert len(raw) < len(plain.content) / 2
    assert answer.headers["etag"] != plain.headers["etag"]
    assert (
        get(client, SEARCH, If_None_Match=answer.headers["etag"]).status_code == 200
    )  # of another encoding
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("identity", "identity"),
        ("gzip;q=0", "identity"),
        ("gzip;q=nonsense", "identity"),
        ("compress", "identity"),
    ],
)
def test_the_best_encoding_that_is_taken_is_chosen(accepted: str, expected: str) -> None:
    assert best_encoding(accepted) == expected


def test_head_tells_what_get_would_send(client: httpx.Client) -> None:
    get(client, SEARCH)
    head, whole = client.head(SEARCH, headers={"Accept-Encoding": "identity"}), get(client, SEARCH)
    assert head.content == b""
    for name in ("etag", "content-length", "last-modified", "content-type"):
        assert head.headers[name] == whole.headers[name]


def test_a_publication_is_seen_by_the_next_request(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = get(own_client, "/v1/case-studies?q=zeppelin")
    assert before.json()["meta"]["total"] == 0
    wait_for(
        own_service,
        publish(own_service.database, case_study("zeppelin-id", title="Zeppelin school")),
    )
    after = get(own_client, "/v1/case-studies?q=zeppelin", If_None_Match=before.headers["etag"])
    assert after.json()["meta"]["total"] == 1
    assert get(own_client, "/v1/case-studies/zeppelin-id").status_code == 200
    wait_for(own_service, withdraw(own_service.database, "case-study", "zeppelin-id"))
    assert get(own_client, "/v1/case-studies/zeppelin-id").status_code == 410
    assert get(own_client, "/v1/case-studies?q=zeppelin").json()["meta"]["total"] == 0


@pytest.mark.one_database
@pytest.mark.parametrize(
    "path",
    ["/v1/case-studies?state=XX", "/v1/case-studies?colour=red", "/v1/case-studies/nowhere"],
)
def test_a_refusal_is_made_for_each_request(client: httpx.Client, path: str) -> None:
    answers = [get(client, path) for _ in range(2)]
    assert [status(answer) for answer in answers] == ["fwd=bypass", "fwd=bypass"]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert [answer.json()["instance"] for answer in answers] == ids
    assert ids[0] != ids[1]


@pytest.mark.one_database
@pytest.mark.parametrize("path", [SEARCH, "/v1/case-studies/boise-id", "/v1/states", "/v1"])
def test_an_answer_from_memory_carries_nobodys_request_id(client: httpx.Client, path: str) -> None:
    first, second = get(client, path), get(client, path)
    assert status(second) == "hit"
    assert [answer.headers.get("x-request-id") for answer in (first, second)] == [None, None]


def test_exports_and_the_desk_pass_by_the_cache(client: httpx.Client) -> None:
    for path in ("/v1/exports/districts.ndjson?state=OR", "/v1/admin/case-studies"):
        get(client, path)
        assert status(get(client, path)) == "fwd=bypass"


@pytest.mark.slow
def test_a_change_within_the_second_of_another_is_seen_by_its_date(
    own_service: Service, own_client: httpx.Client
) -> None:
    question = "/v1/case-studies?q=zeppelin"
    for number in range(3):
        first = publish(own_service.database, case_study(f"zeppelin-{number}a", title="Zeppelin"))
        wait_for(own_service, first)
        before = get(own_client, question)
        second = publish(own_service.database, case_study(f"zeppelin-{number}b", title="Zeppelin"))
        wait_for(own_service, second)
        modified = before.headers["last-modified"]
        after = get(own_client, question, If_Modified_Since=modified)
        assert after.status_code == 200
        assert after.json()["meta"]["total"] == before.json()["meta"]["total"] + 1


@pytest.mark.parametrize(
    ("changed_at", "asked_at", "date", "is_final"),
    [
        ("10:00:00.030", "10:00:00.040", "10:00:00", False),
        ("10:00:00.030", "10:00:01.500", "10:00:00", False),
        ("10:00:00.030", "10:00:02.000", "10:00:01", True),
        ("10:00:00.000", "10:00:02.000", "10:00:01", True),
        ("10:00:00.030", "11:00:00.000", "10:00:01", True),
    ],
)
def test_a_date_is_final_when_no_other_change_can_share_it(
    changed_at: str, asked_at: str, date: str, is_final: bool
) -> None:
    changed, now, expected = (
        datetime.fromisoformat(f"2026-11-29T{time}+00:00") for time in (changed_at, asked_at, date)
    )
    assert last_modified(changed, now) == (expected, is_final)
    assert unchanged_since(http_date(expected), changed) == is_final


@pytest.mark.slow
def test_equal_questions_at_once_are_one(own_service: Service) -> None:
    statuses: list[str] = []
    ready = threading.Barrier(20)

    def ask() -> None:
        with httpx.Client(base_url=own_service.url) as client:
            ready.wait()
            statuses.append(status(get(client, "/v1/districts/boise-school-district-id")))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count("fwd=miss") == 1
    assert len(statuses) == 20


@pytest.fixture
def small_cache(seeded_url: str) -> Iterator[httpx.Client]:
    """A service that may keep one MiB of answers."""
    with (
        serving(seeded_url, cache_megabytes=1) as service,
        httpx.Client(base_url=service.url) as client,
    ):
        yield client


def test_what_was_not_asked_for_longest_goes_first(small_cache: httpx.Client) -> None:
    first = "/v1/case-studies?limit=28"
    get(small_cache, first)
    for year in range(1990, 2026):
        get(small_cache, f"/v1/case-studies?limit=28&started_min={year}")
    assert status(get(small_cache, "/v1/case-studies?limit=28&started_min=2025")) == "hit"
    assert status(get(small_cache, first)) == "fwd=miss"
