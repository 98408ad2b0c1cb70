"""The command ``brief``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click


def _refuse(*lines: str) -> NoReturn:
    for text in lines:
        click.echo(f"brief: {text}", err=True)
    sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="helpers", prog_name="brief")
def main() -> None:
    """Turn the coded sheets into the brief.

    Exit status: 0 done, 1 a notebook failed or results could not be written, 2 bad input or parameter (nothing was
    run), 130 stopped by Ctrl-C.
    """


@main.command()
@click.option(
    "-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter; `brief parameters` lists them."
)
@click.option(
    "-f", "file", type=click.Path(path_type=Path), metavar="FILE.yml", help="Take parameters from a YAML file."
)
@click.option(
    "--only", metavar="NOTEBOOK", help="Run this notebook, and before it those it reads from that are out of date."
)
@click.option("--name", metavar="RUN", help="Write to runs/RUN (by default named after what differs).")
@click.option("--force", is_flag=True, help="Run notebooks even if nothing changed; with --only, that one alone.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Notebooks at once (by default one a core).")
def run(
    pairs: tuple[tuple[str, str], ...],
    file: Path | None,
    only: str | None,
    name: str | None,
    force: bool,
    jobs: int | None,
) -> None:
    """Run what is out of date, in order; say where the brief is."""
    from helpers.running.command import run_brief

    sys.exit(run_brief(pairs, file, only=only, name=name, force=force, jobs=jobs))


@main.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="List each row to look at; else they are summed up.")
@click.option("--reference", type=click.Path(path_type=Path), help="Folder of your own words (default data/reference).")
@click.option("--write", "into", type=click.Path(path_type=Path), help="Write checked sheets as CSV to a new folder.")
def check(folder: Path | None, every: bool, reference: Path | None, into: Path | None) -> None:
    """Validate a folder of coded sheets, or a workbook, and list every fault."""
    from helpers.running.sheets import check_sheets

    sys.exit(check_sheets(folder, every=every, reference=reference, into=into))


@main.command("import")
@click.argument("kind", type=click.Choice(["acled"]))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--into", required=True, type=click.Path(path_type=Path), help="A new folder for the coded sheets.")
@click.option("--reference", type=click.Path(path_type=Path), help="Folder of your own words (default data/reference).")
def import_(kind: str, file: Path, into: Path, reference: Path | None) -> None:
    """Make coded sheets of other people's data: of an ACLED export."""
    from helpers.running.sheets import import_acled

    sys.exit(import_acled(file, into, reference))


@main.command()
def parameters() -> None:
    """List every parameter with type, default and meaning."""
    from helpers.parameters import Parameters, type_name
    from helpers.running.terminal import table, width

    values = Parameters().values()
    rows = [
        (
            name,
            type_name(name),
            ",".join(value) if isinstance(value, list) else str(value),
            Parameters.model_fields[name].description or "",
        )
        for name, value in values.items()
    ]
    click.echo(table(rows, width()))


@main.command()
@click.argument("grid", type=click.Path(path_type=Path))
@click.option("--jobs", type=click.IntRange(1), default=None, help="Sets at once (by default one a core).")
@click.option("--scheduler", metavar="ADDRESS", help="Run the sets on the Dask cluster at this address.")
@click.option("--force", is_flag=True, help="Run every set anew.")
def sweep(grid: Path, jobs: int | None, scheduler: str | None, force: bool) -> None:
    """Run a grid of parameter sets; one table of all facts."""
    from helpers.running.sweep import sweep_grid

    sys.exit(sweep_grid(grid, jobs=jobs, scheduler=scheduler, force=force))


@main.group()
def export() -> None:
    """Write the clean tables in another form."""


@export.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--from", "folder", default="data/clean", show_default=True, help="Folder of the clean tables.")
def sqlite(path: Path, folder: str) -> None:
    """Write the clean tables as one SQLite file."""
    from helpers.paths import resolve

    place = resolve(folder)
    if not (place / "incidents.parquet").is_file():
        _refuse(f"{folder}: holds no clean tables; run `brief run` first")
    try:
        from helpers.explorer.sqlite import export as write_database

        write_database(place, path)
    except OSError as error:
        _refuse(f"{error.filename or path}: {error.strerror or error}")
    click.echo(f"{path}: {path.stat().st_size:,} bytes")
