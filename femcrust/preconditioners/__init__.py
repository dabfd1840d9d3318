"""Preconditioners by name, each z ≈ K⁻¹ r."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from femcrust import petsc
from femcrust.errors import InputError
from femcrust.operators import ElasticOperator, assembled

if TYPE_CHECKING:
    from femcrust.boundaries.conditions import Conditions
    from femcrust.case.schema_solver import Solver

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


def check(section: Solver) -> None:
    """InputError before any work where a library is missing."""
    if section.library == "petsc":
        petsc.library()


def of_case(section: Solver, operator: ElasticOperator, conditions: Conditions) -> Any:
    """What the section `solver` of a case wants: a preconditioner of the core, or PETSc, which is
    a solver of its own."""
    if section.library == "petsc":
        options = section.petsc.options if section.petsc is not None else ""
        rows = assembled.matrix(operator, conditions)
        return petsc.Krylov(rows, operator.space, options)
    return build(section.preconditioner, operator, section.precision)


def build(name: str, operator: ElasticOperator, precision: str = "mixed") -> Any:
    """The core's preconditioner `name` for an operator; `precision` is a key of STORAGE."""
    if name == "jacobi":
        return operator.backend.block_jacobi(operator.stiffness)
    if name == "multigrid":
        from femcrust.preconditioners.multigrid import multigrid

        return multigrid(operator, STORAGE[precision])
    raise InputError(f"solver.preconditioner: '{name}' is none of {', '.join(NAMES)}")
