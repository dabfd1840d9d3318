"""Faults: slip on mesh faces, on sheets inside elements, and moment tensors, as eigenstrain.

Conventions: strike clockwise from north, dip to the right of strike, rake by Aki & Richards;
left-lateral, thrust and opening positive; slip is the motion of the hanging wall.
"""

from __future__ import annotations

from femcrust.faults.build import build
from femcrust.faults.places import places
from femcrust.faults.source import Source

__all__ = ["Source", "build", "places"]
