"""A number that is no number, in every file that a case may name: refused before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from faults import Fault, fault
from tiny_case import (
    BOX,
    RECTANGLE,
    SLIP,
    STATIONS,
    Desk,
    desk,
    gmsh_mesh,
    matches,
    write_gmsh,
)

__all__ = ["desk", "fault"]  # fixtures
pytestmark = pytest.mark.harden
TABLE = "x,y,z,length,width,strike,dip,rake,slip\n0,0,-9e3,4e3,4e3,30,60,90,{}\n"
SLIPS = "x,y,z,strike,dip\n0,0,-5e3,1,{}\n3e3,0,-9e3,1,0\n"
DEPTHS = "depth (m),mu (Pa)\n0,3e10\n2e4,{}\n9e4,4e10\n"
CLOUD = "x,y,z,mu (Pa)\n0,0,0,{}\n9e3,0,-9e3,4e10\n0,9e3,-9e3,4e10\n9e3,9e3,0,4e10\n"
BAD = ("nan", "inf", "-inf", "1e999")


def text(name: str, content: str) -> Callable[[Path, str], None]:
    def write(folder: Path, bad: str) -> None:
        (folder / name).write_text(content.format(bad))

    return write


def grid(name: str, field: str, three: bool) -> Callable[[Path, str], None]:
    def write(folder: Path, bad: str) -> None:
        axes = {"x": np.linspace(-5e4, 5e4, 4), "y": np.linspace(-5e4, 5e4, 4)}
        if three:
            axes["z"] = np.linspace(-4e4, 0, 3)
        names = tuple(reversed(axes))
        with netCDF4.Dataset(folder / name, "w") as file:
            for axis, values in axes.items():
                file.createDimension(axis, len(values))
                file.createVariable(axis, "f8", (axis,))[:] = values
                file[axis].units = "m"
            values = np.full([len(axes[axis]) for axis in names], 3e10 if three else 100.0)
            values[..., 1, 2] = float(bad)
            file.createVariable(field, "f8", names)[:] = values
            file[field].units = "Pa" if field in ("mu", "p") else "m"

    return write


def mesh(folder: Path, bad: str) -> None:
    found = gmsh_mesh()
    found.points[7, 1] = float(bad)
    write_gmsh(folder / "mesh.msh", found)


Write = Callable[[Path, str], None]
LOAD = "loads:\n  snow: {grid: {file: p.nc, variable: p}}\nboundaries"
FILES: dict[str, tuple[list[tuple[str, str]], Write]] = {
    "stations.csv": ([], text("stations.csv", STATIONS.replace("1,2", "{},2"))),
    "slip.csv": ([(SLIP, "slip: {file: slip.csv}")], text("slip.csv", SLIPS)),
    "patches.csv": (
        [(f"{RECTANGLE}\n    {SLIP}", "file: patches.csv")], text("patches.csv", TABLE),
    ),
    "depths.csv": ([("mu: 30 GPa", "mu: {file: depths.csv}")], text("depths.csv", DEPTHS)),
    "cloud.csv": ([("mu: 30 GPa", "mu: {file: cloud.csv}")], text("cloud.csv", CLOUD)),
    "mu.nc": ([("mu: 30 GPa", "mu: {file: mu.nc, variable: mu}")], grid("mu.nc", "mu", True)),
    "top.nc": (
        [("far: 20 km}", "far: 20 km}\n    topography: {file: top.nc, variable: h}")],
        grid("top.nc", "h", False),
    ),
    "p.nc": ([("boundaries", LOAD)], grid("p.nc", "p", False)),
    "mesh.msh": ([(BOX, "  file: mesh.msh\n")], mesh),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_number_is_named(name: str, bad: str, desk: Desk, fault: Fault) -> None:
    changes, write = FILES[name]
    desk.case(*changes)
    write(desk.folder, bad)
    with fault("nan or infinity in a file"):
        for command in ("check", "run"):
            said = desk.told(command, "case.yaml", "--quiet")
            assert matches(rf"(?i){name}|output.stations|loads.snow|topography|rock.mu", said)


@pytest.mark.parametrize("name", FILES)
def test_with_numbers_the_files_are_right(name: str, desk: Desk) -> None:
    """So that it is the number that is refused."""
    from femcrust.cli import main

    good = {"depths.csv": "3.5e10", "cloud.csv": "3e10", "mu.nc": "3e10", "mesh.msh": "40000"}
    changes, write = FILES[name]
    desk.case(*changes)
    write(desk.folder, good.get(name, "2"))
    if name == "mesh.msh":
        write_gmsh(desk.folder / name)
    assert main(["check", "case.yaml", "--quiet"]) == 0
