"""Checkpoints: the state of a run over time on the disk, from which it goes on as if never stopped.

`container` is the file, `generations` the last two of them, `identity` whose they are, `signals`
what ends a run early, `keeper` all of it beside the time loop.
"""

from __future__ import annotations

from femcrust.checkpoint.container import read
from femcrust.checkpoint.keeper import Keeper

__all__ = ["Keeper", "read"]
