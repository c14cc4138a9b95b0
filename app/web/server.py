"""The HTTP server: uvicorn's, with a limit for all that a client can send, hold or delay.

A proxy in front usually has such limits. A port that is open to the world needs them as well.
"""

import asyncio
import resource
import weakref
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.settings import Settings
from app.web.clients import CYCLE
from app.web.draining import DrainingProtocol
from app.web.server_answers import (
    MAX_HEAD,
    MAX_TARGET,
    ClosingTransport,
    NotKeptUnread,
    Plain,
    Refused,
    refusal,
)
from app.web.state import resource_of_state

HEALTH = ("/healthz", "/readyz")
HEALTH_ROOM = 50  # connections above the limit: they are asked for health alone
OTHER_DESCRIPTORS = 200  # database, index, temporary files
LEAST_BYTES = 10_000  # that a body or an answer must move in CLIENT_TIMEOUT_SECONDS
LINGER_SECONDS = 2.0  # a closed connection is read so long, so that the client sees the answer
MAX_LINGER_BYTES = 1024 * 1024
MAX_PIPELINED = 100  # requests sent before their answers: 40 bytes each on the way, 5 kB in memory


class BoundedProtocol(DrainingProtocol):
    """One connection. The settings come from the application's state.

    Most requests come in one piece and are one method call more than uvicorn's own.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._settings = resource_of_state(self.app_state, Settings)
        self._seconds = self._settings.client_timeout_seconds
        self.timeout_keep_alive = self._settings.keep_alive_seconds  # type: ignore[assignment]
        self.url = b""
        self._unparsed = 0  # bytes since a head, a part of a body or a message was complete
        self._large = False  # whether a head may be longer than `_unparsed` says
        self._leaving = False  # all that still comes is dropped
        self._dropped = 0
        self._body_bytes = 0  # in this span of time
        self._to_send = 0  # bytes, when this span of time began
        self._only_health = False
        self._receiving: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None

    # A connection begins and ends.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, in place of the one that has waited longest if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections:
            self._make_room()
        self._receiving = self.loop.call_later(self._seconds, self._receive_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._receiving = _cancelled(self._receiving)
        self._sending = _cancelled(self._sending)
        super().connection_lost(exc)

    def waiting_until(self) -> float | None:
        """When its wait for a request is over; None while one is answered."""
        timer = self.timeout_keep_alive_task or self._receiving
        is_waiting = timer and not self._is_answering()
        return timer.when() if timer and is_waiting else None

    def _make_room(self) -> None:
        connections = [each for each in self.connections if not each.transport.is_closing()]
        surplus = len(connections) - self._settings.max_connections
        if surplus <= 0:
            return
        waiting = [
            (until, connection)
            for connection in connections
            if isinstance(connection, BoundedProtocol)
            and (until := connection.waiting_until()) is not None
        ]
        if waiting:
            _, first = min(waiting, key=lambda pair: pair[0])
            first.transport.close()
        elif surplus > HEALTH_ROOM:
            self.transport.abort()
        else:
            self._only_health = True

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # What the client sends.

    def data_received(self, data: bytes) -> None:
        """Parse what came, as long as no part of it is too long."""
        if self._leaving:
            self._drop(data)
            return
        before = self.cycle
        if len(data) > MAX_TARGET:
            self._large = True
            if len(data) > MAX_HEAD:  # a flood is not parsed to its end
                self._receive_in_parts(data)
                return
        self._unparsed += len(data)
        super().data_received(data)
        if len(self.pipeline) > MAX_PIPELINED:
            self.transport.abort()
            return
        cycle = self.cycle
        if cycle is not None and not cycle.more_body and cycle is not before:  # a whole request
            self._unparsed = 0
            if self._receiving is not None:
                self._receiving = _cancelled(self._receiving)
        elif not self._leaving:
            self._received_part(before)

    def _receive_in_parts(self, data: bytes) -> None:
        for start in range(0, len(data), MAX_HEAD):
            if self.transport.is_closing():
                return
            self.data_received(data[start : start + MAX_HEAD])

    def on_response_complete(self) -> None:
        """Answer the next request. No more are read while others wait for their answers."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def on_body(self, body: bytes) -> None:
        """Count a part of the body."""
        self._unparsed = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser cannot read."""
        self._refuse(400)

    def _received_part(self, before: RequestResponseCycle | None) -> None:
        """A part of a head or a body has come, or the rest of one."""
        if self.cycle is not before:  # a head; its body follows
            self._unparsed = 0
            self._receiving = _cancelled(self._receiving)
        if self._unparsed > MAX_HEAD:
            self._refuse(414 if len(self.url) > MAX_TARGET else 431)
        elif self._awaits_body() and self.cycle.response_complete:
            self.close_unread()
        elif self._receiving is None and (self._unparsed or self._awaits_body()):
            self._body_bytes = 0
            self._receiving = self.loop.call_later(self._seconds, self._receive_late)
        elif self._receiving is not None and not self._unparsed and not self._awaits_body():
            self._receiving = _cancelled(self._receiving)

    def _awaits_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body

    def _receive_late(self) -> None:
        """The time for a head is over, or for a part of a body."""
        self._receiving = None
        if self._awaits_body():
            # Reading is paused while the application is busy with what came before.
            if self.flow.read_paused or self._body_bytes >= LEAST_BYTES:
                self._body_bytes = 0
                self._receiving = self.loop.call_later(self._seconds, self._receive_late)
            else:
                self.transport.abort()
        elif self._unparsed:
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """Answer with a problem document and close the connection."""
        if self._is_answering():  # two answers would end up in each other
            self.transport.abort()
            return
        self.transport.write(refusal(status))
        self.headers, self.scope = [], None  # type: ignore[assignment]  # it may be thousands
        self.close_unread()

    def close_unread(self) -> None:
        """Close, though the client still sends: a bare close would lose the answer on its way."""
        self._leaving = True
        self._receiving = _cancelled(self._receiving)
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.transport.write_eof()
        self._receiving = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _drop(self, data: bytes) -> None:
        self._dropped += len(data)
        if self._dropped > MAX_LINGER_BYTES:
            self.transport.abort()

    # What is sent to the client.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        # A weak reference, because uvicorn's object holds the scope: otherwise both would be left to
        # the garbage collector, which took 10 of the 60 us of a warm answer.
        scope[CYCLE] = weakref.ref(cycle)
        if self._large or self._only_health or not cycle.keep_alive or scope["method"] != "GET":
            app = self._careful(cycle, app)
        super()._start_asgi_task(cycle, app)

    def _careful(self, cycle: RequestResponseCycle, app: Any) -> Any:
        """The application for a request that is not an everyday one."""
        scope: Any = cycle.scope
        cycle.transport = ClosingTransport(self)  # type: ignore[assignment]
        if self._large:
            self._large = False
            size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
            if len(self.url) > MAX_TARGET or len(self.url) + size > MAX_HEAD:
                return Refused(414 if len(self.url) > MAX_TARGET else 431)
        if self._only_health and scope["path"] not in HEALTH:
            app = Refused(503)
        if scope["http_version"] == "1.0":
            app = Plain(app, cycle)
        return NotKeptUnread(app, cycle)

    def pause_writing(self) -> None:
        """The client takes less than is sent: from now on it must take something."""
        super().pause_writing()
        self.watch_sending()

    def resume_writing(self) -> None:
        """The client has taken most of what was sent."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._sending = _cancelled(self._sending)

    def watch_sending(self) -> None:
        """Cut the client off unless it takes a little in every span of time."""
        if self._sending is None:
            self._to_send = self.transport.get_write_buffer_size()
            self._sending = self.loop.call_later(self._seconds, self._send_late)

    def _send_late(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._to_send - left < min(LEAST_BYTES, self._to_send):
            self.transport.abort()
            return
        self._to_send = left
        self._sending = self.loop.call_later(self._seconds, self._send_late)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing was asked. The name is uvicorn's."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()


def allow_descriptors(connections: int) -> int:
    """Let this process and its children open so many connections. Returns how many they may."""
    needed = connections + HEALTH_ROOM + OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    spare = soft - HEALTH_ROOM - OTHER_DESCRIPTORS
    return connections if soft == resource.RLIM_INFINITY else min(connections, spare)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
