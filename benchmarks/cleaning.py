"""How fast the cleaning is and how much memory it takes, at 1,000, 100,000 and 1,000,000 generated reports.

    python -m benchmarks.cleaning [ROWS ...]

Each size is generated into a folder of its own (not timed) and then cleaned and published by fresh processes, one a
repeat; the table gives medians of processor seconds, as other work may share the machine.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1_000, 100_000, 1_000_000)
#: Sheets that do not grow.
UNCHANGED = (
    "official_counts", "other_counts", "responses", "context", "forces", "claims", "coding_stretches", "second_coding",
)  # fmt: skip
WINDOW_DAYS, REPORTS_PER_INCIDENT, REPORTS_PER_SOURCE = 136, 5.5, 1.37

#: One repeat: cleans, then publishes, and prints seconds and the peak of memory (ru_maxrss is in KiB on Linux).
ONE_RUN = """
import json, resource, sys, time
from helpers.cleaning import pipeline, publish
coded, out = sys.argv[1:]
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
begun, busy = time.perf_counter(), time.process_time()
result = pipeline.clean(coded, "data/reference")
cleaned, cleaned_busy, cleaned_peak = time.perf_counter() - begun, time.process_time() - busy, peak()
sizes = {name: len(result.tables[name]) for name in ("reports", "incidents")}
publish.store(result.tables, out)
del result
publish.publish(out)
print(json.dumps({
    "clean": cleaned, "clean_busy": cleaned_busy, "clean_peak": cleaned_peak, "peak": peak(),
    "publish": time.perf_counter() - begun - cleaned, "publish_busy": time.process_time() - busy - cleaned_busy,
    **sizes,
}))
"""


def real(name: str) -> pd.DataFrame:
    """Return a real coded sheet as text."""
    return pd.read_csv(ROOT / f"data/coded/{name}.csv", dtype=str, keep_default_na=False)


def generate(rows: int, folder: Path, seed: int = 1, start: date = date(2012, 1, 1), days: int | None = None) -> None:
    """Write coded sheets with `rows` reports into `folder`, dated from `start` on, over `days` where they are given.

    They have the structure of the real ones: as many incidents a site and day, reports an incident, reports a source
    and rulings an incident; a larger record is longer and has more sites, each growing with the root of its size. A
    report's codes are those of a real report; three in four reports of an incident agree with each other.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    reports, scale = real("reports"), math.sqrt(max(rows / 1233, 0.05))
    sites = _sites(scale if days is None else 1)
    incidents = _incidents(rng, rows, sites, start, days or max(round(WINDOW_DAYS * scale), 7))
    sources = _sources(rng, rows, scale)
    of = np.sort(np.concatenate([np.arange(len(incidents)), rng.integers(0, len(incidents), rows - len(incidents))]))
    base = rng.integers(0, len(reports), len(incidents))[of]
    like = np.where(rng.random(rows) < 0.75, base, rng.integers(0, len(reports), rows))
    made = reports.iloc[like].reset_index(drop=True)
    incident = incidents.iloc[of].reset_index(drop=True)
    source = rng.integers(0, len(sources), rows)
    made["source_id"] = sources["source_id"].to_numpy()[source]
    number = pd.Series(source).groupby(source).cumcount() + 1
    made["report_id"] = made["source_id"] + "/" + number.astype(str)
    for column in ("incident_key", "site_id", "country"):
        made[column] = incident[column]
    _days(rng, made, incident["day"])
    made.to_csv(folder / "reports.csv", index=False)
    sources.to_csv(folder / "sources.csv", index=False)
    sites.to_csv(folder / "sites.csv", index=False)
    _decisions(rng, incidents).to_csv(folder / "decisions.csv", index=False)
    for name in UNCHANGED:
        sheet = real(name)
        sheet["source_id"] = sources["source_id"].to_numpy()[np.arange(len(sheet)) % len(sources)]
        keyed = name in ("forces", "coding_stretches", "second_coding")
        (sheet.drop_duplicates("source_id") if keyed else sheet).to_csv(folder / f"{name}.csv", index=False)


def _sites(scale: float) -> pd.DataFrame:
    """Return the real gazetteer, repeated under new ids as the record grows; a copy lies elsewhere and has no alias."""
    known = real("sites")
    copies = [known]
    for copy in range(1, max(round(scale), 1)):
        other = known[~known["site_id"].str.startswith("unspecified")].copy()
        other["site_id"] = other["site_id"] + f"-x{copy}"
        other["name"], other["aliases"] = other["name"] + f" {copy}", ""
        other["lat"] = (other["lat"].astype(float) - 40 + 80 * ((copy * 0.618) % 1)).round(4).astype(str)
        copies.append(other)
    return pd.concat(copies, ignore_index=True)


def _incidents(rng: np.random.Generator, rows: int, sites: pd.DataFrame, start: date, days: int) -> pd.DataFrame:
    number = max(round(rows / REPORTS_PER_INCIDENT), 1)
    place = rng.integers(0, len(sites), number)
    day = rng.integers(0, days, number)
    made = pd.DataFrame({"place": place, "day": day}).sort_values(["day", "place"], ignore_index=True)
    made["n"] = made.groupby(["day", "place"]).cumcount() + 1
    made["site_id"] = sites["site_id"].to_numpy()[made["place"]]
    made["country"] = sites["country"].to_numpy()[made["place"]]
    made["day"] = pd.Timestamp(start) + pd.to_timedelta(made["day"], unit="D")
    made["incident_key"] = made["day"].dt.strftime("%Y-%m-%d") + "-" + made["site_id"] + "-" + made["n"].astype(str)
    return made


def _sources(rng: np.random.Generator, rows: int, scale: float) -> pd.DataFrame:
    known = real("sources")
    number = max(round(rows / REPORTS_PER_SOURCE), 1)
    made = known.iloc[rng.integers(0, len(known), number)].reset_index(drop=True)
    spread = rng.integers(0, max(round(scale), 1), number)
    named = made["outlet"].to_numpy(dtype=object)
    made["outlet"] = [name if not copy else f"{name} {copy}" for name, copy in zip(named, spread, strict=True)]
    made["source_id"] = "source-" + pd.Series(np.arange(number)).astype(str)
    made["published"] = "2024-03-01"
    return made


def _days(rng: np.random.Generator, made: pd.DataFrame, day: pd.Series) -> None:
    """Date the reports: nine in ten by the incident's day, the rest a day off; ranges keep a day on both sides."""
    off = np.where(rng.random(len(made)) < 0.1, rng.integers(-1, 2, len(made)), 0)
    told = day + pd.to_timedelta(off, unit="D")
    exact = (made["date_precision"] == "day").to_numpy()
    made["date"] = told.dt.strftime("%Y-%m-%d")
    for column, shift in (("date_earliest", -1), ("date_latest", 1)):
        bound = (told + pd.Timedelta(days=shift)).dt.strftime("%Y-%m-%d")
        made[column] = np.where(exact, "", bound)


def _decisions(rng: np.random.Generator, incidents: pd.DataFrame) -> pd.DataFrame:
    """Return rulings: of neighbours at one site within two days, some merged and some told apart; a few set aside."""
    ordered = incidents.sort_values(["place", "day", "n"], ignore_index=True)
    later = ordered.shift(-1)
    near = (ordered["place"] == later["place"]) & ((later["day"] - ordered["day"]).dt.days <= 2)
    first = ordered.index[near & (rng.random(len(ordered)) < 0.5)].to_numpy()
    first = first[np.diff(first, prepend=-2) > 1]
    merged = rng.random(len(first)) < 0.5
    free = np.setdiff1d(ordered.index, np.concatenate([first, first + 1]))
    aside = free[rng.random(len(free)) < 0.01]
    keys = ordered["incident_key"].to_numpy()
    rows = pd.DataFrame(
        {
            "action": np.concatenate([np.where(merged, "merge", "apart"), np.full(len(aside), "set_aside")]),
            "incident_key": np.concatenate([keys[first + 1], keys[aside]]),
            "into": np.concatenate([keys[first], np.full(len(aside), "")]),
        }
    )
    blank = rows.assign(report_id="", field="", value="", confidence="sure", reason="generated")
    blank["decision_id"] = "d-" + pd.Series(np.arange(len(rows))).astype(str)
    return blank[real("decisions").columns]


def measure(rows: int, repeats: int) -> dict[str, float]:
    """Generate `rows` reports and clean them `repeats` times, each in a process of its own; return the medians."""
    with tempfile.TemporaryDirectory() as place:
        coded = Path(place) / "coded"
        script = f"from cleaning import generate; from pathlib import Path; generate({rows}, Path({str(coded)!r}))"
        subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT / "benchmarks")
        runs = []
        for repeat in range(repeats):
            command = [sys.executable, "-c", ONE_RUN, str(coded), str(Path(place) / f"clean{repeat}")]
            done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
        return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def table(sizes: Sequence[int] = SIZES, repeats: int = 1) -> list[str]:
    """Measure each of `sizes`; return the lines of the table."""
    lines = ["| reports | incidents | cleaning: CPU s | reports a CPU second | publishing: CPU s | peak memory |"]
    lines.append("|---:|---:|---:|---:|---:|---:|")
    for rows in sizes:
        found = measure(rows, repeats)
        cells = (
            f"{found['reports']:,.0f}", f"{found['incidents']:,.0f}", f"{found['clean_busy']:.1f}",
            f"{found['reports'] / found['clean_busy']:,.0f}", f"{found['publish_busy']:.1f}",
            f"{max(found['clean_peak'], found['peak']):,.0f} MB",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(table([int(each) for each in sys.argv[1:]] or SIZES)))
