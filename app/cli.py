"""The `model-districts` command."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import IO, Annotated

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app import logs, setup
from app.catalog import as_of, publication
from app.clock import now
from app.database import Database
from app.desk.access import keys, labels
from app.desk.access.labels import COMMAND_LINE
from app.desk.access.permissions import ROLES, Editor
from app.desk.imports import plans
from app.desk.imports.commit import Commitment, commit
from app.desk.imports.files import read_file
from app.desk.imports.options import ReadOptions, read_pairs
from app.desk.sources import health
from app.desk.sources.link_checker import LinkChecker
from app.desk.sources.link_checker import check_sources as check_links
from app.engines import backup
from app.engines.failures import reason_of
from app.engines.finished_file import finished_in_place
from app.errors import Fault, Invalid, Refusal, Unavailable
from app.records import parsing, source_checks
from app.records.kinds import SEARCHABLE
from app.research import export_files, parquet, snapshot_store, snapshots
from app.research.export_files import ExportChoice
from app.research.snapshots import SnapshotRequest
from app.search.cross_tabs import cross_tab
from app.search.filters import FEW_VALUED
from app.search.index import Index
from app.search.past_indexes import standing_at
from app.settings import Settings
from app.terminal import (
    MAX_FAULTS_SHOWN,
    console,
    print_failure,
    print_faults,
    print_plan,
    progress,
)
from app.web import draining
from app.web.server import BoundedProtocol, allow_descriptors

FILE_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".xlsx": "xlsx",
}
ExportTable = Enum("ExportTable", {name: name for name in export_files.NAMES}, type=str)  # type: ignore[misc]
ExportFormat = Enum("ExportFormat", {name: name for name in export_files.FORMATS}, type=str)  # type: ignore[misc]
ImportKind = Enum("ImportKind", {"district": "district", "case-study": "case-study"}, type=str)
UnknownColumns = Enum("UnknownColumns", {"refuse": "refuse", "ignore": "ignore"}, type=str)
Placeholders = Enum("Placeholders", {"refuse": "refuse", "skip": "skip"}, type=str)
REFUSE_COLUMNS, REFUSE_MARKS = UnknownColumns("refuse"), Placeholders("refuse")
Role = Enum("Role", {role: role for role in ROLES}, type=str)  # type: ignore[misc]
Facet = Enum("Facet", {name: name for name in FEW_VALUED}, type=str)  # type: ignore[misc]
SearchableKind = Enum("SearchableKind", {name: name for name in SEARCHABLE}, type=str)  # type: ignore[misc]
STATE, RURALITY, CASE_STUDY = Facet("state"), Facet("rurality"), SearchableKind("case-study")
NDJSON, EDITOR = ExportFormat("ndjson"), Role("editor")

cli = typer.Typer(
    name="model-districts",
    help="Model Districts: an open directory of US school districts that use the community school "
    "strategy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
key_commands = typer.Typer(help="Keys of editors, reviewers and admins.", no_args_is_help=True)
source_commands = typer.Typer(
    help="Whether the sources that case studies cite can still be read.", no_args_is_help=True
)
cli.add_typer(key_commands, name="keys")
cli.add_typer(source_commands, name="sources")


def main() -> None:
    """Run the command. An error is printed in plain words, and the exit code is 1."""
    try:
        cli()
    except Invalid as invalid:
        print_faults(invalid.faults)
        sys.exit(1)
    except Refusal as refusal:
        print_failure(_in_words(refusal))
        sys.exit(1)
    except ValidationError as error:  # of the settings: everything else raises Invalid
        for fault in error.errors():
            name = "/".join(map(str, fault["loc"])).upper()
            print_failure(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(1)
    except DBAPIError as error:
        print_failure(
            f"The database cannot be used: {reason_of(error)}. "
            "If it has no tables yet, run `model-districts migrate`."
        )
        sys.exit(1)
    except OSError as error:
        print_failure(str(error))
        sys.exit(1)


def _in_words(refusal: Refusal) -> str:
    """A refusal with what the driver said of it: it is the operator who reads this."""
    cause = refusal.__cause__
    if isinstance(refusal, Unavailable) and isinstance(cause, DBAPIError):
        return f"{refusal} The driver says: {reason_of(cause)}."
    return str(refusal)


def _print_version(is_asked_for: bool) -> None:
    if is_asked_for:
        typer.echo(f"model-districts {version('model-districts')}")
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of every command."""


@cli.command()
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


@cli.command()
def migrate() -> None:
    """Bring the database's tables to the newest version."""
    settings = Settings()
    setup.migrate(settings)
    console.print(f"The tables are at the newest version: {_shown(settings)}")


@cli.command()
def seed() -> None:
    """Load the seed: check all of it, then write what is new or changed.

    Records that somebody else has edited stay as they are.
    """
    _prepare(Settings())


@cli.command()
def export(
    table: Annotated[ExportTable, typer.Argument(help="What to export.")],
    format_: Annotated[ExportFormat, typer.Option("--format", "-f", help="Format.")] = NDJSON,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", "-F", help="A search filter, such as state=OR; repeatable."),
    ] = None,
    moment: Annotated[
        str | None,
        typer.Option("--as-of", help="What was public at this revision, time or date."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write; - is standard output.")
    ] = "-",
) -> None:
    """Write a table, or everything, to a file or to standard output.

    Filters select the records. `everything` comes as zip (CSV with datapackage.json), sqlite or
    parquet (in a zip). A file takes its name only when it is whole.
    """
    pairs = [(name, value) for name, _, value in (item.partition("=") for item in filters or ())]
    _refuse_export(table.value, format_.value, has_filters=bool(pairs))
    settings = Settings()
    with _database(settings) as database:
        index = _index(database, moment)
        is_past = moment is not None
        chosen = ExportChoice(table.value, format_.value, tuple(pairs), is_past)
        exported = export_files.prepare(database, index, chosen, base_url=settings.base_url)
        # A bar among the data on one terminal would spoil both.
        shown = nullcontext(lambda: None) if output == "-" and sys.stdout.isatty() else None
        bar = shown or progress(f"Exporting {table.value}", total=exported.documents)
        with bar as advance, _output(output) as file:
            for chunk in exported.chunks(advance):
                file.write(chunk)


@cli.command("coverage")
def print_coverage(
    rows: Annotated[Facet, typer.Option(help="Facet whose values make the rows.")] = STATE,
    columns: Annotated[Facet, typer.Option(help="Facet whose values make the columns.")] = RURALITY,
    kind: Annotated[SearchableKind, typer.Option(help="What is counted.")] = CASE_STUDY,
) -> None:
    """Show how many records the directory holds by two facets, and where it holds none."""
    with _database(Settings()) as database:
        index = Index(database)
        index.catch_up()
    collection = index.collections[kind.value]
    facets = (rows.value, columns.value)
    covered = cross_tab(collection, index.vocabulary, facets, collection.all)
    headers = (Column(value.label, justify="right") for value in covered.columns)
    table = Table(rows.value, Column("all", justify="right"), *headers)
    for row, counts in zip(covered.rows, covered.counts, strict=True):
        table.add_row(row.label, str(row.total), *map(str, counts))
    Console().print(table)
    if covered.missing_rows:
        missing = ", ".join(row.label for row in covered.missing_rows)
        console.print(f"Nothing yet: {missing}")


@cli.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, NDJSON, JSON or XLSX, told by its extension.", exists=True, dir_okay=False
        ),
    ],
    kind: Annotated[ImportKind, typer.Option(help="The kind of record in each row.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    unknown_columns: Annotated[
        UnknownColumns,
        typer.Option(
            "--unknown-columns", help="Refuse columns that are not fields, or ignore them."
        ),
    ] = REFUSE_COLUMNS,
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="Read a column as a field: 'Institution:name'; repeatable."),
    ] = None,
    every_row: Annotated[
        list[str] | None,
        typer.Option(help="A value for each row without one: 'state:OR'; repeatable."),
    ] = None,
    placeholders: Annotated[
        Placeholders, typer.Option(help="Refuse cells such as N/A, or skip them.")
    ] = REFUSE_MARKS,
    header_line: Annotated[
        int | None, typer.Option(help="Line of the column names; default: looked for.", min=1)
    ] = None,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Skip rows that are refused or not accepted.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Slug or number of a row that is no duplicate; repeatable."),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish without a review; needs --reason.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why no one reviews it.")] = None,
    by: Annotated[str, typer.Option(help="Name on the changes.")] = COMMAND_LINE,
) -> None:
    """Import many records from a file as drafts: all of them or, if any row is refused, none.

    The exit code is 1 if a row is refused or must be accepted.
    """
    by = by if by == COMMAND_LINE else labels.checked(by, parameter="by")
    format_ = FILE_FORMATS.get(file.suffix.lower())
    if format_ is None:
        allowed = tuple(FILE_FORMATS)
        detail = f"Files ending in {file.suffix!r} cannot be read. Use {', '.join(allowed)}."
        raise Invalid([Fault("unknown_value", detail, parameter="file", allowed=allowed)])
    accepted = tuple(int(name) if name.isdecimal() else name for name in accept or ())
    commitment = Commitment(only_good, accepted, publish, reason)
    options = ReadOptions(
        unknown_columns=unknown_columns.value,
        placeholders=placeholders.value,
        header_line=header_line,
        **read_pairs(kind.value, mapping or (), every_row or ()),
    )
    with _database(Settings()) as database, file.open("rb") as opened:
        reading = read_file(opened, kind.value, format_, options)
        with database.writing() as session:
            plan = plans.create(
                session,
                kind=kind.value,
                format_=format_,
                filename=file.name,
                reading=reading,
                by=by,
                at=now(),
            )
        with progress(f"Comparing {file.name}") as advance:
            plans.fill(database, plan.id, reading, on_progress=advance)
        with database.reading_primary() as session:
            plan = plans.get(session, plan.id)
            print_plan(session, plan)
        if dry_run:
            if plan.problem or plan.refused or plan.warned:
                raise typer.Exit(1)
            return
        total = plan.created + plan.changed
        with progress("Writing", total=total) as advance, database.writing() as session:
            plan = commit(
                session,
                plan.id,
                commitment,
                seen_version=plan.version,
                by=Editor("", by, "admin"),
                at=now(),
                on_progress=advance,
            )
    state = "published" if publish else "as drafts"
    console.print(f"Written: {plan.written} records, {state}.")


@key_commands.command("create")
def create_key(
    label: Annotated[
        str, typer.Option(help="Who holds it; the name on every change made with it.")
    ],
    role: Annotated[Role, typer.Option(help="What it may do.")] = EDITOR,
    days: Annotated[
        int | None, typer.Option(help="Days until it expires; default never.", min=1)
    ] = None,
) -> None:
    """Create a key and print its secret, once, to standard output."""
    at = now()
    with _database(Settings()) as database, database.writing() as session:
        expires_at = at + timedelta(days=days) if days else None
        row, secret = keys.issue(
            session, label=label, role=role.value, by=COMMAND_LINE, at=at, expires_at=expires_at
        )
    console.print(
        f"Created a key for {row.label}, role {role.value}. Its secret is shown only now:"
    )
    typer.echo(secret)


@key_commands.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""
    with _database(Settings()) as database, database.reading_primary() as session:
        rows = keys.list_keys(session)
    names = ("label", "role", "created", "by", "expires", "revoked", "by", "last used")
    table = Table(Column("id", no_wrap=True, overflow="ignore"), *names)
    for row in rows:
        moments = (row.created_at, row.expires_at, row.revoked_at, row.used_at)
        created, expires, revoked, used = (
            f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments
        )
        made, ended = (created, row.created_by), (revoked, row.revoked_by or "")
        table.add_row(row.id, row.label, row.role, *made, expires, *ended, used)
    Console().print(table)


@key_commands.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key: how its secret begins.")],
) -> None:
    """Revoke a key."""
    with _database(Settings()) as database, database.writing() as session:
        row = keys.revoke(session, key_id, by=COMMAND_LINE, at=now())
    console.print(f"Revoked key {row.id} ({row.label}).")


@source_commands.command("check")
def check_sources(
    older_than: Annotated[
        int, typer.Option(help="Check sources last checked more than this many days ago.", min=0)
    ] = 30,
    limit: Annotated[int | None, typer.Option(help="Check at most this many.", min=1)] = None,
) -> None:
    """Check whether cited sources can still be read, and store the results.

    Each host gets one request at a time, robots.txt is obeyed, and private addresses are never
    requested. If stopped, it keeps the results so far. PUBLIC_URL is sent to the hosts, so that
    they can see who is asking.
    """
    settings = Settings()
    link_checker = LinkChecker(version=version("model-districts"), home=settings.public_url)
    checked_before = now() - timedelta(days=older_than)
    with _database(settings) as database:
        with database.reading_primary() as session:
            urls = health.due(session, checked_before=checked_before, limit=limit)
        with progress("Checking sources", total=len(urls)) as advance:
            counts = check_links(database, link_checker, urls, on_progress=advance)
        with database.reading_primary() as session:
            flagged = [record.slug for record, _ in health.flagged(session)]
    table = Table(
        "health", Column("sources", justify="right"), title=f"Checked {len(urls)} sources"
    )
    for state in source_checks.HEALTHS:
        table.add_row(state, str(counts[state]))
    Console().print(table)
    for slug in flagged:
        console.print(f"every source is dead: {slug}")


@cli.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)],
) -> None:
    """Write the whole directory to one file, while the service runs.

    The file takes its name only after it has been read back, in place of one that is there.
    """
    revision = backup.back_up(Settings().database_url, file)
    console.print(f"Backed up revision {revision} to {file}")


@cli.command()
def restore(
    file: Annotated[
        Path, typer.Argument(help="A file that `backup` wrote.", exists=True, dir_okay=False)
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Destroy what the directory holds now.")
    ] = False,
) -> None:
    """Put a backup in the place of the directory. Stop the service before."""
    settings = Settings()
    revision = backup.restore(settings.database_url, file, overwrite=overwrite)
    console.print(
        f"Restored revision {revision} to {_shown(settings)}. Start the service, which migrates the "
        "tables if they are older, then run: model-districts verify"
    )


@cli.command()
def snapshot(
    version_: Annotated[
        str, typer.Argument(metavar="VERSION", help="Year and number, such as 2026.1.")
    ],
    note: Annotated[str, typer.Option(help="What the release is for, in a sentence.")],
) -> None:
    """Freeze what is public now as a release: its files never change."""
    release = parsing.parse_shape(SnapshotRequest, {"version": version_, "note": note})
    settings = Settings()
    with _database(settings) as database:
        frozen = snapshots.freeze(
            database,
            release.version,
            note=release.note,
            by=COMMAND_LINE,
            base_url=settings.base_url,
            software=version("model-districts"),
        )
    console.print(
        f"Froze snapshot {frozen.version} at revision {frozen.revision}: {len(frozen.files)} files.",
        highlight=False,
    )


@cli.command()
def verify(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Rebuild the catalog if an entry differs.")
    ] = False,
) -> None:
    """Check that the catalog matches the published revisions, and every snapshot its checksums.

    The exit code is 1 if not.
    """
    settings = Settings()
    with _database(settings) as database:
        with database.reading_primary() as session:
            wrong = publication.differences(session)
        for snapshot_version, file in snapshot_store.damaged_files(database):
            print_failure(f"Damaged: {file} of snapshot {snapshot_version}. Restore a backup.")
            raise typer.Exit(1)
        if not wrong:
            console.print("Every catalog entry matches its published revision.")
            return
        for kind, slug in wrong[:MAX_FAULTS_SHOWN]:
            console.print(f"differs: {kind} {slug}")
        if not rebuild:
            print_failure(f"{len(wrong)} entries differ. Run: model-districts verify --rebuild")
            raise typer.Exit(1)
        with database.writing() as session:
            publication.rebuild(session)
        Index(database, index_dir=settings.index_dir).delete_file()
        console.print(f"Rebuilt {len(wrong)} catalog entries. Restart the service to load them.")


def _refuse_export(name: str, format_: str, *, has_filters: bool) -> None:
    """Raise BadParameter for an export that does not exist."""
    allowed = export_files.formats_of(name)
    if format_ not in allowed:
        raise typer.BadParameter(
            f"{name} has no such format. Use -f with one of: {', '.join(allowed)}."
        )
    if format_ == "parquet" and not parquet.is_available():
        raise typer.BadParameter("pyarrow is not installed. Install it, or take another format.")
    if has_filters and not export_files.takes_filters(name):
        what = "whole" if name == export_files.EVERYTHING else "a vocabulary"
        raise typer.BadParameter(f"{name} is {what}. It takes no filters.")


@contextmanager
def _output(name: str) -> Iterator[IO[bytes]]:
    """What to write to. A file is there under its name only when the block has ended well."""
    file = Path(name).resolve()
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif file.exists() and not file.is_file():  # a device or a pipe
        with file.open("wb") as opened:
            yield opened
    else:
        with finished_in_place(file) as unfinished, unfinished.open("wb") as opened:
            yield opened


def _prepare(settings: Settings) -> None:
    """Migrate the tables and load the seed."""
    setup.migrate(settings)
    with progress("Loading the seed") as advance:
        result = setup.load_seed(settings, on_row=advance)
    if result.created or result.changed:
        console.print(
            f"Seed: {result.created} records created, {result.changed} changed, "
            f"{result.left_alone} left alone because others edited them."
        )
    elif console.is_terminal:
        console.print("Seed: nothing new.")


def _index(database: Database, moment: str | None) -> Index:
    """The index of now, or of an older revision or time."""
    if moment is not None:
        read_moment = as_of.PARAMETER.parse(moment)
        with database.reading() as session:
            state = as_of.resolve(session, read_moment)
        return standing_at(database, state)
    index = Index(database)
    index.catch_up()
    return index


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url, settings.read_database_url)
    try:
        yield database
    finally:
        database.close()


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
    console.print(f"Model Districts serves {_shown(settings)}")
    for what, path in (
        ("The pages", "/"),
        ("A search", "/v1/case-studies?q=attendance&rurality=rural"),
        ("The API", "/docs"),
    ):
        line = f"  {what:<13}{settings.base_url}{path}"
        console.print(line)


def _shown(settings: Settings) -> str:
    return make_url(settings.database_url).render_as_string(hide_password=True)
