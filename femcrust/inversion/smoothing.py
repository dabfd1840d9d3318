"""What is expected of slip before the data: m has the precision H / ρ², ρ in metres.

With stiffness S (conductances of neighbours, −∫ ∇·∇) and masses C (areas, over their mean):

    laplacian    H = S C⁻¹ S                                   squared Laplacian of slip
    matern α=1   H ∝ κ² C + S                                  [LindgrenRueLindstrom11]
           α=2   H ∝ (κ² C + S) C⁻¹ (κ² C + S)                 scaled so that slip has variance ρ²

Between neighbours slip is carried by the turn nearest to that from one frame to the other, so that
a bend of the fault, or a strike that swings where it is flat, costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from femcrust.errors import InputError
from femcrust.inversion.graph import Graph
from femcrust.mesh.mesh import Floats

NULL = 1e-9  # of the largest eigenvalue: smaller is zero
MOST_UNKNOWNS = 12_000  # a dense matrix of these takes 1.2 GB, and several are needed


@dataclass(frozen=True)
class Prior:
    """precision : (m, m) H, for ρ = 1 m;  flat : (m, q) orthonormal, where H gives nothing."""

    precision: Floats
    flat: Floats

    @property
    def proper(self) -> Floats:
        """H made invertible by weights of its own size on what is flat."""
        if not self.flat.shape[1]:
            return self.precision
        size = float(np.trace(self.precision)) / len(self.precision)
        return np.asarray(self.precision + size * self.flat @ self.flat.T)


def stiffness(graph: Graph, frames: Floats, in_plane: int, closed: bool) -> Floats:
    """S of all components, (p c, p c), patches slowest.

    frames : (p, c, 3) directions of the components, the first `in_plane` of them along the patch
    closed : whether slip is zero beyond buried edges
    """
    count, components = frames.shape[:2]
    whole = np.zeros((count, components, count, components))
    i, j = graph.pairs.T
    eye = np.eye(components)
    carried = _carried(frames[i], frames[j], in_plane)
    loop = graph.rim if closed else np.zeros(count)
    for ends in (i, j):
        loop = loop + np.bincount(ends, graph.weight, minlength=count)
    every = np.arange(count)
    whole[every, :, every, :] = loop[:, None, None] * eye
    whole[i, :, j, :] = -graph.weight[:, None, None] * carried
    whole[j, :, i, :] = -graph.weight[:, None, None] * np.swapaxes(carried, 1, 2)
    return whole.reshape(count * components, -1)


def _carried(to: Floats, of: Floats, in_plane: int) -> Floats:
    """The orthogonal matrices that take slip in the frames `of` to the frames `to`. (k, c, c)"""
    turn = np.einsum("kai,kbi->kab", to, of)
    turn[:, :in_plane, in_plane:] = turn[:, in_plane:, :in_plane] = 0.0
    u, _, vt = np.linalg.svd(turn)  # the polar factor u vt is the nearest orthogonal matrix
    return np.asarray(u @ vt)


def laplacian(s: Floats, area: Floats, bound: bool) -> Prior:
    """S C⁻¹ S; masses are areas over their mean, so that m has the size of slip.

    bound : whether nothing is flat, as every piece of fault has a closed edge
    """
    mass = area / area.mean()
    precision = (s / mass) @ s
    flat = np.empty((len(s), 0)) if bound else _null_space(precision)
    return Prior((precision + precision.T) / 2.0, flat)


def matern(s: Floats, area: Floats, reach: float, alpha: int) -> Prior:
    """The Markov field of a range; areas (m,) m² of the unknowns."""
    kappa = np.sqrt(8.0) / reach
    mass = kappa**2 * area
    inner = s + np.diag(mass)
    precision = inner if alpha == 1 else (inner / mass) @ inner
    precision = (precision + precision.T) / 2.0
    factor = cho_factor(precision)
    variance = float(np.mean(np.diag(cho_solve(factor, np.eye(len(precision))))))
    return Prior(precision * variance, np.empty((len(precision), 0)))


def _null_space(precision: Floats) -> Floats:
    values, vectors = np.linalg.eigh(precision)
    return np.asarray(vectors[:, values < NULL * values[-1]])


def check_size(unknowns: int) -> None:
    """Refuse what would not fit."""
    if unknowns > MOST_UNKNOWNS:
        raise InputError(
            f"slip: {unknowns:,} unknowns are above {MOST_UNKNOWNS:,}; make the library with larger"
            " patches, or choose faults and components"
        )
