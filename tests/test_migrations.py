"""The migrations make the tables that the code says, with the promises that only a database can keep, and take them away again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from migrating import ROOT, migrations
from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKeyConstraint,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError

from app.database import Database
from app.records.tables import metadata

NOW = "2026-11-25 09:00:00+00:00"
NAMED = {"label": "Name", "definition": "What it means."}
CLAIM = {"case_study": "bend-or", "position": 0, "source": "s1"}

# For each table a row that keeps every rule, and what makes another such row of it.
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "record": (
        {
            "kind": "district",
            "slug": "bend",
            "version": 2,
            "status": "draft",
            "published_version": 1,
            "updated_at": NOW,
            "updated_by": "Ada",
        },
        {"slug": "salem"},
    ),
    "revision": (
        {
            "seq": 1,
            "at": NOW,
            "actor": "Ada",
            "action": "create",
            "kind": "district",
            "slug": "bend",
            "version": 1,
            "document": "{}",
            "status": "draft",
        },
        {"seq": 2, "version": 2},
    ),
    "term": (
        {
            "slug": "evidence.descriptive",
            "vocabulary": "evidence",
            "code": "descriptive",
            "rank": 3,
            **NAMED,
        },
        {"slug": "evidence.experimental", "code": "experimental"},
    ),
    "state": (
        {"slug": "OR", "name": "Oregon", "fips": "41", "kind": "state"},
        {"slug": "ME", "fips": "23"},
    ),
    "locale": ({"slug": "13", "rurality": "city", **NAMED}, {"slug": "43", "rurality": "rural"}),
    "strategy": (
        {"slug": "mentoring", "pillar": "integrated-student-supports", **NAMED},
        {"slug": "tutoring"},
    ),
    "indicator": ({"slug": "chronic-absence", **NAMED}, {"slug": "graduation"}),
    "organization": ({"slug": "ymca", "name": "YMCA", "type": "nonprofit"}, {"slug": "united-way"}),
    "district": (
        {
            "slug": "bend",
            "nces_leaid": "4101980",
            "name": "Bend-La Pine",
            "state": "OR",
            "locale": "13",
        },
        {"slug": "salem", "nces_leaid": "4110820"},
    ),
    "case_study": (
        {"slug": "bend-or", "title": "Bend", "state": "OR", "started_year": 2015},
        {"slug": "salem-or"},
    ),
    "source": (
        {
            "case_study": "bend-or",
            "id": "s1",
            "position": 0,
            "title": "Report",
            "publisher": "Bend",
            "url": "https://bend.example",
            "kind": "report",
        },
        {"id": "s2", "position": 1},
    ),
    "outcome": (
        {
            **CLAIM,
            "indicator": "chronic-absence",
            "finding": "It fell.",
            "value": -12.5,
            "unit": "percent",
            "design": "descriptive",
            "direction": "better",
        },
        {"position": 1},
    ),
    "scale_figure": (
        {**CLAIM, "measure": "Schools", "value": 9, "unit": "schools"},
        {"position": 1},
    ),
    "context_figure": (
        {**CLAIM, "measure": "Students", "value": 900, "unit": "students"},
        {"position": 1},
    ),
    "funding": ({**CLAIM, "name": "Levy", "kind": "local"}, {"position": 1}),
    "partnership": (
        {**CLAIM, "name": "The Y", "organization": "ymca", "type": "nonprofit"},
        {"position": 1},
    ),
    "case_study_district": (
        {"case_study": "bend-or", "position": 0, "district": "bend"},
        {"position": 1, "district": "astoria"},
    ),
    "case_study_strategy": (
        {"case_study": "bend-or", "position": 0, "strategy": "mentoring"},
        {"position": 1, "strategy": "literacy"},
    ),
    "api_key": (
        {
            "id": "md_1",
            "secret_sha256": "a" * 64,
            "label": "ada",
            "role": "editor",
            "created_at": NOW,
            "created_by": "kim",
        },
        {"id": "md_2", "secret_sha256": "b" * 64, "label": "rui"},
    ),
    "source_check": (
        {"id": "a" * 64, "url": "https://bend.example", "checked_at": NOW, "health": "alive"},
        {"id": "b" * 64},
    ),
    "import": (
        {
            "id": "5f0c3a9e",
            "kind": "district",
            "format": "csv",
            "filename": "districts.csv",
            "state": "planned",
            "version": 2,
            "created_at": NOW,
            "created_by": "Ada",
            "updated_at": NOW,
            "planned_on_seq": 0,
            "ignored_columns": "[]",
            **dict.fromkeys(
                (
                    "rows_seen",
                    "created",
                    "changed",
                    "unchanged",
                    "refused",
                    "warned",
                    "not_publishable",
                ),
                0,
            ),
        },
        {"id": "1b7d2486"},
    ),
    "import_row": (
        {
            "import_id": "5f0c3a9e",
            "number": 1,
            "origin": "line 2",
            "slug": "bend",
            "result": "refused",
            **dict.fromkeys(("faults", "warnings", "changes", "needs"), "[]"),
            "document": "{}",
        },
        {"number": 2},
    ),
    "suggestion": (
        {
            "id": "01",
            "received_at": NOW,
            "kind": "correction",
            "text": "It fell.",
            "contact": "bob",
            "version": 1,
            "status": "received",
        },
        {"id": "02"},
    ),
    "search_gap": (
        {
            "kind": "case-study",
            "how": "none",
            "text": "zebra",
            "count": 1,
            "first_seen": "2026-11-24",
            "last_seen": "2026-11-25",
        },
        {"text": "okapi"},
    ),
    "entry": (
        {
            "kind": "district",
            "slug": "bend",
            "seq": 1,
            "state": "public",
            "updated_at": NOW,
            "card": "{}",
            "document": "{}",
        },
        {"slug": "salem"},
    ),
    "former_entry": (
        {
            "kind": "district",
            "slug": "bend",
            "seq": 1,
            "state": "public",
            "updated_at": NOW,
            "card": "{}",
            "document": "{}",
            "until_seq": 2,
        },
        {"seq": 2, "until_seq": 3},
    ),
    "history_start": ({"seq": 7}, {"seq": 8}),
    "snapshot": (
        {
            "version": "2026.1",
            "revision": 1,
            "updated_at": NOW,
            "frozen_at": NOW,
            "frozen_by": "Ada",
            "software": "1.0",
            "note": "First.",
        },
        {"version": "2026.2"},
    ),
    "snapshot_file": (
        {
            "version": "2026.1",
            "file": "districts.csv",
            "position": 0,
            "bytes": 2,
            "sha256": "a" * 64,
        },
        {"file": "districts.ndjson"},
    ),
    "snapshot_chunk": (
        {"version": "2026.1", "file": "districts.csv", "number": 0, "content": b"{}"},
        {"number": 1},
    ),
    "entry_reference": (
        {"kind": "case-study", "slug": "bend-or", "referred_kind": "state", "referred_slug": "OR"},
        {"slug": "salem-or"},
    ),
}

# What is refused: in which table, which values that break a rule, the rule's name.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("record", {"version": 0, "published_version": None}, "ck_record_version_positive"),
    ("record", {"status": "deleted"}, "ck_record_status_known"),
    ("record", {"published_version": 3}, "ck_record_published_version_exists"),
    ("revision", {"seq": 0}, "ck_revision_seq_positive"),
    ("revision", {"version": 1}, "uq_revision_kind_slug_version"),
    ("revision", {"status": "lost"}, "ck_revision_status_known"),
    ("revision", {"published_version": 9}, "ck_revision_published_version_exists"),
    ("api_key", {"role": "owner"}, "ck_api_key_role_known"),
    ("api_key", {"secret_sha256": "md_1sUKO"}, "ck_api_key_secret_is_a_hash"),
    ("api_key", {"secret_sha256": "a" * 64}, "uq_api_key_secret_sha256"),
    ("api_key", {"label": "ada"}, "uq_api_key_label"),
    ("term", {"code": "descriptive"}, "uq_term_vocabulary_code"),
    ("state", {"slug": "Ore"}, "ck_state_slug_two_letters"),
    ("state", {"fips": "4A"}, "ck_state_fips_two_digits"),
    ("state", {"fips": "41"}, "uq_state_fips"),
    ("locale", {"slug": "4"}, "ck_locale_slug_two_digits"),
    ("locale", {"rurality": "village"}, "ck_locale_rurality_known"),
    ("district", {"nces_leaid": "410198"}, "ck_district_nces_leaid_seven_digits"),
    ("district", {"nces_leaid": "41019800"}, "ck_district_nces_leaid_seven_digits"),
    ("district", {"nces_leaid": "410198A"}, "ck_district_nces_leaid_seven_digits"),
    ("district", {"nces_leaid": "41 0198"}, "ck_district_nces_leaid_seven_digits"),
    (
        "district",
        {"nces_leaid": "\N{FULLWIDTH DIGIT FOUR}101980"},
        "ck_district_nces_leaid_seven_digits",
    ),
    ("district", {"nces_leaid": "4101980"}, "uq_district_nces_leaid"),
    ("district", {"state": "ZZ"}, "fk_district_state"),
    ("district", {"locale": "14"}, "fk_district_locale"),
    ("district", {"locale_year": 1492}, "ck_district_locale_year_in_range"),
    ("district", {"enrollment": -1}, "ck_district_enrollment_not_negative"),
    ("district", {"enrollment_year": 1492}, "ck_district_enrollment_year_in_range"),
    ("district", {"schools": -1}, "ck_district_schools_not_negative"),
    ("district", {"schools_year": 20233}, "ck_district_schools_year_in_range"),
    ("district", {"latitude": 90.1}, "ck_district_latitude_in_range"),
    ("district", {"longitude": -180.1}, "ck_district_longitude_in_range"),
    ("district", {"place_basis": "moon"}, "ck_district_place_basis_known"),
    ("case_study", {"state": "ZZ"}, "fk_case_study_state"),
    ("case_study", {"summary": "a" * 601}, "ck_case_study_summary_length"),
    ("case_study", {"started_year": 1492}, "ck_case_study_started_year_in_range"),
    ("case_study", {"ended_year": 2101}, "ck_case_study_ended_year_in_range"),
    ("case_study", {"ended_year": 2014}, "ck_case_study_ended_after_started"),
    (
        "case_study",
        {"status_year": 1492},
        "ck_case_study_status_year_in_range",
    ),
    ("source", {"case_study": "nowhere"}, "fk_source_case_study"),
    ("source", {"position": 0}, "uq_source_case_study_position"),
    ("source", {"year": 1492}, "ck_source_year_in_range"),
    ("outcome", {"case_study": "nowhere"}, "fk_outcome_case_study"),
    ("outcome", {"source": "s9"}, "fk_outcome_case_study_source"),
    ("outcome", {"indicator": "luck"}, "fk_outcome_indicator"),
    ("outcome", {"value": 5000}, "ck_outcome_percent_in_range"),
    ("scale_figure", {"case_study": "nowhere"}, "fk_scale_figure_case_study"),
    ("scale_figure", {"source": "s9"}, "fk_scale_figure_case_study_source"),
    ("scale_figure", {"year": 1492}, "ck_scale_figure_year_in_range"),
    ("context_figure", {"case_study": "nowhere"}, "fk_context_figure_case_study"),
    ("context_figure", {"source": "s9"}, "fk_context_figure_case_study_source"),
    ("context_figure", {"year": 1492}, "ck_context_figure_year_in_range"),
    ("funding", {"case_study": "nowhere"}, "fk_funding_case_study"),
    ("funding", {"source": "s9"}, "fk_funding_case_study_source"),
    ("funding", {"amount_usd": -1}, "ck_funding_amount_usd_not_negative"),
    ("funding", {"year": 1492}, "ck_funding_year_in_range"),
    ("partnership", {"case_study": "nowhere"}, "fk_partnership_case_study"),
    ("partnership", {"source": "s9"}, "fk_partnership_case_study_source"),
    ("partnership", {"organization": "nobody"}, "fk_partnership_organization"),
    ("case_study_district", {"case_study": "nowhere"}, "fk_case_study_district_case_study"),
    ("case_study_district", {"district": "atlantis"}, "fk_case_study_district_district"),
    ("case_study_district", {"district": "bend"}, "uq_case_study_district_case_study_district"),
    ("case_study_strategy", {"case_study": "nowhere"}, "fk_case_study_strategy_case_study"),
    ("case_study_strategy", {"strategy": "luck"}, "fk_case_study_strategy_strategy"),
    (
        "case_study_strategy",
        {"strategy": "mentoring"},
        "uq_case_study_strategy_case_study_strategy",
    ),
    ("source_check", {"health": "fine"}, "ck_source_check_health_known"),
    ("import", {"kind": "state"}, "ck_import_kind_known"),
    ("import", {"format": "pdf"}, "ck_import_format_known"),
    ("import", {"state": "lost"}, "ck_import_state_known"),
    ("import", {"state": "committed"}, "ck_import_committed_when"),
    ("import", {"committed_at": NOW}, "ck_import_committed_when"),
    ("import_row", {"result": "kept"}, "ck_import_row_result_known"),
    ("import_row", {"import_id": "1b7d2486"}, "fk_import_row_import_id"),
    ("suggestion", {"kind": "praise"}, "ck_suggestion_kind_known"),
    ("suggestion", {"status": "lost", "contact": None}, "ck_suggestion_status_known"),
    ("suggestion", {"status": "declined"}, "ck_suggestion_contact_forgotten"),
    ("suggestion", {"version": 0}, "ck_suggestion_version_positive"),
    ("search_gap", {"how": "some"}, "ck_search_gap_how_known"),
    ("search_gap", {"count": 0}, "ck_search_gap_count_positive"),
    ("search_gap", {"last_seen": "2026-11-23"}, "ck_search_gap_seen_in_order"),
    ("search_gap", {"text": "a" * 101}, "ck_search_gap_text_length"),
    ("entry", {"state": "hidden", "card": None, "document": None}, "ck_entry_state_known"),
    ("entry", {"card": None}, "ck_entry_public_has_card"),
    ("entry", {"state": "gone", "card": None}, "ck_entry_public_has_document"),
    (
        "former_entry",
        {"state": "hidden", "card": None, "document": None},
        "ck_former_entry_state_known",
    ),
    ("former_entry", {"card": None}, "ck_former_entry_public_has_card"),
    ("former_entry", {"state": "gone", "card": None}, "ck_former_entry_public_has_document"),
    ("former_entry", {"until_seq": 1}, "ck_former_entry_in_order"),
    ("snapshot", {"revision": -1}, "ck_snapshot_revision_not_negative"),
    ("snapshot_file", {"version": "2025.1"}, "fk_snapshot_file_version"),
    ("snapshot_file", {"bytes": -1}, "ck_snapshot_file_bytes_not_negative"),
    ("snapshot_file", {"sha256": "a"}, "ck_snapshot_file_sha256_length"),
    ("snapshot_chunk", {"file": "none.csv"}, "fk_snapshot_chunk_version_file"),
    ("snapshot_chunk", {"number": -1}, "ck_snapshot_chunk_number_not_negative"),
    ("history_start", {"seq": -1}, "ck_history_start_seq_not_negative"),
]

# SQLite cannot alter a constraint, so Alembic makes the table anew: new table, rows copied, old one dropped, new one renamed.
ANEW = """
from alembic import op
revision, down_revision = "anew", "first_tables"
def upgrade():
    with op.batch_alter_table("case_study", recreate="auto") as table:
        table.create_check_constraint("title_given", "title <> ''")
def downgrade():
    pass
"""


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Connection]:
    """A connection to a database without a table."""
    database = Database(empty_database_url)
    with database.writer_connection() as connection:
        yield connection
    database.close()


@pytest.fixture
def migrated(database: Database) -> Iterator[Connection]:
    """A connection to a database with every table."""
    with database.writer_connection() as connection:
        yield connection


@pytest.mark.slow
def test_up_from_nothing_and_back_to_nothing(empty: Connection) -> None:
    for _ in range(2):
        command.upgrade(migrations(empty), "head")
        assert _tables(empty) == {"alembic_version", *metadata.tables}

        command.downgrade(migrations(empty), "base")
        assert _tables(empty) == {"alembic_version"}
        with empty.begin():
            assert empty.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 0


def test_a_failing_migration_leaves_nothing_behind(empty: Connection) -> None:
    with empty.begin():
        empty.execute(
            text("CREATE TABLE entry_reference (in_the_way INTEGER)")
        )  # the last to be made

    with pytest.raises(DBAPIError, match="already exists"):
        command.upgrade(migrations(empty), "head")
    assert _tables(empty) == {"entry_reference"}


def test_the_alembic_command_takes_the_database_of_the_environment(
    empty_database_url: str, empty: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.chdir(tmp_path)
    command.upgrade(migrations(), "head")
    assert "case_study" in _tables(empty)


def test_the_tables_are_those_that_the_code_says(migrated: Connection, empty: Connection) -> None:
    assert (
        compare_metadata(
            MigrationContext.configure(migrated, opts={"compare_type": True}), metadata
        )
        == []
    )
    metadata.create_all(empty)
    assert _described(migrated) == _described(empty)


def test_the_database_itself_refuses_what_breaks_a_rule(empty: Connection) -> None:
    command.upgrade(migrations(empty), "head")
    with empty.begin():  # on the connection that has just migrated
        _insert_an_example_of_each(empty)
        assert [broken for broken in REFUSED if not _is_refused(empty, *broken)] == []


def test_rows_that_break_no_rule_are_accepted(migrated: Connection) -> None:
    with migrated.begin():
        _insert_an_example_of_each(migrated)
        for table, (row, another) in ROWS.items():
            _insert(migrated, table, row | another)
        _insert(
            migrated, "district", {"slug": "a-charter", "name": "Without a LEAID", "state": "OR"}
        )
        _insert(
            migrated, "district", {"slug": "b-charter", "name": "Without a LEAID", "state": "OR"}
        )
        assert _parts(migrated) == 16


def test_every_rule_that_the_database_keeps_is_among_those_tried() -> None:
    kept = {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint | ForeignKeyConstraint | UniqueConstraint)
    }
    assert kept == {rule for _, _, rule in REFUSED}


def test_a_case_study_takes_its_parts_with_it(migrated: Connection) -> None:
    with migrated.begin():
        _insert_an_example_of_each(migrated)
        assert _parts(migrated) == 8
        migrated.execute(text("DELETE FROM case_study"))
        assert _parts(migrated) == 0


def test_a_table_that_is_made_anew_keeps_what_refers_to_it(
    migrated: Connection, tmp_path: Path
) -> None:
    with migrated.begin():
        _insert_an_example_of_each(migrated)
    (tmp_path / "anew.py").write_text(ANEW)
    with_another = migrations(migrated)
    with_another.set_main_option(
        "version_locations", f"{ROOT / 'migrations' / 'versions'}{os.pathsep}{tmp_path}"
    )

    command.upgrade(with_another, "anew")
    with migrated.begin():
        assert _parts(migrated) == 8


def _tables(connection: Connection) -> set[str]:
    with connection.begin():
        return set(inspect(connection).get_table_names())


def _described(connection: Connection) -> dict[str, set[str]]:
    """All that a database says of each of our tables, in words that can be compared."""
    inspector = inspect(connection)
    lists = ("columns", "foreign_keys", "unique_constraints", "check_constraints", "indexes")
    return {
        table: {repr(inspector.get_pk_constraint(table))}
        | {repr(found) for what in lists for found in getattr(inspector, f"get_{what}")(table)}
        for table in metadata.tables
    }


def _parts(connection: Connection) -> int:
    parts = (
        "source",
        "outcome",
        "scale_figure",
        "context_figure",
        "funding",
        "partnership",
        "case_study_district",
        "case_study_strategy",
    )
    return sum(
        connection.execute(text(f"SELECT count(*) FROM {part}")).scalar_one() for part in parts
    )


def _insert_an_example_of_each(connection: Connection) -> None:
    for table, (row, _) in ROWS.items():
        _insert(connection, table, row)
    _insert(connection, "district", ROWS["district"][0] | {"slug": "astoria", "nces_leaid": None})
    _insert(connection, "strategy", ROWS["strategy"][0] | {"slug": "literacy"})


def _insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    connection.execute(
        text(f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})"), row
    )


def _is_refused(connection: Connection, table: str, values: dict[str, Any], rule: str) -> bool:
    row, another = ROWS[table]
    savepoint = connection.begin_nested()
    try:
        _insert(connection, table, row | another | values)
    except DBAPIError as refusal:
        return _names(refusal, rule)
    else:
        return False
    finally:
        savepoint.rollback()


def _names(refusal: DBAPIError, rule: str) -> bool:
    """PostgreSQL names the rule, but for a text that its column is too short for; SQLite names checks only."""
    if isinstance(refusal.orig, psycopg.Error):
        return refusal.orig.diag.constraint_name == rule or (
            rule.endswith("_length") and refusal.orig.sqlstate == "22001"
        )
    return {"ck": rule, "uq": "UNIQUE", "fk": "FOREIGN KEY"}[rule[:2]] in str(refusal.orig)
