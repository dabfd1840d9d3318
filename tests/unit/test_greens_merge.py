"""Triangle sheets as so many patches: no area is lost, nothing falls apart, sizes are even."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from small_greens import KM, rectangle_case, whole, worst

import femcrust
from femcrust.errors import InputError
from femcrust.faults.triangles import read_triangles
from femcrust.greens import merge
from femcrust.greens.merge import merged, quartered
from femcrust.greens.outlines import outline
from femcrust.model import build_model, projector

EVEN = 0.15  # standard deviation of areas over their mean; 0.03 to 0.09 was seen


def curved(nx: int, ny: int, gap: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A bent sheet of 2 nx ny triangles whose sizes grow; without the column of cells `gap`."""
    x, y = np.meshgrid(np.linspace(0, 1, nx + 1) ** 1.5 * 90 * KM, np.linspace(0, 60 * KM, ny + 1))
    z = -8 * KM - 0.2 * x - 3 * KM * np.sin(y / 20e3)
    points = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    facets = []
    for j in range(ny):
        for i in range(nx):
            if i != gap:
                a = j * (nx + 1) + i
                b, c, d = a + 1, a + nx + 2, a + nx + 1
                facets += [(a, b, c), (a, c, d)]
    return points, np.array(facets, dtype=np.int32)


def areas(points: np.ndarray, facets: np.ndarray) -> np.ndarray:
    x = points[facets]
    return np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]), axis=1) / 2


def pieces(facets: np.ndarray, patch: np.ndarray) -> int:
    """How many connected parts all patches have together, joined by edges."""
    ends = np.sort(facets[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2), axis=1)
    _, edge = np.unique(ends, axis=0, return_inverse=True)
    order = np.argsort(edge, kind="stable")
    shared = np.flatnonzero(edge[order][1:] == edge[order][:-1])
    one, other = order[shared] // 3, order[shared + 1] // 3
    same = patch[one] == patch[other]
    n = len(facets)
    graph = coo_array((np.ones(same.sum()), (one[same], other[same])), shape=(n, n))
    return int(connected_components(graph, directed=False)[0])


def check(points: np.ndarray, facets: np.ndarray, count: int) -> float:
    """Every demand on a partition but evenness, which is returned."""
    new, cut, patch = merged(points, facets, count, "faults.main")
    assert len(patch) == len(cut) >= merge.CUTS * count
    assert np.unique(patch).tolist() == list(range(count))
    assert pieces(cut, patch) == count
    assert areas(new, cut).sum() == pytest.approx(areas(points, facets).sum(), rel=1e-12)
    normals = [np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0])[:, 2] > 0
               for x in (points[facets], new[cut])]  # fmt: skip
    assert len(np.unique(np.concatenate(normals))) == 1  # all as they were
    size = np.bincount(patch, areas(new, cut))
    return float(size.std() / size.mean())


@pytest.mark.parametrize("count", [1, 2, 7, 40, 150, 400])
def test_a_bent_sheet(count: int) -> None:
    assert check(*curved(12, 8), count) < EVEN


@given(nx=st.integers(2, 9), ny=st.integers(1, 7), count=st.integers(1, 60))
def test_any_sheet(nx: int, ny: int, count: int) -> None:
    assert check(*curved(nx, ny), count) < 2 * EVEN


def test_a_plate_interface(data: Path) -> None:
    path = data / "mesh" / "nankai.msh"
    sheet = read_triangles(path, "km", "EPSG:4326", projector("EPSG:32653"))
    assert check(*sheet, 500) < EVEN


def test_patches_are_compact() -> None:
    """Moment of area about the centre over that of a disc as large."""
    points, facets, patch = merged(*curved(12, 8), 60, "faults.main")
    area, centre = areas(points, facets), points[facets].mean(axis=1)
    size = np.bincount(patch, area)
    middle = np.stack([np.bincount(patch, area * x) / size for x in centre.T], axis=1)
    moment = np.bincount(patch, area * ((centre - middle[patch]) ** 2).sum(axis=1)) / size
    assert np.median(moment / (size / (2 * np.pi))) < 1.2  # a square has 1.05; 1.05 was seen


def test_what_a_careless_partition_would_be(monkeypatch: Any) -> None:
    """Planted: borders move without a look at what falls apart; a triangle is left out."""
    points, facets = curved(12, 8)
    monkeypatch.setattr(merge, "_stays_whole", lambda *_: True)
    monkeypatch.setattr(merge, "COMPACT", 0.0)
    new, cut, patch = merged(points, facets, 40, "faults.main")
    assert pieces(cut, patch) > 40
    assert areas(new, cut[1:]).sum() < (1 - 1e-6) * areas(points, facets).sum()


def test_more_pieces_than_patches() -> None:
    with pytest.raises(InputError, match=r"^faults\.main: its sheet has 2 pieces, more than the 1"):
        merged(*curved(5, 3, gap=2), 1, "faults.main")
    assert check(*curved(5, 3, gap=2), 2) < 1.0


def test_quarters_keep_the_orientation_and_the_place() -> None:
    points, facets = curved(3, 2)
    new, cut = quartered(points, facets)
    assert len(cut) == 4 * len(facets)
    assert areas(new, cut).reshape(-1, 4) == pytest.approx(
        np.repeat(areas(points, facets)[:, None] / 4, 4, axis=1)
    )
    assert len(np.unique(np.round(new, 6), axis=0)) == len(new)


def test_the_line_around_a_patch() -> None:
    points, facets = curved(4, 3)
    ring = outline(points[facets])
    assert len(ring) == 14
    assert {tuple(p) for p in ring} < {tuple(p) for p in points}


@pytest.mark.parametrize("method", ["forward", "reciprocal"])
def test_merged_patches_add_up_to_the_fault(method: str, tmp_path: Path) -> None:
    points, facets = curved(3, 2)
    points = points * [0.15, 0.15, 0.5] - [6 * KM, 4 * KM, 0]
    nodes = "".join(f"{i} {x!r} {y!r} {z!r}\n" for i, (x, y, z) in enumerate(points.tolist(), 1))
    cells = "".join(f"{i} 2 2 1 1 {a} {b} {c}\n" for i, (a, b, c) in enumerate(facets + 1, 1))
    (tmp_path / "sheet.msh").write_text(
        f"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n{len(points)}\n{nodes}$EndNodes\n"
        f"$Elements\n{len(facets)}\n{cells}$EndElements\n"
    )
    fault = {"triangles": {"file": "sheet.msh"}, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}}
    section = {"patches": {"count": 5}, "components": ["strike", "dip", "opening"], "refine": False}
    case = rectangle_case(tmp_path, faults={"main": fault}, greens=section | {"method": method})
    model = build_model(case)
    data = femcrust.greens(case, model=model)
    assert data.sizes["patch"] == 5
    assert set(data.patch_kind.values) == {"triangles"}
    assert float(data.patch_area.sum()) == pytest.approx(model.sources[0].area, rel=1e-12)
    stations = femcrust.run(case, model).stations
    assert worst(whole(data), stations.displacement) <= 1e-8
    assert worst(whole(data.isel(patch=slice(1, None))), stations.displacement) > 1e-3
    assert np.isfinite(data.corner_x.values).sum(axis=1).min() >= 5
