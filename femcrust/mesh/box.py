"""The built-in mesher: tetrahedra in a box, fine around targets, with faces on layers and faults.

Cells of an octree (`octree.py`) on a lattice that passes through every layer and fault edge
(`lattice.py`) are cut into tetrahedra (`octree_tets.py`) and draped over the topography.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.lattice import OVERSIZE, Lattice, Longs, Plane, lattice
from femcrust.mesh.mesh import Floats, Ints, Mesh, ordered
from femcrust.mesh.octree import Bools, octree, unpack
from femcrust.mesh.octree_tets import Faces, Pieces, tetrahedra
from femcrust.mesh.sizes import CORNERS_AGREE, distance, wanted_size
from femcrust.mesh.topography import Ground, drape

AXES = "xyz"
FINER = 2.0


@dataclass(frozen=True)
class FaultPlane:
    """A rectangle in a plane x = const, y = const or z = const, with edges along the axes.

    corners : (4, 3) float, m, in any order
    """

    name: str
    corners: Floats


@dataclass(frozen=True)
class BoxSpec:
    """What to mesh; lengths in metres.

    x, y, z : lower and upper end of the box; the upper end of z is the flat ground, usually 0
    near, far, growth : wanted edge min(far, near + growth * distance to the nearest target)
    at : targets, each (4, 3) = corners of a rectangle in cyclic order, or (k, 3) = points
    layers : z of planes that cell faces must cover; the volumes between them are named
        'layer1' (top), 'layer2', ...
    faults : rectangles that cell faces must cover; each becomes a surface of its name whose
        normals point along the positive axis. Cells are small there only if `at` says so, too.
    topography : height z of the ground at x, y, or None; see `topography.py` for what moves
    close : more targets, where cells are FINER times as small as `near`
    """

    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]
    near: float
    far: float
    growth: float = 0.3
    at: tuple[Floats, ...] = ()
    layers: tuple[float, ...] = ()
    faults: tuple[FaultPlane, ...] = ()
    topography: Ground | None = None
    close: tuple[Floats, ...] = ()


@dataclass(frozen=True)
class _Rectangle:
    """A fault in lattice steps: low, high (3,) int, equal along `axis`."""

    axis: int
    low: Longs
    high: Longs


def box_mesh(box: BoxSpec) -> Mesh:
    """Tetrahedra that fill the box, graded, conforming, numbered along a Hilbert curve.

    >>> box_mesh(BoxSpec(x=(0, 2), y=(0, 2), z=(-2, 0), near=1, far=1)).n_tets
    96
    """
    _check(box)
    grid = lattice(_planes(box), box.near / (FINER if box.close else 1.0), box.far)
    rectangles = [_rectangle(fault, grid) for fault in box.faults]
    depths = np.array(sorted(grid.plane(2, z) for z in _inner_layers(box)), dtype=np.int64)

    def refine(low: Longs, level: int) -> Bools:
        size = 2**level
        center = grid.points(2 * low + size)
        wanted = _wanted(box, center, size * grid.unit / 2.0)
        split = size * grid.unit > OVERSIZE * wanted
        for axis in range(3):
            split |= _crosses(low[:, axis], size, np.array([grid.shape[axis]]))
        split |= _crosses(low[:, 2], size, depths)
        for rectangle in rectangles:
            split |= _ragged(low, size, rectangle)
        return np.asarray(split)

    def must(faces: Faces) -> Bools:
        found = np.zeros(len(faces.half), dtype=bool)
        if faces.axis == 2:
            found |= np.isin(faces.center[:, 2], 2 * depths)
        for rectangle in rectangles:
            if rectangle.axis == faces.axis:
                found |= _covers(rectangle, faces.center)
        return found

    pieces = tetrahedra(octree(grid.shape, grid.top, refine), grid.shape, must)
    return ordered(_assembled(box, grid, pieces, rectangles, depths))


def _wanted(box: BoxSpec, points: Floats, reach: float) -> Floats:
    """The smallest edge length wanted within `reach`, m, of points (n, 3). (n,)"""
    found = np.full(len(points), box.far)
    for targets, near in ((box.at, box.near), (box.close, box.near / FINER)):
        separation = np.maximum(distance(points, targets) - reach, 0.0)
        found = np.minimum(found, wanted_size(separation, near, box.far, box.growth))
    return found


def _assembled(
    box: BoxSpec, grid: Lattice, pieces: Pieces, rectangles: list[_Rectangle], depths: Longs
) -> Mesh:
    keys, inverse = np.unique(pieces.tets, return_inverse=True)
    tets: Ints = inverse.reshape(-1, 4).astype(np.int32)
    steps = unpack(keys)
    points = grid.points(steps)
    edges = points[tets[:, 1:]] - points[tets[:, :1]]
    inverted = np.einsum("ni,ni->n", edges[:, 0], np.cross(edges[:, 1], edges[:, 2])) < 0
    tets[inverted, :2] = tets[inverted, 1::-1]
    surfaces = {}
    for fault, rectangle in zip(box.faults, rectangles, strict=True):
        on = (pieces.axis == rectangle.axis) & _covers(rectangle, pieces.face)
        triangles = np.searchsorted(keys, pieces.triangles[on]).astype(np.int32)
        if rectangle.axis != 2:  # z falls with its index, which mirrors the vertical planes
            triangles = np.ascontiguousarray(triangles[:, ::-1])
        surfaces[fault.name] = triangles
    volumes = {}
    if len(depths):
        layer = np.searchsorted(8 * depths, steps[:, 2][tets].sum(axis=1))
        for i in range(len(depths) + 1):
            volumes[f"layer{i + 1}"] = np.flatnonzero(layer == i).astype(np.int32)
    if box.topography is not None:
        points = drape(points, box.topography, box.z)
    return Mesh(points, tets, volumes, surfaces, "box")


def _crosses(low: Longs, size: int, planes: Longs) -> Bools:
    """Whether a plane runs through the inside of low..low+size. (n,)"""
    first = np.searchsorted(planes, low, side="right")
    return np.asarray(first < np.searchsorted(planes, low + size, side="left"))


def _ragged(low: Longs, size: int, rectangle: _Rectangle) -> Bools:
    """Whether the rectangle cuts the cell or covers a part of one of its faces. (n,)"""
    axis = rectangle.axis
    across = [i for i in range(3) if i != axis]
    begin, end = rectangle.low[across], rectangle.high[across]
    meets = ((low[:, across] < end) & (low[:, across] + size > begin)).all(axis=1)
    within = ((low[:, across] >= begin) & (low[:, across] + size <= end)).all(axis=1)
    plane = rectangle.low[axis]
    touches = (low[:, axis] <= plane) & (low[:, axis] + size >= plane)
    crosses = (low[:, axis] < plane) & (low[:, axis] + size > plane)
    return np.asarray(touches & meets & (crosses | ~within))


def _covers(rectangle: _Rectangle, half_steps: Longs) -> Bools:
    """Which points, (n, 3) in half steps, lie on the rectangle. (n,)"""
    inside = (half_steps >= 2 * rectangle.low) & (half_steps <= 2 * rectangle.high)
    return np.asarray(inside.all(axis=1))


def _rectangle(fault: FaultPlane, grid: Lattice) -> _Rectangle:
    corners = np.asarray(fault.corners, dtype=np.float64)
    steps = np.array([[grid.plane(i, c[i]) for i in range(3)] for c in corners], dtype=np.int64)
    low, high = steps.min(axis=0), steps.max(axis=0)
    return _Rectangle(int(np.argmin(high - low)), low, high)


def _inner_layers(box: BoxSpec) -> list[float]:
    """Layer depths strictly inside the box, without repetition."""
    merge = CORNERS_AGREE * (box.z[1] - box.z[0])
    return [z for z in sorted(set(box.layers)) if box.z[0] + merge < z < box.z[1] - merge]


def _planes(box: BoxSpec) -> list[list[Plane]]:
    """Per axis the planes that need a whole number, by growing index: x, y upwards, z downwards."""
    axes = []
    for axis, (low, high) in enumerate((box.x, box.y, box.z)):
        planes = [Plane(float(low), box.far), Plane(float(high), box.far)]
        if axis == 2:
            planes += [Plane(float(z), box.far) for z in _inner_layers(box)]
        for fault in box.faults:
            corners = np.asarray(fault.corners, dtype=np.float64)
            probes = np.concatenate([corners, corners.mean(axis=0, keepdims=True)])
            wanted = _wanted(box, probes, 0.0).min()
            planes += [Plane(float(c), float(wanted)) for c in corners[:, axis]]
        merge = CORNERS_AGREE * (high - low)
        kept: list[Plane] = []
        # ends and layers come before faults, so that merging keeps them and their wanted size
        for plane in planes:
            if all(abs(plane.position - other.position) > merge for other in kept):
                kept.append(plane)
        axes.append(sorted(kept, key=lambda plane: plane.position, reverse=axis == 2))
    return axes


def _check(box: BoxSpec) -> None:
    ends = np.array([box.x, box.y, box.z], dtype=np.float64)
    for name, (low, high) in zip(AXES, ends, strict=True):
        if not low < high:  # also catches nan
            raise InputError(f"mesh.box.{name}: ({low:g}, {high:g}) is empty; give (low, high)")
    if not 0 < box.near <= box.far < np.inf:
        raise InputError(
            f"mesh.box.size: near {box.near:g} m, far {box.far:g} m; need 0 < near <= far"
        )
    if not 0 <= box.growth < np.inf:
        raise InputError(f"mesh.box.size.growth: {box.growth:g} must not be negative; try 0.3")
    for target in (*box.at, *box.close):
        if np.ndim(target) != 2 or np.shape(target)[1] != 3 or not np.isfinite(target).all():
            raise InputError("mesh.box.at: a target is no list of finite points (x, y, z)")
    for z in box.layers:
        if not box.z[0] <= z <= box.z[1]:
            raise InputError(
                f"mesh.box.layers: z={z:g} m is outside the box's {box.z}; z is negative downwards"
            )
    for fault in box.faults:
        _check_fault(fault, ends)


def _check_fault(fault: FaultPlane, ends: Floats) -> None:
    corners = np.asarray(fault.corners, dtype=np.float64)
    where = f"mesh.box.fault_planes: {fault.name}"
    if corners.shape != (4, 3) or not np.isfinite(corners).all():
        raise InputError(f"{where} needs four finite corners (x, y, z)")
    low, high = corners.min(axis=0), corners.max(axis=0)
    merge = CORNERS_AGREE * (ends[:, 1] - ends[:, 0])
    flat = high - low <= merge
    on_bounds = (np.abs(corners - low) <= merge) | (np.abs(corners - high) <= merge)
    which = (np.abs(corners - low) <= merge)[:, ~flat]
    if flat.sum() != 1 or not on_bounds.all() or len(np.unique(which, axis=0)) != 4:
        raise InputError(
            f"{where} is no rectangle along the axes; use an immersed fault or a mesh from gmsh"
        )
    if (low < ends[:, 0] - merge).any() or (high > ends[:, 1] + merge).any():
        raise InputError(f"{where} leaves the box; enlarge mesh.box")
    if ((low <= ends[:, 0] + merge) & flat).any() or ((high >= ends[:, 1] - merge) & flat).any():
        raise InputError(f"{where} lies on a side of the box; move it inside")
