"""A small block and the conditions of boundaries and loads written as in a case."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from femcrust.boundaries import Conditions, build
from femcrust.case.schema_boundaries import Boundary, Load
from femcrust.errors import InputError
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Mesh
from small_meshes import split_cubes

EVERYWHERE = {"sides": "infinite", "bottom": "infinite"}


def block(n: int = 4) -> Mesh:
    """8 x 8 x 4 km below z = 0, centred."""
    return split_cubes(n, (8e3, 8e3, 4e3), (-4e3, -4e3, -4e3))


def conditions(
    mesh: Mesh,
    boundaries: dict[str, Any],
    loads: dict[str, Any] | None = None,
    sources: tuple[Any, ...] = (),
    directory: Path = Path(),
) -> Conditions:
    return build(
        mesh,
        exterior_faces(mesh),
        {name: Boundary.model_validate(b) for name, b in boundaries.items()},
        {name: Load.model_validate(b) for name, b in (loads or {}).items()},
        sources,
        directory,
    )


def refused(mesh: Mesh, *given: Any, **more: Any) -> str:
    with pytest.raises(InputError) as error:
        conditions(mesh, *given, **more)
    message = str(error.value)
    assert "\n" not in message
    return message


def source(x: float, y: float, moment: float, area: float = 1.0) -> Any:
    return SimpleNamespace(center=np.array([x, y, -1e3]), moment=moment, area=area)
