"""Parameters: every fault told at once, one line each; what notebooks declare is what the one list says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.parameters import FOLDERS, Parameters, cell_source, check, from_notebook
from helpers.running.files import Refusal
from helpers.running.request import checked, gathered, output_folders, run_name

NAMES = list(Parameters.model_fields)


def test_every_parameter_has_a_meaning_and_a_plain_default() -> None:
    assert all(Parameters.model_fields[name].description for name in NAMES)
    assert all(isinstance(value, str | int | list) for value in Parameters().values().values())


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_a_cell_gives_back_the_defaults(names: list[str]) -> None:
    namespace: dict[str, object] = {}
    exec(cell_source(names), namespace)
    assert from_notebook(namespace) == Parameters()
    assert [name for name in namespace if name in NAMES] == names


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers()))))
def test_whatever_is_given_is_taken_or_refused_in_whole_lines(values: dict[str, object]) -> None:
    parameters, faults = check(values)
    assert (parameters is None) == bool(faults)
    assert len(faults) >= len(set(values) - set(NAMES))


@given(st.sampled_from(NAMES), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates()))
def test_one_parameter_at_a_time(name: str, value: object) -> None:
    parameters, faults = check({name: value})
    if parameters is None:
        assert len(faults) == 1
        assert name in faults[0] or "lies before" in faults[0] or "must lie after" in faults[0]
    else:
        assert check(parameters.values()) == (parameters, [])


def test_other_than_the_default_parameters_are_no_default_results_outside_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"seed": 3, "clean_dir": "data/clean", "figures_dir": "figures", "report_dir": "elsewhere"}
    p = from_notebook(names)
    assert (p.clean_dir, p.figures_dir, p.report_dir) == ("data/clean", "runs/notebook/figures", "elsewhere")
    assert "runs/notebook" in capsys.readouterr().out
    assert from_notebook({"coded_dir": "mine", "clean_dir": "data/clean"}).clean_dir == "runs/notebook/data/clean"
    assert from_notebook(Parameters().values()) == Parameters()
    monkeypatch.setenv("BRIEF_RUN", "1")
    assert from_notebook(names).figures_dir == "figures"
    assert capsys.readouterr().out.count("runs/notebook") == 1


def test_what_is_cleaned_stands_where_a_notebook_with_another_seed_adds_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BRIEF_ROOT", str(tmp_path))
    (tmp_path / "data/clean").mkdir(parents=True)
    (tmp_path / "data/clean/incidents.parquet").write_text("cleaned")
    p = from_notebook({"seed": 3, "coded_dir": "data/coded", "clean_dir": "data/clean"})
    assert (tmp_path / p.clean_dir / "incidents.parquet").read_text() == "cleaned"
    assert p.clean_dir == "runs/notebook/data/clean"


def test_all_faults_are_told_at_once() -> None:
    _, faults = check({"window_start": "yesterday", "seed": -1, "countries": "IR", "nonsense": 0})
    assert [fault.split(":")[0] for fault in faults] == ["window_start", "countries", "seed", "nonsense"]
    _, faults = check({"window_end": "2023-01-01", "pause_end": "2023-11-24"})
    assert len(faults) == 2


def test_what_people_type_is_understood() -> None:
    parameters, _ = check({"countries": "sy, iq", "seed": "7", "window_end": "2024-01-31"})
    assert parameters is not None
    assert parameters.countries == ("IQ", "SY")
    assert Parameters(countries="Iraq").countries == Parameters(countries=["iq"]).countries == ("IQ",)  # type: ignore[arg-type]
    assert (parameters.seed, parameters.window_end) == (7, date(2024, 1, 31))
    assert parameters.differing() == {
        "window_end": ("2024-01-31", "2024-02-29"),
        "countries": (["IQ", "SY"], ["IQ", "SY", "JO"]),
        "seed": (7, 20231017),
    }


def test_a_near_name_is_named() -> None:
    _, faults = check({"window_strat": "2023-11-01", "countries": "Irak, Syra"})
    assert faults == [
        "countries: each must be one of IQ, SY, JO (did you mean Syria?), not 'Irak, Syra'",
        "window_strat: unknown parameter; did you mean window_start?",
    ]


def test_days_that_no_calendar_holds_are_refused() -> None:
    for name, day in (("window_start", "0001-01-01"), ("window_end", "9999-12-31"), ("pause_start", "1677-09-01")):
        _, faults = check({name: day})
        assert [name in fault and "1900 to 2100" in fault for fault in faults] == [True]


def test_the_countries_are_those_of_the_reference_folder(tmp_path: Path) -> None:
    (tmp_path / "countries.csv").write_text(
        "code,name,iso,zone,colour,column,longitude,latitude,also\nYE,Yemen,887,Asia/Aden,#000000,yemen,47,15,\n"
    )
    folder = str(tmp_path)
    assert Parameters(reference_dir=folder).countries == ("YE",)
    assert Parameters(reference_dir=folder, countries="yemen").countries == ("YE",)  # type: ignore[arg-type]
    assert check({"reference_dir": folder, "countries": "Iraq"})[0] is None


def test_a_run_is_named_after_what_differs() -> None:
    assert run_name(Parameters(), None) is None
    assert run_name(Parameters(seed=1), None) == "seed-1"
    assert run_name(Parameters(confirmed_by="media", countries=("IQ",)), None) == "countries-IQ_confirmed_by-media"
    assert run_name(Parameters(coded_dir="/home/me/my sheets"), None) == "coded_dir-home-me-my-sheets"
    long = [run_name(Parameters(coded_dir="x" * 300 + end), None) or "" for end in "ab"]
    assert len(set(long)) == 2
    assert max(map(len, long)) <= 80


@given(st.text(max_size=100))
def test_a_run_stays_in_its_folder(name: str) -> None:
    try:
        taken = run_name(Parameters(), name)
    except Refusal:
        return
    assert taken == name
    assert (Path("/runs") / name).resolve().is_relative_to("/runs")
    assert (Path("/runs") / name).resolve() != Path("/runs")


@given(st.sampled_from(["clean_dir", "figures_dir", "report_dir"]), st.text("ab./~", min_size=1, max_size=12))
def test_results_stay_in_the_project(name: str, folder: str) -> None:
    root = Path("/project")
    try:
        folders = output_folders(Parameters(**{name: folder}), root, root)
    except Refusal:
        return
    for place in folders.values():
        assert (root / place).resolve().is_relative_to(root)
        assert (root / place).resolve() != root


def test_files_of_parameters(tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text("window_end: 2024-01-31\ncountries: [IQ, SY]\nseed: 3\n")
    assert gathered(file, [("seed", "4")]) == Parameters(window_end=date(2024, 1, 31), countries=("IQ", "SY"), seed=4)
    file.write_text("")
    assert gathered(file, []) == Parameters()
    for text, said in (
        ("{", "is no YAML"),
        ("- a", "holds no lines of the form NAME: VALUE"),
        ("1", "holds no lines of the form NAME: VALUE"),
        ("2: 3", "line 1: 2: unknown parameter"),
        ("seed: 1\n\nseed: 2", "line 3: seed is given twice"),
        ("\nseed:", "line 2: seed: has no value"),
        ("seed: null", "line 1: seed: has no value"),
        ("seed: [1, 2]", "line 1: seed: a whole number is wanted, not 1, 2"),
        ("seed: !!python/object:os.system x", "has no place here"),
        ("seed: &a [*a]", "refers to itself"),
        ("countries: [NO]", "line 1: countries: each must be one of IQ, SY, JO, not NO"),
        (
            "window_end: 2024-01-31 12:00:00",
            "line 1: window_end: a day is written YYYY-MM-DD, not '2024-01-31 12:00:00'",
        ),
        ("window_end: 2023-13-45", "line 1: window_end: a day is written YYYY-MM-DD, not '2023-13-45'"),
        ("\x00", "is no YAML"),
    ):
        file.write_text(text)
        with pytest.raises(Refusal) as refusal:
            gathered(file, [])
        (line,) = refusal.value.lines
        assert line.startswith(str(file))
        assert said in line
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal):
        gathered(file, [])


def test_the_sheets_must_have_something_for_what_is_asked() -> None:
    assert checked({}) == Parameters()
    assert checked({"window_end": "2023-12-31"}).window_end == date(2023, 12, 31)
    with pytest.raises(Refusal, match="no report on IQ, SY, JO falls between 1999-01-01 and 1999-12-31"):
        checked({"window_start": "1999-01-01", "window_end": "1999-12-31"})
    with pytest.raises(Refusal, match="there is no folder"):
        checked({"coded_dir": "nowhere/at/all"})
    assert set(FOLDERS) >= {"clean_dir", "figures_dir", "report_dir"}
