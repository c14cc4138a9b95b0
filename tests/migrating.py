"""The migrations, to be run on a connection or on the database of the environment."""

from pathlib import Path

from alembic.config import Config
from sqlalchemy import Connection

ROOT = Path(__file__).parent.parent


def migrations(connection: Connection | None = None) -> Config:
    """What the functions of `alembic.command` take."""
    return Config(ROOT / "alembic.ini", attributes={"connection": connection})
