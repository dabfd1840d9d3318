"""Which material each tetrahedron has: exactly one whose `where` holds at its centroid.

`where` is an AND of a mesh group, a range of depth (−z), a range below the ground (draped), and an
expression; without `where` a material claims everything. Ranges hold their upper end only
(top ≤ depth < bottom), so that neighbours share no element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.materials.values import entry, place
from femcrust.mesh.mesh import Floats, Ints, Mesh

Surface = Callable[[Floats, Floats], Floats]  # x (n,), y (n,) in m -> z of the ground, m
Bools = NDArray[np.bool_]


def material_index(
    mesh: Mesh, materials: Mapping[str, Any], centroids: Floats, surface_z: Surface | None
) -> Ints:
    """Number of the material of each tetrahedron, in the order of `materials`. (n_tets,)"""
    if not materials:
        raise InputError("materials: none given; write e.g. crust: {mu: 30 GPa, nu: 0.25}")
    index = np.full(mesh.n_tets, -1, dtype=np.int32)
    names = list(materials)
    for i, (name, material) in enumerate(materials.items()):
        key = f"materials.{name}"
        claimed = _claimed(mesh, key, entry(material, "where"), centroids, surface_z)
        twice = np.flatnonzero(claimed & (index >= 0))
        if len(twice):
            other = names[index[twice[0]]]
            shared = int((index[twice] == index[twice[0]]).sum())
            raise InputError(
                f"materials.{name}.where: {shared} of {mesh.n_tets} elements belong to "
                f"materials.{other}, too, e.g. at {place(centroids[twice[0]])}; "
                "make the two regions disjoint"
            )
        if not claimed.any():
            raise InputError(
                f"materials.{name}.where: holds in no element; check its range and its sign "
                "(depth is positive downward), or remove it"
            )
        index[claimed] = i
    missed = np.flatnonzero(index < 0)
    if len(missed):
        raise InputError(
            f"materials: {len(missed)} of {mesh.n_tets} elements belong to none of "
            f"{', '.join(names)}, e.g. at {place(centroids[missed[0]])}; extend a where"
        )
    return index


def _claimed(
    mesh: Mesh, key: str, where: Any, centroids: Floats, surface_z: Surface | None
) -> Bools:
    claimed = np.ones(mesh.n_tets, dtype=bool)
    if where is None:
        return claimed
    z = centroids[:, 2]
    group, depth = entry(where, "group"), entry(where, "depth")
    below, expression = entry(where, "below_surface"), entry(where, "expression")
    if all(part is None for part in (group, depth, below, expression)):
        raise InputError(
            f"{key}.where: is empty; give group, depth, below_surface or expression, or omit it"
        )
    if group is not None:
        claimed &= _in_groups(mesh, f"{key}.where.group", group)
    if depth is not None:
        top, bottom = _range(f"{key}.where.depth", depth)
        claimed &= (-z >= top) & (-z < bottom)
    if below is not None:
        top, bottom = _range(f"{key}.where.below_surface", below)
        buried = _ground(f"{key}.where.below_surface", surface_z, centroids) - z
        claimed &= (buried >= top) & (buried < bottom)
    if expression is not None:
        claimed &= _truth(f"{key}.where.expression", expression, centroids)
    return claimed


def _truth(key: str, expression: Any, centroids: Floats) -> Bools:
    x, y, z = centroids.T
    if hasattr(expression, "variables"):  # an expression of the case
        truth = expression(x=x, y=y, z=z, depth=-z)
    elif hasattr(expression, "evaluate"):
        truth = expression.evaluate(x=x, y=y, z=z, depth=-z)
    else:
        truth = expression(x, y, z)
    truth = np.broadcast_to(np.asarray(truth), len(z))
    if truth.dtype.kind != "b":
        raise InputError(f"{key}: is no comparison; write e.g. 'x > 10*km'")
    return truth


def _in_groups(mesh: Mesh, key: str, group: str | Sequence[str]) -> Bools:
    inside = np.zeros(mesh.n_tets, dtype=bool)
    for name in (group,) if isinstance(group, str) else group:
        if name not in mesh.volumes:
            near = get_close_matches(name, list(mesh.volumes), n=1)
            hint = f"did you mean {near[0]}?" if near else "name one of the mesh"
            known = ", ".join(sorted(mesh.volumes)) or "none"
            raise InputError(f"{key}: '{name}' is no volume group ({known}); {hint}")
        inside[mesh.volumes[name]] = True
    return inside


def _range(key: str, ends: Any) -> tuple[float, float]:
    """Top and bottom, m, from a pair or from something with .top and .bottom."""
    if entry(ends, "top") is not None or entry(ends, "bottom") is not None:
        ends = (entry(ends, "top"), entry(ends, "bottom"))
    top, bottom = (float(end) for end in ends)
    if not top < bottom:  # also catches nan
        raise InputError(f"{key}: [{top:g} m, {bottom:g} m] is empty; give [top, bottom] downward")
    return top, bottom


def _ground(key: str, surface_z: Surface | None, centroids: Floats) -> Floats:
    if surface_z is None:
        raise InputError(f"{key}: the height of the ground is unknown here; use depth instead")
    ground = np.asarray(surface_z(centroids[:, 0], centroids[:, 1]), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(ground))
    if len(bad):
        raise InputError(
            f"{key}: no ground above the element at {place(centroids[bad[0]])}; use depth or group"
        )
    return ground
