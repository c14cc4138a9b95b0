"""The service on a real port: uvicorn in a thread."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from app.database import Database
from app.main import create_app
from app.settings import Settings
from app.web.server import BoundedProtocol


@dataclass(frozen=True)
class Service:
    """A running service, and its database, opened from outside as another process would."""

    url: str
    database_url: str
    database: Database


@contextmanager
def serving(database_url: str, **more: Any) -> Iterator[Service]:
    """The service over a migrated database, stopped after the block. `more`: other settings."""
    listening = socket.create_server(("127.0.0.1", 0))
    more = {"rate_limit_reads": 0, "rate_limit_exports": 0, **more}  # tests ask often
    settings = Settings(database_url=database_url, port=listening.getsockname()[1], **more)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            log_config=None,
            http=BoundedProtocol,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    database = Database(database_url)
    try:
        yield Service(settings.base_url, database_url, database)
    finally:
        database.close()
        server.should_exit = True
        thread.join()
