"""Files as they come, what they extend, and what goes before them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from case_texts import FULL, SMALL, Writer, told
from femcrust.case import load_case


@pytest.fixture(autouse=True)
def _no_backend_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEMCRUST_BACKEND", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "case.yaml: is empty"),
        (b"# nothing\n", "case.yaml: is empty"),
        (b"mesh: \xff\xfe\n", "case.yaml: is not UTF-8 (byte 6)"),
        (b"mesh: \0\n", "not valid YAML"),
        (b"- 1\n- 2\n", "case.yaml:1: a case is a mapping"),
        (b"just words\n", "case.yaml:1: a case is a mapping"),
        (b"a: 1\n---\nb: 2\n", "case.yaml:2: a second document starts here"),
        (b"#" * 10_000_001, "case.yaml: is above 10 MB"),
        (b"a: [" + b"1," * 250_000 + b"1]", "more than 200000 values"),
        (b"a: " + b"{a: " * 900, "nested deeper than 40"),
        (b"a: " + b"[" * 100_000, "case.yaml:1: "),
        (b"a: " + b"9" * 5000, "a: unknown key"),
    ],
    ids=[
        "empty",
        "comment",
        "not UTF-8",
        "zero byte",
        "list",
        "text",
        "two documents",
        "huge",
        "many values",
        "deep mappings",
        "deep lists",
        "long number",
    ],
)
def test_odd_file_is_refused_at_once(content: bytes, message: str, write: Writer) -> None:
    start = time.perf_counter()
    assert message in told(write(content))
    assert time.perf_counter() - start < 10.0


def test_aliases_work_but_do_not_explode(write: Writer) -> None:
    text = SMALL.replace("{E", "&rock {E") + "  more: *rock\n"
    assert load_case(write(text)).materials["more"].E == 75e9
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    start = time.perf_counter()
    assert "more than 200000 values" in told(write(bomb))
    assert time.perf_counter() - start < 5.0


def test_mark_at_the_start_of_the_file_is_no_text(write: Writer) -> None:
    assert load_case(write(b"\xef\xbb\xbf" + SMALL.encode())).mesh.file == "mesh.msh"


def test_absent_file_and_folder_are_refused(tmp_path: Path) -> None:
    assert told(tmp_path / "no.yaml").startswith("no.yaml: there is no such file")
    (tmp_path / "folder").mkdir()
    assert told(tmp_path / "folder") == "folder: is a folder; name the case file in it"
    for name in ("a\0b", "a" * 5000):
        assert "cannot be read" in told(tmp_path / name)


def test_overrides_win_in_their_order(write: Writer) -> None:
    sets = ["solver.tolerance=1e-9", "solver.tolerance=1e-10", "boundaries.sides.fixed=[x]"]
    case = load_case(write(SMALL), [*sets, "case.title=a=b", "mesh.units=km"])
    assert case.solver.tolerance == 1e-10
    assert case.boundaries["sides"].fixed == ("x",)
    assert case.case.title == "a=b"
    assert case.mesh.units == "km"


def test_override_replaces_a_word_and_removes_a_key(write: Writer) -> None:
    sets = ("boundaries.sides.pressure=1 MPa", "materials.crust.vp=", "materials.crust.vs=null")
    case = load_case(write(FULL), (*sets, "materials.crust.E=1 GPa", "materials.crust.nu=0.1"))
    assert case.boundaries["sides"].pressure == 1e6
    assert (case.materials["crust"].vp, case.materials["crust"].E) == (None, 1e9)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("solver.tolerence=1", "--set solver.tolerence=1: solver.tolerence: unknown key; did you"),
        ("solver.tolerance=x", "--set solver.tolerance=x: solver.tolerance: 'x' is no number"),
        ("solver.tolerance", "--set solver.tolerance: is no override; write e.g. --set solver."),
        ("=3", "is no override"),
        ("a..b=3", "is no override"),
        ("solver=[", "--set solver=[: not valid YAML"),
        ("mesh.file=3", "--set mesh.file=3: mesh.file: 3 is no text"),
        (".".join("a" * 30) + "=1", "has too many dots"),
        ("output.directory=../x", "leaves the folder"),
    ],
)
def test_wrong_override_is_named(override: str, message: str, write: Writer) -> None:
    assert message in told(write(SMALL), (override,))


def test_missing_key_is_missing_in_the_file_whatever_is_set(write: Writer) -> None:
    found = told(write("mesh: {file: a.msh}\n"), ("solver.tolerance=1e-9",))
    assert found == "case.yaml:1: materials: missing"


def test_absolute_output_only_from_the_command_line(write: Writer) -> None:
    case = load_case(write(SMALL), ["output.directory=/tmp/results"])
    assert case.output.directory == "/tmp/results"
    wrong = write(SMALL + "output: {directory: /tmp/results}\n")
    assert "is absolute" in told(wrong, ("output.fields=[stress]",))


def test_backend_of_the_environment_stands_between(
    write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(SMALL + "solver: {backend: auto}\n")
    monkeypatch.setenv("FEMCRUST_BACKEND", "cpu")
    assert load_case(path).solver.backend == "cpu"
    assert load_case(path, ["solver.backend=cuda"]).solver.backend == "cuda"
    monkeypatch.setenv("FEMCRUST_BACKEND", "abacus")
    assert told(path).startswith("FEMCRUST_BACKEND=abacus: solver.backend: 'abacus' is none of")
    monkeypatch.setenv("FEMCRUST_BACKEND", "")
    assert load_case(path).solver.backend == "auto"


def test_extends_puts_the_file_on_top_of_its_base(write: Writer) -> None:
    write(SMALL + "solver: {tolerance: 1e-6, max_iterations: 7}\n", "base.yaml")
    path = write("extends: base.yaml\nmaterials: {rock: {E: 10 GPa}}\nsolver: {tolerance: 1e-7}\n")
    case = load_case(path)
    assert (case.materials["rock"].E, case.materials["rock"].nu) == (10e9, 0.25)
    assert (case.solver.tolerance, case.solver.max_iterations) == (1e-7, 7)
    swapped = "extends: base.yaml\nmaterials: {rock: {E: null, mu: 10 GPa}}\n"
    assert load_case(write(swapped)).materials["rock"].E is None


def test_mistake_in_a_base_names_the_base(write: Writer) -> None:
    write(SMALL.replace("nu:", "nuu:"), "base.yaml")
    found = told(write("extends: base.yaml\n"))
    assert "base.yaml:3: materials.rock.nuu: unknown key; did you mean nu?" in found


def test_extends_refuses_circles_and_wrong_files(write: Writer) -> None:
    write("extends: case.yaml\n", "base.yaml")
    assert "extends: 'case.yaml' extends this file" in told(write("extends: base.yaml\n"))
    assert "extends this file" in told(write("extends: case.yaml\n"))
    found = told(write("mesh: {}\nextends: none.yaml\n"))
    assert found == "case.yaml:2: extends: none.yaml: there is no such file"
    assert "is no file name" in told(write("extends: [a]\n"))
    for i in range(15):
        write(f"extends: c{i + 1}.yaml\n", f"c{i}.yaml")
    assert "more than 10 files" in told(write("extends: c0.yaml\n"))
