"""Executes one notebook through papermill's ordinary engine."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.running.executed import tidy
from helpers.running.forkserver import import_quickly, without_slow_extras
from helpers.running.server import server


@dataclass(frozen=True)
class Fault:
    """Why a notebook failed: the number of the cell among the notebook's cells, and the error in one line."""

    cell: int | None
    error: str


def execute(
    notebook: Path,
    box: Path,
    root: Path,
    output: Path,
    parameters: Mapping[str, Any],
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Fault | None:
    """Run `notebook` with `parameters` in `box`; write the executed notebook to `output`; return the fault, if any.

    `on_cell` is called with the number of code cells done and their total after each.
    """
    without_slow_extras()
    import_quickly("papermill", without="pyarrow")  # papermill's way to Hadoop
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from helpers.running.kernels import Manager

    for name in ("papermill", "traitlets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    total = sum(cell.cell_type == "code" for cell in cells) + bool(parameters)
    done = 0

    def count(**_: Any) -> None:
        nonlocal done
        done += 1
        on_cell(done, total)

    output.parent.mkdir(parents=True, exist_ok=True)
    fault = None
    # Unix sockets in a folder of their own: no ports to run out of or to race for, and nobody else can listen.
    owner = server()
    sockets = tempfile.mkdtemp(prefix="k" if owner else "brief-", dir=owner.folder if owner else None)
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            resources={"metadata": {"path": str(box)}},
            record_timing=False,
            on_cell_executed=count,
            kernel_manager_class=Manager,
            config=Config(
                KernelManager={"transport": "ipc", "ip": f"{sockets}/k", "connection_file": f"{sockets}/kernel.json"}
            ),
        )
    except PapermillExecutionError as error:
        ids = [cell.get("id") for cell in cells]
        executed = nbformat.read(output, as_version=4).cells  # type: ignore[no-untyped-call]
        failed = next((c for c in executed if any(o.output_type == "error" for o in c.get("outputs", []))), None)
        number = ids.index(failed.id) + 1 if failed is not None and failed.id in ids else None
        lines = str(error.evalue).strip().splitlines()
        fault = Fault(number, f"{error.ename}: {lines[0] if lines else ''}".rstrip(": "))
    except RuntimeError as error:
        fault = Fault(None, f"its kernel died: {str(error).splitlines()[0]}")
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    if output.exists():
        finished = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.write(tidy(finished, box, root), output)  # type: ignore[no-untyped-call]
    return fault
