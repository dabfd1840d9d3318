"""Slip of an inversion as vectors, and its rake."""

from __future__ import annotations

import numpy as np

from femcrust.inversion.result import SlipModel
from femcrust.mesh.mesh import Floats


def shear_vectors(model: SlipModel) -> Floats:
    """Motion of the hanging wall along each patch: east, north, up. (p, 3)"""
    basis = model.problem.basis
    n = basis.in_plane
    return np.asarray(np.einsum("pc,pci->pi", model.slip[:, :n], basis.frames[:, :n]))


def rakes(model: SlipModel) -> Floats:
    """Rake of the slip of each patch, degrees. (p,)"""
    shear, frame = shear_vectors(model), model.problem.library.frame
    along, up = (np.einsum("pi,pi->p", shear, frame[:, i]) for i in range(2))
    return np.asarray(np.degrees(np.arctan2(up, along)))
