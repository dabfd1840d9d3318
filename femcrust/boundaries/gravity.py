"""Restoring tractions of displaced density contrasts, in the manner of Winkler's foundation.

Where a surface between densities ρ_below and ρ_above, the ground among them, moves up by u_z, the
rock lifted across it weighs Δρ g u_z. As a quadratic form that is ½ ∫ Δρ g u_z² n_z dA: a vertical
stiffness Δρ g n_z on the faces, symmetric, and positive where lighter rock lies on top. The sides
and the bottom of the mesh are no such surfaces: the rock goes on behind them. Self-gravity is left
out, and so is what prestress is carried along inside a layer [Rundle81].
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from femcrust.boundaries.conditions import Buoyancy
from femcrust.errors import InputError
from femcrust.mesh.exterior import Exterior, row_ids, tet_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh

FLAT = 1e-6  # n_z, and Δρ in parts of ρ, below which there is nothing to restore

log = logging.getLogger("femcrust")


def buoyancy(
    mesh: Mesh, exterior: Exterior, rho: Floats, names: Sequence[str], index: Ints, gravity: float
) -> Buoyancy:
    """Vertical stiffness of the ground and of all faces between different densities.

    rho : (n_tets,) kg/m³;  names, index : of the materials, for complaints;  gravity : m/s²
    """
    missing = np.unique(index[~np.isfinite(rho)])
    if len(missing):
        name = names[missing[0]]
        raise InputError(f"materials.{name}.rho: missing; gravity needs it, e.g. 2700 kg/m^3")
    ground = exterior.side == "top"
    faces, below, above = _inner(mesh, rho)
    corners = mesh.points[faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    rise = doubled[:, 2] / np.linalg.norm(doubled, axis=1)
    contrast = (rho[below] - rho[above]) * rise
    heavy = contrast < -FLAT * rho[below]
    if heavy.any():
        x, y, z = corners[heavy][0].mean(axis=0) / 1e3
        log.warning(
            f"gravity: {heavy.sum():,} faces have denser rock above, e.g. at ({x:.4g}, {y:.4g},"
            f" {z:.4g}) km; what they lift does not come back by itself"
        )
    stiffness = np.concatenate([rho[exterior.tets[ground]] * exterior.normals[ground, 2], contrast])
    return Buoyancy(np.concatenate([exterior.faces[ground], faces]), gravity * stiffness)


def _inner(mesh: Mesh, rho: Floats) -> tuple[Ints, Ints, Ints]:
    """Faces between tetrahedra of different density, those, and the ones that their outward normals
    point to."""
    faces = tet_faces(mesh.tets)
    ids = row_ids(faces)
    order = np.argsort(ids, kind="stable")
    met = np.flatnonzero(ids[order][1:] == ids[order][:-1])
    first, second = order[met], order[met + 1]
    one, other = (first // 4).astype(np.int32), (second // 4).astype(np.int32)
    differ = np.abs(rho[one] - rho[other]) > FLAT * rho[one]
    return faces[first[differ]].astype(np.int32), one[differ], other[differ]
