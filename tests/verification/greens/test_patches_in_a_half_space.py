"""Every patch of a library against Okada (1992), a triangle against Nikkhoo & Walter (2015).

Errors are fractions of the peak of each patch and component at the stations. They come from the
cells that a patch crosses, which smear its jump: what counts is the distance of the nearest station
in cells. Patches are two wanted sizes long and wide. The box is meshed with half the wanted size
where a patch is nearer to a station than three of them (`greens.refine`); without that the errors
at one, two and three sizes are 12, 4 and 1.5 %.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import half_space as hs
import numpy as np
import pytest
from scipy.io import loadmat
from scipy.spatial import cKDTree
from table import record

import both_backends
import femcrust
from femcrust.case import build_case
from femcrust.faults.geometry import frames
from reference import okada

KM = 1e3
HALF = 60 * KM
STRIKE = 20.0
DIPS = (30.0, 70.0, 90.0)
COMPONENTS = ("strike", "dip", "opening")
DEPTHS = (1.0, 1.5, 2.0, 3.0)  # of the upper edge, in wanted sizes
BOUND = 0.02  # 1.5 % was seen three sizes deep, 1.2 % at one
# Nikkhoo & Walter's own example: slip in strike, dip, opening on a triangle near the ground.
TRIANGLE = np.array([[0.0, 0.1, -0.1], [1.0, -0.2, -0.2], [1.0, 1.0, -0.3]]) * KM
SLIP = np.array([1.3, 1.4, 1.5])
TRIANGLE_BOUND = 0.02  # one wanted size away and more


def library(folder: Path, stations: np.ndarray, **case: Any) -> Any:
    lines = (f"S{i},{x},{y},{z}\n" for i, (x, y, z) in enumerate(stations.tolist()))
    (folder / "stations.csv").write_text("name,x,y,z\n" + "".join(lines))
    case["materials"] = {"rock": hs.ROCK}
    case["output"] = {"stations": "stations.csv"}
    built = build_case(case, folder)
    both_backends.libraries(built)
    return femcrust.greens(both_backends.on(built, "cpu"))


def rectangle(
    folder: Path, dip: float, size: float, depth: float, refine: bool = True
) -> tuple[Any, np.ndarray]:
    """Four by two patches of twice the wanted `size`, upper edge at `depth`; stations around."""
    side = 2 * size
    plane = {"top_center": (0.0, 0.0, -depth), "length": 4 * side, "width": 2 * side}
    plane |= {"strike": STRIKE, "dip": dip}
    ground = hs.surface_grid(12 * size, 25)
    patches = {"length": side, "width": side}
    data = library(
        folder,
        ground,
        mesh=hs.box(HALF, HALF, size, 10 * size),
        faults={"main": {"rectangle": plane, "slip": {"strike": 1.0}}},
        greens={"patches": patches, "components": COMPONENTS, "refine": refine},
    )
    return data, ground


def exact(data: Any, patch: int, component: int, ground: np.ndarray) -> np.ndarray:
    """Okada's displacement for a patch as the library describes it. (n, 3)"""
    own = data.isel(patch=patch)
    corners = np.stack([own[f"corner_{axis}"] for axis in "xyz"], axis=-1)
    size = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    top = (corners[0] + corners[1]) / 2
    angles = float(own.patch_strike), float(own.patch_dip)
    return okada.rectangle(ground, top, *size, *angles, np.eye(3)[component], hs.NU)


def worst(data: Any, ground: np.ndarray) -> float:
    """Of all patches and components."""
    found = data.displacement.values
    columns = [(p, c) for p in range(found.shape[0]) for c in range(found.shape[1])]
    return max(hs.off(found[p, c], exact(data, p, c, ground)) for p, c in columns)


def check(folder: Path, dip: float, size: float, depth: float) -> tuple[Any, np.ndarray]:
    data, ground = rectangle(folder, dip, size, depth * size)
    assert data.sizes["patch"] == 8
    note = f"upper edge at {depth:g} cells"
    row = record(f"greens patches dip {dip:.0f}", size, worst(data, ground), BOUND, note=note)
    assert row.holds
    return data, ground


def test_patches_and_what_the_bound_refuses(tmp_path: Path) -> None:
    data, ground = check(tmp_path, DIPS[2], 2500.0, 1.0)
    swapped = data.assign(displacement=data.displacement.roll(component=1))  # strike for dip
    assert worst(swapped, ground) > 10 * BOUND
    assert worst(data.assign(displacement=-data.displacement), ground) > 1.0
    moved = data.displacement.roll(patch=1)
    assert worst(data.assign(displacement=moved), ground) > 10 * BOUND  # the next patch
    assert worst(data.assign(patch_dip=data.patch_dip - 2.0), ground) > BOUND
    coarse, _ = rectangle(tmp_path, DIPS[2], 2500.0, 2500.0, refine=False)
    assert worst(coarse, ground) > 3 * BOUND


@pytest.mark.verify
@pytest.mark.slow
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("size", [2500.0, 1250.0])
@pytest.mark.parametrize("dip", DIPS)
def test_patches_full(dip: float, size: float, depth: float, tmp_path: Path) -> None:
    check(tmp_path, dip, size, depth)


@pytest.mark.parametrize("dip", [30.0])
def test_pairs_of_triangles_are_rectangles(dip: float, tmp_path: Path) -> None:
    """A sheet one size below the ground: each square of it in two triangles, against Okada."""
    size = 2500.0
    grid = [(i, j) for j in range(2) for i in range(3)]
    e_strike, e_dip, _ = frames(STRIKE, dip)
    top = np.array([0.0, 0.0, -size])
    points = [top + 2 * size * ((i - 1) * e_strike - j * e_dip) for i, j in grid]
    number = {place: k for k, place in enumerate(grid, start=1)}
    facets = []
    for i in range(2):
        a, b, c, d = (number[p] for p in ((i, 0), (i + 1, 0), (i + 1, 1), (i, 1)))
        facets += [(a, b, c), (a, c, d)]
    write_msh(tmp_path / "sheet.msh", points, facets)
    ground = hs.surface_grid(12 * size, 25)
    data = library(
        tmp_path,
        ground,
        mesh=hs.box(HALF, HALF, size, 10 * size),
        faults={"main": {"triangles": {"file": "sheet.msh"}, "slip": {"strike": 1.0}}},
        greens={"components": COMPONENTS},
    )
    found = data.displacement.values.reshape(2, 2, 3, -1, 3).sum(axis=1)
    corners = np.array(points).reshape(2, 3, 3)
    errors = []
    for patch in range(2):
        middle = (corners[0, patch] + corners[0, patch + 1]) / 2
        for component in range(3):
            slip = np.eye(3)[component]
            wanted = okada.rectangle(ground, middle, 2 * size, 2 * size, STRIKE, dip, slip, hs.NU)
            errors.append(hs.off(found[patch, component], wanted))
    note = "upper edge at 1 cell"
    assert record("greens pairs of triangles", size, max(errors), BOUND, note=note).holds


def write_msh(path: Path, points: Any, facets: Any) -> None:
    corners = "".join(f"{i} {x!r} {y!r} {z!r}\n" for i, (x, y, z) in enumerate(listed(points), 1))
    cells = "".join(f"{i} 2 2 1 1 {a} {b} {c}\n" for i, (a, b, c) in enumerate(facets, 1))
    path.write_text(
        f"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n{len(points)}\n{corners}$EndNodes\n"
        f"$Elements\n{len(facets)}\n{cells}$EndElements\n"
    )


def listed(points: Any) -> Any:
    return np.asarray(points).tolist()


def test_a_triangle(data: Path, tmp_path: Path) -> None:
    """At 11³ points of a cube, on the ground and inside, one cell or more away."""
    size = 0.1 * KM
    line = np.linspace(-3.0, 3.0, 11) * KM
    x, z, y = np.meshgrid(line, line, line)  # the order of the table
    points = np.stack([x.ravel(), y.ravel(), z.ravel() - 3 * KM], axis=1)
    table = loadmat(data / "verify" / "tde_nikkhoo_walter_halfspace.mat")
    wanted = np.hstack([table[name] for name in ("UEf", "UNf", "UVf")])
    s, t = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0.0, 1.0, 40)] * 2))
    inside = s + t <= 1.0
    a, b, c = TRIANGLE
    dense = a + s[inside, None] * (b - a) + t[inside, None] * (c - a)
    away = cKDTree(dense).query(points)[0] >= size
    write_msh(tmp_path / "sheet.msh", TRIANGLE, [(1, 2, 3)])
    mesh = hs.box(6 * KM, 9 * KM, size, 1 * KM)
    found = library(
        tmp_path,
        points[away],
        mesh=mesh,
        faults={"main": {"triangles": {"file": "sheet.msh"}, "slip": {"strike": 1.0}}},
        greens={"components": COMPONENTS},
    ).displacement.values[0]
    error = hs.off(np.tensordot(SLIP, found, axes=1), wanted[away])
    assert record("greens triangle", size, error, TRIANGLE_BOUND, note="ground and inside").holds
    # planted: two components swapped; the points in another order
    assert hs.off(np.tensordot(SLIP[[1, 0, 2]], found, axes=1), wanted[away]) > TRIANGLE_BOUND
    assert hs.off(np.tensordot(SLIP, found, axes=1)[::-1], wanted[away]) > 0.5
