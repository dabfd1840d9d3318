"""A pressurised cavity in a Maxwell shell in elastic rock, against the shell's closed form.

At the ground it is Mogi's source whose strength grows from the cavity's volume to that of the shell
[DragoniMagnanensi]; cavity and shell are small beside their depth. Flat faces make the sphere too
small, by 3/8 (size / radius)² of its volume, which is most of the error.
"""

from __future__ import annotations

from pathlib import Path

import cavity as recipe
import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

from femcrust.mesh.read import read_mesh
from reference import viscoelastic_cavity
from reference import viscoelastic_point as point

KM, YEAR = 1e3, relaxing.YEAR
RADIUS, SHELL, DEPTH, PRESSURE = 1 * KM, 1.5 * KM, 8 * KM, 10e6
ETA = hs.MU * YEAR
BULK = hs.LAM + 2 * hs.MU / 3
GROUND = hs.surface_grid(12 * KM, 9)


def run(size: float, growth: float, tolerance: float, folder: Path) -> relaxing.Series:
    """Twenty relaxation times; size on the wall, m."""
    path = folder / "shell.msh"
    recipe.build(path, RADIUS / KM, DEPTH / KM, size / KM, 60.0, growth, SHELL / KM)
    maxwell = {"model": "maxwell", "eta": ETA, "where": {"group": "shell"}}
    case = {
        "mesh": {"file": str(path)},
        "materials": {
            "crust": hs.ROCK | {"where": {"group": "crust"}},
            "shell": hs.ROCK | maxwell,
        },
        "boundaries": {
            "cavity": {"pressure": PRESSURE}, "sides": "infinite", "bottom": "infinite",
            "top": "free",
        },
        "time": {"end": 20 * YEAR, "step": YEAR / 4, "tolerance": tolerance},
        "output": {"times": (2 * YEAR, 5 * YEAR, 10 * YEAR)},
    }  # fmt: skip
    return relaxing.run(case, read_mesh(path))


def exact(times: np.ndarray, shell: float = SHELL, eta: float = ETA) -> np.ndarray:
    """(n_t, n, 3) m"""
    return viscoelastic_cavity.shell_surface(
        GROUND, (0.0, 0.0, -DEPTH), times, RADIUS, shell, PRESSURE, BULK,
        point.maxwell(hs.MU, eta), hs.LAM, hs.MU,
    )  # fmt: skip


def compare(series: relaxing.Series, size: float, bound: float) -> float:
    """Largest error at any time over the peak of that time; a row of the table."""
    pairs = zip(series.displacement(GROUND), exact(series.times), strict=True)
    error = max(hs.off(found, right) for found, right in pairs)
    record("cavity in a Maxwell shell", size, error, bound, note="to 20 relaxation times")
    return error


def test_a_shell_that_relaxes_lifts_the_ground_threefold(tmp_path: Path) -> None:
    size, bound = 0.15 * KM, 0.02
    series = run(size, 0.25, 1e-2, tmp_path)
    assert compare(series, size, bound) <= bound
    u = series.displacement(GROUND)
    assert np.abs(u[-1]).max() > 3 * np.abs(u[0]).max()
    # planted: η/(2μ) where η/μ belongs, a shell that is 5 % too wide
    assert hs.off(u[1], exact(series.times, eta=ETA / 2)[1]) > 5 * bound
    assert hs.off(u[-1], exact(series.times, shell=1.05 * SHELL)[-1]) > 3 * bound


@pytest.mark.verify
@pytest.mark.slow
def test_a_shell_within_one_percent(tmp_path: Path) -> None:
    size, bound = 0.1 * KM, 0.01
    assert compare(run(size, 0.2, 1e-3, tmp_path), size, bound) <= bound
