"""`keys`: those of editors, reviewers and admins."""

from datetime import timedelta
from enum import Enum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.clock import now
from app.commands.directory import open_database
from app.desk.access import keys
from app.desk.access.labels import COMMAND_LINE
from app.desk.access.permissions import ROLES
from app.settings import Settings
from app.terminal import console

Role = Enum("Role", {role: role for role in ROLES}, type=str)  # type: ignore[misc]
EDITOR = Role("editor")


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
    with open_database(Settings()) as database, database.writing() as session:
        expires_at = at + timedelta(days=days) if days else None
        row, secret = keys.issue(
            session, label=label, role=role.value, by=COMMAND_LINE, at=at, expires_at=expires_at
        )
    console.print(
        f"Created a key for {row.label}, role {role.value}. Its secret is shown only now:"
    )
    typer.echo(secret)


def list_keys() -> None:
    """List the keys, without their secrets."""
    with open_database(Settings()) as database, database.reading_primary() as session:
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


def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key: how its secret begins.")],
) -> None:
    """Revoke a key."""
    with open_database(Settings()) as database, database.writing() as session:
        row = keys.revoke(session, key_id, by=COMMAND_LINE, at=now())
    console.print(f"Revoked key {row.id} ({row.label}).")
