"""Text in the cells of CSV files that people open in spreadsheet programs.

These programs take a cell that begins with = @ + - or a tab for a formula, quoted or not. An
apostrophe in front makes it text (OWASP, CSV injection); it is taken off when the file is read.
"""

import re

_FORMULA = re.compile(r"'*[ ]*[=@+\-\t\r\n\uff1d\uff20\uff0b\uff0d]")
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")


def as_text(text: str) -> str:
    """The text of a cell so that no program takes it for a formula. Numbers stay as they are."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_written(cell: str) -> str:
    """What a cell says: without the apostrophe that `as_text` put in front."""
    is_formula = cell.startswith("'") and _FORMULA.match(cell)
    return cell[1:] if is_formula else cell
