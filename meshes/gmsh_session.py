"""What the mesh recipes share: a Gmsh session, layers, grading, a report, the command line.

Element size grows linearly with the distance d from the source: h = min(near + growth d, far).
Lengths in Gmsh are metres.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

KM = 1e3
# Gmsh's Mesh.Algorithm3D. Measured on strike_slip.py at sizes from 0.5 to 12 km: smallest dihedral
# angles of 11 to 16 degrees with HXT; 12 to 0.05 degrees with Delaunay (1), in the same time.
HXT = 10
DEBIAN_PACKAGES = (
    "libglu1-mesa libgl1 libx11-6 libxrender1 libxcursor1 libxfixes3 libxext6 libxft2 "
    "libxinerama1 libfontconfig1 libgomp1"
)
SAMPLES = 120  # per direction of a source surface, for distances


def import_gmsh() -> Any:
    """The gmsh module, or an explanation of what the system lacks."""
    try:
        import gmsh
    except OSError as error:  # the wheel is there, a system library is not
        raise SystemExit(
            f"gmsh cannot be loaded ({error}); on Debian or Ubuntu: apt install {DEBIAN_PACKAGES}"
        ) from error
    except ImportError as error:
        raise SystemExit("gmsh is not installed; pip install gmsh") from error
    return gmsh


@contextmanager
def session(name: str, threads: int = 1, algorithm: int = HXT) -> Iterator[Any]:
    """A quiet Gmsh session with a fresh model; with one thread a rerun gives the same file."""
    gmsh = import_gmsh()
    started_here = not gmsh.isInitialized()
    if started_here:
        gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Verbosity", 1)  # errors only
        gmsh.option.setNumber("General.NumThreads", threads)
        gmsh.option.setNumber("Mesh.Algorithm", 6)  # frontal Delaunay: the best triangles
        gmsh.option.setNumber("Mesh.Algorithm3D", algorithm)
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.option.setNumber("Mesh.MeshSizeExtendFromBoundary", 0)
        gmsh.option.setNumber("Mesh.MeshSizeFromPoints", 0)
        gmsh.option.setNumber("Mesh.RandomSeed", 1)
        gmsh.model.add(name)
        yield gmsh
    finally:
        if started_here:
            gmsh.finalize()
        else:
            gmsh.model.remove()


def grade(gmsh: Any, surfaces: Sequence[int], near: float, far: float, growth: float) -> None:
    """Element size `near` on the surfaces, growing by `growth` per metre of distance to `far`."""
    field = gmsh.model.mesh.field
    distance = field.add("Distance")
    field.setNumbers(distance, "SurfacesList", list(surfaces))
    field.setNumber(distance, "Sampling", SAMPLES)
    size = field.add("Threshold")
    field.setNumber(size, "InField", distance)
    field.setNumber(size, "SizeMin", near)
    field.setNumber(size, "SizeMax", far)
    field.setNumber(size, "DistMin", 0.0)
    field.setNumber(size, "DistMax", max((far - near) / growth, 1.0))
    field.setAsBackgroundMesh(size)


def generate(gmsh: Any) -> None:
    """Tetrahedra, then vertices moved to where their cells are best.

    Gmsh's Netgen optimiser is left out: it crashed on the strike-slip mesh (4.15.2).
    """
    gmsh.model.mesh.generate(3)
    gmsh.model.mesh.optimize("Relocate3D")


def name_volumes(gmsh: Any, names: dict[str, Sequence[int]]) -> None:
    """Physical volumes by name."""
    for name, tags in names.items():
        gmsh.model.addPhysicalGroup(3, list(tags), name=name)


def name_surface(gmsh: Any, name: str, tags: Sequence[int]) -> None:
    """One physical surface by name."""
    gmsh.model.addPhysicalGroup(2, list(tags), name=name)


def stacked_boxes(gmsh: Any, half_width: float, depths: Sequence[float]) -> list[int]:
    """One box between each depth and the next, from above; square in map view, around 0, 0."""
    width = 2 * half_width
    return [
        gmsh.model.occ.addBox(-half_width, -half_width, -low, width, width, low - high)
        for high, low in pairwise(depths)
    ]


def fragment(gmsh: Any, volumes: Sequence[int], surfaces: Sequence[int]) -> list[list[int]]:
    """Cut volumes and surfaces by one another; the pieces of each, volumes first."""
    _, pieces = gmsh.model.occ.fragment([(3, v) for v in volumes], [(2, s) for s in surfaces])
    gmsh.model.occ.synchronize()
    return [[tag for _, tag in of_one] for of_one in pieces]


def write(gmsh: Any, path: str | Path) -> None:
    """The mesh of the named groups, as Gmsh 4.1 binary."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    gmsh.write(str(path))


def finish(
    gmsh: Any,
    path: str | Path,
    volumes: dict[str, Sequence[int]],
    surface: tuple[str, Sequence[int]],
    sizes: tuple[float, float, float],
    move: Callable[[Any], None] | None = None,
) -> None:
    """Name volumes and the one surface, grade from it by (near, far, growth), mesh and write.

    move : what happens to the vertices between meshing and writing
    """
    name_volumes(gmsh, volumes)
    name_surface(gmsh, *surface)
    grade(gmsh, surface[1], *sizes)
    generate(gmsh)
    if move is not None:
        move(gmsh)
    write(gmsh, path)


def report(path: str | Path, started: float) -> None:
    """Counts, shape, time and digest of a mesh just made, on standard output."""
    from femcrust.mesh.quality import quality
    from femcrust.mesh.read import read_mesh

    took = time.perf_counter() - started
    mesh = read_mesh(path)
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    groups = ", ".join([*mesh.volumes, *(f"{name} (surface)" for name in mesh.surfaces)])
    sys.stdout.write(f"{path}: {groups}\n{quality(mesh).text()}\nmade in {took:.1f} s; ")
    sys.stdout.write(f"sha256 {digest}\n")


def command_line(build: Callable[..., None], **options: str) -> None:
    """Run a recipe from a shell: `build(path, ...)` with its own defaults, then the report.

    options : keyword argument of `build` -> help. Its first word names the option, as in
        --radius for radius_km; a truth value becomes a switch that turns it off, --no-hills.
    """
    known = inspect.signature(build).parameters
    parser = argparse.ArgumentParser(description=sys.modules[build.__module__].__doc__)
    parser.add_argument("path", help="the mesh to write, .msh")
    for name, text in options.items():
        default = known[name].default
        if isinstance(default, bool):
            parser.add_argument(f"--no-{name}", action="store_false", dest=name, help=text)
        else:
            many = "+" if isinstance(default, tuple) else None
            flag, metavar = f"--{name.partition('_')[0]}", name.rpartition("_")[2].upper()
            text = f"{text} ({' '.join(map(str, default)) or 'none' if many else default})"
            parser.add_argument(
                flag, type=float, nargs=many, default=default, dest=name, metavar=metavar, help=text
            )
    given = vars(parser.parse_args())
    started = time.perf_counter()
    build(**given)
    report(given["path"], started)
