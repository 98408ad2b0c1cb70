"""Kernels for notebooks: forked from a process with the imports done, or started in the ordinary way."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

#: What a kernel finds in its environment, so that a result does not depend on machine, place or time.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "SOURCE_DATE_EPOCH": "1709251200",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel in the folder that is given as ``cwd``, which is also its ``BRIEF_ROOT``."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel."""
        env = {**(kwargs.pop("env", None) or os.environ), **ENVIRONMENT}
        if kwargs.get("cwd"):
            env["BRIEF_ROOT"] = str(kwargs["cwd"])
        return await super().launch_kernel(cmd, env=env, **kwargs)
