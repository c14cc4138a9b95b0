"""Keys of the desk: made, revoked, and recognized in a request."""

import hashlib
import hmac
import secrets
import string
import zlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from app.database import UtcDateTime
from app.desk.access import labels
from app.desk.access.permissions import Editor
from app.errors import Conflict, NotFound, Unauthenticated

MARK = "md_"
SECRET_BYTES = 32
SECRET_LENGTH, CHECK_LENGTH, SHOWN_LENGTH = 43, 6, 8
KEY_REQUIRED = "A valid key is required. Send it as Authorization: Bearer md_..."
_DIGITS = string.digits + string.ascii_letters


class ApiKeyRow(SQLModel, table=True):
    """A key. The secret itself is kept nowhere."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("role IN ('editor', 'reviewer', 'admin')", name="role_known"),
        CheckConstraint("length(secret_sha256) = 64", name="secret_is_a_hash"),
    )

    id: str = Field(
        primary_key=True, description="First characters of the secret, by which it is known."
    )
    secret_sha256: str = Field(unique=True, description="SHA-256 of the whole secret, hex.")
    label: str = Field(
        unique=True, description="Who holds it; the name on every change made with it."
    )
    role: str = Field(description="editor, reviewer or admin.")
    created_at: datetime = Field(sa_type=UtcDateTime, description="When it was made (UTC).")
    created_by: str = Field(description="Who made it.")
    expires_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it ceases to work (UTC); null: never."
    )
    revoked_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was revoked (UTC)."
    )
    revoked_by: str | None = Field(
        default=None, description="Who revoked it; null for keys revoked before this was kept."
    )
    used_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was last used (UTC), to the minute."
    )


def issue(
    session: Session,
    *,
    label: str,
    role: str,
    by: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKeyRow, str]:
    """Create a key. Returns it with its secret, which is not stored.

    Raises Invalid if the label cannot be read or is reserved, Conflict if it is taken, or looks
    like one that is.
    """
    label = labels.checked(label)
    looks = labels.looks(label)
    for taken in session.exec(select(ApiKeyRow.label)):
        if labels.looks(taken) == looks:
            raise Conflict(
                f"There is already a key for {taken!r}. Choose one that cannot be mistaken for "
                "it; revoked keys keep theirs."
            )
    secret = _new_secret()
    row = ApiKeyRow(
        id=secret[: len(MARK) + SHOWN_LENGTH],
        secret_sha256=_sha256(secret),
        label=label,
        role=role,
        created_at=at,
        created_by=by,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, secret


def get(session: Session, key_id: str) -> ApiKeyRow:
    """A key. Raises NotFound."""
    row = session.get(ApiKeyRow, key_id)
    if row is None:
        raise NotFound(f"There is no key {key_id[:60]!r}")
    return row


def revoke(session: Session, key_id: str, *, by: str, at: datetime) -> ApiKeyRow:
    """Revoke a key. Revoking it again changes nothing. Raises NotFound."""
    row = get(session, key_id)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = at, by
    session.add(row)
    session.flush()
    return row


def list_keys(session: Session) -> list[ApiKeyRow]:
    """Every key, the oldest first."""
    return list(session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.created_at), ApiKeyRow.id)))


def refuse_malformed(authorization: str | None) -> str:
    """The secret in an Authorization header. Raises Unauthenticated if it cannot be one of ours."""
    scheme, _, secret = (authorization or "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not well_formed(secret):
        raise Unauthenticated(KEY_REQUIRED)
    return secret


def authenticate(
    session: Session, authorization: str | None, *, at: datetime
) -> tuple[Editor, datetime | None]:
    """Who sent this Authorization header, and when the key was last used.

    Raises Unauthenticated. An unknown, revoked or expired key takes the same path: one hash, one lookup.
    """
    secret = refuse_malformed(authorization)
    digest = _sha256(secret)
    row = session.exec(select(ApiKeyRow).where(ApiKeyRow.secret_sha256 == digest)).first()
    known = hmac.compare_digest(row.secret_sha256 if row else "0" * 64, digest)
    alive = (
        row is not None
        and row.revoked_at is None
        and (row.expires_at is None or row.expires_at > at)
    )
    if not (known and alive) or row is None:
        raise Unauthenticated(KEY_REQUIRED)
    return Editor(row.id, row.label, row.role), row.used_at


def note_uses(session: Session, uses: Mapping[str, datetime]) -> None:
    """Note when each key was last used."""
    for key_id, at in uses.items():
        row = session.get(ApiKeyRow, key_id)
        if row is not None and (row.used_at is None or row.used_at < at):
            row.used_at = at
            session.add(row)


def well_formed(secret: str) -> bool:
    """Whether a text is a secret of ours by its mark, length and checksum, so that a leaked or mistyped one can be told at sight."""
    body = secret.removeprefix(MARK)
    return (
        secret.startswith(MARK)
        and len(body) == SECRET_LENGTH + CHECK_LENGTH
        and hmac.compare_digest(
            body[SECRET_LENGTH:].encode(), _checksum(body[:SECRET_LENGTH]).encode()
        )
    )


def _new_secret() -> str:
    body = _base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), SECRET_LENGTH)
    return f"{MARK}{body}{_checksum(body)}"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
