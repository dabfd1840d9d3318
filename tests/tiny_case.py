"""A case that solves in a tenth of a second, for tests that spoil it, and what must stay as it was.

`Desk` is a folder with that case, its stations and the results of an earlier run.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import meshio
import numpy as np
import pytest

from femcrust.cli import main
from small_meshes import split_cubes

BOX = """\
  box:
    x: [-40 km, 40 km]
    y: [-40 km, 40 km]
    z: [-30 km, 0 km]
    size: {near: 10 km, far: 20 km}
"""
RECTANGLE = (
    "rectangle: {top_center: [0 km, 0 km, -5 km], length: 20 km, width: 10 km,"
    " strike: 30 deg, dip: 70 deg}"
)
SLIP = "slip: {amount: 1 m, rake: 45 deg}"
SIDES = "boundaries: {sides: infinite, bottom: infinite, top: free}"
CASE = f"""\
case: {{title: tiny}}
mesh:
{BOX}materials:
  rock: {{mu: 30 GPa, nu: 0.25}}
faults:
  main:
    {RECTANGLE}
    {SLIP}
{SIDES}
output: {{directory: results, stations: stations.csv, formats: [csv]}}
"""
STATIONS = "name,x_km,y_km\nA,1,2\nB,-10,5\n"
LISTING = dict[str, tuple[int, str]]


class Desk:
    """A folder with the case; `told` runs a command that must fail and leave it as it was."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        (folder / "case.yaml").write_text(CASE)
        (folder / "stations.csv").write_text(STATIONS)
        (folder / "results").mkdir()
        (folder / "results" / "summary.json").write_text('{"status": "converged"}')

    def case(self, *changes: tuple[str, str]) -> None:
        """Write the case with parts of its text replaced."""
        text = CASE
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "case.yaml").write_text(text)

    def put(self, name: str, content: str | bytes) -> None:
        """Write another file of the case."""
        raw = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(raw)

    def listing(self) -> LISTING:
        """Every file and folder: time of its last change, and digest."""
        return {
            str(path.relative_to(self.folder.parent)): (
                path.stat().st_mtime_ns,
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            )
            for path in sorted(self.folder.parent.rglob("*"))
        }

    def told(self, *words: str, status: int = 2) -> str:
        """The one line that the command says; `check case.yaml` without words."""
        before = self.listing()
        self.capsys.readouterr()
        code = main(list(words) or ["check", "case.yaml"])
        said = self.capsys.readouterr().err
        assert code == status, said
        assert self.listing() == before
        assert re.fullmatch(r"[^\n]{15,1500}\n", said), said
        assert "Traceback" not in said
        return said[:-1]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A fresh `Desk`, in the current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FEMCRUST_BACKEND", raising=False)
    monkeypatch.setattr("femcrust.progress.LINE_EVERY", 1e9)  # a busy machine says no more
    return Desk(folder, capsys)


def matches(message: str, line: str) -> bool:
    """Whether the message occurs; a failure that shows the line otherwise."""
    assert re.search(message, line), line
    return True


def facets(points: np.ndarray, tets: np.ndarray, on: np.ndarray) -> np.ndarray:
    """The faces of tetrahedra whose three vertices are `on`. (k, 3)"""
    triples = np.concatenate([tets[:, list(c)] for c in itertools.combinations(range(4), 3)])
    return np.unique(np.sort(triples[on[triples].all(axis=1)], axis=1), axis=0)


def gmsh_mesh() -> meshio.Mesh:
    """The box in cubes, with volume `rock`, and surfaces `plane` inside, `wall`, `part` of it."""
    mesh = split_cubes((4, 4, 3), (80e3, 80e3, 30e3), (-40e3, -40e3, -30e3))
    plane = facets(mesh.points, mesh.tets, np.abs(mesh.points[:, 0]) < 1.0)
    wall = facets(mesh.points, mesh.tets, mesh.points[:, 0] < -39e3)
    cells = [("tetra", mesh.tets.copy()), ("triangle", plane), ("triangle", wall),
             ("triangle", wall[:5])]  # fmt: skip
    tags = [np.full(len(block), number) for number, (_, block) in enumerate(cells, start=1)]
    names = {"rock": (1, 3), "plane": (2, 2), "wall": (3, 2), "part": (4, 2)}
    return meshio.Mesh(
        mesh.points.copy(),
        cells,
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={name: np.array(pair) for name, pair in names.items()},
    )


def write_gmsh(path: Path, mesh: meshio.Mesh | None = None) -> None:
    """Write a mesh in the format that keeps every group."""
    meshio.write(path, mesh or gmsh_mesh(), file_format="gmsh22", binary=False)
