"""How the server ends: on SIGTERM, SIGINT and SIGHUP alike, and without cutting off whoever just came."""

import asyncio
import signal
import socket
import sys
import types
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState
from uvicorn.supervisors import Multiprocess

DRAIN_SECONDS = 0.5  # for a request that is on its way over a quiet connection
GRACE_SECONDS = 10  # for requests that are being answered
SILENT_SECONDS = 30  # after which a worker is replaced; a busy machine takes long to start one
STARTUP_FAILURE = 3


class EndingState(ServerState):
    """What all connections of a server know of it."""

    is_ending = False


class EndingServer(uvicorn.Server):
    """A server whose connections know of a signal at once: it looks for one itself ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state: EndingState = EndingState()

    def handle_exit(self, sig: int, frame: types.FrameType | None) -> None:
        """Hear the signal."""
        super().handle_exit(sig, frame)
        self.server_state.is_ending = True


class DrainingProtocol(HttpToolsProtocol):
    """A connection that the server closes only after a moment without a request."""

    _draining: asyncio.TimerHandle | None = None

    def shutdown(self) -> None:
        """Answer what is still asked here, with `Connection: close`, and then close."""
        if self._draining is not None or self.transport.is_closing():
            return
        self._draining = self.loop.call_later(DRAIN_SECONDS, super().shutdown)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._draining is not None:
            self._draining.cancel()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # One of several workers has uvicorn's own state, and ends up to a tenth of a second later.
        is_ending = getattr(self.server_state, "is_ending", False)
        if self._draining is not None or is_ending:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)


class Workers(Multiprocess):
    """The processes of a service; the first of them only watches the others."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        super().__init__(config, sockets)
        if ignored:  # under nohup
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle_hup(self) -> None:
        """End, as on SIGTERM."""
        self.handle_term()


def serve(config: uvicorn.Config) -> None:
    """Serve until a signal ends it."""
    if config.workers > 1:
        Workers(config, sockets=[config.bind_socket()]).run()
        return
    server = EndingServer(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process even before it serves; then they let requests finish.

    Under `nohup` SIGHUP stays ignored.
    """
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _as_sigterm)


def leave_signals_to_the_first_process() -> None:
    """In a worker: a terminal that closes sends SIGHUP to all, and the first process ends us."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _end(_signal: int, _frame: types.FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _as_sigterm(_signal: int, _frame: types.FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)
