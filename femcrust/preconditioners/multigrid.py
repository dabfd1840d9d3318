"""p-multigrid: quadratic → linear tetrahedra → smoothed aggregation with the six rigid modes.

Set up once for each matrix and run by the core: csrc/aggregation/linear_level.hpp assembles the
linear level, csrc/aggregation/hierarchy.hpp what is below it [VanekMandelBrezina96].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.operators import ElasticOperator

DEGREE = 3  # of the Chebyshev smoother on every level
FLAT = 10.0  # degrees; a cell with a smaller dihedral angle is hard to smooth
MANY_FLAT = 0.01  # share of flat cells from which a higher degree pays
DEGREE_FLAT = 5
STRENGTH = 0.02  # threshold of the aggregation: keeps sharp contrasts of modulus apart
COARSEST = 300  # unknowns solved densely


def multigrid(operator: ElasticOperator, precision: str) -> Any:
    """The core's V-cycle for an operator, in `single` or `double` precision."""
    rows = operator.surface_p1
    return operator.backend.multigrid(
        operator.stiffness,
        operator.space.edges,
        (rows.rows, rows.begin, rows.columns, rows.blocks),
        STRENGTH,
        COARSEST,
        smoother_degree(operator),
        precision,
    )


def smoother_degree(operator: ElasticOperator) -> int:
    """3 on well-shaped cells; 5 where flat cells would cost many more iterations."""
    flat = operator.body.share_of_flat_cells(np.radians(FLAT))
    return DEGREE_FLAT if flat > MANY_FLAT else DEGREE
