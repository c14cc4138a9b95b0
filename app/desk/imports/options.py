"""How an editor wants a file to be read: which columns mean what, and what is said once for all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.errors import Fault, Invalid
from app.records.kinds import KINDS
from app.records.spelling import nearest

NOTHING = ""  # the field of a column that is passed over


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the file itself does not say."""

    unknown_columns: str = "refuse"  # or "ignore"
    placeholders: str = "refuse"  # or "skip"
    header_line: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)  # column -> field, or NOTHING
    every_row: Mapping[str, str] = field(default_factory=dict)  # field -> value

    def as_dict(self) -> dict[str, Any]:
        """The options that differ from the defaults, for the plan."""
        return {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}


_DEFAULTS = asdict(ReadOptions())


def read_pairs(kind: str, mapping: Sequence[str], every_row: Sequence[str]) -> dict[str, Any]:
    """`Column:field` and `field:value` pairs as options. Raises Invalid with every fault."""
    faults: list[Fault] = []
    columns: dict[str, str] = {}
    for pair in mapping:
        column, separator, name = pair.rpartition(":")
        if not separator or not column.strip():
            detail = (
                f"mapping takes Column:field, such as 'Institution:name'. {pair!r} is not that."
            )
            faults.append(Fault("not_a_pair", detail, parameter="mapping"))
            continue
        faults += _unknown_field(kind, name.strip(), "mapping", or_nothing=True)
        columns[column.strip()] = name.strip()
    values: dict[str, str] = {}
    for pair in every_row:
        name, separator, value = pair.partition(":")
        if not separator or not value.strip():
            detail = f"every_row takes field:value, such as 'state:OR'. {pair!r} is not that."
            faults.append(Fault("not_a_pair", detail, parameter="every_row"))
            continue
        faults += _unknown_field(kind, name.strip(), "every_row")
        values[name.strip()] = value.strip()
    if faults:
        raise Invalid(faults)
    return {"mapping": columns, "every_row": values}


def _unknown_field(
    kind: str, name: str, parameter: str, *, or_nothing: bool = False
) -> list[Fault]:
    fields = tuple(KINDS[kind].shape.model_fields)
    if name in fields or (or_nothing and name == NOTHING):
        return []
    noun = KINDS[kind].noun
    detail = f"A {noun} has no field {name[:60]!r}. Use one of: {', '.join(fields)}."
    close = tuple(nearest(name, fields))
    return [Fault("unknown_value", detail, parameter=parameter, allowed=fields, nearest=close)]
