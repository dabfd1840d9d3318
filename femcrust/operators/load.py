"""Nodal forces of everything that acts: slip, moment tensors, tractions, body forces; and stress.

A source is an eigenstrain ε* on a few elements [Mura87], linear inside each:
  f = ∫ Bᵀ C ε* dV,   σ = C : (ε(u) − ε*)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from femcrust.mesh.mesh import Floats, Ints, tet_volumes
from femcrust.operators.elastic import ElasticOperator

if TYPE_CHECKING:
    from femcrust.boundaries.conditions import Conditions


class Source(Protocol):
    """What acts inside elements: ε* at their vertices."""

    @property
    def elements(self) -> Ints: ...  # (m,)
    @property
    def eigenstrain(self) -> Floats: ...  # (m, 4, 6)


CHUNK = 100_000  # elements whose stress is computed at a time


def hooke(strain: Floats, lam: Floats, mu: Floats) -> Floats:
    """σ = λ tr(ε) I + 2 μ ε at the vertices of elements. strain (m, 4, 6); lam, mu (m,)"""
    return hooke_at(strain, lam[:, None], mu[:, None])


def hooke_at(strain: Floats, lam: Floats, mu: Floats) -> Floats:
    """The same of strain (…, 6) with moduli (…)."""
    stress = 2 * mu[..., None] * strain
    stress[..., :3] += lam[..., None] * strain[..., :3].sum(axis=-1, keepdims=True)
    return np.asarray(stress)


def load(operator: ElasticOperator, sources: Sequence[Source], conditions: Conditions) -> Floats:
    """Forces at the nodes, of all ranks. (n_nodes, 3) N"""
    space = operator.space
    total = np.zeros((space.n_nodes, 3))
    for source in sources:
        e = np.ascontiguousarray(source.elements, dtype=np.int32)
        stress = hooke(source.eigenstrain, operator.lam[e], operator.mu[e])
        total += operator.load_of_stress(e, stress)
    for traction in conditions.tractions:
        np.add.at(total, space.face_nodes(traction.faces), traction.forces)
    if conditions.body_force is not None:
        # ∫ N_a dV of the quadratic tetrahedron: −V/20 at vertices, V/5 at mid-edges
        share = np.repeat([-1 / 20, 1 / 5], [4, 6])
        force = conditions.body_force * tet_volumes(space.mesh)[:, None]
        np.add.at(total, space.elements, share[None, :, None] * force[:, None, :])
    return space.summed(total)


def stress(
    operator: ElasticOperator, sources: Sequence[Source], u: Floats, elements: Ints | None = None
) -> Floats:
    """Stress at the four vertices of elements (all when None), tension positive. (m, 4, 6) Pa"""
    if elements is None:
        elements = np.arange(len(operator.space.elements), dtype=np.int32)
    out = np.empty((len(elements), 4, 6))
    for first in range(0, len(elements), CHUNK):
        some = np.ascontiguousarray(elements[first : first + CHUNK], dtype=np.int32)
        strain = operator.strain(some, u)
        out[first : first + CHUNK] = hooke(strain, operator.lam[some], operator.mu[some])
    place = np.full(len(operator.space.elements), -1)
    place[elements] = np.arange(len(elements))
    for source in sources:
        here = place[source.elements]
        inside = here >= 0
        e = source.elements[inside]
        slipped = hooke(source.eigenstrain[inside], operator.lam[e], operator.mu[e])
        np.subtract.at(out, here[inside], slipped)
    return out
