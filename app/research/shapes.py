"""The public shapes of exported rows, made from the columns of each table."""

from datetime import datetime
from functools import cache
from typing import Any, Literal

from pydantic import Field, create_model

from app.catalog.shapes import CaseStudyDocument, DistrictDocument, Public
from app.research.columns import Column
from app.research.tables import TABLES, Table

DOCUMENTS: dict[str, type[Public]] = {
    "case-studies": CaseStudyDocument,
    "districts": DistrictDocument,
}
FEATURE: Any = Literal["Feature"]
FEATURES: Any = Literal["FeatureCollection"]
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "datetime": datetime,
}


class Geometry(Public):
    """The position of a district, or of each district of a case study (RFC 7946)."""

    type: Literal["Point", "MultiPoint"] = Field(description="Point for one position.")
    coordinates: list[Any] = Field(description="Degrees east, then degrees north.")


@cache
def row(table: Table) -> type[Public]:
    """A row of a table, as JSON has it."""
    fields: dict[str, Any] = {column.name: _field(column) for column in table.columns}
    return create_model(
        f"{_name(table)}Row", __base__=Public, __doc__=f"A row of the table {table.name}.", **fields
    )


def document(table: Table) -> type[Public]:
    """What a JSON export of a table lists: whole records where it is of records, else rows."""
    return DOCUMENTS.get(table.name) or row(table)


@cache
def collection(table: Table) -> type[Public]:
    """A table of records as GeoJSON."""
    name = _name(table)
    feature = create_model(
        f"{name}Feature",
        __base__=Public,
        __doc__="A record with its position.",
        type=(FEATURE, Field(description="Always Feature.")),
        id=(str, Field(description="Public id of the record.")),
        geometry=(
            Geometry | None,
            Field(description="Where its districts are; null where no position is known."),
        ),
        properties=(row(table), Field(description="The columns of the table.")),
    )
    return create_model(
        f"{name}Collection",
        __base__=Public,
        __doc__="Records with their positions.",
        type=(FEATURES, Field(description="Always FeatureCollection.")),
        license=(str, Field(description="URL of the license of the data.")),
        features=(list[feature], Field(description="The records.")),
    )


def _field(column: Column) -> Any:
    type_ = TYPES[column.type]
    shown = list[type_] if column.is_list else type_ | None  # type: ignore[valid-type]
    return (shown, Field(description=column.description))


def _name(table: Table) -> str:
    return table.name.title().replace("-", "")


SHAPES = tuple(
    shape
    for table in TABLES.values()
    for shape in (document(table), *([collection(table)] if table.is_of_records else []))
)
