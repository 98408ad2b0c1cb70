"""The notebooks' code in one plain Python process: the least that any way of running them can cost.

``python -m benchmarks.running_plain ROOT`` executes the code cells of all notebooks of the project at ROOT, in order,
each notebook in a namespace of its own, and prints for each the seconds that it took: in all, of the processor, for
imports, for drawing and saving figures, separated by tabs.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Watch:
    """A function that counts the `seconds` spent in it, not those of its calls of itself."""

    def __init__(self, watched: Callable[..., Any]) -> None:
        self.watched = watched
        self.seconds = 0.0
        self.depth = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function."""
        self.depth += 1
        begun = time.perf_counter()
        try:
            return self.watched(*given, **named)
        finally:
            self.depth -= 1
            if not self.depth:
                self.seconds += time.perf_counter() - begun


def run(root: Path) -> list[tuple[str, float, float, float, float]]:
    """Execute the notebooks' code; return (notebook, seconds, processor's, for imports, for figures) for each."""
    imports = builtins.__import__ = Watch(builtins.__import__)
    from helpers.figures import style
    from helpers.running.steps import load

    drawing = style.save = Watch(style.save)

    os.environ["BRIEF_ROOT"] = str(root)
    for folder in ("data/clean", "figures", "report/facts", "report/tables"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    taken = [("libraries", imports.seconds, time.process_time(), imports.seconds, 0.0)]
    for step in load(root / "notebooks"):
        begun, used, imported, drawn = time.perf_counter(), time.process_time(), imports.seconds, drawing.seconds
        space: dict[str, Any] = {"__name__": step.name, "display": lambda *shown, **how: None}
        for cell in json.loads(step.path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
                lines = ("pass" if line.startswith(("%", "!")) else line for line in text.splitlines())
                exec(compile("\n".join(lines), step.name, "exec"), space)
        mine = (time.perf_counter() - begun, time.process_time() - used)
        taken.append((step.name, *mine, imports.seconds - imported, drawing.seconds - drawn))
    return taken


if __name__ == "__main__":
    for name, *seconds in run(Path(sys.argv[1]).resolve()):
        print(name, *(f"{each:.2f}" for each in seconds), sep="\t")
