"""Names in the log can be trusted: labels of keys, the seed's own records, and four eyes."""

import pytest
from command_line import Typing
from importing import commit, plan
from people import People, amend, case_study, create, district, publish, published, step
from seeding import SEED

from app.desk.access import labels

pytestmark = pytest.mark.few_records
UNSEEN = (
    "Ada\u200b",
    "A\u00adda",
    "\u202eada",
    "Ada\nrui",
    "Ada\u2028rui",
    "Ada\trui",
    "\ufeffAda",
    "A\u2066da\u2069",
    "A\u3164da",
    "Ada\ufe0f",
    "Ada\U000e0041",
    "Ada\u034f",
)
RESERVED = (
    "seed",
    " Seed ",
    "SEED",
    "s\u0435\u0435d",
    "\uff53\uff45\uff45\uff44",
    "s\u00e9ed",
    "seed.",
    "5eed",
    "command line",
    "Command  Line",
    "command-line",
    "c\u043emmand l\u0456ne",
)


@pytest.mark.one_database
@pytest.mark.parametrize("label", [*UNSEEN, *RESERVED, "   ", "x" * 101])
def test_a_label_that_cannot_be_read_or_is_the_services_own_is_refused(
    label: str, people: People, typed: Typing
) -> None:
    answer = people.kim.post("/keys", json={"label": label, "role": "reviewer"})
    # Some unseen characters are taken out of whatever is sent; then it is the label of Ada's key.
    assert answer.status_code in ((422, 409) if label in UNSEEN else (422,))
    if answer.status_code == 422:
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/label"]
    assert typed("keys", "create", "--label", label).code == 1


@pytest.mark.one_database
def test_a_label_is_kept_composed_and_in_single_spaces(people: People) -> None:
    made = people.kim.post(
        "/keys", json={"label": " Jose\u0301  \uff21lvarez\u00a0", "role": "editor"}
    )
    assert made.json()["data"]["label"] == "Jos\u00e9 Alvarez"


@pytest.mark.one_database
@pytest.mark.parametrize("label", ["ADA", "\u0430da", "\u00e1d\u0430", "ad\uff41"])
def test_a_label_that_looks_like_another_is_refused(label: str, people: People) -> None:
    assert people.kim.post("/keys", json={"label": label, "role": "admin"}).status_code == 409


@pytest.mark.one_database
@pytest.mark.parametrize("label", ["Seedorf", "reseed", "Ada Lovelace", "\u0410\u043d\u043d\u0430"])
def test_other_names_are_labels(label: str) -> None:
    assert labels.checked(label) == label


@pytest.mark.one_database
def test_an_import_on_the_command_line_is_not_signed_by_the_seed(typed: Typing) -> None:
    file = SEED / "districts.csv"
    answer = typed("import", str(file), "--kind", "district", "--dry-run", "--by", "seed")
    assert (answer.code, "names of this service" in answer.err) == (1, True)


@pytest.mark.slow
def test_who_wrote_a_part_does_not_publish_it_after_anothers_edit(people: People) -> None:
    create(people.rui, case_study("two-hands"))
    amend(people.ada, "two-hands", title="Another title")
    step(people.ada, "submit", "two-hands").raise_for_status()
    answer = step(people.rui, "publish", "two-hands")
    assert (answer.status_code, answer.json()["needs"]) == (403, "another reviewer")
    step(people.kim, "publish", "two-hands").raise_for_status()
    amend(people.ada, "two-hands", title="A third title")  # what Rui wrote is public by now
    publish(people, "two-hands")


@pytest.mark.slow
def test_who_took_back_a_change_has_still_had_a_hand_in_it(people: People) -> None:
    published(people, case_study("taken-back"))
    amend(people.rui, "taken-back", title="By Rui")
    amend(people.ada, "taken-back", title="By Ada")
    step(people.ada, "submit", "taken-back").raise_for_status()
    assert step(people.rui, "publish", "taken-back").status_code == 403


def test_who_renamed_a_draft_does_not_publish_it(people: People) -> None:
    create(people.ada, case_study("first-name"))
    step(people.rui, "rename", "first-name", slug="second-name").raise_for_status()
    step(people.ada, "submit", "second-name").raise_for_status()
    assert step(people.rui, "publish", "second-name").status_code == 403
    step(people.kim, "publish", "second-name").raise_for_status()


def test_who_planned_an_import_does_not_publish_it_when_another_commits_it(people: People) -> None:
    planned = plan(people.rui, [district("planned-id", name="Planned")])
    commit(people.ada, planned).raise_for_status()
    newest = people.ada.get("/districts/planned-id/revisions").json()["data"][0]
    assert (newest["actor"], newest["planned_by"]) == ("ada", "rui")
    step(people.ada, "submit", "planned-id", "districts").raise_for_status()
    assert step(people.rui, "publish", "planned-id", "districts").status_code == 403
    step(people.kim, "publish", "planned-id", "districts").raise_for_status()


def test_the_authors_of_a_discarded_draft_are_not_those_of_a_new_one(people: People) -> None:
    create(people.rui, case_study("thrown-away"))
    address = "/case-studies/thrown-away"
    etag = people.rui.get(address).headers["ETag"]
    people.rui.delete(address, headers={"If-Match": etag}).raise_for_status()
    published(people, case_study("thrown-away"))


def test_admins_see_who_made_and_revoked_each_key(people: People, typed: Typing) -> None:
    made = people.kim.post("/keys", json={"label": "Short Lived", "role": "editor"}).json()["data"]
    assert (made["created_by"], made["revoked_by"]) == ("kim", None)
    people.kim.delete(f"/keys/{made['id']}").raise_for_status()
    typed("keys", "revoke", made["id"])  # again: the first stays
    listed = next(key for key in people.kim.get("/keys").json()["data"] if key["id"] == made["id"])
    assert (listed["created_by"], listed["revoked_by"]) == ("kim", "kim")
