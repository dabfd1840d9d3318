"""Slip by other functions than patches: each combines patches, and so does what it causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

DEGREE = 3  # of splines


def in_basis(library: Any, weights: ArrayLike, names: Sequence[str] | None = None) -> Any:
    """The library of slip functions, an xarray.Dataset with `basis` in place of `patch`.

    weights : (basis, patch), slip of every patch in one unit of a function; components stay apart.
        Or (basis, patch, component) m, where a function has a direction of its own
    names : of the functions; numbers if not given

    >>> import xarray
    >>> effect = (("patch", "component", "station", "axis"), [[[[1.0]]], [[[10.0]]]])
    >>> library = xarray.Dataset({"displacement": effect}, {"component": ["strike"]})
    >>> in_basis(library, [[0.5, 0.5], [0, 1]]).displacement.values.ravel().tolist()
    [5.5, 10.0]
    """
    import xarray

    if "patch" not in library.dims:
        raise InputError("library: has no patches, and functions are made of patches")
    given = np.asarray(weights, dtype=float)
    dims = ("patch", "component")[: given.ndim - 1]
    wanted = tuple(library.sizes[name] for name in dims)
    if given.ndim not in (2, 3) or given.shape[1:] != wanted:
        sizes = ", ".join(f"{library.sizes[name]} {name}" for name in ("patch", "component"))
        raise InputError(
            f"weights: shape {given.shape}; one row a function, then what the library has: {sizes}"
        )
    if not np.isfinite(given).all():
        raise InputError("weights: hold NaN or infinity")
    rows = xarray.DataArray(given, dims=("basis", *dims))
    responses = {
        name: xarray.dot(rows, array, dim=list(dims)).assign_attrs(array.attrs)
        for name, array in library.items()
        if "patch" in array.dims and "station" in array.dims
    }
    others = {name: array for name, array in library.items() if "patch" not in array.dims}
    labels = list(names) if names is not None else [str(k) for k in range(len(given))]
    if len(labels) != len(given):
        raise InputError(f"names: {len(labels)} of {len(given)} functions")
    found = xarray.Dataset(responses | others, attrs=library.attrs)
    return found.assign_coords(basis=labels)


def splines(
    library: Any, fault: str, along: int, down: int, degree: int = DEGREE
) -> tuple[Floats, list[str]]:
    """Weights (along × down, patch) of B-splines on a plane fault of a library, and their names: a
    tensor product of splines [deBoor78] that add up to one, each as the patches' centres see it."""
    from scipy.interpolate import BSpline

    for name, count in (("along", along), ("down", down)):
        if count <= degree:
            raise InputError(
                f"{name}: {count} splines of degree {degree}; take {degree + 1} or more"
            )
    mine = np.flatnonzero(library.patch_fault.values.astype(str) == fault)
    if not len(mine):
        known = ", ".join(sorted(set(library.patch_fault.values.astype(str))))
        raise InputError(f"fault: {fault!r} has no patches in the library; known: {known}")
    on_plane = _on_plane(library, mine)
    weights = np.zeros((along * down, library.sizes["patch"]))
    axes = []
    for count, (centres, corners) in zip((along, down), on_plane, strict=True):
        low, high = np.nanmin(corners), np.nanmax(corners)
        inner = np.linspace(low, high, count - degree + 1)
        knots = np.concatenate([[low] * degree, inner, [high] * degree])
        axes.append(BSpline.design_matrix(centres, knots, degree).toarray())
    weights[:, mine] = np.einsum("pi,pj->ijp", *axes).reshape(along * down, len(mine))
    return weights, [f"{fault} {i} {j}" for i in range(along) for j in range(down)]


def _on_plane(library: Any, mine: Any) -> list[tuple[Floats, Floats]]:
    """Centres (n,) and corners (n, …) of patches along strike and down dip, m."""
    strike = np.radians(float(library.patch_strike.values[mine].mean()))
    dip = np.radians(float(library.patch_dip.values[mine].mean()))
    across = np.array([np.cos(strike), -np.sin(strike), 0.0])
    axes = (
        np.array([np.sin(strike), np.cos(strike), 0.0]),
        np.cos(dip) * across - np.sin(dip) * np.array([0.0, 0.0, 1.0]),
    )
    centres = np.stack([library[f"patch_{c}"].values[mine] for c in "xyz"], axis=-1)
    corners = np.stack([library[f"corner_{c}"].values[mine] for c in "xyz"], axis=-1)
    normal = np.cross(*axes)
    off = np.abs((corners - centres.mean(axis=0)) @ normal)
    size = np.nanmax(corners, axis=(0, 1)) - np.nanmin(corners, axis=(0, 1))
    if np.nanmax(off) > 0.01 * np.linalg.norm(size):
        raise InputError(
            f"fault: its patches lie up to {np.nanmax(off) / 1e3:.3g} km off a plane; splines are"
            " for plane faults, weights of your own for others"
        )
    return [(centres @ axis, corners @ axis) for axis in axes]
