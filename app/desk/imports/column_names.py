"""What each column of a file means: our own names in any spelling, federal names, friendly names.

Federal files say the year of a figure in its header (ELSI) or in a column (CCD, EDGE).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.desk.imports.cells import SCHOOL_YEAR
from app.desk.imports.options import ReadOptions
from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.spelling import nearest

PROBLEM = "problem"  # the column in which refused rows come back with what is wrong with them
URL = "url"
# What the public export of districts has besides: made from other records, so it is not imported.
DERIVED = {
    "district": (
        "region",
        "rurality",
        "strategies",
        "outcomes",
        "case_studies",
        "version",
        "updated_at",
        URL,
    )
}
YEAR = "school_year"  # stands for the year of every federal figure in the row
ELSI, CCD, EDGE, MEMBERSHIP = "ELSI", "CCD LEA directory", "EDGE", "CCD LEA membership"
# Names of columns without case, spaces and punctuation -> field, and the federal file of a figure.
_FEDERAL: dict[str, tuple[str, str]] = {
    "leaid": ("nces_leaid", ""),
    "agencyidncesassigned": ("nces_leaid", ""),
    "leaname": ("name", ""),
    "leanm": ("name", ""),
    "agencyname": ("name", ""),
    "st": ("state", ""),
    "stabr": ("state", ""),
    "stateabbr": ("state", ""),
    "stateabbrev": ("state", ""),
    "statename": ("state", ""),
    "statelocation": ("state", ""),
    "nmcnty": ("county", ""),
    "countyname": ("county", ""),
    "coname": ("county", ""),
    "lcity": ("city", ""),
    "locationcity": ("city", ""),
    "citylocation": ("city", ""),
    "ulocale": ("locale", EDGE),
    "localecode": ("locale", EDGE),
    "urbancentriclocale": ("locale", "CCD"),
    "lat": ("latitude", EDGE),
    "lon": ("longitude", EDGE),
    "member": ("enrollment", MEMBERSHIP),
    "operationalschools": ("schools", CCD),
    "totalnumberoperationalschools": ("schools", CCD),
    "numberofschools": ("schools", CCD),
    "websiteurl": ("website", ""),
    "weburl": ("website", ""),
    "schoolyear": (YEAR, ""),
    "survyear": (YEAR, ""),
}
_FRIENDLY = {
    "district": "name",
    "districtname": "name",
    "schooldistrict": "name",
    "institution": "name",
    "institutionname": "name",
    "agency": "name",
    "leaidnces": "nces_leaid",
    "ncesid": "nces_leaid",
    "ncesdistrictid": "nces_leaid",
    "ncesleaidnumber": "nces_leaid",
    "ncesagencyid": "nces_leaid",
    "students": "enrollment",
    "studentcount": "enrollment",
    "totalstudents": "enrollment",
    "totalenrollment": "enrollment",
    "schoolcount": "schools",
    "stateabbreviation": "state",
    "statecode": "state",
    "lng": "longitude",
    "long": "longitude",
    "homepage": "website",
    "webaddress": "website",
    "alias": "aliases",
    "othernames": "aliases",
    "acronym": "aliases",
    "year": YEAR,
}
# In the order in which columns of the same meaning are preferred.
_HOW = ("mapping", "name", "spelling", "federal", "friendly")
_ELSI = re.compile(r"(?P<name>.+?)\[(?:District|Public School|State)\](?P<when>.*)", re.DOTALL)
_WITH_YEAR = re.compile(r"(locale|lat|lon)(\d{2}|\d{4})")  # LOCALE15, LAT1516
_STUDENTS = re.compile(r"totalstudents(allgrades.*|ugpk|includesae|excludesae)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file. `field`: what it is read as; empty for one that is passed over."""

    position: int  # 1 the first
    name: str
    field: str = ""
    how: str = "unknown"
    source: str = ""  # the federal file of a figure
    year: int | None = None  # that the header says

    def as_dict(self) -> dict[str, object]:
        """The column for the plan."""
        return {
            "position": self.position,
            "name": self.name,
            "field": self.field or None,
            "how": self.how,
        }


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, understood."""

    kind: str
    all: tuple[Column, ...]
    by_field: Mapping[str, Column] = field(default_factory=dict)

    @property
    def is_federal(self) -> bool:
        """Whether a federal agency made the table: its marks and empty cells say nothing."""
        return sum(column.how == "federal" for column in self.all) >= 2

    @property
    def ignored(self) -> tuple[str, ...]:
        """The names of the columns that are passed over."""
        return tuple(
            column.name or f"column {column.position}, without a name"
            for column in self.all
            if not column.field and column.how != "problem"
        )


def fields_of(kind: str) -> tuple[str, ...]:
    """Every column that a file of the kind may have: the fields of the record."""
    return tuple(KINDS[kind].shape.model_fields)


def count_known(kind: str, header: Sequence[str], options: ReadOptions) -> int:
    """How many names of a row are those of columns that we know."""
    columns = _recognized(kind, header, options)
    return len({column.field or column.name for column in columns if column.how in _KNOWN})


def understand(
    kind: str, header: Sequence[str], options: ReadOptions, *, index_column: bool = False
) -> Columns:
    """What the columns of a header mean. Raises Invalid with what the editor has to say.

    `index_column`: the first column has no name, and row numbers in its cells.
    """
    columns = _preferred(_recognized(kind, header, options))
    faults = [*_unknown(kind, columns, options), *_repeated(columns), *_unused(columns, options)]
    by_field = {column.field: column for column in columns if column.field}
    if not faults and (missing := _missing(kind, {*by_field, *options.every_row})):
        faults.append(Fault("missing_column", missing, pointer="/slug"))
    if faults:
        raise Invalid(faults)
    if index_column:
        columns[0] = replace(columns[0], how="row_numbers")
    return Columns(kind, tuple(columns), by_field)


def missing_parts(columns: Columns, options: ReadOptions) -> list[str]:
    """What a file does not say of its federal figures and must be said once, in words."""
    said = {*columns.by_field, *options.every_row}
    lines = []
    for figure in ("locale", "enrollment", "schools", "latitude"):
        column = columns.by_field.get(figure)
        if column is None or column.how in ("name", "spelling"):
            continue
        parts = parts_of(figure)
        has_year = column.year is not None or YEAR in columns.by_field
        derived = {part for part in parts if not part.endswith("_year") or has_year}
        if not (column.source and has_year):
            derived -= {part for part in parts if part.endswith("_source")}
        if not column.source:
            derived.discard("place_basis")
        absent = [part for part in parts if part not in said and part not in derived]
        if absent:
            parameters = " and ".join(f"every_row={part}:{_EXAMPLES[part]}" for part in absent)
            lines.append(
                f"Nothing in the file says {' and '.join(absent)} for {column.name!r}. "
                f"Send the file with, for example, {parameters}."
            )
    return lines


def parts_of(figure: str) -> tuple[str, ...]:
    """The fields that go with a figure."""
    if figure in ("latitude", "longitude"):
        return "place_basis", "place_source"
    if figure in ("locale", "enrollment", "schools"):
        return f"{figure}_year", f"{figure}_source"
    return ()


def derived_parts(column: Column, year: int | None) -> Iterator[tuple[str, object]]:
    """The year, source and basis of a federal figure, as far as the file says them."""
    if column.how in ("name", "spelling"):
        return
    year = column.year or year
    for part in parts_of(column.field):
        if part.endswith("_year") and year is not None:
            yield part, year
        elif part.endswith("_source") and column.source and year is not None:
            yield part, f"NCES {column.source} {year}-{(year + 1) % 100:02d}"
        elif part == "place_basis" and column.source == EDGE:
            yield part, "office"


def year_of(text: str) -> int | None:
    """The first year of a school year such as `2023-2024`."""
    match = SCHOOL_YEAR.search(text)
    return int(match[1]) if match else None


_KNOWN = (*_HOW, "derived", "problem")
_EXAMPLES = {
    "locale_year": "2023",
    "locale_source": "NCES EDGE 2023-24",
    "enrollment_year": "2023",
    "enrollment_source": "NCES CCD LEA membership 2023-24",
    "schools_year": "2023",
    "schools_source": "NCES CCD LEA directory 2023-24",
    "place_basis": "office",
    "place_source": "NCES EDGE 2023-24",
}


def _recognized(kind: str, header: Sequence[str], options: ReadOptions) -> list[Column]:
    mapping = {_key(name): name_of for name, name_of in options.mapping.items()}
    columns = [
        _recognize(kind, Column(position, " ".join(name.split())), mapping)
        for position, name in enumerate(header, 1)
    ]
    columns = _with_website(columns)
    federal = sum(column.how == "federal" for column in columns) >= 2
    return [_with_source(column) if federal else column for column in columns]


def _with_website(columns: list[Column]) -> list[Column]:
    """A column `url` is the website, but not beside our own column of websites or in our export,
    where it is the address of our page."""
    is_export = any(column.how == "derived" and _key(column.name) != URL for column in columns)
    if is_export or any(column.field == "website" for column in columns):
        return columns
    return [
        replace(column, field="website", how="friendly")
        if column.how == "derived" and _key(column.name) == URL
        else column
        for column in columns
    ]


def _recognize(kind: str, column: Column, mapping: Mapping[str, str]) -> Column:
    key = _key(column.name)
    if not column.name:
        return replace(column, how="unnamed")
    if key in mapping:
        return replace(column, field=mapping[key], how="mapping")
    own = {_key(name): name for name in fields_of(kind)}
    if key in own:
        how = "name" if column.name == own[key] else "spelling"
        return replace(column, field=own[key], how=how)
    if key == PROBLEM:
        return replace(column, how="problem")
    if key in {_key(name) for name in DERIVED.get(kind, ())}:
        return replace(column, how="derived")
    return _recognize_federal(column) if kind == "district" else column


def _recognize_federal(column: Column) -> Column:
    elsi = _ELSI.fullmatch(column.name)
    key = _key(elsi["name"] if elsi else column.name)
    year = year_of(elsi["when"]) if elsi else None
    source = ELSI if elsi else ""
    if _STUDENTS.fullmatch(key):
        return replace(column, field="enrollment", how="federal", source=source, year=year)
    if with_year := _WITH_YEAR.fullmatch(key):
        key, year = with_year[1], 2000 + int(with_year[2][:2])
    if key == "locale":
        return replace(column, field="locale", how="federal", source=source or EDGE, year=year)
    if key in _FEDERAL:
        name, file = _FEDERAL[key]
        return replace(column, field=name, how="federal", source=source or file, year=year)
    if elsi and key in fields_of("district"):
        return replace(column, field=key, how="federal", source=source, year=year)
    if key in _FRIENDLY:
        return replace(column, field=_FRIENDLY[key], how="friendly", year=year)
    return column


def _with_source(column: Column) -> Column:
    """A column of a federal table under our own name is a federal figure too."""
    sources = {"locale": EDGE, "latitude": EDGE, "longitude": EDGE}
    if column.how == "spelling" and column.field in sources:
        return replace(column, how="federal", source=sources[column.field])
    return column


def _preferred(columns: list[Column]) -> list[Column]:
    """Of several columns for one field the best; the others are passed over."""
    best: dict[str, Column] = {}
    for column in columns:
        if column.field and (column.field not in best or _rank(column) < _rank(best[column.field])):
            best[column.field] = column
    return [
        column
        if not column.field or _rank(column) == _rank(best[column.field])
        else replace(column, field="", how="duplicate")
        for column in columns
    ]


def _rank(column: Column) -> tuple[int, bool, bool]:
    """ELSI has the agency's name twice, the better one with a year; and states by name and code."""
    is_elsi = _ELSI.fullmatch(column.name) is not None
    # two spellings of our name are one column twice, and neither is better
    how = "name" if column.how == "spelling" else column.how
    return _HOW.index(how), not is_elsi, "statename" in _key(column.name)


def _unknown(kind: str, columns: list[Column], options: ReadOptions) -> Iterator[Fault]:
    unknown = [column for column in columns if column.how == "unknown"]
    if not unknown or options.unknown_columns == "ignore":
        return
    known = fields_of(kind)
    close = {column.name: nearest(column.name, known) for column in unknown}
    named = ", ".join(
        f"{column.name[:60]!r} (column {column.position}{_did_you_mean(close[column.name])})"
        for column in unknown
    )
    what = "These columns are not fields" if len(unknown) > 1 else "This column is not a field"
    yield Fault(
        "unknown_column",
        f"{what} of {KINDS[kind].with_article}: {named}. Send mapping=Column:field for those that are "
        "to be read, and unknown_columns=ignore to pass over the others.",
        pointer=f"/{unknown[0].name[:60]}" if len(unknown) == 1 else "",
        allowed=known,
        nearest=tuple(dict.fromkeys(name for names in close.values() for name in names)),
    )


def _did_you_mean(names: Sequence[str]) -> str:
    return f"; nearest: {', '.join(names)}" if names else ""


def _repeated(columns: list[Column]) -> Iterator[Fault]:
    columns_by_field: dict[str, Column] = {}
    for column in columns:
        if column.field in columns_by_field:
            first = columns_by_field[column.field]
            advice = f"Remove or rename one, or send mapping={column.name}: to pass it over."
            if _key(first.name) == _key(column.name):  # a mapping would mean both
                advice = "Remove or rename one."
            detail = (
                f"Two columns are read as {column.field}: {first.name!r} (column {first.position})"
                f" and {column.name!r} (column {column.position}). {advice}"
            )
            yield Fault("repeated", detail, pointer=f"/{column.field}")
        elif column.field:
            columns_by_field[column.field] = column


def _unused(columns: list[Column], options: ReadOptions) -> Iterator[Fault]:
    names = {_key(column.name) for column in columns}
    for name in options.mapping:
        if _key(name) not in names:
            detail = f"mapping names a column {name!r}, which the file does not have."
            close = tuple(nearest(name, [column.name for column in columns if column.name]))
            yield Fault("unknown_value", detail, parameter="mapping", nearest=close)


def _missing(kind: str, fields: set[str]) -> str | None:
    """Why no row could find or make its record."""
    if kind == "district":
        if fields & {"slug", "nces_leaid"} or {"name", "state"} <= fields:
            return None
        return (
            "The header needs a slug or nces_leaid column, or for new districts name and state. "
            "If the table begins further down, send header_line=N; if a column has another name, "
            "mapping=Column:nces_leaid."
        )
    if fields & {"slug", "title"}:
        return None
    return "The header needs a slug column, or for new case studies a title column."


def _key(name: str) -> str:
    """A column's name without case, spaces, underscores and punctuation."""
    return re.sub(r"[\W_]+", "", name).casefold()
