"""What one who keeps a copy meets: the change feed, and the checksum that proves the copy equal."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from effort import mirror_edits
from people import People, amend, case_study, district, publish, published, step
from serving import Service

from app.errors import Busy
from app.research.changes_endpoints import MAX_OF_ONE_CLIENT, MAX_WAITING, WaitingReaders

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
Copy = dict[tuple[str, str], int]  # the revision of each record, by kind and slug


def pages(client: httpx.Client, question: str = "") -> list[Json]:
    """Every page of the feed, from the one asked for."""
    found, address = [], f"/v1/changes?{question}"
    while address:
        answer = client.get(address).raise_for_status().json()
        found.append(answer)
        address = answer["links"]["next"]
    return found


def changes(client: httpx.Client, question: str = "") -> list[Json]:
    """Every change of the feed."""
    return [change for page in pages(client, question) for change in page["data"]]


def newest(client: httpx.Client) -> int:
    """The revision that the feed goes up to."""
    through: int = pages(client)[-1]["meta"]["through"]
    return through


def apply(copy: Copy, feed: list[Json]) -> None:
    """Bring a copy up to date."""
    for change in feed:
        if change["change"] in ("published", "changed"):
            copy[change["kind"], change["slug"]] = change["revision"]
        else:
            copy.pop((change["kind"], change["slug"]), None)


def checksum(copy: Copy) -> str:
    """The checksum of a copy, as the documentation of the digest says."""
    lines = sorted(f"{kind} {slug} {revision}\n" for (kind, slug), revision in copy.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("limit", [3, 200])
def test_a_copy_made_from_the_feed_equals_the_directory(client: httpx.Client, limit: int) -> None:
    copy: Copy = {}
    apply(copy, changes(client, f"limit={limit}"))
    digest = client.get("/v1/digest").json()["data"]
    assert digest == {"sha256": checksum(copy), "records": len(copy)}


@pytest.mark.slow
def test_the_feed_is_in_order_and_names_each_record_once(client: httpx.Client) -> None:
    feed = changes(client, "limit=7")
    revisions = [change["revision"] for change in feed]
    assert revisions == sorted(revisions)
    records = [(change["kind"], change["slug"]) for change in feed]
    assert len(set(records)) == len(records)


@pytest.mark.slow
def test_the_feed_tells_what_happened_to_a_record(people: People, client: httpx.Client) -> None:
    before = newest(client)
    published(people, case_study("feed-id"))
    [first] = changes(client, f"after={before}&kind=case-study")
    assert (first["slug"], first["change"], first["fields"]) == ("feed-id", "published", [])
    assert client.get(first["link"]).json()["data"]["slug"] == "feed-id"

    amend(people.ada, "feed-id", title="Another title", started_year=None)
    assert changes(client, f"after={first['revision']}&kind=case-study") == []  # only a draft
    publish(people, "feed-id")
    [second] = changes(client, f"after={first['revision']}&kind=case-study")
    assert (second["change"], second["fields"]) == ("changed", ["title"])

    step(people.rui, "rename", "feed-id", slug="renamed-id").raise_for_status()
    old, new = changes(client, f"after={second['revision']}&kind=case-study")
    assert (old["slug"], old["change"], old["moved_to"]) == ("feed-id", "renamed", "renamed-id")
    assert (new["slug"], new["change"], new["fields"]) == ("renamed-id", "changed", ["slug"])

    step(
        people.rui, "withdraw", "renamed-id", reason="Its source was retracted."
    ).raise_for_status()
    [fourth] = changes(client, f"after={new['revision']}&kind=case-study")
    assert (fourth["change"], fourth["reason"], fourth["link"]) == (
        "withdrawn",
        "Its source was retracted.",
        None,
    )


@pytest.mark.slow
def test_a_case_study_changes_with_the_name_of_its_district(
    people: People, client: httpx.Client
) -> None:
    published(people, district("feed-schools-id"), "districts")
    published(people, case_study("named-id", districts=["feed-schools-id"]))
    before = newest(client)
    amend(people.ada, "feed-schools-id", "districts", name="Another name")
    publish(people, "feed-schools-id", "districts")
    feed = {change["kind"]: change for change in changes(client, f"after={before}")}
    assert feed["district"]["fields"] == ["name"]
    assert (feed["case-study"]["slug"], feed["case-study"]["change"]) == ("named-id", "changed")
    assert feed["case-study"]["fields"] == []


@pytest.mark.slow
def test_a_copy_of_a_search_loses_what_the_search_no_longer_finds(
    people: People, client: httpx.Client
) -> None:
    question = "strategy=food-security&kind=case-study"
    published(people, case_study("lost-id"))
    copy: Copy = {}
    apply(copy, changes(client, question))
    assert ("case-study", "lost-id") in copy
    before = newest(client)
    amend(people.ada, "lost-id", strategies=["case-management"])
    publish(people, "lost-id")
    [change] = changes(client, f"after={before}&{question}")
    assert (change["change"], change["link"]) == ("unmatched", None)


@pytest.mark.slow
def test_one_who_waits_hears_of_a_publication(people: People, client: httpx.Client) -> None:
    before = newest(client)
    publishing = threading.Timer(1, lambda: published(people, case_study("awaited-id")))
    publishing.start()
    answer = client.get(f"/v1/changes?after={before}&kind=case-study&wait=30", timeout=60)
    publishing.join()
    assert [change["slug"] for change in answer.json()["data"]] == ["awaited-id"]


@pytest.mark.slow
def test_one_who_waits_in_vain_gets_an_empty_page(client: httpx.Client) -> None:
    before = newest(client)
    began = time.monotonic()
    answer = client.get(f"/v1/changes?after={before}&wait=1", timeout=60).json()
    assert answer["data"] == []
    assert answer["meta"]["through"] == before
    assert time.monotonic() - began >= 1


@pytest.mark.slow
def test_the_documented_mirror_stays_equal_through_random_edits(
    service: Service, people: People, client: httpx.Client, tmp_path: Path
) -> None:
    follow = documented_mirror()
    file = tmp_path / "copy.json"
    chance = random.Random(15)
    public: list[str] = []
    for number in range(mirror_edits()):
        action = chance.choice(["publish", "publish", "change", "rename", "withdraw"])
        if action == "publish" or not public:
            published(people, case_study(f"copy-{number}-id"))
            public.append(f"copy-{number}-id")
        else:
            slug = public.pop(chance.randrange(len(public)))
            if action == "change":
                amend(people.ada, slug, title=f"Title {number}")
                publish(people, slug)
            elif action == "rename":
                step(people.rui, "rename", slug, slug=f"copy-{number}-id").raise_for_status()
                slug = f"copy-{number}-id"
            else:
                step(people.rui, "withdraw", slug, reason="Retracted.").raise_for_status()
            public += [slug] if action != "withdraw" else []
        if chance.random() < 0.2:
            assert follow(service.url, file)
    assert follow(service.url, file)
    records = json.loads(file.read_text())["records"]
    for document in client.get("/v1/exports/case-studies.json").json():
        assert records[f"case-study {document['slug']}"]["document"] == document


def documented_mirror() -> Callable[[str, Path], bool]:
    """The function of docs/mirrors.md that brings a copy up to date."""
    text = (Path(__file__).parent.parent / "docs" / "mirrors.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    namespace: dict[str, Any] = {}
    exec(program, namespace)
    follow: Callable[[str, Path], bool] = namespace["follow"]
    return follow


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("question", "status", "parameter"),
    [
        ("after=-1", 422, "after"),
        ("after=99999999999999999999", 422, "after"),
        ("wait=31", 422, "wait"),
        ("kind=school", 422, "kind"),
        ("stat=OR", 400, "stat"),
        ("state=ZZ", 422, "state"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(
    client: httpx.Client, question: str, status: int, parameter: str
) -> None:
    answer = client.get(f"/v1/changes?{question}")
    assert answer.status_code == status
    assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.one_database
def test_only_so_many_wait_at_once_and_fewer_of_one_client() -> None:
    waiting = WaitingReaders()
    with ExitStack() as readers:
        for number in range(MAX_WAITING):
            address = f"192.0.2.{number // MAX_OF_ONE_CLIENT}"
            if number == MAX_OF_ONE_CLIENT:
                with pytest.raises(Busy), waiting.one_more("192.0.2.0"):
                    pass
            readers.enter_context(waiting.one_more(address))
        with pytest.raises(Busy), waiting.one_more("198.51.100.1"):
            pass
    with waiting.one_more("198.51.100.1"):
        pass  # there is room again
