"""`import`: many records from a file."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from app.clock import now
from app.commands.directory import open_database
from app.desk.access import labels
from app.desk.access.labels import COMMAND_LINE
from app.desk.access.permissions import Editor
from app.desk.imports import plans
from app.desk.imports.commit import Commitment, commit
from app.desk.imports.files import read_file
from app.desk.imports.options import ReadOptions, read_pairs
from app.errors import Fault, Invalid
from app.records.wording import counted
from app.settings import Settings
from app.terminal import console, print_plan, progress

FILE_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".xlsx": "xlsx",
}
ImportKind = Enum("ImportKind", {"district": "district", "case-study": "case-study"}, type=str)
UnknownColumns = Enum("UnknownColumns", {"refuse": "refuse", "ignore": "ignore"}, type=str)
Placeholders = Enum("Placeholders", {"refuse": "refuse", "skip": "skip"}, type=str)
REFUSE_COLUMNS, REFUSE_MARKS = UnknownColumns("refuse"), Placeholders("refuse")


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
        int | None, typer.Option(help="Line of the column names; detected by default.", min=1)
    ] = None,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Skip rows that are refused or not accepted.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Slug or number of a row whose warnings you accept; repeatable."),
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
    with open_database(Settings()) as database, file.open("rb") as opened:
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
    console.print(f"Written: {counted(plan.written or 0, 'record')}, {state}.")
