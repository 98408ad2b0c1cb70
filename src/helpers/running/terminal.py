"""Lines and tables that break at words on a terminal, and stay as they are in a file or a pipe."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click


def width(*, err: bool = False) -> int | None:
    """Return the columns of the terminal that the output (`err`: the error output) goes to, None where it is none."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def folded(text: str, columns: int | None, indent: int = 2) -> str:
    """Return `text` with line breaks between words so that it fits `columns`; what follows a break is set in.

    A word longer than a line, such as a path, is left whole.
    """
    if columns is None:
        return text
    return textwrap.fill(text, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def tell(text: str, *, err: bool = False) -> None:
    """Print `text`, folded."""
    click.echo(folded(text, width(err=err)), err=err)


def table(lines: Iterable[Sequence[str]], columns: int | None) -> str:
    """Return `lines` of cells, aligned; cells are folded where the lines would not fit `columns`."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = list(lines)
    across = list(zip(*lines, strict=True))
    widths = [max(map(cell_len, column)) + 2 for column in across]
    # What goes to no terminal takes as many columns as it needs; on one, names are folded last.
    room = columns or sum(widths)
    names = [not any(" " in cell for cell in column) for column in across]
    whole = sum(width if name else 10 for width, name in zip(widths, names, strict=True)) <= room
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        made.add_column(overflow="fold", no_wrap=name and whole)
    for line in lines:
        made.add_row(*map(Text, line))
    console = Console(file=io.StringIO(), width=room, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(made)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
