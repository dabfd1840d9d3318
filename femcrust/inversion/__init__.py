"""Slip inversion: from displacements at stations, by a library of Green's functions, to slip.

library + data → unknowns and rows → smoothing on the patch graph, weight → slip, spread, files
"""

from __future__ import annotations

from femcrust.inversion.result import SlipModel
from femcrust.inversion.run import invert, invert_file
from femcrust.inversion.schema import Inversion

__all__ = ["Inversion", "SlipModel", "invert", "invert_file"]
