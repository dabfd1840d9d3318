"""A curved fault in a box: listric, flattening with depth, and bowed along strike.

With s from 0 at the top to 1 at the bottom and r from -1 to 1 along strike (north),
z = -top - depth s, x = run s² + bow (1 - r²); a B-spline surface through a lattice of such points.
Usage: python meshes/curved.py out.msh --size 1.5
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gmsh_session import KM, command_line, finish, fragment, session

LATTICE = 17  # points each way: the surface follows the formula within 1 m


def build(
    path: str | Path,
    length_km: float = 40.0,
    depth_km: float = 12.0,
    run_km: float = 15.0,
    bow_km: float = 5.0,
    top_km: float = 1.0,
    size_km: float = 1.5,
    box_lengths: float = 4.0,
    growth: float = 0.25,
) -> None:
    """Write the mesh: volume 'crust', surface 'fault', hanging side east (above).

    run_km : horizontal distance between upper and lower edge
    bow_km : how far the middle lies east of the ends
    """
    half = box_lengths * length_km * KM / 2
    r, s = np.meshgrid(np.linspace(-1, 1, LATTICE), np.linspace(0, 1, LATTICE))
    x = (run_km * s**2 + bow_km * (1 - r**2)) * KM
    y, z = r * length_km * KM / 2, -(top_km + depth_km * s) * KM
    with session("curved") as gmsh:
        occ = gmsh.model.occ
        crust = occ.addBox(-half, -half, -half, 2 * half, 2 * half, half)
        curves = []
        for row in np.stack([x, y, z], axis=-1):
            through = [occ.addPoint(*point) for point in row]
            curves.append(occ.addWire([occ.addSpline(through)]))
        skin = occ.addThruSections(curves, makeSolid=False, continuity="C2")
        skin_faces = [tag for dimension, tag in skin if dimension == 2]
        pieces, *faces = fragment(gmsh, [crust], skin_faces)
        fault = [tag for of_one in faces for tag in of_one]
        finish(gmsh, path, {"crust": pieces}, ("fault", fault), (size_km * KM, half / 4, growth))


if __name__ == "__main__":
    command_line(
        build, length_km="of the fault", size_km="size on the fault", box_lengths="width of the box"
    )
