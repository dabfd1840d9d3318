"""Bodies of a million to a billion unknowns: a box around a fault, refined uniformly.

Four layers of 12 to 240 GPa, infinite sides, a random load: those of the other measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import meshes
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.mesh.mesh import Floats
from femcrust.mesh.refinement import Counts, Refined, count, refined

SEED = 715_225_739
# Nominal unknowns: cells at the fault, km, growth with distance, layers that cells follow, and how
# often every cell is cut into eight. The unknowns come to 0.7 to 1.3 of the nominal number.
SIZES: dict[str, tuple[float, float, tuple[float, ...], int]] = {
    "3e4": (20.0, 0.5, (), 0),
    "3e5": (10.0, 0.6, (), 1),
    "1e6": (4.0, 0.3, meshes.LAYERS[1:], 1),
    "1e7": (4.0, 0.3, meshes.LAYERS[1:], 2),
    "1e8": (1.0, 0.2, meshes.LAYERS[1:], 2),
    "3e8": (2.0, 0.3, meshes.LAYERS, 3),
    "5e8": (1.0, 0.3, meshes.LAYERS[1:], 3),
    "6e8": (1.0, 0.3, meshes.LAYERS, 3),
    "8e8": (1.0, 0.2, meshes.LAYERS[1:], 3),
    "9e8": (1.0, 0.2, meshes.LAYERS, 3),
    "1e9": (0.9, 0.2, meshes.LAYERS[1:], 3),
}


@dataclass(frozen=True)
class Body:
    """A refined mesh with its moduli, λ = μ, (n_tets,) Pa, and its boundaries."""

    fine: Refined
    mu: Floats
    conditions: Conditions
    coarse_tets: int


def counts(size: str) -> tuple[Counts, int]:
    """Of the fine mesh, without making it, and its faces with infinite elements, about."""
    near, growth, layers, times = SIZES[size]
    coarse = count(meshes.box_around_fault(near, growth, layers))
    outer = 2 * coarse.faces - 4 * coarse.tets
    return coarse.refined(times), outer * 4**times


def body(size: str) -> Body:
    near, growth, layers, times = SIZES[size]
    coarse = meshes.box_around_fault(near, growth, layers)
    fine = refined(coarse, times)
    outside = fine.exterior
    buried = outside.side != "top"
    far = Infinite(outside.faces[buried], outside.tets[buried], np.zeros(3), 2)
    moduli = fine.inherited(meshes.layered(coarse))
    return Body(fine, moduli, Conditions(infinite=far), coarse.n_tets)


def random_load(n_nodes: int, columns: int = 1) -> Floats:
    """Independent normal forces. (n_nodes, 3) or (n_nodes, 3, columns)"""
    shape = (n_nodes, 3) if columns == 1 else (n_nodes, 3, columns)
    return np.random.default_rng(SEED).standard_normal(shape)
