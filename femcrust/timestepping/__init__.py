"""Relaxation: from the moment of an earthquake through the decades after it."""

from __future__ import annotations

from femcrust.timestepping.guesses import make_guess
from femcrust.timestepping.problem import Relaxation
from femcrust.timestepping.steps import Step, Stepper, steps

__all__ = ["Relaxation", "Step", "Stepper", "make_guess", "steps"]
