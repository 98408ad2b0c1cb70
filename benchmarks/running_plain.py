"""The notebooks' code in one plain Python process: the least that any way of running them can cost.

``python -m benchmarks.running_plain ROOT`` executes the code cells of all notebooks of the project at ROOT, in order,
each notebook in a namespace of its own, and prints for each the seconds, and the processor seconds, that it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def run(root: Path) -> list[tuple[str, float, float]]:
    """Execute the notebooks' code; return (notebook, seconds, processor seconds) for each."""
    from helpers.running.fingerprint import Contents
    from helpers.running.steps import load

    os.environ["BRIEF_ROOT"] = str(root)
    for folder in ("data/clean", "figures", "report/facts", "report/tables"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    taken = []
    for step in load(root / "notebooks", Contents()):
        begun, used = time.perf_counter(), time.process_time()
        space: dict[str, Any] = {"__name__": step.name, "display": lambda *shown, **how: None}
        for cell in json.loads(step.path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
                lines = ("pass" if line.startswith(("%", "!")) else line for line in text.splitlines())
                exec(compile("\n".join(lines), step.name, "exec"), space)
        taken.append((step.name, time.perf_counter() - begun, time.process_time() - used))
    return taken


if __name__ == "__main__":
    for name, seconds, processor in run(Path(sys.argv[1]).resolve()):
        print(f"{name}\t{seconds:.2f}\t{processor:.2f}")
