"""`model-districts verify`: the catalog is what the published revisions say, and can be made anew from them."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from command_line import Typing, typing_on
from people import at_the_desk, case_study, published, step
from serving import serving
from sqlalchemy import text

from app.database import Database
from app.search import index

pytestmark = pytest.mark.few_records

REST = "seq, state, moved_to, reason, updated_at, card, document, search_data"
PLANTED = {
    "a changed card": (
        "UPDATE entry SET card = replace(card, 'Boise', 'Noise') WHERE slug = 'boise-id'",
        "case-study boise-id",
    ),
    "a changed document": (
        "UPDATE entry SET document = replace(document, 'Boise', 'Noise') WHERE slug = 'boise-id'",
        "case-study boise-id",
    ),
    "a changed facet": (
        "UPDATE entry SET search_data = replace(search_data, 'ID', 'OR') WHERE slug = 'boise-id'",
        "case-study boise-id",
    ),
    "a lost entry": ("DELETE FROM entry WHERE slug = 'food-security'", "strategy food-security"),
    "an entry of nothing": (
        f"INSERT INTO entry SELECT kind, 'nothing', {REST} FROM entry WHERE slug = 'boise-id'",
        "case-study nothing",
    ),
}


@pytest.fixture
def typed(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typing:
    """Types commands on the test's own database."""
    return typing_on(seeded_url, monkeypatch, capsys)


@pytest.fixture
def plant(seeded_url: str) -> Callable[[str], None]:
    """Changes the catalog behind the service's back."""

    def change(statement: str) -> None:
        database = Database(seeded_url)
        with database.writing() as session:
            session.connection().execute(text(statement))
        database.close()

    return change


@pytest.mark.slow
def test_after_a_day_at_the_desk_nothing_differs(seeded_url: str, typed: Typing) -> None:
    with serving(seeded_url) as service, at_the_desk(service) as people:
        published(people, case_study("kept"))
        published(people, case_study("hidden"))
        step(people.rui, "withdraw", "hidden", reason="It was wrong.").raise_for_status()
        step(
            people.rui, "rename", "boise-school-district-id", "districts", slug="boise"
        ).raise_for_status()
        step(people.rui, "rename", "kept", slug="kept-well").raise_for_status()
    found = typed("verify")
    assert (found.code, found.err.strip()) == (
        0,
        "Every catalog entry matches its published revision.",
    )


@pytest.mark.slow
@pytest.mark.parametrize("what", PLANTED)
def test_a_difference_is_found_named_and_mended(
    what: str, plant: Callable[[str], None], typed: Typing
) -> None:
    statement, entry = PLANTED[what]
    plant(statement)
    found = typed("verify")
    assert (found.code, f"differs: {entry}" in found.err, "--rebuild" in found.err) == (
        1,
        True,
        True,
    )
    assert typed("verify", "--rebuild").code == 0
    assert typed("verify").code == 0


@pytest.mark.slow
def test_after_the_catalog_was_made_anew_the_public_reads_what_was_published(
    seeded_url: str, plant: Callable[[str], None], typed: Typing
) -> None:
    with serving(seeded_url) as service:
        before = httpx.get(f"{service.url}/v1/case-studies/boise-id").json()["data"]
    plant(PLANTED["a changed document"][0])
    plant(PLANTED["a changed card"][0])
    plant(PLANTED["an entry of nothing"][0])
    typed("verify", "--rebuild")
    with serving(seeded_url) as service:
        assert httpx.get(f"{service.url}/v1/case-studies/boise-id").json()["data"] == before
        found = httpx.get(f"{service.url}/v1/case-studies?limit=100").text
        assert ("Noise" in found, '"nothing"' in found) == (False, False)
        assert httpx.get(f"{service.url}/v1/case-studies/nothing").status_code == 404


@pytest.mark.slow
def test_after_a_rebuild_no_search_answers_from_the_index_file_of_before(
    seeded_url: str,
    plant: Callable[[str], None],
    typed: Typing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index_dir = tmp_path / "index"
    index_dir.mkdir()
    monkeypatch.setattr(index, "WORTH_A_FILE", 1)  # a file for few records too
    plant(PLANTED["a changed card"][0])
    with serving(seeded_url, index_dir=index_dir) as service:
        assert "Noise" in httpx.get(f"{service.url}/v1/case-studies?slug=boise-id").text
    assert list(index_dir.iterdir()), "the service left no index file"
    monkeypatch.setenv("INDEX_DIR", str(index_dir))
    assert typed("verify", "--rebuild").code == 0
    with serving(seeded_url, index_dir=index_dir) as service:
        assert "Noise" not in httpx.get(f"{service.url}/v1/case-studies?slug=boise-id").text
