"""``make bench``: measure everything side by side, and write the tables into ``benchmarks/README.md``.

    python -m benchmarks [--repeats N] [--factors FACTOR ...] [--rows ROWS ...] [--print]

Ways of running the notebooks in turn, growth of the record in both shapes, and the cleaning of many reports. The load
of the machine is told with each table, since it bears on seconds of the clock and a little on those of the processor.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from benchmarks import cleaning, growth, running

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


def section(title: str, table: list[str]) -> list[str]:
    """Return the lines of one table under its title, with the load of the machine when it ended."""
    return [f"## {title}", "", *table, "", f"Load of the machine when it ended: {os.getloadavg()[0]:.1f}.", ""]


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=3, help="how often each way of running is measured (default 3)")
    parser.add_argument("--factors", type=int, nargs="*", default=[1, 10, 100], help="sizes of the record, of the real")
    parser.add_argument("--rows", type=int, nargs="*", default=cleaning.SIZES, help="reports to clean")
    parser.add_argument("--print", action="store_true", help="print the tables, leave README.md alone")
    asked = parser.parse_args()
    lines = [machine(), ""]
    if asked.repeats:
        lines += section("Ways of running the notebooks", running.table(asked.repeats))
    if asked.factors:
        lines += section("A longer window", growth.table(asked.factors, dense=False))
        lines += section("Denser days", growth.table(asked.factors, dense=True))
    if asked.rows:
        lines += section("Cleaning alone", cleaning.table(asked.rows))
    text = "\n".join(lines)
    if asked.print:
        print(text)
        return
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    README.write_text(f"{before}{START}\n\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
