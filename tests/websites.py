"""A website on this machine, with pages that answer as a test needs, and a record of who asked for what."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Page:
    """How an address answers."""

    status: int = 200
    location: str | None = None
    head_status: int | None = None  # where HEAD is answered otherwise than GET
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0  # before it answers
    drip_seconds: float = 0  # before each letter of the body


@dataclass(frozen=True)
class Asked:
    """One request."""

    host: str
    method: str
    path: str
    agent: str
    began: float
    ended: float


@dataclass
class Website:
    """Its pages by path, and the requests it got. It is known as 127.0.0.1 and as localhost: two hosts."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """What was asked for, but for robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]


@contextmanager
def website(pages: dict[str, Page]) -> Iterator[Website]:
    """A website, gone after the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            began = time.monotonic()
            page = site.pages.get(self.path, Page(404))
            time.sleep(page.seconds)
            host, agent = self.headers["Host"].rpartition(":")[0], self.headers["User-Agent"]
            site.asked.append(Asked(host, self.command, self.path, agent, began, time.monotonic()))
            self.send_response((self.command == "HEAD" and page.head_status) or page.status)
            if page.location:
                self.send_header("Location", page.location)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                for letter in page.body if self.command == "GET" else "":
                    time.sleep(page.drip_seconds)
                    self.wfile.write(letter.encode())

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Website(server.server_address[1], pages)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()
