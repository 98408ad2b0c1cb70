"""Kernels for notebooks: forked from a process with the imports done, or started in the ordinary way.

`WarmProvisioner` is registered with jupyter_client under the name ``brief-warm``. Where forking is not possible, or the
fork server has failed, it launches the kernel as jupyter_client's own provisioner does. A run asks for it by `Manager`,
whatever kernels the machine has under other names.
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Type

from helpers.running.server import Child, ServerError, environment, server

NAME = "brief-warm"


def opened(box: Path) -> Path:
    """Return where a kernel that runs in `box` writes which files it has read there."""
    return box.with_name(f"{box.name}.opened")


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel in the folder given as ``cwd``, which is also its ``BRIEF_ROOT``."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel, or launch it by `cmd` where that fails; return the connection's details."""
        cwd = str(kwargs.get("cwd") or Path.cwd())
        kwargs["env"] = environment(cwd)
        launched = await asyncio.to_thread(self._forked, cmd, cwd, kwargs["env"])
        if launched is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid, self.cwd = launched, launched.pid, None, Path(cwd)
        await self._bound(launched)
        return self.connection_info

    async def _bound(self, kernel: Child, patience: float = 20.0) -> None:
        """Wait until the kernel listens: a client that connects to a Unix socket too early tries again late."""
        if self.connection_info.get("transport") != "ipc":
            return
        last = Path(f"{self.connection_info['ip']}-{self.connection_info['hb_port']}")
        until = time.monotonic() + patience
        while not last.exists() and time.monotonic() < until and kernel.poll() is None:
            await asyncio.sleep(0.004)

    def _forked(self, cmd: list[str], cwd: str, env: dict[str, str]) -> Child | None:
        """Return a kernel forked from the server, None if there can be none.

        Raises
        ------
        ServerError
            If the run is being stopped: then no other kernel may be started either.
        """
        if cmd[1:3] != ["-m", "ipykernel_launcher"]:
            return None
        owner = server()
        if owner is None:
            return None
        try:
            answer = owner.ask(do="kernel", argv=cmd[3:], cwd=cwd, env=env, opened=str(opened(Path(cwd))))
            return Child(owner, answer["pid"])
        except ServerError:
            server(start=False)  # tells whether the run is being stopped
            return None

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait briefly for the kernel to end as it was asked to, looking more often than jupyter_client does."""
        until = time.monotonic() + 1.0
        while isinstance(self.process, Child) and await self.poll() is None and time.monotonic() < until:
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
        until = time.monotonic() + (timeout if timeout is not None else 3600.0)
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
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

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
    """Starts the kernel that the run is written for: this Python, by `WarmProvisioner`.

    A kernel specification of the machine need not mean the Python that has the library, nor need there be one.
    """

    client_factory = Type(PromptClient)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": registered()}},
        )


def registered() -> str:
    """Return the provisioner's name, known to jupyter_client even where the package's entry points are not as here."""
    known = KernelProvisionerFactory.instance().provisioners
    try:
        usable = known[NAME].load() is WarmProvisioner
    except (KeyError, ImportError, AttributeError):
        usable = False
    if not usable:
        value = f"{__name__}:{WarmProvisioner.__name__}"
        known[NAME] = EntryPoint(NAME, value, KernelProvisionerFactory.GROUP_NAME)
    return NAME
