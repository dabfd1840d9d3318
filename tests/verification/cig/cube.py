"""The benchmark's cube of 24 km: an elastic half above a Maxwell half, cells of equal spacing.

Sides and base move as the elastic half-space does at the time of the earthquake, and stay; the
face y = 0 holds what its symmetry does. Cubes are split in six around the diagonal (1, 1, −1), so
that the planes x = const and x + z = const, and on them the lines y = depth where the two tapers
meet, are made of whole faces: the slip is linear on each of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import events
import numpy as np
from events import KM, NU, SIDE, Event
from measure import Cells

import both_backends
import femcrust
from femcrust import progress
from femcrust.boundaries.conditions import Constraint
from femcrust.case import Case
from femcrust.mesh.mesh import Mesh
from femcrust.model import Model, build_model
from femcrust.sampling import shape_values
from small_meshes import split_cubes
from tiny_case import facets

YEAR = 365.25 * 86400.0
MU, ETA = 30e9, 1e18
BORDER = 12 * KM  # elastic above
TIMES = (0.0, 1.0, 5.0, 10.0)  # years
STEP = 0.1  # years, as published


def mesh(event: Event, spacing: float) -> Mesh:
    """Cells of `spacing`, m, which must divide 4 km."""
    made = split_cubes(round(SIDE / spacing), (SIDE, SIDE, -SIDE))
    x, y, z = made.points.T
    near = 1e-6 * spacing
    cotangent = 1 / np.tan(np.radians(event.dip))
    on = np.abs(x - event.x + z * cotangent) < near
    on &= (y < event.end + near) & (z > -event.end - near)
    return replace(made, surfaces={"fault": facets(made.points, made.tets, on)})


def model(event: Event, spacing: float, exact: Event | None = None, **time: Any) -> Model:
    """The cube with the slip of `event` and the sides of `exact`, the same if absent.

    time : of the case's section, s; absent: the elastic answer alone
    """
    rock = {"mu": MU, "nu": NU}
    below = rock | ({"model": "maxwell", "eta": ETA} if time else {})
    parts = ("strike", "dip", "open")
    slip = {part: _slip(event, full) for part, full in zip(parts, event.slip, strict=True)}
    fault: dict[str, Any] = {"surface": "fault", "slip": slip}
    if event.dip == 90.0:
        fault["hanging_side"] = "east"
    case: dict[str, Any] = {
        "mesh": {"file": "cube"},
        "materials": {
            "above": rock | {"where": {"depth": (0.0, BORDER)}},
            "below": below | {"where": {"depth": (BORDER, 1e9)}},
        },
        "faults": {"main": fault},
        "boundaries": {"sides": "fixed", "bottom": "fixed", "south": {"fixed": list(event.held)}},
    }
    if time:
        case["time"] = {"end": TIMES[-1] * YEAR, "step": STEP * YEAR} | time
        case["output"] = {"times": [t * YEAR for t in TIMES[1:-1]]}
    built = build_model(Case.model_validate(case), mesh(event, spacing))
    return _with_sides(built, event if exact is None else exact)


def _slip(event: Event, full: float) -> Any:
    return lambda x, y, z: full * event.taper(y, z)


def _with_sides(built: Model, exact: Event) -> Model:
    """Sides that are held become sides that move."""
    side, faces = built.exterior.side, built.exterior.faces
    moved = Constraint(
        faces[(side != "top") & (side != "south")],
        np.zeros((3, 3)),
        lambda points: events.displacement(exact, points),
    )
    free = np.diag([float(axis not in exact.held) for axis in "xyz"])
    symmetric = Constraint(faces[side == "south"], free)
    return replace(built, conditions=replace(built.conditions, constraints=[symmetric, moved]))


def cells(result: Any, spacing: float) -> Cells:
    """The elements of a result."""
    nodal = result.displacement[result.elements]
    for source in result.sources:
        nodal[source.elements] += source.offset
    return Cells(result.nodes[result.elements[:, :4]], nodal, spacing)


def run(built: Model) -> list[Any]:
    """The result, or those of TIMES."""
    both_backends.runs(built)
    results: list[Any] = []
    with progress.reporting(quiet=True):
        last = femcrust.run(both_backends.on(built.case, "cpu"), built, results.append)
    return results or [last]


def change(coarse: Any, fine: Any, locator: Any, spacing: float) -> Cells:
    """A result on cells of twice the spacing minus one on cells of `spacing`, on the latter.

    The meshes are nested: in a small element the coarse result is a quadratic polynomial, too.
    locator : of the coarse mesh
    """
    small, large = cells(fine, spacing), cells(coarse, 2 * spacing)
    nodes = fine.nodes[fine.elements]  # (n, 10, 3)
    home, _ = locator.find(small.corners.mean(axis=1))
    corners = large.corners[home]
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    last = np.linalg.solve(edges[:, None], (nodes - corners[:, :1])[..., None])[..., 0]
    barycentric = np.concatenate([1 - last.sum(axis=2, keepdims=True), last], axis=2)
    shape = shape_values(barycentric.reshape(-1, 4)).reshape(*nodes.shape[:2], 10)
    return replace(small, nodal=np.einsum("ena,eai->eni", shape, large.nodal[home]) - small.nodal)
