"""Faults made of mesh faces: the slip s enters as a known jump, without doubled unknowns.

Displacement in element e is Σ N_a (u_a + w_ea), w = +s/2 at fault nodes of the hanging wall, −s/2
of the foot wall, else 0; so ε* = −ε(w), and Σ_e ∫ ε* dV = ∫ sym(s⊗n) dA − ∮ sym(w⊗ν) dA by
Gauss' theorem, the last term over the outside of the mesh.

u is continuous around a buried edge, so slip is zero there. Slip given non-zero on such an edge
would lose ∫ s dA: on a quadratic facet that integral is A/3 Σ s over mid-edge nodes, so what an
edge node loses is handed to the other mid-edge nodes of its facet, in equal integrals; the potency
of each facet's neighbourhood, and with it of the fault, is kept exactly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.geometry import as_matrix, frames_of_normals, slip_vectors, symmetric_dyad
from femcrust.faults.sides import Sides, sides_of
from femcrust.faults.slip import slip_law
from femcrust.faults.source import Moduli, Source, magnitude, scalar_moment_density, thinned
from femcrust.faults.surface import Surface, make_surface, polylines
from femcrust.faults.tet10 import barycentric_gradients, strain_at_vertices
from femcrust.mesh.mesh import Floats, Ints, Mesh


def split_source(
    mesh: Mesh, elastic: Moduli, fault: Any, name: str, facets: Any, directory: Path
) -> Source:
    """The source of slip on a surface group of the mesh.

    fault : the case's Fault: hanging_side, slip
    name : heads complaints, e.g. faults.main
    facets : (k, 3) int, vertices, in any orientation
    """
    surface = make_surface(mesh.points, facets, getattr(fault, "hanging_side", None), name)
    sides = sides_of(mesh, surface, name)
    slip = nodal_slip(surface, sides, fault.slip, directory, name)
    elements, offset, eigenstrain = eigenstrain_of_slip(mesh, sides, slip)

    n_vertices = len(sides.vertices)
    b = slip[n_vertices + surface.facet_edges]  # (k, 3 mid-edges, 3); their mean is the facet's
    weight = surface.areas[:, None] / 3.0
    density = symmetric_dyad(b, surface.normals[:, None, :])
    lam, mu = (
        (field[sides.hanging] + field[sides.foot])[:, None] / 2.0
        for field in (elastic.lam, elastic.mu)
    )
    moment = float((weight * scalar_moment_density(density, lam, mu)).sum())
    ends = mesh.points[surface.edges]
    amount = np.linalg.norm(b, axis=2)
    heavy = weight * (amount if np.any(b) else np.ones_like(amount))
    center = np.einsum("km,kmi->i", heavy, ends.mean(axis=1)[surface.facet_edges]) / heavy.sum()
    centroids = mesh.points[surface.facets].mean(axis=1)
    return Source(
        name=name.rpartition(".")[2],
        elements=elements,
        eigenstrain=eigenstrain,
        offset=offset,
        area=float(surface.areas.sum()),
        potency=as_matrix((weight[..., None] * density).sum(axis=(0, 1))),
        moment=moment,
        magnitude=magnitude(moment),
        center=center,
        outline=polylines(mesh.points, surface.edges[surface.rim]),
        arrows=thinned(np.concatenate([centroids, b.mean(axis=1)], axis=1)),
        crossed=False,
    )


def eigenstrain_of_slip(mesh: Mesh, sides: Sides, slip: Floats) -> tuple[Ints, Floats, Floats]:
    """Elements (m,), w (m, 10, 3) and ε* (m, 4, 6) of slip vectors (n, 3) at the fault's nodes."""
    half = sides.side[..., None] * slip[sides.node] / 2.0  # side is 0 where node is -1
    moves = np.any(half != 0.0, axis=(1, 2))
    elements, offset = sides.tets[moves], half[moves]
    g, _ = barycentric_gradients(mesh.points, mesh.tets[elements])
    return elements, offset, -strain_at_vertices(offset, g)


def nodal_slip(surface: Surface, sides: Sides, slip: Any, directory: Path, name: str) -> Floats:
    """Slip vectors, metres, at the fault's nodes: vertices, then middles of edges. (n, 3)"""
    points = nodes_of(surface, sides)
    n_vertices = len(sides.vertices)
    buried = surface.points[surface.edges][surface.rim & sides.tip[n_vertices:]]
    components = slip_law(slip, surface.chart, buried, directory, name).components(points)
    vectors = slip_vectors(components, nodal_frames(surface, sides, name))
    return closed_at_tips(vectors, surface, sides, name)


def nodes_of(surface: Surface, sides: Sides) -> Floats:
    """The fault's nodes: its vertices, then the middles of its edges. (n, 3) m"""
    middles = surface.points[surface.edges].mean(axis=1)
    return np.concatenate([surface.points[sides.vertices], middles])


def nodal_frames(surface: Surface, sides: Sides, name: str) -> Floats:
    """Strike, up-dip and the mean normal of the facets around each of the fault's nodes. (n, 3, 3)

    name : heads complaints, e.g. faults.main
    """
    points = nodes_of(surface, sides)
    n_vertices = len(sides.vertices)
    nodes = np.concatenate(
        [np.searchsorted(sides.vertices, surface.facets), n_vertices + surface.facet_edges], axis=1
    )
    normals = np.zeros_like(points)
    np.add.at(normals, nodes, (surface.areas[:, None] * surface.normals)[:, None, :])
    length = np.linalg.norm(normals, axis=1)
    if np.any(length == 0.0):
        x = points[np.argmin(length)]
        raise InputError(f"{name}: its surface folds back on itself at {x.tolist()} m; smooth it")
    return frames_of_normals(normals / length[:, None], surface.chart.frame[0])


def closed_at_tips(slip: Floats, surface: Surface, sides: Sides, name: str) -> Floats:
    """Slip with zeros on the buried edge and ∫ s dA unchanged."""
    n_vertices = len(sides.vertices)
    middles = n_vertices + surface.facet_edges  # (k, 3)
    shares = np.broadcast_to(surface.areas[:, None] / 3.0, middles.shape)
    weight = np.bincount(middles.ravel(), shares.ravel(), minlength=len(slip))
    at_tip = sides.tip[middles]
    lost = np.einsum("km,kmi->ki", shares * at_tip, slip[middles])
    takers = (~at_tip).sum(axis=1)
    stuck = (takers == 0) & np.any(lost != 0.0, axis=1)
    if np.any(stuck):
        x = surface.points[surface.facets[np.argmax(stuck)]].mean(axis=0)
        raise InputError(
            f"{name}: a triangle of its surface near {x.tolist()} m has only buried edges and "
            "cannot slip; use smaller elements there or cut the triangle off"
        )
    kept = np.where(sides.tip[:, None], 0.0, slip)
    facet, corner = np.nonzero(~at_tip)
    node = middles[facet, corner]
    np.add.at(kept, node, lost[facet] / (takers[facet] * weight[node])[:, None])
    return kept
