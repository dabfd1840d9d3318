"""Preconditioners by name, each z ≈ K⁻¹ r."""

from __future__ import annotations

from typing import Any

from femcrust.errors import InputError
from femcrust.operators import ElasticOperator

NAMES = ("multigrid", "jacobi")

# How solver.precision stores the preconditioner's vectors on the quadratic level; arithmetic is in
# float but for double, and the outer iteration is in double always.
STORAGE = {
    "double": "fp64",
    "mixed": "fp32",
    "fp21": "fp21",
    "shared18": "shared18",
    "bf16": "bf16",
    "fp16": "fp16",
}


def build(name: str, operator: ElasticOperator, precision: str = "mixed") -> Any:
    """The core's preconditioner `name` for an operator; `precision` is a key of STORAGE."""
    if name == "jacobi":
        return operator.backend.block_jacobi(operator.stiffness)
    if name == "multigrid":
        from femcrust.preconditioners.multigrid import multigrid

        return multigrid(operator, STORAGE[precision])
    raise InputError(f"solver.preconditioner: '{name}' is none of {', '.join(NAMES)}")
