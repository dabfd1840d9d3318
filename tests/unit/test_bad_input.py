"""Whatever is wrong with a case: status 2, one line that helps, and no file changed.

Every case here starts from one that works (`tiny_case.py`), so that only the planted mistake can be
what the message is about.
"""

from __future__ import annotations

import meshio
import numpy as np
import pytest

from femcrust.cli import main
from tiny_case import (
    BOX,
    CASE,
    RECTANGLE,
    SIDES,
    SLIP,
    desk,
    gmsh_mesh,
    matches,
    write_gmsh,
)

__all__ = ["desk"]  # a fixture

TABLE = "x,y,z,length,width,strike,dip,rake,slip\n"
GARBAGE = np.random.default_rng(918273645).integers(0, 256, 700, dtype=np.uint8).tobytes()


def fault(text: str) -> tuple[str, str]:
    return RECTANGLE + "\n    " + SLIP, text


def box(text: str) -> tuple[str, str]:
    return "far: 20 km}", "far: 20 km}\n    " + text


def load(text: str) -> tuple[str, str]:
    return "boundaries", f"loads:\n  lake: {text}\nboundaries"


def test_the_case_itself_is_right(desk) -> None:
    assert main(["check", "case.yaml"]) == 0


MISTAKES = {
    "unknown key": ([("near:", "nera:")], r"case.yaml:7: .*size.nera: unknown key; .* near\?"),
    "unknown section": ([("materials:", "material:")], r"yaml:8: material: .* materials\?"),
    "wrong unit": ([("30 GPa", "30 km")], r"yaml:9: materials.rock.mu: '30 km'.* '30 GPa'"),
    "bare number": ([("length: 20 km", "length: 20")], r"yaml:12: .*length: 20 .* '15 km'"),
    "nan": ([("30 GPa", "nan GPa")], r"yaml:9: .*mu: 'nan GPa' is not finite"),
    "nan of yaml": ([("0.25", ".nan")], r"yaml:9: .*nu: nan is not finite"),
    "too large to hold": ([("30 GPa", "1e400 GPa")], r"yaml:9: .*mu: '1e400 GPa' is too large"),
    "negative modulus": ([("30 GPa", "-30 GPa")], r"yaml:9: .*mu: '-30 GPa' must be above 0"),
    "modulus of nothing": ([("30 GPa", "1e-300 Pa")], r"yaml:9: .*mu: '1e-300 Pa' is too small"),
    "fluid": ([("0.25", "0.5")], r"yaml:9: .*nu: 0.5 must be below 0.5"),
    "active": ([("0.25", "0.7")], r"yaml:9: .*nu: 0.7 must be below 0.5"),
    "negative in the deep": ([("30 GPa", "30*GPa - 30*GPa*depth/(5*km)")], r"rock.mu: .*\) m; "),
    "nan somewhere": ([("30 GPa", "30*GPa*sqrt(x/km)")], r"materials.rock.mu: .* is nan "),
    "tiny somewhere": ([("30 GPa", "1e-300*(x*x + 1)")], r"materials.rock.mu: value is 1.*e-2.*; "),
    "huge somewhere": ([("30 GPa", "1e200*(x*x + 1)")], r"materials.rock.mu: .* change it there"),
    "three constants": ([("0.25", "0.25, K: 5 GPa")], r"yaml:9: .*nu, mu, K; give one pair"),
    "material gap": (
        [("0.25}", "0.25, where: {depth: [0 km, 10 km]}}")],
        r"materials: 1536 of 2304 elements belong to none of rock, .* extend a where",
    ),
    "material overlap": (
        [("0.25}", "0.25}\n  mud: {mu: 3 GPa, nu: 0.2, where: {depth: [0 km, 10 km]}}")],
        r"materials.mud.where: 768 .* materials.rock, too, .* make the two regions disjoint",
    ),
    "no such group": ([("0.25}", "0.25, where: {group: mud}}")], r"rock.where.group: 'mud'"),
    "no such surface": ([(RECTANGLE, "surface: plane")], r"faults.main.surface: 'plane'"),
    "fault outside": ([("[0 km, 0 km, -5", "[200 km, 0 km, -5")], r"main: 100 % .* east .* move"),
    "fault half outside": ([("[0 km, 0 km, -5", "[38 km, 38 km, -5")], r"main: 4.* % .* outside"),
    "fault in the air": ([("0 km, -5 km]", "0 km, 5 km]")], r"main: .* above the ground"),
    "fault too deep": ([("0 km, -5 km]", "0 km, -29 km]")], r"main: .* beyond the bottom"),
    "no length": ([("length: 20 km", "length: 0 km")], r"yaml:12: .*length: '0 km' must be above"),
    "no width": ([("width: 10 km", "width: 0 km")], r"yaml:12: .*width: '0 km' must be above"),
    "negative width": ([("width: 10 km", "width: -3 km")], r"yaml:12: .*width: '-3 km'"),
    "absurd length": ([("length: 20 km", "length: 1e300 km")], r"yaml:12: .*too large for a len"),
    "absurd width": ([("width: 10 km", "width: 1e300 km")], r"yaml:12: .*too large for a length"),
    "overturned": ([("dip: 70", "dip: 110")], r"yaml:12: .*dip: '110 deg' must be at most 90"),
    "absurd slip": ([("amount: 1 m", "amount: 1e200 m")], r"yaml:13: .*amount: .* too large"),
    "slip nan somewhere": ([("1 m,", "1*m*sqrt(along/km - 99),")], r"main.slip.amount: .* is nan"),
    "nothing holds": ([(SIDES, "boundaries: {sides: free}")], r"6 of 6 rigid motions .* make a"),
    "three motions free": ([(SIDES, "boundaries: {bottom: roller}")], r"3 of 6 rigid motions"),
    "no such side": ([("bottom: inf", "botom: inf")], r"boundaries.botom: .* mean bottom\?"),
    "no such condition": ([("top: free", "top: fre")], r"yaml:14: .*top: 'fre' .* free\?"),
    "pushed nowhere": (
        [("sides: infinite", "sides: {displacement: {x: 1*m*sqrt(x/m)}}")],
        r"boundaries.sides.displacement.x: .* is nan",
    ),
    "no slip": ([("amount: 1 m", "amount: 0 m")], r"case.yaml: nothing acts: add a fault"),
    "disc outside": ([load("{disc: {center: [99 km, 0 km], radius: 5 km}, pressure: 1 MPa}")],
                     r"loads.lake.disc: 0.0 % .* move it"),
    "disc half outside": ([load("{disc: {center: [40 km, 0 km], radius: 5 km}, pressure: 1 MPa}")],
                          r"loads.lake.disc: 50.0 % .* move it"),
    "disc as large as a star": (
        [load("{disc: {center: [0 km, 0 km], radius: 1e200 km}, pressure: 1 MPa}")],
        r"yaml:15: loads.lake.disc.radius: .* too large",
    ),
    "no such load file": ([load("{grid: {file: ice.nc, variable: p}}")], r"ice.nc: .* check the n"),
    "reversed box": ([("[-40 km, 40 km]\n    y", "[40 km, -40 km]\n    y")], r"yaml:4: mesh.box.x"),
    "box beyond the moon": ([("z: [-30 km", "z: [-1e300 km")], r"yaml:6: mesh.box.z.* too large"),
    "coarse below fine": ([("near: 10", "near: 30")], r"yaml:7: .*near = 30000 m is above far"),
    "no cell size": ([("near: 10 km", "near: 0 km")], r"yaml:7: .*near: '0 km' must be above 0"),
    "cells of atoms": ([("near: 10 km", "near: 1e-9 m")], r"mesh.box.size.near: .* raise it"),
    "ground nan": ([box("topography: 1*km*sqrt(x/km)")], r"mesh.box.topography: .* is nan"),
    "ground in space": ([box("topography: 40*km")], r"mesh.box.topography: heights reach 40000"),
    "plane not upright": ([box("fault_planes: [main]")], r"fault_planes: main .*dip 70 deg; .*"),
    "plane of no fault": ([box("fault_planes: [mian]")], r"yaml:8: .* did you mean main\?"),
    "point in the air": (
        [fault("point: {at: [0 km, 0 km, 5 km]}\n    moment: {mxx: 1e18 N*m}")],
        r"faults.main.point.at: .* above the ground",
    ),
    "stations nowhere": ([("stations.csv", "gnss.csv")], r"gnss.csv: cannot be read .* check"),
    "no output folder": ([("directory: results", "directory: ''")], r"yaml:15: .*directory: is em"),
    "output outside": ([("directory: results", "directory: ../x")], r"yaml:15: .* leaves the fold"),
    "output out by a detour": ([("directory: results", "directory: a/../../x")], r"leaves the fol"),
    "output at the root": ([("directory: results", "directory: /x")], r"yaml:15: .* is absolute"),
    "output is a file": ([("directory: results", "directory: case.yaml")], r"directory: case.yaml"),
    "output over input": ([("directory: results", "directory: .")], r"replace stations.csv, which"),
    "grid of atoms": ([("[csv]", "[csv], grid: {spacing: 1 mm}")], r"output.grid.spacing: 0.001"),
    "time": ([(SIDES, "time: {end: 1 yr, step: 9 yr}\n" + SIDES)], r"yaml:14: time.step: .* end"),
    "escape codes": ([("tiny", '"\\x1b[31m"')], r"yaml:1: case.title: .* printable characters"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_case_is_named_with_a_remedy(name, desk) -> None:
    changes, message = MISTAKES[name]
    desk.case(*changes)
    assert matches(message, desk.told())
    assert matches(message, desk.told("run", "case.yaml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CASE.replace("size: {", "size: ["), r"case.yaml:7: not valid YAML at column 3\d: "),
        (CASE.replace("  box:", "\tbox:"), r"case.yaml:3: not valid YAML at column 1: "),
        ("", "case.yaml: is empty; `femcrust init`"),
        ("- a\n- b\n", "case.yaml:1: a case is a mapping"),
        (GARBAGE, r"case.yaml: is not UTF-8 \(byte \d+\); save it"),
        (b"\0" * 99, "case.yaml: not valid YAML: "),
    ],
    ids=["bracket", "tab", "empty", "list", "garbage", "zeros"],
)
def test_a_file_that_is_no_case_is_refused(content, message, desk) -> None:
    desk.put("case.yaml", content)
    assert matches(message, desk.told())


def test_a_case_that_is_not_there_and_a_folder(desk) -> None:
    assert matches("nope.yaml: there is no such file; ", desk.told("run", "nope.yaml"))
    assert matches("results: is a folder; ", desk.told("run", "results"))
    assert matches(r"'a\\x00b': cannot be read", desk.told("run", "a\0b"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,x,y\nA,nan,2\n", "stations.csv:2: x is 'nan'; write a number"),
        ("name,x,y\nA,1,inf\n", "stations.csv:2: y is 'inf'; write a number"),
        ("name,x_km,y_km\nA,1,2\nB,400,5\n", "output.stations: B: outside the mesh; move it"),
        ("name,x,y,z\nA,1,2,-4e5\n", "output.stations: A: below the mesh; raise it"),
        ("name,x,y\nA,1e300,2\n", "output.stations: A: outside the mesh"),
        ("name,x,y\nA,1\n", "stations.csv:2: 2 cells under 3 columns"),
        ("name,x,y\nA,1,2\nA,3,4\n", "stations.csv:3: name 'A' occurs on line 2 already"),
        ("name,x,y\n\x1b[31m,3,4\n", "stations.csv:2: name .* has a control character"),
        ("name,lon,lat\nA,140,35\n", "stations.csv:1: lon,lat need a projection; give case.crs"),
        ("name,x,y\n", "stations.csv: no stations; add lines"),
        ("", "stations.csv:1: the header is empty; write name,x,y"),
        (GARBAGE, "stations.csv:1: the file is not UTF-8"),
    ],
)
def test_wrong_stations_are_named(content, message, desk) -> None:
    desk.put("stations.csv", content)
    assert matches(message, desk.told())


@pytest.mark.parametrize(
    ("name", "change", "content", "message"),
    [
        ("s.csv", "slip", "x,y,z,strike,dip\n1,2,3,4\n", "s.csv:2: 4 values in 5 columns; mend"),
        ("s.csv", "slip", "a,b\n1,2\n", "s.csv:1: unknown column 'a'; known are x, y, z"),
        ("s.csv", "slip", "x,y,z,dip\n1,2,3,nan\n", "s.csv:2: dip: 'nan' is no number; correct"),
        ("s.csv", "slip", "", "s.csv: has no header"),
        ("s.csv", "slip", GARBAGE, "s.csv: is no text file"),
        ("p.csv", "file", TABLE + "1,2\n", "p.csv:2: 2 values in 9 columns; mend"),
        ("p.csv", "file", TABLE + "0,0,-3e3,-4,5,6,7,8,9\n", "p.csv:2: length must be positive"),
        ("p.csv", "file", TABLE + "0,0,-3,1e300,1e300,6,7,8,9\n", "faults.main: .* its units"),
        ("p.csv", "file", GARBAGE, "p.csv: is no text file"),
        ("p.fsp", "file", "", "p.fsp: has no subfaults; is it a SRCMOD"),
        ("p.fsp", "file", GARBAGE, "p.fsp: is no text file"),
        ("p.fsp.gz", "file", b"\x1f\x8b\x08" + GARBAGE, r"p.fsp.gz: "),
        ("t.msh", "triangles", "", "t.msh: cannot be read as a mesh"),
        ("t.msh", "triangles", GARBAGE, "t.msh: cannot be read as a mesh"),
        ("t.ned", "triangles", "hello\n", "t.ned:1: 1 values where four belong; mend"),
    ],
)
def test_wrong_slip_tables_are_named(name, change, content, message, desk) -> None:
    desk.case(
        {
            "slip": (SLIP, f"slip: {{file: {name}}}"),
            "file": fault(f"file: {name}"),
            "triangles": (RECTANGLE, f"triangles: {{file: {name}}}"),
        }[change]
    )
    assert matches(rf"{name}: .*check the name|{name}: no such file", desk.told())
    desk.put(name, content)
    assert matches(message, desk.told())


@pytest.mark.parametrize("name", ["a.csv", "a.nc"])
@pytest.mark.parametrize("content", [b"", GARBAGE, b"depth,mu\n1,2,3\n"], ids=len)
def test_wrong_property_files_are_named(name, content, desk) -> None:
    desk.case(("mu: 30 GPa", f"mu: {{file: {name}, variable: mu, unit: GPa}}"))
    assert matches(f"{name}: .* check the name", desk.told())
    desk.put(name, content)
    assert matches(rf"{name}[:\d]*: .*; (check|give|complete)", desk.told())


# --- meshes from files ---


def flat(mesh: meshio.Mesh) -> None:
    block = mesh.cells[0].data
    mesh.points[block[5][3]] = mesh.points[block[5][:3]].mean(axis=0)


def repeated(mesh: meshio.Mesh) -> None:
    mesh.cells[0].data[5][3] = mesh.cells[0].data[5][2]


def without_tetrahedra(mesh: meshio.Mesh) -> None:
    mesh.cells[0].data = mesh.cells[0].data[:0]
    mesh.cell_data = {key: [tags[0][:0], *tags[1:]] for key, tags in mesh.cell_data.items()}


def with_nan(mesh: meshio.Mesh) -> None:
    mesh.points[4, 0] = np.nan


SURFACE = "surface: plane\n    hanging_side: "


@pytest.mark.parametrize(
    ("changes", "spoil", "message"),
    [
        ([], flat, r"mesh.msh: tetrahedron \d+ .*near x=.* m has no volume; delete or remesh"),
        ([], repeated, r"mesh.msh: tetrahedron 6 near x=.* m has no volume; delete or remesh"),
        ([], without_tetrahedra, r"mesh.msh: the mesh has no tetrahedra; mesh the volumes"),
        ([], with_nan, r"mesh.msh: vertex 5 .* position \[nan, .* finite coordinates"),
        ([("0.25}", "0.25, where: {group: rok}}")], None, r"rock.where.group: 'rok' .* rock\?"),
        ([(RECTANGLE, "surface: plan")], None, r"main.surface: 'plan' .* mean plane\?"),
        ([(RECTANGLE, "surface: plane")], None, r"main.hanging_side: needed, .* 90.* east or west"),
        ([(RECTANGLE, SURFACE + "north")], None, r"hanging_side: 'north' lies along the strike"),
        ([(RECTANGLE, SURFACE + "lft")], None, r"yaml:9: .*hanging_side: 'lft' is none of north"),
        ([("top: free", "plane: fixed")], None, r"boundaries.plane: 24 of 24 .* inside the mesh"),
        ([("top: free", "wall: fixed, part: roller")], None, r"part: 5 faces belong to wall as"),
        ([("file: mesh.msh", "file: mesh.msh\n  units: km")], None, r"80,000 km wide, .* units: m"),
        ([("file: mesh.msh", "file: mesh.msh\n" + BOX)], None, r"yaml:2: mesh: has file and box"),
        ([("file: mesh.msh", "file: msh.mesh")], None, r"mesh.file: msh.mesh does not exist"),
        ([("file: mesh.msh", "file: results")], None, r"mesh.file: results does not exist"),
        ([("file: mesh.msh", "file: /dev/zero")], None, r"mesh.file: /dev/zero does not exist"),
    ],
)
def test_a_mesh_that_does_not_serve_is_named(changes, spoil, message, desk) -> None:
    mesh = gmsh_mesh()
    if spoil is not None:
        spoil(mesh)
    write_gmsh(desk.folder / "mesh.msh", mesh)
    desk.case((BOX, "  file: mesh.msh\n"), *changes)
    assert matches(message, desk.told())


@pytest.mark.parametrize("ending", ["msh", "vtu", "inp", "e", "exo", "med", "vtk", "stl", "xyz"])
@pytest.mark.parametrize("content", [b"", GARBAGE, b"hello world\n"], ids=len)
def test_a_file_that_is_no_mesh_is_refused(ending, content, desk) -> None:
    desk.put(f"mesh.{ending}", content)
    desk.case((BOX, f"  file: mesh.{ending}\n"))
    assert matches(rf"mesh\.{ending}: .*; ?(write|mesh)", desk.told())


def test_inverted_tetrahedra_are_turned(desk) -> None:
    """An orientation carries no meaning in a mesh file: mesh generators differ in it."""
    mesh = gmsh_mesh()
    mesh.cells[0].data[:9] = mesh.cells[0].data[:9, [1, 0, 2, 3]]
    write_gmsh(desk.folder / "mesh.msh", mesh)
    desk.case((BOX, "  file: mesh.msh\n"))
    assert main(["check", "case.yaml"]) == 0


def test_kilometres_said_to_be_metres_are_suspected(desk, caplog) -> None:
    mesh = gmsh_mesh()
    mesh.points /= 1e3
    write_gmsh(desk.folder / "mesh.msh", mesh)
    desk.case((BOX, "  file: mesh.msh\n"))
    assert matches("faults.main: .* outside the mesh", desk.told())
    assert "is the mesh in km? write units: km" in caplog.text
