"""`sources`: whether what case studies cite can still be read."""

from datetime import timedelta
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.clock import now
from app.commands.directory import open_database
from app.desk.sources import health
from app.desk.sources.link_checker import LinkChecker
from app.desk.sources.link_checker import check_sources as check_links
from app.records import source_checks
from app.records.wording import counted
from app.settings import Settings
from app.terminal import console, progress


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
    with open_database(settings) as database:
        with database.reading_primary() as session:
            urls = health.due(session, checked_before=checked_before, limit=limit)
        with progress("Checking sources", total=len(urls)) as advance:
            counts = check_links(database, link_checker, urls, on_progress=advance)
        with database.reading_primary() as session:
            flagged = [record.slug for record, _ in health.flagged(session)]
    table = Table(
        "health",
        Column("sources", justify="right"),
        title=f"Checked {counted(len(urls), 'source')}",
    )
    for state in source_checks.HEALTHS:
        table.add_row(state, str(counts[state]))
    Console().print(table)
    for slug in flagged:
        console.print(f"every source is dead: {slug}")
