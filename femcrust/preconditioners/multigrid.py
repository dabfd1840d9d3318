"""p-multigrid: quadratic → linear tetrahedra → smoothed aggregation with the six rigid modes.

Set up once for each matrix and run by the core: csrc/aggregation/linear_level.hpp assembles the
linear level, csrc/aggregation/hierarchy.hpp what is below it [VanekMandelBrezina96].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femcrust.operators import ElasticOperator

DEGREES = (3, 3)  # of Chebyshev smoothing on each level; the last holds for all below
STRENGTH = 0.02  # threshold of the aggregation: keeps sharp contrasts of modulus apart
COARSEST = 300  # unknowns solved densely


def multigrid(
    operator: ElasticOperator,
    storage: str,
    *,
    degrees: Sequence[int] = DEGREES,
    clusters: bool = True,
) -> Any:
    """The core's V-cycle for an operator; `storage` is the format of its finest vectors.

    clusters : smooth nodes of flat cells in strong clusters rather than one by one.
    """
    rows = operator.surface_p1
    return operator.backend.multigrid(
        operator.stiffness,
        operator.space.edges,
        (rows.rows, rows.begin, rows.columns, rows.blocks),
        STRENGTH,
        COARSEST,
        list(degrees),
        clusters,
        storage,
    )
