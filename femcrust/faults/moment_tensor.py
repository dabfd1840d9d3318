"""Point sources: a moment tensor m at x0, as the eigenstrain of the element that holds x0.

C ε*_j = Σ_i M⁻¹_ji L_i(x0) m with C isotropic, so the potency is p = (m − λ tr m / (3λ+2μ) I) / 2μ.
For strike, dip and rake m = M0 (b⊗n + n⊗b) with b and n unit vectors [Aki02, sec. 4.5].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.geometry import as_matrix, frames, symmetric_dyad
from femcrust.faults.immersed import farthest_outside, projection
from femcrust.faults.source import Locator, Moduli, Source, magnitude
from femcrust.mesh.mesh import Floats, Mesh

TENSOR = ("mxx", "myy", "mzz", "mxy", "mxz", "myz")


def moment_tensor(moment: Any, name: str) -> Floats:
    """The six components, N m, of the case's MomentTensor: mxx … myz, or M0 | Mw and angles."""
    key = f"{name}.moment"
    given = [getattr(moment, part, None) for part in TENSOR]
    if any(value is not None for value in given):
        tensor = np.array([0.0 if value is None else float(value) for value in given])
    else:
        m0 = getattr(moment, "M0", None)
        mw = getattr(moment, "Mw", None)
        if m0 is None and mw is None:
            raise InputError(f"{key}: no size; give M0, Mw or mxx, myy, mzz, mxy, mxz, myz")
        size = float(m0) if m0 is not None else 10.0 ** (1.5 * float(mw or 0.0) + 9.1)
        angles = [getattr(moment, part, None) for part in ("strike", "dip", "rake")]
        if None in angles:
            raise InputError(f"{key}: needs strike, dip and rake beside its size; add them")
        strike, dip, rake = (float(angle) for angle in angles if angle is not None)
        frame = frames(strike, dip)
        b = np.cos(np.radians(rake)) * frame[0] + np.sin(np.radians(rake)) * frame[1]
        tensor = 2.0 * size * symmetric_dyad(b, frame[2])
    if not np.isfinite(tensor).all() or not np.any(tensor):
        raise InputError(f"{key}: {tensor.tolist()} N m; give finite numbers that are not all zero")
    return tensor


def point_source(
    mesh: Mesh, elastic: Moduli, at: Any, moment: Any, locator: Locator, name: str
) -> Source:
    """The source of a moment tensor at one point, (3,) metres."""
    x0 = np.array(at, dtype=np.float64).reshape(1, 3)
    if not np.isfinite(x0).all():
        raise InputError(f"{name}.point.at: {x0[0].tolist()} m is not finite; correct it")
    tensor = moment_tensor(moment, name)
    tets, bary = locator.find(x0)
    if tets[0] < 0:
        _, how = farthest_outside(mesh, locator, x0)
        raise InputError(f"{name}.point.at: {x0[0].tolist()} m lies outside the mesh, {how}")
    tet = np.asarray(tets[:1], dtype=np.int32)
    lam, mu = float(elastic.lam[tet[0]]), float(elastic.mu[tet[0]])
    potency = tensor / (2.0 * mu)
    potency[:3] -= lam * tensor[:3].sum() / (3.0 * lam + 2.0 * mu) / (2.0 * mu)
    elements, eigenstrain = projection(mesh, tet, bary[:1], potency[None])
    size = float(np.linalg.norm(as_matrix(tensor)) / np.sqrt(2.0))
    return Source(
        name=name.rpartition(".")[2],
        elements=elements,
        eigenstrain=eigenstrain,
        offset=None,
        area=0.0,
        potency=as_matrix(potency),
        moment=size,
        magnitude=magnitude(size),
        center=x0[0],
        crossed=True,
    )
