"""From the faults of a case to sources: one eigenstrain field for each, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from femcrust.amplitude import amplitude_of
from femcrust.errors import InputError
from femcrust.faults.immersed import immersed_source
from femcrust.faults.moment_tensor import point_source
from femcrust.faults.orientation import compass_word
from femcrust.faults.patches import Project
from femcrust.faults.sheet import patch_sheet, rectangle_sheet, triangle_sheet
from femcrust.faults.source import Locator, Moduli, Source
from femcrust.faults.split import split_source
from femcrust.faults.tables import read_polygons
from femcrust.faults.triangles import read_sheet
from femcrust.mesh.mesh import Mesh

KINDS = ("surface", "rectangle", "triangles", "file", "point")


def build(
    mesh: Mesh,
    elastic: Moduli,
    faults: Mapping[str, Any],
    locator: Locator,
    directory: Path,
    project: Project | None = None,
) -> list[Source]:
    """The sources of all faults, in the order of the case.

    faults : name → Fault of the case (attributes as in the schema)
    locator : finds tetrahedra and the ground in `mesh`
    directory : relative file names start here
    project : longitude, latitude (degrees) → x, y (metres); needed where a file has longitudes
    """
    return [
        replace(
            _source(mesh, elastic, fault, locator, Path(directory), project, f"faults.{name}"),
            history=amplitude_of(fault),
        )
        for name, fault in faults.items()
    ]


def _source(
    mesh: Mesh,
    elastic: Moduli,
    fault: Any,
    locator: Locator,
    directory: Path,
    project: Project | None,
    name: str,
) -> Source:
    kinds = [kind for kind in KINDS if getattr(fault, kind, None) is not None]
    if len(kinds) != 1:
        raise InputError(f"{name}: has {' and '.join(kinds) or 'none'} of {', '.join(KINDS)}; one")
    if kinds[0] == "surface":
        facets = _group(mesh, str(fault.surface), name)
        return split_source(mesh, elastic, fault, name, facets, directory)
    if kinds[0] == "point":
        return point_source(mesh, elastic, fault.point.at, fault.moment, locator, name)
    short = name.rpartition(".")[2]
    if kinds[0] == "rectangle" and mesh.source == "box" and short in mesh.surfaces:
        # the box was cut along this vertical rectangle (mesh.box.fault_planes): split nodes
        cut = SimpleNamespace(
            hanging_side=compass_word(fault.rectangle.strike + 90.0), slip=fault.slip
        )
        return split_source(mesh, elastic, cut, name, mesh.surfaces[short], directory)
    if kinds[0] == "rectangle":
        sheet = rectangle_sheet(fault.rectangle, fault.slip, locator, directory, name)
    elif kinds[0] == "triangles":
        points, triangles = read_sheet(fault.triangles, directory, project)
        sheet = triangle_sheet(points, triangles, fault, locator, directory, name)
    else:
        sheet = patch_sheet(
            read_polygons(directory / str(fault.file), project, getattr(fault, "units", None))
        )
    return immersed_source(mesh, elastic, sheet, locator, name)


def _group(mesh: Mesh, group: str, name: str) -> Any:
    """The facets of a surface group."""
    if group in mesh.surfaces:
        return mesh.surfaces[group]
    near = get_close_matches(group, mesh.surfaces, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    known = ", ".join(sorted(mesh.surfaces)) or "none"
    raise InputError(f"{name}.surface: {group!r} is no surface group; {hint}the mesh has {known}")
