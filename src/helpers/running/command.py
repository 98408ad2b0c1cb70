"""The command ``brief run``."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from helpers.parameters import Parameters
from helpers.paths import project_root
from helpers.running.fingerprint import Contents
from helpers.running.layout import Layout
from helpers.running.locking import held
from helpers.running.progress import reporter
from helpers.running.request import checked, gathered, output_folders, run_name
from helpers.running.run import Done, Failure, Run, cores
from helpers.running.server import close, stop
from helpers.running.sheets import CHECK, refuse_faulty
from helpers.running.steps import Refusal, Step, load
from helpers.running.terminal import tell


class Stopped(BaseException):
    """The run was asked to stop by a signal."""

    def __init__(self, number: int) -> None:
        self.status = 128 + number


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn signals that ask the process to stop into `Stopped`, once, within the block."""

    def caught(number: int, frame: FrameType | None) -> None:
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.signal(number, caught) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(stopped: Stopped, message: str) -> NoReturn:
    """End the process after a signal; threads may still wait for kernels that are gone, and need not be waited for."""
    stop()
    say(message)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(stopped.status)


def say(*lines: str) -> None:
    """Print error lines; a table below the first is left as it is."""
    for line in lines:
        if "\n" in line:
            click.echo(line, err=True)
        else:
            tell(f"brief: {line}", err=True)


def told(error: OSError) -> str:
    """Return what the system says was wrong, and with which file, if it says so."""
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


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
    begun = time.monotonic()
    report = reporter()
    layout: Layout | None = None
    with stoppable():
        try:
            parameters = checked(gathered(file, pairs))
            layout = Layout(project_root(), run_name(parameters, name))
            work = prepared(layout, parameters, jobs=jobs or cores(), force=force, only=only)
            work.reporter = report
            try:
                with held(layout):
                    done = work.go()
            finally:
                report.close()
            work.contents.save()
        except Refusal as refusal:
            say(*refusal.lines)
            return 2
        except Failure as failure:
            say(*failure.lines)
            return 1
        except OSError as error:
            half = layout is not None and any(layout.journals.glob("*.json"))
            rest = "the next run puts the rest of the results into place"
            say(f"{told(error)}; {rest if half else 'the results in place are as they were'}")
            return 1
        except Stopped as stopped:
            leave(stopped, "stopped; the results in place are whole; the next run goes on from here")
        finally:
            close()
    _tell(work, done, time.monotonic() - begun)
    return 0


def prepared(
    layout: Layout,
    parameters: Parameters,
    *,
    jobs: int,
    force: bool = False,
    only: str | None = None,
    contents: Contents | None = None,
) -> Run:
    """Return the run of the project's notebooks with `parameters`, refusing what cannot be run."""
    contents = contents or Contents(layout.hidden / "contents.json")
    steps = load(layout.root / "notebooks", contents)
    folders = output_folders(parameters, layout.root, layout.name)

    def before(names: list[str]) -> None:
        """Look at the coded sheets if a notebook that checks them is about to run."""
        if any(step.name in names and _checks(step) for step in steps):
            refuse_faulty(layout, parameters.coded_dir, parameters.reference_dir, contents)

    return Run(
        layout,
        steps,
        parameters,
        contents,
        jobs=jobs,
        force=force,
        only=_named(only, [step.name for step in steps]),
        folders=folders,
        before=before,
    )


def _checks(step: Step) -> bool:
    return any(name.startswith(CHECK.rsplit(".", 1)[0]) for name in step.imports) and "coded_dir" in step.parameters


def _named(only: str | None, names: list[str]) -> str | None:
    """Return the step that the user means by `only`: its name, file, number or the rest of its name."""
    if only is None:
        return None
    stem = Path(only).name.removesuffix(".ipynb")
    found = [name for name in names if stem in {name, *name.split("_", 1)}]
    if len(found) != 1:
        raise Refusal(f"--only: there is no notebook {only}; there are {', '.join(names)}")
    return found[0]


def _tell(work: Run, done: list[Done], seconds: float) -> None:
    """Print the last lines: how many notebooks ran, how long it took, and where the brief is."""
    ran = sum(one.how == "ran" for one in done)
    tell(f"{ran} of {len(done)} notebooks ran; {seconds:.1f} s" if ran else f"nothing to run; {seconds:.1f} s")
    if work.only is not None:
        tell(f"only {work.only} was asked for; `brief run` brings the rest up to date")
    report = work.in_place("report")
    found = [path for path in (report / "brief.html", report / "brief.pdf") if path.exists()]
    if found:
        tell("the brief is in " + " and ".join(work.layout.shown(path) for path in found))
    else:
        tell(f"results are in {work.layout.shown(report)}")
