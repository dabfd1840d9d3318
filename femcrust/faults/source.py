"""What every fault becomes: an eigenstrain ε* on a few tetrahedra.

The load is f = ∫ Bᵀ C ε* dV and the stress C : (ε(u) − ε*), whatever the kind of the fault.
Scalar moment M0 = ∫ ‖C : sym(b⊗n)‖ / √2 dA [Silver82], which is ∫ μ |b| dA for pure shear;
magnitude Mw = (log10 M0 − 9.1) / 1.5 [Hanks79] with M0 in N m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from femcrust.amplitude import Amplitude
from femcrust.mesh.mesh import Floats, Ints

MOST_ARROWS = 400  # more would blacken a map


class Moduli(Protocol):
    """Elastic moduli of the tetrahedra, Pa."""

    @property
    def lam(self) -> Floats: ...  # (n_tets,)
    @property
    def mu(self) -> Floats: ...  # (n_tets,)


class Locator(Protocol):
    """Finds tetrahedra and the ground."""

    def find(self, points: Floats) -> tuple[Any, Floats]: ...  # (n,) int, -1 outside; (n, 4)
    def surface_z(self, x: Floats, y: Floats) -> Floats: ...  # m, nan outside


@dataclass(frozen=True)
class Source:
    """One fault, ready for the load vector.

    elements : (m,) int, tetrahedra that the fault touches, ascending
    eigenstrain : (m, 4, 6) float, ε* at the four vertices, linear inside; xx, yy, zz, xy, xz, yz
    offset : (m, 10, 3) float, metres, or None: known part w of the displacement of split nodes,
        which in the element is Σ N_a (u_a + w_a)
    area : m²
    potency : (3, 3) float, m³, ∫ sym(b⊗n) dA
    moment : N m;  magnitude : moment magnitude, -inf without slip
    center : (3,) float, metres, mean position weighted by area times slip
    outline : polylines (k, 3), metres
    arrows : (k, 6) float, metres, point and slip vector of the hanging wall
    crossed : the fault runs through its elements (immersed), not along their faces
    history : the factor of all this over time
    """

    name: str
    elements: Ints
    eigenstrain: Floats
    offset: Floats | None
    area: float
    potency: Floats
    moment: float
    magnitude: float
    center: Floats
    outline: list[Floats] = field(default_factory=list)
    arrows: Floats = field(default_factory=lambda: np.empty((0, 6)))
    crossed: bool = False
    history: Amplitude = field(default_factory=Amplitude)


def scaled(sources: Sequence[Source], factors: Sequence[float] | None) -> list[Source]:
    """The sources as they are at one time; as they are given where there is none."""
    if factors is None:
        return list(sources)
    return [
        source
        if factor == 1
        else replace(
            source,
            eigenstrain=factor * source.eigenstrain,
            offset=None if source.offset is None else factor * source.offset,
            moment=factor * source.moment,
            magnitude=magnitude(abs(factor) * source.moment),
            potency=factor * source.potency,
        )
        for source, factor in zip(sources, factors, strict=True)
    ]


def magnitude(moment: float) -> float:
    """Moment magnitude of a scalar moment in N m.

    >>> round(magnitude(10.0**18.1), 9)
    6.0
    """
    return float((np.log10(moment) - 9.1) / 1.5) if moment > 0.0 else -np.inf


def scalar_moment_density(potency: Floats, lam: Floats, mu: Floats) -> Floats:
    """‖λ tr(p) I + 2 μ p‖ / √2 of tensors p (…, 6); moduli (…). Per unit of p: Pa."""
    trace = potency[..., :3].sum(axis=-1)
    tensor = 2.0 * np.asarray(mu)[..., None] * potency
    tensor[..., :3] += (np.asarray(lam) * trace)[..., None]
    squares = (tensor[..., :3] ** 2).sum(axis=-1) + 2.0 * (tensor[..., 3:] ** 2).sum(axis=-1)
    return np.asarray(np.sqrt(squares / 2.0))


def thinned(arrows: Floats) -> Floats:
    """At most `MOST_ARROWS` of the arrows, evenly picked. (k, 6)"""
    return arrows[:: -(-len(arrows) // MOST_ARROWS) or 1]
