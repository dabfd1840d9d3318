"""femcrust: finite elements for how the Earth's crust deforms, in earthquakes and after.

    import femcrust as fc
    result = fc.run(fc.load_case("case.yaml"))

Names are loaded when they are used, so that importing femcrust costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Case": "femcrust.case",
    "load_case": "femcrust.case",
    "run": "femcrust.run",
    "build": "femcrust.run",
    "greens": "femcrust.greens",
    "convolved": "femcrust.greens",
    "in_basis": "femcrust.greens.bases",
    "splines": "femcrust.greens.bases",
    "invert": "femcrust.inversion",
    "solve": "femcrust.solvers",
    "solve_many": "femcrust.solvers",
    "Result": "femcrust.outputs.result",
    "read_mesh": "femcrust.mesh.read",
    "BoxSpec": "femcrust.mesh.box",
    "box_mesh": "femcrust.mesh.box",
    "InputError": "femcrust.errors",
    "NotConverged": "femcrust.errors",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'femcrust' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
