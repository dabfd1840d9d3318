"""A relaxing box in NumPy and SciPy, whose solutions the initial guesses are tried on.

Linear tetrahedra, six to a cell; an elastic lid over Burgers bodies (two branches each) with a weak
layer, slip in a few cells under a steady strain rate, sides and bottom held. Time: TR-BDF2
[HoseaShampine96] with γ = 2 − √2, whose two stages have one matrix. It shares nothing with femcrust
but the order of nodes along a Hilbert curve. A sparse factorisation solves; each solution has the
error of a random residual of the size of the solver's tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from femcrust.mesh.mesh import Floats, hilbert_keys

GAMMA = 2.0 - np.sqrt(2.0)
D = GAMMA / 2.0
SEED = 518_772_903
YEAR = 1.0  # times in years, lengths in cells, moduli in multiples of the shear modulus


@dataclass
class Solution:
    """One solve of a run: `b - matrix @ u` is what a guess u leaves.

    stage : 0 at t + γ Δt, 1 at t + Δt, -1 at once after a jump;  u : (n, 3)
    """

    time: float
    step: float
    stage: int
    u: Floats
    matrix: sparse.csr_matrix
    load: Floats


class Box:
    """Strain-displacement matrix, moduli and branches of the box."""

    def __init__(self, shape: tuple[int, int, int], times: Sequence[float], weak: float) -> None:
        n = np.array(shape) + 1
        points = np.stack(np.meshgrid(*[np.arange(k) for k in n], indexing="ij"), -1).reshape(-1, 3)
        order = np.argsort(hilbert_keys(points.astype(float)), kind="stable")
        rank = np.argsort(order)
        points = points[order].astype(float)
        cells = np.stack(np.meshgrid(*[np.arange(k) for k in shape], indexing="ij"), -1)
        cells = cells.reshape(-1, 3)
        tets = []
        for axes in permutations(range(3)):
            corner, path = cells.copy(), [cells]
            for axis in axes:
                corner = corner + np.eye(3, dtype=int)[axis]
                path.append(corner)
            tets.append(np.stack([rank[p @ [n[1] * n[2], n[2], 1]] for p in path], 1))
        self.tets = np.concatenate(tets)
        self.points = points
        x = points[self.tets]
        jacobian = x[:, 1:] - x[:, :1]
        self.volume = np.abs(np.linalg.det(jacobian)) / 6.0
        inverse = np.linalg.inv(jacobian)  # columns are gradients of L1 … L3
        grads = np.concatenate([-inverse.sum(2)[:, None], inverse.transpose(0, 2, 1)], 1)
        self.strain = self._strain_matrix(grads)
        centre = x.mean(1)
        depth = (shape[2] - centre[:, 2]) / shape[2]
        noise = np.random.default_rng(SEED).uniform(0.7, 1.4, len(depth))
        tau = np.where(depth > 0.3, times[0] * (1 + 3 * depth) * noise, np.inf)
        tau[(depth > 0.5) & (depth < 0.6)] /= weak
        self.times = np.stack([tau, tau * times[1] / times[0]], 1)
        self.moduli = np.where(np.isfinite(self.times), [0.6, 0.3], 0.0)
        self.rest = 1.0 - self.moduli.sum(1)  # μ_∞
        self.bulk = np.full(len(depth), 5.0 / 3.0)
        on_fault = np.abs(centre[:, 0] - shape[0] / 2) < 0.6
        on_fault &= (np.abs(centre[:, 1] - shape[1] / 2) < shape[1] / 5) & (depth < 0.3)
        self.slip = np.zeros((len(depth), 6))
        self.slip[on_fault, 5] = 1.0
        self.rate = np.zeros((len(depth), 6))
        self.rate[:, 5] = 1e-4
        inner = (points[:, 2] > 0) & (points[:, :2] > 0).all(1)
        inner &= (points[:, :2] < np.array(shape[:2])).all(1)
        self.free = np.flatnonzero(np.repeat(inner, 3))

    def _strain_matrix(self, grads: Floats) -> sparse.csr_matrix:
        """Six strains of each element, √2 times the shear ones, so that σ : ε is a dot product."""
        rows, columns, values = [], [], []
        m = len(self.tets)
        half = np.sqrt(0.5)
        for a in range(4):
            for k in range(3):
                parts = [(k, k, 1.0)]
                parts += [(3 + 3 - k - j, j, half) for j in range(3) if j != k]
                # entry 3 + (3 - i - j): pairs (1,2) (0,2) (0,1) at 3, 4, 5
                for entry, j, factor in parts:
                    rows.append(6 * np.arange(m) + entry)
                    columns.append(3 * self.tets[:, a] + k)
                    values.append(factor * grads[:, a, j])
        shape = (6 * m, 3 * len(self.points))
        where = (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_matrix((np.concatenate(values), where), shape=shape)

    def deviator(self, strain: Floats) -> Floats:
        out = strain.copy()
        out[:, :3] -= strain[:, :3].mean(1, keepdims=True)
        return out

    def stiffness(self, mu: Floats) -> sparse.csc_matrix:
        one = np.zeros((6, 6))
        one[:3, :3] = 1.0
        blocks = self.bulk[:, None, None] * one + 2 * mu[:, None, None] * (np.eye(6) - one / 3)
        blocks *= self.volume[:, None, None]
        m = len(blocks)
        d = sparse.bsr_matrix((blocks, np.arange(m), np.arange(m + 1)), shape=(6 * m, 6 * m))
        k = (self.strain.T @ d @ self.strain).tocsr()[self.free][:, self.free]
        return k.tocsc()

    def force(self, stress: Floats) -> Floats:
        return np.asarray(self.strain.T @ (self.volume[:, None] * stress).ravel())[self.free]


def run(
    box: Box, steps: Sequence[float], jumps: Sequence[int], tolerance: float, late: float = 0.7
) -> Iterator[Solution]:
    """Solutions of all stages; `jumps` are the steps before which slip of size one (later ones:
    `late`, in the upper half of the fault only) happens."""
    random = np.random.default_rng(SEED + 1)
    v = np.zeros((len(box.tets), 2, 6))
    eigen = np.zeros((len(box.tets), 6))
    u = np.zeros(3 * len(box.points))
    t, matrices = 0.0, {}

    def solved(
        step: float, w: Floats, eigen: Floats, when: float, at: float, stage: int
    ) -> Solution:
        a = D * step / box.times
        if step not in matrices:
            k = box.stiffness(box.rest + (box.moduli / (1 + a)).sum(1))
            matrices[step] = (k, splu(k))
        k, factors = matrices[step]
        mu = box.rest + (box.moduli / (1 + a)).sum(1)
        star = eigen - when * box.rate
        stress = 2 * mu[:, None] * box.deviator(star)
        stress += np.einsum("mk,mki->mi", 2 * box.moduli / (1 + a), w)
        load = box.force(stress)
        noise = random.standard_normal(len(load))
        noise *= tolerance * np.linalg.norm(load) / np.linalg.norm(noise)
        u = np.zeros(3 * len(box.points))
        u[box.free] = factors.solve(load + noise)
        return Solution(at, step, stage, u.reshape(-1, 3), k, load)

    def viscous(u: Floats, w: Floats, eigen: Floats, when: float, step: float) -> Floats:
        star = eigen - when * box.rate
        e = box.deviator((box.strain @ u.ravel()).reshape(-1, 6) - star)
        a = (D * step / box.times)[:, :, None]
        return (w + a * e[:, None]) / (1 + a)

    def rates(u: Floats, v: Floats, eigen: Floats, when: float) -> Floats:
        star = eigen - when * box.rate
        e = box.deviator((box.strain @ u.ravel()).reshape(-1, 6) - star)
        return (e[:, None] - v) / box.times[:, :, None]

    for k, step in enumerate(steps):
        if k in jumps:
            slip = box.slip.copy()
            if k > 0:
                upper = box.points[box.tets].mean(1)[:, 2] > 0.85 * box.points[:, 2].max()
                slip = late * slip * upper[:, None]
            eigen = eigen + slip
            start = solved(0.0, v, eigen, t, t, -1)
            u = start.u
            yield start
        w = v + D * step * rates(u, v, eigen, t)
        first = solved(step, w, eigen, t + GAMMA * step, t + GAMMA * step, 0)
        yield first
        v1 = viscous(first.u, w, eigen, t + GAMMA * step, step)
        w = (v1 - (1 - GAMMA) ** 2 * v) / (GAMMA * (2 - GAMMA))
        second = solved(step, w, eigen, t + step, t + step, 1)
        yield second
        v = viscous(second.u, w, eigen, t + step, step)
        u, t = second.u, t + step
