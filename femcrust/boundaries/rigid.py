"""Whether anything holds the body: none of the six rigid motions may be free."""

from __future__ import annotations

import numpy as np

from femcrust.boundaries.conditions import Conditions
from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats, Ints, Mesh

FREE = 1e-10  # of the largest eigenvalue: below it a motion costs nothing


def check_held(mesh: Mesh, conditions: Conditions) -> None:
    """InputError when the body can move rigidly: the solution would not be unique."""
    if conditions.infinite is not None:
        return  # even a translation dies out along the rays and costs energy
    held = np.zeros((6, 6))
    for constraint in conditions.constraints:
        blocked = np.eye(3) - np.broadcast_to(constraint.free, (len(constraint.faces), 3, 3))
        held += _resistance(mesh, constraint.faces, blocked)
    for springs in conditions.springs:
        corners = mesh.points[springs.faces]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        n = cross / np.linalg.norm(cross, axis=1, keepdims=True)
        nn = np.einsum("ki,kj->kij", n, n)
        along = float(np.max(springs.normal) > 0) * nn
        across = float(np.max(springs.tangential) > 0) * (np.eye(3) - nn)
        held += _resistance(mesh, springs.faces, along + across)
    values = np.linalg.eigvalsh(held)
    free = int((values <= FREE * max(values[-1], FREE)).sum())
    if free:
        raise InputError(
            f"boundaries: {free} of 6 rigid motions are free, so the answer is not unique;"
            " make a side infinite, fixed or roller, or add springs"
        )


def _resistance(mesh: Mesh, faces: Ints, blocked: Floats) -> Floats:
    """Σ Rᵀ blocked R over the corners of faces, R: the six rigid motions there. (6, 6)"""
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    x = (mesh.points[faces] - (low + high) / 2) / float((high - low).max())  # (k, 3, 3)
    motion = np.zeros((*x.shape[:2], 3, 6))
    motion[..., :3] = np.eye(3)
    for k in range(3):
        motion[..., 3 + k] = np.cross(np.eye(3)[k], x)
    return np.asarray(np.einsum("kaim,kij,kajn->mn", motion, blocked, motion))
