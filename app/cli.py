"""The `model-districts` command."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import orjson
import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column, Table
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.catalog import publication
from app.database import Database
from app.desk import access, plans, sources
from app.desk.access import Editor
from app.desk.commits import Commitment, commit
from app.desk.imports import apply_import, plan_import
from app.desk.plans import PlanRow, RowQuery
from app.desk.readers import read_file, read_seed
from app.errors import Fault, Invalid, Refusal
from app.records import source_checks
from app.research import exports, formats
from app.search.endpoints import FIELDS, PATHS
from app.search.index import Index
from app.search.query import OF_A_PAGE, parse
from app.settings import Settings

SEEDER = "seed"
FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".xlsx": "xlsx"}
IMPORTED = {"district": "district", "case-study": "case_study"}
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
    except ValidationError as error:  # of the settings: what else is validated refuses with Invalid
        for fault in error.errors():
            _say_failure(f"{'/'.join(map(str, fault['loc'])).upper()}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(1)
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        _say_failure(f"The database cannot be used: {reason}. If it lacks tables, `model-districts migrate` makes them.")
        sys.exit(1)
    except OSError as error:
        _say_failure(str(error))
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
        raise Invalid(
            [
                Fault(
                    "unknown_value",
                    f"there is no table {table!r}; there are {', '.join(exports.TABLES)}",
                    parameter="table",
                    allowed=tuple(exports.TABLES),
                )
            ]
        )
    if format_ not in ("csv", "ndjson", "json"):
        raise Invalid(
            [
                Fault(
                    "unknown_value",
                    f"there is no format {format_!r}; there are csv, ndjson, json",
                    parameter="format",
                    allowed=("csv", "ndjson", "json"),
                )
            ]
        )
    kind = exports.TABLES[table]
    with _database(Settings()) as database:
        index = Index(database)
        index.catch_up()
        pairs = [(name, value) for name, _, value in (given.partition("=") for given in filters or ())]
        query = parse(kind, PATHS[kind], pairs, vocabulary=index.vocabulary, places=index.place_of, fields=FIELDS[kind], without=OF_A_PAGE)
        for chunk in formats.encoded(exports.documents(database, index, query), exports.COLUMNS[kind], format_):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON, JSON or XLSX, told by its ending.", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="What its rows are: district or case-study.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    only_good: Annotated[bool, typer.Option("--only-good", help="Leave out rows that are refused or not accepted.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="Slug or number of a row that looks like another record and is none; may be given again.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish at once, without a review; needs --reason.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why no one reviews it.")] = None,
    by: Annotated[str, typer.Option(help="Whose name the changes bear.")] = "command line",
) -> None:
    """Write many records from a file, as drafts: all of it or, if any row is refused, nothing. Exit code 1 if a row is refused or must be accepted."""
    for name, value, allowed in (("kind", kind, IMPORTED), ("file", file.suffix.lower(), FORMATS)):
        if value not in allowed:
            raise Invalid(
                [Fault("unknown_value", f"{name} has no value {value!r}", parameter=name, allowed=tuple(allowed), nearest=tuple(allowed))]
            )
    asked = Commitment(only_good, tuple(int(name) if name.isdecimal() else name for name in accept or ()), publish, reason)
    format_ = FORMATS[file.suffix.lower()]
    with _database(Settings()) as database, file.open("rb") as opened:
        reading = read_file(opened, IMPORTED[kind], format_)
        with database.writing() as session:
            plan = plans.create(session, kind=IMPORTED[kind], format_=format_, filename=file.name, reading=reading, by=by, at=access.now())
        with _progress(f"Comparing {file.name}") as advance:
            plans.fill(database, plan.id, reading, seen=advance)
        with database.reading() as session:
            plan = plans.get(session, plan.id)
            _print_plan(session, plan)
        if not dry_run:
            with _progress("Writing", total=plan.created + plan.changed) as advance, database.writing() as session:
                plan = commit(session, plan.id, asked, seen_version=plan.version, by=Editor("", by, "admin"), at=access.now(), seen=advance)
            console.print(f"Written: {plan.written} records, {'published' if publish else 'as drafts'}.")
        elif plan.problem or plan.refused or plan.warned:
            raise typer.Exit(1)


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


sources_commands = typer.Typer(help="Whether the sources of case studies are still where they were.", no_args_is_help=True)
cli.add_typer(sources_commands, name="sources")


@sources_commands.command("check")
def check_sources(
    older_than: Annotated[int, typer.Option(help="Ask those never asked, and those last asked more than so many days ago.", min=0)] = 30,
    limit: Annotated[int | None, typer.Option(help="Ask at most so many.", min=1)] = None,
) -> None:
    """Ask whether cited sources are still there, and keep what is found.

    Each host gets one request at a time, robots.txt is kept to, and no private address is asked. Stopped in the middle, it keeps
    what it has found so far. PUBLIC_URL is told to the hosts, so that they can see who asks.
    """
    from app.desk.visits import Visitor  # its HTTP client takes 7 MB, which a server has no use for

    settings = Settings()
    visitor = Visitor(version=version("model-districts"), home=settings.public_url)
    with _database(settings) as database:
        with database.reading() as session:
            urls = sources.due(session, checked_before=access.now() - timedelta(days=older_than), limit=limit)
        with _progress("Asking the sources", total=len(urls)) as advance:
            counts = sources.check(database, visitor, urls, seen=advance)
        with database.reading() as session:
            flagged = [kept.slug for kept, _ in sources.flagged(session)]
    table = Table("health", Column("sources", justify="right"), title=f"{len(urls)} sources asked")
    for health in source_checks.HEALTHS:
        table.add_row(health, str(counts[health]))
    Console().print(table)
    for slug in flagged:
        console.print(f"every source is dead: {slug}", highlight=False, soft_wrap=True)


@cli.command()
def verify(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make every entry of the catalog anew if any differs.")] = False,
) -> None:
    """Check that the catalog is what the published revisions say; exit code 1 if it is not."""
    settings = Settings()
    with _database(settings) as database:
        with database.reading() as session:
            wrong = publication.differences(session)
        for kind, slug in wrong[:MAX_FAULTS_SHOWN]:
            console.print(f"differs: {kind} {slug}")
        if wrong and rebuild:
            with database.writing() as session:
                publication.rebuild(session)
            Index(database, kept_in=settings.index_dir).forget_kept()
            console.print(f"{len(wrong)} entries differed; the catalog was made anew. Restart the service: its index is of before.")
        elif wrong:
            console.print(f"[red]{len(wrong)} entries differ.[/red] Make them anew with: model-districts verify --rebuild")
            raise typer.Exit(1)
        else:
            console.print("Every entry is what its published revision says.")


def migrate_database(settings: Settings) -> None:
    """Bring the tables to the newest shape, in one transaction; in a program of its own, so that a service does not carry Alembic along."""
    with _database(settings) as database:
        database.writer_connection().close()  # a database that cannot be reached says so here
        if database.shape() == _newest_migration():
            return
    environment = {**os.environ, "DATABASE_URL": settings.database_url}
    subprocess.run([sys.executable, "-m", "alembic", "--config", str(ROOT / "alembic.ini"), "upgrade", "head"], env=environment, check=True)  # noqa: S603


def _newest_migration() -> str:
    """The migration that no other follows."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "migrations" / "versions").glob("*.py")]
    names, before = (
        {name for text in texts for name in re.findall(rf'^{which} = "(\w+)"', text, re.MULTILINE)}
        for which in ("revision", "down_revision")
    )
    (newest,) = names - before
    return str(newest)


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
def _progress(what: str, *, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Calls of what it gives move the bar, by one or to the number given."""
    if not console.is_terminal:
        yield lambda _to=None: None
        return
    with Progress(SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda to=None: progress.advance(task) if to is None else progress.update(task, completed=to)


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


def _print_plan(session: Session, plan: PlanRow) -> None:
    """What an import would do, and what stands in its way."""
    counts = ", ".join(f"{getattr(plan, result)} {result}" for result in plans.RESULTS)
    console.print(f"{plan.filename}: {plan.rows_seen} rows: {counts}.", highlight=False)
    if plan.problem:
        console.print(f"[red]It was not read to its end: {escape(plan.problem)}[/red]")
    for title, number, query, which in (
        ("refused", plan.refused, RowQuery(("refused",), limit=MAX_FAULTS_SHOWN), "faults"),
        ("to be accepted by name (--accept)", plan.warned, RowQuery(warned=True, limit=MAX_FAULTS_SHOWN), "warnings"),
    ):
        if number:
            shown = [
                Fault(
                    fault["code"],
                    fault["detail"],
                    pointer=f"{row.origin}, {row.slug}{fault.get('pointer', '')}",
                    nearest=fault.get("nearest"),
                )
                for row in plans.rows(session, plan.id, query)
                for fault in orjson.loads(getattr(row, which))
            ]
            _print_faults(tuple(shown), title=f"{number} row{'s' if number > 1 else ''} {title}")


def _say_failure(what: str) -> None:
    console.print(what, style="red", soft_wrap=True, markup=False, highlight=False)


def _print_faults(faults: tuple[Fault, ...], *, title: str | None = None) -> None:
    title = title or f"{len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was written"
    shown = [(fault.where, fault.detail, ", ".join(fault.nearest or ())) for fault in faults[:MAX_FAULTS_SHOWN]]
    if console.is_terminal:
        table = Table(*(Column(name, overflow="fold") for name in ("where", "what", "nearest")), title=title)
        for cells in shown:
            table.add_row(*map(escape, cells))
        console.print(table)
    else:  # a line for each, whole, for logs and grep
        console.print(title)
        for where, what, nearest in shown:
            console.print(f"{where}: {what}{f' (nearest: {nearest})' if nearest else ''}", soft_wrap=True, markup=False, highlight=False)
    if len(faults) > MAX_FAULTS_SHOWN:
        console.print(f"and {len(faults) - MAX_FAULTS_SHOWN} more")
