"""However a name is typed or composed, it is found; and only what is near is offered for a misspelling."""

import unicodedata

import httpx
import pytest
from publishing import case_study, district, publish, wait_for
from serving import Service
from small_directory import empty_index

from app.errors import Malformed
from app.records.spelling import nearest
from app.records.text import fold_text, fold_with_positions
from app.search.query import PARAMETERS

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works on a copy in memory

NAMES = {  # shared/trials: apostrophe-okina.ndjson and nfd-name.ndjson
    "waianae-example-hi": "Wai\u02bbanae Complex",
    "olelo-example-hi": "\u02bb\u014clelo Hawai\u02bbi Immersion",
    "penasco-example-nm": unicodedata.normalize("NFD", "Pe\u00f1asco Independent Schools"),
    "finance-example-or": "O\ufb03ce of Co\u00adoperation",
}
TYPED = {
    "waianae-example-hi": (
        *("waianae", "wai'anae", "Wai\u2018anae", "WAI\u2019ANAE", "wai\u02bcanae"),
        *("Wai\u02bbanae", "wai`anae"),
    ),
    "olelo-example-hi": ("olelo", "'olelo", "\u02bb\u014clelo", "\u2018Olelo", "O\u0304lelo"),
    "penasco-example-nm": ("penasco", "Pe\u00f1asco", "Pen\u0303asco", "PE\u00d1ASCO"),
    "finance-example-or": ("office cooperation", "o\ufb03ce co\u00adoperation"),
}


@pytest.fixture
def engine() -> str:
    """Spelling cannot differ by database."""
    return "sqlite"


@pytest.mark.slow
def test_a_name_is_found_by_every_way_to_write_it(
    own_service: Service, own_client: httpx.Client
) -> None:
    for slug, name in NAMES.items():
        revision = publish(own_service.database, district(slug, name=name))
    wait_for(own_service, revision)
    for slug, spellings in TYPED.items():
        for q in spellings:
            found = own_client.get("/v1/districts", params={"q": q}).json()
            assert slug in [hit["slug"] for hit in found["data"]], q
            assert found["meta"]["whole"] >= 1, q
            first_word = q.split(" ")[0]
            suggested = own_client.get("/v1/suggest", params={"q": first_word}).json()["data"]
            assert slug in [one["value"] for one in suggested], q


@pytest.mark.slow
def test_a_sorted_list_does_not_tell_compositions_apart(
    own_service: Service, own_client: httpx.Client
) -> None:
    titles = ["\u00c9clair B", "Eclair A", "E\u0301clair C", "eclair d"]
    for number, title in enumerate(titles):
        revision = publish(own_service.database, case_study(f"eclair-{number}", title=title))
    wait_for(own_service, revision)
    hits = own_client.get("/v1/case-studies?q=eclair&sort=title").json()["data"]
    assert [hit["title"][-1] for hit in hits] == ["A", "B", "C", "d"]


def test_marks_stand_around_the_word_as_it_is_written(
    own_service: Service, own_client: httpx.Client
) -> None:
    summary = (
        "In Pen\u0303asco, the o\ufb03ce of co\u00adoperation \U0001f34e meets in Wai\u02bbanae."
    )
    wait_for(own_service, publish(own_service.database, case_study("marked", summary=summary)))
    for q, written in (
        ("penasco", "Pe\u00f1asco"),  # text is kept composed (NFC), however it was sent
        ("office", "o\ufb03ce"),
        ("cooperation", "cooperation"),  # and without soft hyphens
        ("waianae", "Wai\u02bbanae"),
    ):
        answer = own_client.get("/v1/case-studies", params={"q": q, "slug": "marked"}).json()
        snippet = answer["data"][0]["snippet"]
        utf16 = snippet["text"].encode("utf-16-le")
        ((begin, end),) = snippet["marks"]
        assert utf16[2 * begin : 2 * end].decode("utf-16-le") == written


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("stat", "state"),
        ("satte", "state"),
        ("evidense", "evidence"),
        ("strategies", "strategy"),
        ("min_enrollment", "enrollment_min"),
        ("started", "started_min"),
        ("type", "partner_type"),
        ("limt", "limit"),
        ("updated_since", None),
        ("county", None),
        ("nces_leaid", None),
        ("utm_source", None),
        ("page", None),
        ("x", None),
        ("", None),
    ],
)
def test_only_a_near_name_is_offered(value: str, near: str | None) -> None:
    assert next(iter(nearest(value, PARAMETERS)), None) == near


@pytest.mark.parametrize(
    ("unknown", "near"),
    [
        ("page", "cursor"), ("offset", "cursor"), ("leaid", "slug"), ("within_miles", "within_km"),
        ("search", "q"), ("query", "q"),
    ],
)  # fmt: skip
def test_a_parameter_of_another_interface_is_answered_with_ours(unknown: str, near: str) -> None:
    with pytest.raises(Malformed) as refused:
        empty_index().query("district", [(unknown, "1")])
    (fault,) = refused.value.faults
    assert fault.nearest == (near,)
    assert fault.detail == f"There is no parameter {unknown!r}. Did you mean {near}?"


def test_every_folded_character_knows_its_place() -> None:
    text = "\ufb01nd Pen\u0303asco\u00ad \u2122 \u00bd \u0130stanbul Stra\u00dfe"
    folded = fold_with_positions(text)
    assert folded.text == fold_text(text) == "find penasco  1\u20442 istanbul strasse"
    for word, written in (("find", "\ufb01nd"), ("penasco", "Pen\u0303asco\u00ad")):
        begin = folded.text.index(word)
        end = begin + len(word)
        assert text[folded.position(begin) : folded.position(end)] == written
