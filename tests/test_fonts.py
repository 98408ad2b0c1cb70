"""The fonts kept in the project: every script of the sources, and a visible sign for what none holds."""

from __future__ import annotations

import typst
from conftest import ROOT

from helpers.brief.plain import REPLACEMENT, coverage, printable

TONGUES = {
    "Arabic": "مسيّرة تستهدف قاعدة عين الأسد",
    "Persian and Urdu": "پایگاه حریر، ڈرون",
    "Kurdish": "هەولێر فڕۆکەخانە",
    "Hebrew": "בסיס אמריקאי",
    "Russian": "авиабаза Айн-эль-Асад",
    "Greek": "αεροπορική βάση",
    "Japanese": "アイン・アル・アサド空軍基地",
    "Chinese": "美军基地遭无人机袭击",
    "Korean": "미군 기지",
    "Hindi": "अमेरिकी दूतावास",
    "Bengali": "মার্কিন ঘাঁটি",
    "Armenian": "ռազմակայան",
    "Georgian": "სამხედრო ბაზა",
    "Thai": "ฐานทัพ",
    "Syriac": "ܕܪܝܟ",
    "Turkish": "İHA saldırısı, üs",
    "Vietnamese": "căn cứ Mỹ",
}


def test_every_language_of_the_sources_can_be_printed() -> None:
    assert {name: printable(text) for name, text in TONGUES.items()} == TONGUES


def test_every_letter_of_the_clean_data_can_be_printed() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "data/clean").glob("*.csv")))
    fonts = coverage()
    missing = {sign for sign in set(texts) if sign.isprintable() and not any(ord(sign) in font for font in fonts)}
    assert missing == set()


def test_what_no_font_holds_is_visible() -> None:
    assert printable("a\U00013000b") == f"a{REPLACEMENT}b"
    assert any(ord(REPLACEMENT) in font for font in coverage())


def test_typst_finds_the_families_by_name() -> None:
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(ROOT / "report/fonts")]
    )
    assert {"Source Serif 4", "Source Sans 3", "Noto Sans Arabic", "Noto Sans CJK JP"} <= set(fonts.families())


def test_licences_and_provenance_stand_beside_the_fonts() -> None:
    for name in ("OFL-Noto.txt", "OFL-Source.txt"):
        assert "SIL OPEN FONT LICENSE" in (ROOT / "report/fonts" / name).read_text(encoding="utf-8")
    assert "fonts-noto-core" in (ROOT / "report/fonts/README.md").read_text(encoding="utf-8")
