"""What an operator meets who sets something: how addresses are made of it, and what is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from serving import Service, serving

from app.settings import Settings


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("2001:db8::7", "http://[2001:db8::7]:8000"),
        ("districts.example.org", "http://districts.example.org:8000"),
    ],
)
def test_the_address_to_cite_is_one_that_can_be_opened(host: str, base_url: str) -> None:
    assert Settings(host=host, port=8000, public_url=None).base_url == base_url
    assert httpx.URL(base_url).port == 8000


@pytest.mark.parametrize(
    "url",
    ["https://districts.example.org", "https://districts.example.org/", "http://[::1]:8000"],
)
def test_a_public_url_is_taken_without_its_slash(url: str) -> None:
    assert Settings(host="::", public_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "CONTACT_EMAIL",
            "the office",
            "'the office' is not an email address. Write it like data@",
        ),
        ("PUBLIC_URL", "foo/", "'foo/' is not an absolute address. Write it like https://"),
        ("PUBLIC_URL", "districts.example.org", "is not an absolute address"),
        ("PUBLIC_URL", "//districts.example.org", "is not an absolute address"),
        ("PUBLIC_URL", "ftp://districts.example.org", "is not an absolute address"),
        ("PUBLIC_URL", "https://", "is not an absolute address"),
        ("PUBLIC_URL", "https://example.org:port", "is not an absolute address"),
        ("PUBLIC_URL", "https://example.org/districts", "has a path"),
        ("TRUSTED_PROXIES", "balancer", "'balancer' is not an address or network. Write 10.0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 300.1.1.1", "'300.1.1.1' is not an address or network"),
        ("DATABASE_URL", "mysql://here", "Not a known kind of database. Begin with sqlite:///"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert words in str(refusal.value)


@pytest.mark.parametrize("proxies", ["", "*", "10.0.0.7", "10.0.0.0/8, ::1, 192.0.2.0/24"])
def test_proxies_are_addresses_or_networks(proxies: str) -> None:
    assert Settings(trusted_proxies=proxies).trusted_proxies == proxies


@pytest.fixture(params=["127.0.0.1", "192.0.2.1"])
def behind_a_proxy(
    request: pytest.FixtureRequest, sqlite_seeded: Path, tmp_path: Path
) -> Iterator[Service]:
    """A service reached from 127.0.0.1, which it trusts as a proxy or not."""
    url = f"sqlite:///{shutil.copy(sqlite_seeded, tmp_path / 'own.sqlite')}"
    with serving(url, trusted_proxies=request.param) as service:
        yield service


@pytest.mark.slow
def test_suggestions_are_limited_by_client_not_by_proxy(
    behind_a_proxy: Service, request: pytest.FixtureRequest
) -> None:
    def suggest(client: str) -> int:
        return httpx.post(
            f"{behind_a_proxy.url}/v1/suggestions",
            json={"kind": "case-study", "message": "An effort that is not here."},
            headers={"X-Forwarded-For": client},
            timeout=60,
        ).status_code

    trusted = "127.0.0.1" in request.node.callspec.id
    sent = [suggest("203.0.113.1") for _ in range(5)]
    assert 429 not in sent
    assert suggest("203.0.113.1") == 429
    assert (suggest("203.0.113.2") == 429) is not trusted
