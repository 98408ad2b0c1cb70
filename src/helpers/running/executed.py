"""Executed notebooks as readers get them: without times, process numbers, paths or anything else that varies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: Memory addresses, and the file names that IPython gives to cells.
_VARYING = ((re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x…"), (re.compile(r"/[^\s\"']*/ipykernel_\d+/\d+\.py"), "cell"))

#: The name that pandas draws for a styled table, afresh each time.
_TABLE = re.compile(r"\bT_[0-9a-f]{5}(?=[\s\"'_{])")


def tidy(notebook: Any, box: Path, root: Path) -> Any:
    """Return the executed `notebook` with nothing left that depends on when or where it ran."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.get("language_info", {}).pop("version", None)  # the same bytes in every Python
    for number, cell in enumerate(notebook.cells, 1):
        for name in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(name, None)
        tags = cell.metadata.get("tags", [])
        if "injected-parameters" in tags:
            cell["id"] = "injected-parameters"
        if cell.cell_type == "code":
            varying = (*_VARYING, (_TABLE, f"T_{number:05}"))
            cell["outputs"] = [_plain(output, box, root, varying) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Join what was printed in several pieces, standard output before errors: cuts and order depend on timing.

    What is shown in between stays where it is: a kernel sends what was printed before it shows anything.
    """
    kept: list[Any] = []
    printed: dict[str, Any] = {}
    for output in outputs:
        if output.output_type == "stream":
            if output.name in printed:
                printed[output.name]["text"] += output.text
            else:
                printed[output.name] = output
            continue
        kept += [*_in_order(printed), output]
        printed = {}
    return kept + _in_order(printed)


def _in_order(printed: dict[str, Any]) -> list[Any]:
    return [printed[name] for name in sorted(printed, reverse=True)]


def _plain(value: Any, box: Path, root: Path, varying: Sequence[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, dict):
        for name in value:
            if name not in {"image/png", "application/pdf"}:
                value[name] = _plain(value[name], box, root, varying)
        return value
    if isinstance(value, list):
        return [_plain(part, box, root, varying) for part in value]
    if isinstance(value, str):
        for folder in (box, root):
            value = value.replace(f"{folder}/", "").replace(str(folder), ".")
        for pattern, instead in varying:
            value = pattern.sub(instead, value)
    return value
