"""Uniform pressure on a disc from t = 0 on a Maxwell half-space without gravity, in closed form.

The pit deepens as (1 − ν)/μ of the relaxed body: shear without end, volume elastic. Everything
flows, the infinite elements too, so that the shape of the ground stays and its factors grow with
time.
"""

from __future__ import annotations

import half_space as hs
import lake
import numpy as np
import pytest
import relaxing
from lake import CENTER, ETA, GROUND, KM, PRESSURE, RADIUS, YEAR

from reference import viscoelastic_disc
from reference import viscoelastic_point as point

END = 25 * YEAR


def run(size: float, half: float, far: float, growth: float) -> relaxing.Series:
    """Five relaxation times."""
    span = {"end": END, "step": 1 * YEAR}
    times = {"times": (5 * YEAR, 12 * YEAR)}
    return lake.run(size, half, far, growth, {}, time=span, output=times)


def exact(times: np.ndarray, eta: float = ETA) -> np.ndarray:
    """(n_t, n, 3) m"""
    body = point.maxwell(hs.MU, eta)
    return viscoelastic_disc.disc(GROUND, CENTER, RADIUS, PRESSURE, lake.BULK, body, times)


def compare(series: relaxing.Series, size: float, bound: float) -> float:
    return lake.compare("disc load, Maxwell", series, exact, size, bound, "to 5 relaxation times")


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
