"""Kernels for notebooks, forked from a process with the imports done.

The process that forks is the standard library's fork server, which imports this module and, by it, what notebooks
need. A kernel is in a session of its own and ends, with all it has started, as soon as the run that asked for it is
gone, however the run ended. Where forking is not possible the same kernel is started as a process of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

#: What a kernel finds in its environment, so that a result does not depend on machine, place or time.
ENVIRONMENT = {
    "BRIEF_RUN": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "SOURCE_DATE_EPOCH": "1709251200",  # 1 March 2024, the day after the window
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # Arrow's allocator would start a thread, and a process that forks should have but one.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

#: Variables by which a user's own settings would reach a kernel.
_OWN_SETTINGS = ("LC_", "LANGUAGE", "PYTHON", "MPL", "MATPLOTLIB", "IPYTHON", "JUPYTER", "JPY_", "XDG_", "BRIEF_")

#: Folders of settings, each of which a kernel finds empty.
_CONFIG = (
    "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
)  # fmt: skip

#: Imported before the first kernel is forked, beside what the notebooks name; what is not installed is left out.
MODULES = (
    "ipykernel.ipkernel", "ipykernel.kernelapp", "IPython.core.magics", "comm",
    "pandas.io.formats.style", "matplotlib.pyplot", "matplotlib_inline.backend_inline",
    "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg",
)  # fmt: skip

#: Names modules to import instead, with spaces between.
IMPORTS = "BRIEF_IMPORTS"

#: Set to ``cold`` to have no kernel forked.
KERNELS = "BRIEF_KERNELS"

#: What Ctrl-C or a closed terminal sends to the run, and not to its kernels.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Tells this module that it has been imported by the fork server.
_SERVER = "BRIEF_FORK_SERVER"


class Stopping(Exception):
    """The run is being stopped: nothing may be started any more."""


# --- in the run ------------------------------------------------------------------------------------------------------

_guard = threading.Lock()
_importing = threading.Lock()
_stopping = False
_processes: list[Any] = []
_preload: list[str] = []
_hidden: Path | None = None
_sockets: str | None = None


def environment(root: Path | str | None = None) -> dict[str, str]:
    """Return the environment of a kernel, with `root` as the project's root: none of the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}
    config = (_hidden or Path(tempfile.gettempdir())) / "config"
    own = {name: str(config / name.lower()) for name in _CONFIG}
    return kept | ENVIRONMENT | own | {"JUPYTER_NO_CONFIG": "1"} | ({"BRIEF_ROOT": str(root)} if root else {})


def can_fork() -> bool:
    """Return whether kernels are forked here."""
    return sys.platform == "linux" and os.environ.get(KERNELS) != "cold"


def prepare(hidden: Path, modules: Iterable[str] = ()) -> None:
    """Let the fork server start to import `modules` and what every notebook needs; what is its own is in `hidden`."""
    global _hidden, _preload
    with _guard:
        _hidden = hidden
        for name in _CONFIG:  # libraries leave temporary folders behind where theirs are missing
            with contextlib.suppress(OSError):
                (hidden / "config" / name.lower()).mkdir(parents=True, exist_ok=True)
        asked = os.environ.get(IMPORTS)
        _preload = [*MODULES, *modules] if asked is None else asked.split()
        if can_fork() and not _stopping:
            with contextlib.suppress(OSError), _as_server():
                multiprocessing.forkserver.ensure_running()


@contextlib.contextmanager
def _as_server() -> Iterator[None]:
    """Give the fork server its environment and a place for its socket; let no child import the main module anew."""
    before, main = dict(os.environ), sys.modules["__main__"]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    multiprocessing.get_context("forkserver").set_forkserver_preload([__name__])
    try:
        multiprocessing.current_process()._config["tempdir"] = sockets()  # type: ignore[attr-defined]
        mine = environment() | {_SERVER: "1", IMPORTS: " ".join(_preload)}
        os.environ.clear()
        os.environ.update(mine)
        sys.modules["__main__"] = types.ModuleType("__main__")
        multiprocessing.resource_tracker.ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until it is in a session of its own
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        sys.modules["__main__"] = main
        os.environ.clear()
        os.environ.update(before)


def sockets() -> str:
    """Return the folder in which this process has its sockets, readable by nobody else, as a path that is short.

    A socket's path may have no more than 107 bytes; through the open folder it has, wherever the project lies.
    """
    global _sockets
    if _sockets is None:
        work = (_hidden or Path(tempfile.gettempdir())) / "work"
        for stale in work.glob("sockets-*"):
            if not Path(f"/proc/{stale.name.removeprefix('sockets-')}").exists():
                shutil.rmtree(stale, ignore_errors=True)
        folder = work / f"sockets-{os.getpid()}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        short = f"/proc/{os.getpid()}/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}"
        _sockets = short if Path(short).is_dir() else str(folder)
    return _sockets


def start(target: Callable[..., None], *arguments: Any) -> Any:
    """Return a process forked from the server that calls ``target(*arguments)``.

    Raises
    ------
    Stopping
        Once `stop` has been called.
    OSError, EOFError
        If the server cannot fork.
    """
    with _guard:
        if _stopping:
            raise Stopping("the run is being stopped")
        process = multiprocessing.get_context("forkserver").Process(target=target, args=arguments)
        with _as_server():
            process.start()
        _processes[:] = [other for other in _processes if other.exitcode is None]
        _processes.append(process)
        return process


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `function` returns for `arguments`, called in a process forked from the server.

    Raises
    ------
    RuntimeError
        If it ended with an exception, which is the message, or the process died.
    """
    if not can_fork():
        return function(*arguments)
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with ours:
        with theirs:
            process = start(_answer, theirs, environment(), function, arguments)
        try:
            value, fault = ours.recv()
        except EOFError:
            value, fault = None, "the process died"
        process.join()
    if fault:
        raise RuntimeError(fault)
    return value


def stop() -> None:
    """Kill all kernels and let none be started any more: the process is about to end, whatever its threads do."""
    global _stopping
    _stopping = True
    _kill()


def _kill() -> None:
    for process in list(_processes):
        with contextlib.suppress(OSError, ValueError, AssertionError):
            os.killpg(process.pid, signal.SIGKILL)


def close() -> None:
    """End what is left of the kernels and take away the folder of the sockets; the server ends with this process."""
    global _sockets
    _kill()
    if _sockets is not None:
        shutil.rmtree(os.path.realpath(_sockets), ignore_errors=True)
        _sockets = None


# --- in the fork server and its children ------------------------------------------------------------------------------


def import_quickly(module: str, without: str) -> None:
    """Import `module` as where the package `without`, which it can do without, is not installed."""
    with _importing:
        if module not in sys.modules and without not in sys.modules:
            sys.modules[without] = None  # type: ignore[assignment]
            try:
                importlib.import_module(module)
            finally:
                del sys.modules[without]


def _serve(modules: Iterable[str]) -> None:
    """Become the server: in a session of its own, in no folder of the user's, with the imports done."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _silence()
    os.chdir("/")
    import_quickly("jsonschema", without="rfc3987_syntax")
    import_quickly("ipykernel.debugger", without="debugpy")
    for module in modules:
        with contextlib.suppress(Exception):  # a notebook that needs it says what is wrong with it
            importlib.import_module(module)
    gc.freeze()


def _silence() -> None:

    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def settle(root: str, env: Mapping[str, str]) -> None:
    """Make the forked process one that could have been started afresh in `root`, and that ends with its run."""
    os.setsid()
    run = multiprocessing.parent_process()
    if run is not None:
        threading.Thread(target=_end_with, args=(run,), daemon=True).start()
    for caught in (signal.SIGINT, signal.SIGTERM):
        signal.signal(caught, signal.SIG_DFL)
    _silence()
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(root)
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _end_with(run: Any) -> None:
    """Kill this process and all that it has started once `run` has ended."""
    run.join()
    os.killpg(0, signal.SIGKILL)


def _answer(to: Connection, env: Mapping[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    settle("/", env)
    try:
        to.send((function(*arguments), ""))
    except BaseException:
        to.send((None, traceback.format_exc()))


def forked_kernel(argv: list[str], root: str, env: Mapping[str, str]) -> None:
    """Be a kernel, forked from the server."""
    settle(root, env)
    if "pandas" in sys.modules:
        sys.modules["pandas"].set_option("display.max_columns", 20)  # as where IPython was there first
    kernel(argv)


def kernel(argv: list[str]) -> None:
    """Be an IPython kernel started with `argv`; at its end write which files below the root were read."""
    import ipykernel.kernelapp
    from traitlets.config import Config

    kernelapp: Any = ipykernel.kernelapp

    class App(ipykernel.kernelapp.IPKernelApp):
        """A kernel with no settings but its own, which listens nowhere but on the sockets that it was given."""

        def load_config_file(self, *_: Any, **__: Any) -> None:
            """Load none."""

        def init_code(self) -> None:
            """Run none."""

    plain = kernelapp.IOPubThread
    kernelapp.IOPubThread = lambda socket, **more: plain(socket, **more | {"pipe": False})
    root = os.environ["BRIEF_ROOT"]
    seen: set[str] = set()

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[2] & (os.O_WRONLY | os.O_RDWR):
            path = details[0] if details[0].startswith("/") else f"{root}/{details[0]}"
            if path.startswith(f"{root}/"):
                seen.add(path[len(root) + 1 :])

    sys.addaudithook(watch)
    sys.argv = ["ipykernel_launcher.py", *argv]
    app: Any = App.instance(config=Config(HistoryManager={"enabled": False}))
    app.initialize(argv)
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:  # as if it had been imported in the kernel
        inline._enable_matplotlib_integration()
    app.start()
    opened(Path(root)).write_text(json.dumps(sorted(seen)), encoding="utf-8")


def opened(root: Path) -> Path:
    """Return where a kernel that runs in `root` writes which files it has read there."""
    return root.with_name(f"{root.name}.opened")


if os.environ.pop(_SERVER, None):
    _serve(os.environ.get(IMPORTS, "").split())

if __name__ == "__main__":
    kernel(sys.argv[1:])
