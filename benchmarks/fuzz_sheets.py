"""The cleaning tried on 10,000 mutated sheets, of which none may end in a traceback or lose a row in silence.

    python benchmarks/fuzz_sheets.py [SHEETS] [--first SEED] [--jobs N]

``make test`` runs a small share of it and ``make soak`` a larger one (tests/test_fuzz_sheets.py, where the rules
stand). A failure names its seed and what was done to which sheet.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))


def batch(first: int, last: int) -> tuple[Counter[str], list[str]]:
    """Clean the mutations of the seeds from `first` up to `last`; return counts of outcomes, and the failures."""
    from mutations import mutate, small_folder
    from test_fuzz_sheets import outcome

    small = small_folder(ROOT / "data/coded")
    seen: Counter[str] = Counter()
    failures = []
    with tempfile.TemporaryDirectory() as place:
        for seed in range(first, last):
            mutant = mutate(small, seed)
            seen["sheets"] += len({told.rsplit(" ", 1)[1] for told in mutant.told})
            seen["folders"] += 1
            try:
                seen[outcome(mutant, Path(place))] += 1
            except Exception as error:
                failures.append(f"seed {seed} ({'; '.join(mutant.told)}): {type(error).__name__}: {str(error)[:300]}")
    return seen, failures


def main() -> int:
    """Run until the asked number of sheets has been mutated; return 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sheets", nargs="?", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    failed: list[str] = []
    seed, step = asked.first, 50
    with ProcessPoolExecutor(asked.jobs) as pool:
        while total["sheets"] < asked.sheets:
            starts = [seed + step * job for job in range(asked.jobs)]
            for seen, failures in pool.map(batch, starts, [start + step for start in starts]):
                total += seen
                failed += failures
                for line in failures:
                    print(line, flush=True)
            seed += step * asked.jobs
            print(f"{total['sheets']:,} sheets in {total['folders']:,} folders: {total['refused']:,} refused, "
                  f"{total['cleaned']:,} cleaned, {len(failed):,} failed", flush=True)  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
