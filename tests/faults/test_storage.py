"""The file of the directory is locked, full, read-only, deleted or replaced: the service says so, and goes on with what it can."""

import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from people import People, at_the_desk, case_study, create, district
from server_process import server_process
from serving import Service, serving

pytestmark = [pytest.mark.slow, pytest.mark.one_database]
PATIENCE = 120  # seconds; a busy machine is no fault
SOON = 6  # seconds: two are promised, and a busy machine takes longer
WRITERS = 60


@pytest.fixture
def path(sqlite_seeded: Path, tmp_path: Path) -> Path:
    """A seeded file of the test's own."""
    return Path(shutil.copy(sqlite_seeded, tmp_path / "own.sqlite"))


@pytest.fixture
def people(path: Path) -> Iterator[People]:
    """The service on the file, with its editors."""
    with serving(f"sqlite:///{path}") as service, at_the_desk(service) as people:
        yield people


def asked(service: Service, address: str) -> httpx.Response:
    """An answer, which comes soon."""
    began = time.monotonic()
    answer = httpx.get(f"{service.url}{address}", timeout=PATIENCE)
    assert time.monotonic() - began < SOON, address
    return answer


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for what must come."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def readers_go_on(service: Service, *, new: str) -> None:
    """`new`: a word not searched for before."""
    for address in ("/healthz", f"/v1/case-studies?q={new}", "/v1/case-studies/boise-id"):
        assert asked(service, address).status_code == 200, address


def is_ready(service: Service) -> bool:
    """Whether the service says that it can answer."""
    return httpx.get(f"{service.url}/readyz", timeout=PATIENCE).status_code == 200


def refused(service: Service) -> str:
    """Why the service says that it is not ready."""
    answer = asked(service, "/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    return str(answer.json()["detail"])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The block in which another program writes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_sixty_writers_before_a_locked_database_hold_up_nobody_else(
    people: People, path: Path
) -> None:
    def post(number: int) -> httpx.Response:
        return people.ada.post(
            "/districts", json=district(f"waiting-{number}-id"), timeout=PATIENCE
        )

    with ThreadPoolExecutor(WRITERS) as writers:
        with locked(path):
            writing = [writers.submit(post, number) for number in range(WRITERS)]
            time.sleep(1)  # until they stand in line
            for new in ("first", "second", "third"):
                readers_go_on(people.service, new=new)
                assert asked(people.service, "/readyz").status_code == 200
                people.kim.get("/keys", timeout=SOON).raise_for_status()
        answers = [done.result() for done in writing]
    written = [answer for answer in answers if answer.status_code == 201]
    assert written
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert all(answer.headers["Retry-After"] == "5" for answer in answers if answer not in written)
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM district WHERE slug LIKE 'waiting-%'"
        ).fetchone()
    assert count == len(written)


def test_above_the_line_a_writer_is_told_at_once_to_come_again(people: People, path: Path) -> None:
    crowd = 120
    held = threading.Event()

    def post(number: int) -> int:
        answer = people.ada.post(
            "/districts", json=district(f"crowd-{number}-id"), timeout=PATIENCE
        )
        if not held.is_set():  # those who were let in wait until the lock is gone
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        return answer.status_code

    with ThreadPoolExecutor(crowd) as writers:
        with locked(path):
            writing = [writers.submit(post, number) for number in range(crowd)]
            wait_until(lambda: any(done.done() for done in writing))
            held.set()
        assert {done.result() for done in writing} == {201, 503}


def test_a_full_disk_is_told_as_such_and_nothing_acknowledged_is_lost(path: Path) -> None:
    acknowledged: list[str] = []
    with server_process(f"sqlite:///{path}") as (service, server), at_the_desk(service) as people:
        create(people.ada, case_study("before"))
        log = path.with_name(f"{path.name}-wal")
        no_limit = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        room = log.stat().st_size + 200_000
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (room, no_limit[1]))
        for number in range(1000):
            answer = people.ada.post("/case-studies", json=case_study(f"filling-{number}"))
            if answer.status_code != 201:
                break
            acknowledged.append(f"filling-{number}")
        assert answer.status_code == 507, answer.text
        assert answer.json()["type"] == "/problems/storage-full"
        assert "disk" in refused(service)
        assert people.ada.post("/case-studies", json=case_study("again")).status_code == 507
        readers_go_on(service, new="full")

        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, no_limit)
        wait_until(lambda: is_ready(service))
        create(people.ada, case_study("after"))
        for slug in ("before", *acknowledged, "after"):
            people.ada.get(f"/case-studies/{slug}").raise_for_status()


def test_a_file_that_was_deleted_or_replaced_takes_no_writes(people: People, path: Path) -> None:
    aside = path.with_name("aside.sqlite")
    path.rename(aside)
    for _deleted_then_replaced in range(2):
        assert "deleted or replaced" in refused(people.service)
        answer = people.ada.post("/case-studies", json=case_study("into-nothing"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "deleted or replaced" in answer.json()["detail"]
        assert asked(people.service, "/v1/case-studies?q=attendance").status_code == 200
        shutil.copy(aside, path)
    aside.rename(path)
    assert is_ready(people.service)
    create(people.ada, case_study("in-its-place"))


def test_no_name_of_a_file_is_shown_to_strangers(people: People, path: Path) -> None:
    path.rename(path.with_name("aside.sqlite"))
    for answer in (
        httpx.get(f"{people.service.url}/readyz"),
        people.ada.get("/case-studies/boise-id"),
        httpx.get(f"{people.service.url}/v1/case-studies/no-such"),
    ):
        assert path.name not in answer.text
        assert str(path.parent) not in answer.text


def test_only_one_folder_need_be_writable(sqlite_seeded: Path, tmp_path: Path) -> None:
    """As in a container with a read-only root file system, whose volume it is."""
    volume = tmp_path / "volume"
    volume.mkdir()
    shutil.copy(sqlite_seeded, volume / "own.sqlite")
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mount, str(volume)]
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("may not mount")
    assert subprocess.run([*command, "touch", str(tmp_path / "outside")]).returncode
    settings = {"TMPDIR": str(volume), "INDEX_DIR": str(volume / "index")}
    url = f"sqlite:///{volume / 'own.sqlite'}"
    with (
        server_process(url, before=command, **settings) as (service, _),
        at_the_desk(service) as people,
    ):
        create(people.ada, case_study("in-a-container"))
        readers_go_on(service, new="container")
        csv = b"slug,name,state\nimported-id,Imported,ID\n"
        answer = people.ada.post(
            "/imports?kind=district", content=csv, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code in (201, 202), answer.text
