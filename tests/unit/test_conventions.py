"""Every convention that a user must know, from case.yaml to stations.csv on a small mesh.

Each is stated by hand, as one would on paper, and then compared with Okada's (1992) solution, so
that code and oracle cannot be wrong together. A flipped sign anywhere on the way breaks a test.
The fault is 20 km x 10 km with its upper edge at 4 km; axes x east, y north, z up.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from femcrust.case import load_case
from femcrust.outputs.stations import stations_csv
from femcrust.run import run
from reference import okada

KM = 1e3
# Cells of 4 km see displacement to a few percent of the peak; a wrong sign is off by 200.
CLOSE = 0.06
STATIONS = {  # km
    "east": (8, 0, 0),
    "west": (-8, 0, 0),
    "north": (0, 8, 0),
    "south": (0, -8, 0),
    "north-east": (9, 11, 0),
    "south-west": (-14, -5, 0),
    "far east": (18, 0, 0),
    "far west": (-18, 0, 0),
    "far north": (0, 18, 0),
    "far south": (0, -18, 0),
    "beyond the northern tip": (0, 18, -9),
    "beside the fault": (8, 0, -9),
}
CASE = """
mesh:
  box: {{x: [-60 km, 60 km], y: [-60 km, 60 km], z: [-48 km, 0 km],
        size: {{near: 4 km, far: 20 km, growth: 0.5}}, fault_planes: [{planes}]}}
materials: {{rock: {{mu: 30 GPa, nu: 0.25}}}}
{acts}
output:
  stations: stations.csv
  los:
    overhead: {{unit: [0, 0, 1]}}
    ascending: {{heading: 0 deg, incidence: 40 deg}}
  coulomb:
    left: {{strike: 0 deg, dip: 90 deg, rake: 0 deg, friction: 0}}
    right: {{strike: 0 deg, dip: 90 deg, rake: 180 deg, friction: 0}}
    clamped: {{strike: 0 deg, dip: 90 deg, rake: 0 deg, friction: 0.5}}
"""
FAULT = """
faults:
  main:
    rectangle: {{top_center: [0 km, 0 km, -4 km], length: 20 km, width: 10 km,
                strike: {strike} deg, dip: {dip} deg}}
    slip: {{{slip}}}
"""

Values = dict[str, dict[str, float]]  # station → column → value


@cache
def solved(acts: str, planes: str = "") -> Values:
    """Rows of stations.csv of a case."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.yaml").write_text(CASE.format(acts=acts, planes=planes))
        lines = [f"{k},{x},{y},{z}" for k, (x, y, z) in STATIONS.items()]
        (folder / "stations.csv").write_text("\n".join(["name,x_km,y_km,z_km", *lines]) + "\n")
        text = stations_csv(run(load_case(folder / "case.yaml")))
    rows = csv.DictReader(io.StringIO(text))
    return {
        row["name"]: {k: float(v) for k, v in row.items() if k not in ("name", "side")}
        for row in rows
    }


def slipped(strike: float, dip: float, slip: str, split: bool = False) -> Values:
    """A case with one fault."""
    return solved(FAULT.format(strike=strike, dip=dip, slip=slip), "main" if split else "")


def moved(values: Values) -> np.ndarray:
    """Displacement at the stations on the ground, m. (n, 3)"""
    ground = [v for v in values.values() if v["z_m"] == 0.0]
    return np.array([[v["east_m"], v["north_m"], v["up_m"]] for v in ground])


def off_okada(values: Values, strike: float, dip: float, slip: tuple[float, ...]) -> float:
    """Largest difference from the half-space solution on the ground over its peak there."""
    points = KM * np.array([x for x in STATIONS.values() if x[2] == 0], dtype=float)
    exact = okada.rectangle(points, (0, 0, -4 * KM), 20 * KM, 10 * KM, strike, dip, slip)
    difference = np.linalg.norm(moved(values) - exact, axis=1)
    return float(difference.max() / np.linalg.norm(exact, axis=1).max())


# strike, dip, slip as in the file, as components, then: station, column, sign
SIGNS = {
    "left-lateral, northward strike: the east side goes north": (
        (0, 90, "strike: 1 m", (1, 0, 0)),
        [("east", "north_m", 1), ("west", "north_m", -1)],
    ),
    "left-lateral, eastward strike: the south side goes east": (
        (90, 90, "strike: 1 m", (1, 0, 0)),
        [("south", "east_m", 1), ("north", "east_m", -1)],
    ),
    "left-lateral, southward strike: the west side goes south": (
        (180, 90, "strike: 1 m", (1, 0, 0)),
        [("west", "north_m", -1), ("east", "north_m", 1)],
    ),
    "strike is clockwise from north: at 45° the south-east side goes north-east": (
        (45, 90, "strike: 1 m", (1, 0, 0)),
        [("east", "north_m", 1), ("east", "east_m", 1), ("west", "east_m", -1)],
    ),
    "thrust, northward strike, dips east: the east rises and goes west": (
        (0, 40, "dip: 1 m", (0, 1, 0)),
        [("east", "up_m", 1), ("far east", "east_m", -1), ("far west", "east_m", 1)],
    ),
    "thrust, southward strike, dips west: the west rises and goes east": (
        (180, 40, "dip: 1 m", (0, 1, 0)),
        [("west", "up_m", 1), ("far west", "east_m", 1), ("far east", "east_m", -1)],
    ),
    "thrust, eastward strike, dips south: the south rises and goes north": (
        (90, 40, "dip: 1 m", (0, 1, 0)),
        [("south", "up_m", 1), ("far south", "north_m", 1), ("far north", "north_m", -1)],
    ),
    "vertical thrust: the right side rises": (
        (0, 90, "dip: 1 m", (0, 1, 0)),
        [("east", "up_m", 1), ("west", "up_m", -1)],
    ),
    "opening of a northward dike: sides part": (
        (0, 90, "open: 1 m", (0, 0, 1)),
        [("east", "east_m", 1), ("west", "east_m", -1)],
    ),
    "rake 0 is left-lateral": (
        (0, 90, "amount: 1 m, rake: 0 deg", (1, 0, 0)),
        [("east", "north_m", 1)],
    ),
    "rake 180 is right-lateral": (
        (0, 90, "amount: 1 m, rake: 180 deg", (-1, 0, 0)),
        [("east", "north_m", -1)],
    ),
    "rake 90 is thrust": (
        (0, 40, "amount: 1 m, rake: 90 deg", (0, 1, 0)),
        [("east", "up_m", 1)],
    ),
    "rake −90 is normal": (
        (0, 40, "amount: 1 m, rake: -90 deg", (0, -1, 0)),
        [("east", "up_m", -1)],
    ),
    "rake 30 is left-lateral with some thrust": (
        (0, 40, "amount: 1 m, rake: 30 deg", (np.sqrt(0.75), 0.5, 0)),
        [("east", "north_m", 1), ("east", "up_m", 1)],
    ),
}


@pytest.mark.parametrize("name", SIGNS)
def test_signs_of_an_immersed_fault(name: str) -> None:
    (strike, dip, slip, components), expected = SIGNS[name]
    found = slipped(strike, dip, slip)
    for station, column, sign in expected:
        assert sign * found[station][column] > 0.01, (station, column)  # of 1 m of slip
    assert off_okada(found, strike, dip, components) <= CLOSE


@pytest.mark.parametrize("strike", [0, 90, 180, 270])
@pytest.mark.parametrize("part", ["strike", "dip", "open"])
def test_split_nodes_have_the_signs_of_immersed_faults(strike: int, part: str) -> None:
    components = tuple(float(part == name) for name in ("strike", "dip", "open"))
    found = slipped(strike, 90, f"{part}: 1 m", split=True)
    # slip must vanish at the buried edge, which shifts moment inward by part of a 4 km cell
    assert off_okada(found, strike, 90, components) <= 2 * CLOSE
    reversed_ = tuple(-c for c in components)
    assert off_okada(found, strike, 90, reversed_) > 1.5


def test_pressure_pushes_down_and_up_is_positive() -> None:
    found = solved("loads: {ice: {disc: {center: [0 km, 0 km], radius: 12 km}, pressure: 1 MPa}}")
    for station in ("east", "west", "north", "south"):
        assert found[station]["up_m"] < -0.1  # −0.3 m under the middle, Love (1929)


def test_line_of_sight_is_positive_toward_the_satellite() -> None:
    """Heading north and looking right, the satellite is to the west and above."""
    found = slipped(0, 40, "dip: 1 m")
    assert found["east"]["los_overhead_m"] == pytest.approx(found["east"]["up_m"])
    assert found["east"]["los_overhead_m"] > 0.05
    # a thrust shortens: what is far to the east goes west, nearer, and what is far west goes away
    assert found["far east"]["los_ascending_m"] > 0.01
    assert found["far west"]["los_ascending_m"] < -0.01


def test_coulomb_stress_grows_beyond_the_tip_and_falls_beside_the_fault() -> None:
    """On planes parallel to a left-lateral fault; for right-lateral slip on them, reversed."""
    found = slipped(0, 90, "strike: 1 m")
    tip, beside = found["beyond the northern tip"], found["beside the fault"]
    assert tip["coulomb_left_Pa"] > 1e5  # μ times 1 m over 20 km is 1.5 MPa
    assert beside["coulomb_left_Pa"] < -1e5
    assert tip["coulomb_right_Pa"] == pytest.approx(-tip["coulomb_left_Pa"])


def test_tension_is_positive_so_that_a_dike_clamps_its_walls() -> None:
    found = slipped(0, 90, "open: 1 m")
    beside, tip = found["beside the fault"], found["beyond the northern tip"]
    # friction times Δσ_n is what `clamped` has beyond `left`
    assert beside["coulomb_clamped_Pa"] - beside["coulomb_left_Pa"] < -1e5
    assert tip["coulomb_clamped_Pa"] - tip["coulomb_left_Pa"] > 1e5
