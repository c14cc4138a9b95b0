"""What the command prints: progress, plans of imports, tables of faults."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column, Table
from sqlmodel import Session

from app.desk.imports import plans
from app.desk.imports.files import WINDOWS
from app.desk.imports.plans import PlanRow, RowQuery
from app.errors import Fault
from app.records.wording import counted

MAX_FAULTS_SHOWN = 50
_PARAMETER = re.compile(r"\b(mapping|every_row|header_line|placeholders|unknown_columns)=")
console = Console(stderr=True, highlight=False, soft_wrap=True)  # addresses stay whole


@contextmanager
def progress(label: str, *, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on a terminal. Call what it yields to advance by one, or to the number given."""
    if not console.is_terminal:
        yield lambda _to=None: None
        return
    columns = (SpinnerColumn(), TextColumn(label), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)

        def advance(to: int | None = None) -> None:
            if to is None:
                bar.advance(task)
            else:
                bar.update(task, completed=to)

        yield advance


def print_plan(session: Session, plan: PlanRow) -> None:
    """Print what an import would do, and what stands in its way."""
    counts = ", ".join(f"{getattr(plan, result)} {result}" for result in plans.RESULTS)
    about = orjson.loads(plan.about or "{}")
    if passed_over := about.get("passed_over_count"):
        counts += f"; {counted(passed_over, 'line')} passed over"
    console.print(f"{plan.filename}: {counted(plan.rows_seen, 'row')}: {counts}.")
    for line in _reading(about):
        console.print(line, markup=False)
    noted = RowQuery(noted=True, limit=MAX_FAULTS_SHOWN)
    if notes := _row_faults(session, plan, noted, "notes"):
        print_faults(notes, title="Notes on how rows were read")
    if plan.problem:
        print_failure(f"Reading stopped early: {plan.problem}")
    refused = RowQuery(("refused",), limit=MAX_FAULTS_SHOWN)
    warned = RowQuery(warned=True, limit=MAX_FAULTS_SHOWN)
    for title, number, query, column in (
        ("refused", plan.refused, refused, "faults"),
        ("to accept by name (--accept)", plan.warned, warned, "warnings"),
    ):
        if number:
            faults = _row_faults(session, plan, query, column)
            print_faults(faults, title=f"{counted(number, 'row')} {title}")


def _reading(about: dict[str, Any]) -> Iterator[str]:
    """How a table was understood, as far as that is not plain."""
    columns = about.get("columns", [])
    if any(column["how"] not in ("name", "problem") for column in columns):
        if about.get("header"):
            yield f"Column names: {about['header']}."
        for column in columns:
            field = column["field"] or "passed over"
            name = column["name"] or f"column {column['position']}"
            if column["how"] != "name":
                yield f"  {name}: {field} ({column['how'].replace('_', ' ')})"
    if other_sheets := about.get("other_sheets"):
        yield f"Read the sheet {about['sheet']}, and not {', '.join(other_sheets)}."
    for what in ("rows", "columns"):
        if number := about.get(f"hidden_{what}"):
            yield f"Read hidden {what} too: {number}."
    if about.get("encoding") == WINDOWS:
        yield "Read as Windows-1252. Check names with accents."
    for line in about.get("passed_over", [])[:MAX_FAULTS_SHOWN]:
        yield f"Passed over {line['origin']} ({line['reason']}): {line['text']}"
    yield from map(_as_options, about.get("missing", []))


def _as_options(text: str) -> str:
    """Advice for the API in the words of the command: `header_line=7` is `--header-line 7`."""
    return _PARAMETER.sub(lambda match: f"--{match[1].replace('_', '-')} ", text)


def print_failure(text: str) -> None:
    """Print one line that says what went wrong."""
    console.print(text, style="red", markup=False)


def print_faults(faults: tuple[Fault, ...], *, title: str | None = None) -> None:
    """Print faults: a table on a terminal, else one line each, for logs and grep."""
    title = title or f"{len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was written"
    shown = faults[:MAX_FAULTS_SHOWN]
    if console.is_terminal:
        columns = (Column(name, overflow="fold") for name in ("where", "what", "nearest"))
        table = Table(*columns, title=title)
        for fault in shown:
            cells = (fault.where, _as_options(fault.detail), ", ".join(fault.nearest or ()))
            table.add_row(*map(escape, cells))
        console.print(table, soft_wrap=False)
    else:
        console.print(title)
        for fault in shown:
            nearest = f" (nearest: {', '.join(fault.nearest)})" if fault.nearest else ""
            where = f"{fault.where}: " if fault.where else ""
            console.print(f"{where}{_as_options(fault.detail)}{nearest}", markup=False)
    if len(faults) > MAX_FAULTS_SHOWN:
        console.print(f"and {len(faults) - MAX_FAULTS_SHOWN} more")


def _row_faults(session: Session, plan: PlanRow, query: RowQuery, column: str) -> tuple[Fault, ...]:
    faults = []
    for row in plans.rows(session, plan.id, query):
        for fault in orjson.loads(getattr(row, column)):
            where = f"{row.origin}, {row.slug}{fault.get('pointer', '')}"
            nearest = fault.get("nearest")
            faults.append(Fault(fault["code"], fault["detail"], pointer=where, nearest=nearest))
    return tuple(faults)
