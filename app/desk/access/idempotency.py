"""A POST sent twice is done once: its answer is stored with its effect, in one transaction, under the
client's Idempotency-Key."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, LargeBinary, delete
from sqlmodel import Field, Session, SQLModel, col

from app.database import Database, UtcDateTime
from app.errors import Conflict, Fault, Invalid

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(
    minutes=1
)  # an attempt that left no answer by then has died, and left no effect either
MAX_KEY_CHARACTERS = 255


class IdempotencyRow(SQLModel, table=True):
    """One POST under a client's key, and the answer it got."""

    __tablename__ = "idempotency"

    key_id: str = Field(primary_key=True, description="The API key it was sent with.")
    idempotency_key: str = Field(primary_key=True, description="The client's key.")
    request_sha256: str = Field(description="SHA-256 of method, path and body.")
    created_at: datetime = Field(
        sa_type=UtcDateTime, index=True, description="When it was first sent (UTC)."
    )
    status: int | None = Field(
        default=None, description="HTTP status of the answer; null while it is being worked on."
    )
    headers: str | None = Field(
        default=None, description="Headers of the answer, name and value by line."
    )
    body: bytes | None = Field(default=None, sa_type=LargeBinary, description="Body of the answer.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse_key(header: str | None) -> str | None:
    """The client's key, quoted (as the draft has it) or bare. Raises Invalid."""
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        raise Invalid(
            [
                Fault(
                    "out_of_range",
                    f"Idempotency-Key must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters.",
                    parameter="Idempotency-Key",
                )
            ]
        )
    return key


def once(
    database: Database,
    key_id: str,
    key: str | None,
    request: bytes,
    act: Callable[[Session], Answer],
    *,
    at: datetime,
) -> tuple[Answer, bool]:
    """Do a request, or repeat the answer it got before. Returns the answer, and whether it is repeated.

    Raises Conflict while the first is in progress, Invalid if the key was used for another request.
    """
    if key is None:
        with database.writing() as session:
            return act(session), False
    digest = hashlib.sha256(request).hexdigest()
    if (before := _claim(database, key_id, key, digest, at)) is not None:
        return before, True
    try:
        with database.writing() as session:
            answer = act(session)
            row = session.get_one(IdempotencyRow, (key_id, key))
            row.status, row.body = answer.status, answer.body
            row.headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
            session.add(row)
        return answer, False
    except BaseException:
        # With an answer it is done, and only word of its commit was lost.
        unanswered = col(IdempotencyRow.status).is_(None)
        with database.writing() as session:
            session.connection().execute(delete(IdempotencyRow).where(_is(key_id, key), unanswered))
        raise


def _claim(database: Database, key_id: str, key: str, digest: str, at: datetime) -> Answer | None:
    with database.writing() as session:
        session.connection().execute(
            delete(IdempotencyRow).where(col(IdempotencyRow.created_at) < at - KEPT_FOR)
        )
        row = session.get(IdempotencyRow, (key_id, key))
        if row is None:
            session.add(
                IdempotencyRow(
                    key_id=key_id, idempotency_key=key, request_sha256=digest, created_at=at
                )
            )
            return None
        if row.request_sha256 != digest:
            raise Invalid(
                [
                    Fault(
                        "key_used_before",
                        "This key was used for another request. Use a new key.",
                        parameter="Idempotency-Key",
                    )
                ]
            )
        if row.status is not None:
            headers = dict(line.split(": ", 1) for line in (row.headers or "").splitlines())
            return Answer(row.status, headers, row.body or b"")
        if at - row.created_at < ABANDONED_AFTER:
            raise Conflict(
                "The first request with this key is still in progress. Try again in a minute."
            )
        row.created_at = at
        session.add(row)
        return None


def _is(key_id: str, key: str) -> ColumnElement[bool]:
    return (col(IdempotencyRow.key_id) == key_id) & (col(IdempotencyRow.idempotency_key) == key)
