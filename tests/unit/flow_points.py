"""The stages of a flow at points in NumPy, after materials/branch.hpp and materials/creep.hpp, and
bodies to compare them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust.discretisation import TET_EDGES, Discretisation, discretise
from small_meshes import split_cubes

GAMMA = 2 - np.sqrt(2)
D = GAMMA / 2
SAME = 1e-12  # of the largest; what rounding may do


class Points:
    """Cells with strain at points. gradients: (n, points, nodes, 3); pairs: (n, points, points),
    ∫ of the interpolants of stress and strain; weights: (n, points)"""

    def __init__(
        self, nodes: np.ndarray, gradients: np.ndarray, pairs: np.ndarray, weights: np.ndarray
    ) -> None:
        self.nodes, self.gradients, self.pairs, self.weights = nodes, gradients, pairs, weights

    def deviator(self, u: np.ndarray, offset: np.ndarray) -> np.ndarray:
        h = np.einsum("kac,kpad->kpcd", u[self.nodes], self.gradients)
        e = (h + h.swapaxes(2, 3)) / 2 - offset
        return e - np.trace(e, axis1=2, axis2=3)[..., None, None] * np.eye(3) / 3

    def forces(self, stress: np.ndarray, n_nodes: int) -> np.ndarray:
        f = np.zeros((n_nodes, 3))
        parts = np.einsum("kpq,kpcd,kqad->kac", self.pairs, stress, self.gradients)
        np.add.at(f, self.nodes, parts)
        return f


def tets(space: Discretisation, elements: np.ndarray) -> Points:
    """Gradients of L_i (2 L_i − 1) and 4 L_i L_j at the vertices."""
    nodes = space.elements[elements]
    corners = space.nodes[nodes[:, :4]]
    inverse = np.linalg.inv(np.concatenate([np.ones((len(nodes), 4, 1)), corners], axis=2))
    slopes = inverse[:, 1:].swapaxes(1, 2)  # ∇L_i
    volume = 1 / np.abs(np.linalg.det(inverse)) / 6
    gradients = np.zeros((len(nodes), 4, 10, 3))
    for p in range(4):
        for i in range(4):
            gradients[:, p, i] = (4 * (i == p) - 1) * slopes[:, i]
        for k, (i, j) in enumerate(TET_EDGES):
            gradients[:, p, 4 + k] = 4 * ((i == p) * slopes[:, j] + (j == p) * slopes[:, i])
    pairs = volume[:, None, None] * (np.ones((4, 4)) + np.eye(4)) / 20
    return Points(nodes, gradients, pairs, np.repeat(volume[:, None] / 4, 4, axis=1))


class Reference:
    """TR-BDF2 of v̇ = (e − v)/τ at points, one branch beside the other."""

    def __init__(self, points: Points, moduli: np.ndarray, rates: np.ndarray) -> None:
        self.points = points
        extra = (slice(None), slice(None), None, None, None)  # (n, branches, points, 3, 3)
        self.moduli, self.rates = np.where(rates > 0, moduli, 0)[extra], rates[extra]
        shape = (*moduli.shape, points.gradients.shape[1], 3, 3)
        self.offset = np.zeros((len(moduli), *shape[2:]))
        self.v, self.k0 = np.zeros(shape), np.zeros(shape)
        self.old = self.v, self.k0

    def strain(self, u: np.ndarray) -> np.ndarray:
        return self.points.deviator(u, self.offset)[:, None]

    def restart(self, u: np.ndarray) -> None:
        self.k0 = (self.strain(u) - self.v) * self.rates

    def _forces(self, dt: float, v_star: np.ndarray, n_nodes: int) -> np.ndarray:
        relaxed = self.moduli / (1 + D * dt * self.rates)
        return self.points.forces((2 * relaxed * v_star).sum(axis=1), n_nodes)

    def _rate(self, dt: float, v_star: np.ndarray, u: np.ndarray) -> np.ndarray:
        return (self.strain(u) - v_star) * self.rates / (1 + D * dt * self.rates)

    def first(self, dt: float, n_nodes: int) -> np.ndarray:
        return self._forces(dt, self.v + D * dt * self.k0, n_nodes)

    def second(self, dt: float, u: np.ndarray) -> np.ndarray:
        self.k1 = self._rate(dt, self.v + D * dt * self.k0, u)
        self.v_star = self.v + dt * (1 - D) / 2 * (self.k0 + self.k1)
        return self._forces(dt, self.v_star, len(u))

    def last(self, dt: float, u: np.ndarray) -> np.ndarray:
        self.k2 = self._rate(dt, self.v_star, u)
        self.next = self.v_star + D * dt * self.k2
        w = (1 - D) / 2  # weights w, w, d less those of order three, (1−w)/3, (3w+1)/3, d/3
        error = (w - (1 - w) / 3) * self.k0 + (w - (3 * w + 1) / 3) * self.k1 + D * 2 / 3 * self.k2
        error *= dt / (1 + D * dt * self.rates)
        left = self.strain(u) - self.next
        weight = 2 * self.moduli[..., 0, 0] * self.points.weights[:, None]
        return np.array([(weight * (a * a).sum(axis=(3, 4))).sum() for a in (error, left)])

    def accept(self) -> None:
        self.old = self.v, self.k0
        self.v, self.k0 = self.next, self.k2

    def stress(self, dt: float, s: float) -> np.ndarray:
        """By Hermite's cubic, from its conditions at both ends."""
        v0, k0 = self.old
        jump, slope = self.v - v0, dt * k0
        bend = 3 * jump - 2 * slope - dt * self.k0
        twist = slope + dt * self.k0 - 2 * jump
        v = v0 + s * (slope + s * (bend + s * twist))
        total = (2 * self.moduli * v).sum(axis=1)
        return np.stack([total[..., c, d] for c, d in VOIGT], axis=-1)


VOIGT = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


@dataclass
class Case:
    """A body of which a part flows, with offsets and infinite faces, and all that a step takes."""

    space: Discretisation
    elements: np.ndarray
    moduli: np.ndarray
    rates: np.ndarray
    face_nodes: np.ndarray
    face_gradients: np.ndarray
    face_weights: np.ndarray
    face_moduli: np.ndarray
    face_rates: np.ndarray
    offset_cells: np.ndarray
    offsets: np.ndarray  # (·, 4, 6)
    u: np.ndarray  # (4, n_nodes, 3)
    creep: tuple[np.ndarray, np.ndarray] | None = None  # powers, exponents
    face_creep: tuple[np.ndarray, np.ndarray] | None = None

    def flow(self, backend: Any) -> Any:
        ones = np.full(len(self.space.elements), 1.0)
        space = self.space
        body = backend.Body(space.elements, space.nodes, ones, ones, space.n_vertices)
        return backend.Flow(
            body, self.elements, self.moduli, self.rates,
            self.face_nodes, self.face_gradients, self.face_weights,
            self.face_moduli, self.face_rates, self.creep, self.face_creep,
        )  # fmt: skip

    def references(self) -> tuple[Reference, Reference]:
        pairs = self.face_weights[:, :, None] * np.eye(6)
        faces = Points(self.face_nodes, self.face_gradients, pairs, self.face_weights)
        inside = Reference(tets(self.space, self.elements), self.moduli, self.rates)
        return inside, Reference(faces, self.face_moduli, self.face_rates)

    def set_offsets(self, flow: Any, reference: Reference, factor: float) -> None:
        flow.set_offsets(self.offset_cells, factor * self.offsets)
        reference.offset[:] = 0
        for m, (c, d) in enumerate(VOIGT):
            for place in {(c, d), (d, c)}:
                reference.offset[(self.offset_cells, slice(None), *place)] = (
                    factor * self.offsets[..., m]
                )


def case(n_branches: int, share: float, n_faces: int, n: int = 5, seed: int = 5) -> Case:
    """`share` of the elements flow; of several branches a third is missing, here or there."""
    random = np.random.default_rng(seed)
    space = discretise(split_cubes(n, (3.0, 2.0, 1.0), jiggle=0.2))
    m = len(space.elements)
    elements = np.flatnonzero(random.random(m) < share).astype(np.int32)

    def branches(k: int) -> tuple[np.ndarray, np.ndarray]:
        rates = 10.0 ** random.uniform(-2, 1, (k, n_branches))
        if n_branches > 1:
            rates[random.random(rates.shape) < 1 / 3] = 0
        return random.uniform(1, 3, rates.shape), rates

    moduli, rates = branches(len(elements))
    face_moduli, face_rates = branches(n_faces)
    faces = np.stack([random.permutation(space.n_nodes)[:6] for _ in range(n_faces)] or [range(6)])
    offset_cells = np.flatnonzero(random.random(len(elements)) < 0.1).astype(np.int32)
    return Case(
        space, elements, moduli, rates,
        faces[:n_faces].astype(np.int32), random.normal(size=(n_faces, 6, 6, 3)),
        random.uniform(0.1, 1, (n_faces, 6)), face_moduli, face_rates,
        offset_cells, random.normal(size=(len(offset_cells), 4, 6)),
        random.normal(size=(4, space.n_nodes, 3)),
    )  # fmt: skip


def assert_same(found: Any, wanted: np.ndarray) -> None:
    found = np.asarray(found)
    assert found.shape == wanted.shape
    if wanted.size:
        assert np.abs(found - wanted).max() <= SAME * np.abs(wanted).max()
