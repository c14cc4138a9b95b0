"""Past indexes: what answers a search as of an older revision. Few are held, and one is built at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from app.catalog import as_of
from app.catalog.as_of import PastState
from app.catalog.entry import Entry
from app.database import Database
from app.errors import Busy, Fault, Invalid
from app.records.kinds import SEARCHABLE
from app.search.index import Index
from app.search.understanding.lexicon import Language
from app.web.rate_limits import client_name

MOST_HELD = 2
MOST_WAITING = 4  # revisions that wait to be built, the one in progress included
MOST_OF_ONE_CLIENT = 2  # of them
MOST_ENTRIES = 30_000  # case studies and districts: 14 kB and 2 ms of processor time each
MOST_REMEMBERED = 1000  # revisions whose state is known
WAIT_SECONDS = 20.0  # that a request waits; the index is built on after that
RETRY_SECONDS = 10
PAUSE_AFTER = 10  # entries taken in; then others get the processor
PAUSE_SECONDS = 0.001
TOO_LARGE = (
    "The directory held more than {most} case studies and districts at that revision, too "
    "many to search. Download a whole table with as_of from /v1/exports."
)


class PastIndexes:
    """The indexes of older revisions, built when they are asked for.

    The thread that builds pauses often, so that the event loop is not held up.
    """

    def __init__(
        self, database: Database, present: Index, *, most_entries: int = MOST_ENTRIES
    ) -> None:
        self._database, self._present, self._most_entries = database, present, most_entries
        self._held: OrderedDict[int, Index] = OrderedDict()
        self._building: dict[int, asyncio.Future[Index]] = {}
        self._clients: dict[int, str] = {}  # who asked for what is being built
        self._states: dict[int, PastState] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="past-index")
        self._closed = False

    async def at(self, text: str, address: str) -> Index:
        """The index that an `as_of` means, or the present one if none is given or it is unreadable.

        The parser tells what is unreadable, with every other fault. `address`: the client's. Raises
        Invalid outside what history holds, Busy if it is not built in time or if too many wait.
        """
        await self._present.follow()
        state = await self.state(text)
        return self._present if state is None else await self._standing_at(state, address)

    async def state(self, text: str) -> PastState | None:
        """The state that an `as_of` means; None if none is given or it is unreadable."""
        try:
            moment = as_of.read(text)
        except ValueError:
            return None
        if isinstance(moment, int) and moment in self._states:
            return self._states[moment]
        state = await asyncio.to_thread(self._resolve, moment)
        if isinstance(moment, int):
            if len(self._states) >= MOST_REMEMBERED:
                self._states.clear()
            self._states[moment] = state
        return state

    def close(self) -> None:
        """End the thread, and leave what it is building."""
        self._closed = True
        for building in list(self._building.values()):
            building.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _standing_at(self, state: PastState, address: str) -> Index:
        revision = state.revision
        if revision == self._present.revision and await asyncio.to_thread(
            self._is_present, revision
        ):
            await self._present.follow()
            if revision == self._present.revision:
                return self._present
        if revision in self._held:
            self._held.move_to_end(revision)
            return self._held[revision]
        building = self._building.get(revision)
        if building is None:
            building = self._begin(state, client_name(address))
        try:
            return await asyncio.wait_for(asyncio.shield(building), WAIT_SECONDS)
        except TimeoutError:
            raise _busy(f"Revision {revision} is being made searchable.") from None

    def _begin(self, state: PastState, client: str) -> asyncio.Future[Index]:
        of_this_client = [*self._clients.values()].count(client)
        if len(self._building) >= MOST_WAITING or of_this_client >= MOST_OF_ONE_CLIENT:
            raise _busy("Too many older revisions are being made searchable.")
        building = asyncio.wrap_future(self._thread.submit(self._build, state))
        self._building[state.revision], self._clients[state.revision] = building, client
        building.add_done_callback(lambda built: self._hold(state.revision, built))
        return building

    def _hold(self, revision: int, built: asyncio.Future[Index]) -> None:
        del self._building[revision], self._clients[revision]
        if built.cancelled() or built.exception() is not None:
            return
        self._held[revision] = built.result()
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)

    def _resolve(self, moment: as_of.Moment) -> PastState:
        with self._database.reading() as session:
            return as_of.resolve(session, moment)

    def _is_present(self, revision: int) -> bool:
        with self._database.reading() as session:
            return as_of.is_as_present(session, revision)

    def _build(self, state: PastState) -> Index:
        with self._database.reading() as session:
            if as_of.count(session, state.revision, SEARCHABLE) > self._most_entries:
                detail = TOO_LARGE.format(most=self._most_entries)
                raise Invalid([Fault("too_large", detail, parameter="as_of")])
        return standing_at(
            self._database,
            state,
            language=self._present.language,
            is_wanted=lambda: not self._closed,
        )


def standing_at(
    database: Database,
    state: PastState,
    *,
    language: Language | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Index:
    """An index of an older revision, which follows nothing. Takes a while: call it in a thread.

    Raises Busy as soon as it is not wanted any more.
    """
    index = Index(database, language=language)
    with database.reading_export() as session:
        index.stand_at(
            _unhurried(as_of.entries(session, state.revision), is_wanted),
            revision=state.revision,
            updated_at=state.updated_at,
        )
    return index


def _unhurried(entries: Iterator[Entry], is_wanted: Callable[[], bool]) -> Iterator[Entry]:
    for number, entry in enumerate(entries):
        if number % PAUSE_AFTER == 0:
            time.sleep(PAUSE_SECONDS)
            if not is_wanted():
                raise _busy("The service stops.")
        yield entry


def _busy(what: str) -> Busy:
    return Busy(f"{what} Try again in {RETRY_SECONDS} seconds.", retry_after=RETRY_SECONDS)
