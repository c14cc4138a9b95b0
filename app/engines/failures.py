"""What an error of a driver means to one who asked: wait, make room, or call the operator."""

import errno

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import Busy, Refusal, StorageFull, Unavailable

AGAIN_SECONDS = 5
FULL = (
    "The disk of the database is full, or its quota is used up. Nothing was changed. Make room, "
    "then try again."
)
READ_ONLY = "The database cannot be written: its file, its folder or its server is read-only."
DAMAGED = "The database file is damaged. Restore a backup."
BUSY = "Another write is taking a long time. Try again in a few seconds."
LOST = "The database cannot be reached. Try again in 5 seconds."
CROWDED = "Too many requests are waiting for the database. Try again in 5 seconds."
FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Result codes of SQLite by the beginning of their names; a quota shows as a failed write.
SQLITE_MEANINGS = {
    "SQLITE_BUSY": Busy(BUSY, retry_after=AGAIN_SECONDS),
    "SQLITE_LOCKED": Busy(BUSY, retry_after=AGAIN_SECONDS),
    "SQLITE_FULL": StorageFull(FULL),
    "SQLITE_IOERR_WRITE": StorageFull(FULL),
    "SQLITE_IOERR_FSYNC": StorageFull(FULL),
    "SQLITE_IOERR_TRUNCATE": StorageFull(FULL),
    "SQLITE_IOERR_SHMSIZE": StorageFull(FULL),
    "SQLITE_READONLY": Unavailable(READ_ONLY),
    "SQLITE_CORRUPT": Unavailable(DAMAGED),
    "SQLITE_NOTADB": Unavailable(DAMAGED),
    "SQLITE_CANTOPEN": Unavailable(LOST),
    "SQLITE_IOERR": Unavailable(LOST),
}
# Conditions of PostgreSQL by the beginning of their codes (its manual, appendix A).
POSTGRESQL_MEANINGS = {
    "53100": StorageFull(FULL),
    "53": Unavailable(CROWDED),  # out of memory or of connections
    "25006": Unavailable(READ_ONLY),
    "55P03": Busy(BUSY, retry_after=AGAIN_SECONDS),
    "57014": Busy("The database took too long. Try again in 5 seconds.", retry_after=AGAIN_SECONDS),
    "40": Busy(BUSY, retry_after=AGAIN_SECONDS),  # it chose another transaction
    "57P": Unavailable(LOST),
    "58": Unavailable(LOST),
    "08": Unavailable(LOST),
    "28": Unavailable(LOST),  # the password is refused
    "3D000": Unavailable(LOST),  # there is no such database
}


def refusal_of(error: DBAPIError | PoolTimeout) -> Refusal | None:
    """What to answer; None if the statement itself was at fault, which is a mistake of ours."""
    if isinstance(error, PoolTimeout):
        return Busy(CROWDED, retry_after=AGAIN_SECONDS)
    if error.connection_invalidated:
        return Unavailable(LOST)
    original = error.orig
    name = getattr(original, "sqlite_errorname", None)
    code = getattr(original, "sqlstate", None)
    if name is not None:
        return _longest(SQLITE_MEANINGS, name)
    if code is not None:
        return _longest(POSTGRESQL_MEANINGS, code)
    # An error without a code comes from the connection, not from a statement.
    return Unavailable(LOST) if type(original).__name__ in _OF_CONNECTIONS else None


def is_full(error: OSError) -> bool:
    """Whether a disk is full, or a quota used up."""
    return error.errno in FULL_ERRORS


def reason_of(error: BaseException) -> str:
    """What the driver says, in one line, for the log and the terminal."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().partition("\n")[0] or type(original).__name__


_OF_CONNECTIONS = ("OperationalError", "InterfaceError", "ConnectionTimeout", "InternalError")


def _longest(meanings: dict[str, Refusal], code: str) -> Refusal | None:
    matching = [beginning for beginning in meanings if code.startswith(beginning)]
    if not matching:
        return None
    meaning = meanings[max(matching, key=len)]
    if isinstance(meaning, Busy | Unavailable):
        return type(meaning)(str(meaning), retry_after=meaning.retry_after)
    return StorageFull(str(meaning))
