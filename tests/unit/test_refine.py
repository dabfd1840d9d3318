"""A box is fine around every immersed fault, finer still where a library has stations near it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_greens import KM, PLANE, ROCK

from femcrust.case import build_case
from femcrust.case.schema_faults import Fault
from femcrust.faults import places
from femcrust.faults.polygons import points_on
from femcrust.mesh.topography import drape, undraped
from femcrust.model import mesh_of

SHEET = """\
$MeshFormat
2.2 0 8
$EndMeshFormat
$Nodes
3
1 -8000 -8000 -6000
2 8000 -8000 -6000
3 0 9000 -14000
$EndNodes
$Elements
1
1 2 2 1 1 1 2 3
$EndElements
"""
ROWS = "x,y,z,length,width,strike,dip,rake,slip\n0,0,-6000,16000,9000,20,40,90,1\n"
SLIP = {"strike": 1.0}
NEAR = 4 * KM


def sizes(folder: Path, fault: dict[str, Any], stations: str = "A,0,-8\n", **changes: Any) -> Any:
    """Edges of regular cells as large as those at the fault and 20 km away from it, m."""
    (folder / "sheet.msh").write_text(SHEET)
    (folder / "rows.csv").write_text(ROWS)
    (folder / "stations.csv").write_text(f"name,x_km,y_km\n{stations}")
    sides = {"x": (-40 * KM, 40 * KM), "y": (-40 * KM, 40 * KM), "z": (-40 * KM, 0.0)}
    case: dict[str, Any] = {
        "mesh": {"box": sides | {"size": {"near": NEAR, "far": 20 * KM}}},
        "materials": {"rock": ROCK},
        "faults": {"main": fault},
        "output": {"stations": "stations.csv"},
    }
    mesh = mesh_of(build_case(case | changes, folder))
    x = mesh.points[mesh.tets]
    volume = np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / 6
    edge = (6 * np.sqrt(2) * volume) ** (1 / 3)
    away = np.linalg.norm(x.mean(axis=1) - [0.0, -3 * KM, -8 * KM], axis=1)
    return np.median(edge[away < 4 * KM]), np.median(edge[away > 30 * KM])


FAULTS = {
    "sheet": {"triangles": {"file": "sheet.msh"}, "slip": SLIP},
    "table": {"file": "rows.csv"},
    "rectangle": {"rectangle": PLANE, "slip": SLIP},
}


@pytest.mark.parametrize("kind", FAULTS)
def test_cells_are_small_at_every_kind_of_fault(kind: str, tmp_path: Path) -> None:
    at, away = sizes(tmp_path, FAULTS[kind])
    assert at < NEAR < 1.5 * NEAR < away


@pytest.mark.parametrize("kind", FAULTS)
def test_cells_are_half_as_large_near_a_station(kind: str, tmp_path: Path) -> None:
    plain, _ = sizes(tmp_path, FAULTS[kind])
    fine, away = sizes(tmp_path, FAULTS[kind], greens={})
    assert fine < 0.6 * plain
    assert away > 1.5 * NEAR
    assert sizes(tmp_path, FAULTS[kind], greens={"refine": False})[0] == plain
    assert sizes(tmp_path, FAULTS[kind], "A,38,-38\n", greens={})[0] == plain


def test_points_on_polygons_leave_no_gap() -> None:
    triangle = np.array([[[0.0, 0, 0], [4, 0, 0], [0, 3, 0], [0, 3, 0]]])
    points = points_on(triangle, 0.5)
    s, t = np.random.default_rng(52_817_443).random((2, 400))
    s, t = np.where(s + t > 1, [1 - s, 1 - t], [s, t])
    inside = np.stack([4 * s, 3 * t, 0 * s], axis=1)
    gap = np.linalg.norm(inside[:, None] - points, axis=2).min(axis=1)
    assert gap.max() < 0.5


def test_undraped_points_are_draped_back() -> None:
    rng = np.random.default_rng(90_277_151)
    flat = rng.uniform([-1, -1, -9], [1, 1, 0], (300, 3)) * 10 * KM

    def hills(x: Any, y: Any) -> Any:
        return 900 * np.cos(x / 3e3) * np.sin(y / 4e3) - 200

    z = (-90 * KM, 0.0)
    back = undraped(drape(flat, hills, z), hills, z)
    assert np.abs(back - flat).max() < 5.0  # m of 90 km, where heights reach 1100 m


def test_a_sheet_of_any_size_has_a_bounded_number_of_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in the wrong unit, say, which is refused with more words later."""
    monkeypatch.setattr(sys.modules["femcrust.faults.places"], "MOST_POINTS", 10_000)
    (tmp_path / "sheet.msh").write_text(SHEET)
    fault = Fault.model_validate({"triangles": {"file": "sheet.msh", "units": "km"}, "slip": SLIP})
    found = places({"main": fault}, tmp_path, None, 10.0)
    assert 3_000 < len(found["main"]) < 20_000
    assert np.abs(found["main"]).max() == pytest.approx(14e6)
