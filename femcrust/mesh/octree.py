"""An octree of cubes on a lattice: refined where asked, then balanced.

Cell (i, j, k) of level l spans [i, i+1] 2^l lattice steps along x. Balance: cells that share a face
or an edge differ by at most one level. If a cell of level l is refined, the parents of its 18
neighbours must be refined as well, so one sweep from fine to coarse is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.machine import check_memory
from femcrust.mesh.lattice import KEY_BITS, Longs

Bools = NDArray[np.bool_]

MAX_CELLS = 8_000_000  # about 100 million tetrahedra, 400 million unknowns
UNKNOWNS_PER_CELL = 30  # at least: 12 tetrahedra share a cell's nodes with its neighbours'
# a cell itself, its 6 face neighbours and its 12 edge neighbours
NEIGHBOURS = np.array([d for d in product((-1, 0, 1), repeat=3) if np.abs(d).sum() <= 2])
CHILDREN = np.array(list(product((0, 1), repeat=3)))


@dataclass(frozen=True)
class Leaves:
    """The cells of an octree.

    centers : (n_cells, 3) int, in half steps; half : (n_cells,) int, half the edge, in half steps
    """

    centers: Longs
    half: Longs


def pack(indices: Longs) -> Longs:
    """One integer per triple of indices below 2^KEY_BITS, ordered by x, then y, then z. (...)"""
    return np.asarray(
        (indices[..., 0] << 2 * KEY_BITS) | (indices[..., 1] << KEY_BITS) | indices[..., 2]
    )


def unpack(keys: Longs) -> Longs:
    """The inverse of `pack`. (..., 3)"""
    mask = (1 << KEY_BITS) - 1
    return np.stack([keys >> 2 * KEY_BITS, (keys >> KEY_BITS) & mask, keys & mask], axis=-1)


def octree(shape: Longs, top: int, refine: Callable[[Longs, int], Bools]) -> Leaves:
    """The balanced octree that covers 0..shape.

    shape : (3,) int, steps; cells beyond it are dropped, so `refine` must split those that cross it
    top : level of the root cells
    refine : (lower corners (n, 3) in steps, level) -> (n,) whether these cells must be split
    """
    roots = -(-shape // 2**top)
    n_cells = int(np.prod(roots))
    _check_count(n_cells)
    all_roots = np.stack(np.meshgrid(*map(np.arange, roots), indexing="ij"), axis=-1).reshape(-1, 3)
    cells = all_roots
    split: dict[int, Longs] = {}  # level -> sorted keys of the cells that have children
    for level in range(top, 0, -1):
        chosen = cells[refine(cells * 2**level, level)]
        split[level] = np.sort(pack(chosen))
        n_cells += len(CHILDREN) * len(chosen)
        _check_count(n_cells)
        cells = _inside(_children(chosen), level - 1, shape)
    for level in range(1, top):
        around = (unpack(split[level])[:, None, :] + NEIGHBOURS).reshape(-1, 3)
        around = _inside(around[(around >= 0).all(axis=1)], level, shape)
        split[level + 1] = np.union1d(split[level + 1], pack(around >> 1))
    centers, half = [], []
    for level in range(top, -1, -1):
        cells = all_roots if level == top else _children(unpack(split[level + 1]))
        cells = _inside(cells, level, shape)
        if level > 0:
            cells = cells[~is_in(pack(cells), split[level])]
        centers.append((2 * cells + 1) * 2**level)
        half.append(np.full(len(cells), 2**level))
    return Leaves(np.concatenate(centers), np.concatenate(half))


def is_in(keys: Longs, sorted_keys: Longs) -> Bools:
    """Which keys occur in a sorted array. (n,)"""
    if len(sorted_keys) == 0:
        return np.zeros(keys.shape, dtype=bool)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.asarray(sorted_keys[at] == keys)


def _check_count(n_cells: int) -> None:
    if n_cells > MAX_CELLS:
        raise InputError(
            f"mesh.box.size: more than {MAX_CELLS} cells; raise near, far or growth, or separate "
            "layers and faults that nearly touch"
        )
    check_memory(n_cells * UNKNOWNS_PER_CELL, "mesh.box.size")


def _children(cells: Longs) -> Longs:
    """The eight children of each cell. (8n, 3)"""
    return np.asarray((2 * cells[:, None, :] + CHILDREN).reshape(-1, 3))


def _inside(cells: Longs, level: int, shape: Longs) -> Longs:
    """The cells that start below shape."""
    return np.asarray(cells[(cells * 2**level < shape).all(axis=1)])
