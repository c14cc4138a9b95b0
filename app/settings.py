"""Every setting: its environment name, meaning, unit and default. Read once, passed on."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
# Hosts that mean every address of the machine, and the address that reaches it from itself.
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Settings(BaseSettings):
    """What an operator can set, each by the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(frozen=True)

    database_url: str = Field(
        default="sqlite:///var/model-districts.sqlite",
        description="Where the directory is kept: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    )
    read_database_url: str | None = Field(
        default=None,
        description="A PostgreSQL replica for public reads; unset, they go to DATABASE_URL.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses or networks of the proxies in front, comma-separated (10.0.0.0/8), or `*` for any. "
        "Their X-Forwarded-For and X-Forwarded-Proto are believed, so that limits count clients, not the proxy.",
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Server processes; they share nothing but the database."
    )
    index_dir: Path = Field(
        default=Path("var/index"),
        description="Folder where the search index of a large directory is kept between runs.",
    )
    cache_megabytes: int = Field(
        default=32,
        ge=0,
        le=65536,
        description="Memory of each process for whole answers, in MiB; 0 keeps none.",
    )
    max_connections: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Connections of each process that are open at once. Above it, the one that has waited longest "
        "for a request is closed; if all are being answered, only health checks are.",
    )
    client_timeout_seconds: float = Field(
        default=20,
        gt=0,
        description="Seconds in which a client must send a whole request head, and move at least 10 kB "
        "of a body or an answer.",
    )
    keep_alive_seconds: float = Field(
        default=15,
        gt=0,
        description="Seconds that a connection stays open without a request.",
    )
    rate_limit_reads: int = Field(
        default=1200,
        ge=0,
        description="Reads a minute of one client that are not answered from memory; 0: no limit.",
    )
    rate_limit_exports: int = Field(
        default=30, ge=0, description="Exports a minute of one client; 0: no limit."
    )
    rate_limit_suggestions: int = Field(
        default=5, ge=0, description="Suggestions a minute of one client; 0: no limit."
    )
    rate_limit_redis_url: str | None = Field(
        default=None,
        description="redis://HOST:PORT/0, where processes and machines count requests together. Unset, each "
        "process counts by itself.",
    )
    public_url: str | None = Field(
        default=None,
        description="Absolute http or https address at which readers reach the service; citations "
        "begin with it. Unset, it is made from HOST and PORT.",
    )

    contact_email: str | None = Field(
        default=None,
        description="Email address at which readers reach whoever runs the service. `/about` shows it, and "
        "`/data.json`, as the catalogs of US agencies ask for one.",
    )

    log_format: Literal["console", "json"] = Field(
        default="console", description="How the log is written: for people, or JSON by line."
    )
    log_requests: Literal["none", "misses", "all"] = Field(
        default="misses",
        description="Which requests have a line in the log: `misses` are all but those answered from memory.",
    )
    log_clients: Literal["off", "network", "address"] = Field(
        default="off",
        description="What the log has of a client's address: nothing, its network (/24, IPv6 /48), or all.",
    )
    log_queries: bool = Field(
        default=False,
        description="Whether the log has path and query of each request, and so what people searched for.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address to answer Prometheus on, apart from HOST."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port to answer Prometheus on; unset, on none. Further workers take the ports after it.",
    )

    @model_validator(mode="after")
    def _metrics_apart(self) -> Self:
        first = self.metrics_port
        if first is not None and first <= self.port < first + self.workers:
            raise ValueError(
                f"METRICS_PORT {first} and PORT {self.port} overlap: each worker takes a port from "
                "METRICS_PORT on. Choose one far from PORT, such as 9108."
            )
        return self

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite://", "postgresql+psycopg://")):
            raise ValueError(
                "Not a known kind of database. Begin with sqlite:/// or postgresql+psycopg://."
            )
        return url

    @field_validator("rate_limit_redis_url")
    @classmethod
    def _redis(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("redis://", "rediss://")):
            raise ValueError(
                f"{url!r} is not an address of Redis. Begin with redis:// or rediss://."
            )
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: str) -> str:
        for proxy in filter(None, map(str.strip, proxies.split(","))):
            if proxy != "*":
                try:
                    ip_network(proxy)
                except ValueError:
                    raise ValueError(
                        f"{proxy!r} is not an address or network. Write 10.0.0.7, 10.0.0.0/8 or *."
                    ) from None
        return proxies

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            well_formed = bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            well_formed = False
        if not well_formed or parts.scheme not in ("http", "https"):
            raise ValueError(
                f"{url!r} is not an absolute address. Write it like https://districts.example.org."
            )
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                f"{url!r} has a path. The service must stand at the root of its host name."
            )
        return url

    @field_validator("contact_email")
    @classmethod
    def _mailbox(cls, email: str | None) -> str | None:
        if email is not None and not MAILBOX.fullmatch(email):
            raise ValueError(
                f"{email!r} is not an email address. Write it like data@districts.example.org."
            )
        return email

    @property
    def base_url(self) -> str:
        """The address at which readers reach the service, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = EVERY_ADDRESS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def seed_path(self) -> Path:
        """The folder of the seed, beside the code."""
        return Path(__file__).parent.parent / "seed"
