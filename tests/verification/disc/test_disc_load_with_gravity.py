"""A lake on Maxwell rock that weighs: it sinks until the ground it presses aside carries it.

The oracle is exact for incompressible rock only; its own terms for compressible rock leave out, as
the code does, all weight but that of the displaced ground.
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

RHO, G = 3300.0, 9.81
TIMES = tuple(n * YEAR for n in (5, 20, 80, 320))


def run(size: float, half: float, far: float, growth: float) -> relaxing.Series:
    span = {"end": TIMES[-1], "step": 1 * YEAR, "tolerance": 1e-3}
    return lake.run(
        size, half, far, growth, {"rho": RHO}, time=span, output={"times": TIMES}, gravity=G
    )


def exact(times: np.ndarray, rho: float = RHO) -> np.ndarray:
    body = point.maxwell(hs.MU, ETA)
    return viscoelastic_disc.disc_with_gravity(
        GROUND, CENTER, RADIUS, PRESSURE, lake.BULK, body, rho, times, G
    )


def compare(series: relaxing.Series, size: float, bound: float) -> float:
    name = "disc load, Maxwell, gravity"
    return lake.compare(name, series, exact, size, bound, "to 64 relaxation times")


def test_a_lake_sinks_until_it_floats() -> None:
    size, bound = 3 * KM, 0.02
    series = run(size, 60 * KM, 20 * KM, 0.5)
    assert compare(series, size, bound) <= bound
    u = series.displacement(GROUND)
    floating = PRESSURE / (RHO * G)
    assert 0.1 < np.abs(u[-1]).max() / floating < 1.0
    # planted: a lighter rock
    assert hs.off(u[-1], exact(series.times, RHO * 0.7)[-1]) > 2 * bound


@pytest.mark.verify
@pytest.mark.slow
def test_a_lake_floats_within_one_percent() -> None:
    size, bound = 1 * KM, 0.01
    assert compare(run(size, 120 * KM, 30 * KM, 0.3), size, bound) <= bound
