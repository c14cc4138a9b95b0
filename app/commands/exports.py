"""`export` and `coverage`: what the directory holds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.commands.directory import index_of, open_database
from app.engines.finished_file import finished_in_place
from app.records.kinds import SEARCHABLE
from app.research import export_files, parquet
from app.research.export_files import ExportChoice
from app.search.cross_tabs import cross_tab
from app.search.filters import FEW_VALUED
from app.search.index import Index
from app.settings import Settings
from app.terminal import console, progress

ExportTable = Enum("ExportTable", {name: name for name in export_files.NAMES}, type=str)  # type: ignore[misc]
ExportFormat = Enum("ExportFormat", {name: name for name in export_files.FORMATS}, type=str)  # type: ignore[misc]
Facet = Enum("Facet", {name: name for name in FEW_VALUED}, type=str)  # type: ignore[misc]
SearchableKind = Enum("SearchableKind", {name: name for name in SEARCHABLE}, type=str)  # type: ignore[misc]
STATE, RURALITY, CASE_STUDY = Facet("state"), Facet("rurality"), SearchableKind("case-study")
NDJSON = ExportFormat("ndjson")


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
    with open_database(settings) as database:
        index = index_of(database, moment)
        is_past = moment is not None
        chosen = ExportChoice(table.value, format_.value, tuple(pairs), is_past)
        exported = export_files.prepare(database, index, chosen, base_url=settings.base_url)
        # A bar among the data on one terminal would spoil both.
        shown = nullcontext(lambda: None) if output == "-" and sys.stdout.isatty() else None
        bar = shown or progress(f"Exporting {table.value}", total=exported.documents)
        with bar as advance, _output(output) as file:
            for chunk in exported.chunks(advance):
                file.write(chunk)


def print_coverage(
    rows: Annotated[Facet, typer.Option(help="Facet whose values make the rows.")] = STATE,
    columns: Annotated[Facet, typer.Option(help="Facet whose values make the columns.")] = RURALITY,
    kind: Annotated[SearchableKind, typer.Option(help="What is counted.")] = CASE_STUDY,
) -> None:
    """Show how many records the directory holds by two facets, and where it holds none."""
    with open_database(Settings()) as database:
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


def _refuse_export(name: str, format_: str, *, has_filters: bool) -> None:
    """Raise BadParameter for an export that does not exist."""
    allowed = export_files.formats_of(name)
    if format_ not in allowed:
        raise typer.BadParameter(
            f"{name} has no such format. Use -f with one of: {', '.join(allowed)}."
        )
    if format_ == "parquet" and not parquet.is_available():
        raise typer.BadParameter("pyarrow is not installed. Install it, or choose another format.")
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
