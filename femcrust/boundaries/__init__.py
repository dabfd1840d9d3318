"""From the boundaries and loads of a case to conditions on faces.

`build` reads cases, so it is loaded when it is used: conditions alone need NumPy and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from femcrust.boundaries.conditions import Conditions

if TYPE_CHECKING:
    from femcrust.boundaries.from_case import build

__all__ = ["Conditions", "build"]


def __getattr__(name: str) -> Any:
    if name != "build":
        raise AttributeError(f"module 'femcrust.boundaries' has no attribute {name!r}")
    from femcrust.boundaries import from_case

    return from_case.build
