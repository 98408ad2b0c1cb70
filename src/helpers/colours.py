"""How bright a colour looks, which decides whether words can be read on it."""

from __future__ import annotations


def luminance(*channels: float) -> float:
    """Return the relative luminance (WCAG 2.2), 0 to 1, of the `channels` red, green and blue, each 0 to 1."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
