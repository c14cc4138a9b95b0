"""The service as a process of its own, which a test may limit, signal and kill."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from serving import Service

from app.database import Database

COMMAND = str(Path(sys.executable).parent / "model-districts")
PATIENCE = 300  # seconds; a busy machine is no fault


@contextmanager
def server_process(
    url: str, *, before: Sequence[str] = (), **settings: str
) -> Iterator[tuple[Service, "subprocess.Popen[bytes]"]]:
    """The service, answering; killed at the end, if it was not before.

    `before`: the words of a command that runs it, such as `unshare`. `settings`: other ones.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {"DATABASE_URL": url, "HOST": "127.0.0.1", "PORT": str(port)}
    database = Database(url)
    with subprocess.Popen(
        [*before, COMMAND, "serve"],
        env=environment | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            until = time.monotonic() + PATIENCE
            while not is_ready(address):
                assert server.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            yield Service(address, url, database), server
        finally:
            server.kill()
            database.close()


def is_ready(address: str) -> bool:
    """Whether the service is up."""
    try:
        return httpx.get(f"{address}/readyz", timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False
