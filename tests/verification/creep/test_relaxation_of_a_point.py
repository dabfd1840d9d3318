"""A box of one material whose strain or stress steps: strain is uniform, it is one point.

Held strain with and without lateral strain, held stress; against closed forms of every rheology.
Errors are fractions of the first value; times run to twice the Maxwell time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import relaxing
from table import orders, record

from reference import viscoelastic_point as point
from small_meshes import split_cubes

MU, NU, TAU = 30e9, 0.25, 10 * relaxing.YEAR
BULK = 2 * MU * (1 + NU) / (3 * (1 - 2 * NU))
ETA = MU * TAU
STRAIN, STRESS = 1e-4, 5e6
SOFT, ETA_KELVIN = 20e9, 0.8 * ETA
EDGE = 1000.0
END = 2 * TAU
ASKED = (1, 1.37, 2, 3, 4.71, 6, 8, 9.99)  # tenths of the end
HALVINGS = (10, 20, 40, 80)  # steps
FINE, BOX = 1e-6, 1e-5  # at 1000 steps, and of a box of jiggled cells at 200

WEST_SOUTH_BOTTOM = {"west": "roller", "south": "roller", "bottom": "roller"}
PULLED = {"east": {"displacement": {"x": STRAIN * EDGE}}}
LOADINGS: dict[str, dict[str, Any]] = {
    "confined": PULLED | dict.fromkeys(("north", "top"), "roller") | WEST_SOUTH_BOTTOM,
    "free": PULLED | WEST_SOUTH_BOTTOM,
    "stress": {"east": {"traction": (STRESS, 0.0, 0.0)}} | WEST_SOUTH_BOTTOM,
}


@dataclass(frozen=True)
class Rock:
    """Keys of its material, and the oracle's body."""

    keys: dict[str, Any]
    body: point.Body


def in_series(mu_kelvin: float, eta_kelvin: float) -> point.Body:
    """A spring and a Kelvin element in series: G* = μ (μ_K + η_K s)/(μ + μ_K + η_K s)."""
    return point.Body((MU * eta_kelvin, MU * mu_kelvin), (eta_kelvin, MU + mu_kelvin))


KELVIN = {"mu_kelvin": SOFT, "eta_kelvin": ETA_KELVIN}
ROCKS = {
    "Maxwell": Rock({"model": "maxwell", "eta": ETA}, point.maxwell(MU, ETA)),
    "generalised Maxwell": Rock(
        {
            "model": "generalised_maxwell",
            "branches": [{"mu": 15e9, "eta": 15e9 * TAU}, {"mu": 10e9, "eta": 5e9 * TAU}],
        },
        point.branches([15e9, 10e9], [TAU, TAU / 2], 5e9),
    ),
    "Burgers": Rock(
        {"model": "burgers", "eta": ETA, **KELVIN}, point.burgers(MU, ETA, SOFT, ETA_KELVIN)
    ),
    "standard linear solid": Rock(
        {"model": "standard_linear_solid", **KELVIN}, in_series(SOFT, ETA_KELVIN)
    ),
}


def run(
    rock: str, loading: str, steps: int, cells: int = 1, end: float = END, nu: float = NU
) -> relaxing.Series:
    """A box under `loading`, solved to 1e-12 in equal steps; asked at their ends and between."""
    case = {
        "mesh": {"file": "cubes"},
        "materials": {"rock": {"mu": MU, "nu": nu, **ROCKS[rock].keys}},
        "boundaries": LOADINGS[loading],
        "time": {"end": end, "step": end / steps},
        "output": {"times": tuple(end * k / 10 for k in ASKED)},
        "solver": {"tolerance": 1e-12},
    }
    return relaxing.run(case, split_cubes(cells, (EDGE,) * 3, jiggle=0.2 if cells > 1 else 0.0))


def errors(series: relaxing.Series, rock: Rock, loading: str) -> float:
    """The worst of all that the oracle knows, over the first value of each."""
    corner = np.array([[0.9 * EDGE, 0.8 * EDGE, 0.7 * EDGE]])
    t, u = series.times, series.displacement(corner)[:, 0] / corner[0]
    stress = series.stress(corner)[:, 0]
    pairs: list[tuple[np.ndarray, np.ndarray]]
    if loading == "stress":
        pairs = [
            (u[:, 0], point.creep(rock.body, t, STRESS, "free", BULK)),
            (stress[:, 0], np.full(len(t), STRESS)),
        ]
    elif loading == "confined":
        pairs = [
            (stress[:, 0], point.relaxation(rock.body, t, STRAIN, "confined", BULK)),
            (stress[:, 2], point.lateral_stress(rock.body, t, STRAIN, BULK)),
        ]
    else:
        pairs = [
            (stress[:, 0], point.relaxation(rock.body, t, STRAIN, "free", BULK)),
            (u[:, 1], point.lateral_strain(rock.body, t, STRAIN, BULK)),
        ]
    return max(float(np.abs(f - e).max() / abs(e[0])) for f, e in pairs)


CASES = [(rock, loading) for rock in ROCKS for loading in LOADINGS]


@pytest.mark.parametrize(("rock", "loading"), CASES)
def test_a_point_relaxes_with_second_order(rock: str, loading: str) -> None:
    found = [errors(run(rock, loading, n), ROCKS[rock], loading) for n in HALVINGS]
    slopes = orders([1 / n for n in HALVINGS], found)
    if (rock, loading) == ("Maxwell", "stress"):
        # the strain grows linearly, in which no step errs
        assert max(found) <= 1e-10
        return
    note = f"{HALVINGS[-1]} steps to 2 Maxwell times"
    record(f"{rock}, {loading}", np.nan, found[-1], np.inf, slopes[-1], note)
    assert all(slope is None or 1.9 <= slope <= 2.1 for slope in slopes)


@pytest.mark.parametrize("rock", ROCKS)
def test_a_point_is_exact_at_fine_steps(rock: str) -> None:
    error = errors(run(rock, "confined", 1000), ROCKS[rock], "confined")
    record(f"{rock}, confined", np.nan, error, FINE, note="1000 steps to 2 Maxwell times")
    assert error <= FINE


@pytest.mark.parametrize(("rock", "loading"), CASES)
def test_a_box_of_jiggled_cells_is_one_point(rock: str, loading: str) -> None:
    error = errors(run(rock, loading, 200, cells=2), ROCKS[rock], loading)
    record(f"{rock}, {loading}", EDGE / 2, error, BOX, note="jiggled cells, 200 steps")
    assert error <= BOX


def test_another_rock_is_told_apart() -> None:
    """What the bounds must refuse."""
    series = run("Burgers", "confined", 1000)
    half = point.burgers(MU, ETA / 2, SOFT, ETA_KELVIN)  # τ = η/(2μ)
    for body in (half, ROCKS["Maxwell"].body, point.burgers(MU, ETA, SOFT, 0.99 * ETA_KELVIN)):
        assert errors(series, Rock({}, body), "confined") > 1e2 * FINE
    stiffer = run("Burgers", "confined", 1000, nu=0.251)
    assert errors(stiffer, ROCKS["Burgers"], "confined") > 1e2 * FINE
