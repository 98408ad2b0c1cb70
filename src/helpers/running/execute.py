"""Executes one notebook through papermill's ordinary engine, and leaves it without anything that varies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Type

from helpers.running import kernels

#: Seconds that a kernel may take to start: the first one waits for the imports.
PATIENCE = 60.0


@dataclass(frozen=True)
class Fault:
    """Why a notebook failed: the number of the cell among the notebook's cells, and the error in one line."""

    cell: int | None
    error: str


class Forked:
    """A forked kernel, with the part of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self.process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        code: int | None = self.process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended; return its exit code."""
        self.process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill the kernel and what it started."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


class Provisioner(LocalProvisioner):
    """Starts a kernel in the folder given as ``cwd``, which is its ``BRIEF_ROOT``: forked, where that is possible."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel, or launch it by `cmd` where that fails; return the connection's details."""
        root = str(kwargs["cwd"])
        kwargs["env"] = kernels.environment(root) | {"JPY_PARENT_PID": str(os.getpid())}
        if kernels.can_fork():
            with contextlib.suppress(OSError, EOFError):
                process = await asyncio.to_thread(
                    kernels.start, kernels.forked_kernel, cmd[3:], root, kernels.environment(root)
                )
                self.process = Forked(process)
                self.pid, self.pgid, self.cwd = process.pid, None, Path(root)
        if self.process is None:
            quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
            await super().launch_kernel(cmd, **kwargs | quiet)
        await self._listens()
        return self.connection_info

    async def _listens(self) -> None:
        """Wait until the kernel listens: a client that connects to a Unix socket too early tries again late."""
        last = Path(f"{self.connection_info['ip']}-{self.connection_info['hb_port']}")
        until = time.monotonic() + PATIENCE
        while not last.exists() and time.monotonic() < until and self.process.poll() is None:
            await asyncio.sleep(0.004)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait briefly for the kernel to end as it was asked to, looking more often than jupyter_client does."""
        until = time.monotonic() + 5.0
        while await self.poll() is None and time.monotonic() < until:
            await asyncio.sleep(0.004)


class PromptClient(AsyncKernelClient):
    """A client that knows a kernel is ready when it says so, where jupyter_client waits for 0.2 s of silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered and its answers' broadcasts arrive too.

        Raises
        ------
        RuntimeError
            If the kernel died or `timeout` seconds passed.
        """
        until = time.monotonic() + (timeout if timeout is not None else PATIENCE)
        while True:
            asked = self.kernel_info()
            try:
                reply = await self.shell_channel.get_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply" and await self._idle_after(asked):
                    self._handle_kernel_info_reply(reply)
                    return
            except Empty:
                pass
            if not await self.is_alive():
                raise RuntimeError("it died before it was ready")
            if time.monotonic() > until:
                raise RuntimeError(f"it did not answer for {timeout} seconds")

    async def _idle_after(self, asked: str) -> bool:
        """Read broadcasts up to the one that ends the request `asked`; False if none comes (not yet connected)."""
        try:
            while True:
                message = await self.iopub_channel.get_msg(timeout=0.2)
                mine = message.get("parent_header", {}).get("msg_id") == asked
                if mine and message["content"].get("execution_state") == "idle":
                    return True
        except Empty:
            return False


class Manager(AsyncKernelManager):
    """Starts the kernel that the run is written for: this Python, whatever else the machine calls ``python3``."""

    client_factory = Type(PromptClient)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification."""
        argv = [sys.executable, "-m", kernels.__name__, "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **more: Any) -> Any:
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        self.provisioner = Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**more)


def execute(
    notebook: Path,
    sandbox: Path,
    root: Path,
    output: Path,
    parameters: Mapping[str, Any],
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Fault | None:
    """Run `notebook` with `parameters` in `sandbox`; write the executed notebook to `output`; return the fault, if any.

    `on_cell` is called with the number of code cells done and their total after each.
    """
    kernels.import_quickly("jsonschema", without="rfc3987_syntax")  # a grammar for addresses: nothing here checks any
    kernels.import_quickly("papermill", without="pyarrow")  # papermill's way to Hadoop
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

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
    sockets = tempfile.mkdtemp(prefix="k", dir=kernels.sockets())
    place = {"transport": "ipc", "ip": f"{sockets}/k", "connection_file": f"{sockets}/kernel.json"}
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            resources={"metadata": {"path": str(sandbox)}},
            record_timing=False,
            start_timeout=PATIENCE,
            on_cell_executed=count,
            kernel_manager_class=Manager,
            config=Config(KernelManager=place),
        )
    except PapermillExecutionError as error:
        fault = _fault(error, cells, nbformat.read(output, as_version=4).cells)  # type: ignore[no-untyped-call]
    except kernels.Stopping:
        raise
    except (RuntimeError, OSError, EOFError, MemoryError, zmq.ZMQError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        fault = Fault(None, f"its kernel died: {reason}{_limits()}")
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    if output.exists():
        finished = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.write(tidy(finished, sandbox, root), output)  # type: ignore[no-untyped-call]
    return fault


def _limits() -> str:
    """Return which limits of the shell may be why a kernel could not start, and what to do; nothing if none is set."""
    files, memory = resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_AS)[0]
    low = [f"{files} open files (`ulimit -n 1024` raises it)"] if files < 256 else []
    if memory != resource.RLIM_INFINITY:
        low.append(f"{memory // 2**20:,} MB of memory (`ulimit -v unlimited` lifts it)")
    return f"; this shell allows {' and '.join(low)}" if low else ""


def _fault(error: Any, cells: list[Any], executed: list[Any]) -> Fault:
    ids = [cell.get("id") for cell in cells]
    failed = next((cell for cell in executed if cell.metadata.get("papermill", {}).get("exception")), None)
    number = ids.index(failed.id) + 1 if failed is not None and failed.id in ids else None
    if not error.traceback:  # the kernel could not even say what was wrong
        return Fault(number, f"its kernel could not go on{_limits()}")
    lines = str(error.evalue).strip().splitlines()
    return Fault(number, f"{error.ename}: {lines[0] if lines else ''}".rstrip(": "))


#: Memory addresses, and the file names that IPython gives to cells.
_VARYING = ((re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x…"), (re.compile(r"/[^\s\"']*/ipykernel_\d+/\d+\.py"), "cell"))

#: The name that pandas draws for a styled table, afresh each time.
_TABLE = re.compile(r"\bT_[0-9a-f]{5}(?=[\s\"'_{])")


def tidy(notebook: Any, sandbox: Path, root: Path) -> Any:
    """Return the executed `notebook` with nothing left that depends on when or where it ran."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.get("language_info", {}).pop("version", None)  # the same bytes in every Python
    for number, cell in enumerate(notebook.cells, 1):
        for name in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(name, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
        if cell.cell_type == "code":
            varying = (*_VARYING, (_TABLE, f"T_{number:05}"))
            cell["outputs"] = [_plain(output, (sandbox, root), varying) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Join what was printed in several pieces, standard output before errors: cuts and order depend on timing.

    What is shown in between stays where it is: a kernel sends what was printed before it shows anything.
    """
    kept: list[Any] = []
    printed: dict[str, Any] = {}
    for output in [*outputs, None]:
        if output is None or output.output_type != "stream":
            kept += [printed[name] for name in sorted(printed, reverse=True)]
            kept += [output] if output is not None else []
            printed = {}
        elif output.name in printed:
            printed[output.name]["text"] += output.text
        else:
            printed[output.name] = output
    return kept


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
