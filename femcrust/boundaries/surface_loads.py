"""Nodal forces ∫ N_a t dA on the quadratic faces of tetrahedra, and body forces.

Tractions and pressures are taken at the face's quadrature points. A disc or a grid covers faces in
part: those faces are cut into small triangles, and a disc is scaled to its exact force π a² p.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femcrust.boundaries.conditions import Traction
from femcrust.case.expressions import Value, evaluate
from femcrust.case.quantities import DataFile
from femcrust.case.schema_boundaries import Load
from femcrust.errors import InputError
from femcrust.materials.grids import read_grid
from femcrust.mesh.exterior import Exterior
from femcrust.mesh.mesh import Floats, Ints, Mesh

CUTS = 24  # parts of each edge of a face that the rim of a disc crosses
GRID_CUTS = 4  # parts of each edge of a face under a grid
MISSED = 0.2  # share of a disc's force that scaling may mend; more means it leaves the ground


def triangle_points(cuts: int) -> Floats:
    """Barycentric centres of the cuts² equal parts of a triangle, all of weight cuts^-2. (q, 3)"""
    up = [(i + 1 / 3, j + 1 / 3) for i in range(cuts) for j in range(cuts - i)]
    down = [(i + 2 / 3, j + 2 / 3) for i in range(cuts) for j in range(cuts - i - 1)]
    two = np.array(up + down) / cuts
    return np.column_stack([two, 1.0 - two.sum(axis=1)])


def quadratic(barycentric: Floats) -> Floats:
    """The six shape functions of a quadratic triangle. (q, 3) → (q, 6)"""
    corners = barycentric * (2.0 * barycentric - 1.0)
    pairs = ((0, 1), (1, 2), (0, 2))
    edges = [4.0 * barycentric[:, i] * barycentric[:, j] for i, j in pairs]
    return np.column_stack([corners, *edges])


def traction(mesh: Mesh, faces: Ints, values: tuple[Value, Value, Value], key: str) -> Traction:
    """A force per area, Pa, that may vary in space."""

    def at(points: Floats) -> Floats:
        x, y, z = np.moveaxis(points, -1, 0)
        parts = [evaluate(v, f"{key}.traction", x=x, y=y, z=z) for v in values]
        return np.stack(parts, axis=-1)

    constant = all(isinstance(v, float) for v in values)
    return _integrated(mesh, faces, at, constant)


def pressure(mesh: Mesh, faces: Ints, normals: Floats, value: Value, key: str) -> Traction:
    """Pushes against faces: t = −p n with n outward from the body."""

    def at(points: Floats) -> Floats:
        x, y, z = np.moveaxis(points, -1, 0)
        return -evaluate(value, f"{key}.pressure", x=x, y=y, z=z)[..., None] * normals[:, None]

    return _integrated(mesh, faces, at, isinstance(value, float))


def disc(mesh: Mesh, exterior: Exterior, load: Load, key: str) -> Traction:
    """A circle of pressure on the ground, pushing down."""
    assert load.disc is not None  # the schema holds disc and pressure together
    assert load.pressure is not None
    top = np.flatnonzero(exterior.side == "top")
    center, radius = np.array(load.disc.center), load.disc.radius
    corners = mesh.points[exterior.faces[top]]
    distance = np.linalg.norm(corners[..., :2] - center, axis=2)
    reach = np.linalg.norm(np.ptp(corners[..., :2], axis=1), axis=1)
    near = distance.min(axis=1) <= radius + reach
    top, corners = top[near], corners[near]
    forces = np.zeros((len(top), 6, 3))
    whole = distance[near].max(axis=1) <= radius
    for some, cuts in ((whole, GRID_CUTS), (~whole, CUTS)):
        barycentric = triangle_points(cuts)
        points = np.einsum("qi,kic->kqc", barycentric, corners[some])
        inside = np.linalg.norm(points[..., :2] - center, axis=2) <= radius
        x, y, z = np.moveaxis(points, -1, 0)
        p = np.where(inside, evaluate(load.pressure, f"{key}.pressure", x=x, y=y, z=z), 0.0)
        flat = _flat_areas(corners[some])  # pressure acts on the horizontal projection
        share = np.einsum("qa,kq->ka", quadratic(barycentric), p) / len(barycentric)
        forces[some, :, 2] = -share * flat[:, None]
    if isinstance(load.pressure, float):
        wanted = -np.pi * radius**2 * load.pressure
        found = forces[..., 2].sum()
        if not abs(found - wanted) <= MISSED * abs(wanted):
            raise InputError(
                f"{key}.disc: {100 * (1 - found / wanted):.0f} % of the disc finds no ground;"
                " move it inside the mesh or make the mesh finer there"
            )
        forces *= wanted / found if found else 1.0
    loaded = np.abs(forces).max(axis=(1, 2)) > 0
    return Traction(exterior.faces[top[loaded]], forces[loaded])


def grid(
    mesh: Mesh, exterior: Exterior, reference: DataFile, directory: Path, key: str
) -> Traction:
    """A netCDF grid of pressure on the ground, pushing down; nothing acts outside the grid."""
    variable = getattr(reference, "variable", None)
    found = read_grid(directory / str(reference.file), variable, "pressure")
    top = np.flatnonzero(exterior.side == "top")
    corners = mesh.points[exterior.faces[top]]
    barycentric = triangle_points(GRID_CUTS)
    points = np.einsum("qi,kic->kqc", barycentric, corners)
    inside = np.ones(points.shape[:2], dtype=bool)
    for name, axis in found.axes:
        value = points[..., 0 if name == "x" else 1]
        inside &= (value >= axis[0]) & (value <= axis[-1])
    if not inside.any():
        raise InputError(f"{key}.grid: the grid covers {found.extent()}: nothing of the ground")
    p = np.zeros(inside.shape)
    p[inside] = found.at(points[inside])
    share = np.einsum("qa,kq->ka", quadratic(barycentric), p) / len(barycentric)
    forces = np.zeros((len(top), 6, 3))
    forces[..., 2] = -share * _flat_areas(corners)[:, None]
    loaded = np.abs(forces).max(axis=(1, 2)) > 0
    return Traction(exterior.faces[top[loaded]], forces[loaded])


def body_force(mesh: Mesh, values: tuple[Value, Value, Value], key: str) -> Floats:
    """Force per volume at the centroids. (n_tets, 3) N/m³"""
    x, y, z = mesh.points[mesh.tets].mean(axis=1).T
    parts = [evaluate(v, f"{key}.body_force", x=x, y=y, z=z) for v in values]
    return np.stack(parts, axis=1)


def _integrated(mesh: Mesh, faces: Ints, at: object, constant: bool) -> Traction:
    """∫ N_a t dA; a constant t needs no quadrature: nothing at corners, a third at mid-edges."""
    assert callable(at)
    corners = mesh.points[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1) / 2
    if constant:
        t = at(corners.mean(axis=1, keepdims=True))[:, 0]
        forces = np.zeros((len(faces), 6, 3))
        forces[:, 3:] = (t * area[:, None] / 3)[:, None]
        return Traction(faces, forces)
    barycentric = triangle_points(GRID_CUTS)
    t = at(np.einsum("qi,kic->kqc", barycentric, corners))
    share = np.einsum("qa,kqc->kac", quadratic(barycentric), t) / len(barycentric)
    return Traction(faces, share * area[:, None, None])


def _flat_areas(corners: Floats) -> Floats:
    """Areas of triangles in map view. (k, 3, 3) → (k,)"""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)
