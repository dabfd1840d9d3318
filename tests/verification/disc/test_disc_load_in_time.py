"""Uniform pressure on a disc from t = 0 on a Maxwell half-space without gravity, in closed form.

The pit deepens as (1 − ν)/μ of the relaxed body: shear without end, volume elastic. Everything
flows, the infinite elements too, so that the shape of the ground stays and its factors grow with
time.
"""

from __future__ import annotations

import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

from reference import viscoelastic_disc
from reference import viscoelastic_point as point

KM, YEAR = 1e3, relaxing.YEAR
CENTER, RADIUS, PRESSURE = (0.0, 0.0), 8 * KM, 1e6
ETA = hs.MU * 5 * YEAR
BULK = hs.LAM + 2 * hs.MU / 3
GROUND = hs.surface_grid(24 * KM, 13)
END = 25 * YEAR


def run(size: float, half: float, far: float, growth: float) -> relaxing.Series:
    """A lake on a box; five relaxation times."""
    case = {
        "mesh": hs.box(half, half, size, far, growth),
        "materials": {"rock": hs.ROCK | {"model": "maxwell", "eta": ETA}},
        "loads": {"lake": {"disc": {"center": CENTER, "radius": RADIUS}, "pressure": PRESSURE}},
        "time": {"end": END, "step": 1 * YEAR},
        "output": {"times": (5 * YEAR, 12 * YEAR)},
    }
    case["mesh"]["box"]["at"] = ((0.0, 0.0, 0.0),)
    return relaxing.run(case)


def exact(times: np.ndarray, eta: float = ETA) -> np.ndarray:
    """(n_t, n, 3) m"""
    body = point.maxwell(hs.MU, eta)
    return viscoelastic_disc.disc(GROUND, CENTER, RADIUS, PRESSURE, BULK, body, times)


def compare(series: relaxing.Series, size: float, bound: float) -> float:
    """Largest error at any time over the peak of that time."""
    found, right = series.displacement(GROUND), exact(series.times)
    errors = [hs.off(u, e) for u, e in zip(found, right, strict=True)]
    record("disc load, Maxwell", size, max(errors), bound, note="to 5 relaxation times")
    return max(errors)


def test_a_lake_sinks_into_maxwell_rock() -> None:
    size, bound = 3 * KM, 0.02
    series = run(size, 60 * KM, 20 * KM, 0.5)
    assert compare(series, size, bound) <= bound
    # planted
    u = series.displacement(GROUND)
    assert hs.off(u[-1], exact(series.times, ETA / 2)[-1]) > 5 * bound
    assert hs.off(u[0], exact(series.times)[-1]) > 5 * bound


@pytest.mark.verify
@pytest.mark.slow
def test_a_lake_sinks_within_one_percent() -> None:
    size, bound = 1 * KM, 0.01
    assert compare(run(size, 60 * KM, 15 * KM, 0.3), size, bound) <= bound
