"""A spherical cavity in a box: a magma chamber under pressure [Mogi58; McTigue87].

The cavity is below x = y = 0. Usage: python meshes/cavity.py out.msh --radius 1 --depth 4
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from gmsh_session import (
    KM,
    generate,
    grade,
    name_surface,
    name_volumes,
    report,
    session,
    write,
)


def build(
    path: str | Path,
    radius_km: float = 1.0,
    depth_km: float = 4.0,
    size_km: float = 0.2,
    half_width_km: float = 40.0,
    growth: float = 0.2,
) -> None:
    """Write the mesh: volume 'crust', surface 'cavity'.

    depth_km : of the centre
    half_width_km : of the box, which is as deep
    """
    half = half_width_km * KM
    with session("cavity") as gmsh:
        occ = gmsh.model.occ
        box = occ.addBox(-half, -half, -half, 2 * half, 2 * half, half)
        ball = occ.addSphere(0.0, 0.0, -depth_km * KM, radius_km * KM)
        crust, _ = occ.cut([(3, box)], [(3, ball)])
        occ.synchronize()
        volume = [tag for _, tag in crust]
        reach = half * (1 - 1e-6)
        inside = gmsh.model.getEntitiesInBoundingBox(-reach, -reach, -reach, reach, reach, -1.0, 2)
        wall = [tag for _, tag in inside]
        name_volumes(gmsh, {"crust": volume})
        name_surface(gmsh, "cavity", wall)
        grade(gmsh, wall, size_km * KM, half / 4, growth)
        generate(gmsh)
        write(gmsh, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="the mesh to write, .msh")
    parser.add_argument("--radius", type=float, default=1.0, help="km")
    parser.add_argument("--depth", type=float, default=4.0, help="of the centre, km")
    parser.add_argument("--size", type=float, default=0.2, help="size on the cavity, km")
    a = parser.parse_args()
    started = time.perf_counter()
    build(a.path, a.radius, a.depth, a.size)
    report(a.path, started)


if __name__ == "__main__":
    main()
