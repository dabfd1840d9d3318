"""Code in a case, a pickle in an archive, a path that leads out: refused, and nothing happens."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from femcrust.cli import main
from femcrust.errors import InputError
from femcrust.outputs.archive import read_archive
from tiny_case import CASE, RECTANGLE, STATIONS, Desk, desk, matches

__all__ = ["desk"]  # a fixture
CODE = "__import__('pathlib').Path('planted').touch()"


class Planted:
    """An object whose pickle makes a file when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("planted"),)  # type: ignore[return-value]


EXPRESSIONS = {
    "modulus": ("30 GPa", CODE),
    "region": ("0.25}", f'0.25, where: {{expression: "{CODE}"}}}}'),
    "slip": ("1 m,", f'"{CODE}",'),
    "topography": ("far: 20 km}", f'far: 20 km}}\n    topography: "{CODE}"'),
    "length": ("length: 20 km", f'length: "{CODE}"'),
    "attribute": ("30 GPa", "x.__class__.__base__.__subclasses__()"),
    "lambda": ("30 GPa", "(lambda: 3e10)()"),
    "format": ("30 GPa", "'{0.__class__}'.format(x)"),
    "tag": ("title: tiny", "title: !!python/object/apply:os.system [touch planted]"),
    "tag of a module": ("title: tiny", "title: !!python/module:antigravity"),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_code_in_a_case_is_refused(name: str, desk: Desk) -> None:
    old, new = EXPRESSIONS[name]
    quoted = new if '"' in new or new.startswith("title") else f'"{new}"'
    text = CASE.replace(old, quoted if old == "30 GPa" else new)
    assert text != CASE
    desk.put("case.yaml", text)
    assert matches(r"^case.yaml:?\d*: ", desk.told("run", "case.yaml"))
    assert not (desk.folder / "planted").exists()


def test_code_on_the_command_line_is_refused(desk: Desk) -> None:
    for key in ("materials.rock.mu", "solver.tolerance", "case.title"):
        for value in (CODE, "!!python/object/apply:os.system ['touch planted']"):
            main(["run", "case.yaml", "--quiet", "--set", f"{key}={value}"])
            assert not (desk.folder / "planted").exists()


def test_a_pickle_in_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    objects = np.array([Planted()], dtype=object)
    np.savez(buffer, nodes=np.zeros((4, 3)), summary=objects, case=objects)
    (tmp_path / "fields.npz").write_bytes(buffer.getvalue())
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=True) as file:
        file["summary"]
    assert (tmp_path / "planted").exists()  # it is a pickle that acts
    (tmp_path / "planted").unlink()
    with pytest.raises(InputError):
        read_archive(tmp_path / "fields.npz")
    assert main(["plot", str(tmp_path)]) == 2
    assert not (tmp_path / "planted").exists()


OUT = ("../x", "a/../../x", "/x", "~/../../x", "a/./../../x", "", ".", "\\\\host\\x\\..\\..")


@pytest.mark.parametrize("name", ["../evil", "a/b", "/etc/x", "..", ".", "a\\b", "con\0", "-rf"])
def test_names_lead_nowhere(name: str, desk: Desk) -> None:
    """Of faults, materials, loads, views, stations: refused, or files stay in the folder."""
    quoted = f'"{name}"' if "\0" not in name and "\\" not in name else f"'{name}'"
    changes = [
        ("  main:", f"  {quoted}:"),
        ("  rock:", f"  {quoted}:"),
        ("output: {", f"output: {{los: {{{quoted}: {{heading: 10 deg, incidence: 30 deg}}}}, "),
        ("A,1,2", f"{name},1,2"),
    ]
    for old, new in changes:
        desk.put("case.yaml", CASE.replace(old, new))
        desk.put("stations.csv", STATIONS.replace(old, new))
        before = set(everything(desk.folder.parent))
        words = ["--quiet", "--set", "output.formats=[csv, vtu, png]"]
        status = main(["run", "case.yaml", *words, "--output", "fresh"])
        assert status in (0, 2)
        made = set(everything(desk.folder.parent)) - before
        inside = desk.folder / "fresh"
        assert all(path == inside or inside in path.parents for path in made), (old, made)
        for path in sorted(made, reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def everything(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


@pytest.mark.parametrize("place", ["../x", "a/../../x", "/x", "~/../../x/../../y", "a/./../../x"])
def test_results_stay_below_the_case(place: str, desk: Desk) -> None:
    desk.put("case.yaml", CASE.replace("directory: results", f"directory: '{place}'"))
    assert matches(r"output.directory: ", desk.told("run", "case.yaml"))


def test_a_link_that_leads_out_is_refused_or_followed_by_the_user_alone(desk: Desk) -> None:
    """Where the user has linked a folder elsewhere, that is meant; a case cannot make a link."""
    elsewhere = desk.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (desk.folder / "linked").symlink_to(elsewhere)
    desk.case(("directory: results", "directory: linked"))
    assert main(["run", "case.yaml", "--quiet"]) == 0
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        "case.resolved.yaml", "stations.csv", "summary.json"
    ]  # fmt: skip


def test_files_that_are_no_files_are_refused(desk: Desk) -> None:
    """A case that reads a device would wait for ever."""
    for device in ("/dev/zero", "/dev/stdin", "."):
        desk.case((RECTANGLE, f"triangles: {{file: {device}}}"))
        assert matches(r"faults.main|/dev|\.: ", desk.told("check", "case.yaml"))
