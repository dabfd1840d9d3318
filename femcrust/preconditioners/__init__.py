"""Preconditioners by name, each z ≈ K⁻¹ r."""

from __future__ import annotations

from typing import Any

from femcrust.errors import InputError
from femcrust.operators import ElasticOperator

NAMES = ("multigrid", "jacobi")


def build(name: str, operator: ElasticOperator, precision: str = "mixed") -> Any:
    """The core's preconditioner `name` for an operator; `precision` mixed computes in float."""
    if name == "jacobi":
        return operator.backend.block_jacobi(operator.stiffness)
    if name == "multigrid":
        from femcrust.preconditioners.multigrid import multigrid

        return multigrid(operator, "double" if precision == "double" else "single")
    raise InputError(f"solver.preconditioner: '{name}' is none of {', '.join(NAMES)}")
