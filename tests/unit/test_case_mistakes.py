"""Every mistake in a case file is one line that names place, key, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from case_texts import FULL, SMALL, Writer, told


@pytest.fixture(autouse=True)
def _no_backend_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEMCRUST_BACKEND", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


MISTAKES = [
    # (old, new, message) on FULL; {n} is the line of `new`
    ("rake: 90 deg}", "rake: ninety}", "faults.blind.slip.rake: 'ninety' is no angle; write e.g. "),
    ("tolerance: 1e-10", "tolerence: 1e-10", "solver.tolerence: unknown key; did you mean toler"),
    ("tolerance: 1e-10", "tolerance: 0.5", "solver.tolerance: 0.5 must be at most 0.01"),
    ("tolerance: 1e-10", "tolerance: 0", "solver.tolerance: 0 must be above 0"),
    ("tolerance: 1e-10", "tolerance: .nan", "solver.tolerance: nan is not finite"),
    ("tolerance: 1e-10", "tolerance: true", "solver.tolerance: True is no number"),
    ("tolerance: 1e-10", "tolerance: 1e-8 m", "solver.tolerance: '1e-8 m' is no number; write it"),
    ("tolerance: 1e-10", "max_iterations: 1.5", "solver.max_iterations: 1.5 is no whole number"),
    ("tolerance: 1e-10", "max_iterations: 0", "solver.max_iterations: 0: input should be greater"),
    ("backend: auto", "backend: gpu", "solver.backend: 'gpu' is none of auto, cpu, cuda"),
    ("multigrid", "multigird", "solver.preconditioner: 'multigird' is none of multigrid, jacobi; "),
    ("near: 2 km", "near: 2", "mesh.box.size.near: 2 has no unit; write e.g. '15 km'"),
    ("near: 2 km", "near: 0 km", "mesh.box.size.near: '0 km' must be above 0 m"),
    ("near: 2 km", "near: 20 km", "mesh.box.size: near = 20000 m is above far = 15000 m"),
    ("near: 2 km, ", "", "mesh.box.size.near: missing; write e.g. near: 2 km"),
    ("z: [-60 km, 0 km]", "z: [0 km, -60 km]", "mesh.box.z: 0 to -60000 is no range"),
    ("z: [-60 km, 0 km]", "z: -60 km", "mesh.box.z: '-60 km' is no list, [...]; write e.g. z: [-6"),
    ("z: [-60 km, 0 km]", "z: [-60 km]", "mesh.box.z[1]: missing"),
    ("z: [-60 km, 0 km]", "z: [-60 km, 0 GPa]", "mesh.box.z[1]: '0 GPa' is no length"),
    ("at: [[0 km, 0 km, -8 km]]", "at: [[0 km, 0]]", "mesh.box.at[0][1]: 0 has no unit"),
    ("fault_planes: [cut]", "fault_planes: [cutt]", "'cutt' is no fault; did you mean cut?"),
    ("topography: 1.5*km", "topography: q*x", "mesh.box.topography: 'q*x*exp("),
    ("box:", "boxx:", "mesh.boxx: unknown key; did you mean box?"),
    ("box:", "build:", "mesh.build: is reserved and not yet available"),
    ("vs: 3.46 km/s, ", "", "materials.crust: has vp; give one pair of vp+vs, E+nu"),
    ("vs: 3.46 km/s", "vs: 3.46 km/s, nu: 0.3", "materials.crust: has vp, vs, nu; give one pair"),
    ("vs: 3.46 km/s", "vs: 5.3 km/s", "materials.crust.vp: 6000 m/s is too slow for vs = 5300"),
    ("rho: 2700 kg/m^3,\n", "\n", "materials.crust.rho: missing; vp and vs need rho"),
    ("nu: 0.25\n", "nu: 0.5\n", "materials.basin.nu: 0.5 must be below 0.5"),
    ("nu: 0.25\n", "nu: -1\n", "materials.basin.nu: -1 must be above -1"),
    ("nu: 0.25\n", "nu: 0.25 GPa\n", "materials.basin.nu: '0.25 GPa' is no number; write it with"),
    ("mu: 70 GPa", "mu: -70 GPa", "materials.slab.mu: '-70 GPa' must be above 0 Pa"),
    ("mu: 70 GPa", "mu: 70", "materials.slab.mu: 70 has no unit; write e.g. '30 GPa'"),
    ("mu: 70 GPa", "mu: 70*GPa*dpth/km", "is no unit; write e.g. '30 GPa', or an expression in x"),
    ("mu: 70 GPa", "mu: x > 3", "materials.slab.mu: 'x > 3' is not a number"),
    ("lambda: 60 GPa", "lambda: -60 GPa", "materials.deep.lambda: -6e+10 Pa makes the bulk"),
    ("lambda: 60 GPa", "lamda: 60 GPa", "materials.deep.lamda: unknown key; did you mean lambda?"),
    ("variable: bulk", "varable: bulk", "materials.slab.K.varable: unknown key; did you mean var"),
    ("expression: x > 2*km and y < 0", "expression: x + 1", "'x + 1' is not true or false"),
    ("model: maxwell", "model: plastic", "materials.mantle.model: 'plastic' is not yet avail"),
    ("model: maxwell", "model: maxwel", "'maxwel' is no model; did you mean maxwell?"),
    ("eta: 1e19 Pa*s,\n", "\n", "materials.mantle.eta: missing; maxwell needs it"),
    ("eta: 1e19 Pa*s", "eta: 0 Pa*s", "materials.mantle.eta: '0 Pa*s' must be above 0 Pa*s"),
    ("eta: 1e19 Pa*s", "eta: 1e19", "materials.mantle.eta: 1e+19 has no unit; write e.g. '1e19 P"),
    ("model: maxwell, ", "", "materials.mantle.eta: goes with model: maxwell, "),
    ("model: maxwell", "model: burgers", "mantle.mu_kelvin: missing; burgers needs it, e.g. mu_k"),
    ("  deep:", "  de/ep:", "materials.de/ep: is no plain word"),
    ("  deep:", "  7:", "materials.7: is no plain word"),
    ("hanging_side: east", "hanging_side: eastt", "'eastt' is none of north, northeast, east, "),
    ("surface: fault\n", "surface: fault\n    file: a.csv\n", "faults.main: has surface and file;"),
    ("    surface: fault\n", "", "faults.main: give one of surface, rectangle, triangles, file"),
    ("strike: 1 m, dip: 0 m", "rake: 0 deg, dip: 0 m", "faults.main.slip.dip: does not go with"),
    ("dip: 45 deg", "dip: 95 deg", "faults.blind.rectangle.dip: '95 deg' must be at most 90 deg"),
    ("dip: 45 deg", "dip: 0 deg", "faults.blind.rectangle.dip: '0 deg' must be above 0 deg"),
    ("length: 20 km", "length: -20 km", "faults.blind.rectangle.length: '-20 km' must be above 0"),
    ("length: 20 km", "length:", "faults.blind.rectangle.length: is empty; give a value or remove"),
    ("time: 0 yr", "time: 5 yr", "faults.blind.time: 1.57788e+08 s needs a section time"),
    ("{file: slip.fsp}", "{file: slip.fsp, slip: {dip: 1 m}}", "faults.table.slip: does not go wi"),
    ("{file: slip.fsp}", "{file: slip.fsp, hanging_side: east}", "faults.table.hanging_side: goes"),
    ("slip: {file: sheet_slip.csv}", "time: 0 yr", "faults.sheet.slip: missing; give e.g. slip"),
    ("{file: slip.fsp}", "slip.fsp", "faults.table: 'slip.fsp' is no mapping, 'key: value'"),
    ("Mw: 5.5", "M0: 1e17 Pa", "faults.burst.moment.M0: '1e17 Pa' is no moment; write e.g. '1e18"),
    ("Mw: 5.5", "Mw: 5.5, mxx: 1 N*m", "faults.burst.moment.Mw: does not go with mxx"),
    (", dip: 80 deg", "", "faults.burst.moment.dip: missing; Mw needs strike, dip and rake"),
    ("sides: infinite", "sides: infinit", "boundaries.sides: 'infinit' is no boundary; did you me"),
    ("sides: infinite", "sides: {pin: 3}", "boundaries.sides.pin: unknown key"),
    ("sides: infinite", "sides: {}", "boundaries.sides: give one of infinite, fixed, displacement"),
    ("sides: infinite", "sides: {fixed: [x, x]}", "boundaries.sides.fixed: names an axis twice"),
    ("sides: infinite", "sides: {fixed: x, pressure: 1 Pa}", "has fixed and pressure; keep one"),
    ("sides: infinite", "sides: {kind: traction}", "boundaries.sides: traction needs values"),
    ("sides: infinite", "sides: 3", "boundaries.sides: 3 is no mapping"),
    ("sides: infinite", "sides: {kind: []}", "boundaries.sides.kind: "),
    ("x: 1 cm", "x: 1 s", "boundaries.west.displacement.x: '1 s' is no length"),
    (", pressure: 9 MPa", "", "loads.ice.pressure: missing; a disc needs it"),
    ("{grid: {file: snow.nc, variable: p}}", "{grid: {}}", "loads.snow.grid.file: missing"),
    ("[-0.6, -0.1, 0.79]", "[-0.6, -0.1, 7.9]", "output.los.track18.unit: has length 7.923"),
    (", incidence: 39 deg", "", "output.los.track9: give unit, or heading and incidence"),
    ("directory: results", "directory: ../results", "output.directory: '../results' leaves"),
    ("directory: results", "directory: /results", "output.directory: '/results' is absolute"),
    ("directory: results", "directory: ''", "output.directory: is empty"),
    ("formats: [vtu, csv]", "formats: [vtu, xls]", "output.formats[1]: 'xls' is none of vtu, csv"),
    ("formats: [vtu, csv]", "every: 5 yr", "output.every: needs a section time"),
    ("fields: [displacement,", "fields: [velocity,", "output.fields: velocity needs a section"),
    ("fields: [displacement,", "fields: [strain_rate,", "output.fields: strain_rate needs a sect"),
    ("rake: 180 deg, depth: 8", "depth: 8", "output.coulomb.receiver.rake: missing; a receiver"),
    (
        "rake: 180 deg, depth: 8 km",
        "rake: 0 deg, regional: {regime: thrust, azimuth: 0 deg, s1: 3 Pa, s2: 2 Pa, s3: 1 Pa}",
        "output.coulomb.receiver.strike: does not go with regional; keep one",
    ),
    (
        "strike: 30 deg, dip: 60 deg, rake: 180 deg, depth: 8 km",
        "regional: {regime: thrust, azimuth: 0 deg, s1: 1 Pa, s2: 2 Pa, s3: 3 Pa}",
        "output.coulomb.receiver.regional: s1, s2, s3 do not fall",
    ),
    ("  coulomb: {rec", "  los2: {rec", "output.los2: unknown key; did you mean los?"),
    ("title: Two faults in a layered crust", "title: 2024", "case.title: 2024 is no text; put it"),
    ("case:\n", "time: {end: 1 yr, step: 2 yr}\ncase:\n", "time.step: 6.31152e+07 s is longer"),
    ("solver:", "solvr:", "solvr: unknown key; did you mean solver?"),
    ("  crs: EPSG", "  title: EPSG", "'title' is given twice (first in line 2); keep one"),
    ("crs: EPSG:32654", "crs: *base", "the alias *base is not defined above"),
    ("crs: EPSG:32654", "crs: &a [*a]", "the alias *a contains itself"),
    ("crs: EPSG:32654", "crs: !!python/name:os.system x", "the tag 'tag:yaml.org,2002:python"),
    ("crs: EPSG:32654", "<<: {a: 1}", "<< is not supported; use extends: base.yaml"),
    ("crs: EPSG:32654", "[a, b]: 1", "a key must be a plain text"),
    ("crs: EPSG:32654", "crs: [1, 2", "not valid YAML at column"),
    ("crs: EPSG:32654", "crs: " + "[" * 60 + "]" * 60, "nested deeper than 40"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistake_is_one_line_with_place(old: str, new: str, message: str, write: Writer) -> None:
    assert FULL.count(old) >= 1
    found = told(write(FULL.replace(old, new, 1)))
    lines = found.splitlines()
    line = next((line for line in lines if message in line), found)
    assert message in line
    assert line.startswith("case.yaml:")
    assert len(line) < 330
    number = int(line.split(":")[1])
    at = FULL[: FULL.index(old)].count("\n") + 1
    if new:
        assert at - 5 <= number <= at + 1, line  # the line of the key, or of the section above it


def test_line_is_that_of_the_key(write: Writer) -> None:
    text = FULL.replace("dip: 45 deg", "dip:\n        upright")
    number = text[: text.index("dip:\n")].count("\n") + 1
    assert told(write(text)).startswith(
        f"case.yaml:{number}: faults.blind.rectangle.dip: 'upright'"
    )


def test_syntax_error_has_line_and_column(write: Writer) -> None:
    found = told(write("mesh:\n  file: a.msh\n bad: 1\n"))
    assert found.startswith("case.yaml:3: not valid YAML at column 2: ")
    assert "\n" not in found


def test_all_mistakes_are_told_but_no_more_than_ten(write: Writer) -> None:
    text = SMALL + "boundaries: {" + ", ".join(f"s{i}: infinit" for i in range(14)) + "}\n"
    lines = told(write(text)).splitlines()
    assert len(lines) == 11
    assert all(line.startswith("case.yaml:4: boundaries.s") for line in lines[:10])
    assert lines[-1] == "... and 4 more"


def test_missing_sections_are_named(write: Writer) -> None:
    found = told(write("case: {title: none}\n"))
    assert found.splitlines() == ["case.yaml:1: mesh: missing", "case.yaml:1: materials: missing"]


def test_both_mesh_sources_are_refused(write: Writer) -> None:
    found = told(write(FULL.replace("mesh:\n", "mesh:\n  file: a.msh\n")))
    assert found == "case.yaml:6: mesh: has file and box; keep one of them"
