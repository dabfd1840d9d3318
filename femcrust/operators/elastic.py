"""The elastic operator of a body with its boundaries: elements, surface stiffness, constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.discretisation import Discretisation
from femcrust.mesh.mesh import Floats, Ints
from femcrust.operators import surface

if TYPE_CHECKING:
    from femcrust.boundaries.conditions import Conditions


Constraints = tuple[Ints, Floats, Floats | None]


@dataclass(frozen=True)
class ElasticOperator:
    """K u of the constrained body; `operator @ u` with u (n_nodes, 3), m, gives forces, N."""

    space: Discretisation
    lam: Floats
    mu: Floats
    held_nodes: Ints  # (n,) with directions removed
    projectors: Floats  # (n, 3, 3) onto the free directions
    prescribed: Floats | None  # (n_nodes, 3) m; None where no rank prescribes any
    surface_p1: surface.BlockRows  # surface part on the linear level
    backend: Any  # submodule of the core
    body: Any  # core Body
    stiffness: Any  # core Stiffness

    def __matmul__(self, u: Any) -> Any:
        """u is NumPy's, or an array in the memory of a CUDA device; so is what returns."""
        return self.stiffness.apply(u, True)

    @property
    def shape(self) -> tuple[int, int]:
        return (self.space.n_dof, self.space.n_dof)

    def load_of_stress(self, elements: Ints, stress: Floats) -> Floats:
        """f = ∫ Bᵀ σ dV of vertex stresses (m, 4, 6), Pa, on m elements. (n_nodes, 3) N; of this
        rank's elements only."""
        return np.asarray(self.body.stress_divergence(elements, stress))

    def strain(self, elements: Ints, u: Floats) -> Floats:
        """ε(u) at the vertices of elements. (m, 4, 6)"""
        return np.asarray(self.body.strain(elements, u))

    def constrain(self, loads: Floats) -> Floats:
        """Loads (n_nodes, 3, k) of the free directions: Q (f − K u_prescribed)."""
        if self.prescribed is not None:
            lifted = np.asarray(self.stiffness.apply(self.prescribed, False))
            loads = loads - lifted[:, :, None]
        return self.project(loads)

    def project(self, u: Floats) -> Floats:
        """Q u of nodal values (n_nodes, 3, k): what stays free. Where nothing is held, u itself."""
        if not len(self.held_nodes):
            return u
        out = u.copy()
        out[self.held_nodes] = self.projectors @ u[self.held_nodes]
        return out


def elastic(
    space: Discretisation, lam: Floats, mu: Floats, conditions: Conditions, backend: Any
) -> ElasticOperator:
    """Build the operator on a backend."""
    body = backend.Body(space.elements, space.nodes, lam, mu, space.n_vertices, space.halo)
    held, projectors, prescribed = _constraints(space, conditions)
    # what prescribed displacements lift is a product, in which all ranks take part
    if space.anywhere(prescribed is not None and bool(prescribed.any())):
        prescribed = np.zeros((space.n_nodes, 3)) if prescribed is None else prescribed
    else:
        prescribed = None
    return _assembled(space, lam, mu, conditions, backend, body, (held, projectors, prescribed))


def with_moduli(
    operator: ElasticOperator, lam: Floats, mu: Floats, conditions: Conditions
) -> ElasticOperator:
    """The operator of the same body and boundaries with other moduli; only what depends on them is
    made anew."""
    body = operator.body.with_moduli(lam, mu)
    held = operator.held_nodes, operator.projectors, operator.prescribed
    return _assembled(operator.space, lam, mu, conditions, operator.backend, body, held)


def _assembled(
    space: Discretisation,
    lam: Floats,
    mu: Floats,
    conditions: Conditions,
    backend: Any,
    body: Any,
    constraints: Constraints,
) -> ElasticOperator:
    fine, coarse = surface_rows(space, lam, mu, conditions, backend)
    held, projectors, prescribed = constraints
    stiffness = backend.Stiffness(
        body, fine.rows, fine.begin, fine.columns, fine.blocks, held, projectors
    )
    return ElasticOperator(
        space, lam, mu, held, projectors, prescribed, coarse, backend, body, stiffness
    )


def surface_rows(
    space: Discretisation, lam: Floats, mu: Floats, conditions: Conditions, backend: Any
) -> tuple[surface.BlockRows, surface.BlockRows]:
    """Infinite elements, springs and buoyancy on the quadratic and on the linear level."""
    rows = []
    for linear in (False, True):
        nodes_of, blocks_of = [], []
        far = conditions.infinite
        if far is not None:
            nodes_of.append(far.faces if linear else space.face_nodes(far.faces))
            blocks_of.append(
                surface.infinite_blocks(
                    space.mesh.points[far.faces],
                    far.pole,
                    far.exponent,
                    lam[far.tets],
                    mu[far.tets],
                    linear,
                )
            )
        for spring in conditions.springs:
            k = len(spring.faces)
            nodes_of.append(spring.faces if linear else space.face_nodes(spring.faces))
            blocks_of.append(
                surface.spring_blocks(
                    space.mesh.points[spring.faces],
                    np.broadcast_to(spring.normal, (k,)),
                    np.broadcast_to(spring.tangential, (k,)),
                    linear,
                )
            )
        weighs = conditions.buoyancy
        if weighs is not None:
            corners = space.mesh.points[weighs.faces]
            nodes_of.append(weighs.faces if linear else space.face_nodes(weighs.faces))
            blocks_of.append(surface.vertical_blocks(corners, weighs.stiffness, linear))
        rows.append(surface.assemble(nodes_of, blocks_of, backend))
    return rows[0], rows[1]


def _constraints(space: Discretisation, conditions: Conditions) -> Constraints:
    """Held nodes, of each the projector onto what stays free, and the displacement of all nodes
    that is prescribed.

    A node on several constraints keeps only the directions that all of them leave free: the
    projector onto the intersection, from the null space of Σ (I − Q).
    """
    faces_of = [space.known_face_nodes(constraint.faces) for constraint in conditions.constraints]
    if not faces_of:
        return np.zeros(0, dtype=np.int32), np.zeros((0, 3, 3)), None
    prescribed = np.zeros((space.n_nodes, 3))
    touched = np.unique(np.concatenate([faces.ravel() for faces in faces_of]))
    touched = touched[touched >= 0]
    held = np.zeros((len(touched), 3, 3))
    for constraint, faces in zip(conditions.constraints, faces_of, strict=True):
        free = np.broadcast_to(constraint.free, (len(faces), 3, 3))
        nodes = faces.ravel()
        known = nodes >= 0  # of other ranks' faces this one knows the nodes that it shares
        nodes, blocked = nodes[known], np.repeat(np.eye(3) - free, 6, axis=0)[known]
        np.add.at(held, np.searchsorted(touched, nodes), blocked)
        if constraint.value is not None:
            unique, first = np.unique(nodes, return_index=True)
            value = np.asarray(constraint.value(space.nodes[unique]))
            part = np.einsum("nij,nj->ni", blocked[first], value)
            before = np.einsum("nij,nj->ni", blocked[first], prescribed[unique])
            prescribed[unique] += part - before
    bound = held.any(axis=(1, 2))
    nodes, held = touched[bound].astype(np.int32), held[bound]
    values, vectors = np.linalg.eigh(held)
    free_directions = (values < 1e-9 * np.maximum(values[:, -1:], 1.0)).astype(float)
    projectors = np.einsum("nik,nk,njk->nij", vectors, free_directions, vectors)
    return nodes, np.ascontiguousarray(projectors), prescribed
