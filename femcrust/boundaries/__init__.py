"""From the boundaries and loads of a case to conditions on faces."""

from __future__ import annotations

from femcrust.boundaries.build import build
from femcrust.boundaries.conditions import Conditions

__all__ = ["Conditions", "build"]
