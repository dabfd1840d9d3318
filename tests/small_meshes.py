"""Small meshes for tests, made without femcrust's meshers: cubes split in six, jiggled inside."""

from __future__ import annotations

import itertools

import numpy as np

from femcrust.mesh.mesh import Mesh, ordered, tet_volumes


def split_cubes(
    n: int | tuple[int, int, int],
    size: tuple[float, float, float] = (1.0, 1.0, 1.0),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    jiggle: float = 0.0,
) -> Mesh:
    """n cells an axis, each split in six tetrahedra around its long diagonal.

    `jiggle` moves inner nodes by up to that fraction of a cell, so that no symmetry hides an error.
    """
    cells = np.broadcast_to(np.asarray(n), (3,))
    axes = [np.linspace(0.0, 1.0, k + 1) for k in cells]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inner = np.all((points > 1e-9) & (points < 1 - 1e-9), axis=1)
    shift = np.random.default_rng(20260711).uniform(-jiggle, jiggle, points.shape) / cells
    points[inner] += shift[inner]
    index = np.arange(len(points)).reshape(cells + 1)
    tets = []
    for steps in itertools.permutations(range(3)):
        corner = np.zeros(3, dtype=int)
        path = [corner]
        for axis in steps:
            corner = corner + np.eye(3, dtype=int)[axis]
            path.append(corner)
        tets.append(
            np.stack(
                [
                    index[
                        c[0] : cells[0] + c[0], c[1] : cells[1] + c[1], c[2] : cells[2] + c[2]
                    ].ravel()
                    for c in path
                ],
                axis=1,
            )
        )
    connectivity = np.concatenate(tets).astype(np.int32)
    points = points * np.asarray(size) + np.asarray(origin)
    inverted = tet_volumes(Mesh(points, connectivity)) < 0
    connectivity[inverted] = connectivity[inverted][:, [0, 2, 1, 3]]
    return ordered(Mesh(points, connectivity, source="test"))
