"""Relaxation: from the moment of an earthquake through the decades after it."""

from __future__ import annotations

from femcrust.timestepping.problem import Relaxation
from femcrust.timestepping.steps import Step, steps

__all__ = ["Relaxation", "Step", "steps"]
