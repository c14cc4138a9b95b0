"""What Prometheus is told, where, and that dashboard and alert rules ask for what there is."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
import yaml  # type: ignore[import-untyped]
from migrating import ROOT
from prometheus_client.parser import text_string_to_metric_families
from publishing import case_study, publish
from pydantic import ValidationError
from serving import Service, serving
from sqlalchemy import text

from app.settings import Settings

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]
MONITORING = ROOT / "docs" / "monitoring"
NAME = re.compile(r"\bmodel_districts_\w+")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@contextmanager
def watched(url: str, **more: object) -> Iterator[tuple[Service, str]]:
    """A service that is watched, and where its metrics are."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    with serving(url, metrics_port=port, **more) as service:
        yield service, f"http://127.0.0.1:{port}/metrics"


def scraped(address: str) -> Samples:
    """Every sample, by its name and labels."""
    families = text_string_to_metric_families(
        httpx.get(address, timeout=60).raise_for_status().text
    )
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(address: str, name: str, **labels: str) -> float:
    """One sample; 0 if it is not there."""
    return scraped(address).get((f"model_districts_{name}", tuple(sorted(labels.items()))), 0.0)


@pytest.mark.slow
def test_requests_are_counted_by_route_and_answers_from_memory_apart(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        for _ in range(3):
            httpx.get(f"{service.url}/v1/case-studies?q=school", timeout=60).raise_for_status()
        for slug in ("nowhere-1", "nowhere-2"):
            httpx.get(f"{service.url}/v1/districts/{slug}", timeout=60)
        httpx.get(f"{service.url}/no/such/address", timeout=60)
        httpx.request("PROPFIND", f"{service.url}/v1/states", timeout=60)
        search = {"method": "GET", "route": "/v1/case-studies", "status": "200"}
        missing = {"method": "GET", "route": "/v1/districts/{slug}", "status": "404"}
        assert sample(metrics, "requests_total", **search) == 1
        assert sample(metrics, "requests_total", **missing) == 2
        assert sample(metrics, "request_seconds_count", route="/v1/case-studies") == 1
        assert sample(metrics, "cache_answers_total", state="hit") == 2
        labels = {dict(labels).get("route") for _, labels in scraped(metrics)}
        assert "unmatched" in labels
        assert not any("such" in (label or "") or "nowhere" in (label or "") for label in labels)
        assert "other" in {dict(labels).get("method") for _, labels in scraped(metrics)}


@pytest.mark.slow
def test_the_index_is_seen_to_be_behind_until_it_has_caught_up(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        httpx.get(f"{service.url}/readyz", timeout=60).raise_for_status()
        assert sample(metrics, "index_lag_revisions") == 0
        revision = publish(service.database, case_study("newly-public"))
        assert sample(metrics, "index_lag_revisions") > 0
        httpx.get(f"{service.url}/readyz", timeout=60).raise_for_status()
        assert sample(metrics, "index_lag_revisions") == 0
        assert sample(metrics, "index_revision") == revision


@pytest.mark.slow
def test_a_database_that_cannot_be_read_is_told_and_its_errors_counted(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        assert sample(metrics, "database_up") == 1
        with service.database.writing() as session:
            session.connection().execute(text("ALTER TABLE source_check RENAME TO elsewhere"))
        assert sample(metrics, "database_up") == 0
        assert sample(metrics, "database_errors_total", error="OperationalError") >= 1
        assert sample(metrics, "cache_entries") >= 0  # the others are still told
        with service.database.writing() as session:
            session.connection().execute(text("ALTER TABLE elsewhere RENAME TO source_check"))
        assert sample(metrics, "database_up") == 1


@pytest.mark.slow
def test_nothing_is_told_on_the_public_port_nor_on_any_other_unless_set(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        assert httpx.get(f"{service.url}/metrics", timeout=60).status_code == 404
        port = int(httpx.URL(metrics).port or 0)
    with serving(seeded_url) as service:
        assert httpx.get(f"{service.url}/metrics", timeout=60).status_code == 404
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.slow
def test_a_second_worker_takes_the_next_port(seeded_url: str) -> None:
    with watched(seeded_url, workers=2) as (_, first):
        port = int(httpx.URL(first).port or 0)
        with serving(seeded_url, metrics_port=port, workers=2):
            assert sample(f"http://127.0.0.1:{port + 1}/metrics", "database_up") == 1


@pytest.mark.parametrize(("first", "port", "workers"), [(8000, 8000, 1), (7998, 8000, 4)])
def test_the_public_port_is_not_taken_for_metrics(first: int, port: int, workers: int) -> None:
    with pytest.raises(ValidationError, match="overlap"):
        Settings(metrics_port=first, port=port, workers=workers)


@pytest.mark.slow
def test_the_dashboard_and_the_alerts_ask_for_metrics_that_exist(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        httpx.get(f"{service.url}/v1/states", timeout=60).raise_for_status()
        families = list(
            text_string_to_metric_families(httpx.get(metrics, timeout=60).raise_for_status().text)
        )
    exist = {sample.name for family in families for sample in family.samples}
    for family in families:  # those that have no sample yet, too
        exist |= {family.name, f"{family.name}_total"}
    exist |= {"model_districts_sources", "model_districts_source_check_age_seconds"}
    for path in sorted(MONITORING.iterdir()):
        names = set(NAME.findall(path.read_text(encoding="utf-8")))
        assert names, path
        assert names <= exist, path


@pytest.mark.slow
def test_sources_are_counted_by_what_their_last_check_found(seeded_url: str) -> None:
    with watched(seeded_url) as (service, metrics):
        with service.database.writing() as session:
            session.connection().execute(
                text(
                    "INSERT INTO source_check (id, url, checked_at, health) "
                    "VALUES ('a', 'https://a.example', '2026-01-01 00:00:00', 'dead')"
                )
            )
        assert sample(metrics, "sources", health="dead") == 1
        assert sample(metrics, "source_check_age_seconds") > 0


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    dashboard = orjson.loads((MONITORING / "grafana-dashboard.json").read_bytes())
    assert dashboard["title"] == "Model Districts"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) >= 10
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert all(is_balanced(target["expr"]) for target in panel["targets"])
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24


def test_each_alert_says_what_is_wrong_and_what_to_do() -> None:
    rules = rules_of(MONITORING / "alerts.yml")
    assert len(rules) >= 8
    for rule in rules:
        assert set(rule) >= {"alert", "expr", "for", "severity", "summary", "description"}, rule
        assert is_balanced(rule["expr"])
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["severity"] in ("page", "ticket")


def rules_of(path: Path) -> list[dict[str, str]]:
    """The rules of a file, each in one level."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [
        {**rule, **rule["labels"], **rule["annotations"]}
        for group in groups
        for rule in group["rules"]
    ]


def is_balanced(expression: str) -> bool:
    """Whether what is opened in a query is closed."""
    return all(expression.count(a) == expression.count(b) for a, b in ("()", "{}", "[]"))
