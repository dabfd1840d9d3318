"""Bodies that are easy or hard for the solver, each by one feature, for counting iterations.

Every body holds one immersed fault or moment tensor; sides and bottom are infinite. What is made
hard is the contrast of moduli, Poisson's ratio, thin layers, or the shape of the cells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from femcrust import backends, operators, preconditioners, solvers
from femcrust.case import Case
from femcrust.discretisation import discretise
from femcrust.mesh.mesh import Mesh
from femcrust.model import Model, build_model
from small_meshes import split_cubes

KM = 1e3
CUBE = 40 * KM  # of the bodies that are not graded
SLIVER = 3.0  # degrees
RECTANGLE = {
    "top_center": (1.3 * KM, -0.7 * KM, -4 * KM), "length": 12 * KM, "width": 8 * KM,
    "strike": 25.0, "dip": 55.0,
}  # fmt: skip
ROCK: dict[str, Any] = {"mu": 30e9, "nu": 0.25}
# Three layers with 20 : 1 between the softest and the hardest, as in the crust at most. Expressions
# leave the mesh alone, so that coarse ones exist; borders then follow the cells.
CRUST = {
    "soil": {"mu": 3.5e9, "nu": 0.3, "where": {"expression": "depth < 7*km"}},
    "crust": {"mu": 30e9, "nu": 0.25, "where": {"expression": "depth > 7*km and depth < 25*km"}},
    "mantle": {"mu": 70e9, "nu": 0.27, "where": {"expression": "depth > 25*km"}},
}


def case_of(mesh: dict[str, Any], materials: dict[str, Any], **more: Any) -> Case:
    """A thrust with one metre of slip in a mesh section."""
    fault = {"rectangle": RECTANGLE, "slip": {"dip": 1.0, "strike": 0.5}}
    return Case.model_validate(
        {"mesh": mesh, "materials": materials, "faults": {"main": fault}} | more
    )


def graded_box(
    near: float, materials: dict[str, Any] | None = None, half: float = 60 * KM
) -> Model:
    """Octree cells of `near`, m, at the fault, growing by 0.3 to half / 4."""
    size = {"near": near, "far": half / 4, "growth": 0.3}
    box = {"x": (-half, half), "y": (-half, half), "z": (-half, 0.0), "size": size}
    return build_model(case_of({"box": box}, materials or CRUST))


def cube(
    n: int, materials: dict[str, Any], flat: float = 1.0, jiggle: float = 0.1, **more: Any
) -> Model:
    """n cells an axis around the fault; `flat` times as wide as high."""
    mesh = split_cubes(
        n, (flat * CUBE, flat * CUBE, CUBE), (-flat * CUBE / 2, -flat * CUBE / 2, -CUBE), jiggle
    )
    return build_model(case_of({"file": "cubes"}, materials, **more), mesh)


def bands(n: int, flat: float) -> Model:
    """A cube, three of whose n levels of cells are `flat` times as wide as high."""
    mesh = split_cubes(n)
    heights = np.ones(n)
    heights[[n // 4, n // 2, n - 3]] = 1 / flat
    z = np.concatenate([[0.0], np.cumsum(heights)]) / heights.sum()
    points = mesh.points.copy()
    points[:, 2] = np.interp(points[:, 2], np.linspace(0.0, 1.0, n + 1), z)
    points = points * CUBE - [CUBE / 2, CUBE / 2, CUBE]
    return build_model(case_of({"file": "bands"}, {"rock": ROCK}), replace(mesh, points=points))


def stretched(n: int, ratio: float) -> Model:
    """A box graded by stretching its axes: cells grow by `ratio` from the source's corner."""
    mesh = split_cubes(n)
    sizes = ratio ** (np.arange(n) / (n - 1))
    ends = np.concatenate([[0.0], np.cumsum(sizes)]) / sizes.sum()
    grown = np.interp(mesh.points, np.linspace(0.0, 1.0, n + 1), ends)
    points = 200 * KM * (grown * [1, 1, -1] - [0.06, 0.06, 0.0])
    tets = mesh.tets[:, [0, 2, 1, 3]]  # z is turned over
    return build_model(
        case_of({"file": "stretched"}, CRUST), replace(mesh, points=points, tets=tets)
    )


def blocks(n: int, contrast: float, nu: float = 0.25) -> Model:
    """Cubes of three cells with random μ, log-uniform over `contrast`."""
    model = cube(n, {"rock": ROCK})
    centers = model.mesh.points[model.mesh.tets].mean(axis=1)
    side = 3 * CUBE / n
    index = np.floor((centers - centers.min(axis=0)) / side).astype(int)
    rng = np.random.default_rng(604_271_933)
    mu = (3e7 * contrast ** rng.uniform(0.0, 1.0, index.max(axis=0) + 1))[tuple(index.T)]
    elastic = replace(model.elastic, mu=mu, lam=2 * mu * nu / (1 - 2 * nu))
    return replace(model, elastic=elastic)


def thin_layers(half: float) -> Model:
    """Two layers one cell of 2 km thin, soft and hard, through a box."""
    thick = 2 * KM
    depths = {"top": (0.0, 6 * KM), "soft": (6 * KM, 6 * KM + thick),
              "middle": (6 * KM + thick, 12 * KM), "hard": (12 * KM, 12 * KM + thick),
              "below": (12 * KM + thick, 500 * KM)}  # fmt: skip
    mu = {"soft": 1e9, "hard": 100e9}
    materials = {
        name: {"mu": mu.get(name, 30e9), "nu": 0.25, "where": {"depth": depth}}
        for name, depth in depths.items()
    }
    return graded_box(thick, materials, half)


def slivered(mesh: Mesh, share: float) -> Mesh:
    """Vertices moved towards the opposite face of one of their cells until a dihedral is SLIVER.

    share : of the inner vertices; no two of them are neighbours
    """
    rng = np.random.default_rng(55_481_207)
    order = np.argsort(mesh.tets.ravel(), kind="stable")
    begin = np.searchsorted(mesh.tets.ravel()[order], np.arange(mesh.n_points + 1))
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    inner = np.all((mesh.points > low + 1.0) & (mesh.points < high - 1.0), axis=1)
    points, used = mesh.points.copy(), ~inner
    left = int(share * inner.sum())
    for v in rng.permutation(np.flatnonzero(inner)):
        star = mesh.tets[order[begin[v] : begin[v + 1]] // 4]
        if left == 0:
            break
        if used[star].any():
            continue
        face = star[0][star[0] != v]
        goal, start = points[face].mean(axis=0), points[v].copy()
        inside, outside = 0.0, 1.0  # of the way, where the flattest cell is above, below SLIVER
        for _ in range(30):
            middle = (inside + outside) / 2
            points[v] = start + middle * (goal - start)
            if flattest(points[star]) > SLIVER:
                inside = middle
            else:
                outside = middle
        points[v] = start + inside * (goal - start)
        used[star] = True
        left -= 1
    return replace(mesh, points=points)


def flattest(corners: np.ndarray) -> float:
    """Smallest dihedral angle, degrees; negative if a cell is inverted. corners (n, 4, 3)"""
    edges = corners[:, 1:] - corners[:, :1]
    if np.linalg.det(edges).min() <= 0:
        return -1.0
    normals = np.linalg.inv(edges).transpose(0, 2, 1)
    normals = np.concatenate([-normals.sum(axis=1, keepdims=True), normals], axis=1)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    cosines = -np.einsum("nik,njk->nij", normals, normals)[:, *np.triu_indices(4, 1)]
    return float(np.degrees(np.arccos(np.clip(cosines.max(), -1.0, 1.0))))


def prepared(
    model: Model, name: str = "multigrid", precision: str = "mixed", backend: Any = None
) -> tuple[Any, Any, np.ndarray]:
    """Operator, preconditioner and load of a model; backend: the CPU's where none is given."""
    space = discretise(model.mesh)
    operator = operators.elastic(
        space,
        model.elastic.lam,
        model.elastic.mu,
        model.conditions,
        backend or backends.select("cpu"),
    )
    load = operators.load(operator, model.sources, model.conditions)
    return operator, preconditioners.build(name, operator, precision), load


def solved(model: Model, **options: Any) -> tuple[int, int]:
    """Unknowns, and iterations to a residual of 1e-8."""
    operator, preconditioner, load = prepared(model, **options)
    solution = solvers.solve(operator, preconditioner, load, max_iterations=300)
    return operator.space.n_dof, solution.iterations


def slivers(near: float, share: float) -> Model:
    """A graded box, a `share` of whose vertices make slivers."""
    box = graded_box(near, {"rock": ROCK})
    return build_model(box.case, slivered(box.mesh, share))
