"""The command line of ``brief``."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from helpers.running.files import Failure, Refusal, reason
from helpers.running.terminal import complain, say, table, width


class _Commands(click.Group):
    """Commands that say in a line each why they end before their time."""

    def invoke(self, ctx: click.Context) -> Any:
        """Do what is asked for."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            complain(*refusal.lines)
            sys.exit(1 if isinstance(refusal, Failure) else 2)
        except OSError as error:
            complain(reason(error))
        except MemoryError:
            complain("there is not enough memory (see `ulimit -v`); the results in place are as they were")
        sys.exit(1)


class _Pairs(click.Command):
    """A command that takes ``-p NAME=VALUE`` as ``-p NAME VALUE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take them apart."""
        apart: list[str] = []
        for arg in args:
            apart += arg.split("=", 1) if apart[-1:] == ["-p"] else [arg]
        return super().parse_args(ctx, apart)


def _cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_jobs = click.option("--jobs", type=click.IntRange(1), default=_cores, help="How many at once (by default one a core).")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="helpers", prog_name="brief")
def command_line() -> None:
    """Turn the coded sheets into the brief.

    Exit status: 0 done, 1 a notebook failed or results could not be written, 2 bad input or parameter (nothing was
    run), 130 stopped by Ctrl-C.

    Completion of names: eval "$(_BRIEF_COMPLETE=bash_source brief)" in ~/.bashrc; zsh_source or fish_source in those.
    """


@command_line.command(cls=_Pairs)
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter, also as NAME=VALUE.")
@click.option("-f", "file", type=click.Path(path_type=Path), metavar="FILE.yml", help="Take parameters from a file.")
@click.option("--only", metavar="NOTEBOOK", help="Run this notebook, and before it what it reads if out of date.")
@click.option("--name", metavar="RUN", help="Write to runs/RUN (by default named after what differs).")
@click.option("--force", is_flag=True, help="Run notebooks even if nothing changed; with --only, that one alone.")
@_jobs
def run(pairs: Any, file: Path | None, only: str | None, name: str | None, force: bool, jobs: int) -> None:
    """Run what is out of date, in order; say where the brief is.

    `brief parameters` lists the parameters. Several values are joined by commas: -p countries IQ,SY. A file, such as
    settings.yml, holds a line for each:

    \b
        window_end: 2024-01-31
        countries: [IQ, SY]
        confirmed_by: media
    """
    from helpers.paths import project_root
    from helpers.running.files import Layout
    from helpers.running.request import gathered, run_name, strays
    from helpers.running.run import Run, stoppable
    from helpers.running.terminal import Progress

    begun = time.monotonic()
    with stoppable("stopped; the results in place are whole; the next run goes on from here"):
        parameters = gathered(file, pairs)
        layout = Layout(project_root(), run_name(parameters, name))
        work = Run(layout, parameters, only=only, force=force, jobs=jobs, progress=Progress(True))
        say(*strays(work.steps))
        with layout.held():
            done = work.go()
    _conclude(work, done, time.monotonic() - begun)


def _conclude(work: Any, done: list[Any], seconds: float) -> None:
    """Print the last lines: how many notebooks ran, how long it took, and where what was built is."""
    ran = sum(one.how == "ran" for one in done)
    say(f"{ran} of {len(done)} notebooks ran; {seconds:.1f} s" if ran else f"nothing to run; {seconds:.1f} s")
    names = [work.only] if work.only is not None else list(work.state)
    places = [work.layout.shown(work.in_place(path)) for name in names for path in work.state[name]["files"]]
    folders = Counter(str(Path(place).parent) for place in places)
    whose = "all results are" if work.only is None else f"the results of {work.only} are"
    counted = (f"{folder} ({number} file{'' if number == 1 else 's'})" for folder, number in sorted(folders.items()))
    say(f"{whose} in {', '.join(counted)}")
    if work.only is not None:
        say(f"only {work.only} was asked for; `brief run` brings the rest up to date")
    brief = [place for place in places if place.endswith(("/brief.html", "/brief.pdf"))]
    say(*(f"the explorer is in {place}" for place in places if place.endswith("/explorer.html")))
    if brief:
        say("the brief is in " + " and ".join(brief))


@command_line.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="List each row to look at; else they are summed up.")
@click.option("--reference", type=click.Path(path_type=Path), help="Folder of your own words (default data/reference).")
@click.option("--write", "into", type=click.Path(path_type=Path), help="Write checked sheets as CSV to a new folder.")
def check(**asked: Any) -> None:
    """Validate a folder of coded sheets, or a workbook, and list every fault."""
    from helpers.running.sheets import check_sheets

    check_sheets(**asked)


@command_line.command("import")
@click.argument("kind", type=click.Choice(["acled"]))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--into", required=True, type=click.Path(path_type=Path), help="A new folder for the coded sheets.")
@click.option("--reference", type=click.Path(path_type=Path), help="Folder of your own words (default data/reference).")
def import_(kind: str, **asked: Any) -> None:
    """Make coded sheets of other people's data: of an ACLED export."""
    from helpers.running.sheets import import_acled

    import_acled(**asked)


@command_line.command()
def parameters() -> None:
    """List every parameter with type, default and meaning."""
    from helpers.parameters import Parameters, type_name
    from helpers.running.steps import plain

    fields = Parameters.model_fields
    rows = [
        (name, type_name(name), plain(value), fields[name].description or "")
        for name, value in Parameters().values().items()
    ]
    click.echo(table(rows, width()))


@command_line.command()
@click.argument("grid", type=click.Path(path_type=Path), metavar="GRID.yml")
@_jobs
@click.option("--scheduler", metavar="ADDRESS", help="Run the sets on the Dask cluster at this address.")
@click.option("--facts", "facts_only", is_flag=True, help="Compute facts and tables alone: no figures, no brief.")
@click.option("--force", is_flag=True, help="Run every set anew.")
def sweep(grid: Path, jobs: int, scheduler: str | None, facts_only: bool, force: bool) -> None:
    """Run a grid of parameter sets; one table of all facts, and a picture of the headline findings.

    GRID.yml holds the values of each parameter; every combination is a set (here four):

    \b
        window_end: [2023-12-31, 2024-02-29]
        confirmed_by: [anyone, us_official]

    For parameters that move together it holds a list of sets:

    \b
        - {pause_start: 2023-11-24, pause_end: 2023-12-01}
        - {pause_start: 2023-12-24, pause_end: 2023-12-31}

    Results are in runs/GRID: facts.csv, sets.csv, findings.csv, findings.svg, and a folder for each set.
    """
    from helpers.running.run import stoppable
    from helpers.running.sweep import sweep_grid

    with stoppable("stopped; the sets that are done stay; the next sweep goes on from here"):
        sweep_grid(grid, jobs=jobs, scheduler=scheduler, force=force, facts_only=facts_only)


@command_line.group()
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
        raise Refusal(f"{folder}: holds no clean tables; run `brief run` first")
    from helpers.explorer.sqlite import export as write_database

    try:
        write_database(place, path)
    except OSError as error:
        raise Refusal(reason(error)) from None
    click.echo(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    from helpers.running import main

    main()
