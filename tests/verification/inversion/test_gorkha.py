"""The Gorkha earthquake of 2015 from GNSS offsets: size, place and fit, by examples/gorkha.

Its magnitude is 7.8 to 7.9, its slip lies north of Kathmandu, at 85.32 E, 27.72 N [Avouac15].
"""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from table import record

import femcrust
from femcrust.cli import main

MAGNITUDE, WITHIN = 7.8, 0.1
KATHMANDU = np.array([31.4, -31.5])  # km, in the axes of the case
NORTH, BESIDE = (5.0, 60.0), 20.0  # km from Kathmandu: northward, and at most west or east
FIT = 0.999  # of the variance; the arrows above the slip are 1 to 2 m, errors 2 mm


def peak(model: Any) -> np.ndarray:
    """Where slip is largest, km from Kathmandu: east, north."""
    largest = np.linalg.norm(model.slip, axis=1).argmax()
    return np.asarray(model.problem.library.centre[largest, :2] / 1e3 - KATHMANDU)


def is_gorkha(model: Any) -> bool:
    east, north = peak(model)
    return (
        abs(model.magnitude - MAGNITUDE) <= WITHIN
        and NORTH[0] <= north <= NORTH[1]
        and abs(east) <= BESIDE
        and model.fits[0].variance_reduction >= FIT
    )


@pytest.fixture(scope="module")
def folder(data: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its data and libraries of both structures."""
    target = tmp_path_factory.mktemp("gorkha") / "gorkha"
    shutil.copytree(root / "examples" / "gorkha", target)
    runpy.run_path(str(target / "prepare.py"))["prepare"](data, target, 10e3)
    for case in ("case", "layered"):
        assert main(["greens", str(target / f"{case}.yaml"), "--quiet"]) == 0
    return target


@pytest.mark.verify
@pytest.mark.slow
def test_gorkha_has_its_size_and_place(folder: Path) -> None:
    model = femcrust.invert(folder / "inversion.yaml")
    fit = model.fits[0]
    note = f"peak {peak(model).round()} km east, north of Kathmandu; wrms {fit.wrms * 1e3:.1f} mm"
    error = abs(model.magnitude - MAGNITUDE)
    assert record("inversion Gorkha 2015, magnitude", 5e3, error, WITHIN, note=note).holds
    assert is_gorkha(model)
    # planted: north and east exchanged in the table; offsets ten times too large; the wrong way
    text = (folder / "gnss.csv").read_text()
    swapped = text.replace("east_cm,north_cm", "north_cm,east_cm", 1)
    for name, changed in (("swapped", swapped), ("mm", text.replace("_cm", "_mm"))):
        (folder / f"{name}.csv").write_text(changed)
        wrong = femcrust.invert(
            {
                "library": "half-space/greens.nc",
                "data": {"gnss": {"offsets": f"{name}.csv"}},
                "slip": {"azimuth": 198.0},
                "smoothing": {"model": "matern", "range": 40e3},
            },
            folder,
        )
        assert not is_gorkha(wrong)
    thrust = model.slip[:, 0]
    assert thrust[np.abs(thrust).argmax()] > 0.0  # the hanging wall moves south-south-west


@pytest.mark.verify
@pytest.mark.slow
def test_layers_move_the_answer_by_less_than_they_could(folder: Path) -> None:
    """Stiffer rock at depth takes more moment and a little less slip; C_p widens the intervals."""
    model = femcrust.invert(folder / "both.yaml")
    alone, layered = model.variants
    moved = layered.moment.magnitude - alone.moment.magnitude
    note = f"{layered.moment.magnitude:.2f} in layers, peak {layered.moment.peak:.1f} m"
    assert record("inversion Gorkha 2015, layers", 5e3, abs(moved), 0.15, note=note).holds
    assert moved > 0.0
    given = np.sqrt(np.diag(model.problem.system.covariance))
    assert np.linalg.norm(model.estimate.sigma) > 2 * np.linalg.norm(given)
    assert abs(model.magnitude - alone.moment.magnitude) < WITHIN
