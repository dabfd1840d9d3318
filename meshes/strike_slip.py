"""The example: a vertical strike-slip fault, 70 km x 16 km, in a layered crust under hills.

The fault strikes north at x = 0 and reaches the surface. Layers and fault are meshed flat, then
every vertex moves by z' = z + t(x, y) (1 + z / depth), so that all follow the topography t and
the bottom stays flat. Usage: python meshes/strike_slip.py out.msh --size 1
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gmsh_session import HXT, KM, command_line, finish, fragment, session, stacked_boxes
from numpy.typing import NDArray

LAYERS = ("sediments", "upper_crust", "lower_crust", "mantle")
LENGTH, WIDTH = 70 * KM, 16 * KM  # of the fault
HALF_WIDTH, DEPTH = 105 * KM, 105 * KM  # the box is three fault lengths wide
RELIEF = 0.5 * KM  # amplitude of the hills: from valley to top at most 1 km
FLATTEST = 3.0  # size over thickness of a layer: beyond, cells become flat


def topography(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the hills, m: ridges tens of km apart, fading toward the sides."""
    fade = np.exp(-((x**2 + y**2) / (70 * KM) ** 2))
    ridges = np.cos(2 * np.pi * (x + 0.3 * y) / (45 * KM)) * np.cos(2 * np.pi * y / (60 * KM))
    return np.asarray(RELIEF * fade * ridges)


def build(
    path: str | Path,
    size_km: float = 1.0,
    far_km: float = 20.0,
    growth: float = 0.15,
    layers_km: Sequence[float] = (4.0, 16.0, 32.0),
    hills: bool = True,
    algorithm: int = HXT,
) -> None:
    """Write the mesh: volumes LAYERS (as many as there are layers), surface 'fault'.

    size_km : element size on the fault; it grows by `growth` times the distance, up to far_km
    layers_km : depths of the layers' lower boundaries
    """
    thinnest = min(np.diff([0.0, *layers_km]))
    far = max(min(far_km, FLATTEST * thinnest), size_km) * KM
    with session("strike_slip", algorithm=algorithm) as gmsh:
        occ = gmsh.model.occ
        depths = [0.0, *(d * KM for d in layers_km), DEPTH]
        volumes = stacked_boxes(gmsh, HALF_WIDTH, depths)
        fault = occ.addRectangle(-WIDTH, -LENGTH / 2, 0.0, WIDTH, LENGTH)
        occ.rotate([(2, fault)], 0, 0, 0, 0, 1, 0, -np.pi / 2)  # x = -WIDTH goes to z = -WIDTH
        *pieces, faces = fragment(gmsh, volumes, [fault])
        names = (*LAYERS[: len(pieces) - 1], LAYERS[-1])
        named = dict(zip(names, pieces, strict=True))
        sizes = (size_km * KM, far, growth)
        finish(gmsh, path, named, ("fault", faces), sizes, _raise_hills if hills else None)


def _raise_hills(gmsh: Any) -> None:
    tags, flat, _ = gmsh.model.mesh.getNodes()
    x, y, z = np.asarray(flat).reshape(-1, 3).T
    raised = z + topography(x, y) * (1.0 + z / DEPTH)
    for tag, *position in zip(tags, x, y, raised, strict=True):
        gmsh.model.mesh.setNode(tag, position, [])


if __name__ == "__main__":
    command_line(
        build,
        size_km="size on the fault",
        far_km="largest size",
        growth="of the size per distance",
        layers_km="depths of layers' bottoms",
        hills="a flat surface",
    )
