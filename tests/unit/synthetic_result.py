"""A made-up result with known answers: a box of tetrahedra cut by a vertical strike-slip fault.

The displacement is a formula, not a solution: u_y jumps by SLIP · shape(y, z) across x = 0,
u_z has four lobes. Every writer is checked against the formula.
"""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace

import numpy as np

from femcrust.faults.source import Source
from femcrust.mesh.mesh import Mesh
from femcrust.outputs.result import Result, Stations
from femcrust.outputs.summary import current_versions, make_summary

SLIP = 2.0  # m, left-lateral: the east side (hanging wall of strike 0) moves north
HALF_LENGTH = 15e3
BOTTOM = 12e3
DECAY = 10e3
EDGES = [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)]


def graded(near: float, far: float, count: int) -> np.ndarray:
    """Coordinates from −far to far with spacing about `near` in the middle, 0 included."""
    t = np.linspace(-1.0, 1.0, 2 * count + 1)
    linear = near * count * t
    return linear + (far - near * count) * np.sign(t) * np.abs(t) ** 3


def hills(x, y):
    return 900.0 * np.exp(-((x - 2e4) ** 2 + (y - 5e3) ** 2) / 8e3**2) + 500.0 * np.exp(
        -((x + 1.5e4) ** 2 / 5e3**2 + (y + 1e4) ** 2 / 2e4**2)
    )


def kuhn_mesh(x, y, z, relief=None) -> Mesh:
    """Six tetrahedra per cell, all along the same diagonal."""
    nx, ny, nz = len(x), len(y), len(z)
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).reshape(-1, 3)
    if relief is not None:
        lift = (points[:, 2] - z[0]) / (z[-1] - z[0])
        points[:, 2] += relief(points[:, 0], points[:, 1]) * lift**3
    number = np.arange(nx * ny * nz).reshape(nx, ny, nz)
    steps = np.eye(3, dtype=int)
    tets = []
    for order in permutations(range(3)):
        path = [np.zeros(3, dtype=int)]
        for axis in order:
            path.append(path[-1] + steps[axis])
        if np.linalg.det(np.array(path[1:])) < 0:
            path[2], path[3] = path[3], path[2]
        corners = [
            number[i : nx - 1 + i, j : ny - 1 + j, k : nz - 1 + k].ravel() for i, j, k in path
        ]
        tets.append(np.stack(corners, axis=1))
    return Mesh(points=points, tets=np.concatenate(tets).astype(np.int32))


def quadratic(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (vertices, then edge midpoints) and elements (n_tets, 10)."""
    pairs = np.sort(mesh.tets[:, EDGES].reshape(-1, 2), axis=1)
    edges, number = np.unique(pairs, axis=0, return_inverse=True)
    nodes = np.concatenate([mesh.points, mesh.points[edges].mean(axis=1)])
    middle = mesh.n_points + number.reshape(-1, 6)
    return nodes, np.concatenate([mesh.tets, middle], axis=1).astype(np.int32)


def shape(y, z):
    """Slip distribution: one in the middle of the fault at the ground, zero at its edges."""
    along = np.clip(1.0 - (y / HALF_LENGTH) ** 2, 0.0, None)
    down = np.clip(1.0 - (z / BOTTOM) ** 2, 0.0, None)
    return np.sqrt(along * down)


def formula(points, side):
    """Displacement (n, 3), m; side = ±1 decides at x = 0."""
    x, y, z = points.T
    fade = 1.0 - 2.0 / np.pi * np.arctan(np.abs(x) / DECAY)
    u = np.zeros_like(points)
    u[:, 1] = side * 0.5 * SLIP * shape(y, z) * fade
    r2 = (x**2 + y**2 + z**2) / 12e3**2
    u[:, 0] = 0.12 * (y / 12e3) * np.exp(-r2)
    u[:, 2] = 0.25 * (x / 12e3) * (y / 12e3) * np.exp(-r2)
    return u


def synthetic_result(cells: int = 6, relief: bool = True, **output) -> Result:
    x = graded(2e4 / cells, 6e4, cells)
    z = -graded(2e4 / cells, 4e4, cells)[: cells - 1 : -1]
    mesh = kuhn_mesh(x, x, z, hills if relief else None)
    nodes, elements = quadratic(mesh)
    side = np.sign(nodes[:, 0])
    u = formula(nodes, side)

    on_fault = (np.abs(nodes[:, 0]) < 1e-6) & (shape(nodes[:, 1], nodes[:, 2]) > 0)
    touched = np.flatnonzero(on_fault[elements].any(axis=1))
    east = np.sign(nodes[elements[touched], 0].sum(axis=1))
    offset = np.zeros((len(touched), 10, 3))
    half = 0.5 * SLIP * shape(nodes[:, 1], nodes[:, 2])
    offset[..., 1] = east[:, None] * np.where(on_fault, half, 0.0)[elements[touched]]

    depth = -mesh.points[mesh.tets].mean(axis=1)[:, 2]
    index = (depth > 15e3).astype(int)
    mu = np.where(index == 0, 3e10, 6.5e10)
    elastic = SimpleNamespace(
        lam=mu.copy(), mu=mu, rho=np.full(len(mu), np.nan), names=("crust", "mantle"), index=index
    )
    corners = np.array(
        [[0, -15e3, 0], [0, 15e3, 0], [0, 15e3, -12e3], [0, -15e3, -12e3], [0, -15e3, 0]], float
    )
    ys, zs = np.meshgrid(np.linspace(-12e3, 12e3, 7), np.linspace(-2e3, -10e3, 4))
    arrows = np.zeros((ys.size, 6))
    arrows[:, 1], arrows[:, 2] = ys.ravel(), zs.ravel()
    arrows[:, 4] = SLIP * shape(arrows[:, 1], arrows[:, 2])
    main = Source(
        name="main",
        elements=touched.astype(np.int32),
        eigenstrain=np.zeros((len(touched), 4, 6)),
        offset=offset,
        area=3.6e8,
        potency=np.array(
            [[0.0, 1.8e8, 0.0], [1.8e8, 0.0, 0.0], [0.0, 0.0, 0.0]]
        ),  # slip e_y on normal e_x
        moment=1.4e19,
        magnitude=6.7,
        center=np.array([0.0, 0.0, -5e3]),
        outline=[corners],
        arrows=arrows,
        crossed=False,
    )
    x, y, z = mesh.points[mesh.tets].transpose(2, 0, 1) / 1e4
    lobes = 2e6 * np.exp(-np.hypot(x, y)) * np.exp(z)
    stress = np.stack([lobes * (1 + k) * np.sin(2.0 * x + k) * np.cos(y) for k in range(6)], -1)
    receiver = SimpleNamespace(
        strike=30.0, dip=60.0, rake=0.0, regional=None, friction=0.4, depth=8e3
    )
    settings = {
        "directory": "results",
        "stations": "gnss.csv",
        "fields": ["displacement", "stress", "strain", "coulomb"],
        "formats": ["vtu", "csv", "png", "html"],
        "station_fields": ["displacement"],
        "los": {
            "track18": SimpleNamespace(unit=[-0.6, -0.1, 0.79], heading=None, incidence=None),
            "track120": SimpleNamespace(unit=None, heading=-168.0, incidence=38.0),
        },
        "coulomb": {"north_branch": receiver},
        "grid": SimpleNamespace(spacing=2e3, extent=None),
    }
    case = SimpleNamespace(
        case=SimpleNamespace(
            title="Strike-slip <earthquake> & a layered crust",
            authors=["A. Geodesist", "B. Seismologist"],
            reference="Made up, 2024",
            crs=None,
        ),
        materials={
            "crust": SimpleNamespace(model="elastic", E=7.5e10, nu=0.25, rho=2700.0),
            "mantle": SimpleNamespace(model="elastic", E=1.6e11, nu=0.25, rho=3300.0),
        },
        faults={"main": SimpleNamespace(surface="fault", hanging_side="east")},
        boundaries={"sides": "infinite", "bottom": "infinite", "top": "free"},
        loads={},
        time=None,
        solver=SimpleNamespace(tolerance=1e-8, max_iterations=500, preconditioner="multigrid"),
        output=SimpleNamespace(**(settings | output)),
    )
    history = [1.0, 0.21, 4e-2, 6e-3, 8e-4, 1.3e-4, 2e-5, 2.6e-6, 4e-7, 5e-8, 7e-9]
    summary = make_summary(
        status="converged",
        title=case.case.title,
        n_elements=mesh.n_tets,
        n_nodes=len(nodes),
        n_dof=3 * len(nodes),
        steps=[
            {
                "time_s": 0.0,
                "iterations": 10,
                "relative_residual": 7e-9,
                "solve_s": 1.2,
                "initial_relative_residual": 1.0,
            }
        ],
        sources=[main],
        setup_s=0.8,
        solve_s=1.2,
        total_s=2.6,
        versions=current_versions(mesh),
    )
    return Result(
        case=case,
        mesh=mesh,
        elastic=elastic,
        sources=[main],
        nodes=nodes,
        elements=elements,
        displacement=u,
        stress=stress,
        summary=summary,
        stations=some_stations(),
        history=history,
    )


def some_stations() -> Stations:
    rng = np.random.default_rng(20240117)
    xyz = np.column_stack([rng.uniform(-3e4, 3e4, (14, 2)), np.zeros(14)])
    return Stations(
        names=tuple(f"GP{i:02d}" for i in range(14)),
        xyz=xyz,
        displacement=formula(xyz, np.sign(xyz[:, 0])),
        convergence=np.zeros(14),
        stress=rng.normal(0.0, 1e5, (14, 6)),
    )
