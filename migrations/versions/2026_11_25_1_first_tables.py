"""The first tables: what editors keep, the log of changes, and what is published."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

from app.database import CodePointOrdered

revision = "first_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every table, each after those it refers to."""
    op.create_table(
        "record",
        Column("kind", String, nullable=False),
        Column("slug", CodePointOrdered, nullable=False),
        Column("version", Integer, nullable=False),
        Column("status", String, nullable=False),
        Column("published_version", Integer),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("updated_by", String, nullable=False),
        _check("record", "version_positive", "version >= 1"),
        _check(
            "record", "status_known", "status IN ('draft', 'in_review', 'published', 'withdrawn')"
        ),
        _check(
            "record",
            "published_version_exists",
            "published_version IS NULL OR published_version BETWEEN 1 AND version",
        ),
        PrimaryKeyConstraint("kind", "slug", name="pk_record"),
    )
    op.create_index("ix_record_kind_status", "record", ["kind", "status"])

    op.create_table(
        "revision",
        Column("seq", BigInteger, autoincrement=False, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("actor", String, nullable=False),
        Column("action", String, nullable=False),
        Column("kind", String, nullable=False),
        Column("slug", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("document", String, nullable=False),
        Column("previous_slug", String),
        Column("note", String),
        _check("revision", "seq_positive", "seq >= 1"),
        PrimaryKeyConstraint("seq", name="pk_revision"),
        UniqueConstraint("kind", "slug", "version", name="uq_revision_kind_slug_version"),
    )
    op.create_index("ix_revision_kind_previous_slug", "revision", ["kind", "previous_slug"])
    op.create_index("ix_revision_actor", "revision", ["actor"])
    op.create_index("ix_revision_at", "revision", ["at"])

    op.create_table(
        "term",
        Column("slug", String(200), nullable=False),
        Column("vocabulary", String(200), nullable=False),
        Column("code", String(200), nullable=False),
        Column("label", String(200), nullable=False),
        Column("definition", String(600), nullable=False),
        Column("rank", Integer, nullable=False),
        PrimaryKeyConstraint("slug", name="pk_term"),
        UniqueConstraint("vocabulary", "code", name="uq_term_vocabulary_code"),
    )

    op.create_table(
        "state",
        Column("slug", String, nullable=False),
        Column("name", String(200), nullable=False),
        Column("fips", String, nullable=False),
        Column("kind", String(200), nullable=False),
        Column("region", String(200)),
        Column("division", String(200)),
        _check("state", "slug_two_letters", "length(slug) = 2"),
        _digits("state", "fips", 2, "fips_two_digits"),
        PrimaryKeyConstraint("slug", name="pk_state"),
        UniqueConstraint("fips", name="uq_state_fips"),
    )

    op.create_table(
        "locale",
        Column("slug", String, nullable=False),
        Column("rurality", String, nullable=False),
        Column("label", String(200), nullable=False),
        Column("definition", String(600), nullable=False),
        _digits("locale", "slug", 2, "slug_two_digits"),
        _check("locale", "rurality_known", "rurality IN ('city', 'suburb', 'town', 'rural')"),
        PrimaryKeyConstraint("slug", name="pk_locale"),
    )

    op.create_table(
        "strategy",
        Column("slug", String(200), nullable=False),
        Column("pillar", String(200), nullable=False),
        Column("label", String(200), nullable=False),
        Column("definition", String(600), nullable=False),
        PrimaryKeyConstraint("slug", name="pk_strategy"),
    )

    op.create_table(
        "indicator",
        Column("slug", String(200), nullable=False),
        Column("label", String(200), nullable=False),
        Column("definition", String(600), nullable=False),
        PrimaryKeyConstraint("slug", name="pk_indicator"),
    )

    op.create_table(
        "organization",
        Column("slug", String(200), nullable=False),
        Column("name", String(200), nullable=False),
        Column("type", String(200), nullable=False),
        Column("website", String(600)),
        PrimaryKeyConstraint("slug", name="pk_organization"),
    )

    op.create_table(
        "district",
        Column("slug", String(200), nullable=False),
        Column("nces_leaid", String),
        Column("name", String(200), nullable=False),
        Column("state", String, nullable=False),
        Column("city", String(200)),
        Column("county", String(200)),
        Column("locale", String),
        Column("locale_year", Integer),
        Column("locale_source", String(200)),
        Column("enrollment", Integer),
        Column("enrollment_year", Integer),
        Column("enrollment_source", String(200)),
        Column("schools", Integer),
        Column("schools_year", Integer),
        Column("schools_source", String(200)),
        Column("latitude", Float),
        Column("longitude", Float),
        Column("place_basis", String),
        Column("place_source", String(200)),
        Column("website", String(600)),
        _digits("district", "nces_leaid", 7, "nces_leaid_seven_digits"),
        _year("district", "locale_year"),
        _check("district", "enrollment_not_negative", "enrollment >= 0"),
        _year("district", "enrollment_year"),
        _check("district", "schools_not_negative", "schools >= 0"),
        _year("district", "schools_year"),
        _check("district", "latitude_in_range", "latitude BETWEEN -90 AND 90"),
        _check("district", "longitude_in_range", "longitude BETWEEN -180 AND 180"),
        _check("district", "place_basis_known", "place_basis IN ('office', 'city')"),
        ForeignKeyConstraint(["locale"], ["locale.slug"], name="fk_district_locale"),
        ForeignKeyConstraint(["state"], ["state.slug"], name="fk_district_state"),
        PrimaryKeyConstraint("slug", name="pk_district"),
        UniqueConstraint("nces_leaid", name="uq_district_nces_leaid"),
    )

    op.create_table(
        "case_study",
        Column("slug", String(200), nullable=False),
        Column("title", String(200), nullable=False),
        Column("initiative", String(200)),
        Column("state", String),
        Column("summary", String(600)),
        Column("challenge", String(20_000)),
        Column("approach", String(20_000)),
        Column("results", String(20_000)),
        Column("lessons", String(20_000)),
        Column("started_year", Integer),
        Column("started_year_source", String(10)),
        Column("ended_year", Integer),
        Column("ended_year_source", String(10)),
        Column("initiative_status", String(200)),
        Column("initiative_status_year", Integer),
        Column("initiative_status_source", String(10)),
        Column("setting", String(200)),
        Column("setting_source", String(10)),
        Column("model", String(200)),
        Column("kinship", String(200)),
        _check("case_study", "summary_length", "length(summary) <= 600"),
        _year("case_study", "started_year"),
        _year("case_study", "ended_year"),
        _check("case_study", "ended_after_started", "ended_year >= started_year"),
        _year("case_study", "initiative_status_year"),
        ForeignKeyConstraint(["state"], ["state.slug"], name="fk_case_study_state"),
        PrimaryKeyConstraint("slug", name="pk_case_study"),
    )

    op.create_table(
        "source",
        Column("title", String(600), nullable=False),
        Column("publisher", String(200), nullable=False),
        Column("year", Integer),
        Column("url", String(2000), nullable=False),
        Column("kind", String(200), nullable=False),
        Column("case_study", String, nullable=False),
        Column("id", String, nullable=False),
        Column("position", Integer, nullable=False),
        _year("source", "year"),
        ForeignKeyConstraint(
            ["case_study"], ["case_study.slug"], name="fk_source_case_study", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("case_study", "id", name="pk_source"),
        UniqueConstraint("case_study", "position", name="uq_source_case_study_position"),
    )

    op.create_table(
        "outcome",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("indicator", String(200), nullable=False),
        Column("finding", String(600), nullable=False),
        Column("value", Float),
        Column("unit", String(200)),
        Column("baseline", String(600)),
        Column("comparison", String(600)),
        Column("population", String(600)),
        Column("period", String(200)),
        Column("design", String(200), nullable=False),
        Column("source", String(10), nullable=False),
        _check(
            "outcome",
            "percent_in_range",
            "unit IS NULL OR unit <> 'percent' OR value BETWEEN -100 AND 1000",
        ),
        ForeignKeyConstraint(
            ["case_study"], ["case_study.slug"], name="fk_outcome_case_study", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["case_study", "source"],
            ["source.case_study", "source.id"],
            name="fk_outcome_case_study_source",
        ),
        ForeignKeyConstraint(["indicator"], ["indicator.slug"], name="fk_outcome_indicator"),
        PrimaryKeyConstraint("case_study", "position", name="pk_outcome"),
    )

    op.create_table(
        "scale_figure",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("measure", String(600), nullable=False),
        Column("value", Float, nullable=False),
        Column("year", Integer),
        Column("source", String(10), nullable=False),
        _year("scale_figure", "year"),
        ForeignKeyConstraint(
            ["case_study"],
            ["case_study.slug"],
            name="fk_scale_figure_case_study",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["case_study", "source"],
            ["source.case_study", "source.id"],
            name="fk_scale_figure_case_study_source",
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_scale_figure"),
    )

    op.create_table(
        "funding",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("name", String(600), nullable=False),
        Column("kind", String(200), nullable=False),
        Column("amount_usd", Float),
        Column("year", Integer),
        Column("source", String(10), nullable=False),
        _check("funding", "amount_usd_not_negative", "amount_usd >= 0"),
        _year("funding", "year"),
        ForeignKeyConstraint(
            ["case_study"], ["case_study.slug"], name="fk_funding_case_study", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["case_study", "source"],
            ["source.case_study", "source.id"],
            name="fk_funding_case_study_source",
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_funding"),
    )

    op.create_table(
        "partnership",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("name", String(200), nullable=False),
        Column("organization", String),
        Column("type", String(200), nullable=False),
        Column("role", String(600)),
        Column("source", String(10), nullable=False),
        ForeignKeyConstraint(
            ["case_study"],
            ["case_study.slug"],
            name="fk_partnership_case_study",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["case_study", "source"],
            ["source.case_study", "source.id"],
            name="fk_partnership_case_study_source",
        ),
        ForeignKeyConstraint(
            ["organization"], ["organization.slug"], name="fk_partnership_organization"
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_partnership"),
    )

    op.create_table(
        "case_study_district",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("district", String, nullable=False),
        ForeignKeyConstraint(
            ["case_study"],
            ["case_study.slug"],
            name="fk_case_study_district_case_study",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["district"], ["district.slug"], name="fk_case_study_district_district"
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_case_study_district"),
        UniqueConstraint(
            "case_study", "district", name="uq_case_study_district_case_study_district"
        ),
    )
    op.create_index("ix_case_study_district_district", "case_study_district", ["district"])

    op.create_table(
        "case_study_strategy",
        Column("case_study", String, nullable=False),
        Column("position", Integer, nullable=False),
        Column("strategy", String, nullable=False),
        ForeignKeyConstraint(
            ["case_study"],
            ["case_study.slug"],
            name="fk_case_study_strategy_case_study",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["strategy"], ["strategy.slug"], name="fk_case_study_strategy_strategy"
        ),
        PrimaryKeyConstraint("case_study", "position", name="pk_case_study_strategy"),
        UniqueConstraint(
            "case_study", "strategy", name="uq_case_study_strategy_case_study_strategy"
        ),
    )
    op.create_index("ix_case_study_strategy_strategy", "case_study_strategy", ["strategy"])

    op.create_table(
        "entry",
        Column("kind", String, nullable=False),
        Column("slug", CodePointOrdered, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("state", String, nullable=False),
        Column("moved_to", String),
        Column("reason", String),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("card", String),
        Column("document", String),
        Column("finding", String),
        _check("entry", "state_known", "state IN ('public', 'gone', 'moved')"),
        _check("entry", "public_has_card", "(state = 'public') = (card IS NOT NULL)"),
        _check("entry", "public_has_document", "(state = 'public') = (document IS NOT NULL)"),
        PrimaryKeyConstraint("kind", "slug", name="pk_entry"),
    )
    op.create_index("ix_entry_seq", "entry", ["seq"])

    op.create_table(
        "entry_reference",
        Column("kind", String, nullable=False),
        Column("slug", String, nullable=False),
        Column("referred_kind", String, nullable=False),
        Column("referred_slug", String, nullable=False),
        PrimaryKeyConstraint(
            "kind", "slug", "referred_kind", "referred_slug", name="pk_entry_reference"
        ),
    )
    op.create_index(
        "ix_entry_reference_referred_kind_referred_slug",
        "entry_reference",
        ["referred_kind", "referred_slug"],
    )


def downgrade() -> None:
    """No table is left."""
    for table in (
        "entry_reference",
        "entry",
        "case_study_strategy",
        "case_study_district",
        "partnership",
        "funding",
        "scale_figure",
        "outcome",
        "source",
        "case_study",
        "district",
        "organization",
        "indicator",
        "strategy",
        "locale",
        "state",
        "term",
        "revision",
        "record",
    ):
        op.drop_table(table)


def _check(table: str, rule: str, sql: str) -> CheckConstraint:
    return CheckConstraint(sql, name=op.f(f"ck_{table}_{rule}"))


def _year(table: str, column: str) -> CheckConstraint:
    return _check(table, f"{column}_in_range", f"{column} BETWEEN 1800 AND 2100")


def _digits(table: str, column: str, length: int, rule: str) -> CheckConstraint:
    # Neither a pattern nor GLOB means the same on both databases: what is left without digits must be nothing.
    bare = column
    for digit in "0123456789":
        bare = f"replace({bare}, '{digit}', '')"
    return _check(table, rule, f"length({column}) = {length} AND {bare} = ''")
