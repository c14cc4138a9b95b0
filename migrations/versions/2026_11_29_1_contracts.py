"""Settled contracts: the log says what was public; kinds, status, models, directions, units, reach and context have their lasting names."""

import re
from typing import Any, NamedTuple

import orjson
from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    column,
    select,
    table,
    text,
    update,
)

revision = "contracts"
down_revision = "watching"
branch_labels = None
depends_on = None

KINDS = (
    ("record", "kind"),
    ("revision", "kind"),
    ("entry", "kind"),
    ("entry_reference", "kind"),
    ("entry_reference", "referred_kind"),
    ("import", "kind"),
    ("suggestion", "about_kind"),
    ("search_gap", "kind"),
)
STATUS_AFTER = {
    "create": "draft",
    "edit": "draft",
    "revert": "draft",
    "submit": "in_review",
    "return": "draft",
    "publish": "published",
    "withdraw": "withdrawn",
    "restore": "draft",
    "discard": "discarded",
}


class State(NamedTuple):
    """What the log says of a record after a change."""

    status: str = "draft"
    published_version: int | None = None
    reviewed_by: str | None = None
    returned: dict[str, Any] | None = None


REVISION = table(
    "revision",
    *map(column, ("seq", "kind", "slug", "version", "action", "previous_slug", "actor", "note")),
    *map(column, ("document", "status", "published_version")),
    column("at", DateTime(timezone=True)),
)
RECORD = table(
    "record",
    *map(column, ("kind", "slug", "reviewed_by", "returned_note", "returned_by")),
    column("returned_at", DateTime(timezone=True)),
)
QUALIFIERS = {
    "about": "about",
    "more than": "more-than",
    "over": "more-than",
    "at least": "at-least",
    "nearly": "nearly",
    "almost": "nearly",
    "up to": "up-to",
    "at most": "up-to",
    "less than": "less-than",
    "fewer than": "less-than",
}
_QUALIFIED = re.compile(rf"[,;]?\s*\(?\b({'|'.join(QUALIFIERS)})\b\)?$")
UNITS = {
    "percent": ("percent", 1),
    "percentage points": ("percentage-points", 1),
    "standard deviations": ("standard-deviations", 1),
    "percent increase": ("percent-change", 1),
    "percent gain": ("percent-change", 1),
    "percent decrease": ("percent-change", -1),
    "percent reduction": ("percent-change", -1),
    "percent fall": ("percent-change", -1),
    "percent lower": ("percent-difference", -1),
    "percent higher": ("percent-difference", 1),
    "US dollars": ("us-dollars", 1),
    "dollars": ("us-dollars", 1),
    "US dollars per dollar": ("us-dollars-per-us-dollar", 1),
    "points": ("points", 1),
    "students": ("students", 1),
    "children": ("children", 1),
    "families": ("families", 1),
    "schools": ("schools", 1),
    "hours": ("hours", 1),
    "days": ("days", 1),
}


def upgrade() -> None:
    """New columns and tables, then every document and the whole log rewritten once."""
    _make_room()
    for name, kind in KINDS:
        _rename_kind(name, kind, "case_study", "case-study")
    with op.batch_alter_table("import") as batch:
        batch.create_check_constraint(
            op.f("ck_import_kind_known"), "kind IN ('district', 'case-study')"
        )
    _replay()
    with op.batch_alter_table("revision") as batch:
        batch.alter_column("status", existing_type=String(), nullable=False)
        batch.create_check_constraint(
            op.f("ck_revision_status_known"),
            "status IN ('draft', 'in_review', 'published', 'withdrawn', 'discarded')",
        )
        batch.create_check_constraint(
            op.f("ck_revision_published_version_exists"),
            "published_version IS NULL OR published_version BETWEEN 1 AND version",
        )


def downgrade() -> None:
    """The tables as they were; documents keep their new form."""
    op.drop_table("seed_load")
    op.drop_table("context_figure")
    with op.batch_alter_table("entry") as batch:
        batch.alter_column("search_data", new_column_name="finding")
    with op.batch_alter_table("scale_figure") as batch:
        batch.drop_column("unit")
        batch.drop_column("qualifier")
    with op.batch_alter_table("outcome") as batch:
        batch.drop_column("direction")
        batch.drop_column("baseline_value")
        batch.drop_column("qualifier")
    with op.batch_alter_table("case_study") as batch:
        batch.add_column(Column("model", String(200)))
        batch.drop_constraint(op.f("ck_case_study_status_year_in_range"), type_="check")
        batch.alter_column("status", new_column_name="initiative_status")
        batch.alter_column("status_year", new_column_name="initiative_status_year")
        batch.alter_column("status_source", new_column_name="initiative_status_source")
    with op.batch_alter_table("case_study") as batch:
        batch.create_check_constraint(
            op.f("ck_case_study_initiative_status_year_in_range"),
            "initiative_status_year BETWEEN 1800 AND 2100",
        )
    with op.batch_alter_table("revision") as batch:
        batch.drop_constraint(op.f("ck_revision_status_known"), type_="check")
        batch.drop_constraint(op.f("ck_revision_published_version_exists"), type_="check")
        batch.drop_column("published_version")
        batch.drop_column("status")
    op.drop_index("ix_record_kind_updated_at", "record")
    with op.batch_alter_table("record") as batch:
        for name in ("reviewed_by", "returned_note", "returned_by", "returned_at"):
            batch.drop_column(name)
    with op.batch_alter_table("import") as batch:
        batch.drop_constraint(op.f("ck_import_kind_known"), type_="check")
    for name, kind in KINDS:
        _rename_kind(name, kind, "case-study", "case_study")
    with op.batch_alter_table("import") as batch:
        batch.create_check_constraint(
            op.f("ck_import_kind_known"), "kind IN ('district', 'case_study')"
        )


def _make_room() -> None:
    with op.batch_alter_table("revision") as batch:
        batch.add_column(Column("status", String))
        batch.add_column(Column("published_version", Integer))
    with op.batch_alter_table("record") as batch:
        for name in ("reviewed_by", "returned_note", "returned_by"):
            batch.add_column(Column(name, String))
        batch.add_column(Column("returned_at", DateTime(timezone=True)))
    op.create_index("ix_record_kind_updated_at", "record", ["kind", "updated_at"])
    with op.batch_alter_table("case_study") as batch:
        batch.drop_constraint(op.f("ck_case_study_initiative_status_year_in_range"), type_="check")
        batch.alter_column("initiative_status", new_column_name="status")
        batch.alter_column("initiative_status_year", new_column_name="status_year")
        batch.alter_column("initiative_status_source", new_column_name="status_source")
        batch.drop_column("model")
    with op.batch_alter_table("case_study") as batch:
        batch.create_check_constraint(
            op.f("ck_case_study_status_year_in_range"), "status_year BETWEEN 1800 AND 2100"
        )
    with op.batch_alter_table("outcome") as batch:
        batch.add_column(Column("qualifier", String(200)))
        batch.add_column(Column("baseline_value", Float))
        batch.add_column(
            Column("direction", String(200), nullable=False, server_default="not-stated")
        )
    with op.batch_alter_table("outcome") as batch:
        batch.alter_column("direction", existing_type=String(200), server_default=None)
    with op.batch_alter_table("scale_figure") as batch:
        batch.add_column(Column("qualifier", String(200)))
        batch.add_column(Column("unit", String(200), nullable=False, server_default="items"))
    with op.batch_alter_table("scale_figure") as batch:
        batch.alter_column("unit", existing_type=String(200), server_default=None)
    with op.batch_alter_table("entry") as batch:
        batch.alter_column("finding", new_column_name="search_data")
    with op.batch_alter_table("import") as batch:
        batch.drop_constraint(op.f("ck_import_kind_known"), type_="check")
    op.create_table(
        "context_figure",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("measure", String(600), nullable=False),
        Column("value", Float, nullable=False),
        Column("qualifier", String(200)),
        Column("unit", String(200), nullable=False),
        Column("year", Integer),
        Column("source", String(10), nullable=False),
        CheckConstraint("year BETWEEN 1800 AND 2100", name=op.f("ck_context_figure_year_in_range")),
        ForeignKeyConstraint(
            ["case_study"],
            ["case_study.slug"],
            name="fk_context_figure_case_study",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["case_study", "source"],
            ["source.case_study", "source.id"],
            name="fk_context_figure_case_study_source",
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_context_figure"),
    )
    op.create_table(
        "seed_load",
        Column("digest", String, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("digest", name="pk_seed_load"),
    )


def _rename_kind(name: str, kind: str, old: str, new: str) -> None:
    statement = text(f'UPDATE "{name}" SET {kind} = :new WHERE {kind} = :old')  # noqa: S608
    op.get_bind().execute(statement, {"new": new, "old": old})


def _replay() -> None:
    """Give each revision the state after it, each record its last review, and each document its new
    form, in the order of the log."""
    connection = op.get_bind()
    states: dict[tuple[str, str], State] = {}
    names = ("seq", "kind", "slug", "version", "action", "previous_slug", "at", "actor", "note")
    log = select(*(REVISION.c[name] for name in names)).order_by(REVISION.c.seq)
    for row in connection.execute(log).all():
        before = states.pop((row.kind, row.previous_slug or row.slug), State())
        state = states[row.kind, row.slug] = _state_after(row, before)
        values: dict[str, Any] = {
            "status": state.status,
            "published_version": state.published_version,
        }
        if row.kind == "case-study":
            document = connection.execute(
                select(REVISION.c.document).where(REVISION.c.seq == row.seq)
            ).scalar_one()
            values["document"] = orjson.dumps(_rewritten(orjson.loads(document))).decode()
        connection.execute(update(REVISION).where(REVISION.c.seq == row.seq).values(values))
    for (kind, slug), state in states.items():
        record = update(RECORD).where(RECORD.c.kind == kind, RECORD.c.slug == slug)
        connection.execute(record.values(reviewed_by=state.reviewed_by, **(state.returned or {})))


def _state_after(row: Any, before: State) -> State:
    """The state of a record after a change. A record keeps its status when it is renamed, and a
    public one is published under its new slug at once."""
    status = STATUS_AFTER.get(row.action, before.status)
    if row.action == "return":
        returned = {
            "returned_note": row.note,
            "returned_by": row.actor,
            "returned_at": row.at,
        }
        return State(status, before.published_version, row.actor, returned)
    if row.action == "publish":
        return State(status, row.version, row.actor, None)
    if status in ("withdrawn", "discarded"):
        return State(status, None, before.reviewed_by, None)
    if row.action == "rename" and before.published_version is not None:
        return before._replace(published_version=row.version)
    return before._replace(status=status)


def _rewritten(case: dict[str, Any]) -> dict[str, Any]:
    """A case study of the first shape in the second."""
    if "context" in case:  # a downgrade leaves documents in the second shape
        return case
    for name in ("", "_year", "_source"):
        case[f"status{name}"] = case.pop(f"initiative_status{name}", None)
    model = case.pop("model", None)
    case["models"] = [model] if model else []
    case |= {"asked_as": [], "topics": [], "context": []}
    case["outcomes"] = [_outcome(outcome) for outcome in case.get("outcomes", [])]
    case["scale"] = [_figure(figure) for figure in case.get("scale", [])]
    return case


def _outcome(outcome: dict[str, Any]) -> dict[str, Any]:
    unit, qualifier = _without_qualifier(outcome.get("unit") or "")
    code, sign = UNITS.get(unit, ("items", 1))
    value = outcome.get("value")
    return outcome | {
        "unit": code if unit else "items" if value is not None else None,
        "value": value if value is None or value < 0 else sign * value,
        "qualifier": qualifier,
        "baseline_value": None,
        "direction": "not-stated",
    }


def _figure(figure: dict[str, Any]) -> dict[str, Any]:
    measure, qualifier = _without_qualifier(figure["measure"])
    percent = measure.endswith(", percent")
    return figure | {
        "measure": measure.removesuffix(", percent"),
        "unit": "percent" if percent else "items",
        "qualifier": qualifier,
    }


def _without_qualifier(words: str) -> tuple[str, str | None]:
    """The words without a qualifier at their end, and its code."""
    found = _QUALIFIED.search(words)
    if not found:
        return words, None
    return words[: found.start()], QUALIFIERS[found[1]]
