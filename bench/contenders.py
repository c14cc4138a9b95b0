"""Starting, asking, loading and weighing a server. Everything stays on 127.0.0.1."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench.generate import FOLDER, ROOT

CORES = os.cpu_count() or 1
SERVER_CORE, CLIENT_CORE = "0", str(min(1, CORES - 1))
BIN = Path(sys.executable).parent
INDEXES = FOLDER / "index"
START_TIMEOUT = 3600  # seconds; a million entries take their time
# As our own command starts it, but for the real seed, which is not to be loaded into a generated directory.
SERVE = "from app import cli, setup; setup.load_seed = lambda *_, **__: setup.SeedResult(); cli.cli(['serve'])"
DATASETTE = "-i {} -h 127.0.0.1 -p PORT --setting sql_time_limit_ms 120000 --setting facet_time_limit_ms 120000 --setting suggest_facets off --setting max_returned_rows 1000 --setting max_csv_mb 0"
UVICORN = "--host 127.0.0.1 --port PORT --lifespan off --log-level warning --no-access-log --no-server-header --http httptools --loop uvloop"


@dataclass
class Server:
    """A contender in processes of its own, on a core of its own. `first`: what it must answer to be ready."""

    name: str
    command: list[str]
    first: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    cores: str = SERVER_CORE
    start_s: list[float] = field(
        default_factory=list
    )  # until each of the first questions was answered

    def __enter__(self) -> "Server":
        """Start it, and wait until it answers."""
        port = _free_port()
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Accept-Encoding": "identity"},
            timeout=300,
        )
        command = [
            "taskset",
            "-c",
            self.cores,
            *(part.replace("PORT", str(port)) for part in self.command),
        ]
        environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), **self.environment}
        log = FOLDER / f"{self.name}.log"
        began = time.perf_counter()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        while (took := time.perf_counter() - began) < START_TIMEOUT and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if self.client.get(self.first[len(self.start_s)]).status_code == 200:
                    self.start_s.append(time.perf_counter() - began)
                    if len(self.start_s) == len(self.first):
                        return self
                    continue
            time.sleep(0.005)
        self.__exit__()
        raise RuntimeError(
            f"{self.name} gives no answer after {took:.0f} s; its log ends: {log.read_text()[-2000:]}"
        )

    def __exit__(self, *_: object) -> None:
        """Stop it and all that it started."""
        self.client.close()
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, path: str) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(
                f"{self.name} answers {answer.status_code} to {path}: {answer.text[:500]}"
            )
        found: dict[str, Any] = answer.json()
        return found

    def peak_mb(self) -> float:
        """The most memory that its processes have held (VmHWM, what they mapped from files included), added up."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in _tree(self.process.pid)]
        return sum(int(text.partition("VmHWM:")[2].split()[0]) for text in status) / 1024

    def load(
        self, lines: list[str], *, connections: int, seconds: int, core: str = CLIENT_CORE
    ) -> dict[str, float]:
        """wrk from one core for a time: requests a second, latencies in ms. Raises if any request failed."""
        paths = FOLDER / "paths.txt"
        paths.write_text("\n".join(lines) + "\n")
        command = f"taskset -c {core} wrk -t1 -c{connections} -d{seconds}s --timeout 100s -s bench/mix.lua {self.client.base_url}".split()
        environment = {**os.environ, "PATHS": str(paths)}
        told = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=seconds + 150,
            check=True,
        ).stdout
        found: dict[str, float] = orjson.loads(told.rpartition("JSON ")[2])
        if found.pop("errors"):
            raise RuntimeError(f"requests to {self.name} failed: {told}")
        return found


def service(
    name: str, database: Path, first: str, *, cache: bool = True, workers: int = 1
) -> Server:
    """Our service, with or without its cache of answers."""
    environment = {
        "DATABASE_URL": f"sqlite:///{database}",
        "WORKERS": str(workers),
        "INDEX_DIR": str(INDEXES),
        "RATE_LIMIT_READS": "0",
        "RATE_LIMIT_EXPORTS": "0",
    }
    cores = SERVER_CORE if workers == 1 else f"0-{min(workers, CORES) - 1}"
    return Server(
        name,
        [str(BIN / "python"), "-c", SERVE],
        ("/readyz", first),
        environment | ({} if cache else {"CACHE_MEGABYTES": "0"}),
        cores,
    )


def sender(app: str, answers: Path, first: str) -> Server:
    """One of the apps that only send."""
    return Server(
        app,
        [str(BIN / "uvicorn"), f"bench.senders:{app}", *UVICORN.split()],
        (first,),
        {"ANSWERS": str(answers)},
    )


def datasette(database: Path) -> Server:
    """Datasette on the same case studies, with limits so wide that it leaves nothing out."""
    return Server(
        "datasette",
        [str(FOLDER / "venv/bin/datasette"), "serve", *DATASETTE.format(database).split()],
        (f"/{database.stem}.json",),
    )


def _free_port() -> int:
    """One that the system hands out to nobody: a server that takes long to start must not find another in its place."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no free port between 20000 and 32000")


def _tree(pid: int) -> list[int]:
    children = [
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]
    return [pid, *(found for child in children for found in _tree(child))]
