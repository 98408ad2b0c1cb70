"""Which modules of the library a notebook's results depend on, read from the import statements alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from helpers.running.fingerprint import Contents

PACKAGE = "helpers"
LIBRARY = Path(__file__).resolve().parents[1]


def mentioned(source: str, module: str = "", *, package: bool = False) -> list[str]:
    """Return the dotted names that `source` imports from the library, also those inside functions.

    ``from helpers import facts`` gives both ``helpers`` and ``helpers.facts``; which of them are modules is for
    `closure` to see. `module` is the name of the module that `source` is, for relative imports (`package`: a package).
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + (1 if package else 0)
                base = ".".join([*parts[:keep], *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return sorted(name for name in found if name == PACKAGE or name.startswith(PACKAGE + "."))


def notebook_imports(cells: Iterable[str]) -> list[str]:
    """Return what the code `cells` of a notebook import from the library; lines for IPython alone are left out."""
    found: set[str] = set()
    for source in cells:
        plain = "\n".join("pass" if line.lstrip()[:1] in {"%", "!", "?"} else line for line in source.splitlines())
        try:
            found.update(mentioned(plain))
        except SyntaxError:
            continue  # the notebook will say so itself, with the cell, when it runs
    return sorted(found)


def file_of(module: str, library: Path = LIBRARY) -> Path | None:
    """Return the file of the library's `module`, None if it is no module."""
    place = library.joinpath(*module.split(".")[1:])
    if place.is_dir():
        return place / "__init__.py" if (place / "__init__.py").is_file() else None
    return place.with_suffix(".py") if module != PACKAGE and place.with_suffix(".py").is_file() else None


def every_module(contents: Contents, library: Path = LIBRARY) -> dict[str, str]:
    """Return module -> hash for all modules of the library."""
    found = {}
    for path in sorted(library.rglob("*.py")):
        parts = (PACKAGE, *path.relative_to(library).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = contents.hash(path) or ""
    return found


def closure(names: Iterable[str], contents: Contents, library: Path = LIBRARY) -> dict[str, str]:
    """Return module -> hash for all modules of the library that `names` lead to, directly or through others."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            module = ".".join(parts[:depth])
            path = None if module in found else file_of(module, library)
            if path is None:
                continue
            found[module] = contents.hash(path) or ""
            package = path.name == "__init__.py"
            waiting += contents.derived(
                path, "imports", lambda raw, m=module, p=package: mentioned(raw.decode("utf-8"), m, package=p)
            )
    return dict(sorted(found.items()))
