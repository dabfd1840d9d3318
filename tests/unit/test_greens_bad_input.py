"""What `femcrust greens` and the pictures of a library refuse: one line, nothing written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from case_texts import Writer, told
from tiny_case import RECTANGLE, SLIP, Desk, desk, matches

__all__ = ["desk"]

OUTPUT = "output: {directory"
TRIANGLES = """\
$MeshFormat
2.2 0 8
$EndMeshFormat
$Nodes
4
1 -6000 -5000 -4000
2 7000 -6000 -5000
3 500 5000 -9000
4 {x} {y} {z}
$EndNodes
$Elements
2
1 2 2 1 1 1 2 3
2 2 2 1 1 1 2 4
$EndElements
"""
BASE = """\
mesh: {file: mesh.msh}
materials: {rock: {E: 75 GPa, nu: 0.25}}
faults:
  main: {rectangle: {top_center: [0 km, 0 km, -5 km], length: 9 km, width: 9 km, strike: 0 deg,
         dip: 30 deg}, slip: {strike: 1 m}}
loads:
  ice: {disc: {center: [0 km, 0 km], radius: 10 km}, pressure: 9 MPa}
  snow: {grid: {file: snow.nc}}
greens: """


def greens(desk: Desk, *words: str) -> str:
    return desk.told("greens", "case.yaml", "--quiet", *words)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{fault: main}", "greens.fault: unknown key; did you mean faults?"),
        ("{faults: mian}", "greens.faults[0]: 'mian' is no fault; did you mean main?"),
        ("{faults: [main, main]}", "greens.faults[1]: main stands twice; keep one"),
        ("{loads: snow}", "greens.loads[0]: 'snow' is no disc load; known: ice"),
        ("{components: [rake]}", "'rake' is none of strike, dip, opening"),
        ("{components: []}", "greens.components: has 0 values"),
        ("{components: [dip, dip]}", "greens.components[1]: dip stands twice; keep one"),
        ("{method: fast}", "'fast' is none of auto, forward, reciprocal"),
        ("{patches: {length: 5 km}}", "give length and width, or along_strike and down_dip"),
        ("{patches: {length: 5, width: 5 km}}", "greens.patches.length: 5 has no unit"),
        ("{patches: {length: 0 km, width: 5 km}}", "greens.patches.length: '0 km' must be above 0"),
        ("{patches: {along_strike: 0, down_dip: 2}}", "greens.patches.along_strike: 0"),
        ("{patches: {along_strike: 1.5, down_dip: 2}}", "greens.patches.along_strike: 1.5"),
        (
            "{patches: {length: 5 km, width: 5 km, down_dip: 2}}",
            "greens.patches.down_dip: does not go with length; keep one form",
        ),
    ],
)
def test_the_section(section: str, message: str, tmp_path: Path) -> None:
    said = told(Writer(tmp_path)(BASE + section))
    assert message in said, said
    assert said.startswith("case.yaml:")


def test_patches_outside_the_mesh(desk: Desk) -> None:
    desk.case(("top_center: [0 km, 0 km, -5 km]", "top_center: [35 km, 0 km, -5 km]"))
    said = greens(desk)
    assert matches(r"^faults\.main: [\d.]+ % of its area lies outside the mesh, up to", said)


def test_a_row_of_a_table_outside_the_mesh(desk: Desk) -> None:
    desk.case((f"{RECTANGLE}\n    {SLIP}", "file: rows.csv"))
    row = "0,0,-4000,8000,6000,20,40,90,1\n"
    desk.put(
        "rows.csv",
        f"x,y,z,length,width,strike,dip,rake,slip\n{row}{row.replace('0,0', '39000,0', 1)[:-2]}0\n",
    )
    # the row slips by nothing, which a run leaves out, a library does not
    assert matches(r"^faults\.main: .* outside the mesh", greens(desk))


@pytest.mark.parametrize("x", ["13250", "6999.999999"], ids=["a line", "all but a line"])
def test_a_triangle_without_area(x: str, desk: Desk) -> None:
    y = float(x) * -1e3 / 13e3 - 5000 - 6e6 / 13e3
    desk.case((RECTANGLE, "triangles: {file: sheet.msh}"))
    desk.put("sheet.msh", TRIANGLES.format(x=x, y=y, z=y + 1000))
    assert matches(r"^faults\.main: a triangle near \(.*\) m has no area; mend", greens(desk))


UNCUT = TRIANGLES.replace("2 2 2 1 1 1 2 4\n", "2 2 2 1 1 1 3 4\n")


@pytest.mark.parametrize("section", ["{}", "{patches: {count: 5}}"])
def test_a_station_on_a_sheet(section: str, desk: Desk) -> None:
    desk.case((RECTANGLE, "triangles: {file: sheet.msh}"), (OUTPUT, f"greens: {section}\n{OUTPUT}"))
    desk.put("sheet.msh", UNCUT.format(x=-9000, y=6000, z=-9000))
    x = np.array([[-6.0, -5, -4], [7, -6, -5], [0.5, 5, -9]])
    share = np.linalg.solve(np.vstack([x[:, :2].T, np.ones(3)]), [0.5, -2, 1])
    desk.put(
        "stations.csv", f"name,x_km,y_km,z_km\nA,1,2,0\nin it,0.5,-2,{float(share @ x[:, 2])!r}\n"
    )
    assert greens(desk).startswith("output.stations: in it: on a fault, where the displacement")


def test_a_sheet_in_metres_that_is_said_to_be_in_kilometres(desk: Desk) -> None:
    desk.case((RECTANGLE, "triangles: {file: sheet.msh, units: km}"))
    desk.put("sheet.msh", UNCUT.format(x=-9000, y=6000, z=-9000))
    assert matches(r"^faults\.main: 100 % of its area lies outside the mesh, up to", greens(desk))


def test_a_sheet_in_kilometres_that_is_taken_for_metres(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    from femcrust.cli import main

    small = UNCUT.replace("000 ", " ").replace("000\n", "\n").replace("500 ", "0.5 ")
    desk.case(
        (RECTANGLE, "triangles: {file: sheet.msh}"), ("near: 10 km", "near: 10 km, growth: 1")
    )
    desk.put("sheet.msh", small.format(x=-9, y=6, z=-9))
    assert main(["greens", "case.yaml", "--quiet"]) == 0
    assert (
        "faults.main: its patches are at most 8.64 m across, in cells of 1e+04 m; look"
        in caplog.text
    )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{patches: {count: 0}}", "greens.patches.count: 0"),
        ("{patches: {count: 2.5}}", "greens.patches.count: 2.5"),
        ("{patches: {count: 9, length: 5 km}}", "give length and width, or along_strike and"),
        ("{refine: maybe}", "greens.refine: 'maybe'"),
    ],
)
def test_keys_of_patches(section: str, message: str, tmp_path: Path) -> None:
    assert message in told(Writer(tmp_path)(BASE + section))


def test_too_many_patches(desk: Desk) -> None:
    desk.case((OUTPUT, f"greens: {{patches: {{length: 1 cm, width: 1 m}}}}\n{OUTPUT}"))
    said = greens(desk)
    assert matches(r"^greens\.patches: 0\.01 m x 1 m cut faults\.main\.rectangle into", said)
    assert "give at most 100,000" in said


def test_a_station_name_that_stands_twice(desk: Desk) -> None:
    desk.put("stations.csv", "name,x_km,y_km\nA,1,2\nA,-10,5\n")
    assert matches(r"stations\.csv:3: name 'A' occurs on line 2 already; rename", greens(desk))


def test_no_stations(desk: Desk) -> None:
    desk.case(("stations: stations.csv, ", ""))
    assert matches(r"^case\.yaml: output\.stations: missing; name the file", greens(desk))


def test_a_station_outside(desk: Desk) -> None:
    desk.put("stations.csv", "name,x_km,y_km\nA,1,2\nfar,-90,5\n")
    assert matches(r"^output\.stations: far: outside the mesh; move it", greens(desk))


def test_a_station_on_a_fault(desk: Desk) -> None:
    desk.case(("-5 km], length", "0 km], length"))
    desk.put("stations.csv", "name,x_km,y_km\nA,9,2\non trace,0,0\n")
    said = greens(desk)
    assert said.startswith("output.stations: on trace: on a fault, where the displacement jumps")


def test_stations_close_to_a_patch_are_named(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    from femcrust.cli import main

    desk.case(("near: 10 km", "near: 4 km"))
    desk.put("stations.csv", "name,x_km,y_km\nA,29,2\nbeside,0.2,0\n")
    assert main(["greens", "case.yaml", "--quiet"]) == 0
    assert "output.stations: beside: so near to 1 of the patches that errors may" in caplog.text
    caplog.clear()
    desk.put("stations.csv", "name,x_km,y_km\nA,29,2\nnot beside,-12,12\n")
    assert main(["greens", "case.yaml", "--quiet", "-o", "far.nc"]) == 0
    assert not caplog.text


def test_a_box_that_is_cut_along_the_patches(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    from femcrust.cli import main

    upright = ("strike: 30 deg, dip: 70 deg", "strike: 0 deg, dip: 90 deg")
    desk.case(upright, ("    size: {near", "    fault_planes: [main]\n    size: {near"))
    desk.put("stations.csv", "name,x_km,y_km\nA,29,2\n")
    assert main(["greens", "case.yaml", "--quiet"]) == 0
    assert "faults.main: the box is cut along it, which smears patches over two" in caplog.text


def over_time(desk: Desk, rock: str = "model: maxwell, eta: 1e19 Pa*s", output: str = "") -> None:
    """The case with two years of relaxation."""
    desk.case(
        (OUTPUT, f"time: {{end: 2 yr, step: 1 yr}}\noutput: {{{output}directory"),
        ("nu: 0.25", f"nu: 0.25, {rock}"),
    )


@pytest.mark.parametrize("command", ["greens", "check"])
def test_rock_whose_answers_do_not_add_up(command: str, desk: Desk) -> None:
    over_time(desk, "model: power_law, eta: 1e19 Pa*s, stress: 1 MPa, exponent: 3")
    text = (desk.folder / "case.yaml").read_text()
    desk.put("case.yaml", f"{text}greens: {{method: forward}}\n")
    said = desk.told(command, "case.yaml", "--quiet")
    assert matches(r"^materials\.rock\.model: power_law: .* do not add up.* choose a linear", said)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("times: [1 yr, 3 yr], ", r"output\.times\[1\]: .* is after time\.end"),
        ("times: [1 yr, 2], ", r"output\.times\[1\]: 2 has no unit; write e\.g\."),
        ("every: 3 km, ", r"output\.every: '3 km'"),
    ],
)
def test_epochs_that_are_none(output: str, message: str, desk: Desk) -> None:
    over_time(desk, output=output)
    assert matches(message, greens(desk))


def test_check_tells_of_epochs_and_of_the_memory_of_a_batch(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    from femcrust.cli import main

    over_time(desk, output="every: 1 yr, ")
    text = (desk.folder / "case.yaml").read_text()
    desk.put("case.yaml", f"{text}greens: {{method: forward}}\n")
    assert main(["check", "case.yaml"]) == 0
    said = capsys.readouterr().out
    assert (
        "greens: 1 patches x 2 components at 2 stations and 3 epochs up to 2 yr: 2 runs over time,"
        " one for each source (the other way: 6)"
    ) in said
    assert matches(r"greens: 16 right-hand sides go together and take 0\.\d of", said)


def test_the_command_says_how_fast_it_was(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    from femcrust.cli import main

    over_time(desk)
    assert main(["greens", "case.yaml"]) == 0
    said = capsys.readouterr().out
    assert "all go through the same 2 steps of 1 … 1 yr" in said
    # two columns, each with an elastic answer and two stages of two steps
    assert matches(
        r"\n10 right-hand sides of [\d,]+ unknowns in .*: [\d.]+ million unknowns x", said
    )
    assert main(["greens", "case.yaml"]) == 0
    assert "right-hand sides of" not in capsys.readouterr().out  # nothing was left to do


def test_nothing_to_make_sources_of(desk: Desk) -> None:
    load = "loads: {ice: {disc: {center: [0 km, 0 km], radius: 9 km}, pressure: 1 MPa}}"
    fault = f"faults:\n  main:\n    {RECTANGLE}\n    {SLIP}\n"
    desk.case((fault, ""), (OUTPUT, f"{load}\n{OUTPUT}"))
    assert matches(r"has no fault to make unit sources of; add one", greens(desk))


def test_a_file_that_is_no_library(desk: Desk) -> None:
    desk.put("other.nc", b"CDF\x02 of somebody else" * 100)
    said = greens(desk, "-o", "other.nc")
    assert said.startswith("other.nc: is no library of `femcrust greens`, or its end is missing")


def test_a_folder_that_cannot_be_written(desk: Desk) -> None:
    desk.put("inTheWay", b"a file")
    said = greens(desk, "-o", "inTheWay/lib.nc")
    assert matches(r"a part of the path is a file", said)


def test_pictures(desk: Desk) -> None:
    from femcrust.cli import main

    assert main(["greens", "case.yaml", "--quiet", "-o", "lib.nc"]) == 0
    for words, message in (
        ("plot lib.nc", "lib.nc: give --patch NUMBER or --station NAME"),
        ("plot lib.nc --patch 0 --station A", "lib.nc: give --patch NUMBER or --station NAME"),
        ("plot lib.nc --patch 1", "--patch: 1 is no patch of lib.nc; they are 0 to 0"),
        ("plot lib.nc --patch x", "--patch: 'x' is no number of a patch; write e.g. --patch 0"),
        ("plot lib.nc --station C", "--station: 'C' is no station of lib.nc; known: A, B"),
        ("plot stations.csv --patch 0", "stations.csv: is no library of `femcrust greens`"),
        ("plot gone.nc --patch 0", "gone.nc: cannot be read (No such file or directory)"),
        (
            "plot lib.nc --patch 0 --epoch 1yr",
            "--epoch: lib.nc is elastic and has no epochs; leave",
        ),
        ("plot lib.nc --epoch 1yr", "lib.nc: give --patch NUMBER or --station NAME"),
        ("plot results --epoch 1yr", "results: give --patch NUMBER or --station NAME"),
    ):
        assert desk.told(*words.split()).startswith(message)


def test_pictures_of_no_epoch(desk: Desk) -> None:
    from femcrust.cli import main

    over_time(desk)
    assert main(["greens", "case.yaml", "--quiet", "-o", "lib.nc"]) == 0
    for word, message in (
        ("1yr", "--epoch: 1 yr is no epoch of lib.nc; there are e.g. 0 yr, 2 yr"),
        ("1", "--epoch: '1' has no unit; write e.g."),
        ("5km", "--epoch: '5km'"),
        ("-2yr", "--epoch: -2 yr is no epoch of lib.nc"),
    ):
        said = desk.told("plot", "lib.nc", "--patch", "0", f"--epoch={word}")
        assert said.startswith(message), said
