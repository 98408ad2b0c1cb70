"""The fork server: a process with the imports done, from which kernels are forked.

Started by `helpers.running.server.Server` with one end of a socket, and a folder. It takes one request a
message, in JSON, and answers each: ``kernel`` (fork a kernel), ``call`` (fork and call a function), ``poll`` (exit code
of a child), ``signal`` (send a signal to a child's process group). When the other end of the socket closes, because
the run ended or was killed, it kills all that it started and ends. It has one thread, so that a fork copies no locks
held by others, and it never uses ZeroMQ itself: contexts are made after the fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

#: Imported in this order, what the first notebook needs first: requests are served in between, so that the first
#: kernel need not wait for what only later ones use. What is not installed is left out.
MODULES = (
    "ipykernel.ipkernel", "ipykernel.kernelapp", "IPython.core.magics", "comm", "nbformat",
    "numpy", "pandas", "pyarrow.parquet", "pydantic",
    "helpers.parameters", "helpers.tables", "helpers.facts", "helpers.vocabulary",
    "rapidfuzz", "krippendorff", "helpers.cleaning",
    "matplotlib.pyplot", "matplotlib_inline.backend_inline", "matplotlib.backends.backend_svg", "helpers.figures.style",
    "scipy.stats", "scipy.optimize", "statsmodels.api", "statsmodels.formula.api", "astropy.stats", "ruptures",
    "seaborn", "altair", "vl_convert", "jinja2", "yaml", "pypandoc", "typst", "fontTools.ttLib",
)  # fmt: skip

#: Environment variable that names other modules instead, with spaces between.
IMPORTS = "BRIEF_IMPORTS"

PR_SET_PDEATHSIG = 1
LARGEST_MESSAGE = 1 << 20


_importing = threading.Lock()


def import_quickly(module: str, without: str) -> None:
    """Import `module` as where the package `without`, which it can do without, is not installed."""
    with _importing:
        if module not in sys.modules and without not in sys.modules:
            sys.modules[without] = None  # type: ignore[assignment]
            try:
                importlib.import_module(module)
            finally:
                del sys.modules[without]


def without_slow_extras() -> None:
    """Keep jsonschema from building a grammar for internationalised addresses (0.9 s), which nothing here checks."""
    import_quickly("jsonschema", without="rfc3987_syntax")


class ForkServer:
    """Serves requests that come through `channel`; at the end takes away `folder`, which holds the kernels' sockets."""

    def __init__(self, channel: socket.socket, folder: str) -> None:
        self.channel = channel
        self.folder = folder
        self.children: dict[int, int | None] = {}
        self.imported = False

    def serve(self, *, wait: bool) -> None:
        """Answer what has been asked; with `wait`, go on until the other side closes."""
        while wait or select.select([self.channel], [], [], 0)[0]:
            try:
                message = self.channel.recv(LARGEST_MESSAGE)
                if not message:
                    self.end()
                self.channel.send(json.dumps(self.answer(json.loads(message))).encode())
            except OSError:  # the other side was killed between a question and its answer
                self.end()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        do = request["do"]
        try:
            if do == "kernel":
                return {
                    "pid": self.fork(request, lambda: run_kernel(request["argv"], request["cwd"], request["opened"]))
                }
            if do == "call":
                return {"pid": self.fork(request, lambda: run_call(request))}
            if do == "state":
                return {"threads": threads(), "imported": self.imported}
            if do == "poll":
                return {"code": self.poll(request["pid"])}
            if do == "signal":
                if self.poll(request["pid"]) is None:
                    os.killpg(request["pid"], request["signal"])
                return {}
        except Exception as error:  # the server outlives whatever is asked of it
            return {"error": f"{type(error).__name__}: {error}"}
        return {"error": f"unknown request {do}"}

    def fork(self, request: dict[str, Any], work: Callable[[], None]) -> int:
        """Fork a child that does `work` in a session of its own; return its process number.

        Raises
        ------
        OSError
            If there can be no child, or an import has started a thread: its locks would be copied without it.
        """
        if threads() > 1:
            raise OSError("the fork server has more than one thread")
        server = os.getpid()
        gc.freeze()
        pid = os.fork()
        if pid:
            self.children[pid] = None
            return pid
        status = 1
        try:
            self.channel.close()
            settle(server, request)
            work()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)

    def poll(self, pid: int) -> int | None:
        """Return the exit code of a child, None while it runs."""
        if pid not in self.children:
            return 0
        if self.children[pid] is None:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self.children[pid] = os.waitstatus_to_exitcode(status)
        return self.children[pid]

    def end(self) -> NoReturn:
        """Kill all children, with what they started, and end."""
        running = [pid for pid, code in self.children.items() if code is None]
        for pid in running:
            for kill in (os.killpg, os.kill):  # the group, and a child too young to have one
                with contextlib.suppress(OSError):
                    kill(pid, signal.SIGKILL)
        for pid in running:
            with contextlib.suppress(OSError):
                os.waitpid(pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)


def threads() -> int:
    """Return how many threads this process has."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def settle(server: int, request: dict[str, Any]) -> None:
    """Make the forked process one that could have been started afresh."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    for caught in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(caught, signal.SIG_DFL)
    log = os.open(request.get("log", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDWR)
    for number, target in ((0, null), (1, log), (2, log)):
        os.dup2(target, number)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def show_as_in_a_notebook() -> None:
    """Show figures and tables as an ordinary kernel does: libraries see to it as they are imported, before the fork.

    Matplotlib's inline backend hooks itself into IPython; pandas shows up to 20 columns outside a terminal.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        pandas.set_option("display.max_columns", 20)
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:
        inline._enable_matplotlib_integration()


def run_kernel(argv: list[str], box: str, opened: str) -> None:
    """Be an IPython kernel started with `argv`; at its end write to `opened` which files in `box` were read."""
    from ipykernel.kernelapp import IPKernelApp

    seen: set[str] = set()

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[2] & (os.O_WRONLY | os.O_RDWR):
            path = details[0] if details[0].startswith("/") else f"{box}/{details[0]}"
            if path.startswith(f"{box}/"):
                seen.add(path[len(box) + 1 :])

    sys.addaudithook(watch)
    sys.argv = ["ipykernel_launcher.py", *argv]
    app: Any = IPKernelApp.instance()
    app.initialize(argv)
    show_as_in_a_notebook()
    app.start()
    Path(opened).write_text(json.dumps(sorted(seen)), encoding="utf-8")


def run_call(request: dict[str, Any]) -> None:
    """Call ``function(*arguments)`` and write what it returns, as JSON, to the file ``to``."""
    module, name = request["function"].rsplit(".", 1)
    result = getattr(importlib.import_module(module), name)(*request["arguments"])
    Path(request["to"]).write_text(json.dumps(result), encoding="utf-8")


def main(descriptor: int, folder: str) -> None:
    """Import what notebooks need, answering requests in between, then answer until the run ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path = [entry for entry in sys.path if entry]
    server = ForkServer(socket.socket(fileno=descriptor), folder)
    without_slow_extras()
    wanted = os.environ.get(IMPORTS)
    for module in MODULES if wanted is None else wanted.split():
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        if "helpers.tables" in sys.modules:
            server.serve(wait=False)
    server.imported = True
    server.serve(wait=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
