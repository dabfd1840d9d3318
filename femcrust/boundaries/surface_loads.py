"""Nodal forces ∫ N_a t dA on the quadratic faces of tetrahedra, and body forces.

Tractions and pressures are taken at the face's quadrature points. A disc or a grid covers faces in
part: those faces are cut into smaller triangles, and a disc is scaled to its exact area π a².
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from femcrust.boundaries.conditions import Traction
from femcrust.boundaries.disc_cover import covered_pieces
from femcrust.boundaries.face_rule import POINTS, WEIGHTS, piece_points, quadratic, quartered
from femcrust.case.expressions import Value, evaluate
from femcrust.case.quantities import DataFile
from femcrust.case.schema_boundaries import Load
from femcrust.errors import InputError
from femcrust.grids import Grid, read_grid
from femcrust.mesh.exterior import Exterior
from femcrust.mesh.mesh import Floats, Ints, Mesh

SMALLEST = 1e-4  # radius of a disc in mesh cells; below, its unit is wrong, and pieces run out
MISSED = 1e-3  # of a disc's area: chords miss 1e-4 of it; more means that it leaves the ground
MOST_HALVINGS = 5  # of the edges of a face under a grid: 6144 points a face
CHUNK = 500  # faces under a grid at a time: 74 MB of points at the most


log = logging.getLogger("femcrust")


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
    """A circle of pressure on the ground, pushing down: p per area in map view."""
    assert load.disc is not None  # the schema holds disc and pressure together
    assert load.pressure is not None
    top = _ground(exterior)
    center, radius = np.array(load.disc.center), load.disc.radius
    corners = mesh.points[exterior.faces[top]]
    face, pieces = covered_pieces(corners[..., :2], center, radius)
    _compare_with_cells(radius, corners[face], key)
    flat = _flat_areas(corners)
    barycentric, share = piece_points(pieces)
    covered = float((share.sum(axis=1) * flat[face]).sum())
    if not abs(covered / (np.pi * radius**2) - 1.0) <= MISSED:
        raise InputError(
            f"{key}.disc: {100 * covered / (np.pi * radius**2):.1f} % of the disc lies on the"
            " ground of the mesh; move it, make it smaller, or enlarge the mesh"
        )
    x, y, z = np.moveaxis(np.einsum("mqi,mic->mqc", barycentric, corners[face]), -1, 0)
    p = evaluate(load.pressure, f"{key}.pressure", x=x, y=y, z=z)
    forces = np.zeros((len(top), 6, 3))
    down = -np.einsum("mqa,mq->ma", quadratic(barycentric), share * p) * flat[face][:, None]
    np.add.at(forces[..., 2], face, down)
    forces *= np.pi * radius**2 / covered
    loaded = np.unique(face)
    return Traction(exterior.faces[top[loaded]], forces[loaded])


def _compare_with_cells(radius: float, corners: Floats, key: str) -> None:
    """Refuse a disc that no cell can see; warn of one that is smaller than the cells under it."""
    if not len(corners):
        return  # off the mesh, which has its own message
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    cell = float(sides.max(axis=1).min())
    compared = f"{key}.disc.radius: {radius:g} m on mesh cells of {cell:.4g} m"
    if radius < SMALLEST * cell:
        raise InputError(f"{compared}; check its unit, or make the mesh finer there")
    if 2 * radius < cell:
        log.warning(f"{compared}: acts as a point force, wrong within a cell; make the mesh finer")


def grid(
    mesh: Mesh, exterior: Exterior, reference: DataFile, directory: Path, key: str
) -> Traction:
    """A netCDF grid of pressure, or of a height of water, on the ground, pushing down.

    Nothing acts outside the grid. Faces larger than its cells are cut until they are not.
    """
    path = directory / str(reference.file)
    found = read_grid(path, reference.variable, "pressure", reference.unit)
    if {name for name, _ in found.axes} != {"x", "y"}:
        raise InputError(f"{key}.grid: {path.name} is no grid over x and y; give one layer")
    top = _ground(exterior)
    corners = mesh.points[exterior.faces[top]]
    flat = _flat_areas(corners)
    spacing = min(float(np.diff(axis).min()) for _, axis in found.axes)
    extent = np.ptp(corners[..., :2], axis=1).max(axis=1)
    halvings = np.ceil(np.log2(extent / spacing)).clip(0, MOST_HALVINGS).astype(int)
    forces = np.zeros((len(top), 6, 3))
    touched = np.zeros(len(top), dtype=bool)
    pieces = np.eye(3)[None]
    for level in range(MOST_HALVINGS + 1):
        barycentric, share = piece_points(pieces)
        barycentric, share = barycentric.reshape(-1, 3), share.ravel()
        shapes = quadratic(barycentric)
        faces = np.flatnonzero(halvings == level)
        for some in np.array_split(faces, -(-len(faces) // CHUNK) or 1):
            points = np.einsum("qi,kic->kqc", barycentric, corners[some])
            p, inside = _pressure(found, points, key)
            touched[some] = inside.any(axis=1)
            forces[some, :, 2] = -np.einsum("qa,q,kq->ka", shapes, share, p) * flat[some][:, None]
        pieces = quartered(pieces)
    if not touched.any():
        raise InputError(f"{key}.grid: the grid covers {found.extent()}: nothing of the ground")
    return Traction(exterior.faces[top[touched]], forces[touched])


def _pressure(found: Grid, points: Floats, key: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Pressure at points (k, q, 3), zero outside the grid, and which of them are inside."""
    inside = np.ones(points.shape[:2], dtype=bool)
    for name, axis in found.axes:
        value = points[..., 0 if name == "x" else 1]
        inside &= (value >= axis[0]) & (value <= axis[-1])
    p = np.zeros(inside.shape)
    p[inside] = found.at(points[inside])
    if not np.isfinite(p).all():
        x, y, _ = points[~np.isfinite(p)][0]
        raise InputError(
            f"{key}.grid: {found.path.name} has no value at x={x:g}, y={y:g} m;"
            " write 0 where there is no load"
        )
    return p, inside


def _ground(exterior: Exterior) -> NDArray[np.int64]:
    """Faces that loads from above can touch; the undersides of overhangs are left out."""
    return np.flatnonzero((exterior.side == "top") & (exterior.normals[:, 2] > 0.0))


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
    t = at(np.einsum("qi,kic->kqc", POINTS, corners))
    forces = np.einsum("q,qa,kqc->kac", WEIGHTS, quadratic(POINTS), t) * area[:, None, None]
    return Traction(faces, forces)


def _flat_areas(corners: Floats) -> Floats:
    """Areas of triangles in map view. (k, 3, 3) → (k,)"""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)
