"""Citations for reference managers: CSL-JSON, BibTeX and RIS; and the line in APA style."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import Field

from app.catalog.citation import CSL_JSON, PUBLISHER, Citation
from app.catalog.provenance import LICENSE
from app.catalog.shapes import Public

# What LaTeX reads as a command. Braces by their names: BibTeX counts them even behind a backslash.
_LATEX = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\textbar}",
    "`": r"{\textasciigrave}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
# Of two hyphens, apostrophes or commas in a row LaTeX makes one character, unless {} is between.
_SPECIAL = re.compile("|".join([*map(re.escape, _LATEX), "-(?=-)", "'(?=')", ",(?=,)"]))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class CslName(Public):
    """An author."""

    literal: str = Field(description="The name, as it is written.")


class CslDate(Public):
    """A date."""

    date_parts: list[list[int]] = Field(
        alias="date-parts", description="One list: year, month and day (UTC)."
    )


class CslItem(Public):
    """A citation as citeproc and reference managers read it (CSL-JSON 1.0)."""

    id: str = Field(description="Name of this item in a list of references.")
    type: Literal["dataset"] = Field(description="Type of the item.")
    title: str = Field(description="Title of the record, or what the search asks for.")
    author: list[CslName] = Field(description="The directory.")
    publisher: str = Field(description="The directory.")
    issued: CslDate = Field(description="When what is cited last changed.")
    version: str = Field(
        description="Version of the record; of a result, the revision of the directory."
    )
    URL: str = Field(description="Where it can be read.")
    language: str = Field(description="Language, by its code.")
    note: str = Field(description="Revision and license.")


@dataclass(frozen=True, slots=True)
class Format:
    """A format of citations. Without an extension, it is read and not saved."""

    name: str
    label: str
    media_type: str
    meaning: str
    write: Callable[[Citation], str]
    extension: str | None = None


def csl_json(citation: Citation) -> str:
    """The citation as CSL-JSON: one item."""
    item: dict[str, Any] = {
        "id": citation.key,
        "type": "dataset",
        "title": citation.name,
        "author": [{"literal": PUBLISHER}],
        "publisher": PUBLISHER,
        "issued": {"date-parts": [[*citation.changed_at.timetuple()[:3]]]},
        "version": str(citation.number),
        "URL": citation.permanent_address,
        "language": "en",
        "note": _note(citation),
    }
    return orjson.dumps(item).decode()


def bibtex(citation: Citation) -> str:
    """The citation as a BibTeX entry, in UTF-8. Double braces keep capitals as they are."""
    fields = {
        "author": f"{{{{{latex(PUBLISHER)}}}}}",
        "title": f"{{{{{latex(citation.name)}}}}}",
        "year": f"{{{citation.changed_at.year}}}",
        "month": MONTHS[citation.changed_at.month - 1],  # a macro of every style
        "publisher": f"{{{latex(PUBLISHER)}}}",
        "version": f"{{{citation.number}}}",
        "url": f"{{{citation.permanent_address}}}",  # read as it is
        "language": "{english}",
        "note": f"{{{latex(_note(citation))}}}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@misc{{{citation.key},\n{lines}\n}}\n"


def ris(citation: Citation) -> str:
    """The citation as a RIS entry."""
    lines: Iterable[tuple[str, str]] = (
        ("TY", "DATA"),
        ("ID", citation.key),
        ("TI", citation.name),
        ("AU", PUBLISHER),
        ("PB", PUBLISHER),
        ("PY", f"{citation.changed_at:%Y}"),
        ("DA", f"{citation.changed_at:%Y/%m/%d}"),
        ("ET", str(citation.number)),
        ("UR", citation.permanent_address),
        ("LA", "en"),
        ("N1", _note(citation)),
        ("ER", ""),
    )
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines)


def apa(citation: Citation) -> str:
    """The citation in APA style: a line."""
    return f"{citation.text()}\n"


def _note(citation: Citation) -> str:
    license_ = f"License: {LICENSE['name']}, {LICENSE['url']}"
    return f"Revision {citation.revision} of the directory. {license_}"


def latex(text: str) -> str:
    """A text as LaTeX sets it unchanged."""
    return _SPECIAL.sub(lambda match: _LATEX.get(match[0], match[0] + "{}"), text)


FORMATS = {
    format_.name: format_
    for format_ in (
        Format("csl-json", "CSL-JSON", CSL_JSON, "for Zotero and citeproc", csl_json, "json"),
        Format("bibtex", "BibTeX", "application/x-bibtex", "for LaTeX", bibtex, "bib"),
        Format(
            "ris",
            "RIS",
            "application/x-research-info-systems",
            "for EndNote, Mendeley and Zotero",
            ris,
            "ris",
        ),
        Format("apa", "APA", "text/x-bibliography", "a line of text in APA style", apa),
    )
}
DEFAULT = FORMATS["csl-json"]
BY_MEDIA_TYPE = {format_.media_type: format_.name for format_ in FORMATS.values()}
