"""Write the ``parameters`` cell of each notebook anew: the parameters it declares, and those that its analysis reads.

What a notebook reads is found in the source: ``p.NAME`` or ``parameters.NAME`` in its own cells, in the modules of
`helpers` that it imports (figures apart: they follow the analysis) and in what those call of the top room.

    python tools/parameter_cells.py notebooks
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat

import helpers
from helpers.parameters import Parameters, cell_source

HELPERS = Path(str(helpers.__file__)).parent
#: Rooms whose reading of a parameter does not make the notebook depend on it.
FOLLOWING = {"figures", "brief", "explorer", "running"}


def imported(tree: ast.AST) -> Iterator[Path]:
    """Yield the files of the modules of `helpers` that a source imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            base = HELPERS.joinpath(*(node.module or "").split(".")[1:])
            for file in (base.with_suffix(".py"), *(base / f"{name.name}.py" for name in node.names)):
                if file.exists() and not FOLLOWING & set(file.relative_to(HELPERS).parts):
                    yield file


def read(tree: ast.AST) -> set[str]:
    """Return the parameters that a source reads of ``p`` or ``parameters``."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in Parameters.model_fields
        if getattr(node.value, "id", getattr(node.value, "attr", "")) in ("p", "parameters")
    }


def called(tree: ast.AST, file: Path) -> Iterator[ast.stmt]:
    """Yield the functions and classes of the module `file` that a source names."""
    names = {getattr(node, "id", getattr(node, "attr", getattr(node, "name", ""))) for node in ast.walk(tree)}
    for part in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(part, ast.FunctionDef | ast.ClassDef) and part.name in names:
            yield part


def needed(sources: Iterable[str]) -> set[str]:
    """Return the parameters that a notebook with these code cells reads."""
    found: set[str] = set()
    for source in sources:
        trees = [ast.parse(source)]
        trees += [ast.parse(file.read_text(encoding="utf-8")) for file in imported(trees[0]) if file.parent != HELPERS]
        for tree in trees:
            found |= read(tree)
            top = (file for file in imported(tree) if file.parent == HELPERS and file.stem != "parameters")
            found |= {name for file in top for part in called(tree, file) for name in read(part)}
    return found


def main(folder: str) -> None:
    """Write the cells of the notebooks in `folder`."""
    for path in sorted(Path(folder).glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in code:
            if "parameters" in cell.metadata.get("tags", []):
                nodes = [node for node in ast.parse(cell.source).body if isinstance(node, ast.AnnAssign)]
                declared = {node.target.id for node in nodes if isinstance(node.target, ast.Name)}
                names = declared | needed(other.source for other in code)
                names |= {"reference_dir"} if "countries" in names else set()  # it lists the countries
                cell.source = cell_source(name for name in Parameters.model_fields if name in names)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1])
