"""What a web page, a proxy and a link checker meet: CORS on every answer, HEAD like GET without its body, OPTIONS, Vary."""

import socket

import httpx
import pytest

pytestmark = [
    pytest.mark.few_records,
    pytest.mark.one_database,
]  # what HTTP does cannot differ by database
READS = (
    "/",
    "/v1",
    "/case-studies?q=attendance",
    "/case-studies/boise-id",
    "/v1/case-studies?q=attendance&limit=2",
    "/v1/case-studies/boise-id",
    "/v1/districts/1600360",
    "/v1/strategies",
    "/v1/suggest?q=boise",
    "/v1/exports/case-studies.csv?state=OR",
    "/v1/exports/districts.json",
    "/v1/exports/districts.ndjson",
    "/openapi.json",
    "/docs",
    "/healthz",
    "/readyz",
    "/problems/gone",
)
REFUSALS = (
    ("GET", "/v1/case-studies?colour=red", 400),
    ("GET", "/v1/nowhere", 404),
    ("GET", "/v1/case-studies/nowhere", 404),
    ("GET", "/v1/case-studies/%00", 404),
    ("POST", "/v1/case-studies", 405),
    ("GET", "/v1/case-studies?limit=101", 422),
)
EXPOSED = {
    "Content-Disposition",
    "ETag",
    "Link",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Repr-Digest",
    "Deprecation",
    "Sunset",
    "Directory-Revision",
}
OF_ONE_ANSWER = {"date", "x-request-id", "cache-status", "transfer-encoding"}


def listed(answer: httpx.Response, name: str) -> set[str]:
    """The values of a header that is a list."""
    return {value.strip() for value in answer.headers[name].split(",")}


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["https://board.example.org", "null", None])
@pytest.mark.parametrize("path", READS)
def test_any_web_page_may_read_any_answer(
    client: httpx.Client, path: str, origin: str | None
) -> None:
    answer = client.get(path, headers={"Origin": origin} if origin else {})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert listed(answer, "Access-Control-Expose-Headers") == EXPOSED
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(("method", "path", "status"), REFUSALS)
def test_any_web_page_may_read_why_it_was_refused(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, headers={"Origin": "null"})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert listed(answer, "Access-Control-Expose-Headers") == EXPOSED


def test_a_form_that_cannot_be_had_is_told_to_any_web_page(client: httpx.Client) -> None:
    answer = client.get("/v1/states", headers={"Accept": "image/png", "Origin": "null"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (406, "*")


@pytest.mark.parametrize("path", [path.partition("?")[0] for path in READS])
def test_a_preflight_is_answered_for_a_day(client: httpx.Client, path: str) -> None:
    answer = client.options(
        path, headers={"Origin": "null", "Access-Control-Request-Method": "GET"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "HEAD", "OPTIONS"} <= listed(answer, "Access-Control-Allow-Methods")
    assert {"*", "Accept", "If-None-Match"} <= listed(answer, "Access-Control-Allow-Headers")
    assert answer.headers.get_list("Vary") == ["Accept, Accept-Encoding"]
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert listed(answer, "Allow") == {"GET", "HEAD", "OPTIONS"}


def test_options_of_an_address_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.options("/v1/nowhere").status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/states", "/v1/nowhere", "/v1/case-studies/nowhere", "/v1/%00", "/nowhere"]
)
def test_a_page_whose_monitoring_adds_headers_may_read_any_address(
    client: httpx.Client, path: str
) -> None:
    added = "traceparent, baggage, sentry-trace, x-requested-with"
    headers = {
        "Origin": "https://board.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": added,
        "Accept": "text/html",
    }
    answer = client.options(path, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "*" in listed(answer, "Access-Control-Allow-Headers")


def test_the_desk_gives_other_pages_no_leave(client: httpx.Client) -> None:
    headers = {"Origin": "https://board.example.org", "Access-Control-Request-Method": "GET"}
    answer = client.options("/v1/admin/districts", headers=headers)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Access-Control-Allow-Headers" not in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize("path", READS)
def test_head_is_get_without_its_body(client: httpx.Client, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    kept = [
        {name: value for name, value in answer.headers.items() if name not in OF_ONE_ANSWER}
        for answer in (get, head)
    ]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    "path", ["/v1/nowhere", "/v1/case-studies?limit=101", "/v1/case-studies?colour=red"]
)
def test_head_of_what_is_refused_is_refused_without_a_body(client: httpx.Client, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["Content-Type"] == "application/problem+json"


def test_a_connection_goes_on_after_head(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        connection.sendall(
            b"HEAD /v1/case-studies HTTP/1.1\r\nHost: here\r\n\r\nGET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
        )
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize("path", [*READS, *(path for _, path, _ in REFUSALS)])
def test_caches_are_told_what_answers_vary_by_and_no_more(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get_list("Vary") == ["Accept, Accept-Encoding"]


@pytest.mark.parametrize("path", READS)
def test_answers_are_not_to_be_sniffed_and_do_not_name_the_server(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


def test_the_link_header_repeats_the_links_of_the_body(client: httpx.Client) -> None:
    answer = client.get("/v1/case-studies?q=school&limit=2")
    links = answer.json()["links"]
    assert {name: answer.links[name]["url"] for name in ("first", "next", "alternate")} == {
        "first": links["first"],
        "next": links["next"],
        "alternate": links["export"],
    }
    last = client.get("/v1/case-studies?slug=boise-id")
    assert "next" not in last.links
    assert last.json()["links"]["next"] is None


@pytest.mark.parametrize("path", ["/docs", "/problems/gone"])
def test_no_other_site_may_frame_a_page_of_the_documentation(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.headers["X-Frame-Options"] == "DENY"
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy


def test_the_documentation_needs_no_other_server(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    assert "http://" not in page
    parts = [
        part.split('"')[0]
        for attribute in ('src="', 'href="')
        for part in page.split(attribute)[1:]
    ]
    assert len(parts) >= 3
    assert {client.get(part).status_code for part in parts} == {200}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/states", {"If-Modified-Since": f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"}, 200),
        ("/v1/case-studies/%E2%80%AE", {"Accept": "text/html"}, 303),
        ("/v1/case-studies/a%0d%0aX:%20y", {"Accept": "application/x-bibtex"}, 303),
        ("/case-studies/a%0d%0aX:%20y", {"Accept": "text/csv"}, 406),
        (f"/sitemaps/districts-{'9' * 5000}.xml", {}, 404),
    ],
)
def test_no_header_and_no_path_breaks_the_answer(
    path: str, headers: dict[str, str], status: int, client: httpx.Client
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert "x" not in answer.headers


def test_an_address_leads_on_to_the_same_record_whatever_letters_it_has(
    client: httpx.Client,
) -> None:
    answer = client.get("/v1/case-studies/a%3Fb%23c", headers={"Accept": "text/html"})
    assert answer.headers["Location"] == "/case-studies/a%3Fb%23c"


def test_of_a_header_that_is_longer_than_any_browsers_the_beginning_counts(
    client: httpx.Client,
) -> None:
    many = "a/b," * 7000
    assert client.get("/v1/states", headers={"Accept": f"*/*,{many}"}).status_code == 200
    assert client.get("/v1/states", headers={"Accept": f"{many}*/*"}).status_code == 406


def test_a_charset_that_cannot_be_read_is_refused(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json; charset*=a; charset*1=b"}
    assert client.post("/v1/suggestions", content=b"{}", headers=headers).status_code == 415
