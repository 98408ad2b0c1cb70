"""The command ``brief run``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click

from helpers.paths import project_root
from helpers.running.fingerprint import Contents
from helpers.running.layout import Layout
from helpers.running.request import checked, gathered, output_folders, run_name
from helpers.running.run import Done, Failure, Run, cores
from helpers.running.steps import Refusal, load


def run_brief(
    pairs: Iterable[tuple[str, str]],
    file: Path | None,
    *,
    only: str | None = None,
    name: str | None = None,
    force: bool = False,
    jobs: int | None = None,
) -> int:
    """Do what ``brief run`` is asked for; return the exit status."""
    from helpers.running.progress import reporter

    begun = time.monotonic()
    try:
        root = project_root()
        parameters = checked(gathered(file, pairs))
        layout = Layout(root, run_name(parameters, name))
        folders = output_folders(parameters, root, layout.name)
        contents = Contents(layout.hidden / "contents.json")
        steps = load(root / "notebooks", contents)
        only = _named(only, [step.name for step in steps])
        report = reporter()
        work = Run(
            layout, steps, parameters, contents, report, jobs=jobs or cores(), force=force, only=only, folders=folders
        )
        with held(layout):
            done = work.go()
        contents.save()
    except Refusal as refusal:
        for line in refusal.lines:
            click.echo(f"brief: {line}", err=True)
        return 2
    except Failure as failure:
        for line in failure.lines:
            click.echo(f"brief: {line}", err=True)
        return 1
    except OSError as error:
        click.echo(
            f"brief: {error.strerror or error}{f': {error.filename}' if error.filename else ''}; nothing was changed",
            err=True,
        )
        return 1
    except KeyboardInterrupt:
        click.echo("brief: stopped; what was there before is untouched, the next run goes on from here", err=True)
        sys.stderr.flush()
        os._exit(130)
    _tell(work, done, time.monotonic() - begun)
    return 0


def held(layout: Layout):  # type: ignore[no-untyped-def]
    """Hold the run's lock, or refuse and say who holds it."""
    from contextlib import contextmanager

    from filelock import FileLock, Timeout

    @contextmanager
    def holding():  # type: ignore[no-untyped-def]
        layout.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(layout.lock)
        holder = layout.lock.with_suffix(".pid")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            try:
                who = f" (process {holder.read_text(encoding='utf-8').strip()})"
            except OSError:
                who = ""
            raise Refusal(
                f"another run of {layout.shown(layout.base)} is at work{who}; wait for it or stop it"
            ) from None
        try:
            holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
        finally:
            lock.release()

    return holding()


def _named(only: str | None, names: list[str]) -> str | None:
    """Return the step that the user means by `only`: its name, file or number."""
    if only is None:
        return None
    stem = Path(only).name.removesuffix(".ipynb")
    found = [name for name in names if name == stem or name.split("_")[0] == stem or name.split("_", 1)[-1] == stem]
    if len(found) != 1:
        raise Refusal(f"--only: there is no notebook {only}; there are {', '.join(names)}")
    return found[0]


def _tell(work: Run, done: list[Done], seconds: float) -> None:
    """Print the last lines: where the brief is, and how long each notebook took."""
    ran = [one for one in done if one.how == "ran"]
    if ran:
        click.echo("took " + ", ".join(f"{one.name} {one.seconds:.1f} s" for one in ran) + f"; all {seconds:.1f} s")
    else:
        click.echo(f"nothing to run; {seconds:.1f} s")
    report = (
        work.layout.root / work.folders["report_dir"]
        if work.folders["report_dir"] != "report"
        else work.layout.base / "report"
    )
    found = [path for path in (report / "brief.html", report / "brief.pdf") if path.exists()]
    if work.only is not None:
        click.echo(f"only {work.only} was asked for; `brief run` brings the rest up to date")
    if found:
        click.echo("the brief is in " + " and ".join(work.layout.shown(path) for path in found))
    else:
        click.echo(f"results are in {work.layout.shown(report)}")
