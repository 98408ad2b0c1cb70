"""The choices an analyst could have made, and the sets of incidents they lead to.

Steegen and others (2016) call the whole of them the multiverse. Each choice has a first option, the one that the brief
takes; every option is one that a reasonable analyst could defend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from itertools import product
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.analysis.dating import possible_days
from helpers.cleaning import assemble
from helpers.cleaning.rulings import link
from helpers.parameters import CONFIRMATIONS, ConfirmedBy, Parameters
from helpers.vocabulary import COUNTRIES

Hashes = npt.NDArray[np.uint64]

#: Choice -> option -> its words, the first option being the brief's own. Which options apply depends on the parameters.
CHOICES: dict[str, dict[str, str]] = {
    "who": {
        "anyone": "any report counts",
        "media": "not claims alone",
        "local_official": "officials only",
        "us_official": "US officials only",
    },
    "countries": {
        "all": "all countries",
        **{code: f"{name} alone" for code, name in COUNTRIES.items() if code != "JO"},
    },
    "window": {"whole": "whole window", "late": "first two weeks left out", "early": "last two weeks left out"},
    "dating": {
        "best": "best day",
        "earliest": "earliest day",
        "latest": "latest day",
        "certain": "certain days only",
    },
    "duplicates": {
        "ruled": "all rulings",
        "sure": "only sure rulings",
        "joined": "look-alikes joined",
    },
    "missiles": {
        "coded": "unnamed missiles left out",
        "rocket": "unnamed missiles as rockets",
        "ballistic_missile": "unnamed missiles as ballistic",
    },
    "bounds": {
        "given": "ceasefire’s days",
        "start_early": "from a day earlier",
        "start_late": "from a day later",
        "end_early": "a day less",
        "end_late": "a day more",
        "truce": "from 07:00 to 07:00",
    },
    "against": {
        "outside": "against all other days",
        "before": "against days before",
        "running": "against days before the stop",
    },
    "estimator": {"blocks": "blocks", "scaled": "scaled counts", "exact": "exact Poisson"},
}

#: What each choice is about, for figures.
CHOICE_LABELS = {
    "who": "Who confirms",
    "countries": "Countries",
    "window": "Days counted",
    "dating": "Day of an attack",
    "duplicates": "Duplicates",
    "missiles": "Missiles not named",
    "bounds": "Days of the pause",
    "against": "Compared with",
    "estimator": "Interval",
}


@dataclass(frozen=True)
class Set:
    """One set of dated incidents and the `options` that lead to it first.

    `numbers` are those of its incidents (see `hashes`); `key`, their sum, is the same for the same set.
    """

    options: Mapping[str, str]
    incidents: pd.DataFrame
    parameters: Parameters
    numbers: Hashes
    key: int


def options(parameters: Parameters) -> dict[str, list[str]]:
    """Return choice -> the options that apply: none weaker than a filter that the parameters set."""
    found = {choice: list(words) for choice, words in CHOICES.items()}
    strict = list(get_args(ConfirmedBy))
    found["who"] = strict[strict.index(parameters.confirmed_by) :]
    found["countries"] = ["all", *(c for c in CHOICES["countries"] if c in parameters.countries)]
    if len(parameters.countries) == 1:
        found["countries"] = ["all"]
    if (parameters.window_end - parameters.window_start).days < 56:
        found["window"] = ["whole"]
    return found


def parameters_for(parameters: Parameters, chosen: Mapping[str, str]) -> Parameters:
    """Return `parameters` with the options of who, countries, window and bounds in `chosen` put in."""
    day, fortnight = timedelta(days=1), timedelta(days=14)
    changed: dict[str, object] = {"confirmed_by": chosen.get("who", parameters.confirmed_by)}
    if chosen.get("countries", "all") != "all":
        changed["countries"] = (chosen["countries"],)
    if chosen.get("window") == "late":
        changed["window_start"] = parameters.window_start + fortnight
    if chosen.get("window") == "early":
        changed["window_end"] = parameters.window_end - fortnight
    moved = {"start_early": (-1, 0), "start_late": (1, 0), "end_early": (0, -1), "end_late": (0, 1)}
    start, end = moved.get(chosen.get("bounds", "given"), (0, 0))
    if (parameters.pause_end - parameters.pause_start).days + end - start >= 1:
        changed["pause_start"] = parameters.pause_start + start * day
        changed["pause_end"] = parameters.pause_end + end * day
    return parameters.model_copy(update=changed)


def dated(incidents: pd.DataFrame, option: str) -> pd.DataFrame:
    """Return `incidents` with the day that `option` of dating gives them."""
    if option in ("best", "given"):
        return incidents
    if option == "certain":
        sure = (incidents["date_precision"] == "day") & (incidents["date_earliest"] == incidents["date_latest"])
        return incidents[sure]
    if option in ("earliest", "latest"):
        day = incidents[f"date_{option}"].fillna(incidents["date"])
    else:
        day = possible_days(incidents, option)["best"]
    return incidents.assign(date=pd.to_datetime(day))


def ruled(
    incidents: pd.DataFrame,
    reports: pd.DataFrame | None,
    decisions: pd.DataFrame | None,
    suspects: pd.DataFrame | None,
    sites: pd.DataFrame | None,
    sources: pd.DataFrame | None,
) -> dict[str, pd.DataFrame]:
    """Return option of duplicates -> incidents, made anew from the reports under fewer or more rulings.

    ``sure`` undoes merges and exclusions that the rulings do not call sure, ``joined`` merges every pair of look-alikes
    that no sure ruling keeps apart. Without the tables only ``ruled`` is given.
    """
    found = {"ruled": incidents}
    if reports is None or decisions is None or sites is None or sources is None:
        return found
    known = decisions.astype({column: object for column in decisions.columns if column != "reports"})
    known = known.fillna({column: "" for column in known.columns if column != "reports"})
    told = reports.assign(published=reports["source_id"].map(sources.set_index("source_id")["published"]))
    join = known["action"].isin(["merge", "set_aside"])
    variants = {"sure": known[~(join & (known["confidence"] != "sure"))]}
    if suspects is not None:
        variants["joined"] = pd.concat([known, _joins(known, suspects)], ignore_index=True)
    for option, rulings in variants.items():
        linked = link(told, rulings)
        found[option] = assemble.incidents(told.assign(incident_id=linked.incident_id), sites, linked)[0]
    return found


def _joins(decisions: pd.DataFrame, suspects: pd.DataFrame) -> pd.DataFrame:
    """Return merges, in the form of rulings, for pairs that the rule joins and no sure ruling keeps apart."""
    pairs = suspects[(suspects["kind"] == "duplicate") & suspects["joined"].astype(bool)]
    sure = decisions[(decisions["action"] == "apart") & (decisions["confidence"] == "sure")]
    apart = {frozenset(pair) for pair in zip(sure["incident_key"], sure["into"], strict=True)}
    taken = set(decisions.loc[decisions["action"].isin(["merge", "set_aside"]), "incident_key"])
    rows: list[dict[str, str]] = []
    for one, other in zip(pairs["incident_key"], pairs["other_key"], strict=True):
        first, second = sorted((str(one), str(other)))
        if second not in taken and frozenset((first, second)) not in apart:
            taken.add(second)
            name = f"join-{len(rows) + 1}"
            rows.append({"decision_id": name, "action": "merge", "incident_key": second, "into": first})
    return pd.DataFrame(rows, columns=decisions.columns).fillna("")


def hashes(incidents: pd.DataFrame) -> Hashes:
    """Return one number for each incident that differs with its id and day; their sum stands for the set."""
    words = incidents["incident_id"].astype(str) + incidents["date"].dt.strftime(" %Y-%m-%d")
    return np.array(
        [int.from_bytes(blake2b(w.encode(), digest_size=8).digest(), "big") for w in words], dtype=np.uint64
    )


def sets(variants: Mapping[str, pd.DataFrame], parameters: Parameters) -> list[Set]:
    """Return every different set of incidents that the choices of data lead to, the brief's own first.

    Under a ceasefire from 07:00 to 07:00 (``bounds`` truce) days run from 07:00 as well.
    """
    open_to = options(parameters)
    found: dict[int, Set] = {}
    for duplicates, dating in product(variants, [*open_to["dating"], "truce"]):
        frame = dated(variants[duplicates], dating).sort_values(["date", "incident_id"], ignore_index=True)
        numbers, day = hashes(frame), frame["date"].to_numpy()
        country, confirmation = frame["country"].to_numpy(dtype=str), frame["confirmation"].to_numpy(dtype=str)
        for who, countries, window in product(open_to["who"], open_to["countries"], open_to["window"]):
            chosen = {"who": who, "countries": countries, "window": window, "duplicates": duplicates}
            chosen |= {"dating": "best", "bounds": "truce"} if dating == "truce" else {"dating": dating}
            mine = parameters_for(parameters, chosen)
            counts = np.isin(country, mine.countries) & np.isin(confirmation, CONFIRMATIONS[mine.confirmed_by])
            counts &= (day >= np.datetime64(mine.window_start)) & (day <= np.datetime64(mine.window_end))
            key = int(numbers[counts].sum(dtype=np.uint64))
            if key not in found:
                found[key] = Set(chosen, frame[counts].reset_index(drop=True), mine, numbers[counts], key)
    return list(found.values())
