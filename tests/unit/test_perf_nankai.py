"""The case of perf/nankai.py: its interface lies in the ground, its stations on land."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from femcrust.case import load_case
from femcrust.faults.triangles import read_sheet
from femcrust.grids import read_grid
from femcrust.station_list import read_station_list


@pytest.fixture
def written(root: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(root / "perf"))
    from nankai_case import write_case

    try:
        return write_case(tmp_path / "case", data, 32.0, 40, 30)
    finally:
        sys.modules.pop("nankai_case", None)


def test_the_case(written: Path) -> None:
    case = load_case(written)
    assert case.greens is not None
    assert case.greens.patches is not None
    assert case.greens.patches.count == 40
    assert case.mesh.box is not None
    box = case.mesh.box
    points, facets = read_sheet(case.faults["interface"].triangles, case.directory, None)
    assert len(facets) == 1902
    ground = read_grid(written.parent / "ground.nc", None, "elevation")
    below = ground.at(points) - points[:, 2]
    assert below.min() > 900.0  # m
    assert points[:, 2].min() == -50e3
    for low, high, x in zip(*np.array([box.x, box.y]).T, points.T[:2], strict=True):
        assert low < x.min() - 200e3 < x.max() + 200e3 < high
    listed = read_station_list(written.parent / "stations.csv", case.case.crs)
    assert len(listed.names) == 30
    places = np.stack([listed.x, listed.y, 0 * listed.x], axis=1)
    assert ground.at(places).min() > 0.0
    apart = np.linalg.norm(places[:, None] - places, axis=2) + 1e9 * np.eye(30)
    assert apart.min() > 20e3
