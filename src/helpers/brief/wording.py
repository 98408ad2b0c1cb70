"""Words around numbers for the sections; see `helpers.figures.wording`."""

from __future__ import annotations

from helpers.figures.wording import Phrase, Printed, choose, count, day, listing, number
from helpers.words import SPELLED, amount
from helpers.words import listing as joined

__all__ = ["SPELLED", "Phrase", "Printed", "amount", "choose", "count", "day", "joined", "listing", "number"]
