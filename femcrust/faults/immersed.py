"""Faults inside elements: ε* = sym(b⊗n) δ_Σ, projected to what an element can hold.

In each crossed element e the projection is linear, ε* = Σ L_j e_j with
Σ_j M_ij e_j = ∫_{Σ∩e} L_i sym(b⊗n) dA, M_ij = V/20 (1 + δ_ij), M⁻¹_ij = 20/V (δ_ij − 1/5).
Loads ∫ Bᵀ C ε* dV are then those of δ_Σ itself, for B is linear too; and ∫ ε* dV = ∫ sym(b⊗n) dA.
"""

from __future__ import annotations

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.clip import SheetPoints, sheet_points
from femcrust.faults.geometry import as_matrix, slip_vectors, symmetric_dyad
from femcrust.faults.sheet import Sheet
from femcrust.faults.source import (
    Locator,
    Moduli,
    Source,
    magnitude,
    scalar_moment_density,
    thinned,
)
from femcrust.faults.tet10 import barycentric_gradients
from femcrust.mesh.mesh import Floats, Ints, Mesh

FARTHEST = 1e9  # m: farther away, squares of distances overflow before they are compared
OUTSIDE = 1e-6  # of a polygon's area may stick out: rounding of its corners


def immersed_source(
    mesh: Mesh, elastic: Moduli, sheet: Sheet, locator: Locator, name: str
) -> Source:
    """The source of slip on polygons inside the mesh; `name` heads complaints."""
    points, area = points_of_sheet(mesh, sheet, locator, name)
    frame = sheet.frames[points.polygon]
    b = slip_vectors(sheet.components(points.x, points.polygon), frame)
    density = points.weight[:, None] * symmetric_dyad(b, frame[:, 2])
    moments = scalar_moment_density(density, elastic.lam[points.tet], elastic.mu[points.tet])
    moment = float(moments.sum())
    elements, eigenstrain = projection(mesh, points.tet, points.bary, density)
    heavy = points.weight * np.linalg.norm(b, axis=1)
    heavy = heavy if np.any(heavy) else points.weight
    arrows = slip_vectors(
        sheet.components(sheet.arrow_points, sheet.arrow_polygons),
        sheet.frames[sheet.arrow_polygons],
    )
    return Source(
        name=name.rpartition(".")[2],
        elements=elements,
        eigenstrain=eigenstrain,
        offset=None,
        area=float(area.sum()),
        potency=as_matrix(density.sum(axis=0)),
        moment=moment,
        magnitude=magnitude(moment),
        center=heavy @ points.x / heavy.sum(),
        outline=sheet.outline,
        arrows=thinned(np.concatenate([sheet.arrow_points, arrows], axis=1)),
        crossed=True,
    )


def points_of_sheet(
    mesh: Mesh, sheet: Sheet, locator: Locator, name: str
) -> tuple[SheetPoints, Floats]:
    """Quadrature points of polygons that lie inside the mesh, and their areas, (p,) m²."""
    reach = float(np.abs(sheet.corners).max(initial=0.0))
    if not reach < FARTHEST:  # also catches nan
        raise InputError(f"{name}: reaches {reach:.3g} m from the origin; look at its units")
    points = sheet_points(mesh, sheet.corners, sheet.n_corners, sheet.frames[:, 2])
    area = _polygon_areas(sheet)
    _refuse_outside(mesh, locator, sheet, points, area, name)
    return points, area


def projection(mesh: Mesh, tet: Ints, bary: Floats, density: Floats) -> tuple[Ints, Floats]:
    """Linear eigenstrain of point potencies.

    tet (q,), bary (q, 4), density (q, 6) m³ → elements (m,), eigenstrain (m, 4, 6)
    """
    elements, at = np.unique(tet, return_inverse=True)
    integral = np.zeros((len(elements), 4, 6))
    for i in range(4):
        for c in range(6):
            integral[:, i, c] = np.bincount(
                at.reshape(-1), bary[:, i] * density[:, c], minlength=len(elements)
            )
    _, volume = barycentric_gradients(mesh.points, mesh.tets[elements])
    mean = integral.sum(axis=1, keepdims=True) / 5.0
    eigenstrain = 20.0 / volume[:, None, None] * (integral - mean)
    return elements.astype(np.int32), eigenstrain


def _polygon_areas(sheet: Sheet) -> Floats:
    """(p,) m²"""
    x = sheet.corners - sheet.corners[:, :1]
    fans = np.linalg.norm(np.cross(x[:, 1:-1], x[:, 2:]), axis=2) / 2.0
    counted = np.arange(2, x.shape[1]) < sheet.n_corners[:, None]
    return np.asarray((fans * counted).sum(axis=1))


def _refuse_outside(
    mesh: Mesh, locator: Locator, sheet: Sheet, points: SheetPoints, area: Floats, name: str
) -> None:
    inside = np.bincount(points.polygon, points.weight, minlength=len(area))
    short = inside < (1.0 - OUTSIDE) * area
    if not np.any(short):
        return
    share = 100.0 * float((area - inside)[short].sum() / area.sum())
    # Corners and middles of the polygons that stick out: which is farthest, and where.
    corners = np.concatenate([sheet.corners[short].reshape(-1, 3), sheet.corners[short].mean(1)])
    x, how = farthest_outside(mesh, locator, corners)
    raise InputError(
        f"{name}: {share:.3g} % of its area lies outside the mesh, up to {how} at "
        f"({x[0]:.6g}, {x[1]:.6g}, {x[2]:.6g}) m; move the fault or make the mesh larger"
    )


def farthest_outside(mesh: Mesh, locator: Locator, points: Floats) -> tuple[Floats, str]:
    """Which of the points lies farthest outside, and by how much, in words."""
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    over = points[:, 2] - np.nan_to_num(locator.surface_z(points[:, 0], points[:, 1]), nan=np.inf)
    beyond = np.concatenate([low - points, points - high], axis=1)  # (n, 6)
    words = ("west", "south", "bottom", "east", "north", "top")
    excess = np.maximum(np.maximum(over, beyond.max(axis=1)), 0.0)
    worst = int(np.argmax(excess))
    x = points[worst]
    if excess[worst] == 0.0:
        return x, "an unknown distance (into a cavity or a boundary face)"
    if over[worst] >= beyond[worst].max():
        return x, f"{over[worst]:.4g} m above the ground"
    return x, f"{excess[worst]:.4g} m beyond the {words[int(np.argmax(beyond[worst]))]} side"
