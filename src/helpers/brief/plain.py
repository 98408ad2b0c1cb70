"""Text from sources as plain text: what may stand on a page, and what the PDF's fonts can print."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from urllib.parse import urlsplit

from fontTools.ttLib import TTFont

from helpers.paths import resolve

#: Stands for a character that cannot be shown.
REPLACEMENT = "\u25a1"

#: Signs that steer direction or tag text invisibly: they could turn the text around them, and print nothing.
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]")
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
_VARIATION = re.compile("[\ufe00-\ufe0f\u180b-\u180f]")

_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]*")

#: Longest text from a source that is printed whole in the PDF and the references; the data keep all of it.
LONGEST = 300


def clean(text: object, longest: int | None = None) -> str:
    """Return `text` as one line of plain text: white space folded, steering signs removed, unprintable signs replaced.

    Blank and missing values give an empty text; text longer than `longest` is cut, ending in an ellipsis.
    """
    if text is None or text != text:
        return ""
    folded = _INVISIBLE.sub("", _SPACES.sub(" ", str(text))).strip()
    kept = "".join(_shown(sign) for sign in folded)
    kept = unicodedata.normalize("NFC", kept)
    if longest is not None and len(kept) > longest:
        kept = kept[: longest - 1].rstrip() + "…"
    return kept


def _shown(sign: str) -> str:
    """Return `sign`, or the replacement for control signs, private use, surrogates and non-characters."""
    if sign.isascii() and sign.isprintable():
        return sign
    category = unicodedata.category(sign)
    outside = category in ("Cc", "Co", "Cs") or ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF
    return REPLACEMENT if outside else sign


def safe_address(address: object) -> str:
    """Return `address` if it is one of the web (http or https with a host, no white space), else an empty text."""
    text = "" if address is None or address != address else str(address).strip()
    try:
        host = urlsplit(text).netloc
    except ValueError:
        return ""
    return text if host and _ADDRESS.fullmatch(text) else ""


def anchor(identifier: object) -> str:
    """Return `identifier` as a part of an anchor: ordinary ids stay, any other sign becomes its code in hex."""
    return re.sub(r"[^A-Za-z0-9._-]", lambda found: f"_{ord(found[0]):x}_", str(identifier))


@cache
def coverage() -> tuple[frozenset[int], ...]:
    """Return the characters of each font in ``report/fonts``, the text face first."""
    files = sorted(
        resolve("report/fonts").glob("*.[ot]tf"), key=lambda file: ("Serif4-Regular" not in file.name, file.name)
    )
    return tuple(frozenset(TTFont(file, lazy=True).getBestCmap()) for file in files)


def printable(text: str, bare: bool = False) -> str:
    """Return `text` with each character that no font of ``report/fonts`` holds replaced by a visible sign.

    A base and its combining marks must stand in one font together; else the marks are left out, or the whole is
    replaced. PDF/UA forbids the empty box that a missing letter would leave. With `bare`, nothing is kept that is not
    in the text face by itself: the last resort for text that no shaping can set.
    """
    if text.isascii():
        return text
    if bare:
        return "".join(sign if _plain(sign) else "?" for sign in text)
    fonts = coverage()
    result: list[str] = []
    for cluster in _clusters(_VARIATION.sub("", text)):
        if _covered(cluster, fonts) and (len(cluster) == 1 or ord(cluster[0]) > _WESTERN):
            result.append(cluster)
        else:
            base = cluster[0]
            result.append(base if _covered(base, fonts) and not unicodedata.combining(base) else REPLACEMENT)
    return "".join(result)


#: Last code point of Latin, Greek and Cyrillic, whose letters with marks are single characters where they are words.
_WESTERN = 0x052F


def _plain(sign: str) -> bool:
    return sign.isascii() or (ord(sign) <= _WESTERN and ord(sign) in coverage()[0] and not unicodedata.combining(sign))


def _clusters(text: str) -> list[str]:
    """Split `text` into bases, each with the marks that stand on it; joiners stay only where letters join."""
    found: list[str] = []
    for sign in text:
        if sign in "\u200c\u200d":
            if found and 0x0600 <= ord(found[-1][-1]) <= 0x0DFF:
                found[-1] += sign
        elif found and unicodedata.category(sign) in ("Mn", "Mc", "Me") and not found[-1].isspace():
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _covered(cluster: str, fonts: tuple[frozenset[int], ...]) -> bool:
    needed = {ord(sign) for sign in cluster if sign not in "\u200c\u200d"}
    return any(needed <= font for font in fonts)


_LONG_WORD = re.compile(r"[^\s\u200b]{40,}")


def breakable(text: str) -> str:
    """Return `text` with places to break a line inside very long words, so that none runs off the page."""
    return _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(".{1,20}", word[0])), text)
