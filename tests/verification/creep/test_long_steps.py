"""Steps a hundred times as long as the relaxation time: no ringing, and no slow solves.

TR-BDF2 is L-stable: what is left of a branch after one such step is R(−100) = −4.4 %, then R².
"""

from __future__ import annotations

from typing import Any

import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

from reference import viscoelastic_point as point
from small_meshes import split_cubes

KM = 1e3
MU, NU, TAU = 30e9, 0.25, 1 * relaxing.YEAR
ETA = MU * TAU
LONG = 100 * TAU
STRAIN, EDGE = 1e-4, 1000.0
OVERSHOOT, MOST = 0.05, 30
D = 1 - np.sqrt(0.5)
# R(z) = (1 + (1 − 2d) z)/(1 − d z)²
LEFT = (1 - (1 - 2 * D) * 100) / (1 + D * 100) ** 2


def held_box(end: float) -> relaxing.Series:
    """A Maxwell box whose strain stays."""
    case = {
        "mesh": {"file": "cubes"},
        "materials": {"rock": {"mu": MU, "nu": NU, "model": "maxwell", "eta": ETA}},
        "boundaries": {"east": {"displacement": {"x": STRAIN * EDGE}}}
        | dict.fromkeys(("west", "south", "north", "bottom", "top"), "roller"),
        "time": {"end": end, "step": LONG},
        "output": {"every": LONG},
        "solver": {"tolerance": 1e-12},
    }
    return relaxing.run(case, split_cubes(1, (EDGE,) * 3))


def test_a_step_of_a_hundred_relaxation_times_does_not_ring() -> None:
    series = held_box(4 * LONG)
    stress = series.stress(np.full((1, 3), EDGE / 2))[:, 0]
    deviator = stress[:, 0] - stress[:, 2]
    initial = point.relaxation(point.maxwell(MU, ETA), [0.0], STRAIN)[0]
    assert deviator[0] == pytest.approx(initial, rel=1e-9)
    left = np.abs(deviator / deviator[0])
    record("long steps, overshoot", np.nan, left[1], OVERSHOOT, note="step of 100 τ")
    assert left[1] <= OVERSHOOT
    assert np.allclose(deviator[1:] / deviator[0], LEFT ** np.arange(1, 5), rtol=1e-6)
    # planted: the trapezoidal rule, which is not L-stable, would keep 96 % of it
    assert abs((1 - 100 / 2) / (1 + 100 / 2)) > OVERSHOOT


def faulted(near: float, step: float) -> dict[str, Any]:
    """A thrust in an elastic crust over Maxwell rock, and a soft basin that relaxes as fast."""
    rock = {"mu": MU, "nu": NU}
    mantle = {"mu": MU, "nu": 0.25, "model": "maxwell", "eta": ETA}
    basin = {"mu": MU / 10, "nu": 0.3, "model": "elastic"}
    in_basin = "depth < 6*km and x > 6*km"
    return {
        "mesh": hs.box(60 * KM, 60 * KM, near, 15 * KM, 0.5),
        "materials": {
            "basin": basin | {"where": {"expression": in_basin}},
            "crust": rock | {"where": {"expression": f"depth < 20*km and not ({in_basin})"}},
            "mantle": mantle | {"where": {"expression": "depth >= 20*km"}},
        },
        "faults": {
            "main": {
                "rectangle": {
                    "top_center": (0.0, 0.0, -4 * KM), "length": 20 * KM, "width": 10 * KM,
                    "strike": 20.0, "dip": 40.0,
                },
                "slip": {"dip": 1.0},
            }
        },
        "time": {"end": 3 * step, "step": step},
    }  # fmt: skip


def most_iterations(near: float) -> int:
    """Of a stage, with steps from a hundredth to a hundred of the mantle's relaxation time."""
    found = []
    for step in (0.01 * TAU, TAU, LONG):
        found.append(max(relaxing.iterations(relaxing.make_model(faulted(near, step)))))
        note = f"step of {step / TAU:g} τ"
        record("long steps, iterations", near, found[-1], MOST, note=note)
    return max(found)


def test_long_steps_need_no_more_iterations() -> None:
    assert most_iterations(5 * KM) <= MOST


@pytest.mark.verify
@pytest.mark.slow
def test_long_steps_on_a_fine_mesh_need_no_more_iterations() -> None:
    assert most_iterations(2 * KM) <= MOST
