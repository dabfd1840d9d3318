"""A spherical cavity in a box: a magma chamber under pressure [Mogi58; McTigue87].

The cavity is below x = y = 0. Usage: python meshes/cavity.py out.msh --radius 1 --depth 4
"""

from __future__ import annotations

from pathlib import Path

from gmsh_session import KM, command_line, finish, session


def build(
    path: str | Path,
    radius_km: float = 1.0,
    depth_km: float = 4.0,
    size_km: float = 0.2,
    half_width_km: float = 40.0,
    growth: float = 0.2,
    shell_km: float = 0.0,
) -> None:
    """Write the mesh: volume 'crust', surface 'cavity'; with a shell volume 'shell', too.

    depth_km : of the centre
    shell_km : outer radius of a shell around the cavity; 0: none
    half_width_km : of the box, which is as deep
    """
    half = half_width_km * KM
    with session("cavity") as gmsh:
        occ = gmsh.model.occ
        box = occ.addBox(-half, -half, -half, 2 * half, 2 * half, half)
        ball = occ.addSphere(0.0, 0.0, -depth_km * KM, radius_km * KM)
        crust, _ = occ.cut([(3, box)], [(3, ball)])
        shell: list[tuple[int, int]] = []
        if shell_km:
            whole = occ.addSphere(0.0, 0.0, -depth_km * KM, shell_km * KM)
            hole = occ.addSphere(0.0, 0.0, -depth_km * KM, radius_km * KM)
            shell, _ = occ.cut([(3, whole)], [(3, hole)])
            _, (both, shell) = occ.fragment(crust, shell)
            crust = [piece for piece in both if piece not in shell]
        occ.synchronize()
        volumes = {"crust": [tag for _, tag in crust], "shell": [tag for _, tag in shell]}
        reach, middle = radius_km * KM * (1 + 1e-3), -depth_km * KM
        inside = gmsh.model.getEntitiesInBoundingBox(
            -reach, -reach, middle - reach, reach, reach, middle + reach, 2
        )
        wall = [tag for _, tag in inside]
        volumes = {name: tags for name, tags in volumes.items() if tags}
        finish(gmsh, path, volumes, ("cavity", wall), (size_km * KM, half / 4, growth))


if __name__ == "__main__":
    command_line(
        build,
        radius_km="of the cavity",
        depth_km="of its centre",
        size_km="size on it",
        shell_km="outer radius of a shell",
    )
