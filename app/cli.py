"""The `model-districts` command."""

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from alembic import command
from alembic.config import Config
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from sqlalchemy import make_url

from app.catalog import publication
from app.database import Database
from app.desk import access
from app.desk.imports import apply_import, plan_import
from app.desk.readers import read_seed
from app.errors import Fault, Invalid, Refusal
from app.research import exports, formats
from app.search.endpoints import FIELDS, PATHS
from app.search.index import Index
from app.search.query import parse
from app.settings import Settings

SEEDER = "seed"
ROOT = Path(__file__).parent.parent
MAX_FAULTS_SHOWN = 50

cli = typer.Typer(
    name="model-districts",
    help="Model Districts: an open directory of US school districts that use the community school strategy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
console = Console(stderr=True)


def main() -> None:
    """Run the command; refusals are told in words, with exit code 1."""
    try:
        cli()
    except Invalid as invalid:
        _print_faults(invalid.faults)
        sys.exit(1)
    except Refusal as refusal:
        console.print(f"[red]{refusal}[/red]")
        sys.exit(1)


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment otherwise.", min=0, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment otherwise.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes; WORKERS in the environment otherwise.", min=1, max=64)] = None,
) -> None:
    """Migrate, load the seed into an empty or older directory, and serve.

    Settings come from the environment: DATABASE_URL, READ_DATABASE_URL, HOST, PORT, WORKERS, PUBLIC_URL.
    """
    given = {"port": port, "host": host, "workers": workers}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as process 1 of a container nothing would stop us before uvicorn listens
    _refuse_taken_port(settings)
    migrate_database(settings)
    seed_database(settings)
    _say_addresses(settings)
    # Workers are made anew, so they read their settings from the environment.
    for name, value in (("HOST", settings.host), ("PORT", settings.port), ("DATABASE_URL", settings.database_url)):
        os.environ[name] = str(value)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


@cli.command()
def migrate() -> None:
    """Bring the database to the newest shape of its tables."""
    settings = Settings()
    migrate_database(settings)
    console.print(f"The database is at the newest shape: {_shown(settings)}")


@cli.command()
def seed() -> None:
    """Load the seed: check all of it, then write what is new or changed. What others have edited since stays theirs."""
    settings = Settings()
    migrate_database(settings)
    seed_database(settings)


@cli.command()
def export(
    table: Annotated[str, typer.Argument(help=f"What: {', '.join(exports.TABLES)}.")],
    format_: Annotated[str, typer.Option("--format", "-f", help="csv, ndjson or json.")] = "ndjson",
    filters: Annotated[
        list[str] | None, typer.Option("--filter", "-F", help="A filter of the search, such as state=OR; may be given again.")
    ] = None,
) -> None:
    """Write everything that the filters find to standard output."""
    if table not in exports.TABLES:
        raise Invalid([Fault("unknown_value", f"there is no table {table!r}", parameter="table", allowed=tuple(exports.TABLES))])
    if format_ not in ("csv", "ndjson", "json"):
        raise Invalid([Fault("unknown_value", f"there is no format {format_!r}", parameter="format", allowed=("csv", "ndjson", "json"))])
    kind = exports.TABLES[table]
    with _database(Settings()) as database:
        index = Index(database)
        index.catch_up()
        pairs = [(name, value) for name, _, value in (given.partition("=") for given in filters or ())]
        query = parse(
            kind, PATHS[kind], pairs, vocabulary=index.vocabulary, places=index.place_of, fields=FIELDS[kind], without=exports.NOT_TAKEN
        )
        for chunk in formats.encoded(exports.documents(database, index, query), exports.COLUMNS[kind], format_):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


keys = typer.Typer(help="Keys of editors, reviewers and administrators.", no_args_is_help=True)
cli.add_typer(keys, name="keys")


@keys.command("create")
def create_key(
    label: Annotated[str, typer.Option(help="Who will hold it; the name on every change made with it.")],
    role: Annotated[str, typer.Option(help="editor, reviewer or admin.")] = "editor",
    days: Annotated[int | None, typer.Option(help="Days until it ceases to work; never, if not given.", min=1)] = None,
) -> None:
    """Make a key and print its secret, once, to standard output."""
    if role not in access.ROLES:
        raise Invalid([Fault("unknown_value", f"there is no role {role!r}", parameter="role", allowed=access.ROLES)])
    at = access.now()
    with _database(Settings()) as database, database.writing() as session:
        expires_at = at + timedelta(days=days) if days else None
        _row, secret = access.issue(session, label=label, role=role, by="command line", at=at, expires_at=expires_at)
    console.print(f"A key for {label}, role {role}. It is shown this once:")
    typer.echo(secret)


@keys.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""
    with _database(Settings()) as database, database.reading() as session:
        rows = access.list_keys(session)
    table = Table("id", "label", "role", "created", "expires", "revoked", "last used")
    for row in rows:
        moments = (row.created_at, row.expires_at, row.revoked_at, row.used_at)
        table.add_row(row.id, row.label, row.role, *(f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments))
    Console().print(table)


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Id of the key: the first characters of its secret.")]) -> None:
    """Let a key work no longer."""
    with _database(Settings()) as database, database.writing() as session:
        row = access.revoke(session, key_id, at=access.now())
    console.print(f"The key {row.id} of {row.label} works no longer.")


@cli.command()
def verify(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make every entry of the catalog anew if any differs.")] = False,
) -> None:
    """Check that the catalog is what the published revisions say; exit code 1 if it is not."""
    with _database(Settings()) as database:
        with database.reading() as session:
            wrong = publication.differences(session)
        for kind, slug in wrong[:MAX_FAULTS_SHOWN]:
            console.print(f"differs: {kind} {slug}")
        if wrong and rebuild:
            with database.writing() as session:
                publication.rebuild(session)
            console.print(f"{len(wrong)} entries differed; the catalog was made anew.")
        elif wrong:
            console.print(f"[red]{len(wrong)} entries differ.[/red] Make them anew with: model-districts verify --rebuild")
            raise typer.Exit(1)
        else:
            console.print("Every entry is what its published revision says.")


def migrate_database(settings: Settings) -> None:
    """Bring the tables to the newest shape, in one transaction."""
    config = Config(ROOT / "alembic.ini")
    with _database(settings) as database, database.writer_connection() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def seed_database(settings: Settings) -> None:
    """Load the seed through the importer, with a progress bar on a terminal."""
    with _database(settings) as database, _progress("Reading the seed") as advance, database.writing() as session:
        plan = plan_import(session, read_seed(settings.seed_path), by=SEEDER, seen=advance)
        revisions = apply_import(session, plan, by=SEEDER, at=datetime.now(UTC))
    created, changed, kept = (len(plan.of(result)) for result in ("created", "changed", "kept"))
    if revisions:
        console.print(f"Seed: {created} records created, {changed} changed, {kept} left as others edited them.")
    elif console.is_terminal:
        console.print("Seed: nothing new.")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url, settings.read_database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _progress(what: str) -> Iterator[Callable[[], None]]:
    if not console.is_terminal:
        yield lambda: None
        return
    with Progress(SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda: progress.advance(task)


def _refuse_taken_port(settings: Settings) -> None:
    if settings.port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                console.print(f"[red]Port {settings.port} is taken.[/red] Choose another: PORT={settings.port + 1} make run")
            else:
                console.print(f"[red]Cannot listen on {settings.host}:{settings.port}: {error.strerror}.[/red]")
            raise typer.Exit(2) from None


def _say_addresses(settings: Settings) -> None:
    base = settings.base_url
    console.print(f"Model Districts serves {_shown(settings)}")
    for what, path in (("A search", "/v1/case-studies?q=attendance&rurality=rural"), ("The API", "/docs"), ("What is here", "/")):
        console.print(f"  {what:<13}{base}{path}", highlight=False, soft_wrap=True)


def _shown(settings: Settings) -> str:
    return make_url(settings.database_url).render_as_string(hide_password=True)


def _print_faults(faults: tuple[Fault, ...]) -> None:
    table = Table("where", "what", "nearest", title=f"{len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was written")
    for fault in faults[:MAX_FAULTS_SHOWN]:
        table.add_row(fault.where, fault.detail, ", ".join(fault.nearest or ()))
    console.print(table)
    if len(faults) > MAX_FAULTS_SHOWN:
        console.print(f"and {len(faults) - MAX_FAULTS_SHOWN} more")
