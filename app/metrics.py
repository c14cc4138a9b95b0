"""What Prometheus can ask of a process, on a port of its own.

What is counted for each answer from memory is a plain integer of the cache, read when asked for.
Each worker has its own counts and its own port: METRICS_PORT, and for more workers those after it.
"""

import errno
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from app.catalog import entry
from app.clock import now
from app.database import Database
from app.desk.imports.worker import PlanWorker
from app.records import source_checks
from app.search.gaps import SearchGaps
from app.search.index import Index
from app.web.cache import Cache
from app.web.request_log import Answered

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PREFIX = "model_districts"


class _Server(Protocol):
    def shutdown(self) -> None: ...

    def server_close(self) -> None: ...


class Metrics:
    """Counts of one process."""

    def __init__(self, cache: Cache) -> None:
        self.registry = CollectorRegistry()
        self._cache = cache
        self._requests = Counter(
            f"{PREFIX}_requests",
            "Requests that reached the application; answers from the cache are counted apart.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            f"{PREFIX}_request_seconds",
            "Seconds until the answer was sent, of requests that reached the application.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._database_errors = Counter(
            f"{PREFIX}_database_errors",
            "Errors of the database, by their class.",
            ("error",),
            registry=self.registry,
        )
        self._server: _Server | None = None

    def count(self, answered: Answered) -> None:
        """Count one request."""
        self._requests.labels(answered.method, answered.route, answered.status).inc()
        self._seconds.labels(answered.route).observe(answered.seconds)

    def open(self, host: str, port: int, workers: int, *, state: "State", version: str) -> int:
        """Answer Prometheus on the first free port of those of the workers. Returns the port."""
        self.registry.register(_AtScrape(state, self._cache, version))
        event.listen(Engine, "handle_error", self._on_database_error)
        for own_port in range(port, port + workers):
            try:
                self._server, _ = start_http_server(own_port, host, registry=self.registry)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or own_port == port + workers - 1:
                    raise
            else:
                return own_port
        raise AssertionError("there is always a worker")

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            event.remove(Engine, "handle_error", self._on_database_error)
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _on_database_error(self, context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception or context.original_exception
        self._database_errors.labels(type(error).__name__).inc()


class State:
    """What a process has open, from which counts are read."""

    def __init__(
        self, database: Database, index: Index, planning: PlanWorker, gaps: SearchGaps
    ) -> None:
        self.database, self.index = database, index
        self.planning, self.gaps = planning, gaps


class _AtScrape(Collector):
    """What is read when Prometheus asks, so that counting it costs a request nothing."""

    def __init__(self, state: State, cache: Cache, version: str) -> None:
        self._state, self._cache, self._version = state, cache, version

    def describe(self) -> Iterator[Metric]:
        """Nothing: what stands here is not known before it is asked for."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Every count, those that need the database last."""
        state, cache = self._state, self._cache
        answers = CounterMetricFamily(
            f"{PREFIX}_cache_answers", "Questions by what the cache had.", labels=["state"]
        )
        for name, count in cache.counts().items():
            answers.add_metric([name], count)
        yield answers
        yield _gauge("cache_entries", "Answers that the cache holds.", cache.answers_kept)
        yield _gauge("cache_bytes", "What these take, in bytes.", cache.bytes_kept)
        yield _gauge("index_revision", "Newest revision in memory.", state.index.revision)
        waiting = GaugeMetricFamily(f"{PREFIX}_waiting", "Work that waits.", labels=["queue"])
        waiting.add_metric(["imports"], state.planning.waiting)
        waiting.add_metric(["search_gaps"], state.gaps.waiting)
        waiting.add_metric(["questions"], cache.in_flight)
        yield waiting
        about = GaugeMetricFamily(f"{PREFIX}_build", "Always 1.", labels=["version"])
        about.add_metric([self._version], 1)
        yield about
        yield from self._of_database()

    def _of_database(self) -> Iterator[Metric]:
        try:
            with self._state.database.reading() as session:
                newest = entry.newest_seq(session)
                healths = source_checks.counts(session)
                checked_at = source_checks.newest_check(session)
        except Exception:  # whatever it is, the other counts are still told
            yield _gauge("database_up", "Whether the database could be read just now.", 0)
            return
        yield _gauge("database_up", "Whether the database could be read just now.", 1)
        lag = max(0, newest - self._state.index.revision)
        yield _gauge("index_lag_revisions", "Revisions that memory is behind.", lag)
        sources = GaugeMetricFamily(
            f"{PREFIX}_sources", "Checked sources by what was found.", labels=["health"]
        )
        for health, count in healths.items():
            sources.add_metric([health], count)
        yield sources
        if checked_at is not None:
            age = (now() - checked_at).total_seconds()
            yield _gauge("source_check_age_seconds", "Time since the newest check.", age)


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", meaning, value=value)
