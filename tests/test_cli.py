"""The command ``brief`` from outside: exit statuses, and bad input told in one line each before anything runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from projects import BRIEF, brief, built, command, environment, on_terminal, project, results
from rich.cells import cell_len

from helpers.parameters import Parameters
from helpers.running.request import gathered
from helpers.running.sweep import sets_of
from helpers.running.terminal import table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose default brief has been built."""
    return built(tmp_path_factory.mktemp("made"))


def test_a_run_builds_the_brief_and_says_where_it_is(made: Path) -> None:
    assert "report/brief.html" in results(made)
    done = brief(made, "run")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "the brief is in report/brief.html and report/brief.pdf"
    assert done.stdout.count("up to date") == 4
    assert done.stdout.splitlines()[-2] == (
        "all results are in data/clean (1 file), figures (1 file), report (2 files), report/facts (1 file), "
        "report/notebooks (4 files)"
    )


def test_the_last_lines_name_what_was_built(tmp_path: Path) -> None:
    explorer = '\n(resolve(report_dir) / "explorer.html").write_text("page")'
    root = project(tmp_path, brief=BRIEF + explorer)
    said = brief(root, "run", "--only", "01").stdout.splitlines()
    assert said[-2:] == [
        "the results of 01_clean are in data/clean (1 file), report/notebooks (1 file)",
        "only 01_clean was asked for; `brief run` brings the rest up to date",
    ]
    said = brief(root, "run", "--name", "mine").stdout.splitlines()
    assert said[-2:] == [
        "the explorer is in runs/mine/report/explorer.html",
        "the brief is in runs/mine/report/brief.html and runs/mine/report/brief.pdf",
    ]


#: Arguments that are refused, and how each line that is said of them begins.
REFUSED: list[tuple[tuple[str, ...], list[str]]] = [
    (("-p", "windowstart", "2023-11-01"), ["windowstart: unknown parameter; did you mean window_start?"]),
    (("-p", "window_end", "31/12/2023"), ["window_end: a day is written YYYY-MM-DD, not '31/12/2023'"]),
    (("-p", "window_end", "2023-10-01"), ["window_end 2023-10-01 lies before window_start 2023-10-17"]),
    (("-p", "window_start", "2024-02-01"), ["window_start, window_end: no report on IQ, SY, JO falls between"]),
    (("-p", "countries", "IQ,XX"), ["countries: each must be one of IQ, SY, JO"]),
    (("-p", "seed", "one", "-p", "resamples", "1"), ["seed: a whole number", "resamples: must be greater"]),
    (("-p", "seed", "1", "-p", "seed", "2"), ["seed: given more than once"]),
    (
        ("-p", "confirmed_by=media"),
        ["confirmed_by: no notebook declares it: it would change nothing; `make notebooks`"],
    ),
    (("-p", "coded_dir", "nowhere"), ["coded_dir: there is no folder nowhere"]),
    (("-p", "figures_dir", "/tmp"), ["figures_dir: results cannot be written to /tmp"]),
    (("-p", "figures_dir", "report/x"), ["figures_dir: report/x lies in, or holds, a folder that has another use"]),
    (("-p", "clean_dir", "data/coded"), ["clean_dir: data/coded lies in, or holds, a folder that has another use"]),
    (("--name", "../outside"), ["--name: '../outside' cannot name a folder"]),
    (("--only", "99_nothing"), ["--only: there is no notebook 99_nothing; there are 01_clean, 02_count"]),
    (("-f", "missing.yml"), ["missing.yml: No such file"]),
    (("-f", "broken.yml"), ["broken.yml, line 3: is no YAML"]),
    (("-f", "list.yml"), ["list.yml: holds no lines of the form NAME: VALUE"]),
    (
        ("-f", "two.yml"),
        [
            "two.yml, line 2: seed: a whole number is wanted, not '1.5'",
            "two.yml, line 1: nonsense: unknown parameter",
        ],
    ),
]

#: Runs the command with each list of arguments that it is given, in processes forked from one that has imported it.
EACH = """
import json, os, sys
from helpers.running import request, run
from helpers.running.__main__ import command_line
for number, arguments in enumerate(json.loads(sys.stdin.read())):
    if not os.fork():
        for stream in (1, 2):
            os.dup2(os.open(f"said-{number}-{stream}", os.O_WRONLY | os.O_CREAT), stream)
        command_line(arguments, prog_name="brief")
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


def test_bad_input_is_refused_in_one_line_each(made: Path) -> None:
    (made / "broken.yml").write_text("seed: 1\ncountries: [IQ\n")
    (made / "list.yml").write_text("- seed\n")
    (made / "two.yml").write_text("nonsense: 1\nseed: 1.5\n")
    before = results(made)
    asked = json.dumps([["run", *arguments] for arguments, _ in REFUSED])
    done = subprocess.run(
        [sys.executable, "-c", EACH], cwd=made, env=environment(), input=asked, capture_output=True, text=True
    )
    assert done.stdout.split() == ["2"] * len(REFUSED), done.stderr
    for number, (arguments, lines) in enumerate(REFUSED):
        assert (made / f"said-{number}-1").read_text() == ""
        said = (made / f"said-{number}-2").read_text().splitlines()
        assert len(said) == len(lines), (arguments, said)
        for line, start in zip(said, lines, strict=True):
            assert line.startswith(f"brief: {start}"), arguments
    assert results(made) == before
    assert not (made / "runs").exists()


def test_a_country_that_the_sheets_lack_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "data/coded/reports.csv").write_text("report_id,country,date\na/1,IQ,2023-10-18\n")
    done = brief(root, "run", "-p", "countries", "IQ,JO")
    assert (done.returncode, done.stderr) == (
        2,
        "brief: countries: no report in data/coded is about JO; it has IQ\n",
    )


def test_a_file_of_parameters_and_options_over_it(made: Path) -> None:
    (made / "less.yml").write_text("window_end: 2023-12-31\nseed: 5\n")
    done = brief(made, "run", "-f", "less.yml", "-p", "seed", "7", "--name", "less")
    assert done.returncode == 0, done.stderr
    run = made / "runs" / "less"
    assert json.loads((run / "report/facts/02_count.json").read_text())["count.reports"]["value"] == 2
    assert "seed 7" in (run / "figures/one.svg").read_text()
    assert done.stdout.splitlines()[-1].startswith("the brief is in runs/less/report/brief.html")


def test_a_failing_notebook_is_named_with_its_cell_and_the_executed_notebook(tmp_path: Path) -> None:
    root = project(tmp_path, count="1 + 1\n", draw='x = 1\nraise LookupError("no such\\nattack")\n')
    done = brief(root, "run")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    # 02_count fails too (it writes nothing), and comes first whatever finished first.
    assert first == "brief: 02_count failed: it did not write report/facts/02_count.json, which its metadata declares"
    executed = Path(second.removeprefix("brief: executed notebook: "))
    assert json.loads(executed.read_text())["cells"]

    root = project(tmp_path / "other", draw='x = 1\nraise LookupError("no such\\nattack")\n')
    done = brief(root, "run")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "brief: 03_draw failed in cell 3: LookupError: no such"
    executed = Path(second.removeprefix("brief: executed notebook: "))
    assert "LookupError" in executed.read_text()
    assert not (root / "report/brief.html").exists()
    assert not (root / "data/clean").exists()

    # Once it is mended, what had already been done is not done again.
    project(root)
    done = brief(root, "run")
    assert done.returncode == 0, done.stderr
    assert "01_clean  taken from an earlier run" in done.stdout
    assert "03_draw   ran" in done.stdout


def test_a_terminal_breaks_lines_between_words(tmp_path: Path) -> None:
    words = "no such attack in these sheets, though the folder of references names eleven sites that could be meant"
    root = project(tmp_path, draw=f"raise LookupError({words!r})")
    status, said = on_terminal(root, "run", "-p", "seed", "3")
    assert status == 1
    assert max(map(len, said[:-1])) <= 80
    assert said[2].startswith("brief: 03_draw failed in cell 3: LookupError: no such")
    assert words.split() == [word for line in said[2:4] for word in line.split()][-len(words.split()) :]
    # A path is left whole, to be copied.
    assert Path(said[-1].split()[-1]).is_file()

    project(root)
    status, said = on_terminal(root, "run", "-p", "seed", "3", columns=36)
    assert status == 0
    assert said[:2] == ["01_clean  taken from an earlier run:", " " * 10 + "not built here yet"]
    assert any(line.startswith("2 of 4 notebooks ran; ") for line in said)
    assert "".join(said).count("03_draw") == 1

    status, said = on_terminal(root, "parameters")
    assert status == 0
    assert max(map(len, said)) <= 80
    assert "".join(brief(root, "parameters").stdout.split()) == "".join("".join(said).split())


CELLS = st.text("abc \u4e2d", max_size=30).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=4), st.sampled_from([None, 30, 80]))
def test_a_table_fits_and_loses_nothing(lines: list[tuple[str, ...]], columns: int | None) -> None:
    said = table(lines, columns)
    assert sorted("".join(said.split())) == sorted("".join("".join(line) for line in lines).replace(" ", ""))
    assert columns is None or max(map(cell_len, said.splitlines()), default=0) <= columns
    assert columns is not None or len(said.split("\n")) == len(lines)


def test_parameters_lists_every_one_of_them(made: Path) -> None:
    said = brief(made, "parameters").stdout.splitlines()
    assert [line.split()[0] for line in said] == list(Parameters.model_fields)
    assert all(Parameters.model_fields[line.split()[0]].description in line for line in said)


def test_check_tells_every_fault(made: Path, tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[1] / "data/coded"
    for sheet in source.glob("*.csv"):
        (tmp_path / sheet.name).write_bytes(sheet.read_bytes())
    lines = (tmp_path / "reports.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    column = lines[0].strip().split(",").index("country")
    cells = lines[1].split(",")
    assert cells[column] in {"IQ", "SY", "JO"}
    cells[column] = "Iraqistan"
    (tmp_path / "reports.csv").write_text("".join([lines[0], ",".join(cells), *lines[2:]]), encoding="utf-8")
    (tmp_path / "sites.csv").unlink()  # a fault of no row leaves the rows of others whole numbers
    done = brief(source.parents[1], "check", str(tmp_path))
    assert done.returncode == 2
    assert any("reports.csv" in line and "Iraqistan" in line and " 2 " in line for line in done.stderr.splitlines())
    assert brief(made, "check", "nowhere").returncode == 2


def test_nothing_heavy_is_loaded_where_there_is_nothing_to_do(made: Path) -> None:
    program = (
        "import sys\n"
        "from helpers.running.__main__ import command_line as main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(sorted({'pandas', 'numpy', 'papermill', 'nbformat', 'zmq'} & set(sys.modules)))"
    )
    for arguments in (["--help"], ["run"], ["run", "-p", "seed", "x"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], cwd=made, env=environment(), capture_output=True, text=True
        )
        assert done.stdout.splitlines()[-1] == "[]"
    before = os.times()
    subprocess.run(command("run"), cwd=made, env=environment(), capture_output=True, check=True)
    after = os.times()  # processor time, which other work on the machine does not change much
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1.0


def test_help_says_what_there_is(made: Path) -> None:
    done = brief(made, "run", "--help")
    assert all(option in done.stdout for option in ("-p", "-f", "--only", "--name", "--force", "--jobs"))
    assert "_BRIEF_COMPLETE=bash_source" in brief(made, "--help").stdout
    complete = subprocess.run(command(), env=environment(_BRIEF_COMPLETE="bash_source"), capture_output=True, text=True)
    assert "complete -o nosort" in complete.stdout


@pytest.mark.parametrize("where", ["README", "--help"])
def test_samples_of_settings_and_grids_are_right(where: str, made: Path, tmp_path: Path) -> None:
    if where == "README":
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        samples = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    else:
        said = brief(made, "run", "--help").stdout + brief(made, "sweep", "--help").stdout
        samples = re.findall(r"\n\n((?:      .*\n)+)\n", said)
    settings, grid, together = [textwrap.dedent(sample) for sample in samples]
    (tmp_path / "sample.yml").write_text(settings)
    assert gathered(tmp_path / "sample.yml", []).differing()
    for text, sets in ((grid, 4), (together, 2)):
        (tmp_path / "sample.yml").write_text(text)
        assert len(sets_of(tmp_path / "sample.yml")) == sets
