"""The log says what was public: at every revision of a record's life, what the public read then."""

from collections.abc import Iterator

import httpx
import pytest
from people import People, amend, case_study, create, publish, step

from app.records import revisions

pytestmark = pytest.mark.few_records

SLUGS = ("life", "second-life", "third-life", "beside")


def public_now(people: People) -> dict[str, int]:
    """The version that the public reads under each slug."""
    answers = {
        slug: httpx.get(f"{people.service.url}/v1/case-studies/{slug}", follow_redirects=False)
        for slug in SLUGS
    }
    return {
        slug: answer.json()["data"]["version"]
        for slug, answer in answers.items()
        if answer.status_code == 200
    }


def a_life(people: People) -> Iterator[None]:
    """Two case studies through every step, one after the other."""
    yield
    create(people.ada, case_study("life"))
    yield
    step(people.ada, "submit", "life").raise_for_status()
    yield
    step(people.rui, "publish", "life").raise_for_status()
    yield
    amend(people.ada, "life", title="Edited")
    yield
    create(people.ada, case_study("beside"))
    yield
    step(people.ada, "submit", "life").raise_for_status()
    yield
    step(people.rui, "return", "life", note="Figures?").raise_for_status()
    yield
    step(people.ada, "submit", "life").raise_for_status()
    yield
    step(people.rui, "publish", "life").raise_for_status()
    yield
    step(people.rui, "rename", "life", slug="second-life").raise_for_status()
    yield
    step(people.rui, "rename", "second-life", slug="third-life").raise_for_status()
    yield
    step(people.ada, "revert", "third-life", version=1).raise_for_status()
    yield
    step(people.rui, "withdraw", "third-life", reason="Wrong.").raise_for_status()
    yield
    step(people.ada, "restore", "third-life").raise_for_status()
    yield
    step(people.ada, "submit", "third-life").raise_for_status()
    yield
    step(people.rui, "publish", "third-life").raise_for_status()
    yield


@pytest.mark.slow
def test_the_log_knows_what_the_public_read_at_every_revision(people: People) -> None:
    read_at: dict[int, dict[str, int]] = {}
    for _ in a_life(people):
        with people.service.database.reading() as session:
            read_at[revisions.newest_seq(session)] = public_now(people)
    assert len(read_at) == 17
    with people.service.database.reading() as session:
        logged = {
            seq: revisions.public_versions(session, "case-study", as_of=seq) for seq in read_at
        }
    ours = {
        seq: {slug: version for slug, version in public.items() if slug in SLUGS}
        for seq, public in logged.items()
    }
    assert ours == read_at
    assert {frozenset(public) for public in read_at.values()} == {
        frozenset(),
        frozenset({"life"}),
        frozenset({"second-life"}),
        frozenset({"third-life"}),
    }


@pytest.mark.slow
def test_a_revision_says_its_status_and_the_public_version_after_it(people: People) -> None:
    create(people.ada, case_study("stated"))
    publish(people, "stated")
    amend(people.ada, "stated", title="Edited")
    entries = people.ada.get("/case-studies/stated/revisions").json()["data"]
    assert [(entry["status"], entry["published_version"]) for entry in entries] == [
        ("draft", 3),
        ("published", 3),
        ("in_review", None),
        ("draft", None),
    ]
