"""How text is stored, however it was typed: composed (NFC), with plain spaces.

Also recognizes marks for a missing value and wrongly decoded text. How text is compared: text.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from typing import Any

from app.errors import Fault
from app.records.text import fold_text

SHOWN = 60  # characters of a text in a message
# Characters that show nothing: controls, soft hyphens, zero-width spaces, joiners and letters, marks
# that turn the direction of text, and tags. They hide in copied text and make it another text.
_INVISIBLE = (
    "\x01-\x08\x0e-\x1b\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS = "\r\x0b\x0c\x1c-\x1f\u2028\u2029"
_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_SPACE = re.compile(f"[{_SPACES}]")
_UNUSUAL = re.compile(f"\r\n|[{_INVISIBLE}{_SPACES}{_BREAKS}]")

# What stands in a table where a value is missing, and what its publishers mean by it.
_MARKS = {
    "-": "missing",
    ".": "missing",
    "*": "suppressed",
    "?": "unknown",
    "\u2020": "not applicable",
    "\u2021": "below quality standards",
    "M": "missing",
    "X": "not applicable",
    "NA": "not applicable",
    "-1": "missing",
    "-2": "not applicable",
    "-3": "suppressed",
    "-9": "below quality standards",
    "-99": "missing",
    "-999": "missing",
    "-9999": "missing",
    "-99999": "missing",
}
_FORMULA_ERROR = "an error of a formula"
_ERRORS = (
    *("#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#spill!", "#calc!"),
    *("#error!", "#getting_data", "#field!", "#blocked!", "#connect!", "#busy!", "#unknown!"),
)
_WORDS = {
    "n/a": "not applicable",
    "n.a.": "not applicable",
    "n.a": "not applicable",
    **dict.fromkeys(_ERRORS, _FORMULA_ERROR),
    "nan": "missing",
    "nat": "missing",
    "none": "missing",
    "null": "missing",
    "tbd": "to be decided",
    "no data": "missing",
    "data not available": "missing",
    "not available": "missing",
    "not applicable": "not applicable",
    "not reported": "missing",
    "missing": "missing",
    "suppressed": "suppressed",
}
_IN_BRACKETS = {
    "blank": "missing",
    "empty": "missing",
    "na": "not applicable",
    "unknown": "unknown",
}
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))
_BRACKETS = re.compile(r"\((.*)\)|<(.*)>|\[(.*)\]")
_NUMBERED_ERROR = re.compile(r"err:\d{3}")
# Acronyms of real districts and programs; a list of other names may hold them.
_OTHER_NAMES = ("aliases", "synonyms", "asked_as")
_TRUE_VALUES = {("longitude", "-99")}  # a line through Texas and the Dakotas

# What a spreadsheet program makes of a name: warned of, but not refused, because it may be one.
_NAMES = ("name", "title", "city", "county")
_FORMULA = re.compile(r"=\s*[-+]?(?:\$?[A-Z]{1,3}\$?\d{1,7}\b|[A-Z][A-Z0-9.]+\().*", re.DOTALL)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE = re.compile(
    rf"\d{{1,2}}-{_MONTH}|{_MONTH}-\d{{1,2}}|\d{{4}}-\d\d-\d\d(?:[t ][\d:.]+z?)?|\d\d?/\d\d?/\d\d(?:\d\d)?"
)

# Two to four bytes of UTF-8, each shown as a character of Windows-1252.
_CONTINUATION = "".join(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0)
)
_BYTES_SHOWN = re.compile(f"[\u00c2-\u00f4][{re.escape(_CONTINUATION)}]{{1,3}}")
_MAC_ROMAN = re.compile("(?<=[A-Za-z])\u221a[^\\s\\d]|\u201a\u00c4[^\\s]")
# An n, e, i, o or u with its accent in the code page of DOS, or an e in that of the Mac.
_CODE_PAGES = re.compile(
    "(?<=[A-Za-z])[\u00a1-\u00a4\u201a\u2021](?=[a-z])|(?<=[a-z])\u017d(?!\\w)"
)
_MAC_DASH = re.compile("(?<=[a-z])\u2013(?=[a-z])")  # an n; in prose it may be a dash
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{2,7}|#[xX][0-9a-fA-F]{2,6});")
_CONTROLS = re.compile("[\u0080-\u009f]")
_LOST_SPACE = re.compile(r"(?<=[a-z])\u00c3(?=\s|$)|\u00e2\u20ac")


def normalize(text: str) -> str:
    """The text as it is stored: composed, with plain spaces and line breaks, nothing invisible."""
    if text.isascii():
        return text if text.isprintable() else _UNUSUAL.sub(_plain, text)
    return _UNUSUAL.sub(_plain, unicodedata.normalize("NFC", text))


def comparison_key(text: str) -> str:
    """The text for comparison, without case, accents and apostrophes."""
    return fold_text(normalize(text)).replace("'", "")


def slug_of(text: str) -> str:
    """The text as part of a slug: folded, in words joined by hyphens."""
    return "-".join(re.findall("[a-z0-9]+", comparison_key(text).replace("&", " and ")))


def mark_meaning(text: str, field: str = "") -> str | None:
    """What a text means if it is only a mark for a missing value, such as `N/A`; else None.

    `field`: the field that holds it. A longitude may be -99, and another name may be NA.
    """
    stripped = normalize(text).strip()
    if (field, stripped) in _TRUE_VALUES or (field in _OTHER_NAMES and stripped.isalpha()):
        return None
    brackets = _BRACKETS.fullmatch(stripped)
    inside = next(filter(None, brackets.groups()), "").strip() if brackets else ""
    return _meaning(stripped) or _meaning(inside) or _IN_BRACKETS.get(inside.lower())


def _meaning(text: str) -> str | None:
    plain = text.translate(_DASHES)
    if len(set(plain)) == 1 and not plain.isalpha():
        plain = plain[0]  # a mark that is repeated, such as `---`
    word = plain.lower().replace(" / ", "/")
    if _NUMBERED_ERROR.fullmatch(word):
        return _FORMULA_ERROR
    return _MARKS.get(plain) or _WORDS.get(word)


def decoded_wrongly(text: str, field: str = "") -> str | None:
    """A piece of the text that shows it was decoded wrongly, such as `Ã±`; else None."""
    if text.isascii():
        return None
    for match in _BYTES_SHOWN.finditer(text):
        for length in (2, 3, 4):
            piece = match[0][:length]
            if len(piece) == length and _is_likely(piece):
                return piece
    patterns = (_MAC_ROMAN, _CODE_PAGES, _CONTROLS, _LOST_SPACE)
    for pattern in (*patterns, _MAC_DASH) if field in _NAMES else patterns:
        if other := pattern.search(text):
            return other[0]
    return None


def html_entity(text: str) -> str | None:
    """A character that the text has as HTML writes it, such as `&amp;`; else None."""
    entities = (match[0] for match in _ENTITY.finditer(text))
    return next((entity for entity in entities if unescape(entity) != entity), None)


def text_warnings(document: Any, pointer: str = "", field: str = "") -> Iterator[Fault]:
    """Texts in a document that are marks for a missing value, or were decoded wrongly.

    In names also what a spreadsheet program made of them: a formula, a date, TRUE.
    """
    if isinstance(document, dict):
        for name, value in document.items():
            yield from text_warnings(value, f"{pointer}/{name}", name)
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from text_warnings(value, f"{pointer}/{position}", field)
    elif isinstance(document, str):
        yield from _text_warnings(document, pointer, field)


def _text_warnings(text: str, pointer: str, field: str) -> Iterator[Fault]:
    if meaning := mark_meaning(text, field):
        verb = "is" if meaning == _FORMULA_ERROR else "means"
        detail = f"{text!r} {verb} {meaning}; it is not a value. Leave the field empty instead."
        yield Fault("placeholder", detail, pointer=pointer)
    elif field in _NAMES and (kind := _no_name(text)):
        detail = f"{text[:SHOWN]!r} looks like {kind}, not like a {field}. Check the {field}."
        yield Fault("placeholder", detail, pointer=pointer)
    elif entity := html_entity(text):
        meant = unescape(entity)
        detail = f"{entity!r} is HTML for {meant!r}. Write the character itself."
        yield Fault("decoded_wrongly", detail, pointer=pointer)
    elif piece := decoded_wrongly(text, field):
        detail = f"{piece!r} shows that this text was decoded wrongly. Type it again."
        yield Fault("decoded_wrongly", detail, pointer=pointer)


def _no_name(text: str) -> str | None:
    """What a text is that can hardly be a name."""
    word = text.strip().lower()
    if word in ("true", "false"):
        return "a truth value"
    if word == "unknown":
        return "a missing value"
    if _FORMULA.fullmatch(text.strip()):
        return "a formula"
    return "a date" if _DATE.fullmatch(word) else None


def _plain(unusual: re.Match[str]) -> str:
    if _BREAK.fullmatch(unusual[0]):
        return "\n"
    return " " if _SPACE.fullmatch(unusual[0]) else ""


def _is_likely(piece: str) -> bool:
    """Whether these characters are the bytes of one common in American and European text."""
    try:
        original = b"".join(_byte(character) for character in piece).decode("utf-8")
    except UnicodeDecodeError:
        return False
    code = ord(original[0])
    return len(original) == 1 and (
        code <= 0x17F
        or 0x2B9 <= code <= 0x2BF
        or 0x2000 <= code <= 0x22FF
        or code == 0xFEFF
        or code >= 0x1F000
    )


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1", "replace")
