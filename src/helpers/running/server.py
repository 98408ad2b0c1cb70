"""The fork server as the run sees it: started once, asked for kernels and calls, gone when the run ends."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from helpers.running.fingerprint import Contents
from helpers.running.imports import every_module

#: What a kernel finds in its environment, so that a result does not depend on machine, place or time.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
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

#: Set to ``cold`` to have ordinary kernels.
KERNELS = "BRIEF_KERNELS"


class ServerError(Exception):
    """The fork server does not answer, or could not do what was asked."""


def environment(box: Path | str | None = None) -> dict[str, str]:
    """Return the environment of a kernel, with `box` as the project's root."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHONSTARTUP"))}
    return env | ENVIRONMENT | ({"BRIEF_ROOT": str(box)} if box else {})


class Server:
    """A fork server; safe to use from several threads."""

    def __init__(self) -> None:
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = mine
        #: Hashes of the library's modules as they are now, which is how forked kernels may have them.
        self.library = every_module(Contents())
        #: Where kernels have their sockets; the server takes it away at its end, however the run ends.
        self.folder = tempfile.mkdtemp(prefix="brief-")
        self._guard = threading.Lock()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "helpers.running.forkserver", str(other.fileno()), self.folder],
                pass_fds=[other.fileno()],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request and return the answer.

        Raises
        ------
        ServerError
            If the server has died or could not do it.
        """
        with self._guard:
            try:
                self._channel.send(json.dumps(request).encode())
                message = self._channel.recv(1 << 20)
            except OSError as error:
                raise ServerError(str(error)) from None
        if not message:
            raise ServerError("the fork server has died")
        answer: dict[str, Any] = json.loads(message)
        if "error" in answer:
            raise ServerError(answer["error"])
        return answer

    def call(self, function: str, *arguments: Any, box: Path) -> Any:
        """Return what the library's `function` (dotted name) returns for `arguments`, all as JSON can hold it.

        Raises
        ------
        ServerError
            If the call ended with an exception; the message is its traceback.
        """
        with tempfile.TemporaryDirectory(prefix="brief-") as folder:
            to, log = Path(folder) / "result.json", Path(folder) / "log"
            pid = self.ask(
                do="call",
                function=function,
                arguments=arguments,
                to=str(to),
                log=str(log),
                env=environment(box),
                cwd=str(box),
            )["pid"]
            while (code := self.ask(do="poll", pid=pid)["code"]) is None:
                time.sleep(0.02)
            if code or not to.exists():
                raise ServerError(log.read_text(encoding="utf-8", errors="replace") or f"exit status {code}")
            return json.loads(to.read_text(encoding="utf-8"))

    def close(self) -> None:
        """End the server and all that it started."""
        self._channel.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_current: Server | None = None
_stopping = False
_starting = threading.Lock()


def server(*, start: bool = True) -> Server | None:
    """Return this process's fork server, started when first asked for; None where there can be none.

    Raises
    ------
    ServerError
        Once `stop` has been called: nothing may be started any more.
    """
    global _current
    with _starting:
        if _stopping:
            raise ServerError("the run is being stopped")
        if _current is None and start and hasattr(os, "fork") and sys.platform == "linux":
            if os.environ.get(KERNELS) == "cold":
                return None
            with contextlib.suppress(OSError):
                _current = Server()
        return _current


def close() -> None:
    """End this process's fork server, if there is one."""
    global _current
    with _starting:
        if _current is not None:
            _current.close()
        _current = None


def stop() -> None:
    """End the fork server with all kernels, for good: the process is about to end, whatever its threads are doing."""
    global _stopping
    _stopping = True
    with _starting:
        if _current is not None:
            _current.close()


class Child:
    """A forked kernel, with the part of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, owner: Server, pid: int) -> None:
        self.owner = owner
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None:
            try:
                self.returncode = self.owner.ask(do="poll", pid=self.pid)["code"]
            except ServerError:
                self.returncode = -signal.SIGKILL  # kernels die with their server
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended; return its exit code."""
        begun = time.monotonic()
        while (code := self.poll()) is None:
            if timeout is not None and time.monotonic() - begun > timeout:
                raise subprocess.TimeoutExpired("kernel", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it started."""
        with contextlib.suppress(ServerError):
            self.owner.ask(do="signal", pid=self.pid, signal=int(number))

    def kill(self) -> None:
        """Kill the kernel and what it started."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)
