"""Every setting: its environment name, meaning, unit and default. Read once, passed on."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    public_url: str | None = Field(
        default=None,
        description="Address that links and citations begin with, without a trailing slash; unset, http://HOST:PORT (127.0.0.1 for every-address hosts).",
    )

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite://", "postgresql+psycopg://")):
            raise ValueError("begins with sqlite:/// or postgresql+psycopg://")
        return url

    @property
    def base_url(self) -> str:
        """What every link in an answer begins with."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def seed_path(self) -> Path:
        """The folder of the seed, beside the code."""
        return Path(__file__).parent.parent / "seed"
