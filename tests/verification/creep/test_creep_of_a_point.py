"""A box of rock that creeps by a power of its stress, held or pulled: one point, in closed form.

Dislocation creep alone, diffusion beside it, a viscosity given at one stress; errors are fractions
of the first value. Times run to where a linear body of the first viscosity had twice its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import relaxing
from table import orders, record

from reference import creep_point
from small_meshes import split_cubes

MU, NU = 60e9, 0.25
BULK = 2 * MU * (1 + NU) / (3 * (1 - 2 * NU))
STRAIN, STRESS = 5e-5, 5e6
EDGE = 1000.0
ASKED = (1, 1.37, 2, 3, 4.71, 6, 8, 9.99)  # tenths of the end
HALVINGS = (10, 20, 40, 80)  # steps
FINE, BOX = 1e-6, 1e-5  # at 1000 steps, and of a box of jiggled cells at 200

WET = {
    "prefactor": 90.0, "exponent": 3.5, "energy": 480e3, "volume": 11e-6, "water_exponent": 1.2
}  # fmt: skip
SLIDES = {
    "prefactor": 1e6, "energy": 335e3, "volume": 4e-6, "grain_exponent": 3.0, "water_exponent": 1.0
}  # fmt: skip
PLACE = {"temperature": 1500.0, "pressure": 2e9, "water": 1000.0}
GRAIN = 5e-3
GIVEN = {"eta": 1e18, "stress": 3e6, "exponent": 3.0}

WEST_SOUTH_BOTTOM = {"west": "roller", "south": "roller", "bottom": "roller"}
PULLED = {"east": {"displacement": {"x": STRAIN * EDGE}}}
LOADINGS: dict[str, dict[str, Any]] = {
    "confined": PULLED | dict.fromkeys(("north", "top"), "roller") | WEST_SOUTH_BOTTOM,
    "free": PULLED | WEST_SOUTH_BOTTOM,
    "stress": {"east": {"traction": (STRESS, 0.0, 0.0)}} | WEST_SOUTH_BOTTOM,
}
ROCKS: dict[str, dict[str, Any]] = {
    "dislocation": {"dislocation": WET, **PLACE},
    "both": {"dislocation": WET, "diffusion": SLIDES, **PLACE, "grain_size": GRAIN},
    "given": GIVEN,
}


def factors(rock: str) -> tuple[float, float, float]:
    """D, B and n of the oracle."""
    if rock == "given":
        # η = 1/(2 B τ^(n−1)) at σ = √3 τ
        tau = GIVEN["stress"] / np.sqrt(3.0)
        return 0.0, 1 / (2 * GIVEN["eta"] * tau ** (GIVEN["exponent"] - 1)), GIVEN["exponent"]
    at = {"temperature": 1500.0, "pressure": 2e9, "grain": 5000.0, "water": 1000.0}
    power = float(creep_point.WET_DISLOCATION.rate_factor(**at))
    linear = float(creep_point.WET_DIFFUSION.rate_factor(**at)) if rock == "both" else 0.0
    return linear, power, 3.5


class Point:
    """What the oracle knows of a rock under a loading."""

    def __init__(self, rock: str, loading: str, more: float = 1.0) -> None:
        linear, power, self.n = factors(rock)
        kind = "confined" if loading == "confined" else "free"
        law = linear, more * power, self.n, MU, BULK
        self.stiffness, self.a, self.b = creep_point.coefficients(kind, *law)
        self.first = STRESS if loading == "stress" else self.stiffness * STRAIN
        rate = self.a + self.b * self.first ** (self.n - 1)
        self.end = 2 / rate

    def stress(self, t: np.ndarray) -> np.ndarray:
        return creep_point.relaxation(self.first, t, self.a, self.b, self.n)

    def strain(self, t: np.ndarray) -> np.ndarray:
        return creep_point.creep(STRESS, t, self.stiffness, self.a, self.b, self.n)


def run(rock: str, loading: str, steps: int, cells: int = 1, **more: Any) -> relaxing.Series:
    """A box under `loading`, solved to 1e-12 in equal steps."""
    end = Point(rock, loading).end
    case = {
        "mesh": {"file": "cubes"},
        "materials": {"rock": {"mu": MU, "nu": NU, "model": "power_law", **ROCKS[rock]}},
        "boundaries": LOADINGS[loading],
        "time": {"end": end, "step": end / steps},
        "output": {"times": tuple(end * k / 10 for k in ASKED)},
        "solver": {"tolerance": 1e-12},
    }
    mesh = split_cubes(cells, (EDGE,) * 3, jiggle=0.2 if cells > 1 else 0.0)
    return relaxing.run(case | more, mesh)


def error(series: relaxing.Series, point: Point, loading: str) -> float:
    """The worst over the first value."""
    corner = np.array([[0.9 * EDGE, 0.8 * EDGE, 0.7 * EDGE]])
    t, stress = series.times, series.stress(corner)[:, 0]
    if loading == "stress":
        found = series.displacement(corner)[:, 0, 0] / corner[0, 0]
        right = point.strain(t)
    else:
        found = stress[:, 0] - (stress[:, 1] if loading == "confined" else 0.0)
        right = point.stress(t)
    return float(np.abs(found - right).max() / abs(right[0]))


CASES = [(rock, loading) for rock in ROCKS for loading in LOADINGS]


@pytest.mark.parametrize(("rock", "loading"), CASES)
def test_a_point_creeps_with_second_order(rock: str, loading: str) -> None:
    point = Point(rock, loading)
    found = [error(run(rock, loading, n), point, loading) for n in HALVINGS]
    if loading == "stress":  # linear growth, in which no step errs; the oracle's R has ten digits
        assert max(found) <= 1e-8
        return
    slopes = orders([1 / n for n in HALVINGS], found)
    note = f"{HALVINGS[-1]} steps to 2 times that of the first stress"
    record(f"creep, {rock}, {loading}", np.nan, found[-1], np.inf, slopes[-1], note)
    assert all(slope is None or 1.85 <= slope <= 2.2 for slope in slopes), (found, slopes)


@pytest.mark.parametrize("rock", ROCKS)
def test_a_point_is_exact_at_fine_steps(rock: str) -> None:
    found = error(run(rock, "confined", 1000), Point(rock, "confined"), "confined")
    record(f"creep, {rock}, confined", np.nan, found, FINE, note="1000 steps")
    assert found <= FINE


@pytest.mark.parametrize(("rock", "loading"), CASES)
def test_a_box_of_jiggled_cells_is_one_point(rock: str, loading: str) -> None:
    found = error(run(rock, loading, 200, cells=2), Point(rock, loading), loading)
    record(f"creep, {rock}, {loading}", EDGE / 2, found, BOX, note="jiggled cells, 200 steps")
    assert found <= BOX


def test_another_rock_is_told_apart() -> None:
    """What the bounds must refuse: a prefactor off by a hundredth."""
    series = run("both", "confined", 1000)
    assert error(series, Point("both", "confined", more=1.01), "confined") > 1e2 * FINE
