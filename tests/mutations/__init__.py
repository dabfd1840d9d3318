"""Errors that the tests must catch, by subject; `make mutate` plants them one at a time.

`old` stands exactly once in `file`; `tests` are what pytest is given (paths, or `path::name`).
A mutation that no test catches is a missing test.
"""

from __future__ import annotations

from mutations.devices import DEVICES
from mutations.files import FILES
from mutations.libraries import LIBRARIES
from mutations.mesh import MESH
from mutations.mutation import Mutation
from mutations.operators import OPERATORS
from mutations.relaxation import RELAXATION
from mutations.runs import RUNS
from mutations.solver import SOLVER
from mutations.sources import SOURCES
from mutations.station_fields import STATION_FIELDS

MUTATIONS: tuple[Mutation, ...] = (
    *MESH,
    *OPERATORS,
    *SOURCES,
    *RELAXATION,
    *SOLVER,
    *DEVICES,
    *RUNS,
    *LIBRARIES,
    *STATION_FIELDS,
    *FILES,
)

__all__ = ["MUTATIONS", "Mutation"]
