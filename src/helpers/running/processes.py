"""Functions called in processes of their own, forked from one that has the imports done.

The process that forks is the standard library's fork server, which imports this module and, by it, what notebooks
need; one that cannot wait for these imports is started afresh. A process is in a session of its own and ends, with all
it has started, as soon as the run that asked for it is gone, however the run ended. Nothing of this listens where
another user could reach it: run and process talk by a pipe.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import random
import resource
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

#: What a process finds in its environment, so that a result does not depend on machine, place or time.
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

#: Variables by which a user's own settings would reach a process.
_OWN_SETTINGS = ("LC_", "LANGUAGE", "PYTHON", "MPL", "MATPLOTLIB", "IPYTHON", "JUPYTER", "JPY_", "XDG_", "BRIEF_")

#: Folders of settings, each of which a process finds empty.
_CONFIG = ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")

#: Imported before anything is forked, beside what the notebooks name; what is not installed is left out.
MODULES = (
    "papermill", "ipykernel.zmqshell", "pandas.io.formats.style", "matplotlib.pyplot",
    "matplotlib_inline.backend_inline", "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg",
)  # fmt: skip

#: jsonschema's grammar for addresses: slow to import, and nobody here uses it.
_LEFT_OUT = "rfc3987_syntax"

#: Names modules to import instead, with spaces between.
IMPORTS = "BRIEF_IMPORTS"

#: Set to ``cold`` to have no process forked but each started afresh, as where forking is not safe.
HOW = "BRIEF_PROCESSES"

#: What Ctrl-C or a closed terminal sends to the run, and not to its processes.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Tells this module that it has been imported by the fork server.
_SERVER = "BRIEF_FORK_SERVER"


class Died(RuntimeError):
    """A process could not start, or ended without an answer, or may not start as the run is being stopped; says why."""


# --- in the run ------------------------------------------------------------------------------------------------------

_guard = threading.Lock()
_stopping = False
_processes: list[Any] = []
_preload: list[str] = []
_hidden: Path | None = None
_sockets: str | None = None


def environment(root: Path | str | None = None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process, `root` being the project's: none of the user's own settings, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}
    config = (_hidden or Path(tempfile.gettempdir())) / "config"
    own = {name: str(config / name.lower()) for name in _CONFIG}
    return kept | ENVIRONMENT | own | ({"BRIEF_ROOT": str(root)} if root else {}) | dict(more or {})


def _context() -> Any:
    forks = sys.platform == "linux" and os.environ.get(HOW) != "cold"
    return multiprocessing.get_context("forkserver" if forks else "spawn")


def prepare(hidden: Path, modules: Iterable[str] = ()) -> bool:
    """Let the fork server start to import `modules` and what every notebook needs; what is its own is in `hidden`.

    Return whether it starts only now, so that a process would have to wait for its imports.
    """
    global _hidden, _preload
    with _guard:
        _hidden, starts = hidden, not _preload
        for name in _CONFIG:  # libraries leave temporary folders behind where theirs are missing
            with contextlib.suppress(OSError):
                (hidden / "config" / name.lower()).mkdir(parents=True, exist_ok=True)
        asked = os.environ.get(IMPORTS)
        _preload = [*MODULES, *modules] if asked is None else asked.split()
        if _context().get_start_method() == "forkserver" and not _stopping:
            with contextlib.suppress(OSError), _as_child(_context()):
                multiprocessing.forkserver.ensure_running()
        return starts


@contextlib.contextmanager
def _as_child(context: Any) -> Iterator[None]:
    """Give what is started its environment and a place for its socket; let no child import the main module anew."""
    before, main = dict(os.environ), sys.modules["__main__"]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    mine = environment()
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([__name__])
        mine |= {_SERVER: "1", IMPORTS: " ".join(_preload)}
    try:
        multiprocessing.current_process()._config["tempdir"] = sockets()  # type: ignore[attr-defined]
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
    """Return the folder in which this process has its socket, readable by nobody else, as a path that is short.

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


def call(
    function: Callable[..., Any],
    *arguments: Any,
    root: Path | str | None = None,
    more: Mapping[str, str] | None = None,
    afresh: bool = False,
) -> Any:
    """Return what `function` returns for `arguments`, called in a process of its own in the folder `root`.

    `more` goes into its environment. With `afresh` it imports what it needs itself, and waits for no server's imports.

    Raises
    ------
    Died
        If the process could not start, or ended before the function did; always, once `stop` has been called.
    RuntimeError
        If the function ended with an exception: its traceback.
    """
    process = None
    try:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        with ours:
            with theirs:
                process = _start(root, more, afresh, theirs, function, arguments)
            kind, value = ours.recv()
    except (OSError, EOFError, MemoryError) as error:
        raise Died(_why(process, error)) from None
    process.join(5)
    with contextlib.suppress(ProcessLookupError):  # what it may have left behind
        os.killpg(process.pid, signal.SIGKILL)
    if kind == "fault":
        raise RuntimeError(value)
    return value


def _start(root: Path | str | None, more: Mapping[str, str] | None, afresh: bool, *answer: Any) -> Any:
    with _guard:  # the environment of this process is not its own while another thread starts something
        if _stopping:
            raise Died("the run is being stopped")
        context = multiprocessing.get_context("spawn") if afresh else _context()
        process = context.Process(target=_answer, args=(str(root or "/"), environment(root, more), *answer))
        with _as_child(context):
            process.start()
        _processes[:] = [other for other in _processes if other.exitcode is None]
        _processes.append(process)
        return process


def _why(process: Any, error: BaseException) -> str:
    """Return why there is no answer."""
    if process is None:
        return f"it could not be started: {error or type(error).__name__}"
    process.join(5)
    code = process.exitcode or 0
    return f"its process died ({signal.Signals(-code).name if code < 0 else f'status {code}'})"


def limits() -> str:
    """Return which limits of the shell may be why something failed, and what to do; nothing if none is set."""
    files, memory = resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_AS)[0]
    low = [f"{files} open files (`ulimit -n 1024` raises it)"] if files < 256 else []
    if memory != resource.RLIM_INFINITY:
        low.append(f"{memory // 2**20:,} MB of memory (`ulimit -v unlimited` lifts it)")
    return f"; this shell allows {' and '.join(low)}" if low else ""


def stop() -> None:
    """Kill all processes and let none be started any more: the run is about to end, whatever its threads do."""
    global _stopping
    _stopping = True
    _kill()


def _kill() -> None:
    for process in list(_processes):
        with contextlib.suppress(OSError, ValueError, AssertionError):
            os.killpg(process.pid, signal.SIGKILL)


def close() -> None:
    """End what is left of the processes and take away the socket's folder; the server ends with this process."""
    global _sockets
    _kill()
    if _sockets is not None:
        shutil.rmtree(os.path.realpath(_sockets), ignore_errors=True)
        _sockets = None


# --- in the fork server and its children ------------------------------------------------------------------------------


def _serve(modules: Iterable[str]) -> None:
    """Become the server: in a session of its own, in no folder of the user's, with the imports done."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _silence()
    os.chdir("/")
    sys.modules[_LEFT_OUT] = None  # type: ignore[assignment]
    for module in modules:
        with contextlib.suppress(Exception):  # a notebook that needs it says what is wrong with it
            importlib.import_module(module)
    gc.freeze()


def _silence() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def _answer(
    root: str,
    env: Mapping[str, str],
    to: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    """Be the process: one that could have been started afresh in `root`, and that ends with its run."""
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
    sys.modules.setdefault(_LEFT_OUT, None)  # type: ignore[arg-type]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    try:
        to.send(("done", function(*arguments)))
    except Exception:
        to.send(("fault", traceback.format_exc()))


def _end_with(run: Any) -> None:
    """Kill this process and all that it has started once `run` has ended."""
    run.join()
    os.killpg(0, signal.SIGKILL)


if os.environ.pop(_SERVER, None):
    _serve(os.environ.get(IMPORTS, "").split())
