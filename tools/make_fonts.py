"""Fill ``report/fonts``: Adobe's Source families whole, and subsets of Google's Noto for the other scripts.

For maintainers; what it writes is kept in the project, so that a build needs no font of the machine. Sources: the npm
packages source-sans and source-serif unpacked into one folder (``npm pack source-sans source-serif``), and Debian's
fonts-noto-core and fonts-noto-cjk. Run ``python -m helpers.brief.make_fonts FOLDER``.

The Source families carry a reserved name under their licence, so they stay unaltered here; Noto reserves none.
The subsets for the web stand under another name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from helpers.brief.web import FACES
from helpers.paths import resolve

NOTO = Path("/usr/share/fonts/truetype/noto")
CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")

WHOLE = (
    "SourceSans3-Regular",
    "SourceSans3-It",
    "SourceSans3-Semibold",
    "SourceSans3-Bold",
    "SourceSerif4-Regular",
    "SourceSerif4-It",
    "SourceSerif4-Semibold",
    "SourceSerif4-SemiboldIt",
)

#: Noto family of each script, without its "NotoSans".
SCRIPTS = (
    *("Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Hebrew"),
    *("Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Sinhala", "Syriac", "Tamil", "Telugu", "Thaana", "Thai"),
)

#: Arrows, technical and mathematical signs, shapes and dingbats: what titles are sprinkled with.
SIGNS = (
    range(0x2100, 0x2400),
    range(0x2460, 0x2500),
    range(0x25A0, 0x2800),
    range(0x2B00, 0x2C00),
    range(0x1F100, 0x1F200),
    range(0x1F300, 0x1F700),
)


#: What the web faces hold: Latin with its accents, punctuation, a few signs.
CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *range(0x2010, 0x2028),
    *(0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044, 0x20AC, 0x2192, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265),
)


def common_east_asian() -> set[int]:
    """Return the everyday characters of Japanese (JIS level 1), Chinese (GB 2312 level 1) and Korean (KS X 1001)."""
    found = {*range(0x3000, 0x3100), *range(0xFF01, 0xFFA0)}
    for codec, first, last in (("euc_jp", 0xB0, 0xCF), ("gb2312", 0xB0, 0xD7), ("euc_kr", 0xB0, 0xC8)):
        for lead in range(first, last + 1):
            for trail in range(0xA1, 0xFF):
                text = bytes((lead, trail)).decode(codec, "ignore")
                found.update(map(ord, text))
    return found


def occurring(folder: str = "data/coded") -> set[int]:
    """Return the code points that occur in the coded sheets."""
    files = sorted(resolve(folder).glob("*.csv"))
    return {ord(sign) for file in files for sign in file.read_text(encoding="utf-8")}


def cut(source: Path, target: Path, characters: Iterable[int] | None, number: int = -1) -> None:
    """Write the subset of `source` that holds `characters` (None: all), without hints, to `target`."""
    options = subset.Options(
        hinting=False, desubroutinize=False, name_IDs=["*"], notdef_outline=True, recalc_timestamp=False
    )
    font = (
        subset.load_font(str(source), options)
        if number < 0
        else TTFont(source, fontNumber=number, recalcTimestamp=False)
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(characters) if characters is not None else sorted(font.getBestCmap()))
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def web_font(path: Path, target: Path, family: str) -> None:
    """Write the font at `path`, cut to `CHARACTERS` under the name `family`, to `target` as WOFF2."""
    options = subset.Options(hinting=False, layout_features=["kern", "liga", "lnum", "tnum", "mark", "mkmk", "ccmp"])
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=CHARACTERS)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16, 21, 25):
            record.string = family.replace(" ", "") if record.nameID == 6 else family
    font.flavor = "woff2"
    font.save(target)


def main(folder: str) -> None:
    """Write all fonts to ``report/fonts`` from the Source packages unpacked in `folder` and from Debian's Noto."""
    target = resolve("report/fonts")
    target.mkdir(parents=True, exist_ok=True)
    for name in WHOLE:
        shutil.copyfile(next(Path(folder).rglob(f"TTF/{name}.ttf")), target / f"{name}.ttf")
    for script in SCRIPTS:
        cut(NOTO / f"NotoSans{script}-Regular.ttf", target / f"NotoSans{script}-Regular.ttf", None)
    signs = {sign for block in SIGNS for sign in block}
    for name in ("Math", "Symbols", "Symbols2"):
        cut(NOTO / f"NotoSans{name}-Regular.ttf", target / f"NotoSans{name}-Subset.ttf", signs | {0xFFFD})
    cut(CJK, target / "NotoSansCJKjp-Subset.otf", common_east_asian() | occurring(), number=0)

    (target / "web").mkdir(exist_ok=True)
    for file, family, _, _ in FACES:
        web_font(target / f"{file}.ttf", target / "web" / f"{file}.woff2", family)


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
