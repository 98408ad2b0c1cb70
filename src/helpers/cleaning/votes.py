"""Counting what the independent origins of one incident's reports say of one field.

What is said is a list of `Said`. An origin (family) speaks once for each value, with its strongest weight, however
often it is reprinted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from helpers.vocabulary import kin, split, unstated, weapons


class Said(NamedTuple):
    """What one report says: a value, its origin, its weight; only what stands in the lowest tier is chosen from.

    Of one that may say several things, `report` is its number.
    """

    value: Any
    family: Any
    weight: int = 1
    tier: int = 0
    report: int = 0


class Votes(NamedTuple):
    """What stands behind a value: the weight together, and the number of origins."""

    weight: int
    origins: int


class Choice(NamedTuple):
    """What was chosen for one field of one incident of which somebody says something.

    Attributes
    ----------
    value: the value chosen, None if no report's value could be taken; rule: how it was chosen, in words.
    n_independent, n_said: the origins that say this value, and those that say anything.
    others: each value not chosen that disagrees, with the origins that say it.
    low, high: of days and numbers, the bounds; precision: of days, how well it is fixed.
    """

    value: Any
    rule: str
    n_independent: int
    n_said: int
    others: Mapping[Any, int] = MappingProxyType({})
    low: Any = None
    high: Any = None
    precision: str = ""


def tally(said: Iterable[Said]) -> dict[Any, Votes]:
    """Return for each value, in order, what stands behind it."""
    voices: dict[Any, dict[Any, int]] = {}
    for value, family, weight, *_ in said:
        mine = voices.setdefault(value, {})
        mine[family] = max(weight, mine.get(family, 0))
    return {value: Votes(sum(voices[value].values()), len(voices[value])) for value in sorted(voices)}


def heard(said: Iterable[Said]) -> int:
    """Return how many origins say anything."""
    return len({one.family for one in said})


def differing(said: Iterable[Said], chosen: Any) -> dict[Any, int]:
    """Return the values said that are not the one `chosen`, with the origins that say each."""
    return {value: votes.origins for value, votes in tally(said).items() if value != chosen}


def choose(
    said: Sequence[Said], rules: Sequence[str], tie: str, order: Sequence[str] = (), prefer: Any = None
) -> Choice | None:
    """Choose the value with the greatest weight among those of the lowest tier; None if nothing is said.

    Ties go to `prefer`, else to the first in `order`, else to the smallest. How it was chosen is told by the tier's
    line in `rules`, at a tie by `tie`. Others are those of the same tier.
    """
    if not said:
        return None
    tier = min(one.tier for one in said)
    if len({(one.value, one.tier) for one in said}) == 1:
        return Choice(said[0].value, rules[tier], heard(said), heard(said))
    counted = tally(one for one in said if one.tier == tier)
    known = sorted(counted, key=order.index) if order else list(counted)
    ranked = sorted(known, key=lambda value: (-counted[value].weight, value != prefer))
    best, *others = ranked
    tied = bool(others) and counted[others[0]].weight == counted[best].weight
    behind = {value: counted[value].origins for value in others}
    return Choice(best, tie if tied else rules[tier], counted[best].origins, heard(said), behind)


def lower_median(said: Iterable[Said]) -> Any:
    """Return the weighted lower median of the numbers said, None if there are none."""
    counted = tally(said)
    half, reached = sum(votes.weight for votes in counted.values()), 0
    for value, votes in counted.items():
        reached += 2 * votes.weight
        if reached >= half:
            return value
    return None


RULE = "named by most independent origins, officials twice"
TIE = "tie between kinds: the lower rung"
NAMES = "two names for one missile: the one that more weight stands behind"
GENERIC = "kind not said by some: the kind that others name"
UNSAID = "no report names a weapon"


def choose_weapons(reports: Iterable[tuple[str, Any, int]]) -> Choice | None:
    """Return the weapons of an incident: what its origins say together, not the highest that any of them names.

    The rule, in this order:

    1. Each independent origin has one voice for each kind that it names, of weight 2 where an official confirms the
       attack in its text, else 1. Reports that name no weapon have no voice.
    2. A word for no stated kind ("missile" alone) yields: where any origin names a kind that it may mean (a rocket, a
       kind of missile), those who say "missile" count for the kind of these that most name.
    3. Kin are names for one thing in the reports ("close-range" and "short-range" or plain "ballistic"): their voices
       are put together and go to the name that more weight stands behind, at a tie to the lower rung; unless one report
       names two of them. Which words are kin, and what a word may mean, ``weapons.csv`` says.
    4. The leading kind is the one with the greatest weight, at a tie that on the lower rung.
    5. Another kind is kept beside it when more than half of the weight names it, or when at least a third does and one
       report names it together with the leading kind (a mixed salvo that others tell in part).

    A majority of a growing number of reports does not grow with them; the highest kind that anyone names does. Ties go
    down the ladder, so that a doubt never makes an incident an escalation.

    `reports` give their weapons (joined by ``;``, as in the value chosen, there in the ladder's order), their origin
    and their weight; None if no report names a weapon.
    """
    ladder = weapons()
    codes = list(ladder)
    told = [
        Said(codes.index(code), family, weight, report=number)
        for number, (cell, family, weight) in enumerate(reports)
        for code in dict.fromkeys(split(cell))
        if code != "unknown"
    ]
    if not told:
        return None
    before = tally(told)
    said, generic = _yield_generic(told, codes)
    said, renamed = _one_name(told, said, codes)
    counted = tally(said)
    rungs = [np.inf if weapon.rung is None else weapon.rung for weapon in ladder.values()]
    lead, *rest = sorted(counted, key=lambda kind: (-counted[kind].weight, rungs[kind]))
    tied = bool(rest) and counted[rest[0]].weight == counted[lead].weight

    total = sum({one.family: one.weight for one in sorted(said, key=lambda one: one.weight)}.values())
    mixed = {one.report for one in said if one.value == lead}
    beside = {one.value for one in said if one.report in mixed}
    kept = [
        kind
        for kind, (weight, _) in counted.items()
        if kind == lead or weight * 2 > total or (weight * 3 >= total and kind in beside)
    ]
    rule = TIE if tied else NAMES if renamed else GENERIC if generic else RULE
    # a word for no stated kind that yielded is no disagreement
    yielded = {codes.index(code) for code in unstated()} - set(counted)
    others = {codes[kind]: votes.origins for kind, votes in before.items() if kind not in {*kept, *yielded}}
    behind = before[lead].origins if lead in before else 0
    return Choice(";".join(codes[kind] for kind in kept), rule, behind, len({one.family for one in told}), others)


def _yield_generic(told: list[Said], codes: list[str]) -> tuple[list[Said], bool]:
    """Let "missile" count for the kind of missile that most name; say whether it does anywhere."""
    said = told
    for vague, meant in unstated().items():
        leading = _leading(tally(one for one in told if codes[one.value] in meant))
        if leading is not None:
            said = [one._replace(value=leading) if codes[one.value] == vague else one for one in said]
    return said, said != told


def _one_name(told: list[Said], said: list[Said], codes: list[str]) -> tuple[list[Said], bool]:
    """Put the voices for the several names of one thing together; say whether they are anywhere."""
    renamed = False
    for names in kin():
        places = {codes.index(name) for name in names}
        alike = tally(one for one in said if one.value in places)
        both = [one.report for one in told if one.value in places]
        leading = _leading(alike)
        if leading is not None and len(alike) > 1 and len(set(both)) == len(both):
            renamed = True
            said = [one._replace(value=leading) if one.value in places else one for one in said]
    return said, renamed


def _leading(counted: Mapping[int, Votes]) -> int | None:
    """Return the kind with the greatest weight, at a tie the first; None if there is none."""
    return min(counted, key=lambda kind: (-counted[kind].weight, kind), default=None)
