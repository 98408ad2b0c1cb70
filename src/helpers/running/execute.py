"""Executes one notebook with papermill, in this process, and leaves it without anything that varies.

papermill puts the parameters in and keeps the book; its engine here hands each cell to the IPython shell of an ordinary
kernel, of which only the sockets are missing: what the shell would send to a client becomes the cell's outputs.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What a kernel tells of its language.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


@dataclass(frozen=True)
class Executed:
    """What became of a notebook: the files that it opened, and its fault, with the number of the cell, if it failed."""

    opened: list[str]
    fault: str = ""
    cell: int | None = None


def execute(
    notebook: Path,
    sandbox: Path,
    root: Path,
    output: Path,
    parameters: Mapping[str, Any],
) -> Executed:
    """Run `notebook` with `parameters` in `sandbox`, where this process is; write the executed notebook to `output`."""
    import nbformat
    import papermill
    from papermill.engines import Engine, papermill_engines
    from papermill.exceptions import PapermillExecutionError

    class Here(Engine):  # type: ignore[misc]
        """Executes the cells in this process."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_: Any) -> None:
            """Execute them until one fails."""
            nb_man.nb.metadata["language_info"] = LANGUAGE
            run = _shell()
            for cell in (cell for cell in nb_man.nb.cells if cell.cell_type == "code"):
                nb_man.cell_start(cell)
                if not run(cell):
                    nb_man.cell_exception(cell)
                    return
                nb_man.cell_complete(cell)

    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    papermill_engines.register("here", Here)
    output.parent.mkdir(parents=True, exist_ok=True)
    opened = _watched(str(sandbox))
    fault: tuple[str, int | None] = ("", None)
    how = {"engine_name": "here", "progress_bar": False, "request_save_on_cell_execute": False}
    try:
        papermill.execute_notebook(notebook, output, parameters=dict(parameters), kernel_name="python3", **how)
    except PapermillExecutionError as error:
        fault = _fault(error, nbformat.read(notebook, as_version=4).cells)  # type: ignore[no-untyped-call]
    executed = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.write(tidy(executed, sandbox, root), output)  # type: ignore[no-untyped-call]
    return Executed(sorted(opened), *fault)


def _watched(root: str) -> set[str]:
    """Return the set that from now on takes the files below `root` which this process opens to read."""
    seen: set[str] = set()

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[2] & (os.O_WRONLY | os.O_RDWR):
            path = details[0] if details[0].startswith("/") else f"{root}/{details[0]}"
            if path.startswith(f"{root}/"):
                seen.add(path[len(root) + 1 :])

    sys.addaudithook(watch)
    return seen


def _shell() -> Callable[[Any], bool]:
    """Return what executes a cell in a new shell, puts its outputs into it, and says whether it went well."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from jupyter_client.session import Session
    from nbformat.v4 import output_from_msg
    from traitlets.config import Config

    outputs: list[Any] = []

    class Outputs(Session):
        """Takes what a kernel would send."""

        def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> None:
            """Keep it, if it is an output."""
            kind, told = (
                (msg_or_type, content) if content is not None else (msg_or_type["msg_type"], msg_or_type["content"])
            )
            if kind == "clear_output":
                outputs.clear()
            elif kind == "stream" and outputs and outputs[-1].get("name") == told["name"]:
                outputs[-1]["text"] += told["text"]
            elif kind in {"stream", "display_data", "execute_result", "error"}:
                outputs.append(output_from_msg({"header": {"msg_type": kind}, "content": told}))  # type: ignore[no-untyped-call]

    class Stream(io.TextIOBase):
        """Takes what is printed."""

        def __init__(self, name: str) -> None:
            self.name = name

        def write(self, text: str) -> int:
            """Keep it."""
            session.send(None, "stream", {"name": self.name, "text": text})
            return len(text)

    session = Outputs()
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    own = {"compiler_class": XCachingCompiler, "config": Config(HistoryManager={"enabled": False})}
    shell: Any = ZMQInteractiveShell.instance(**own)
    shell.displayhook.session = shell.display_pub.session = session
    if "pandas" in sys.modules:
        sys.modules["pandas"].set_option("display.max_columns", 20)  # as where IPython was there first
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:  # as if it had been imported in the shell
        inline._enable_matplotlib_integration()

    def run(cell: Any) -> bool:
        if not cell.source.strip():
            return True
        outputs.clear()
        cell.execution_count = shell.execution_count
        done = shell.run_cell(cell.source, store_history=True)
        cell.outputs = list(outputs)
        return bool(done.success)

    return run


def _fault(error: Any, cells: list[Any]) -> tuple[str, int | None]:
    """Return the error in one line, and the number of the failed cell among the notebook's `cells`."""
    lines = str(error.evalue).strip().splitlines()
    number = next((number for number, cell in enumerate(cells, 1) if cell.source == error.source), None)
    return f"{error.ename}: {lines[0] if lines else ''}".rstrip(": "), number


#: Memory addresses, and the file names that IPython gives to cells.
_VARYING = ((re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x…"), (re.compile(r"/[^\s\"']*/ipykernel_\d+/\d+\.py"), "cell"))

#: The name that pandas draws for a styled table, afresh each time.
_TABLE = re.compile(r"\bT_[0-9a-f]{5}(?=[\s\"'_{])")


def tidy(notebook: Any, sandbox: Path, root: Path) -> Any:
    """Return the executed `notebook` with nothing left that depends on when or where it ran."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for number, cell in enumerate(notebook.cells, 1):
        for name in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(name, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
        if cell.cell_type == "code":
            varying = (*_VARYING, (_TABLE, f"T_{number:05}"))
            cell["outputs"] = [_plain(output, (sandbox, root), varying) for output in cell.outputs]
    return notebook


def _plain(value: Any, folders: Sequence[Path], varying: Sequence[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, dict):
        for name in value:
            if name not in {"image/png", "application/pdf"}:
                value[name] = _plain(value[name], folders, varying)
        return value
    if isinstance(value, list):
        return [_plain(part, folders, varying) for part in value]
    if isinstance(value, str):
        for folder in folders:
            value = value.replace(f"{folder}/", "").replace(str(folder), ".")
        for pattern, instead in varying:
            value = pattern.sub(instead, value)
    return value
