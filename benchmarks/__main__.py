"""``python -m benchmarks``: measure, and write the table into ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from benchmarks import running

README = Path(__file__).with_name("README.md")
START, END = "<!-- measured -->", "<!-- end of measured -->"


def machine() -> str:
    """Return what was measured on, in a line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"Measured on {cores} cores ({model}), {memory:.0f} GB, Python {platform.python_version()}."


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="how often each way is measured (default 5)")
    parser.add_argument("--sweeps", type=int, default=1, help="how often each sweep is measured (default 1)")
    parser.add_argument("--print", action="store_true", help="print the table, leave README.md alone")
    asked = parser.parse_args()
    lines = "\n".join([machine(), "", *running.table(asked.repeats, asked.sweeps)])
    if asked.print:
        print(lines)
        return
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    README.write_text(f"{before}{START}\n\n{lines}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
