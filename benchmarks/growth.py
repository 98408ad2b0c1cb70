"""What each notebook costs when the record grows: processor seconds and peak memory at 1, 10 and 100 times the reports.

    python -m benchmarks.growth [FACTOR ...] [--dense]

The grown record is a longer window (as many attacks a day as the real one), or with ``--dense`` the real window with
more attacks a day. Each notebook's code runs in a process of its own, in order, on results of the notebooks before it;
then the sizes of the pages are told. At 100 times it takes some minutes a notebook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from benchmarks.cleaning import WINDOW_DAYS, generate, real

ROOT = Path(__file__).resolve().parents[1]
FIRST = date(2023, 10, 17)

#: The code cells of one notebook in one process, with parameters set after their cell.
ONE = """
import json, os, resource, sys
path, given = sys.argv[1], json.loads(sys.argv[2])
space = {"__name__": "__main__", "display": lambda *shown, **how: None}
for cell in json.load(open(path, encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), path, "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            space.update({name: value for name, value in given.items() if name in space})
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([sum(u.ru_utime + u.ru_stime for u in used), max(u.ru_maxrss for u in used) / 1024]))
"""


def grown(factor: int, dense: bool, place: Path) -> dict[str, object]:
    """Generate a record of `factor` times the real reports in `place`; return the parameters that read it."""
    rows, days = factor * len(real("reports")), WINDOW_DAYS * (1 if dense else factor)
    generate(rows, place / "coded", start=FIRST, days=days)
    folders = {"coded_dir": "coded", "clean_dir": "clean", "figures_dir": "figures", "report_dir": "report"}
    end = FIRST + timedelta(days=days - 1)
    return {name: str(place / folder) for name, folder in folders.items()} | {"window_end": end.isoformat()}


def measure(parameters: Mapping[str, object]) -> dict[str, tuple[float, float]]:
    """Run every notebook with `parameters`; return name -> (CPU seconds, peak MB)."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        command = [sys.executable, "-c", ONE, str(path), json.dumps(parameters)]
        env = {**os.environ, "BRIEF_ROOT": str(ROOT), "MPLBACKEND": "agg"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{path.stem} failed:\n{done.stderr[-3000:]}")
        cpu, peak = json.loads(done.stdout.splitlines()[-1])
        found[path.stem] = (cpu, peak)
        print(f"{path.stem} {cpu:.1f} s {peak:.0f} MB", file=sys.stderr, flush=True)
    return found


def table(factors: Sequence[int], dense: bool) -> list[str]:
    """Measure the record at each of `factors` times its size; return the lines of the table."""
    columns, sizes = {}, {}
    for factor in factors:
        with tempfile.TemporaryDirectory(prefix="brief-growth-") as folder:
            columns[factor] = measure(grown(factor, dense, Path(folder)))
            files = sorted((Path(folder) / "report").glob("*.*"))
            sizes[factor] = ", ".join(f"{file.name} {file.stat().st_size / 1e6:.1f} MB" for file in files)
    lines = [f"| notebook | {' | '.join(f'{factor} times: CPU s / MB' for factor in columns)} |"]
    lines.append(f"|---|{'---:|' * len(columns)}")
    for name in next(iter(columns.values())):
        lines.append(f"| {name} | {' | '.join(f'{c[name][0]:.1f} / {c[name][1]:.0f}' for c in columns.values())} |")
    return [*lines, f"| files | {' | '.join(sizes.values())} |"]


if __name__ == "__main__":
    print("\n".join(table([int(each) for each in sys.argv[1:] if each.isdigit()] or [1, 10], "--dense" in sys.argv)))
