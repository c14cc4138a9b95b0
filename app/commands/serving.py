"""`serve`, `migrate` and `seed`: what starts the service."""

import errno
import os
import socket
from typing import Annotated

import typer
import uvicorn

from app import logs, setup
from app.commands.directory import shown
from app.records.wording import counted
from app.settings import Settings
from app.terminal import console, print_failure, progress
from app.web import draining
from app.web.server import BoundedProtocol, allow_descriptors


def serve(
    port: Annotated[int | None, typer.Option(help="Port; default PORT.", min=0, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address; default HOST.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default WORKERS.", min=1, max=64)
    ] = None,
) -> None:
    """Migrate the tables, load the seed if it is new or changed, and serve.

    Settings come from the environment; docs/operators.md lists them.
    """
    options = {"port": port, "host": host, "workers": workers}
    settings = Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    # As process 1 of a container nothing else would stop us before uvicorn listens.
    draining.end_on_signals()
    _refuse_taken_port(settings)
    _allow_connections(settings)
    _prepare(settings)
    _print_addresses(settings)
    # Worker processes read their settings from the environment.
    os.environ |= {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "DATABASE_URL": settings.database_url,
        "WORKERS": str(settings.workers),
    }
    logs.configure(settings.log_format)
    config = uvicorn.Config(
        "app.main:create_worker" if settings.workers > 1 else "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,  # uvicorn's logs go the same way as ours
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=draining.GRACE_SECONDS,
        timeout_worker_healthcheck=draining.SILENT_SECONDS,
        http=BoundedProtocol,
    )
    draining.serve(config)


def migrate() -> None:
    """Bring the database's tables to the newest version."""
    settings = Settings()
    setup.migrate(settings)
    console.print(f"The tables are at the newest version: {shown(settings)}")


def seed() -> None:
    """Load the seed: check all of it, then write what is new or changed.

    Records that somebody else has edited stay as they are.
    """
    _prepare(Settings())


def _prepare(settings: Settings) -> None:
    """Migrate the tables and load the seed."""
    setup.migrate(settings)
    with progress("Loading the seed") as advance:
        result = setup.load_seed(settings, on_row=advance)
    if result.created or result.changed:
        console.print(
            f"Seed: {counted(result.created, 'record')} created, {result.changed} changed, "
            f"{result.left_alone} left alone because others edited them."
        )
    elif console.is_terminal:
        console.print("Seed: nothing new.")


def _refuse_taken_port(settings: Settings) -> None:
    if settings.port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                print_failure(
                    f"Port {settings.port} is taken. "
                    f"Choose another: PORT={settings.port + 1} make run"
                )
            else:
                print_failure(
                    f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}."
                )
            raise typer.Exit(2) from None


def _allow_connections(settings: Settings) -> None:
    allowed = allow_descriptors(settings.max_connections)
    if allowed < settings.max_connections:
        print_failure(
            f"The system lets a process open {max(allowed, 0):,} connections; MAX_CONNECTIONS is "
            f"{settings.max_connections:,}. Raise the hard limit (`ulimit -Hn`) or lower the setting."
        )
        raise typer.Exit(2)


def _print_addresses(settings: Settings) -> None:
    console.print(f"Model Districts serves {shown(settings)}")
    for what, path in (
        ("The pages", "/"),
        ("A search", "/v1/case-studies?q=attendance&rurality=rural"),
        ("The API", "/docs"),
    ):
        line = f"  {what:<13}{settings.base_url}{path}"
        console.print(line)
