#!/usr/bin/env bash
# Makes the fonts of shared pictures from those of the pages: resvg reads no woff2, and needs static weights.
#
#   pip install fonttools==4.68.0 brotli
#   ./make.sh FOLDER_OF_WOFF2
#
# Writes schola-bold.otf, schola-regular.otf, franklin.ttf and widths.json: the width of each character
# of schola-bold in thousandths of its size, by which titles are broken into lines.
set -euo pipefail
folder=$(realpath "$1")
cd "$(dirname "$0")"
python3 - "$folder" <<'PROGRAM'
import json
import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path.cwd()
FONTS = {
    "schola-regular": ("Schola", "Regular", "otf"),
    "schola-bold": ("Schola", "Bold", "otf"),
    "franklin": ("Franklin", "Regular", "ttf"),
}

def main(folder: Path) -> None:
    """Write the fonts and the widths."""
    for name, (family, style, extension) in FONTS.items():
        font = TTFont(folder / f"{name}.woff2", recalcTimestamp=False)
        if "fvar" in font:
            font = instantiateVariableFont(font, {"wght": 400})
        font.flavor = None
        for record in font["name"].names:
            texts = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family}-{style}"}
            if record.nameID in texts:
                record.string = texts[record.nameID]
        for number in (16, 17, 21, 22, 25):
            font["name"].removeNames(nameID=number)
        font.save(HERE / f"{name}.{extension}")
        if name == "schola-bold":
            unit = font["head"].unitsPerEm
            widths = {
                chr(code): round(font["hmtx"][glyph][0] * 1000 / unit)
                for code, glyph in font.getBestCmap().items()
            }
            text = json.dumps(widths, ensure_ascii=False, separators=(",", ":"))
            (HERE / "widths.json").write_text(text + "\n", encoding="utf-8")

main(Path(sys.argv[1]))
PROGRAM
